"""Losses of probabilities, a row and on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EPSILON = float(np.finfo(np.float64).eps)  # where scikit-learn clips float64
FLOOR = 1e-7  # where Keras clips probabilities; one row then costs at most 16.118


def log_losses(y_true: NDArray[Any], scores: NDArray[Any], *, epsilon: float = EPSILON) -> Floats:
    """Negative log-likelihood of each row, in nats, shape (n,).

    Parameters
    ----------
    y_true : codes 0/1 with ``scores`` of shape (n,) = P(class 1); codes 0 .. K-1 with scores of
        shape (n, K); 0/1 of shape (n, K) with scores of shape (n, K), where the K binary losses
        are averaged.
    epsilon : scores are kept within [epsilon, 1 - epsilon].
    """
    truth = np.asarray(y_true)
    if np.ndim(scores) == 2 and truth.ndim == 1:
        own = np.asarray(scores)[np.arange(len(truth)), truth.astype(np.int64)]
        return np.asarray(-np.log(np.clip(own.astype(np.float64), epsilon, 1 - epsilon)))
    kept = np.clip(np.asarray(scores, dtype=np.float64), epsilon, 1 - epsilon)
    losses = -np.log(np.where(truth == 1, kept, 1 - kept))
    return np.asarray(losses.mean(axis=1) if losses.ndim == 2 else losses)


def log_loss(
    y_true: NDArray[Any],
    scores: NDArray[Any],
    sample_weight: Floats | None = None,
    *,
    epsilon: float = EPSILON,
) -> float:
    """Mean of :func:`log_losses`; scikit-learn's ``log_loss`` for the default ``epsilon``."""
    if not len(y_true):
        return float("nan")
    return float(np.average(log_losses(y_true, scores, epsilon=epsilon), weights=sample_weight))


def brier_scores(y_true: NDArray[Any], scores: NDArray[Any]) -> Floats:
    """Squared error of each row's probabilities, shape (n,).

    Binary: (p - y)^2, within 0 .. 1. Multiclass: summed over classes, within 0 .. 2 (Brier's
    own). Multilabel: mean over labels. These are scikit-learn's conventions.
    """
    truth = np.asarray(y_true)
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim == 1:
        return np.asarray((values - (truth == 1)) ** 2)
    if truth.ndim == 2:
        return np.asarray(((values - (truth == 1)) ** 2).mean(axis=1))
    own = values[np.arange(len(truth)), truth.astype(np.int64)]
    return np.asarray((values**2).sum(axis=1) - 2 * own + 1)


def brier(y_true: NDArray[Any], scores: NDArray[Any], sample_weight: Floats | None = None) -> float:
    """Mean of :func:`brier_scores`."""
    if not len(y_true):
        return float("nan")
    return float(np.average(brier_scores(y_true, scores), weights=sample_weight))
