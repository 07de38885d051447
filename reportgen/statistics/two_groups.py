"""Do two groups of vectors come from one distribution? By their distances, and by permutation.

References: Székely, Rizzo 2004; Anderson 2006 for groups that differ in their spread alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: As many ways to divide the vectors are gone through; more are drawn from.
MOST = 5000


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """Mean distances (root mean square over coordinates), and the p-value."""

    within_first: float
    within_second: float
    between: float
    p: float


def compare(first: Floats, second: Floats, rng: np.random.Generator) -> TwoGroups:
    """Compare vectors (a, n) with vectors (b, n), a and b at least 2.

    Two statistics are set beside all ways to divide the a + b vectors where these are few, else
    beside drawn ones: the energy (twice the mean distance between groups less those within), and
    the difference of the distances within, since with many coordinates a wider spread around one
    place hardly moves the energy. ``p`` is corrected for both being tried (Bonferroni).
    """
    a, b = len(first), len(second)
    if min(a, b) < 2:
        raise ValueError(f"groups of {a} and {b}: at least two vectors each")
    together = np.concatenate([first, second])
    distances = np.sqrt(_squares(together))
    n = a + b
    if comb(n, a) <= MOST:
        chosen = np.array(list(combinations(range(n), a)))
    else:
        drawn = rng.permuted(np.tile(np.arange(n), (MOST - 1, 1)), axis=1)[:, :a]
        chosen = np.concatenate([np.arange(a)[None], drawn])
    inside = np.zeros((len(chosen), n))
    np.put_along_axis(inside, chosen, 1.0, axis=1)
    own, other, across = _means(inside, distances)
    p = 2 * min(_share_as_large(2 * across - own - other), _share_as_large(np.abs(own - other)))
    return TwoGroups(float(own[0]), float(other[0]), float(across[0]), min(1.0, p))


def _share_as_large(statistic: Floats) -> float:
    """Of all divisions; the one that was given is the first, and ties count."""
    return float(np.mean(statistic >= statistic[0] - 1e-12 * max(1.0, abs(statistic[0]))))


def _squares(vectors: Floats) -> Floats:
    """Mean square differences of all pairs, shape (n, n)."""
    n = len(vectors)
    found = np.zeros((n, n))
    for i in range(n):
        found[i] = ((vectors - vectors[i]) ** 2).mean(axis=1)
    return found


def _means(inside: Floats, distances: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean distance within the first group, within the second, and between, by division."""
    a = inside.sum(axis=1)
    b = inside.shape[1] - a
    outside = 1 - inside
    own = ((inside @ distances) * inside).sum(axis=1) / (a * (a - 1))
    other = ((outside @ distances) * outside).sum(axis=1) / (b * (b - 1))
    across = ((inside @ distances) * outside).sum(axis=1) / (a * b)
    return own, other, across
