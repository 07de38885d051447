"""Batch normalisation of batches that are filled up: rows that only fill it are not counted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp


@contextlib.contextmanager
def counting(model: Any, rows: Any) -> Iterator[None]:
    """Within it, the model's batch normalisation takes the mean and variance of some rows.

    Parameters
    ----------
    rows : bool (B,), which rows of a batch count, at least one; None for all of them.
    """
    import keras

    layers = []
    if rows is not None:
        kind = keras.layers.BatchNormalization
        layers = [la for la in model._flatten_layers() if isinstance(la, kind)]
    for layer in layers:
        object.__setattr__(layer, "_moments", _moments_of(rows, layer))
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "_moments")


def _moments_of(rows: Any, layer: Any) -> Any:
    def moments(inputs: Any, mask: Any) -> tuple[Any, Any]:
        assert mask is None, "a model with masks is not filled up"
        counted = rows.reshape(-1, *([1] * (inputs.ndim - 1)))
        axes = tuple(layer._reduction_axes)
        places = inputs.size // (inputs.shape[0] * inputs.shape[-1])
        count = jnp.sum(rows).astype(inputs.dtype) * places
        mean = jnp.sum(jnp.where(counted, inputs, 0), axes) / count
        apart = jnp.where(counted, inputs - mean, 0)
        return mean, jnp.sum(apart * apart, axes) / count

    return moments
