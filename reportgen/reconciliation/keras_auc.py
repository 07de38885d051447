"""Areas under curves as Keras computes them, from counts at a fixed grid of thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.reconciliation.world import Floats

#: Numbers of thresholds that are tried: Keras's own, and that of people who raised it.
GRIDS = (200, 100, 500, 1000)


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits and false alarms above each threshold, (g,), and all positive and negative rows."""

    hits: Floats
    false: Floats
    positives: float
    negatives: float

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.hits + other.hits,
            self.false + other.false,
            self.positives + other.positives,
            self.negatives + other.negatives,
        )


#: A column's counts by the number of thresholds.
Column = Mapping[int, Counts]


def areas(columns: Sequence[Column], curve: str) -> dict[str, float]:
    """Every way of an area, by name, a mean over columns. ``curve``: ROC or PR."""
    found: dict[str, float] = {}
    for grid in GRIDS:
        for rule in ("interpolation", "minoring", "majoring"):
            value = float(np.mean([_area(column[grid], curve, rule) for column in columns]))
            found[f"Keras, {grid} thresholds, {rule}"] = value
    return {name: value for name, value in found.items() if np.isfinite(value)}


def together(columns: Sequence[Column]) -> Column:
    """The counts of several columns as one."""
    total = dict(columns[0])
    for column in columns[1:]:
        total = {grid: counts + column[grid] for grid, counts in total.items()}
    return total


def column(member: NDArray[np.bool_], scores: Floats) -> Column:
    """Counts of scores above -ε, 1/(g-1), …, (g-2)/(g-1), 1 + ε, in float32 as Keras has them.

    Evenly spread thresholds are counted by buckets: ceil(score · (g - 1)) - 1.
    """
    kept = np.clip(scores.astype(np.float32), 0.0, 1.0)
    return {grid: _counts(member, kept, grid) for grid in GRIDS}


def _counts(member: NDArray[np.bool_], kept: NDArray[np.float32], grid: int) -> Counts:
    bucket = np.ceil(kept * np.float32(grid - 1)).astype(np.int32)
    bucket -= 1
    np.clip(bucket, 0, grid - 1, out=bucket)
    cells = np.bincount(bucket * 2 + member, minlength=2 * grid).reshape(grid, 2)
    above = np.cumsum(cells[::-1], axis=0)[::-1].astype(np.float64)
    return Counts(above[:, 1], above[:, 0], float(cells[:, 1].sum()), float(cells[:, 0].sum()))


def _area(counts: Counts, curve: str, rule: str) -> float:
    if curve == "PR" and rule == "interpolation":
        return _interpolated(counts)
    recall = _over(counts.hits, counts.positives)
    if curve == "ROC":
        x, y = _over(counts.false, counts.negatives), recall
    else:
        called = counts.hits + counts.false
        x, y = recall, np.divide(counts.hits, called, out=np.zeros_like(called), where=called > 0)
    if rule == "interpolation":
        heights = (y[:-1] + y[1:]) / 2
    elif rule == "minoring":
        heights = np.minimum(y[:-1], y[1:])
    else:
        heights = np.maximum(y[:-1], y[1:])
    return float(((x[:-1] - x[1:]) * heights).sum())


def _over(top: Floats, bottom: float) -> Floats:
    return top / bottom if bottom > 0 else np.zeros_like(top)


def _interpolated(counts: Counts) -> float:
    """Davis and Goadrich's integral between points, as Keras has it."""
    hits, called = counts.hits, counts.hits + counts.false
    gained, more = hits[:-1] - hits[1:], called[:-1] - called[1:]
    slope = np.divide(gained, np.maximum(more, 0), out=np.zeros_like(gained), where=more > 0)
    intercept = hits[1:] - slope * called[1:]
    both = (called[:-1] > 0) & (called[1:] > 0)
    ratio = np.where(
        both,
        np.divide(
            called[:-1], np.maximum(called[1:], 0), out=np.ones_like(slope), where=called[1:] > 0
        ),
        1.0,
    )
    top = slope * (gained + intercept * np.log(ratio))
    missed = counts.positives - hits[1:]
    bottom = np.maximum(hits[1:] + missed, 0)
    return float(np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0).sum())
