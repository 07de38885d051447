"""The bootstrap for what has no better way: row weights instead of rows drawn again.

A resample is a vector of multinomial counts over independent units. Statistics take the counts as
weights on arrays that were sorted once, so that 2,000 resamples cost 2,000 cumulative sums and
no sorting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.statistics.clusters import Codes, count
from reportgen.statistics.intervals import LEVEL, Interval, unknown

Floats = NDArray[np.float64]
RESAMPLES = 2000


def resamples(
    n: int, rng: np.random.Generator, *, times: int = RESAMPLES, codes: Codes | None = None
) -> Iterator[Floats]:
    """Row weights of ``times`` resamples, each of shape (n,); whole clusters are drawn."""
    units = count(n, codes)
    for _ in range(times):
        drawn = np.bincount(rng.integers(0, units, units), minlength=units).astype(np.float64)
        yield drawn if codes is None else drawn[codes]


def bootstrap(
    statistic: Callable[[Floats], float],
    n: int,
    rng: np.random.Generator,
    *,
    contributions: Floats | None = None,
    codes: Codes | None = None,
    times: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval:
    """Interval of ``statistic(weights)`` by the weights bootstrap.

    Parameters
    ----------
    statistic : from row weights of shape (n,) to a number; ones give the estimate.
    contributions : each row's influence, shape (n,). With it the interval is bias-corrected and
        accelerated (BCa; Efron 1987), without it bias-corrected only.
    codes : clusters that are drawn whole.
    """
    method = f"{'BCa' if contributions is not None else 'bias-corrected'} bootstrap, {times:,}"
    value = statistic(np.ones(n))
    units = count(n, codes)
    if units < 2:
        return unknown(value, method)
    drawn = np.array([statistic(w) for w in resamples(n, rng, times=times, codes=codes)])
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < times / 2 or not np.isfinite(value):
        return unknown(value, method)
    below = ((drawn < value).sum() + 0.5 * (drawn == value).sum() + 0.5) / (len(drawn) + 1)
    bias = float(special.ndtri(below))
    skew = 0.0
    if contributions is not None:
        by_unit = contributions if codes is None else np.bincount(codes, weights=contributions)
        squares = float(by_unit @ by_unit)
        skew = float((by_unit**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
    limits = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + float(special.ndtri(tail))
        limits.append(float(special.ndtr(bias + z / (1 - skew * z))))
    low, high = np.quantile(drawn, limits)
    return Interval(
        value, min(float(low), value), max(float(high), value), method, float(drawn.std(ddof=1))
    )
