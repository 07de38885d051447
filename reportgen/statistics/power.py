"""What would have been found: the smallest effect with 80 % power."""

from __future__ import annotations

import numpy as np
from scipy import special

from reportgen.statistics.intervals import critical

POWER = 0.80


def smallest_effect(
    se: float, df: float | None = None, *, alpha: float = 0.05, power: float = POWER
) -> float:
    """Smallest difference whose two-sided interval at ``alpha`` leaves out zero with ``power``.

    (t(1 - alpha/2) + t(power)) se, Bloom 1995; infinite where the error is not known.
    """
    if not np.isfinite(se) or (df is not None and df <= 0):
        return float("inf")
    further = special.ndtri(power) if df is None else special.stdtrit(df, power)
    return float((critical(1 - alpha, df) + further) * se)


def rate_seen(n: float, *, power: float = POWER) -> float:
    """Smallest rate of an event of which at least one of ``n`` rows shows it with ``power``."""
    return float(1 - (1 - power) ** (1 / n)) if n > 0 else 1.0
