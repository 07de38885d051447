"""The metrics that are followed over members, each with what every row adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.statistics import influence, losses, matrix
from reportgen.statistics.influence import Influence

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Followed:
    """A metric: its name and unit, which way is better, and the range that thresholds refer to.

    ``better`` is 1 where more is better, -1 for losses; ``range`` None where there is none;
    ``claim`` is the metric's name among reported numbers (``f1, macro``).
    """

    name: str
    label: str
    unit: str
    better: int
    range: float | None
    of: Callable[[Answers], Influence]
    claim: str = ""

    def __post_init__(self) -> None:
        if not self.claim:
            object.__setattr__(self, "claim", self.name)


def followed(of: Answers) -> list[Followed]:
    """Those that the answers allow, the task's usual headline first."""
    if of.task == "regression":
        return list(_regression())
    return [*_labels(of), *(_scores(of) if of.scores is not None else ())]


def _regression() -> Iterator[Followed]:
    def over_targets(function: Callable[..., Influence]) -> Callable[[Answers], Influence]:
        def of(a: Answers) -> Influence:
            assert a.values is not None
            parts = [
                function(a.y[:, t], a.values[:, t], a.design.weights) for t in range(a.y.shape[1])
            ]
            return averaged(parts)

        return of

    def absolute(y: Floats, given: Floats, weights: Floats | None) -> Influence:
        return influence.mean(np.abs(y - given), weights)

    def squared(y: Floats, given: Floats, weights: Floats | None) -> Influence:
        return influence.mean((y - given) ** 2, weights)

    yield Followed("r2", "R²", "score", 1, 1.0, over_targets(influence.r2))
    yield Followed("rmse", "RMSE", "target", -1, None, over_targets(influence.rmse))
    yield Followed("mae", "Mean absolute error", "target", -1, None, over_targets(absolute))
    yield Followed("mse", "Mean squared error", "target", -1, None, over_targets(squared))


def _accuracy(a: Answers) -> Influence:
    assert a.labels is not None
    right = np.asarray(a.y == a.labels)
    rows = np.asarray(right.all(axis=1)) if right.ndim == 2 else right
    return influence.mean(rows, a.design.weights)


def of_matrix(functional: Callable[[Any], matrix.Functional]) -> Callable[[Answers], Influence]:
    """A functional of the confusion matrix; the mean over labels in multilabel tasks."""

    def of(a: Answers) -> Influence:
        assert a.labels is not None
        weights = a.design.weights
        if a.y.ndim == 1:
            return cells_of(functional, a.y, a.labels, len(a.classes), weights)
        return averaged(
            [
                cells_of(functional, a.y[:, k], a.labels[:, k], 2, weights)
                for k in range(a.y.shape[1])
            ]
        )

    return of


def averaged(parts: Sequence[Influence], shares: Floats | None = None) -> Influence:
    """The mean of those that are defined, by ``shares`` where given."""
    known = [k for k, p in enumerate(parts) if np.isfinite(p.value)]
    if not known:
        return parts[0]
    weights = np.ones(len(known)) if shares is None else shares[known]
    values = np.array([parts[k].value for k in known])
    rows = np.array([parts[k].rows for k in known])
    return Influence(
        float(np.average(values, weights=weights)), np.average(rows, axis=0, weights=weights)
    )


def cells_of(
    functional: Callable[[Any], matrix.Functional],
    y: NDArray[Any],
    labels: NDArray[Any],
    k: int,
    weights: Floats | None,
) -> Influence:
    """A functional of the confusion matrix of ``k`` classes, with what each row adds to it."""
    cells = matrix.confusion_matrix(y, labels, k, weights)
    return influence.of_labels(functional(cells), y, labels, k, weights)


def member_columns(a: Answers) -> NDArray[Any]:
    """Which rows are of each class or label, bool (n, K)."""
    return np.asarray(a.y == 1 if a.y.ndim == 2 else a.y[:, None] == np.arange(len(a.classes)))


def score_columns(a: Answers) -> Floats:
    """Probabilities (n, K), of binary tasks both."""
    assert a.scores is not None
    if a.scores.ndim == 2:
        return a.scores
    both = (1 - a.scores, a.scores) if a.positive == 1 else (a.scores, 1 - a.scores)
    return np.column_stack(both)


def _labels(a: Answers) -> Iterator[Followed]:
    many = a.task == "multilabel"
    yield Followed(
        "accuracy", "Exact-match accuracy" if many else "Accuracy", "score", 1, 1.0, _accuracy
    )
    yield Followed(
        "balanced_accuracy", "Balanced accuracy", "score", 1, 1.0,
        of_matrix(matrix.balanced_accuracy),
    )  # fmt: skip
    if many:
        yield Followed(
            "f1_macro", "F1, mean over labels", "score", 1, 1.0,
            of_matrix(lambda cells: matrix.f1(cells, 1)), "f1, macro",
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
    yield Followed(
        "f1_macro", "F1, mean over classes", "score", 1, 1.0, of_matrix(matrix.macro_f1),
        "f1, macro",
    )  # fmt: skip


def _scores(a: Answers) -> Iterator[Followed]:
    def truths(a: Answers) -> NDArray[Any]:
        return np.asarray(a.y == a.positive).astype(np.int64) if a.task == "binary" else a.y

    def ranking(function: Callable[..., Influence]) -> Callable[[Answers], Influence]:
        def of(a: Answers) -> Influence:
            member, scores = member_columns(a), score_columns(a)
            columns = [a.positive] if a.task == "binary" else range(member.shape[1])
            return averaged(
                [function(member[:, k], scores[:, k], a.design.weights) for k in columns]
            )

        return of

    def mean_of(function: Callable[..., Floats]) -> Callable[[Answers], Influence]:
        return lambda a: influence.mean(function(truths(a), a.scores), a.design.weights)

    kind = "" if a.task == "binary" else ", macro"
    yield Followed(
        "roc_auc", "ROC-AUC", "score", 1, 1.0, ranking(influence.roc_auc), f"roc_auc{kind}"
    )
    yield Followed(
        "average_precision", "Average precision", "score", 1, 1.0,
        ranking(influence.average_precision), f"average_precision{kind}",
    )  # fmt: skip
    yield Followed(
        "log_loss", "Log loss", "loss", -1, None,
        lambda a: influence.mean(a.log_losses, a.design.weights),
    )  # fmt: skip
    yield Followed("brier", "Brier score", "loss", -1, None, mean_of(losses.brier_scores))
