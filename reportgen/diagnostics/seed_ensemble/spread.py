"""A metric over the members: its mean, its spread, and where the delivered model stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.scores.followed import Followed
from reportgen.statistics.future_draws import spread_interval
from reportgen.statistics.intervals import Interval
from reportgen.statistics.member_means import over_members
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
    lead = metric.better * (own.value - values)
    of_lead = metric.better * (own.rows - rows.mean(axis=0))
    return Spread(
        metric,
        values,
        own.value,
        seed_variance(values, whole),
        _within(over_members(values, rows.mean(axis=0), design), metric),
        over_members(lead, of_lead, design),
        _heaviest(own.rows + own.value * shares - whole.mean(axis=0), design.codes),
        float(np.mean([design.se(r) for r in rows])),
    )


def _heaviest(apart: Floats, codes: NDArray[np.int64] | None) -> float:
    """What the row or cluster that says most for a difference adds to it; ``apart`` by row."""
    whole = apart if codes is None else np.bincount(codes, weights=apart)
    return max(0.0, float((np.sign(whole.sum()) * whole).max()))


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
