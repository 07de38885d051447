"""Columns of one split that stand at the places of others of train, told by their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.preprocessing.change import Pair
from reportgen.diagnostics.preprocessing.columns import ks, noise

Floats = NDArray[np.float64]
APART = 0.22  # KS distance, beyond noise, of a column from what stands at its place in train
NEARER = 0.2  # KS distance by which another place is nearer than a column's own
ALIKE = 0.05  # KS distance, beyond noise, from what stands at another place
FAR = 0.5  # from here on a lower bound of the distance is enough
ROWS = 400  # of which pairs of columns are compared
VALUES = 10  # distinct values that a column needs to be told by them
FEW = 2  # columns that may be as near
CLEAR = 0.1  # KS distance that the next best place is further off
NEARLY = 0.8  # of the columns that are apart
TWINS = 0.95  # correlation of columns that mirror each other


@dataclass(frozen=True)
class Moved:
    """Columns of a split and whose values they hold: ``(place, whose, before, after)``.

    ``compared`` columns were asked, ``apart`` do not look like train's at their place.
    """

    columns: tuple[tuple[int, int, float, float], ...]
    compared: int
    apart: int


def moved(found: Sequence[Pair], train: Sequence[Floats]) -> Moved | None:
    """Columns that changed places with each other; None where nothing says so.

    Asked are columns that are far from train's at their own place, and of many values in train or
    in the split. Nearly all of them must hold the values of another one that is displaced as well,
    told apart from every other: a shift would have to bring several columns to where others were.
    """
    apart = [p for p in found if _rich(p) and p.distance >= min(APART + p.noise, 0.95)]
    if len(apart) < 2:
        return None
    distance = _distances(apart, found)
    at = {p.column: k for k, p in enumerate(found)}
    gone = {p.column for p in found if p.distance > p.noise / 1.4 + ALIKE}
    told, loose = [], 0
    for i, p in enumerate(apart):
        own = distance[i].copy()
        own[at[p.column]] = np.inf
        alike = noise(min(len(p.b), ROWS), min(len(p.a), ROWS)) / 1.4 + ALIKE
        near: list[int] = np.flatnonzero(own <= alike).tolist()
        if not near:
            continue
        k = min(near, key=lambda k: (found[k].column not in gone, own[k]))
        if p.distance - own[k] < NEARER:
            continue
        if not _many(p.b):
            loose += 1
            continue
        twins = [r for r in near if ks(_thin(found[k].a), _thin(found[r].a)) <= alike]
        rival = np.delete(own, twins).min(initial=np.inf)
        crowded = rival < own[k] + CLEAR and (own <= own[k] + CLEAR).sum() > FEW
        if crowded or found[k].column not in gone:
            continue
        if not _mirrored(train, p.column, found[k].column):
            told.append((p.column, found[k].column, p.distance, float(own[k])))
    targets = [t[1] for t in told]
    told = [t for t in told if targets.count(t[1]) == 1]
    wanted = {p.column for p in apart if _many(p.a)}  # whose values must have gone somewhere
    covered = len(wanted & {t[1] for t in told})
    if len(told) + loose < max(2, NEARLY * len(apart)) or covered < NEARLY * len(wanted):
        return None
    if not told or (len(told) < 2 and min(p.distance for p in apart) < 0.9):
        return None
    return Moved(tuple(told), len(found), len(apart))


def _many(v: Floats) -> bool:
    return len(np.unique(v)) > VALUES


def _rich(p: Pair) -> bool:
    return _many(p.a) or _many(p.b)


def _distances(apart: Sequence[Pair], found: Sequence[Pair]) -> Floats:
    """KS distances of each split's column to each of train's, shape (apart, found).

    Exact where they may be small; elsewhere a lower bound, from where three quantiles of the one
    lie in the other.
    """
    a = [_thin(p.a) for p in found]
    b = [_thin(p.b) for p in apart]
    levels = np.array([0.25, 0.5, 0.75])
    marks = np.array([np.quantile(y, levels) for y in b])
    least = np.empty((len(b), len(a)))
    for k, x in enumerate(a):
        below = np.searchsorted(x, marks, side="left") / len(x)
        above = np.searchsorted(x, marks, side="right") / len(x)
        least[:, k] = np.maximum(below - levels, levels - above).max(axis=1)
    for i, k in zip(*np.nonzero(least < FAR), strict=True):
        least[i, k] = ks(a[k], b[i])
    return np.maximum(least, 0.0)


def _thin(ordered: Floats) -> Floats:
    if len(ordered) <= ROWS:
        return ordered
    return np.asarray(ordered[np.linspace(0, len(ordered) - 1, ROWS).astype(np.int64)])


def _mirrored(train: Sequence[Floats], i: int, j: int) -> bool:
    """Two columns of which one is (nearly) the other turned round, as a share and its rest."""
    x, y = train[i], train[j]
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3 or x[both].std() == 0 or y[both].std() == 0:
        return False
    return bool(np.corrcoef(x[both], y[both])[0, 1] < -TWINS)
