"""Errors of predicted numbers. Targets of shape (n, T) are averaged over T, as in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _columns(y_true: NDArray[Any], y_pred: NDArray[Any]) -> tuple[Floats, Floats]:
    truth = np.asarray(y_true, dtype=np.float64)
    given = np.asarray(y_pred, dtype=np.float64)
    if truth.ndim == 1:
        truth = truth[:, None]
    return truth, given.reshape(truth.shape)


def mse(y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None) -> float:
    truth, given = _columns(y_true, y_pred)
    if not len(truth):
        return float("nan")
    return float(np.average((truth - given) ** 2, axis=0, weights=sample_weight).mean())


def rmse(y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None) -> float:
    """Root of the mean squared error; of each target, then the mean."""
    truth, given = _columns(y_true, y_pred)
    if not len(truth):
        return float("nan")
    return float(np.sqrt(np.average((truth - given) ** 2, axis=0, weights=sample_weight)).mean())


def mae(y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None) -> float:
    truth, given = _columns(y_true, y_pred)
    if not len(truth):
        return float("nan")
    return float(np.average(np.abs(truth - given), axis=0, weights=sample_weight).mean())


def r2(y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None) -> float:
    """1 - residual over total sum of squares.

    A constant target gives 1 when it is met exactly, else 0 (scikit-learn's ``force_finite``);
    fewer than two rows give NaN.
    """
    truth, given = _columns(y_true, y_pred)
    if len(truth) < 2:
        return float("nan")
    weight = np.ones(len(truth)) if sample_weight is None else sample_weight
    residual = weight @ (truth - given) ** 2
    total = weight @ (truth - np.average(truth, axis=0, weights=sample_weight)) ** 2
    share = np.where(residual == 0, 1.0, 0.0)
    np.divide(total - residual, total, out=share, where=total > 0)
    return float(share.mean())


def median_absolute_error(
    y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None
) -> float:
    """Median of the absolute errors of each target, then the mean over targets."""
    truth, given = _columns(y_true, y_pred)
    if not len(truth):
        return float("nan")
    errors = np.abs(truth - given)
    if sample_weight is None:
        return float(np.median(errors, axis=0).mean())
    return float(np.mean([weighted_quantile(e, 0.5, sample_weight) for e in errors.T]))


def weighted_quantile(values: Floats, q: float, weight: Floats) -> float:
    """Inverse of the weighted distribution; the middle where it is flat at ``q``.

    With q = 0.5 this is scikit-learn's weighted median.
    """
    used = weight > 0
    order = np.argsort(values[used], kind="stable")
    ordered, share = values[used][order], np.cumsum(weight[used][order])
    if not len(ordered):
        return float("nan")
    goal = q * share[-1]
    at = min(int(np.searchsorted(share, goal * (1 - 1e-12), side="left")), len(ordered) - 1)
    flat = np.isclose(share[at], goal, rtol=1e-12, atol=0) and at + 1 < len(ordered)
    return float((ordered[at] + ordered[at + 1]) / 2 if flat else ordered[at])
