"""The numbers that somebody reported: one by one, or as a tool printed them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from reportgen.job.printed import Printed
from reportgen.job.schema.values import Label, SplitName, Strict, Text, one_of

MetricName = Literal[
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
    "mcc", "top_k_accuracy", "loss", "log_loss", "brier", "mse", "rmse", "mae", "r2",
]  # fmt: skip
Average = Literal["binary", "macro", "micro", "weighted", "samples"]


OUTPUT = (
    "Of which output, for a model with several; default: the first of `targets:`, and for `loss` "
    "the sum of all."
)


class ReportedNumber(Strict):
    """One number as somebody printed it."""

    metric: MetricName | Text = Field(
        description="What was measured; or the name of one of the model's `metrics:`."
    )
    value: Printed
    split: SplitName = Field("test", description="On which split.")
    average: Average | None = Field(
        None, description="Default: binary for binary tasks, macro otherwise."
    )
    per_class: Label | None = Field(None, description="The number of one class alone.")
    k: Annotated[int, Field(ge=1)] | None = Field(None, description="For top_k_accuracy.")
    unit: Literal["fraction", "percent"] = Field("fraction", description="Of the value.")
    weighted: bool = Field(False, description="Weighted by the data set's weight column.")
    output: Text | None = Field(None, description=OUTPUT)


class ReportedReport(Strict):
    """scikit-learn's ``classification_report``: a file with the text as printed, or its JSON."""

    classification_report: Text = Field(description="The file.")
    split: SplitName = Field("test", description="On which split.")
    output: Text | None = Field(None, description=OUTPUT)


class ReportedMatrix(Strict):
    """Rows are the truth, columns the prediction, both in the order of ``classes``."""

    confusion_matrix: tuple[tuple[Annotated[int, Field(ge=0)], ...], ...] = Field(
        description="Counts, a list a true class."
    )
    split: SplitName = Field("test", description="On which split.")
    output: Text | None = Field(None, description=OUTPUT)


class ReportedLog(Strict):
    """A file with lines as Keras prints them."""

    keras_log: Text = Field(description="The file.")
    split: SplitName | None = Field(
        None, description="Of lines that evaluate printed; default: test."
    )


Reported = Annotated[
    Annotated[ReportedNumber, Tag("metric")]
    | Annotated[ReportedReport, Tag("classification_report")]
    | Annotated[ReportedMatrix, Tag("confusion_matrix")]
    | Annotated[ReportedLog, Tag("keras_log")],
    Discriminator(
        one_of("metric", "classification_report", "confusion_matrix", "keras_log"),
        custom_error_type="reported",
        custom_error_message="a reported entry is one of {metric: …, value: …}, "
        "{classification_report: FILE}, {confusion_matrix: [[…]]}, {keras_log: FILE}",
    ),
]
