"""The mean of a metric over members that share their rows, with its interval over both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import LEVEL, Interval, student

Floats = NDArray[np.float64]


def over_members(
    values: Floats, contributions: Floats, design: Design, *, level: float = LEVEL
) -> Interval:
    """Student's t of a mean over members and rows, as of one more member on rows like these.

    Parameters
    ----------
    values : the metric, or a difference of metrics paired by seed, of each member, shape (K,).
    contributions : what each row adds to the mean over members, shape (n,); see
        :mod:`reportgen.statistics.influence`.
    """
    of_rows = design.se(contributions)
    of_members = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return student(
        float(values.mean()),
        float(np.hypot(of_rows, of_members)),
        freedom(of_rows, design.df, of_members, len(values) - 1),
        level=level,
        method="t, rows and members",
    )


def freedom(of_rows: float, df: float | None, of_members: float, k: int) -> float | None:
    """Degrees of freedom of two errors together (Satterthwaite 1946); None: those of a normal."""
    total = of_rows**2 + of_members**2
    parts = of_members**4 / k + (0.0 if df is None else of_rows**4 / max(df, 1))
    return total**2 / parts if parts > 0 else df
