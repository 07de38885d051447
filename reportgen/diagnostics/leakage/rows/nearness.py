"""Are nearest neighbours nearer than neighbours are?

A near copy lies far nearer to its original than to any other row. Around an honest row of local
dimension m, the nearest of k neighbours at r_1 <= ... <= r_k has (r_1 / r_k)^m distributed as the
least of k - 1 uniform numbers, whatever the density (Facco et al. 2017). So the ratio is judged,
row by row, and not the distance alone, which is small wherever rows lie densely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

ALPHA = 1e-6  # false alarms of one look
LEVELS = (1e-2, 1e-3, 1e-4, 1e-6)  # of one row
AMONG = (2, 4, 7)  # neighbours that the nearest is compared with
CAREFUL = 0.7  # of the estimated dimension: dimensions differ from place to place
GUARD = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Nearness:
    """What is too near.

    Attributes
    ----------
    near : rows that are nearer than chance explains, bool (n,).
    p : probability of so many by chance, corrected for the levels tried.
    dimension : local dimension of the data.
    by_chance : probability of a row's ratio, shape (n,).
    """

    near: NDArray[np.bool_]
    p: float
    dimension: float
    by_chance: Floats

    @property
    def told(self) -> float:
        """How near a row must lie to be told, over the distance to its second neighbour."""
        if not np.isfinite(self.dimension):
            return 0.0
        least: float = (LEVELS[0] / len(AMONG)) ** (1 / max(1.0, CAREFUL * self.dimension))
        return least

    @property
    def copies(self) -> bool:
        return bool(self.near.any())


def nearness(distances: Floats, within: float, moved: NDArray[np.int64]) -> Nearness:
    """Judge each row's nearest distances.

    Parameters
    ----------
    distances : to the nearest rows, ascending and above zero, shape (n, k); inf where there is
        none. Rows of inf are not judged.
    within : distance up to which a neighbour may be a near copy.
    moved : in how many columns a row differs from its nearest, or agrees where rows seldom do,
        shape (n,). A row varies in no more dimensions than these; half of them are counted, for
        columns that go together.
    """
    n, k = distances.shape
    judged = np.isfinite(distances[:, 0])
    if k < 3 or judged.sum() < 2:
        return Nearness(np.zeros(n, dtype=bool), 1.0, float("nan"), np.ones(n))
    dimension = _dimension(distances[judged])
    m = np.minimum(np.maximum(1.0, CAREFUL * dimension), np.maximum(moved / 2, 1))
    by_chance = np.ones(n)
    others = [a for a in AMONG if a <= k]
    ratios = np.ones(n)
    for a in others:
        other = distances[:, a - 1]
        ratio = np.divide(distances[:, 0], other, out=np.ones(n), where=judged & (other > 0))
        ratio = np.where(np.isfinite(other), ratio, 1.0)
        least = -np.expm1((a - 1) * np.log1p(-np.minimum(ratio**m, 1 - 1e-15)))
        by_chance = np.minimum(by_chance, least * len(others))
        ratios = ratio if a == others[0] else np.minimum(ratios, ratio)
    candidate = judged & (distances[:, 0] <= within)
    best, chosen = 1.0, np.zeros(n, dtype=bool)
    for level in LEVELS:
        found = candidate & (by_chance <= level)
        p = len(LEVELS) * float(stats.binom.sf(found.sum() - 1, judged.sum(), level))
        if found.any() and p < best and _gap(ratios[judged], ratios[found], dimension) < GUARD:
            best, chosen = p, found
    if best >= ALPHA:
        chosen = np.zeros(n, dtype=bool)
    return Nearness(chosen, min(best, 1.0), dimension, by_chance)


def _dimension(distances: Floats) -> float:
    """From far neighbours, which near copies do not move: (r_a / r_b)^m is Beta(a, b - a)."""
    b = min(distances.shape[1], 8)
    a = b // 2
    known = np.isfinite(distances[:, b - 1]) & (distances[:, a - 1] > 0)
    if not known.any():
        return 1.0
    ratio = np.median(np.log(distances[known, b - 1] / distances[known, a - 1]))
    middle = -np.log(stats.beta.ppf(0.5, a, b - a))
    return float(middle / ratio) if ratio > 0 else 1.0


def _gap(ratios: Floats, found: Floats, dimension: float) -> float:
    """Probability that so many ratios lie low, if they thin out towards zero as slowly as they may.

    In one dimension, the least there is, ratios are uniform; a third of the estimate is assumed.
    """
    top = float(found.max())
    if top >= 0.5:
        return 1.0
    below, between = int((ratios <= top).sum()), int(((ratios > top) & (ratios <= 0.5)).sum())
    low = (top / 0.5) ** max(1.0, dimension / 3)
    return float(stats.binom.sf(below - 1, below + between, low))
