"""The metrics that are followed over members, each with what every row adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.evidence import Case
from reportgen.job.schema import ReportedNumber
from reportgen.statistics import influence, losses, matrix
from reportgen.statistics.influence import Influence

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Followed:
    """A metric: its name and unit, which way is better, and the range that thresholds refer to.

    ``better`` is 1 where more is better, -1 for losses; ``range`` None where there is none.
    """

    name: str
    label: str
    unit: str
    better: int
    range: float | None
    of: Callable[[Answers], Influence]


def followed(of: Answers) -> list[Followed]:
    """Those that the answers allow, the task's usual headline first."""
    if of.task == "regression":
        return list(_regression())
    return [*_labels(of), *(_scores(of) if of.scores is not None else ())]


def headline(case: Case, among: list[Followed]) -> Followed:
    """The first single number reported for test, where it is among these; else the first."""
    for reported in case.entry.reported:
        if not isinstance(reported, ReportedNumber) or reported.split != "test":
            continue
        if reported.per_class is not None or reported.weighted:
            break
        name: str = reported.metric
        average = reported.average or ("binary" if case.task == "binary" else "macro")
        if name in ("precision", "recall", "f1") and average != "binary":
            name = f"{name}_{average}"
        return next((m for m in among if m.name == name), among[0])
    return among[0]


def _regression() -> Iterator[Followed]:
    def over_targets(function: Callable[..., Influence]) -> Callable[[Answers], Influence]:
        def of(a: Answers) -> Influence:
            assert a.values is not None
            parts = [
                function(a.y[:, t], a.values[:, t], a.design.weights) for t in range(a.y.shape[1])
            ]
            return Influence(
                float(np.mean([p.value for p in parts])), np.mean([p.rows for p in parts], axis=0)
            )

        return of

    def absolute(y: Floats, given: Floats, weights: Floats | None) -> Influence:
        return influence.mean(np.abs(y - given), weights)

    yield Followed("r2", "R²", "score", 1, 1.0, over_targets(influence.r2))
    yield Followed("rmse", "RMSE", "target", -1, None, over_targets(influence.rmse))
    yield Followed("mae", "Mean absolute error", "target", -1, None, over_targets(absolute))


def _accuracy(a: Answers) -> Influence:
    assert a.labels is not None
    right = np.asarray(a.y == a.labels)
    rows = np.asarray(right.all(axis=1)) if right.ndim == 2 else right
    return influence.mean(rows, a.design.weights)


def of_matrix(functional: Callable[[Any], matrix.Functional]) -> Callable[[Answers], Influence]:
    """A functional of the confusion matrix; the mean over labels in multilabel tasks."""

    def of(a: Answers) -> Influence:
        assert a.labels is not None
        if a.y.ndim == 1:
            return _one(functional, a.y, a.labels, len(a.classes), a.design.weights)
        parts = [
            _one(functional, a.y[:, k], a.labels[:, k], 2, a.design.weights)
            for k in range(a.y.shape[1])
        ]
        known = [p for p in parts if np.isfinite(p.value)]
        if not known:
            return parts[0]
        return Influence(
            float(np.mean([p.value for p in known])), np.mean([p.rows for p in known], axis=0)
        )

    return of


def _one(
    functional: Callable[[Any], matrix.Functional],
    y: NDArray[Any],
    labels: NDArray[Any],
    k: int,
    weights: Floats | None,
) -> Influence:
    cells = matrix.confusion_matrix(y, labels, k, weights)
    return influence.of_labels(functional(cells), y, labels, k, weights)


def _labels(a: Answers) -> Iterator[Followed]:
    many = a.task == "multilabel"
    yield Followed(
        "accuracy", "Accuracy, all labels right" if many else "Accuracy", "score", 1, 1.0, _accuracy
    )
    yield Followed(
        "balanced_accuracy", "Balanced accuracy", "score", 1, 1.0,
        of_matrix(matrix.balanced_accuracy),
    )  # fmt: skip
    if many:
        yield Followed(
            "f1_macro", "F1, mean over labels", "score", 1, 1.0,
            of_matrix(lambda cells: matrix.f1(cells, 1)),
        )  # fmt: skip
        return
    yield Followed("mcc", "Matthews correlation", "score", 1, 2.0, of_matrix(matrix.mcc))
    if a.positive is not None:
        code = a.positive
        for name, label, function in (
            ("precision", "Precision", matrix.precision),
            ("recall", "Recall", matrix.recall),
            ("f1", "F1", matrix.f1),
        ):
            yield Followed(
                name, f"{label} of “{a.classes[code]}”", "score", 1, 1.0,
                of_matrix(lambda cells, f=function: f(cells, code)),  # type: ignore[misc]
            )  # fmt: skip
    yield Followed("f1_macro", "F1, mean over classes", "score", 1, 1.0, of_matrix(matrix.macro_f1))


def _scores(a: Answers) -> Iterator[Followed]:
    def truths(a: Answers) -> NDArray[Any]:
        return np.asarray(a.y == a.positive).astype(np.int64) if a.task == "binary" else a.y

    def ranking(function: Callable[..., Influence]) -> Callable[[Answers], Influence]:
        def of(a: Answers) -> Influence:
            assert a.scores is not None
            if a.task == "binary":
                return function(truths(a) == 1, a.scores, a.design.weights)
            parts = [
                function(
                    a.y[:, k] == 1 if a.y.ndim == 2 else a.y == k, a.scores[:, k], a.design.weights
                )
                for k in range(len(a.classes))
            ]
            known = [p for p in parts if np.isfinite(p.value)]
            if not known:
                return parts[0]
            return Influence(
                float(np.mean([p.value for p in known])), np.mean([p.rows for p in known], axis=0)
            )

        return of

    def mean_of(function: Callable[..., Floats]) -> Callable[[Answers], Influence]:
        return lambda a: influence.mean(function(truths(a), a.scores), a.design.weights)

    yield Followed("roc_auc", "ROC-AUC", "score", 1, 1.0, ranking(influence.roc_auc))
    yield Followed(
        "average_precision", "Average precision", "score", 1, 1.0,
        ranking(influence.average_precision),
    )  # fmt: skip
    yield Followed(
        "log_loss", "Log loss", "loss", -1, None,
        lambda a: influence.mean(a.log_losses, a.design.weights),
    )  # fmt: skip
    yield Followed("brier", "Brier score", "loss", -1, None, mean_of(losses.brier_scores))
