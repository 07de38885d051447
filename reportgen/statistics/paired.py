"""Two models on the same rows: the difference of a metric, its interval, its p-value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from reportgen.statistics.estimates import Design
from reportgen.statistics.influence import Influence
from reportgen.statistics.influence import mean as influence_mean
from reportgen.statistics.intervals import LEVEL, Interval, newcombe, student


@dataclass(frozen=True, slots=True)
class Difference:
    """``interval.value`` is a - b; ``p`` is two-sided, that there is none; ``df`` its freedom."""

    interval: Interval
    p: float
    df: int | None


def difference(a: Influence, b: Influence, design: Design, *, level: float = LEVEL) -> Difference:
    """By the delta method on each row's contributions; for ROC-AUC it is DeLong's test (1988).

    Two models that are equal in every row differ by exactly zero.
    """
    both = a.minus(b)
    df = design.df
    se = design.se(both.rows)
    interval = student(both.value, se, df, level=level, method="paired delta method, t")
    return Difference(interval, _p_value(both.value, se, df), df)


def of_proportions(
    right_a: NDArray[Any], right_b: NDArray[Any], design: Design, *, level: float = LEVEL
) -> Difference:
    """Shares of right rows: McNemar's pairs with Newcombe's interval, exact p-value.

    Weighted or clustered rows go by :func:`difference`.
    """
    a, b = np.asarray(right_a, dtype=bool), np.asarray(right_b, dtype=bool)
    if not design.plain:
        return difference(
            influence_mean(a, design.weights),
            influence_mean(b, design.weights),
            design,
            level=level,
        )
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    interval = newcombe(int((a & b).sum()), only_a, only_b, len(a), level=level)
    return Difference(interval, mcnemar(only_a, only_b), None)


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p-value of McNemar's test (1947), mid-p (Fagerland 2013)."""
    n = only_a + only_b
    if n == 0:
        return 1.0
    fewer = min(only_a, only_b)
    tail = float(special.bdtr(fewer, n, 0.5))
    point = tail - (float(special.bdtr(fewer - 1, n, 0.5)) if fewer > 0 else 0.0)
    return min(1.0, 2 * tail - point)


def _p_value(value: float, se: float, df: int | None) -> float:
    if not np.isfinite(se) or (df is not None and df <= 0):
        return 1.0
    if se == 0:
        return 1.0 if value == 0 else 0.0
    t = abs(value) / se
    return float(2 * (special.ndtr(-t) if df is None else special.stdtr(df, -t)))
