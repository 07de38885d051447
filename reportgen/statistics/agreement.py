"""How far models that were trained alike answer alike, row by row.

Labels of K members are of shape (K, n); a multilabel task's n × L cells are rows of their own.
References: Milani Fard et al. 2016 (churn); Marx, Calmon, Ustun 2020 (ambiguity); Cooper et al.
2024 (self-consistency); Fleiss 1971 (kappa).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from reportgen.statistics.clusters import Codes, variance

Floats = NDArray[np.float64]
#: Sizes at which ambiguity is quoted: it grows with the number of members.
FIXED = (2, 5, 10)


def votes(labels: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """How many members give each class, shape (n, n_classes + 1); the last is any other label."""
    given = np.where((labels >= 0) & (labels < n_classes), labels, n_classes)
    counted = [(given == c).sum(axis=0) for c in range(n_classes + 1)]
    return np.stack(counted, axis=1).astype(np.int64)


def row_churn(counts: NDArray[np.int64]) -> Floats:
    """Share of the pairs of members whose labels differ, by row, shape (n,); K >= 2.

    One minus it is the row's self-consistency.
    """
    k = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1)
    return np.asarray(1 - same / (k * (k - 1)))


def row_margins(scores: Floats) -> Floats:
    """Churn that the members' own probabilities announce, by row, shape (n,).

    Two labels drawn from a member's own probabilities differ with chance 1 - Σ p²; the mean over
    members. A member that is sure announces none, whatever the others say.

    Parameters
    ----------
    scores : (K, n) P(a class) of two, or (K, n, C).
    """
    if scores.ndim == 2:
        return np.asarray((2 * scores * (1 - scores)).mean(axis=0))
    return np.asarray((1 - (scores**2).sum(axis=2)).mean(axis=0))


def ambiguity(counts: NDArray[np.int64], size: int) -> float:
    """Share of rows on which ``size`` members, drawn from the K, do not all agree.

    Unbiased (hypergeometric), so that ensembles of different K compare; NaN when size > K.
    """
    k = int(counts[0].sum()) if len(counts) else 0
    if size > k or size < 2:
        return float("nan")
    agree = special.comb(counts, size).sum(axis=1) / special.comb(k, size)
    return float(1 - agree.mean())


def fleiss_kappa(counts: NDArray[np.int64]) -> float:
    """Agreement beyond what the shares of the labels alone give; NaN for one label alone."""
    shares = counts.sum(axis=0) / counts.sum()
    by_chance = 1 - float((shares**2).sum())
    if by_chance <= 0:
        return float("nan")
    return 1 - float(row_churn(counts).mean()) / by_chance


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over rows and pairs of members, with limits for both being drawn."""

    value: float
    low: float
    high: float
    se: float


def excess(
    labels: NDArray[Any], scores: Floats | None, codes: Codes | None = None, level: float = 0.95
) -> Estimate:
    """Churn of labels (K, n), less what the margins of ``scores`` announce where given."""
    k = len(labels)
    matrix = np.zeros((k, k))
    by_row = np.zeros(labels.shape[1])
    for i in range(k):
        differ = labels[i] != labels
        matrix[i] = differ.mean(axis=1)
        by_row += differ.sum(axis=0)
    by_row /= k * (k - 1)
    alone = np.zeros(k)
    if scores is not None:
        by_row = by_row - row_margins(scores)
        alone = np.array([row_margins(s[None]).mean() for s in scores])
    return _estimate(by_row, matrix, alone, codes, level)


def differing(
    values: Floats, step: float, codes: Codes | None = None, level: float = 0.95
) -> Estimate:
    """Share of rows whose values (K, n), from two members, differ by more than ``step``."""
    k = len(values)
    matrix = np.zeros((k, k))
    by_row = np.zeros(values.shape[1])
    for i in range(k):
        apart = np.abs(values[i] - values) > step
        matrix[i] = apart.mean(axis=1)
        by_row += apart.sum(axis=0)
    return _estimate(by_row / (k * (k - 1)), matrix, np.zeros(k), codes, level)


def _estimate(
    by_row: Floats, matrix: Floats, alone: Floats, codes: Codes | None, level: float
) -> Estimate:
    k, n = len(matrix), len(by_row)
    value = float(by_row.mean())
    of_rows = variance((by_row - value) / n, codes)
    # Leaving member j out takes its row and column of pairs out.
    rest = (matrix.sum() - 2 * matrix.sum(axis=1)) / max(1, (k - 1) * (k - 2))
    left = rest - (alone.sum() - alone) / max(1, k - 1)
    of_members = (k - 1) / k * float(((left - left.mean()) ** 2).sum()) if k > 2 else float("inf")
    se = float(np.sqrt(of_rows + of_members))
    half = stats.t.ppf(0.5 + level / 2, max(1, k - 1)) * se
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), se)
