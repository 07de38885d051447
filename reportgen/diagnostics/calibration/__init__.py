"""Is its confidence worth anything?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code, Diagnostic, later
from reportgen.job.schema import Fraction, Settings

Share = Annotated[float, Field(ge=0, le=1)]


class CalibrationSettings(Settings):
    """Thresholds of the calibration diagnostic."""

    alpha: Fraction = Field(
        default=0.0005,
        description="chance, a code, that a calibrated model is said not to be; small, because "
        "many models are judged every night",
    )
    least_error: Share = Field(
        default=0.02,
        description="calibration error (root mean square, debiased) above which miscalibration "
        "is worth a word, where it is shown to be above (95 %, one-sided)",
    )
    least_gain: Share = Field(
        default=0.05,
        description="share of the log loss that a temperature removes, from which it is worth a "
        "word even where the error is below least_error",
    )
    least_shift: Share = Field(
        default=0.02,
        description="difference between a class's mean probability and its share of rows, from "
        "which it is worth a word",
    )
    tie_gap: Share = Field(
        default=0.01,
        description="rows whose top two classes are closer than this, in probability, are near "
        "ties (in binary tasks: closer than half of it to the threshold)",
    )
    tie_share: Share = Field(default=0.05, description="share of near ties that is a warning")
    tie_mention: Share = Field(default=0.01, description="share of near ties that is mentioned")
    few_rows_excess: Share = Field(
        default=0.05,
        description="share of the loss in the worst 1 % of rows, beyond what the recalibrated "
        "model leads to expect there, that is a warning",
    )
    saturated_share: Share = Field(
        default=0.5,
        description="share of outputs within 1e-7 of certainty that is a warning, where they are "
        "also wrong and cost most of the loss",
    )
    label_errors: Share = Field(
        default=0.005,
        description="share of rows with a suspect label, beyond the expected, that is a warning",
    )


CODES = (
    Code(
        "calibration.overconfident",
        "warn",
        "The model is right less often than its probabilities say.",
        "Truths drawn from the model's own probabilities (consistency resampling; ECE, "
        "Spiegelhalter's Z and the score of a temperature) hardly ever look like the real ones "
        "(alpha, all looks together; over labels: Holm), a temperature above 1 explains it (its "
        "likelihood ratio at 1 %; or, where no temperature and no shift does, mean confidence lies "
        "above the 98 % interval of accuracy), and the error is shown to be over least_error "
        "(95 %, one-sided) or a temperature takes least_gain off the log loss.",
        "Divide the logits by the temperature that validation gives, or regularise and train "
        "again.",
        "Bröcker and Smith 2007; Spiegelhalter 1986; Guo et al. 2017",
    ),
    Code(
        "calibration.underconfident",
        "warn",
        "The model is right more often than its probabilities say.",
        "As calibration.overconfident, with a temperature below 1.",
        "Divide the logits by the temperature that validation gives; look for label smoothing, "
        "heavy dropout or averaging that blunts the outputs.",
        "Bröcker and Smith 2007; Guo et al. 2017",
    ),
    Code(
        "calibration.wrong-base-rate",
        "warn",
        "The mean probability of a class is not the share of rows that have it.",
        "A class's mean probability is off by at least least_shift, significantly at alpha (Holm "
        "over classes; the chance in train's own shares is allowed for), before and after a "
        "temperature is allowed for.",
        "Look for class weights or resampling in training, or a test split of another "
        "population; shift the logits by the log ratio of the shares.",
        "Cox 1958; Saerens, Latinne, Decaestecker 2002",
    ),
    Code(
        "calibration.loss-from-few-rows",
        "warn",
        "A few rows carry the loss: the model is sure of them and wrong.",
        "The worst 1 % of rows carry more of the log loss than the recalibrated model leads to "
        "expect, by few_rows_excess of the loss, significantly at alpha.",
        "Look at the listed rows: their labels, their inputs, and what they have in common.",
    ),
    Code(
        "calibration.saturated",
        "warn",
        "Outputs are 0 or 1 to the last digit, so the loss counts mistakes and nothing else.",
        "At least saturated_share of the outputs are within 1e-7 of certainty, three or more of "
        "these are wrong, and clipped rows (16.118 each) make at least half of the loss.",
        "Scale the inputs, give the model its logits' loss (`from_logits=True`), and regularise.",
    ),
    Code(
        "calibration.near-ties",
        "warn",
        "The two likeliest classes of many rows are so close that their label is chance.",
        "Share of rows with a gap below tie_gap: info from tie_mention, warn from tie_share "
        "and ten rows. The yardstick is the setting tie_gap, not yet the change "
        "between seeds or under noise.",
        "Let the model abstain on ties, or break them by a rule that is written down.",
    ),
    Code(
        "calibration.suspected-label-errors",
        "warn",
        "Labels that the model, asked on rows it never saw, firmly denies.",
        "Confident learning counts more rows against their label than the recalibrated "
        "probabilities lead to expect (alpha), by label_errors of the rows and at least three, "
        "and a share of random labels is needed beside a temperature (alpha) or, where calibration "
        "is refuted, explains the truths twenty times better than a temperature does.",
        "Check the labels of the listed rows by hand, the first ones first; where they are right, "
        "the model is too sure of these rows.",
        "Northcutt, Jiang, Chuang 2021",
    ),
)


DIAGNOSTIC = Diagnostic(
    name="calibration",
    title="Calibration",
    question="Is its confidence worth anything?",
    position=90,
    settings=CalibrationSettings,
    codes=CODES,
    examine=later(__name__, "judge:judged"),
    plots=later(__name__, "plots:charts"),
    prepare=later(__name__, "measure:measured"),
)
