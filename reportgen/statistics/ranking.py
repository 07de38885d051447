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

    ``scores``, ``positives`` and ``negatives`` have shape (m,); ``place`` has shape (n,) and
    says at which of them each row stands.
    """

    scores: Floats
    positives: Floats
    negatives: Floats
    place: NDArray[np.int64]


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
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    starts = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, bool)
    index = np.cumsum(starts) - 1
    place = np.empty(len(values), dtype=np.int64)
    place[order] = index
    weight = np.ones(len(values)) if sample_weight is None else sample_weight
    m = int(starts.sum())
    return Ranked(
        ordered[starts],
        np.bincount(place, weights=weight * positive, minlength=m).astype(np.float64),
        np.bincount(place, weights=weight * ~positive, minlength=m).astype(np.float64),
        place,
    )


def auc_of(rank: Ranked) -> float:
    """Area under the ROC curve; NaN when a class has no weight."""
    positives, negatives = rank.positives.sum(), rank.negatives.sum()
    if positives <= 0 or negatives <= 0:
        return float("nan")
    below = negatives - np.cumsum(rank.negatives)
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
    hits = np.cumsum(rank.positives)
    called = hits + np.cumsum(rank.negatives)
    return np.divide(hits, called, out=np.ones_like(hits), where=called > 0)


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
    return RocCurve(_share(rank.negatives), _share(rank.positives), np.r_[np.inf, rank.scores])


def _share(weights: Floats) -> Floats:
    total = weights.sum()
    if total <= 0:
        return np.full(len(weights) + 1, np.nan)
    return np.concatenate([[0.0], np.cumsum(weights) / total])


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
    return PrecisionRecallCurve(_share(rank.positives)[1:], precision_at(rank), rank.scores)
