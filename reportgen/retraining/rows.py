"""Row weights, and what stands in a column that is left out: the same for every engine."""

from __future__ import annotations

import numpy as np

from reportgen.retraining.member import Member, Pool, Recipe


def row_weights(recipe: Recipe, pool: Pool, member: Member) -> np.ndarray | None:
    """A member's sample weights times its class weights, float32 ``(n,)``; None for all ones."""
    index = slice(0, pool.n_train) if member.rows is None else member.rows.array
    weights: np.ndarray | None = None
    if member.weights is not None:
        weights = np.asarray(member.weights.array, np.float32)
    elif pool.weights is not None:
        weights = np.asarray(pool.weights[index], np.float32)
    if recipe.class_weight and pool.classes is not None:
        by_class = np.ones(int(pool.classes.max()) + 1, np.float32)
        for code, weight in recipe.class_weight:
            if code < len(by_class):
                by_class[code] = weight
        of_rows = by_class[pool.classes[index]]
        weights = of_rows if weights is None else weights * of_rows
    return weights


def neutral(pool: Pool) -> np.ndarray:
    """What a column that is left out holds: its mean, or its most frequent whole number."""
    x = pool.inputs[0][: pool.n_train]
    flat = x.reshape(-1, x.shape[-1])
    if np.issubdtype(x.dtype, np.integer):
        values = [np.bincount(c - c.min()).argmax() + c.min() for c in flat.T]
        return np.array(values, x.dtype)
    mean: np.ndarray = flat.mean(axis=0, dtype=np.float64).astype(x.dtype)
    return mean
