"""Rows as points: numbers in units of their column's spread, words as directions of their own.

Between words, and between numbers of a few levels, there is no nearness by degrees: rows of one
cell would seem near by any distance, because those of other cells are far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.cells import Cells

DIRECTIONS = 12  # that words are spread over
WIDEST = 64  # axes of wide numbers, after which they are projected at random
PROBE = 50_000  # rows that tell a column's spread
ALIKE, FEW = 0.05, 64  # how often two rows agree in a column of levels, and how many it has

Points = NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """What places rows of one data set; fitted on train.

    Attributes
    ----------
    numeric : places of the columns of numbers, and of those of words.
    middle, width : a column of numbers each.
    names : of all columns.
    gap : least distance between two levels of a column of numbers that are levels; NaN of others,
        and of all where there are no others.
    """

    numeric: tuple[int, ...]
    words: tuple[int, ...]
    middle: NDArray[np.float64]
    width: NDArray[np.float64]
    names: tuple[str, ...]
    gap: NDArray[np.float64]

    @property
    def scales(self) -> NDArray[np.bool_]:
        """Axes on which rows lie near each other by degrees; of all axes of the points."""
        words = np.zeros(self.axes - len(self.numeric), dtype=bool)
        return np.concatenate([np.isnan(self.gap), words])

    def same_levels(self, here: Points, there: Points) -> NDArray[np.bool_]:
        """Whether pairs of points have the same levels, noise aside; (n,)."""
        at = np.flatnonzero(~np.isnan(self.gap))
        return np.asarray((np.abs(here[:, at] - there[:, at]) < self.gap[at] / 2).all(axis=1))

    @property
    def axes(self) -> int:
        """Of the points that are searched."""
        return len(self.numeric) + (DIRECTIONS if self.words else 0)

    def points(self, rows: Cells) -> Points:
        """Shape (n, axes); what is missing lies in the middle."""
        out = np.zeros((rows.n, self.axes), dtype=np.float32)
        for k, j in enumerate(self.numeric):
            values = (_numbers(rows.parts[j]) - self.middle[k]) / self.width[k]
            out[:, k] = np.where(np.isfinite(values), values, 0.0)
        for j in self.words:
            values, codes = np.unique(rows.column(j), return_inverse=True)
            places = np.array(
                [np.random.default_rng([j, int(v)]).normal(size=DIRECTIONS) for v in values]
            )
            out[:, len(self.numeric) :] += places[codes.reshape(-1)] / np.sqrt(DIRECTIONS)
        return out

    def exact(self, rows: Cells) -> NDArray[np.uint64]:
        """A number a row of all that must be equal: words, and what is missing."""
        total = Cells(self.names, tuple(rows.parts[j] for j in self.words), rows.n).rows()
        for j in self.numeric:
            gone = ~np.isfinite(_numbers(rows.parts[j]))
            if gone.any():
                total += gone * np.uint64(0x9E3779B97F4A7C15 * (2 * j + 1) % 2**64)
        return total


def space(train: Cells) -> Space | None:
    """The axes that train's rows span; None where no column is a number."""
    numeric, words, middle, width, gap = [], [], [], [], []
    for j, part in enumerate(train.parts):
        values = _numbers_or_none(part)
        if values is None:
            words.append(j)
            continue
        known = values[:: max(1, len(values) // PROBE)]
        known = known[np.isfinite(known)]
        if not len(known):
            continue
        low, centre, high = np.percentile(known, [1, 50, 99])
        spread = float(np.std(np.clip(known, low, high))) or float(np.std(known))
        if spread > 0:
            numeric.append(j)
            middle.append(float(centre))
            width.append(spread)
            gap.append(_gap(known) / spread)
    if not numeric:
        return None
    gaps = np.array(gap)
    if not np.isnan(gaps).any():
        gaps[:] = np.nan
    return Space(tuple(numeric), tuple(words), np.array(middle), np.array(width), train.names, gaps)


def _gap(known: NDArray[np.float64]) -> float:
    """Least distance between a column's levels; NaN where its values are no levels."""
    values, counts = np.unique(known, return_counts=True)
    shares = counts / len(known)
    if not 1 < len(values) <= FEW or float(shares @ shares) < ALIKE:
        return float("nan")
    return float(np.diff(values).min())


def _numbers_or_none(part: Any) -> NDArray[np.float64] | None:
    if isinstance(part, np.ndarray):
        return part.astype(np.float64) if part.ndim == 1 else None
    if part.dtype.is_temporal():
        part = part.to_physical()
    return _numbers(part) if part.dtype.is_numeric() else None


def _numbers(part: Any) -> NDArray[np.float64]:
    if isinstance(part, pl.Series):
        return np.asarray(part.to_physical().cast(pl.Float64).to_numpy(), dtype=np.float64)
    return np.asarray(part, dtype=np.float64)
