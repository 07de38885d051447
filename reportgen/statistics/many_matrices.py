"""Scores of many confusion matrices at once: what searches over thresholds or orders need."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def accuracy(cells: Floats) -> Floats:
    """Share on the diagonal. ``cells``: (..., R, R), truth by prediction; result (...)."""
    return _over(np.trace(cells, axis1=-2, axis2=-1), cells.sum((-2, -1)), np.nan)


def balanced_accuracy(cells: Floats) -> Floats:
    """Mean recall over the classes that have rows."""
    truth = cells.sum(-1)
    recalls = _over(_diagonal(cells), truth, 0.0)
    return _over(recalls.sum(-1), (truth > 0).sum(-1), np.nan)


def mcc(cells: Floats) -> Floats:
    """Matthews correlation for any number of classes (Gorodkin 2004); 0 where undefined."""
    right, total = np.trace(cells, axis1=-2, axis2=-1), cells.sum((-2, -1))
    truth, given = cells.sum(-1), cells.sum(-2)
    over = right * total - (truth * given).sum(-1)
    under = (total**2 - (given**2).sum(-1)) * (total**2 - (truth**2).sum(-1))
    return _over(over, np.sqrt(np.maximum(under, 0.0)), 0.0)


def per_class(cells: Floats, metric: str) -> Floats:
    """Precision, recall or F1 of every class, 0 where undefined; (..., R)."""
    hits, truth, given = _diagonal(cells), cells.sum(-1), cells.sum(-2)
    if metric == "precision":
        return _over(hits, given, 0.0)
    if metric == "recall":
        return _over(hits, truth, 0.0)
    if metric == "f1":
        return _over(2 * hits, truth + given, 0.0)
    raise ValueError(f"{metric!r} is not precision, recall or f1")


def averaged(cells: Floats, metric: str, average: str) -> Floats:
    """Precision, recall or F1 averaged over the classes in the truth or in the answers.

    ``average``: macro, weighted or micro, as scikit-learn has them.
    """
    if average == "micro":
        return accuracy(cells)
    values, truth = per_class(cells, metric), cells.sum(-1)
    if average == "macro":
        present = (truth + cells.sum(-2)) > 0
        return _over((values * present).sum(-1), present.sum(-1), np.nan)
    if average == "weighted":
        return _over((values * truth).sum(-1), truth.sum(-1), np.nan)
    raise ValueError(f"average {average!r} is not macro, micro or weighted")


def at_thresholds(
    positive: NDArray[Any], scores: Floats, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Binary matrices for every distinct rule "positive when the score is above t".

    Parameters
    ----------
    positive : truth, shape (n,). scores : P(positive), shape (n,).

    Returns
    -------
    limits : shape (m + 1,), descending; rule i calls positive the scores > limits[i], and gives
        the same answers for every t in [limits[i], limits[i - 1]), the first for t up to infinity.
        ``limits[0]`` is the highest score (nothing is positive), the last is -infinity.
    cells : shape (m + 1, 2, 2), rows negative/positive truth, columns negative/positive answers.
    """
    truth = np.asarray(positive, dtype=bool)
    weight = np.ones(len(truth)) if weights is None else weights
    distinct, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    m = len(distinct)
    up = np.bincount(place, weights=weight * truth, minlength=m)[::-1]
    down = np.bincount(place, weights=weight * ~truth, minlength=m)[::-1]
    hits, false = np.r_[0.0, np.cumsum(up)], np.r_[0.0, np.cumsum(down)]
    cells = np.empty((m + 1, 2, 2))
    cells[:, 1, 1], cells[:, 0, 1] = hits, false
    cells[:, 1, 0], cells[:, 0, 0] = hits[-1] - hits, false[-1] - false
    return np.r_[distinct[::-1], -np.inf], cells


def _diagonal(cells: Floats) -> Floats:
    return np.asarray(np.diagonal(cells, axis1=-2, axis2=-1))


def _over(top: Any, bottom: Any, empty: float) -> Floats:
    top, bottom = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    out = np.full(np.shape(top), empty)
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 0))
