"""Numbers that are means of something a row: that something."""

from __future__ import annotations

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.row_losses import KERAS_EPSILON
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.losses import brier_scores, log_losses


def row_values(claim: Claim, world: World) -> Floats | None:
    """What a number is the mean of, row by row; None where it is no mean of rows."""
    if claim.weighted:
        return None
    if claim.metric == "accuracy" and world.labels is not None:
        right = np.asarray(world.truth) == np.asarray(world.labels)
        return np.asarray(right.all(axis=1) if right.ndim == 2 else right, dtype=np.float64)
    if claim.metric == "loss" and world.row_losses is not None:
        return world.row_losses() + (world.penalty() if world.penalty is not None else 0.0)
    if world.task == "regression":
        if world.values is None or claim.metric not in ("mse", "mae"):
            return None
        apart = np.asarray(world.truth) - np.asarray(world.values).reshape(np.shape(world.truth))
        errors = apart**2 if claim.metric == "mse" else np.abs(apart)
        return np.asarray(errors.mean(axis=1) if errors.ndim == 2 else errors)
    if world.scores is None or world.truth.min(initial=0) < 0:
        return None
    if claim.metric == "log_loss":
        return log_losses(world.truth, world.scores, epsilon=KERAS_EPSILON)
    if claim.metric == "brier":
        return brier_scores(world.truth, world.scores)
    if claim.metric == "top_k_accuracy" and world.scores.ndim == 2:
        own = world.scores[np.arange(world.n), np.clip(world.truth, 0, world.k - 1)]
        ahead = (world.scores > own[:, None]).sum(1)
        return np.asarray(ahead < (claim.k or 1), dtype=np.float64)
    return None
