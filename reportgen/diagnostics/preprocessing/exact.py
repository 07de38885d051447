"""Columns that were scaled by figures of their own rows, told from the numbers themselves.

A split that was scaled by train's figures has mean 0 and standard deviation 1 only roughly. One
that has them to the last digits was scaled by its own. How likely an honest split comes as near is
computed from how near it came, so that rounded data are judged by what their digits can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.preprocessing.columns import decimals, shared, thinned

Floats = NDArray[np.float64]
EXACT = 5e-6  # of a standard deviation: float32 means are no nearer
FINEST = 1e-7  # closer than this tells no more: floats end there
CHANCE = 1e-5  # over all columns together
SAME_VALUES = 0.5  # share of a split's values that train has too: copies, or one lattice
GAP = 1e-3  # of the distance to the next value, that a limit may be off
MOST_STEPS = 5000  # of a lattice

MOMENTS = "mean and standard deviation"
QUARTILES = "median and quartiles"
LIMITS = "minimum and maximum"
SIZES = "largest size"
WAYS = (MOMENTS, QUARTILES, LIMITS, SIZES)


@dataclass(frozen=True)
class Refit:
    """Columns that were scaled by their own split's figures.

    ``columns`` are places in the table; ``chance`` that honest columns come as near;
    ``figures`` place and size over train and over the split, a column.
    """

    way: str
    columns: tuple[int, ...]
    chance: float
    figures: tuple[tuple[float, float, float, float], ...]


def refit(train: Floats, split: Floats) -> Refit | None:
    """Columns of ``split`` (m, d) scaled by themselves, where those of ``train`` (n, d) are too."""
    usable = [
        j
        for j in range(train.shape[1])
        if np.isfinite(train[:, j]).all()
        and np.isfinite(split[:, j]).all()
        and np.ptp(train[:, j]) > 0
        and np.ptp(split[:, j]) > 0
    ]
    if not usable or min(len(train), len(split)) < 2:
        return None
    for way, judge in ((MOMENTS, _moments), (QUARTILES, _quartiles)):
        odds = {j: judge(train[:, j], split[:, j]) for j in usable}
        found = _told(way, {j: p for j, p in odds.items() if p is not None}, len(usable),
                      train, split)  # fmt: skip
        if found is not None:
            return found
    return _at_limits(train, split, usable)


def _told(
    way: str, odds: Mapping[int, float], tried: int, train: Floats, split: Floats
) -> Refit | None:
    chance = tried * min(odds.values(), default=1.0)
    if chance > CHANCE:
        return None
    chosen = tuple(sorted(odds))
    return Refit(way, chosen, chance, tuple(_figures(way, train, split, j) for j in chosen))


def _figures(
    way: str, train: Floats, split: Floats, j: int
) -> tuple[float, float, float, float]:  # fmt: skip
    a, b = (_place_and_size(way, x[:, j]) for x in (train, split))
    return (*a, *b)


def _place_and_size(way: str, v: Floats) -> tuple[float, float]:
    if way == MOMENTS:
        return float(v.mean()), float(v.std())
    if way == QUARTILES:
        low, middle, high = np.percentile(v, [25, 50, 75])
        return float(middle), float(high - low)
    return float(v.min()), float(v.max())


def own_moments(v: Floats) -> tuple[float, float] | None:
    """How far a column is from mean 0 and sd 1, both in sds; None where it is not exactly so."""
    n = len(v)
    place, size = float(v.mean()), float(v.std())
    if not size > 0 or n < 2:
        return None
    digits = decimals(v)
    coarse = 0.0 if digits is None else 4 * 10.0**-digits / np.sqrt(12 * n)
    allowed = max(EXACT, coarse)
    off = min(abs(size - 1), abs(size - np.sqrt((n - 1) / n)))
    return (abs(place), off) if abs(place) <= allowed and off <= allowed else None


def _moments(a: Floats, b: Floats) -> float | None:
    """Chance that honest values come as near to mean 0 and sd 1 as ``b`` does."""
    if own_moments(a) is None or (own := own_moments(b)) is None:
        return None
    if _same(a, b) or (_whole(a) and _whole(b)):
        return None
    place, size = (max(v, FINEST) for v in own)
    return float(min(1.0, 0.9 * place * size * len(b)))


def _quartiles(a: Floats, b: Floats) -> float | None:
    fine = all(len(v) >= 8 and len(np.unique(thinned(v, 2000))) > 4 for v in (a, b))
    if not fine or _same(a, b):
        return None
    chance = 1.0
    for v in (a, b):
        low, middle, high = np.percentile(v, [25, 50, 75])
        near = np.sort(np.abs(v - middle))
        step = float(np.median(np.diff(np.sort(v))[np.diff(np.sort(v)) > 0]))
        if abs(middle) > GAP * step or abs(high - low - 1) > GAP * step or not len(near):
            return None
        chance *= max(abs(middle) / step, FINEST) * max(abs(high - low - 1) / step, FINEST)
    return float(min(1.0, max(chance, GAP**2 * 1e-2)))


def _whole(v: Floats) -> bool:
    return bool((v == np.round(v)).all())


def _same(a: Floats, b: Floats) -> bool:
    return shared(thinned(a), thinned(b, 2000)) >= SAME_VALUES


def _at_limits(train: Floats, split: Floats, usable: list[int]) -> Refit | None:
    """Columns with one pair of limits in both splits, each met by one row's long-digit value.

    Whole numbers that were scaled lie on a lattice; two lattices of different steps between the
    same limits tell the same.
    """
    sharp: dict[int, float] = {}
    lattices: dict[int, float] = {}
    rows: list[set[int]] = [set(), set()]
    for j in usable:
        a, b = train[:, j], split[:, j]
        width = float(np.ptp(a))
        if abs(a.min() - b.min()) > 1e-6 * width or abs(a.max() - b.max()) > 1e-6 * width:
            continue
        if not _customary(float(a.min()), float(a.max())):
            continue
        if _same(a, b):
            continue
        steps = [_lattice(v) for v in (a, b)]
        if steps[0] and steps[1]:
            if steps[0] % steps[1] and steps[1] % steps[0]:
                lattices[j] = 1e-3
            continue
        if all(_once(v) for v in (a, b)) and not any(_ranks(v) for v in (a, b)):
            sharp[j] = GAP**2
            for met, v in zip(rows, (a, b), strict=True):
                met |= {int(v.argmin()), int(v.argmax())}
    if len(sharp) + len(lattices) < min(3, len(usable)) or len(sharp) + len(lattices) < 2:
        return None
    if len(lattices) < 2 and (min(map(len, rows)) < 3 or len(sharp) < len(usable) / 3):
        return None
    chosen = tuple(sorted({*sharp, *lattices}))
    return Refit(LIMITS, chosen, min(1.0, GAP ** len(chosen)),
                 tuple(_figures(LIMITS, train, split, j) for j in chosen))  # fmt: skip


def _customary(low: float, high: float) -> bool:
    """Limits that scalers leave: 0 and 1, −1 and 1."""
    return abs(high - 1) <= 1e-6 and (abs(low) <= 1e-6 or abs(low + 1) <= 1e-6)


def _once(v: Floats) -> bool:
    """Both limits are met by one row each, the next value far off beside float precision."""
    ordered = np.sort(v)
    n = len(ordered)
    if n < 8:
        return False
    low, high = ordered[1] - ordered[0], ordered[-1] - ordered[-2]
    digits = decimals(v)
    fine = 10.0 ** -(digits if digits is not None else 7)
    return bool(min(low, high) > 4e-7 and (digits is None or fine < 0.01 / n))


def _ranks(v: Floats) -> bool:
    steps = np.diff(np.sort(v))
    return bool(np.ptp(steps) <= 1e-5 * steps.mean())


def _lattice(v: Floats) -> int:
    """Number of equal steps between the limits on which all values lie; 0 for none."""
    values = np.unique(_unit(thinned(v, 5000)))
    if not 5 <= len(values) <= 2000:
        return 0
    smallest = float(np.diff(values).min())
    if smallest <= 1 / MOST_STEPS:
        return 0
    for times in (1, 2, 3, 4):
        m = round(times / smallest)
        if 8 <= m <= MOST_STEPS and np.abs(values * m - np.round(values * m)).max() <= 1e-5 * m:
            return int(m) if 1e-5 * m < 0.05 else 0
    return 0


def _unit(v: Floats) -> Floats:
    return np.asarray(((v - v.min()) / np.ptp(v)).round(9))


def by_groups(codes: NDArray[np.int64], values: Floats) -> bool:
    """Whether each group's columns have mean 0 by themselves, so that any of them together do."""
    count = np.bincount(codes)
    if not 1 < (count > 0).sum() < len(codes) / 1.5:
        return False
    spread = np.maximum(values.std(axis=0), 1e-12)
    means = [np.bincount(codes, values[:, j]) / np.maximum(count, 1)
             for j in range(values.shape[1])]  # fmt: skip
    return bool((np.abs(means) <= 1e-4 * spread[:, None]).all())


def whole_array(train: Floats, split: Floats) -> float | None:
    """Chance that honest rows (m, p) come as near to mean 0 and sd 1 over all numbers.

    None where either array is not exactly so, or where each row is so by itself.
    """
    off = []
    for x in (train, split):
        place, size = float(x.mean()), float(x.std())
        if not abs(place) <= 2e-5 or not abs(size - 1) <= 2e-5:
            return None
        off.append((abs(place), abs(size - 1)))
    means, sizes = split.mean(axis=1), split.std(axis=1)
    if np.abs(means).max() <= 1e-3 or len(split) < 2:
        return None
    root = np.sqrt(len(split))
    by_place = max(off[1][0], FINEST) / max(float(means.std()) / root, 1e-12)
    by_size = max(off[1][1], FINEST) / max(float(sizes.std()) / root, 1e-12)
    return float(min(1.0, by_place) * min(1.0, by_size))
