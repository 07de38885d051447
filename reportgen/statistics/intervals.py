"""Intervals in closed form.

An :class:`Interval` never leaves its metric's range, always holds its estimate, and names its
method for the report.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from reportgen.statistics import clusters, influence
from reportgen.statistics.clusters import Codes
from reportgen.statistics.influence import Influence

Floats = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between its limits; ``se`` is its standard error where the method has one."""

    value: float
    low: float
    high: float
    method: str
    se: float = float("nan")

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def unknown(value: float, method: str) -> Interval:
    """An estimate whose interval cannot be computed."""
    return Interval(value, float("nan"), float("nan"), method)


def critical(level: float = LEVEL, df: float | None = None) -> float:
    """Two-sided critical value: normal, or Student's t with ``df`` degrees of freedom."""
    tail = 0.5 + level / 2
    if df is None or not np.isfinite(df):
        return float(special.ndtri(tail))
    return float(special.stdtrit(df, tail)) if df > 0 else float("inf")


def wilson(
    successes: float, n: float, *, level: float = LEVEL, df: float | None = None
) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927; Brown, Cai, DasGupta 2001).

    ``n`` may be an effective sample size, then with ``df`` of its variance estimate.
    """
    if n <= 0:
        return unknown(float("nan"), "Wilson")
    p = min(max(successes / n, 0.0), 1.0)
    z = critical(level, df)
    if not np.isfinite(z):
        return Interval(p, 0.0, 1.0, "Wilson")
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if p == 0 else max(0.0, float(centre - half))
    high = 1.0 if p == 1 else min(1.0, float(centre + half))
    return Interval(p, min(low, p), max(high, p), "Wilson", float(np.sqrt(p * (1 - p) / n)))


def clopper_pearson(successes: float, n: float, *, level: float = LEVEL) -> Interval:
    """The exact interval of a proportion, never below its nominal level (1934)."""
    if n <= 0:
        return unknown(float("nan"), "Clopper-Pearson")
    tail = (1 - level) / 2
    low = 0.0 if successes <= 0 else float(stats.beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes >= n else float(stats.beta.isf(tail, successes + 1, n - successes))
    p = successes / n
    return Interval(p, low, high, "Clopper-Pearson", float(np.sqrt(p * (1 - p) / n)))


def student(
    value: float, se: float, df: float | None = None, *, level: float = LEVEL, method: str = "t"
) -> Interval:
    """Value ± t(df) se; the normal distribution without ``df``."""
    if not np.isfinite(se) or (df is not None and df <= 0):
        return unknown(value, method)
    half = critical(level, df) * se
    return Interval(value, value - half, value + half, method, se)


@dataclass(frozen=True, slots=True)
class Scale:
    """A monotone transformation on which an estimate is nearer to normal."""

    name: str
    forward: Callable[[float], float]
    back: Callable[[float], float]
    slope: Callable[[float], float]


LOGIT = Scale(
    "logit",
    lambda v: float(special.logit(v)),
    lambda v: float(special.expit(v)),
    lambda v: 1 / (v * (1 - v)),
)
FISHER = Scale(
    "Fisher z",
    lambda v: float(np.arctanh(v)),
    lambda v: float(np.tanh(v)),
    lambda v: 1 / (1 - v * v),
)
LOG = Scale("log", lambda v: float(np.log(v)), lambda v: float(np.exp(v)), lambda v: 1 / v)


def on_scale(
    value: float,
    se: float,
    scale: Scale,
    df: float | None = None,
    *,
    level: float = LEVEL,
    method: str = "",
) -> Interval:
    """A t interval on a transformed scale, brought back."""
    if not np.isfinite(se) or (df is not None and df <= 0):
        return unknown(value, method)
    if se == 0:
        return Interval(value, value, value, method, se)
    half = critical(level, df) * se * scale.slope(value)
    at = scale.forward(value)
    return Interval(value, scale.back(at - half), scale.back(at + half), method, se)


def score_auc(
    auc: float, positives: float, negatives: float, *, level: float = LEVEL, df: float | None = None
) -> Interval:
    """Score-like interval of an AUC (Newcombe 2006, method 5): it has a width at AUC = 1.

    The variance is Hanley and McNeil's at each candidate value, with both sample sizes
    replaced by their mean.
    """
    method = "Newcombe's score"
    if not np.isfinite(auc) or min(positives, negatives) <= 0:
        return unknown(auc, method)
    z = critical(level, df)
    star = (positives + negatives) / 2 - 1

    def variance(t: float) -> float:
        spread = t * (1 - t) / (positives * negatives)
        return spread * (1 + star * (1 - t) / (2 - t) + star * t / (1 + t))

    def excess(t: float) -> float:
        return (t - auc) ** 2 - z * z * max(variance(t), 0.0)

    inner = 1 - 1e-9  # the variance vanishes at 0 and 1, which are roots of their own
    low = (
        0.0
        if auc <= 0 or excess(0.0) <= 0
        else float(optimize.brentq(excess, 0.0, min(auc, inner)))
    )
    high = (
        1.0
        if auc >= 1 or excess(1.0) <= 0
        else float(optimize.brentq(excess, max(auc, 1 - inner), 1.0))
    )
    return Interval(auc, low, high, method, float(np.sqrt(max(variance(auc), 0.0))))


def quantile(values: NDArray[Any], q: float, *, level: float = LEVEL) -> Interval:
    """Distribution-free interval of a quantile between two order statistics.

    The ranks are binomial quantiles (David, Nagaraja 2003, 7.1), so it covers at least
    ``level`` where n allows; the interval is unknown where even the extremes do not.
    """
    method = "order statistics"
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n == 0:
        return unknown(float("nan"), method)
    value = float(np.quantile(ordered, q))
    tail = (1 - level) / 2
    low = int(stats.binom.ppf(tail, n, q)) - 1
    high = int(stats.binom.isf(tail, n, q))
    if stats.binom.cdf(low, n, q) > tail:
        low -= 1
    if low < 0 or high >= n:
        return unknown(value, method)
    return Interval(value, float(ordered[low]), float(ordered[high]), method)


def newcombe(
    right_both: float,
    only_a: float,
    only_b: float,
    n: float,
    *,
    level: float = LEVEL,
    df: float | None = None,
) -> Interval:
    """Difference of two paired proportions a - b (Newcombe 1998, method 10).

    Parameters
    ----------
    right_both, only_a, only_b : weight of rows where both succeed, only a, only b.
    n : weight of all rows.
    """
    method = "Newcombe's paired"
    if n <= 0:
        return unknown(float("nan"), method)
    a, b = right_both + only_a, right_both + only_b
    neither = n - right_both - only_a - only_b
    of_a, of_b = wilson(a, n, level=level, df=df), wilson(b, n, level=level, df=df)
    margins = a * (n - a) * b * (n - b)
    product = right_both * neither - only_a * only_b
    phi = 0.0
    if margins > 0:
        # Newcombe's continuity correction of phi: towards zero, for a positive product only.
        product = max(product - n / 2, 0.0) if product > 0 else product
        phi = product / math.sqrt(margins)  # an int of any size: four counts multiplied
    difference = (only_a - only_b) / n
    down_a, up_b = of_a.value - of_a.low, of_b.high - of_b.value
    up_a, down_b = of_a.high - of_a.value, of_b.value - of_b.low
    lower = np.sqrt(max(down_a**2 - 2 * phi * down_a * up_b + up_b**2, 0.0))
    upper = np.sqrt(max(up_a**2 - 2 * phi * up_a * down_b + down_b**2, 0.0))
    spread = max((only_a + only_b) / n - difference**2, 0.0)
    return Interval(
        difference,
        max(-1.0, difference - float(lower)),
        min(1.0, difference + float(upper)),
        method,
        float(np.sqrt(spread / n)),
    )


def delong(
    y_true: NDArray[Any],
    scores: NDArray[Any],
    sample_weight: Floats | None = None,
    codes: Codes | None = None,
    *,
    level: float = LEVEL,
) -> Interval:
    """ROC-AUC with DeLong's interval on the logit scale, in O(n log n).

    DeLong's variance has no width at AUC = 1 and too little near it, so the interval reaches at
    least as far as :func:`score_auc` where the smaller class is short of misplaced rows.

    Parameters
    ----------
    y_true, scores, sample_weight : as in :func:`reportgen.statistics.ranking.roc_auc`.
    codes : cluster of each row (LeDell 2015), or None.
    """
    return auc_interval(
        influence.roc_auc(y_true, scores, sample_weight),
        np.asarray(y_true, dtype=bool),
        sample_weight,
        codes,
        level=level,
    )


FEW_MISPLACED = 10


def auc_interval(
    auc: Influence,
    positive: NDArray[np.bool_],
    sample_weight: Floats | None = None,
    codes: Codes | None = None,
    *,
    level: float = LEVEL,
) -> Interval:
    """:func:`delong` from contributions that are already there."""
    if not np.isfinite(auc.value):
        return unknown(auc.value, "DeLong, logit")
    df = clusters.freedom(len(positive), codes)
    se = float(np.sqrt(clusters.variance(auc.rows, codes)))
    sizes = [
        clusters.effective(positive_side, sample_weight, codes)
        for positive_side in (positive, ~positive)
    ]
    misplaced = min(sizes) * min(auc.value, 1 - auc.value)
    name = "DeLong, logit" if codes is None else "DeLong by cluster, logit"
    inner = 0 < auc.value < 1 and se > 0
    plain = on_scale(auc.value, se, LOGIT, df, level=level, method=name) if inner else None
    if plain is not None and misplaced >= FEW_MISPLACED:
        return plain
    wide = score_auc(auc.value, *sizes, level=level)
    if plain is None:
        return wide
    return Interval(
        auc.value, min(plain.low, wide.low), max(plain.high, wide.high), f"{name} or score", se
    )
