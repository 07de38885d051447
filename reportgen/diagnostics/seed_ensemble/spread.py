"""A metric over the members: its mean, its spread, and where the delivered model stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.seed_ensemble.scores import Followed
from reportgen.statistics.future_draws import spread_interval
from reportgen.statistics.intervals import Interval, student
from reportgen.statistics.seed_variance import SeedVariance, seed_variance

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """A metric over the sound members: values of shape (K,), and the delivered model's.

    Attributes
    ----------
    expected : the mean over members with its interval over members and rows: what one more
        training may be expected to score on rows like these.
    lead : how much better the delivered model is than that, paired by row.
    heaviest : what the row (or cluster of rows) that says most for the lead adds to it.
    sampling : standard error of one model's score on this many rows.
    """

    metric: Followed
    values: Floats
    delivered: float
    variance: SeedVariance
    expected: Interval
    lead: Interval
    heaviest: float
    sampling: float

    @property
    def mean(self) -> float:
        return self.expected.value

    @property
    def sd(self) -> float:
        return float(np.std(self.values, ddof=1))

    @property
    def sd_interval(self) -> tuple[float, float]:
        """95 % limits of the spread."""
        return spread_interval(self.sd, len(self.values))

    @property
    def scale(self) -> float:
        """What thresholds are shares of: the metric's range, or the mean of a loss."""
        return self.metric.range if self.metric.range is not None else max(abs(self.mean), 1e-12)


def spread_of(metric: Followed, members: Sequence[Answers], delivered: Answers) -> Spread | None:
    """None where the metric is not defined for the delivered model or a member."""
    parts = [metric.of(m) for m in members]
    values = np.array([p.value for p in parts])
    own = metric.of(delivered)
    if not np.isfinite(values).all() or not np.isfinite(own.value):
        return None
    design = delivered.design
    weights = design.weights
    shares = np.full(delivered.n, 1 / delivered.n) if weights is None else weights / weights.sum()
    rows = np.stack([p.rows for p in parts])
    whole = rows + values[:, None] * shares
    k, mean = len(values), float(values.mean())
    of_members = float(np.std(values, ddof=1)) / np.sqrt(k)

    def heaviest(of_members: Floats) -> float:
        side = np.sign(own.value - mean)
        apart = side * (own.rows + own.value * shares - of_members)
        if design.codes is not None:
            apart = np.bincount(design.codes, weights=apart)
        return max(0.0, float(apart.max()))

    def estimate(value: float, contributions: Floats) -> Interval:
        of_rows = design.se(contributions)
        return student(
            value,
            float(np.hypot(of_rows, of_members)),
            _freedom(of_rows, design.df, of_members, k - 1),
            method="t, rows and members",
        )

    return Spread(
        metric,
        values,
        own.value,
        seed_variance(values, whole),
        _within(estimate(mean, rows.mean(axis=0)), metric),
        estimate(
            metric.better * (own.value - mean), metric.better * (own.rows - rows.mean(axis=0))
        ),
        heaviest(whole.mean(axis=0)),
        float(np.mean([design.se(r) for r in rows])),
    )


def _freedom(of_rows: float, df: float | None, of_members: float, k: int) -> float | None:
    """Degrees of freedom of two errors together (Satterthwaite 1946); None: those of a normal."""
    total = of_rows**2 + of_members**2
    parts = of_members**4 / k + (0.0 if df is None else of_rows**4 / max(df, 1))
    return total**2 / parts if parts > 0 else df


def _within(found: Interval, metric: Followed) -> Interval:
    """Limits that the metric can have: none has more than 1, and losses no less than 0."""
    low, high = found.low, found.high
    if metric.better < 0:
        low = max(low, 0.0)
    else:
        high = min(high, max(1.0, found.value))
        if metric.name not in ("r2", "mcc"):
            low = max(low, 0.0)
    return Interval(found.value, low, high, found.method)
