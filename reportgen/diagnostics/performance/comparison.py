"""The model against its rivals, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.performance.rivals import Rival
from reportgen.statistics import influence, matrix
from reportgen.statistics.influence import Influence
from reportgen.statistics.intervals import LEVEL, Interval
from reportgen.statistics.paired import Difference, difference, of_proportions
from reportgen.statistics.power import smallest_effect

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """The model beside a rival in one metric; ``lead`` > 0 where the model is better."""

    rival: str
    metric: str
    label: str
    unit: str
    model: float
    other: float
    lead: Difference

    @property
    def interval(self) -> Interval:
        return self.lead.interval

    def detectable(self, alpha: float) -> float:
        """The smallest lead that would have been found with 80 % power."""
        return smallest_effect(self.interval.se, self.lead.df, alpha=alpha)


def as_rival(of: Answers, rival: Rival) -> Answers:
    """The same rows, answered by the rival."""
    return replace(of, labels=rival.labels, scores=rival.scores, values=rival.values)


def compare(of: Answers, rival: Rival, *, level: float = LEVEL) -> tuple[Compared, ...]:
    """First the headline metric (accuracy, RMSE), then the second opinion.

    The second is ROC-AUC with scores and balanced accuracy without; MAE in regression.
    """
    other = as_rival(of, rival)
    if of.task == "regression":
        return _errors(of, other, rival.name, level)
    if of.task == "multilabel":
        a, b = (influence.mean(x.right, of.design.weights) for x in (of, other))
        first = _compared(of, rival.name, "label_accuracy", "share of labels right", a, b, level)
    else:
        lead = of_proportions(of.y == of.labels, other.y == other.labels, of.design, level=level)
        a, b = (influence.mean(x.right, of.design.weights) for x in (of, other))
        first = Compared(rival.name, "accuracy", "accuracy", "score", a.value, b.value, lead)
    found = [first]
    areas = [mean_auc(x) for x in (of, other)]
    if all(np.isfinite(x.value) for x in areas):
        found.append(_compared(of, rival.name, "roc_auc", "ROC-AUC", areas[0], areas[1], level))
    balanced = [mean_recall(x) for x in (of, other)]
    if all(np.isfinite(x.value) for x in balanced):
        name, label = "balanced_accuracy", "balanced accuracy"
        a, b = balanced
        found.append(_compared(of, rival.name, name, label, a, b, level))
    return tuple(found)


def _compared(
    of: Answers, rival: str, name: str, label: str, a: Influence, b: Influence, level: float
) -> Compared:
    lead = difference(a, b, of.design, level=level)
    return Compared(rival, name, label, "score", a.value, b.value, lead)


def mean_auc(of: Answers) -> Influence:
    """ROC-AUC; the mean over classes or labels that have one."""
    if of.scores is None:
        return Influence(float("nan"), np.zeros(of.n))
    if of.task == "binary":
        return influence.roc_auc(of.y == of.positive, of.scores, of.design.weights)
    parts = []
    for k in range(len(of.classes)):
        truth = of.y[:, k] == 1 if of.y.ndim == 2 else of.y == k
        parts.append(influence.roc_auc(truth, of.scores[:, k], of.design.weights))
    return _mean([p for p in parts if np.isfinite(p.value)], of.n)


def mean_recall(of: Answers) -> Influence:
    """Balanced accuracy; the mean over labels in multilabel tasks."""
    assert of.labels is not None
    if of.y.ndim == 1:
        return _balanced(of.y, of.labels, len(of.classes), of.design.weights)
    parts = [
        _balanced(of.y[:, k], of.labels[:, k], 2, of.design.weights)
        for k in range(len(of.classes))
        if 0 < of.y[:, k].sum() < of.n
    ]
    return _mean(parts, of.n)


def _balanced(
    y: NDArray[Any], given: NDArray[Any], n_classes: int, weights: Floats | None
) -> Influence:
    cells = matrix.confusion_matrix(y, given, n_classes, weights)
    return influence.of_labels(matrix.balanced_accuracy(cells), y, given, n_classes, weights)


def _mean(parts: list[Influence], n: int) -> Influence:
    if not parts:
        return Influence(float("nan"), np.zeros(n))
    return Influence(
        float(np.mean([p.value for p in parts])), np.mean([p.rows for p in parts], axis=0)
    )


def _errors(of: Answers, other: Answers, rival: str, level: float) -> tuple[Compared, ...]:
    """RMSE and MAE: several targets are first divided by their spread."""
    y = of.y
    spread = np.ones(y.shape[1])
    if y.shape[1] > 1:
        spread = np.where(y.std(axis=0) > 0, y.std(axis=0), 1.0)
    unit = "target" if y.shape[1] == 1 else "ratio"
    found = []
    for name, label in (("rmse", "RMSE"), ("mae", "mean absolute error")):
        sides = []
        for side in (of, other):
            assert side.values is not None
            gap = (y - side.values) / spread
            sides.append(_root(gap, of) if name == "rmse" else _absolute(gap, of))
        lead = difference(sides[1], sides[0], of.design, level=level)
        found.append(Compared(rival, name, label, unit, sides[0].value, sides[1].value, lead))
    return tuple(found)


def _root(gap: Floats, of: Answers) -> Influence:
    return influence.rmse(np.sqrt((gap**2).mean(axis=1)), np.zeros(of.n), of.design.weights)


def _absolute(gap: Floats, of: Answers) -> Influence:
    return influence.mean(np.abs(gap).mean(axis=1), of.design.weights)
