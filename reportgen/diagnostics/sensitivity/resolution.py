"""How finely a column is measured: its kind, its smallest usual step, and noise of that size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Scale = Literal["grid", "levels", "continuous", "two values", "constant"]
#: Of a column's spread: the least change that noise makes.
SHARE = 0.01
#: A column has levels where it has few values, and rows repeat them.
FEW_LEVELS, LEVEL_SHARE = 30, 0.2
DECIMALS = 6
MOST, RANKED, MOVED = 8000, 4000, 800  # values looked at
MOST_GAPS = 500
FIRST = 50  # that mostly tell whether values lie on a grid


@dataclass(frozen=True)
class Resolution:
    """What one step of a column is.

    Attributes
    ----------
    scale : values lie on a ``grid``, take one of some ``levels``, are ``continuous``, are one of
        ``two values`` (a category), or are ``constant``.
    step : size of the noise, the larger of the smallest usual step and 1 % of the spread.
    unit : of a grid, the distance of its values; 0 otherwise.
    low, high : the least and the largest value seen; noise stays within.
    levels : the sorted values of ``levels``; empty otherwise.
    decimals : to which a grid of decimals is rounded; None for other grids.
    """

    scale: Scale
    step: float
    low: float
    high: float
    unit: float = 0.0
    levels: tuple[float, ...] = ()
    decimals: int | None = None

    @property
    def numeric(self) -> bool:
        return self.scale in ("grid", "levels", "continuous")

    def noise(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Values moved by about a step to other valid values; what is missing stays missing."""
        if self.scale == "levels":
            return self._next_level(values, rng)
        if self.scale == "continuous":
            moves = rng.normal(0.0, self.step, values.shape)
        else:
            wide = self.step / self.unit if self.step > self.unit * (1 + 1e-9) else 0.0
            k = np.round(rng.normal(0.0, 1.0, values.shape) * wide)
            k = np.where(k == 0, rng.choice([-1.0, 1.0], size=values.shape), k)
            moves = k * self.unit
        moved = values + moves
        out = (moved < self.low - 1e-12) | (moved > self.high + 1e-12)
        moved = np.where(out, values - moves, moved)
        out = (moved < self.low - 1e-12) | (moved > self.high + 1e-12)
        moved = np.where(out, values, moved)
        return np.round(moved, self.decimals) if self.decimals is not None else moved

    def coarse(self, values: Floats) -> float:
        """The noise as a share of the usual difference of two rows, both in ranks; 0 to 1.

        A cut through the column at one of its values, drawn at random, lies between a value and
        itself moved so many times as often as between two rows: what a model shows that answers
        evenly along the column. Ranks make it the same for a column and its logarithm.
        """
        flat = values.ravel()
        seen = np.sort(flat[np.isfinite(flat)][:: max(1, len(flat) // RANKED)])
        if len(seen) < 2:
            return 1.0
        some = seen[:: max(1, len(seen) // MOVED)]
        ranks = _ranks(seen, some)
        moved = self.noise(some, np.random.default_rng(0))
        move = np.abs(_ranks(seen, moved) - ranks).mean()
        usual = gini_difference(ranks)
        return float(min(move / usual, 1.0)) if usual > 0 else 1.0

    def _next_level(self, values: Floats, rng: np.random.Generator) -> Floats:
        levels = np.array(self.levels)
        at = np.clip(np.searchsorted(levels, values), 0, len(levels) - 1)
        beside = at + rng.choice([-1, 1], size=values.shape)
        beside = np.where(beside < 0, 1, np.where(beside >= len(levels), len(levels) - 2, beside))
        return np.where(np.isnan(values), np.nan, levels[beside])


def resolution_of(values: Floats) -> Resolution:
    """The resolution of a column of numbers, from the rows the model was trained on.

    Parameters
    ----------
    values : shape (n,) or (n, T), missing as NaN.
    """
    flat = values.ravel()
    flat = flat[np.isfinite(flat)]
    whole = (float(flat.min()), float(flat.max())) if len(flat) else (0.0, 0.0)
    if len(flat) > MOST:
        flat = flat[:: len(flat) // MOST]
    seen = np.sort(flat)
    distinct = seen[np.concatenate([[True], np.diff(seen) > 0])] if len(seen) else seen
    if len(distinct) > 1:  # float noise is no step
        least = max(1e-9 * (distinct[-1] - distinct[0]), 1e-14 * np.abs(distinct).max())
        distinct = distinct[np.concatenate([[True], np.diff(distinct) > least])]
    if len(distinct) < 2:
        low = float(distinct[0]) if len(distinct) else 0.0
        return Resolution("constant", 0.0, low, low)
    low, high = whole
    if len(distinct) == 2:
        return Resolution("two values", high - low, low, high)
    fine = SHARE * _spread(seen)
    unit, decimals = _unit(distinct, len(seen))
    few = len(distinct) <= max(FEW_LEVELS, LEVEL_SHARE * len(seen))
    if few and len(distinct) <= 0.5 * len(seen):
        step = float(np.diff(distinct).mean())
        if step > fine and step > 2 * unit:  # most values of a grid do not occur, or there is none
            return Resolution("levels", step, low, high, 0.0, tuple(distinct.tolist()))
    if unit:
        return Resolution("grid", max(unit, fine), low, high, unit, (), decimals)
    return Resolution("continuous", fine, low, high)


def gini_difference(values: Floats) -> float:
    """Mean absolute difference of two values drawn at random (Gini 1912)."""
    ordered = np.sort(values)
    n = len(ordered)
    if n < 2:
        return 0.0
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float(2 * (ranks @ ordered) / (n * (n - 1)))


def _ranks(ordered: Floats, values: Floats) -> Floats:
    """Share of the values below each, half of the equal ones included."""
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + upto) / (2 * len(ordered)))


def _spread(ordered: Floats) -> float:
    """Standard deviation of sorted values, by quartiles where tails are long."""
    sd = float(ordered.std())
    lower, upper = np.interp([0.25, 0.75], np.linspace(0, 1, len(ordered)), ordered)
    by_quartiles = float(upper - lower) / 1.349
    return min(sd, by_quartiles) if by_quartiles > 0 else sd


def _unit(distinct: Floats, n: int) -> tuple[float, int | None]:
    """The distance of neighbours on a grid, and its decimals; 0 where there is no grid."""
    largest = float(np.abs(distinct).max())
    if largest < 2**53:
        for k in range(DECIMALS + 1):
            scaled = distinct * 10.0**k
            tolerance = 1.2e-7 * largest * 10.0**k + (1e-6 if k else 0.0)  # as float32 keeps them
            if tolerance > 0.02:
                break
            if np.abs(scaled[:FIRST] - np.round(scaled[:FIRST])).max() > tolerance:
                continue
            if np.abs(scaled - np.round(scaled)).max() <= tolerance:
                whole = np.round(np.diff(scaled)).astype(np.int64)
                divisor = int(np.gcd.reduce(whole[whole > 0])) if (whole > 0).any() else 1
                return max(divisor, 1) / 10.0**k, k
    gaps = np.diff(distinct)
    gaps = gaps[:: max(1, len(gaps) // MOST_GAPS)]
    unit = float(np.quantile(gaps, 0.05))
    steps = gaps / unit
    off = np.abs(steps - np.round(steps))
    on_grid = (off < 0.05 + 1e-4 * steps).mean() >= 0.95 and np.median(steps) < 1000
    if on_grid and len(distinct) >= 3 and (len(distinct) <= 0.5 * n or np.median(steps) <= 3):
        near = gaps[np.round(steps) == 1]
        return float(near.mean()) if len(near) else unit, None
    return 0.0, None
