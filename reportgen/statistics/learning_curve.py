"""Forecasts of a score at more training rows, told only where they would have been right.

Three families of curves (Viering and Loog 2023: pow3, pow4, MMF) are laid through the mean score at
each size. Each is A + B h(n), linear but for one or two shape parameters, so that over a grid of
shapes the fit is exact and closed (separable least squares, Golub and Pereyra 1973). Every curve
counts by how well it fits, and the interval is of their mixture: it knows the error of the judged
rows, which all sizes share, of the seeds and their rows, and how little tells one curve from
another. A forecast from at most half of the rows has to agree with what was measured at all of them
before one beyond them is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import LEVEL, Interval

Floats = NDArray[np.float64]
FEWEST_SIZES = 3
FEWEST_SEEDS = 3
DISCREPANCY = 0.01  # of the curve's span: no true curve is quite of a family


def pow3(n: Floats, c: float) -> Floats:
    """−n^−c; n in units of all rows."""
    return np.asarray(-(n**-c))


def pow4(n: Floats, c: float, e: float) -> Floats:
    """−(n + e)^−c."""
    return np.asarray(-((n + e) ** -c))


def mmf(n: Floats, d: float, b: float) -> Floats:
    """n^d / (b + n^d)."""
    return np.asarray(n**d / (b + n**d))


Shape = tuple[Callable[..., Floats], tuple[float, ...]]
#: Shapes: no error falls faster than n^-2 (measured exponents are mostly under 1: Viering and Loog
#: 2023, 4.1), and an inflection, if any, lies before the last size.
FAMILIES: tuple[tuple[Shape, ...], ...] = (
    tuple((pow3, (c,)) for c in np.geomspace(0.05, 2, 24)),
    tuple(
        (pow4, (c, e)) for c in np.geomspace(0.1, 2, 12) for e in np.geomspace(0.01, 1, 8)
    ),
    tuple(
        (mmf, (d, b)) for d in np.geomspace(0.3, 2, 12) for b in np.geomspace(0.003, 1, 8)
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """A score at ``size`` times the rows.

    Attributes
    ----------
    value : the score, ``gain`` the score less that at all rows; intervals of both are the gain's,
        for the rows that judge are the same.
    tested : what at most half of the rows forecast for all of them, less what was ``measured``.
    covers : whether the test's interval holds no difference: else nothing is to be told.
    """

    size: float
    value: Interval
    gain: Interval
    tested: Interval
    measured: float
    covers: bool


@dataclass(frozen=True)
class Noise:
    """Errors of the mean score at each size: of judged rows (S, S), of seeds (S,), and their df."""

    rows: Floats
    seeds: Floats
    df_rows: float | None
    df_seeds: float

    def part(self, kept: NDArray[np.bool_]) -> Noise:
        """Of some of the sizes."""
        return Noise(
            self.rows[np.ix_(kept, kept)], self.seeds[kept], self.df_rows, self.df_seeds
        )  # fmt: skip

    def variance(self, weights: Floats) -> tuple[Floats, Floats]:
        """Of weighted sums of the means, weights (J, S), and degrees of freedom (Satterthwaite)."""
        of_rows = np.maximum(np.einsum("js,st,jt->j", weights, self.rows, weights), 0.0)
        of_seeds = weights**2 * self.seeds
        total = of_rows + of_seeds.sum(axis=1)
        below = (of_seeds**2).sum(axis=1) / self.df_seeds
        if self.df_rows is not None:
            below = below + of_rows**2 / max(self.df_rows, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            df = np.where(below > 0, total**2 / below, 1e6)
        return total, np.clip(df, 1.0, 1e6)


def noise(scores: Floats, contributions: Floats | None, design: Design | None) -> Noise:
    """What is known of the errors of the mean scores.

    Parameters
    ----------
    scores : of each seed at each size, shape (K, S).
    contributions : what each judged row adds to the mean score at each size, shape (S, n); None
        where the rows that judge are all there are.
    design : of these rows.
    """
    k, s = scores.shape
    rows = np.zeros((s, s))
    df = None
    if contributions is not None and design is not None:
        df = design.df
        alone = [design.se(c) ** 2 for c in contributions]
        for i in range(s):
            rows[i, i] = alone[i]
            for j in range(i):
                both = design.se(contributions[i] + contributions[j]) ** 2
                rows[i, j] = rows[j, i] = (both - alone[i] - alone[j]) / 2
    return Noise(rows, scores.var(axis=0, ddof=1) / k, df, float(k - 1))


def forecast(
    sizes: Floats,
    scores: Floats,
    size: float,
    *,
    contributions: Floats | None = None,
    design: Design | None = None,
    highest: float = np.inf,
) -> Forecast | None:
    """The score at ``size`` times the rows; None for fewer than three sizes up to a half.

    Parameters
    ----------
    sizes : shares of the rows, increasing, the last 1; shape (S,).
    scores : of each seed at each size, larger is better, shape (K, S).
    contributions, design : see :func:`noise`.
    highest : what no score is above.
    """
    half = sizes <= 0.5 + 1e-9
    if half.sum() < FEWEST_SIZES or len(scores) < FEWEST_SEEDS:
        return None
    errors = noise(scores, contributions, design)
    means = scores.mean(axis=0)
    tested = _tested(sizes, means, errors, half)
    gain = _gain(sizes, means, errors, size)
    here = float(means[-1])
    top = highest - here
    gain = Interval(
        min(gain.value, top), min(gain.low, top), min(gain.high, top), gain.method, gain.se
    )
    value = Interval(here + gain.value, here + gain.low, here + gain.high, gain.method, gain.se)
    return Forecast(size, value, gain, tested, here, tested.holds(0.0))


def _gain(sizes: Floats, means: Floats, errors: Noise, size: float) -> Interval:
    """What the curves rise from all rows to ``size`` times as many."""
    families = [_fitted(shapes, sizes, means, errors) for shapes in FAMILIES]
    more = np.array([1.0, size])
    weights, likely = [], []
    for shapes, (slopes, _, chance) in zip(FAMILIES, families, strict=True):
        rise = np.array([np.diff(curve(more, *at))[0] for curve, at in shapes])
        weights.append(slopes * rise[:, None])
        likely.append(chance)
    return _mixture(np.concatenate(weights), np.concatenate(likely), means, errors)


def _tested(sizes: Floats, means: Floats, errors: Noise, half: NDArray[np.bool_]) -> Interval:
    """What the sizes up to a half forecast for all rows, less what came."""
    weights, likely = [], []
    for shapes in FAMILIES:
        slopes, offsets, chance = _fitted(shapes, sizes[half], means[half], errors.part(half))
        at_all = np.array([curve(np.ones(1), *at)[0] for curve, at in shapes])
        whole = np.zeros((len(shapes), len(sizes)))
        whole[:, half] = offsets + slopes * at_all[:, None]
        whole[:, -1] -= 1.0
        weights.append(whole)
        likely.append(chance)
    return _mixture(np.concatenate(weights), np.concatenate(likely), means, errors)


def _fitted(
    shapes: tuple[Shape, ...], sizes: Floats, means: Floats, errors: Noise
) -> tuple[Floats, Floats, Floats]:
    """A and B of each shape by generalised least squares, as weights of the means.

    Returns
    -------
    weights (J, S) whose sum with the means is B, those of A, and each shape's likelihood (J,), 1 in
    all.
    """
    s = len(sizes)
    discrepancy = (DISCREPANCY * float(np.ptp(means))) ** 2 + 1e-10
    inverse = np.linalg.inv(errors.rows + np.diag(_smooth(sizes, errors.seeds) + discrepancy))
    ones = inverse.sum(axis=1)
    level = ones / ones.sum()  # the weights of a mean
    centred = inverse - np.outer(ones, ones) / ones.sum()
    h = np.array([curve(sizes, *at) for curve, at in shapes])
    scale = np.ptp(h, axis=1)
    h = h / scale[:, None]
    against = h @ centred
    slopes = against / (against * h).sum(axis=1)[:, None]
    fitted = (slopes @ means)[:, None] * h
    left = means - fitted
    squares = np.einsum("js,st,jt->j", left, centred, left)
    chance = np.exp(-(squares - squares.min()) / 2)
    offsets = level[None, :] - (h @ level)[:, None] * slopes
    assert offsets.shape == (len(shapes), s)
    return slopes / scale[:, None], offsets, chance / chance.sum()


def _smooth(sizes: Floats, variances: Floats) -> Floats:
    """Variances that fall with size as a power of it: each alone is of few seeds."""
    known = variances > 1e-14
    if known.sum() < 3:
        return variances
    slope, level = np.polyfit(np.log(sizes[known]), np.log(variances[known]), 1)
    return np.where(known, np.exp(level + slope * np.log(sizes)), variances)


def _mixture(weights: Floats, likely: Floats, means: Floats, errors: Noise) -> Interval:
    """Mean and quantiles of Student's t about each curve's value, by how likely the curve is."""
    values = weights @ means
    variance, df = errors.variance(weights)
    discrepancy = (DISCREPANCY * float(np.ptp(means))) ** 2 * (weights**2).sum(axis=1)
    scale = np.sqrt(variance + discrepancy) + 1e-9
    share = likely / likely.sum()
    kept = share > 1e-6 * share.max()
    values, scale, df, share = values[kept], scale[kept], df[kept], share[kept]
    share = share / share.sum()
    centre = float(share @ values)
    low, high = (_quantile(q, values, scale, df, share) for q in (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
    se = float(np.sqrt(share @ (scale**2 + (values - centre) ** 2)))
    return Interval(centre, min(low, centre), max(high, centre), "averaged curves, t", se)


def _quantile(q: float, values: Floats, scale: Floats, df: Floats, share: Floats) -> float:
    """By bisection: the mixture's distribution function is monotone."""
    reach = 100 * float(scale.max())
    low, high = float(values.min()) - reach, float(values.max()) + reach
    for _ in range(48):
        middle = (low + high) / 2
        below = float(share @ special.stdtr(df, (middle - values) / scale))
        low, high = (middle, high) if below < q else (low, middle)
    return (low + high) / 2
