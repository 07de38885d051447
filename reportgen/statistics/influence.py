"""What each row contributes to a metric: the one quantity behind most intervals here.

For a metric theta as a function of row weights w, row i contributes u_i = w_i d theta / d w_i.
The u_i sum to zero, theta moves by their sum when rows are drawn again, and so

* var(theta) is the sum of squares of u over independent units (rows, groups, copies);
* a paired difference of two models has the contributions u_a - u_b;
* for the AUC it is DeLong's method (1988), for means the usual standard error.

References: Hampel 1974; Efron 1982 (infinitesimal jackknife); DeLong, DeLong, Clarke-Pearson
1988; LeDell, Petersen, van der Laan 2015 for AUC with clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.statistics import matrix as of_matrix
from reportgen.statistics.matrix import Functional
from reportgen.statistics.ranking import Ranked, auc_of, precision_at, ranked
from reportgen.statistics.regression import weighted_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """A metric's value and the contribution of each row, shape (n,)."""

    value: float
    rows: Floats

    @classmethod
    def mean_of(cls, parts: Sequence[Influence]) -> Influence:
        """The mean of metrics of the same rows."""
        rows = parts[0].rows.copy()
        for part in parts[1:]:
            rows += part.rows
        return cls(float(np.mean([p.value for p in parts])), rows / len(parts))

    def minus(self, other: Influence) -> Influence:
        return Influence(self.value - other.value, self.rows - other.rows)


def weights_of(n: int, sample_weight: Floats | None) -> Floats:
    return np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)


def mean(values: NDArray[Any], sample_weight: Floats | None = None) -> Influence:
    """Weighted mean of a value a row: accuracy, log loss, Brier, MSE, MAE."""
    cells = np.asarray(values, dtype=np.float64)
    weight = weights_of(len(cells), sample_weight)
    total = float(weight.sum())
    if total <= 0:
        return Influence(float("nan"), np.zeros(len(cells)))
    at = float(weight @ cells) / total
    return Influence(at, weight * (cells - at) / total)


def of_labels(
    metric: Functional,
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    sample_weight: Floats | None = None,
) -> Influence:
    """A functional of the confusion matrix, through its gradient."""
    truth, given, _ = of_matrix.inside(y_true, y_pred, n_classes)
    weight = weights_of(len(truth), sample_weight)
    return Influence(metric.value, weight * metric.gradient[truth, given])


def roc_auc(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> Influence:
    """DeLong's placements, in O(n log n) (Sun and Xu 2014)."""
    return _auc(ranked(y_true, scores, sample_weight), sample_weight)


def _auc(rank: Ranked, sample_weight: Floats | None) -> Influence:
    value = auc_of(rank)
    if not np.isfinite(value):
        return Influence(value, np.zeros(len(rank.cell)))
    positives, negatives = rank.positives.sum(), rank.negatives.sum()
    below = (negatives - rank.alarms + rank.negatives / 2) / negatives
    above = (rank.hits - rank.positives / 2) / positives
    return _placed(
        value, (below - value) / positives, (above - value) / negatives, rank, sample_weight
    )


def _placed(
    value: float,
    of_positives: Floats,
    of_negatives: Floats,
    rank: Ranked,
    sample_weight: Floats | None,
) -> Influence:
    """What rows contribute, from what a positive and a negative at each score do, shape (m,)."""
    rows = np.concatenate([of_negatives, of_positives])[rank.cell]
    return Influence(value, rows if sample_weight is None else sample_weight * rows)


def average_precision(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> Influence:
    """Contribution through the row's own place and through the precision at all others'."""
    return _ap(ranked(y_true, scores, sample_weight), sample_weight)


def ranking(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> tuple[Influence, Influence]:
    """ROC-AUC and average precision of the same rows, which are sorted once."""
    rank = ranked(y_true, scores, sample_weight)
    return _auc(rank, sample_weight), _ap(rank, sample_weight)


def _ap(rank: Ranked, sample_weight: Floats | None) -> Influence:
    positives = float(rank.positives.sum())
    if positives <= 0:
        return Influence(float("nan"), np.zeros(len(rank.cell)))
    precision = precision_at(rank)
    value = float(rank.positives @ precision) / positives
    called = rank.hits + rank.alarms
    # A row changes the precision at its own score and at every lower one.
    step = np.divide(
        rank.positives, positives * called, out=np.zeros(len(called)), where=called > 0
    )
    gain = np.cumsum(step[::-1])[::-1]
    loss = np.cumsum((step * precision)[::-1])[::-1]
    own = (precision - value) / positives
    return _placed(value, own + gain - loss, -loss, rank, sample_weight)


def rmse(
    y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None
) -> Influence:
    """Square root of a mean; y of shape (n,)."""
    squared = mean((np.asarray(y_true, np.float64) - y_pred) ** 2, sample_weight)
    root = float(np.sqrt(squared.value))
    return Influence(root, squared.rows / (2 * root) if root > 0 else np.zeros(len(squared.rows)))


def r2(
    y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None
) -> Influence:
    """One minus a ratio of sums of squares; y of shape (n,)."""
    truth = np.asarray(y_true, dtype=np.float64)
    weight = weights_of(len(truth), sample_weight)
    residual = (truth - y_pred) ** 2
    spread = (truth - np.average(truth, weights=weight)) ** 2 if len(truth) else truth
    total = float(weight @ spread)
    if total <= 0:
        return Influence(float("nan"), np.zeros(len(truth)))
    left = float(weight @ residual) / total
    return Influence(1 - left, -weight * (residual - left * spread) / total)


def quantile(values: NDArray[Any], q: float, sample_weight: Floats | None = None) -> Influence:
    """A quantile of a value a row, with the density at it from neighbouring quantiles.

    The step of the density estimate falls as n^(-1/5) (Bofinger 1975).
    """
    cells = np.asarray(values, dtype=np.float64)
    weight = weights_of(len(cells), sample_weight)
    total = float(weight.sum())
    if total <= 0:
        return Influence(float("nan"), np.zeros(len(cells)))
    at = weighted_quantile(cells, q, weight)
    effective = total**2 / float(weight @ weight)
    step = min(0.9 * q, 0.9 * (1 - q), 0.4 * effective ** (-1 / 5))
    width = weighted_quantile(cells, q + step, weight) - weighted_quantile(cells, q - step, weight)
    above = np.where(cells > at, q, np.where(cells < at, q - 1, 0.0))
    centred = above - float(weight @ above) / total
    return Influence(at, weight * centred * width / (2 * step) / total)
