"""What the metrics diagnostic declares: its settings and its codes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]

THRESHOLD = "metrics.missing-threshold"
DISAGREES = "metrics.disagrees-with-reference"
BATCHES = "metrics.batch-dependent"
ORDER = "metrics.argument-order"
INSENSITIVE = "metrics.insensitive"
MISLEADING = "metrics.misleading-choice"
MISBEHAVES = "metrics.misbehaves"
NUMBER = "metrics.number-differs"


class MetricsSettings(Settings):
    seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        20.0, description="Longest that a metric of the job's may take for one round of questions."
    )
    memory_gb: Annotated[float, Field(gt=0)] = Field(
        4.0, description="Most memory that the process of the job's metrics may hold."
    )
    batch_gap: Share = Field(
        0.005,
        description="Difference between the whole split and the mean of its batches (of the value "
        "for errors) from which a metric depends on batches.",
    )
    flat: Share = Field(
        0.01, description="Standard deviation over seeds below which a metric barely moves."
    )
    moves: Share = Field(
        0.03, description="Standard deviation over seeds from which another metric moves."
    )
    free_score: Share = Field(
        0.8, description="Score of a constant answer from which a metric may mislead."
    )
    least_skill: Share = Field(
        0.25,
        description="Share of the way from the constant answer's score to 1 that the model goes, "
        "below which the metric misleads.",
    )


_HELD = (
    "The name given in the job says what the metric is held to; every legitimate definition of it "
    "counts (averages that the name leaves open, per cent, constants beside sums, rounding). It is "
    "compared on the model's own answers and on rows made of them: reordered, relabelled, scores "
    "moved across the threshold, drawn at random, classes exchanged, perfect. "
)
CODES = (
    Code(
        THRESHOLD,
        "fail",
        "A metric of labels is computed on probabilities or logits.",
        _HELD + "It is none of these, and each of them on every probe once it is given labels in "
        "place of scores.",
        "Make labels first: `y_pred > 0.5`, or `argmax` over classes; sigmoid or softmax before, "
        "where the model gives logits.",
    ),
    Code(
        DISAGREES,
        "fail",
        "A metric is not what its name says.",
        _HELD + "It is none of these, by more than 1e-4 (of an error: 2e-4 of its size). A name "
        "with words in it that may make it another thing is not held against a metric unless what "
        "it computes is found.",
        "Correct it by the example that is worked out, or call it what it is.",
    ),
    Code(
        ORDER,
        "fail",
        "A metric has y_true and y_pred exchanged.",
        _HELD + "It is none of these, and its reference on every probe with truth and answers "
        "exchanged; or it is right when it is called with them exchanged.",
        "Keras and scikit-learn call metrics as `fn(y_true, y_pred)`: exchange the arguments.",
    ),
    Code(
        BATCHES,
        "warn",
        "What a metric gives depends on how the rows are cut into batches.",
        "It is compiled into the model as a function, which Keras averages over batches, or "
        "averages chunks itself, or keeps a state; whole split and mean of batches differ by over "
        "batch_gap.",
        "Keep counts in a `keras.metrics.Metric` and divide in `result()`, or compute it once on "
        "all rows.",
    ),
    Code(
        INSENSITIVE,
        "warn",
        "The metrics that are watched barely move over seeds, while another does.",
        "Over at least five members of the seed ensemble (or of the job's own), each watched "
        "metric has a standard deviation of at most flat, another one of at least moves, and their "
        "ratio is over 2 with 99 % confidence (F test).",
        "Watch the metric that moves beside the one that does not, and report both with their "
        "spread.",
    ),
    Code(
        MISLEADING,
        "warn",
        "A watched metric is right, and hides what it was chosen to show.",
        "Measured on the judged rows: a constant answer scores free_score or more and the model "
        "goes less than least_skill of the way from there to 1 (upper end of its interval below "
        "one half); micro-averaging of single labels, which is accuracy, under another name; R² "
        "that 1 % of the rows make, or that a target without spread takes away; percentage errors "
        "of which 1 % of the rows, those near zero, make half. Accuracy of classes is left to "
        "imbalance.accuracy-misleading.",
        "Choose by a metric that the constant answer cannot win: balanced accuracy, MCC, macro F1; "
        "for numbers the mean absolute error beside R².",
    ),
    Code(
        MISBEHAVES,
        "warn",
        "A metric gives no number, or does more than give one.",
        "On the model's own answers, in every form of labels that there is: it raises, takes "
        "longer than seconds or more than memory_gb, ends its process, gives NaN, an array or "
        "nothing, gives two numbers for the same rows, writes into its arguments, is not reset by "
        "reset_state, or always gives the same number.",
        "Run it by itself on a few rows; it must take (y_true, y_pred) and return one number.",
    ),
    Code(
        NUMBER,
        "fail",
        "A number that was reported of one of the job's own metrics does not come out of it.",
        "Run on the model's own answers to the judged split, all rows at once, the metric does not "
        "print the reported digits. Where the mean of its batches prints them, that is said.",
        "Report what the metric gives on all rows at once, or ask for the rows and the model "
        "behind the number.",
    ),
)
