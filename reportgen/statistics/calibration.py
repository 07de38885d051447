"""Does a probability of 0.8 come true eight times in ten?

All functions look at one event a row: ``p`` is its predicted probability, ``y`` is 1 where it
came true. For several classes the event is "the class held most likely is the right one".
Decisions compare with draws from the predictions themselves (consistency resampling, Bröcker and
Smith 2007), because even a perfectly calibrated model shows an error in a finite sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from reportgen.statistics.intervals import LEVEL, Interval, critical, student, wilson
from reportgen.statistics.losses import FLOOR

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_BINS = 15
LEAST_IN_BIN = 20
DRAWS = 4000
CELLS = 1000  # groups of rows with nearly equal p, drawn together
SHOWN = 1.645  # standard errors that the error must lie over its threshold: 95 %, one-sided
LOOKS = 3  # ECE, Spiegelhalter's Z and the score of a temperature


@dataclass(frozen=True, slots=True)
class Bins:
    """Rows in bins of about equal mass, by rising ``p``.

    Attributes
    ----------
    of : bin of each row, shape (n,).
    n, forecast, observed : rows, mean ``p`` and share that came true, shape (B,) each.
    variance : of each gap, unbiased, times the design effect, shape (B,); where a bin has one row
        it is p(1 - p).
    """

    of: Codes
    n: Floats
    forecast: Floats
    observed: Floats
    variance: Floats

    @property
    def weight(self) -> Floats:
        return np.asarray(self.n / self.n.sum())

    @property
    def gap(self) -> Floats:
        """Observed minus forecast."""
        return np.asarray(self.observed - self.forecast)


def mass_bins(p: Floats, most: int = MOST_BINS, least: int = LEAST_IN_BIN) -> Codes:
    """Bin of each row: equal mass, no bin below ``least`` rows, equal ``p`` never parted."""
    n = len(p)
    wanted = max(1, min(most, n // least))
    cuts = np.unique(np.quantile(p, np.arange(1, wanted) / wanted, method="higher"))
    codes = np.searchsorted(cuts, p, side="right")
    sizes = np.bincount(codes, minlength=len(cuts) + 1)
    merged = np.zeros(len(sizes), dtype=np.int64)
    current, filled = 0, 0
    for index, size in enumerate(sizes):
        if filled >= least and size:
            current, filled = current + 1, 0
        merged[index] = current
        filled += int(size)
    if current and filled < least:
        merged[merged == current] = current - 1
    return merged[codes]


def bins_of(p: Floats, y: NDArray[Any], of: Codes, effect: float = 1.0) -> Bins:
    """Reliability in the bins ``of``; ``effect`` is the design effect of clustered rows."""
    count = np.bincount(of).astype(np.float64)
    forecast = np.bincount(of, weights=p) / count
    observed = np.bincount(of, weights=np.asarray(y, dtype=np.float64)) / count
    residuals = np.asarray(y, dtype=np.float64) - p
    spread = np.bincount(of, weights=(residuals - (observed - forecast)[of]) ** 2) / count
    one = np.bincount(of, weights=p * (1 - p)) / count
    variance = np.where(count > 1, spread / np.maximum(count - 1, 1), one) * effect
    return Bins(of, count, forecast, observed, variance)


def bin_intervals(bins: Bins, effect: float = 1.0, df: float | None = None) -> list[Interval]:
    """Wilson's interval of each bin's ``observed``, with the effective number of rows."""
    return [
        wilson(observed * n / effect, n / effect, df=df)
        for observed, n in zip(bins.observed, bins.n, strict=True)
    ]


def expected_error(bins: Bins) -> float:
    """ECE as usually printed: mean of abs(observed - forecast) over bins; biased upwards."""
    return float(bins.weight @ np.abs(bins.gap))


def squared_error(bins: Bins) -> Interval:
    """Mean squared gap over bins without its bias (Kumar, Liang, Ma 2019), and its interval.

    A perfectly calibrated model has 0 on average, so single values may be negative; they are
    never clipped.
    """
    weight = bins.weight
    value = float(weight @ (bins.gap**2 - bins.variance))
    # A bin's own gap is taken at zero at least: with few rows a bin this errs to the wide side.
    true_square = np.maximum(bins.gap**2 - bins.variance, 0.0)
    terms = 4 * true_square * bins.variance + 2 * bins.variance**2
    se = float(np.sqrt(np.sum(weight**2 * terms)))
    return student(value, se, method="normal, debiased")


def shown_over(square: Interval, least: float) -> bool:
    """Whether the root mean square error is over ``least``, at 95 % one-sided.

    A model whose true error lies just under the threshold would cross it by its point every
    other time.
    """
    return square.value - SHOWN * square.se > least**2


def root(value: float) -> float:
    """Square root that keeps the sign: a debiased square in units of probability."""
    return float(np.sign(value) * np.sqrt(abs(value)))


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The Brier score in parts: score = miscalibration - discrimination + uncertainty."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def isotonic(p: Floats, y: NDArray[Any]) -> tuple[Floats, Floats]:
    """Best non-decreasing map from ``p`` to what came true (pool adjacent violators).

    Returns
    -------
    distinct values of ``p``, rising, and the fitted probability at each.
    """
    values, place, count = np.unique(p, return_inverse=True, return_counts=True)
    rate = np.bincount(place.reshape(-1), weights=np.asarray(y, dtype=np.float64)) / count
    fitted = optimize.isotonic_regression(rate, weights=count.astype(np.float64)).x
    return values, np.asarray(fitted, dtype=np.float64)


def corp(p: Floats, y: NDArray[Any]) -> Decomposition:
    """The Brier score's parts by isotonic regression (Dimitriadis, Gneiting, Jordan 2021)."""
    came = np.asarray(y, dtype=np.float64)
    values, fitted = isotonic(p, came)
    recalibrated = fitted[np.searchsorted(values, p)]
    score = float(np.mean((p - came) ** 2))
    best = float(np.mean((recalibrated - came) ** 2))
    base = float(np.mean((came.mean() - came) ** 2))
    return Decomposition(score, score - best, base - best, base)


def design_effect(residuals: Floats, codes: Codes | None) -> float:
    """How much clusters inflate the variance of a sum of residuals; at least 1.

    Parameters
    ----------
    residuals : y - p, shape (n,).
    codes : cluster of each row, or None where rows stand alone.
    """
    if codes is None:
        return 1.0
    sums = np.bincount(codes, weights=residuals)
    own = float(residuals @ residuals)
    return max(1.0, float(sums @ sums) / own) if own > 0 else 1.0


def spiegelhalter(p: Floats, y: NDArray[Any], effect: float = 1.0) -> float:
    """Spiegelhalter's Z (1986): normal under calibration; positive where ``p`` is too sure.

    The Brier score minus what it should be under the predictions, by its standard error; NaN
    where the predictions leave no room for chance (all 0, 0.5 or 1).
    """
    lean = 1 - 2 * p
    spread = float(np.sum(lean**2 * p * (1 - p)))
    excess = float(np.sum((np.asarray(y, dtype=np.float64) - p) * lean))
    if spread <= 0:
        return float("nan")
    return excess / float(np.sqrt(spread * effect))


def temperature_score(p: Floats, y: NDArray[Any], floor: float) -> float:
    """Sum of (y - p) logit(p): the likelihood's slope in log temperature; positive where unsure.

    The most powerful look at a temperature near 1 (Rao 1948). Spiegelhalter's weights a sure and
    wrong row by at most 1, this by its logit, at most that of ``floor``.
    """
    return float((np.asarray(y, dtype=np.float64) - p) @ _logit(p, floor))


def _logit(p: Floats, floor: float) -> Floats:
    kept = np.clip(p, floor, 1 - floor)
    return np.asarray(np.log(kept) - np.log1p(-kept))


@dataclass(frozen=True, slots=True)
class Consistency:
    """What the predictions themselves lead to expect, and how far the truth is from it.

    Attributes
    ----------
    error : ECE of the sample; ``expected`` its mean under perfect calibration, ``bound`` its
        95 % point there.
    z : Spiegelhalter's.
    p_error, p_z : one- and two-sided p-values of both against the draws.
    p_score : two-sided p-value of :func:`temperature_score` against the draws.
    low, high : 95 % consistency band of each bin's share that came true, shape (B,) each.
    """

    error: float
    expected: float
    bound: float
    z: float
    p_error: float
    p_z: float
    p_score: float
    low: Floats
    high: Floats

    @property
    def p_value(self) -> float:
        """Of perfect calibration: the smallest of the three, times three for as many looks."""
        return min(1.0, LOOKS * min(self.p_error, self.p_z, self.p_score))


def consistency(
    p: Floats,
    y: NDArray[Any],
    bins: Bins,
    rng: np.random.Generator,
    *,
    draws: int = DRAWS,
    cells: int = CELLS,
    effect: float = 1.0,
    df: float | None = None,
    floor: float = FLOOR,
) -> Consistency:
    """Consistency resampling: truths are drawn from the predictions ``draws`` times.

    Rows beyond ``cells`` are drawn in cells of neighbours, binomially with their mean ``p``; a
    cell's variance is then too large by the spread of ``p`` within it, never too small.

    Parameters
    ----------
    effect, df : design effect of clustered rows and its degrees of freedom: deviations are
        stretched by sqrt(effect), and by t over normal.
    floor : what a probability of 0 is taken for where its logit is asked.
    """
    size, mean, of = _cells(p, bins.of, cells)
    lean = 1 - 2 * mean
    spread = float(np.sum(size * lean**2 * mean * (1 - mean)))
    sums = np.zeros((draws, len(bins.n)))
    excess = np.zeros(draws)
    slopes = np.zeros(draws)
    logit = _logit(mean, floor)
    stretch = float(np.sqrt(effect)) * _tail_stretch(df)
    step = max(1, 2_000_000 // len(size))
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    for first in range(0, draws, step):
        rows = slice(first, min(first + step, draws))
        shape = (rows.stop - first, len(size))
        if size.max() == 1:
            drawn = (rng.random(shape) < mean).astype(np.float64)
        else:
            drawn = rng.binomial(size.astype(np.int64), mean, size=shape).astype(np.float64)
        away = drawn - size * mean
        sums[rows] = np.add.reduceat(away, starts, axis=1)
        excess[rows] = away @ lean
        slopes[rows] = away @ logit
    away_rate = stretch * sums / bins.n
    errors = np.abs(away_rate) @ bins.weight
    error = expected_error(bins)
    z = spiegelhalter(p, y, effect)
    if spread > 0 and np.isfinite(z):
        null = np.abs(excess) * stretch / np.sqrt(spread * effect)
        p_z = tail_probability(null, abs(z))
    else:
        # No chance is left by the predictions: one contradiction refutes them.
        p_z = 1.0 if np.all((p == y) | (p == 0.5)) else 0.0
    p_score = 1.0
    if slopes.std() > 0:
        slope = temperature_score(p, y, floor)
        p_score = tail_probability(np.abs(slopes) * stretch, abs(slope))
    low, high = np.quantile(away_rate, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Consistency(
        error=error,
        expected=float(errors.mean()),
        bound=float(np.quantile(errors, LEVEL)),
        z=z,
        p_error=tail_probability(errors, error),
        p_z=p_z,
        p_score=p_score,
        low=np.clip(bins.forecast + low, 0, 1),
        high=np.clip(bins.forecast + high, 0, 1),
    )


def _tail_stretch(df: float | None) -> float:
    """Student's over the normal critical value far in the tail, at two in a thousand."""
    return 1.0 if df is None else critical(0.998, df) / critical(0.998)


def _cells(p: Floats, of: Codes, most: int) -> tuple[Floats, Floats, Codes]:
    """Sizes, mean ``p`` and bins of the cells, in the order of bins."""
    order = np.lexsort((p, of))
    p, of = p[order], of[order]
    n = len(p)
    if n <= most:
        return np.ones(n), p, of
    within = np.arange(n) * most // n
    new = np.r_[True, (within[1:] != within[:-1]) | (of[1:] != of[:-1])]
    starts = np.flatnonzero(new)
    size = np.diff(np.r_[starts, n]).astype(np.float64)
    mean = np.clip(np.add.reduceat(p, starts) / size, 0.0, 1.0)
    return size, mean, of[starts]


def tail_probability(null: Floats, observed: float) -> float:
    """Chance of a value as large as ``observed``, from draws of the null.

    Counted where at least 20 draws lie beyond. Further out, a gamma distribution with the draws'
    first three moments (Pearson III) carries on, as sums of squares and their roots have such
    tails; it is never below what the normal with those moments gives.
    """
    beyond = int(np.sum(null >= observed * (1 - 1e-12)))
    counted = (beyond + 1) / (len(null) + 1)
    if beyond >= 20:
        return counted
    sd = float(null.std())
    if sd <= 1e-12 * max(abs(float(null.mean())), 1e-300):
        return counted
    skew = float(np.mean(((null - null.mean()) / sd) ** 3))
    z = (observed - float(null.mean())) / sd
    normal = float(stats.norm.sf(z))
    # Not the smaller of this and what was counted: no draw of 2,000 beyond is not one in 2,001.
    if skew < 0.02:
        return normal
    return max(normal, float(stats.pearson3.sf(z, skew)))
