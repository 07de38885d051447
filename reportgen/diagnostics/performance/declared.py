"""What the performance diagnostic declares: its settings and its codes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]

BELOW = "performance.below-baseline"
SIMPLE = "performance.simple-model-as-good"
NEVER = "performance.class-never-predicted"
WEAK = "performance.weak-segment"


class PerformanceSettings(Settings):
    alpha: Share = Field(
        0.05, description="Share of clean models for which a family of comparisons may alarm."
    )
    simple_models: bool = Field(
        True, description="Fit a linear model and boosted trees on train, to compare with."
    )
    simple_model_rows: Annotated[int, Field(ge=10)] = Field(
        20_000, description="Rows of train, drawn at random, that simple models are fitted on."
    )
    simple_model_alpha: Share = Field(
        0.01, description="The same for simple models, of which the family is corrected."
    )
    as_good_margin: Share = Field(
        0.02, description="A simple model is as good when the model leads by less, at 95 %."
    )
    few_class_rows: Annotated[int, Field(ge=1)] = Field(
        20, description="A class with fewer test rows is at most a warning when never predicted."
    )
    segment_gap: Share = Field(
        0.10,
        description="A segment is weak when its whole interval is worse than the rest by more: in "
        "share of wrong rows, or in standard deviations of the target.",
    )
    segment_alpha: Share = Field(
        0.01,
        description="Share of clean models for which the segments tried, together, may alarm.",
    )
    segment_depth: Annotated[int, Field(ge=1, le=4)] = Field(
        3, description="Most conditions that describe a segment."
    )
    segment_rows: Annotated[int, Field(ge=2)] = Field(
        15, description="Fewest rows of a segment in each half of the test rows."
    )


CODES = (
    Code(
        BELOW,
        "fail",
        "The model does not beat an answer that ignores its inputs: the most frequent class, or "
        "the mean of train.",
        "Paired difference (model − baseline) of accuracy, or of RMSE, on the test rows: fail "
        "when its whole 95 % interval is at or below 0 or it gives the same answers, warn when its "
        "point is at or below 0. Info when the model tells classes apart all the same (balanced "
        "accuracy wholly 0.05 above chance), or has a smaller absolute error than the median. "
        "Where its scores rank rows (ROC-AUC wholly 0.05 above chance), it is info for a point at "
        "or below 0 and warn for the same answers; info, too, where so few rows have another class "
        "that a recall of 0.5 may find none of them by chance. A model that leaves rows undecided "
        "is compared on those it decides; info, too, where it gives one answer alone, but on rows "
        "where that is right more often than elsewhere.",
        "Check that the inputs, their order and their scale are those of training, and the "
        "labels those of the outputs.",
    ),
    Code(
        SIMPLE,
        "warn",
        "A linear model or a default boosted tree, fitted in seconds on the same inputs, does as "
        "well or better.",
        "Paired difference (model − simple model), intervals corrected for two simple models "
        "(simple_model_alpha): warn when the simple model is better with its whole interval and by "
        "over as_good_margin, by accuracy and by ROC-AUC "
        "(balanced accuracy without scores), or by RMSE and MAE. Info when the model leads by less "
        "than as_good_margin. Never for models that are that simple themselves.",
        "Deliver the simple model, or find out what the model fails to learn.",
    ),
    Code(
        NEVER,
        "fail",
        "A class that has rows in the split is never given as an answer.",
        "No row is given the class. Fail; warn when it has fewer than few_class_rows test rows; "
        "info where so few that a recall of 0.5 gives none by chance (corrected over classes); "
        "undecided rows are not counted there.",
        "Give the class more weight or more rows, or move the decision threshold.",
    ),
    Code(
        WEAK,
        "warn",
        "Rows that a few conditions on the features describe are answered much worse than the "
        "rest.",
        "A shallow tree finds segments on one half of the test rows. On the other half the whole "
        "interval (segment_alpha, corrected for the segments tried) is worse than the rest by over "
        "segment_gap. "
        "Warn when difficulty does not explain it: rows of equal confidence elsewhere (regression: "
        "of equal predicted value; no scores: by the better simple model) are answered "
        "better, too; else info. Surer rows are held to be no harder, and values beyond all "
        "targets to be no matter of difficulty.",
        "Look at the rows of the segment: gather more of them, or correct their inputs or labels.",
        "Chung et al. 2019, Slice Finder.",
    ),
)
