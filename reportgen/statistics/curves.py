"""Curves with fewer points and the same picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MAX_POINTS = 1000
TOLERANCE = 0.001


def thin(
    x: NDArray[Any],
    *ys: NDArray[Any],
    tolerance: float = TOLERANCE,
    max_points: int = MAX_POINTS,
) -> tuple[Floats, ...]:
    """Keep the points that a reader can tell apart.

    Points are dropped as long as the straight line between kept neighbours stays within
    ``tolerance`` of every dropped one, measured along y in each of ``ys`` (of which all keep the
    same points). A curve that still has more than ``max_points`` is thinned again at twice the
    tolerance; vertical steps keep both ends. First and last points stay.

    Parameters
    ----------
    x : non-decreasing, shape (m,).
    ys : one or more curves over x, each of shape (m,).

    Returns
    -------
    (x, *ys), each of shape (k,), k <= max_points.

    Notes
    -----
    Douglas and Peucker's division with the vertical distance, O(m log m) in the usual case.
    """
    across = np.asarray(x, dtype=np.float64)
    curves = np.atleast_2d(np.asarray(ys, dtype=np.float64))
    keep = _coarse(across, curves, tolerance)
    while True:
        chosen = _divide(across[keep], curves[:, keep], tolerance)
        if int(chosen.sum()) <= max_points:
            break
        tolerance *= 2
    at = keep[chosen]
    return (across[at], *(curve[at] for curve in curves))


def _coarse(x: Floats, curves: Floats, tolerance: float) -> NDArray[np.int64]:
    """Ends of runs along which no curve moves: lossless, and cheap on a million points."""
    n = len(x)
    if n <= 2:
        return np.arange(n)
    same_y = (curves[:, 1:] == curves[:, :-1]).all(axis=0)
    same_x = x[1:] == x[:-1]
    flat = same_y[1:] & same_y[:-1]
    upright = same_x[1:] & same_x[:-1] & _monotone(curves)
    inner = np.r_[False, flat | upright, False]
    return np.flatnonzero(~inner)


def _monotone(curves: Floats) -> NDArray[np.bool_]:
    steps = np.diff(curves, axis=1)
    return np.asarray((steps[:, 1:] * steps[:, :-1] >= 0).all(axis=0))


def _divide(x: Floats, curves: Floats, tolerance: float) -> NDArray[np.bool_]:
    chosen = np.zeros(len(x), dtype=bool)
    if not len(x):
        return chosen
    chosen[[0, -1]] = True
    spans = [(0, len(x) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        width = x[last] - x[first]
        ends = curves[:, [first, last]]
        if width > 0:
            along = (x[inner] - x[first]) / width
            gap = curves[:, inner] - (ends[:, :1] + along * (ends[:, 1:] - ends[:, :1]))
        else:  # upright: what lies between the ends lies on the line
            gap = curves[:, inner] - np.clip(
                curves[:, inner], ends.min(axis=1, keepdims=True), ends.max(axis=1, keepdims=True)
            )
        distance = np.abs(gap).max(axis=0)
        worst = int(distance.argmax())
        if distance[worst] > tolerance:
            at = first + 1 + worst
            chosen[at] = True
            spans += [(first, at), (at, last)]
    return chosen
