"""Forecasts of a score at more training rows, told only where they would have been right.

Three families of curves (Viering and Loog 2023: pow3, pow4, MMF) are fitted to the mean score at
each size and averaged; resampled seeds give the interval. A forecast from at most half of the rows
has to cover what was measured at all of them before one beyond them is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from reportgen.statistics.intervals import Interval

Floats = NDArray[np.float64]
TIMES = 80
FEWEST_SIZES = 3


def pow3(n: Floats, a: float, b: float, c: float) -> Floats:
    """A − b n^−c; n in units of all rows."""
    return np.asarray(a - b * n**-c)


def pow4(n: Floats, a: float, b: float, c: float, d: float) -> Floats:
    """A − (b n + d)^−c."""
    return np.asarray(a - np.maximum(b * n + d, 1e-9) ** -c)


def mmf(n: Floats, a: float, b: float, c: float, d: float) -> Floats:
    """(a b + c n^d) / (b + n^d): from a to c."""
    grown = n**d
    return np.asarray((a * b + c * grown) / (b + grown))


@dataclass(frozen=True)
class Forecast:
    """A score at ``size`` times the rows.

    Attributes
    ----------
    value : the forecast with its interval.
    tested : what half of the rows forecast for all of them, and ``measured`` what came.
    covers : whether the test's interval holds what was measured: else nothing is to be told.
    """

    size: float
    value: Interval
    tested: Interval
    measured: float
    covers: bool


def forecast(
    sizes: Floats,
    scores: Floats,
    size: float,
    rng: np.random.Generator,
    *,
    highest: float = np.inf,
) -> Forecast | None:
    """The score at ``size`` times the rows; None for fewer than three sizes up to a half.

    Parameters
    ----------
    sizes : shares of the rows, increasing, the last 1; shape (S,).
    scores : of each seed at each size, larger is better, shape (K, S).
    highest : what no score is above.
    """
    half = sizes <= 0.5 + 1e-9
    if half.sum() < FEWEST_SIZES or len(scores) < FEWEST_SIZES:
        return None
    noise = float(scores[:, -1].std(ddof=1))
    tested = _interval(sizes[half], scores[:, half], 1.0, rng, noise, highest)
    whole = _interval(sizes, scores, size, rng, 0.0, highest)
    measured = float(scores[:, -1].mean())
    return Forecast(size, whole, tested, measured, tested.holds(measured))


def _interval(
    sizes: Floats,
    scores: Floats,
    at: float,
    rng: np.random.Generator,
    noise: float,
    highest: float,
) -> Interval:
    """The families' mean at ``at``: seeds resampled, families drawn; widened by seed noise."""
    k = len(scores)
    means = scores.mean(axis=0)
    fits = [family.fitted(sizes, means) for family in FAMILIES]
    centre = float(np.mean([fit.at(at) for fit in fits]))
    drawn = []
    for _ in range(TIMES):
        mean = scores[rng.integers(0, k, k)].mean(axis=0)
        which = int(rng.integers(len(FAMILIES)))
        fit = FAMILIES[which].fitted(sizes, mean, fits[which])
        drawn.append(fit.at(at) + noise / np.sqrt(k) * float(rng.normal()))
    low, high = np.quantile(drawn, [0.025, 0.975])
    centre = min(centre, highest)
    return Interval(
        centre,
        min(float(low), centre),
        min(max(float(high), centre), highest),
        "resampled seeds",
    )


@dataclass(frozen=True)
class Fit:
    """A family's curve through measured means, in units of their spread."""

    curve: Callable[..., Floats]
    offset: float
    scale: float
    parameters: Floats | None

    def at(self, size: float) -> float:
        """The score at this share of the rows; the last mean where nothing could be fitted."""
        if self.parameters is None:
            return self.offset
        return self.offset + self.scale * float(self.curve(np.array([size]), *self.parameters)[0])


@dataclass(frozen=True)
class Family:
    """Curves of one form: where a fit starts, and between which bounds."""

    curve: Callable[..., Floats]
    starts: tuple[tuple[float, ...], ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def fitted(self, sizes: Floats, means: Floats, near: Fit | None = None) -> Fit:
        """Least squares, from every start, or from a fit of nearly the same means."""
        offset, scale = float(means[-1]), max(float(np.ptp(means)), 1e-6)
        target = (means - offset) / scale
        starts: list[Any] = list(self.starts)
        if near is not None and near.parameters is not None:
            starts = [np.clip(near.parameters, np.array(self.low), np.array(self.high))]
        best: tuple[float, Floats] | None = None
        for start in starts:
            found = optimize.least_squares(
                lambda p: self.curve(sizes, *p) - target,
                start,
                bounds=(self.low, self.high),
                max_nfev=30 if near is not None else 200,
            )
            if best is None or found.cost < best[0]:
                best = float(found.cost), found.x
        return Fit(self.curve, offset, scale, None if best is None else best[1])


FAMILIES = (
    Family(pow3, ((0.2, 0.2, 0.5), (0.0, 0.05, 1.0)), (-3, -5, 0.01), (3, 5, 3)),
    Family(pow4, ((0.2, 5.0, 1.0, 1.0),), (-3, 0.01, 0.05, 0.01), (3, 200, 5, 50)),
    Family(mmf, ((-1.5, 0.1, 0.1, 1.0),), (-20, 1e-4, -3, 0.1), (3, 50, 3, 5)),
)
