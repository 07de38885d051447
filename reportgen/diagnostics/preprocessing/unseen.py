"""How many rows of a split a random cut would leave with categories that train does not have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Unseen:
    """Units of a split in categories without a unit of train.

    ``expected`` of a random cut of the same units; ``p`` bounds the chance of so many;
    ``counts`` are those categories with their units, most first.
    """

    rows: int
    expected: float
    p: float
    counts: tuple[tuple[str, int], ...]


def unseen(train: Mapping[str, int], split: Mapping[str, int], n_train: int, n: int) -> Unseen:
    """Compare counts of units by category; ``n_train`` and ``n`` units in all.

    Of a random cut, a category of k units lies in the split alone with the hypergeometric chance
    C(n, k) / C(N, k). Rows in such categories are a sum of independent k times Bernoulli as near as
    the cut lets them be (they are negatively associated, so that Chernoff's bound holds). A single
    category may be too many by itself: its own chance, times how many are as large. Both are tried,
    and the less likely one counts twice (Bonferroni).
    """
    names = sorted({*train, *split})
    k = np.array([train.get(c, 0) + split.get(c, 0) for c in names], dtype=np.float64)
    alone = log_chance_alone(k, n_train, n)
    chance = np.exp(alone)
    found = sorted(
        ((c, split[c]) for c in split if not train.get(c)), key=lambda t: (-t[1], t[0])
    )  # fmt: skip
    rows = sum(m for _, m in found)
    alike = [(len(names) - at) * math.exp(a) for at, a in _single(found, k, n_train, n)]
    p = min(1.0, 2 * min([_tail(rows, k, chance), *alike]))
    return Unseen(rows, float((k * chance).sum()), p, tuple(found))


def _single(
    found: list[tuple[str, int]], k: Floats, n_train: int, n: int
) -> list[tuple[int, float]]:
    """Of each unseen category: how many are smaller, and the log chance of its size."""
    sizes = np.array([float(m) for _, m in found])
    if not len(sizes):
        return []
    smaller = np.searchsorted(np.sort(k), sizes, side="left")
    return list(zip(smaller.tolist(), log_chance_alone(sizes, n_train, n).tolist(), strict=True))


def log_chance_alone(k: Floats, n_train: int, n: int) -> Floats:
    """Log of C(n, k) / C(N, k): all k units of a category in the split; −inf where k > n."""
    from scipy.special import gammaln

    total = n_train + n
    fits = k <= n
    inside = np.where(fits, k, 0)
    value = (
        gammaln(n + 1) - gammaln(n - inside + 1) - gammaln(total + 1) + gammaln(total - inside + 1)
    )
    return np.where(fits, value, -np.inf)


def _tail(rows: int, k: Floats, chance: Floats) -> float:
    """Chernoff's bound of P(sum of k × Bernoulli(chance) >= rows)."""
    if rows <= float((k * chance).sum()):
        return 1.0
    sizes, at = np.unique(np.column_stack([k, chance]), axis=0, return_counts=True)
    steps = np.geomspace(1e-3, 60, 200) / max(float(k[chance > 1e-300].max(initial=1.0)), 1.0)
    steps = np.concatenate([steps, np.geomspace(1e-3, 60, 200)])
    best = 0.0
    for theta in steps:
        power = theta * sizes[:, 0]
        if power.max(initial=0.0) > 600:
            power = np.minimum(power, 600)
        bound = -theta * rows + float((at * np.log1p(sizes[:, 1] * np.expm1(power))).sum())
        best = min(best, bound)
    return float(np.exp(best))
