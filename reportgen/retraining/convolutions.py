"""Convolutions of stacked members as patches times matrix, and pooling as comparisons.

A convolution whose kernel differs from member to member becomes a grouped one, which XLA computes
slowly on a CPU, and within a loop it computes any convolution slowly: two epochs of 500 images took
one member five minutes. The same sums as a batched matrix product took seconds. A window's maximum
is a loop within a loop there, and its gradient another; comparisons of slices are neither.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np

from reportgen.retraining.costs import MOST_PLACES

#: Images in batches of up to this many rows are computed with rows last.
MOST_ROWS = 32


@contextlib.contextmanager
def as_matrices() -> Iterator[None]:
    """Within it, small convolutions are traced as matrix products, small pools as comparisons."""
    from keras.src.backend.jax import nn

    original, pool = nn.conv, nn.max_pool

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

    def max_pool(
        inputs: Any,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
    ) -> Any:
        import keras

        rank = inputs.ndim - 2
        window, last = _each(pool_size, rank), data_format or keras.config.image_data_format()
        steps = window if strides is None else _each(strides, rank)
        if last != "channels_last" or padding != "valid" or int(np.prod(window)) > MOST_PLACES:
            return pool(inputs, pool_size, strides, padding, data_format)
        return largest(jnp.asarray(inputs), window, steps)

    nn.conv, nn.max_pool = conv, max_pool
    try:
        yield
    finally:
        nn.conv, nn.max_pool = original, pool


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (int(value),) * rank if isinstance(value, int) else tuple(int(v) for v in value)


def patches_times_matrix(
    x: Any, kernel: Any, strides: tuple[int, ...], padding: str, dilation: tuple[int, ...]
) -> Any:
    """Cross-correlation of ``(n, *space, c)`` with ``(*window, c, f)``, channels last."""
    window = kernel.shape[:-2]
    reach = [(w - 1) * d + 1 for w, d in zip(window, dilation, strict=True)]
    space = x.shape[1:-1]
    turned = rows_last(x)
    x = x.swapaxes(0, -1) if turned else x  # before it is padded: twice as fast
    if padding == "same":
        out = [-(-s // t) for s, t in zip(space, strides, strict=True)]
        spare = [
            max(0, (o - 1) * t + r - s)
            for o, t, r, s in zip(out, strides, reach, space, strict=True)
        ]
        x = jnp.pad(x, [(0, 0), *((p // 2, p - p // 2) for p in spare), (0, 0)])
    else:
        out = [(s - r) // t + 1 for s, r, t in zip(space, reach, strides, strict=True)]
    cuts = [
        [slice(p * d, p * d + (o - 1) * t + 1, t) for p in range(w)]
        for w, d, o, t in zip(window, dilation, out, strides, strict=True)
    ]
    matrix = kernel.reshape(-1, kernel.shape[-1])
    if turned:
        x = jnp.concatenate([x[:, *cut] for cut in product(*cuts)], axis=0)
        y = matrix.T @ x.reshape(len(x), -1)
        return y.reshape(-1, *x.shape[1:]).swapaxes(0, -1)
    # One axis after another, the last one first: 3 + 3 slices of a 3 x 3 window, not 9.
    for axis in reversed(range(len(window))):
        before = (slice(None),) * (axis + 1)
        x = jnp.concatenate([x[*before, cut] for cut in cuts[axis]], axis=-1)
    return x @ matrix


def rows_last(x: Any) -> bool:
    """Whether ``(n, *space, c)`` is computed with as ``(c, *space, n)``.

    What is copied, compared and added then stands in runs of a batch instead of a few channels,
    and what lies between two layers takes the layout over. Twice as fast for images in batches of
    32, Keras's own; but three times slower for 128, whose rows push each other out of the cache.
    """
    return x.ndim > 3 and len(x) <= MOST_ROWS


def largest(x: Any, window: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The maximum of each whole window of ``(n, *space, c)``; among equals, of the first place."""
    turned = rows_last(x)
    x = x.swapaxes(0, -1) if turned else x
    for axis in reversed(range(1, len(window) + 1)):
        w, t = window[axis - 1], strides[axis - 1]
        out = (x.shape[axis] - w) // t + 1
        cuts = [slice(p, p + (out - 1) * t + 1, t) for p in range(w)]
        best, *others = (x[(slice(None),) * axis + (cut,)] for cut in cuts)
        for other in others:
            best = jnp.where(other > best, other, best)
        x = best
    return x.swapaxes(0, -1) if turned else x
