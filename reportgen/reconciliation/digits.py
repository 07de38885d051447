"""Printed numbers: which values print them, rounded or cut off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.printed import Printed

#: More significant digits than this are those of a float32.
FLOAT32_DIGITS = 7
#: How far two float32 sums of the same rows come apart, in units of float32's resolution: Keras
#: adds up batches of 32 in float32, and other batches of the same rows round otherwise.
FLOAT32_SUMS = 6


def significant(printed: Printed) -> int:
    return len(Decimal(printed.text).as_tuple().digits)


def interval(printed: Printed) -> tuple[float, float]:
    """Lowest and highest value that print so, ties included: half a unit of the last digit.

    More than seven significant digits are those of a float32, which knows a sum no better than
    ``FLOAT32_SUMS`` of its units.
    """
    value = float(printed)
    if significant(printed) > FLOAT32_DIGITS:
        half = FLOAT32_SUMS * float(np.finfo(np.float32).eps) * abs(value)
    else:
        half = float(printed.ulp) / 2
    noise = 8 * float(np.spacing(abs(value) or 1e-300))
    return value - half - noise, value + half + noise


def width(printed: Printed) -> float:
    """How much room the printed digits leave."""
    low, high = interval(printed)
    return high - low


def prints_same(value: float, printed: Printed) -> bool:
    """Whether a value, rounded to the printed digits, gives the printed number.

    Half a unit of the last digit either way; a truncated number does not agree. More than seven
    significant digits are those of a float32, and are met by a float32 sum of the same rows.
    """
    if not np.isfinite(value):
        return False
    if significant(printed) > FLOAT32_DIGITS:
        low, high = interval(printed)
        return low <= value <= high
    # The value carries the rounding of its own sums; a tie is a tie all the same.
    noise = Decimal(8 * float(np.spacing(abs(value) or 1e-300)))
    return abs(Decimal(value) - printed.decimal) <= printed.ulp / 2 + noise


def as_float32(value: float, printed: Printed) -> float:
    """The number nearest to the printed one that a float32 sum of the same terms may have come to.

    Sums of float32 differ by ``FLOAT32_SUMS`` units of it, which six printed digits show.
    """
    room = FLOAT32_SUMS * float(np.finfo(np.float32).eps) * abs(value)
    low, high = interval(printed)
    nearest = min(max(value, low), high)
    return nearest if abs(nearest - value) <= room else value


def same(values: NDArray[Any], printed: Printed) -> NDArray[np.bool_]:
    """:func:`prints_same` for an array; NaN prints nothing."""
    low, high = interval(printed)
    with np.errstate(invalid="ignore"):
        return np.asarray((values >= low) & (values <= high))


def truncates_to(value: float, printed: Printed) -> bool:
    """Whether the printed digits are the value's own, cut off instead of rounded."""
    if not np.isfinite(value) or significant(printed) > FLOAT32_DIGITS:
        return False
    noise = Decimal(8 * float(np.spacing(abs(value) or 1e-300)))
    exact, shown, unit = abs(Decimal(value)), abs(printed.decimal), printed.ulp
    return (value < 0) == (printed.decimal < 0) and shown - noise <= exact < shown + unit


def error(value: float | None, printed: Printed) -> float:
    """Distance of a value from the printed number; infinite where there is no value."""
    if value is None or not np.isfinite(value):
        return float("inf")
    return abs(value - float(printed))
