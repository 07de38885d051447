"""Areas under curves as Keras computes them, from counts at a fixed grid of thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.reconciliation.world import Floats
from reportgen.statistics.ranking import pr_curve, roc_curve

#: Numbers of thresholds that are tried: Keras's own, and that of people who raised it.
GRIDS = (200, 100, 500, 1000)
KERAS_EPSILON = 1e-7


@dataclass(frozen=True, slots=True)
class Columns:
    """Members (n, m) and scores (n, m): one area for each column, or for all together."""

    members: NDArray[np.bool_]
    scores: Floats
    together: bool = False


def areas(columns: Columns, curve: str) -> dict[str, float]:
    """Every way of an area, by name. ``curve``: ROC or PR.

    A mean over columns where they are not counted together.
    """
    found: dict[str, float] = {}
    for grid in GRIDS:
        counts = [_counts(m, s, grid) for m, s in _parts(columns)]
        for rule in ("interpolation", "minoring", "majoring"):
            value = float(np.mean([_area(c, curve, rule) for c in counts]))
            found[f"Keras, {grid} thresholds, {rule}"] = value
    if curve == "PR":
        found["trapezia"] = float(np.mean([_trapezia(m, s) for m, s in _parts(columns)]))
    elif columns.together:
        found["all cells, exact"] = float(np.mean([_exact(m, s) for m, s in _parts(columns)]))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _parts(columns: Columns) -> list[tuple[NDArray[np.bool_], Floats]]:
    if columns.together:
        return [(columns.members.ravel(), columns.scores.ravel())]
    return list(zip(columns.members.T, columns.scores.T, strict=True))


@dataclass(frozen=True, slots=True)
class _Counts:
    """Hits and false alarms above each threshold, (g,), and all positive and negative rows."""

    hits: Floats
    false: Floats
    positives: float
    negatives: float


def _counts(member: NDArray[np.bool_], scores: Floats, grid: int) -> _Counts:
    """Counts of scores above -ε, 1/(g-1), …, (g-2)/(g-1), 1 + ε, in float32 as Keras has them.

    Evenly spread thresholds are counted by buckets: ceil(score · (g - 1)) - 1.
    """
    kept = np.clip(scores.astype(np.float32), 0.0, 1.0)
    bucket = np.ceil(kept * np.float32(grid - 1)).astype(np.int64) - 1
    bucket = np.clip(bucket, 0, grid - 1)
    positive = np.bincount(bucket, weights=member, minlength=grid)
    negative = np.bincount(bucket, weights=~member, minlength=grid)
    hits, false = np.cumsum(positive[::-1])[::-1], np.cumsum(negative[::-1])[::-1]
    return _Counts(
        hits.astype(np.float64),
        false.astype(np.float64),
        float(positive.sum()),
        float(negative.sum()),
    )


def _area(counts: _Counts, curve: str, rule: str) -> float:
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


def _interpolated(counts: _Counts) -> float:
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


def _trapezia(member: NDArray[np.bool_], scores: Floats) -> float:
    """Trapezia under scikit-learn's precision-recall curve, from (recall 0, precision 1)."""
    if not member.any():
        return float("nan")
    curve = pr_curve(member, scores)
    recall, precision = np.r_[0.0, curve.recall], np.r_[1.0, curve.precision]
    return float(np.trapezoid(precision, recall))


def _exact(member: NDArray[np.bool_], scores: Floats) -> float:
    curve = roc_curve(member, scores)
    return float(np.trapezoid(curve.tpr, curve.fpr))
