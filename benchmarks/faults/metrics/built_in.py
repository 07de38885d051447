"""Keras's own metrics as networks compile them in: right ones, and ones that get what they misread.

Answers are drawn, and nothing is trained: what is asked is Keras's class, rebuilt from its
configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.faults.cases import CleanCase, FaultCase
from reportgen.evidence import Case

THRESHOLD = "metrics.missing-threshold"
DISAGREES = "metrics.disagrees-with-reference"
MISLEADING = "metrics.misleading-choice"
ONE_HOT, SPARSE = "categorical_crossentropy", "sparse_categorical_crossentropy"
Answers = Callable[..., tuple[Any, Any]]
Make = Callable[..., Case]


class Compiled:
    """A model's answers, with the arguments it was compiled with."""

    framework = "keras"

    def __init__(self, of: Any, arguments: Mapping[str, Any]) -> None:
        self._of, self.compiled = of, arguments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


def node(kind: str, **config: Any) -> dict[str, Any]:
    """A metric as a file has it."""
    return {"module": "keras.metrics", "class_name": kind, "config": config,
            "registered_name": None}  # fmt: skip


def drawn(
    answers: Answers, make: Make, task: str, metrics: list[Any], *, loss: str = "",
    columns: int = 1, logits: bool = False, share: float = 0.4,
) -> Callable[[np.random.Generator], Case]:  # fmt: skip
    """A network with these metrics; ``columns``: two of a binary task."""

    def draw(rng: np.random.Generator) -> Case:
        more = {"share": share} if task == "binary" else {}
        y, p = answers(task, rng, 600, **more)
        raw = p
        if logits:
            raw = np.log(p) if task == "multiclass" else np.log(p / (1 - p))
        if columns == 2:
            raw = np.column_stack([1 - p, p])
        of = make(task, y, raw, output="logit" if logits else None)
        return replace(of, predictor=Compiled(of.predictor, {"metrics": metrics, "loss": loss}))

    return draw


def planted(answers: Answers, make: Make) -> tuple[FaultCase, ...]:
    def one(name: str, code: str, *how: Any, least: Any = "warn", **more: Any) -> FaultCase:
        return FaultCase(f"compiled in: {name}", code, drawn(answers, make, *how, **more), least)

    f1 = [node("F1Score", name="f1")]
    iou = [node("MeanIoU", num_classes=2, name="iou")]
    return (
        one("accuracy of logits", THRESHOLD, "binary", ["accuracy"], logits=True),
        one("F1Score without threshold", THRESHOLD, "binary", f1),
        one("MeanIoU of probabilities", THRESHOLD, "binary", iou),
        one("MeanIoU of two columns", THRESHOLD, "binary", iou, loss=ONE_HOT, columns=2),
        one("AUC of logits", DISAGREES, "binary", [node("AUC", name="auc")], logits=True),
        one("Precision of two columns is accuracy", MISLEADING, "binary",
            [node("Precision", name="precision")], loss=ONE_HOT, columns=2),
    )  # fmt: skip


def clean(answers: Answers, make: Make) -> tuple[CleanCase, ...]:
    def one(name: str, *how: Any, **more: Any) -> CleanCase:
        return CleanCase(f"compiled in: {name}", drawn(answers, make, *how, **more))

    areas = [node("AUC", name="auc"), node("AUC", name="pr", curve="PR")]
    apart = [node("AUC", name="auc", multi_label=True)]
    macro = [node("F1Score", name="f1", average="macro")]
    numbers = ["mae", "mse", node("RootMeanSquaredError", name="rmse"), node("R2Score", name="r2")]
    labels = [node("Precision", name="precision"), node("Recall", name="recall")]
    return (
        one("binary", "binary", ["accuracy", *areas, *labels]),
        one("binary, F1 with its threshold", "binary", [node("F1Score", threshold=0.5)]),
        one("binary, areas of logits", "binary", [node("AUC", from_logits=True)], logits=True),
        one("two columns", "binary", ["accuracy", *areas, *apart, *macro], loss=ONE_HOT, columns=2),
        one("two columns, labels as numbers", "binary", ["accuracy"], loss=SPARSE, columns=2),
        one("classes, one-hot", "multiclass", ["accuracy", *areas, *apart, *macro], loss=ONE_HOT),
        one("classes, labels as numbers", "multiclass", ["accuracy"], loss=SPARSE),
        one("labels of their own", "multilabel", [node("BinaryAccuracy"), *areas, *apart]),
        one("numbers", "regression", numbers),
    )  # fmt: skip
