"""Figures of one column on one split, and how two splits' values compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEW_VALUES = 400
SAMPLE = 20_000  # rows of which distributions are told
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Described:
    """A column of numbers on one split; figures over finite values, NaN where there are none."""

    n: int
    missing: int
    infinite: int
    low: float
    high: float
    mean: float
    sd: float
    distinct: int
    whole: bool
    quantiles: tuple[float, ...]

    @property
    def constant(self) -> bool:
        return self.n > self.missing and self.low == self.high

    @property
    def empty(self) -> bool:
        return self.n == self.missing


def described(values: Floats) -> Described:
    """Figures over all rows; distinct values of at most ``SAMPLE`` rows."""
    n = len(values)
    missing = int(np.isnan(values).sum())
    infinite = int(np.isinf(values).sum())
    finite = values if not missing and not infinite else values[np.isfinite(values)]
    if not len(finite):
        nan = float("nan")
        return Described(n, missing, infinite, nan, nan, nan, nan, 0, False, (nan,) * 5)
    some = thinned(finite)
    distinct = np.unique(some)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = float(finite.min()), float(finite.max())
        mean = float(finite.mean()) if low < high else low
        sd = float(finite.std()) if low < high else 0.0
    return Described(
        n, missing, infinite, low, high, mean, sd, len(distinct),
        bool((distinct == np.round(distinct)).all()),
        tuple(float(q) for q in np.quantile(some, QUANTILES)),
    )  # fmt: skip


def thinned(values: NDArray[Any], most: int = SAMPLE) -> NDArray[Any]:
    """At most ``most`` rows, from all over, by a fixed random choice."""
    if len(values) <= most:
        return values
    chosen = np.random.default_rng(len(values)).choice(len(values), most, replace=False)
    return values[np.sort(chosen)]


def finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def scale_of(d: Described) -> str:
    """The scale in words: what a reader calls it."""
    if d.empty or not np.isfinite(d.low):
        return "none"
    if d.constant:
        return "constant"
    if d.distinct == 2 and (d.low, d.high) == (0.0, 1.0):
        return "0 or 1"
    if d.low >= 0 and d.high <= 1:
        return "0 to 1"
    if d.low >= -1 and d.high <= 1:
        return "−1 to 1"
    if d.whole and d.low >= 0 and 200 < d.high <= 255 and d.distinct > 20:
        return "0 to 255"
    if not d.whole and abs(d.mean) < 0.25 and 0.75 < d.sd < 1.33:
        return "mean 0, sd 1"
    return "whole numbers" if d.whole else "other"


def ks(a: Floats, b: Floats) -> float:
    """Kolmogorov and Smirnov's largest difference of two distribution functions; sorted inputs."""
    if not len(a) or not len(b):
        return 0.0
    both = np.concatenate([a, b])
    return float(
        np.abs(
            np.searchsorted(a, both, side="right") / len(a)
            - np.searchsorted(b, both, side="right") / len(b)
        ).max()
    )


def ks_near(a: Floats, b: Floats) -> float:
    """:func:`ks`, where values of ``b`` that nearly meet one of few of ``a`` are taken for it.

    What was scaled and taken back is off in the last digits; of columns of few values these would
    make all the difference.
    """
    few = np.unique(a)
    if len(few) > FEW_VALUES or len(few) < 2:
        return ks(a, b)
    size = spread(a)
    at = np.clip(np.searchsorted(few, b), 1, len(few) - 1)
    nearest = np.where(b - few[at - 1] < few[at] - b, few[at - 1], few[at])
    return ks(a, np.sort(np.where(np.abs(b - nearest) <= 0.02 * size, nearest, b)))


def noise(n: int, m: int) -> float:
    """What :func:`ks` reaches by chance in about 1 of 1,000 draws: 1.95 sqrt(1/n + 1/m)."""
    return float(1.95 * np.sqrt(1 / max(n, 1) + 1 / max(m, 1)))


def spread(values: Floats) -> float:
    """A robust spread: of the middle 80 %, else 98 %, else the standard deviation."""
    for tail, width in ((10, 2.563), (1, 4.653)):
        low, high = np.percentile(values, [tail, 100 - tail])
        if high > low:
            return float((high - low) / width)
    return float(values.std())


def decimals(values: Floats, most: int = 6) -> int | None:
    """Decimals that all values are written with, up to ``most``; None for more."""
    some = thinned(values, 2000)
    size = float(np.abs(some).max(initial=0.0))
    for k in range(most + 1):
        scaled = some * 10.0**k
        if size * 10.0**k > 1e12:
            return None
        if (np.abs(scaled - np.round(scaled)) <= off_by(scaled, 1e-3)).all():
            return k
    return None


def off_by(scaled: Floats, most: float) -> Floats:
    """How far whole numbers are off for being stored as floats, and at most ``most``."""
    return np.clip(1e-7 * np.abs(scaled), 1e-6, most)


def shared(a: Floats, b: Floats) -> float:
    """Share of ``b``'s values that ``a`` has too, to seven significant digits."""
    known = np.unique(_rounded(a))
    return float(np.isin(_rounded(b), known).mean()) if len(b) else 0.0


def _rounded(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(values != 0, np.floor(np.log10(np.abs(values))), 0.0)
    unit = 10.0 ** (size - 6)
    return np.asarray(np.round(values / unit) * unit).round(12)
