"""What a member is fed: row weights, labels, columns left out; the same for every engine."""

from __future__ import annotations

from typing import Any

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
        codes = [code for code, _ in recipe.class_weight]
        by_class = np.ones(max(int(pool.classes.max()), *codes) + 1, np.float32)
        by_class[codes] = [weight for _, weight in recipe.class_weight]
        classes = pool.classes[index] if member.labels is None else codes_of(member.labels.array)
        of_rows = by_class[classes]
        weights = of_rows if weights is None else weights * of_rows
    return weights


def codes_of(labels: np.ndarray) -> np.ndarray:
    """Class codes ``(n,)`` of targets as a loss takes them: codes, one column of them, one-hot."""
    if labels.ndim > 1 and labels.shape[-1] > 1:
        return np.asarray(labels.argmax(axis=-1))
    return np.asarray(labels).reshape(len(labels)).astype(np.int64)


def targets_of(pool: Pool, member: Member) -> np.ndarray:
    """The targets of a member's rows, in their order."""
    if member.labels is not None:
        return member.labels.array
    index = slice(0, pool.n_train) if member.rows is None else member.rows.array
    targets: np.ndarray = pool.targets[index]
    return targets


def without(x: tuple[np.ndarray, ...], member: Member, pool: Pool) -> tuple[np.ndarray, ...]:
    """Inputs with a member's left-out columns filled with what is neutral."""
    if not member.columns:
        return x
    changed = x[0].copy()
    changed[..., list(member.columns)] = neutral(pool)[list(member.columns)]
    return (changed, *x[1:])


def packed(model: Any, x: tuple[Any, ...]) -> Any:
    """Inputs in the structure that a model was built with."""
    if len(x) == 1:
        return x[0]
    structure = getattr(model, "_inputs_struct", None)
    if structure is None:
        return list(x)
    import keras

    return keras.tree.pack_sequence_as(structure, list(x))


def neutral(pool: Pool) -> np.ndarray:
    """What a column that is left out holds: its mean, or its most frequent whole number."""
    x = pool.inputs[0][: pool.n_train]
    flat = x.reshape(-1, x.shape[-1])
    if np.issubdtype(x.dtype, np.integer):
        values = [np.bincount(c - c.min()).argmax() + c.min() for c in flat.T]
        return np.array(values, x.dtype)
    mean: np.ndarray = flat.mean(axis=0, dtype=np.float64).astype(x.dtype)
    return mean
