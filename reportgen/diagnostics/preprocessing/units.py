"""Units that people measure in, and what may have been done to a column of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Fold by which a scaling changes a column's spread; less is a shift that ends at 0 by accident.
RESCALED = 5.0
NEAR_UNIT = 0.02  # relative distance from a known factor

#: Factors between customary units (and their inverses), with what they are.
UNITS: tuple[tuple[float, str], ...] = (
    (255.0, "0–255 and 0–1"), (100.0, "per cent and shares"),
    (1000.0, ""), (1e6, ""), (10.0, ""),
    (60.0, "minutes and hours"), (3600.0, "seconds and hours"), (24.0, "hours and days"),
    (7.0, "days and weeks"), (12.0, "months and years"), (365.25, "days and years"),
    (2.54, "centimetres and inches"), (25.4, "millimetres and inches"),
    (3.28084, "feet and metres"), (39.3701, "inches and metres"),
    (1.609344, "kilometres and miles"),
    (2.204623, "pounds and kilograms"), (28.3495, "grams and ounces"),
    (4.184, "joules and calories"),
    (57.29578, "degrees and radians"), (86400.0, "seconds and days"), (1e9, ""),
)  # fmt: skip

Kind = Literal["factor", "standardised", "limits", "logarithm", "temperature"]


def ways(a: Floats, b: Floats) -> Iterator[tuple[Kind, str, float, Callable[[Floats], Floats]]]:
    """What may have been done to a column of values ``a``, sorted, that is ``b`` in another split.

    Kind, words, factor, and the function that takes it back.
    """
    middle = [float(np.median(np.abs(v[v != 0]))) for v in (a, b)]
    factor = middle[1] / middle[0]
    if np.isfinite(factor) and factor > 0 and abs(np.log(factor)) > np.log(1.3):
        unit = known(factor)
        exact = unit[0] if unit else factor
        yield "factor", unit[1] if unit else "", exact, lambda v: v / exact
        if unit is None and len(a) > 30:
            for near, words in _near(factor):
                yield "factor", words, near, lambda v, near=near: v / near  # type: ignore[misc]
    mean, sd = float(a.mean()), float(a.std())
    words = "standardised by train's mean and standard deviation"
    if max(sd, 1 / sd) >= RESCALED:
        yield "standardised", words, 1 / sd, lambda v: v * sd + mean
    low, width = float(a[0]), float(np.ptp(a))
    if max(width, 1 / width) >= RESCALED:
        yield "limits", "scaled to 0–1 by train's limits", 1 / width, lambda v: v * width + low
    if a[0] > -90 and a[-1] < 150:
        yield "temperature", "degrees Fahrenheit and Celsius", 1.8, lambda v: (v - 32) / 1.8
    if a[0] > -130 and a[-1] < 300:
        yield "temperature", "degrees Celsius and Fahrenheit", 1 / 1.8, lambda v: v * 1.8 + 32
    if a[0] > -1 and b[-1] < 50:
        yield "logarithm", "log(1 + x)", 1.0, lambda v: np.expm1(np.minimum(v, 50))
        if a[0] > 0:
            yield "logarithm", "log(x)", 1.0, lambda v: np.exp(np.minimum(v, 50))
    if b[0] > -1 and a[-1] < 50:
        yield "logarithm", "exp(x) − 1", 1.0, lambda v: np.log1p(v)
        if b[0] > 0:
            yield "logarithm", "exp(x)", 1.0, lambda v: np.log(v)


def known(factor: float) -> tuple[float, str] | None:
    """The customary unit nearest to a factor, within ``NEAR_UNIT``."""
    for near, words in _near(factor):
        if abs(np.log(near / factor)) <= NEAR_UNIT:
            return near, words
    return None


def _near(factor: float) -> Iterator[tuple[float, str]]:
    """Customary units within 30 % of a factor that a sample gives."""
    for unit, words in UNITS:
        for exact in (unit, 1 / unit):
            if abs(np.log(exact / factor)) <= np.log(1.3):
                yield exact, words
