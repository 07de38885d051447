"""Is one more draw one of these? Prediction bounds from N draws, for one draw and the best of M.

Where N draws are enough the bound is one of them: one more draw exceeds the k-th largest of N
with chance k / (N + 1), however draws are distributed. Where they are fewer, draws are taken to
be normal, the scores of models trained from N seeds, and bounds are in sample standard deviations
from the sample mean, so that they allow for both being estimated.
References: Hahn, Meeker 1991, chapters 4 and 5; Beckman, Trussell 1974 for the best of M.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
NODES = 80
SKEW_MORE, SKEW_LESS = 1.5, 0.8  # of a sample's skewness, that its bounds go by
SKEW_MOST, SKEW_LEAST = 6.0, 1.0
LOOKS, LOOKS_SEED = 20_000, 20  # nested samples that are drawn, the same whoever asks
MOST = 4_000_000  # draws in all: fewer samples of many draws each


def one_more(n: int, level: float = 0.99) -> float:
    """Number k with P(one more draw > mean + k s) = 1 - ``level``: t(N - 1) sqrt(1 + 1/N).

    Infinite for fewer than two draws.
    """
    if n < 2:
        return float("inf")
    return float(special.stdtrit(n - 1, level) * np.sqrt(1 + 1 / n))


def rank(n: int, alpha: float) -> int:
    """Number k with P(one more draw > the k-th largest of ``n``) <= ``alpha``; 0 for too few.

    Draws that are equal count as if the one more did not exceed them.
    """
    return int(alpha * (n + 1) + 1e-9)


def skewness(values: Floats) -> float:
    """Third standardised moment of a sample; 0 for one without spread."""
    apart = values - values.mean()
    square = float(np.mean(apart**2))
    return float(np.mean(apart**3)) / square**1.5 if square > 0 else 0.0


def lengthened(skew: float, alpha: float) -> float:
    """How much further out the bound of a skewed distribution lies than that of a normal one.

    Scores over seeds have a longer tail where some trainings get stuck: with a normal's bound, one
    honest model of a hundred was below the one of a thousand. The tail is that of a Pearson III
    (gamma) distribution. ``skew`` is a sample's, towards the tail; samples show less of it than
    there is, and half as much again held the error rate in simulations of trained networks.
    """
    g = min(SKEW_MORE * skew, SKEW_MOST)
    if g <= 0:
        return 1.0
    return max(1.0, float(stats.pearson3.ppf(1 - alpha, g)) / float(stats.norm.isf(alpha)))


def shortened(skew: float, n: int, alpha: float) -> float:
    """The same of the short tail; 1 unless ``n`` draws show that they are skewed.

    Scores whose tail is on the worse side end soon on the better one, where a normal's bound lies
    beyond what the best of a thousand seeds reaches. Part of the skew alone is believed: where a
    few trainings are stuck and the rest are alike, there is more of it than the rest has.

    Parameters
    ----------
    skew : towards the tail that is asked about: negative where it is the short one.
    """
    if skew > -2 * np.sqrt(6 / n):
        return 1.0
    g = max(SKEW_LESS * skew, -SKEW_LEAST)
    return min(1.0, float(stats.pearson3.ppf(1 - alpha, g)) / float(stats.norm.isf(alpha)))


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
    """P(the best of M further draws > mean + k s), mean and s being those of N draws."""
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


@dataclass(frozen=True, slots=True)
class Look:
    """A sample of ``n`` draws, and the share ``alpha`` of honest draws beyond its bound.

    ``way`` is where the bound lies: a ``normal`` distribution's; one of the draws (``ranked``),
    where they are enough; or the nearer of the two (``either``), for a suspicion, whose rate may
    be exceeded.
    """

    n: int
    alpha: float
    way: Literal["normal", "ranked", "either"] = "normal"

    @property
    def rank(self) -> int:
        """Which of the draws the bound is, from the largest; 0 where it is a normal's alone."""
        if self.way == "either":
            return ceil(self.alpha * (self.n + 1) - 1e-9)
        return rank(self.n, self.alpha) if self.way == "ranked" else 0

    def bound(self, n: int | None = None) -> float:
        """In sample standard deviations; ``n`` where the sample came out smaller."""
        return one_more(self.n if n is None else n, 1 - self.alpha)


def looks(
    first: int, last: int, suspicion: float, alpha: float, *, ranked: bool = False
) -> tuple[Look, ...]:
    """The looks at one more draw: the sample grows as long as it lies beyond every bound so far.

    Sizes and error rates go in equal ratios from ``first`` and ``suspicion`` to ``last`` and
    ``alpha``, which is the verdict's. A draw is called out beyond the last bound alone, so that
    the looks before it cost power and never an error. Steps are of about three times as many, the
    fewest that seldom train what cannot change a verdict. ``ranked``: the last bound is one of
    the draws, and those before it are the nearer of that and a normal's.
    """
    if last <= first:
        return (Look(first, alpha, "ranked" if ranked else "normal"),)
    steps = max(1, round(float(np.log(last / first) / np.log(3))))
    return tuple(
        Look(
            round(first * (last / first) ** (k / steps)),
            suspicion * (alpha / suspicion) ** (k / steps),
            "normal" if not ranked else "ranked" if k == steps else "either",
        )
        for k in range(steps + 1)
    )


@dataclass(frozen=True, eq=False)
class Procedure:
    """How one more draw is judged: what it must exceed, over all samples that N draws may give.

    ``edges`` are in true standard deviations from the true mean, ``weights`` sum to one. With
    several looks a draw must exceed the bound of each, each sample being part of the next.
    ``beyond`` are the shares of honest draws that exceed the bounds up to each look: how often the
    sample is grown.
    """

    edges: Floats
    weights: Floats
    beyond: tuple[float, ...] = ()

    def power_of_best(self, sizes: Sequence[int]) -> Floats:
        """Chance that the best of M further draws is called out, for each M."""
        none = [np.exp(m * special.log_ndtr(self.edges)) @ self.weights for m in sizes]
        return 1 - np.array(none)

    def smallest_best_of(self, power: float = 0.8, most: int = 1_000_000) -> int | None:
        """Smallest M whose best is found with ``power``; None beyond ``most``."""
        low, high = 1, most
        if not self.power_of_best((high,))[0] >= power:
            return None
        while low < high:
            middle = (low + high) // 2
            if self.power_of_best((middle,))[0] >= power:
                high = middle
            else:
                low = middle + 1
        return low

    def smallest_lead(self, power: float = 0.8) -> float:
        """Shift of one draw, in standard deviations, that is found with ``power``."""
        if not np.isfinite(self.edges).all():
            return float("inf")

        def lacking(shift: float) -> float:
            return float(special.ndtr(shift - self.edges) @ self.weights) - power

        return float(optimize.brentq(lacking, -5.0, float(self.edges.max()) + 10.0, xtol=1e-6))


@cache
def procedure(*at: Look) -> Procedure:
    """The procedure of one look or several, nested."""
    if at[0].n < 2:
        return Procedure(np.array([np.inf]), np.ones(1))
    if len(at) > 1:
        return _nested(at)
    (look,) = at
    if look.rank:
        levels = (np.arange(LOOKS) + 0.5) / LOOKS
        edges = special.ndtri(stats.beta.ppf(levels, look.n + 1 - look.rank, look.rank))
        return Procedure(edges, np.full(LOOKS, 1 / LOOKS), (look.rank / (look.n + 1),))
    means, spreads, weights = _grid(look.n)
    edges = means[:, None] + look.bound() * spreads[None, :]
    return Procedure(edges.ravel(), weights.ravel(), (look.alpha,))


def _nested(at: Sequence[Look]) -> Procedure:
    """Nested samples have no closed form: they are drawn."""
    rng = np.random.default_rng(LOOKS_SEED)
    last = at[-1].n
    samples = int(min(LOOKS, MOST / last))
    draws = rng.normal(size=(samples, last))
    edges = np.full(samples, -np.inf)
    beyond = []
    for look in at:
        part = draws[:, : look.n]
        bound = np.full(samples, np.inf)
        if look.rank:
            bound = np.partition(part, -look.rank, axis=1)[:, -look.rank]
        if not look.rank or look.way == "either":
            normal = part.mean(axis=1) + look.bound() * part.std(axis=1, ddof=1)
            bound = np.minimum(bound, normal)
        edges = np.maximum(edges, bound)
        beyond.append(float(special.ndtr(-edges).mean()))
    return Procedure(edges, np.full(samples, 1 / samples), tuple(beyond))


def spread_interval(sd: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Limits of sigma from the sample sd of N normal draws (chi-squared); NaN for n < 2."""
    if n < 2:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low = sd * np.sqrt((n - 1) / stats.chi2.ppf(1 - tail, n - 1))
    high = sd * np.sqrt((n - 1) / stats.chi2.ppf(tail, n - 1))
    return float(low), float(high)
