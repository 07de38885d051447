"""Scores of an order: ROC-AUC, average precision, and their curves. Ties are treated exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Positive and negative weight at each distinct score, from the highest score down.

    ``scores``, ``positives``, ``negatives`` and their running sums ``hits`` and ``alarms`` have
    shape (m,); ``cell`` has shape (n,) and says where each row stands: at which of them, and
    for positives m further on.
    """

    scores: Floats
    positives: Floats
    negatives: Floats
    hits: Floats
    alarms: Floats
    cell: NDArray[np.int64]


def ranked(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> Ranked:
    """Sort rows by score once; everything else in this module is cumulative sums of it.

    Parameters
    ----------
    y_true : truthy for the positive class, shape (n,).
    scores : shape (n,), higher is more positive.
    """
    positive = np.asarray(y_true, dtype=bool)
    values = np.asarray(scores, dtype=np.float64)
    order = np.argsort(-values)  # rows of one score share a place: their order is of no account
    ordered = values[order]
    starts = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, bool)
    index = np.cumsum(starts) - 1
    m = int(starts.sum())
    cell = np.empty(len(values), dtype=np.int64)
    cell[order] = index
    np.add(cell, m, out=cell, where=positive)
    weights = np.bincount(cell, weights=sample_weight, minlength=2 * m).astype(np.float64)
    negatives, positives = weights[:m], weights[m:]
    return Ranked(
        ordered[starts], positives, negatives, np.cumsum(positives), np.cumsum(negatives), cell
    )


def auc_of(rank: Ranked) -> float:
    """Area under the ROC curve; NaN when a class has no weight."""
    positives, negatives = rank.positives.sum(), rank.negatives.sum()
    if positives <= 0 or negatives <= 0:
        return float("nan")
    below = negatives - rank.alarms
    return float(rank.positives @ (below + rank.negatives / 2) / (positives * negatives))


def roc_auc(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> float:
    """P(score of a positive > score of a negative), ties counting one half; NaN if undefined."""
    return auc_of(ranked(y_true, scores, sample_weight))


def roc_auc_ovr(
    y_true: NDArray[Any],
    scores: NDArray[Any],
    average: str = "macro",
    sample_weight: Floats | None = None,
) -> float:
    """One class against the rest, averaged (macro: scikit-learn's default; weighted by support).

    ``y_true`` holds codes of shape (n,) or 0/1 of shape (n, K); ``scores`` (n, K). A class
    without rows, or with all of them, has no AUC and is left out of the mean.
    """
    truth = np.asarray(y_true)
    areas, supports = [], []
    for k in range(scores.shape[1]):
        positive = truth[:, k] == 1 if truth.ndim == 2 else truth == k
        areas.append(roc_auc(positive, scores[:, k], sample_weight))
        supports.append(np.sum(positive if sample_weight is None else sample_weight[positive]))
    values, by = np.array(areas), np.array(supports, dtype=np.float64)
    known = np.isfinite(values)
    if not known.any():
        return float("nan")
    weights = by[known] if average == "weighted" else None
    return float(np.average(values[known], weights=weights))


def average_precision(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> float:
    """Sum over thresholds of precision times the recall gained there; NaN without positives."""
    return ap_of(ranked(y_true, scores, sample_weight))


def ap_of(rank: Ranked) -> float:
    positives = float(rank.positives.sum())
    if positives <= 0:
        return float("nan")
    return float(rank.positives @ precision_at(rank) / positives)


def precision_at(rank: Ranked) -> Floats:
    """Precision when everything down to each distinct score is called positive, shape (m,)."""
    called = rank.hits + rank.alarms
    return np.divide(rank.hits, called, out=np.ones_like(called), where=called > 0)


class RocCurve(NamedTuple):
    """From (0, 0) to (1, 1); ``thresholds[0]`` is infinite. Each of shape (m + 1,)."""

    fpr: Floats
    tpr: Floats
    thresholds: Floats


def roc_curve(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> RocCurve:
    """The ROC curve at every distinct score; NaN rates where a class has no rows."""
    rank = ranked(y_true, scores, sample_weight)
    return RocCurve(_share(rank.alarms), _share(rank.hits), np.r_[np.inf, rank.scores])


def _share(sums: Floats) -> Floats:
    if not len(sums) or sums[-1] <= 0:
        return np.full(len(sums) + 1, np.nan)
    return np.concatenate([[0.0], sums / sums[-1]])


class PrecisionRecallCurve(NamedTuple):
    """From the highest score down: recall rises. Each of shape (m,)."""

    recall: Floats
    precision: Floats
    thresholds: Floats


def pr_curve(
    y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None
) -> PrecisionRecallCurve:
    """Precision and recall at every distinct score."""
    rank = ranked(y_true, scores, sample_weight)
    return PrecisionRecallCurve(_share(rank.hits)[1:], precision_at(rank), rank.scores)
