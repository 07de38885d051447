"""Convolutions of stacked members as patches times matrix.

A convolution whose kernel differs from member to member becomes a grouped one, which XLA computes
slowly on a CPU. The same sums as a batched matrix product took half the time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

#: Kernels of more places than this stay convolutions: their patches would fill the memory.
MOST_PLACES = 25


@contextlib.contextmanager
def as_matrices() -> Iterator[None]:
    """Within it, small convolutions are traced as matrix products."""
    from keras.src.backend.jax import nn

    original = nn.conv

    def conv(
        inputs: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
    ) -> Any:
        import keras

        last = (data_format or keras.config.image_data_format()) == "channels_last"
        whole = inputs.shape[-1] == kernel.shape[-2]
        places = int(np.prod(kernel.shape[:-2]))
        if not last or not whole or places > MOST_PLACES or padding not in ("valid", "same"):
            return original(inputs, kernel, strides, padding, data_format, dilation_rate)
        rank = len(kernel.shape) - 2
        return patches_times_matrix(
            jnp.asarray(inputs), jnp.asarray(kernel),
            _each(strides, rank), padding, _each(dilation_rate, rank),
        )  # fmt: skip

    nn.conv = conv
    try:
        yield
    finally:
        nn.conv = original


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (int(value),) * rank if isinstance(value, int) else tuple(int(v) for v in value)


def patches_times_matrix(
    x: Any, kernel: Any, strides: tuple[int, ...], padding: str, dilation: tuple[int, ...]
) -> Any:
    """Cross-correlation of ``(n, *space, c)`` with ``(*window, c, f)``, channels last."""
    window = kernel.shape[:-2]
    reach = [(w - 1) * d + 1 for w, d in zip(window, dilation, strict=True)]
    space = x.shape[1:-1]
    if padding == "same":
        out = [-(-s // t) for s, t in zip(space, strides, strict=True)]
        spare = [
            max(0, (o - 1) * t + r - s)
            for o, t, r, s in zip(out, strides, reach, space, strict=True)
        ]
        x = jnp.pad(x, [(0, 0), *((p // 2, p - p // 2) for p in spare), (0, 0)])
    else:
        out = [(s - r) // t + 1 for s, r, t in zip(space, reach, strides, strict=True)]
    parts = []
    for place in np.ndindex(*window):
        cut = tuple(
            slice(p * d, p * d + (o - 1) * t + 1, t)
            for p, d, o, t in zip(place, dilation, out, strides, strict=True)
        )
        parts.append(x[(slice(None), *cut, slice(None))])
    patches = jnp.concatenate(parts, axis=-1)
    return patches @ kernel.reshape(-1, kernel.shape[-1])
