"""Pictures as points that do not move with a shift, with brightness, or with contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.space import Points

SIDE = 16  # rows and columns of means that a picture is reduced to
BLOCK = 2048


def points(pictures: NDArray[np.generic]) -> Points:
    """Shape (n, side * side): grey, centred on what stands out, of mean 0 and length 1.

    Parameters
    ----------
    pictures : shape (n, h, w) or (n, h, w, c).
    """
    n, h, w = pictures.shape[:3]
    high, wide = min(SIDE, h), min(SIDE, w)
    out = np.zeros((n, high * wide), dtype=np.float32)
    for a in range(0, n, BLOCK):
        part = np.asarray(pictures[a : a + BLOCK], dtype=np.float32)
        grey = part if part.ndim == 3 else part.mean(axis=3)
        small = _means(_centred(grey), high, wide).reshape(len(grey), -1)
        small = small - small.mean(axis=1, keepdims=True)
        length = np.linalg.norm(small, axis=1, keepdims=True)
        out[a : a + BLOCK] = np.divide(small, length, out=np.zeros_like(small), where=length > 1e-6)
    return out


def _centred(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture rolled by whole pixels: what differs from its ground comes to the middle."""
    n, h, w = grey.shape
    ground = np.median(grey.reshape(n, -1), axis=1)[:, None, None]
    weight = np.abs(grey - ground)
    total = np.maximum(weight.sum(axis=(1, 2)), 1e-9)
    down = (weight.sum(axis=2) @ np.arange(h) / total).round().astype(int) - h // 2
    right = (weight.sum(axis=1) @ np.arange(w) / total).round().astype(int) - w // 2
    rows = (np.arange(h)[None, :] + down[:, None]) % h
    columns = (np.arange(w)[None, :] + right[:, None]) % w
    at = np.arange(n)[:, None, None]
    return np.asarray(grey[at, rows[:, :, None], columns[:, None, :]])


def _means(grey: NDArray[np.float32], high: int, wide: int) -> NDArray[np.float32]:
    """Means over blocks of nearly equal size."""
    tops = np.linspace(0, grey.shape[1], high + 1).astype(int)[:-1]
    lefts = np.linspace(0, grey.shape[2], wide + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(grey, tops, axis=1), lefts, axis=2)
    ones = np.ones((1, *grey.shape[1:]), dtype=np.float32)
    sizes = np.add.reduceat(np.add.reduceat(ones, tops, axis=1), lefts, axis=2)
    return np.asarray(sums / sizes)
