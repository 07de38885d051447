"""Is one more draw one of these? Prediction bounds from N draws, for one draw and the best of M.

Draws are taken to be normal: the scores of models trained from N seeds. All bounds are in
sample standard deviations from the sample mean, so they allow for both being estimated.
References: Hahn, Meeker 1991, chapter 4; Beckman, Trussell 1974 for the best of M.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
NODES = 80


def one_more(n: int, level: float = 0.99) -> float:
    """Number k with P(one more draw > mean + k s) = 1 - ``level``: t(N - 1) sqrt(1 + 1/N).

    Infinite for fewer than two draws.
    """
    if n < 2:
        return float("inf")
    return float(special.stdtrit(n - 1, level) * np.sqrt(1 + 1 / n))


@cache
def _grid(n: int) -> tuple[Floats, Floats, Floats]:
    """Nodes of the sample mean and of s in units of sigma, and their joint weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    steps, parts = np.polynomial.legendre.leggauss(NODES)
    levels = (steps + 1) / 2
    spread = np.sqrt(stats.chi2.ppf(levels, n - 1) / (n - 1))
    joint = np.outer(weights / weights.sum(), parts / 2)
    return nodes / np.sqrt(n), spread, joint


def best_above(k: float, n: int, best_of: int = 1) -> float:
    """P(the best of M further draws > mean + k s), mean and s being those of N draws.

    With ``k`` of :func:`one_more` this is the power to tell the best of M seeds from any one.
    """
    means, spreads, weights = _grid(n)
    edge = means[:, None] + k * spreads[None, :]
    # log Φ, so that a thousandth power keeps its digits
    none = np.exp(best_of * special.log_ndtr(edge))
    return float(1 - (weights * none).sum())


@cache
def best_bound(n: int, best_of: int = 1000, level: float = 0.95) -> float:
    """Number k with P(best of M further draws > mean + k s) = 1 - ``level``; infinite for n < 2."""
    if n < 2:
        return float("inf")
    found = optimize.brentq(lambda k: best_above(k, n, best_of) - (1 - level), 0.0, 1e4, xtol=1e-6)
    return float(found)


def power_of_best(n: int, sizes: tuple[int, ...], level: float = 0.99) -> Floats:
    """Chance that the best of M is above the one-sided bound of N draws, for each M."""
    k = one_more(n, level)
    return np.array([best_above(k, n, size) for size in sizes])


def smallest_best_of(n: int, *, level: float = 0.99, power: float = 0.8) -> int | None:
    """Smallest M whose best is found with ``power``; None beyond a million."""
    k = one_more(n, level)
    low, high = 1, 1_000_000
    if not np.isfinite(k) or best_above(k, n, high) < power:
        return None
    while low < high:
        middle = (low + high) // 2
        if best_above(k, n, middle) >= power:
            high = middle
        else:
            low = middle + 1
    return low


def spread_interval(sd: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Limits of sigma from the sample sd of N normal draws (chi-squared); NaN for n < 2."""
    if n < 2:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low = sd * np.sqrt((n - 1) / stats.chi2.ppf(1 - tail, n - 1))
    high = sd * np.sqrt((n - 1) / stats.chi2.ppf(tail, n - 1))
    return float(low), float(high)
