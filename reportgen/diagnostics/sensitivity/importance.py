"""Permutation importance: what the squared error rises by when columns are shuffled.

Breiman 2001; Fisher, Rudin and Dominici 2019. Rows are the unit, and intervals speak of other rows
of the same kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.sensitivity.asking import Replies
from reportgen.statistics import influence
from reportgen.statistics.estimates import Design
from reportgen.statistics.influence import Influence
from reportgen.statistics.intervals import Interval, student, unknown

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Importance:
    """Of each unit, in their order: the rise of the loss, and its share of the sum of all rises.

    ``n`` rows were shuffled, whose mean error as they are is ``loss``.
    """

    rises: tuple[Interval, ...]
    shares: tuple[Interval, ...]
    n: int
    loss: float

    @property
    def order(self) -> list[int]:
        """Units, the most important first."""
        return sorted(range(len(self.rises)), key=lambda k: (-self.rises[k].value, k))


def squared_errors(given: Replies, truth: NDArray[np.generic], rows: Ints, task: str,
                   sd: Floats, positive: int | None) -> Floats:  # fmt: skip
    """Each row's Brier score; share of wrong labels without scores; in regression, in sd².

    Parameters
    ----------
    truth : of the whole split, as ``Split.y``; ``rows`` are positions in it.
    """
    y: NDArray[Any] = truth[rows]
    if given.values is not None:
        values = y.astype(np.float64).reshape(len(y), -1)
        return np.asarray((((given.values - values) / sd) ** 2).mean(axis=1))
    assert given.labels is not None
    if given.scores is None:
        wrong = (given.labels != y).astype(np.float64)
        return np.asarray(wrong.mean(axis=1) if wrong.ndim == 2 else wrong)
    scores = given.scores
    if task == "binary":
        return np.asarray((scores - (y == 1)) ** 2)
    if task == "multilabel":
        return np.asarray(((scores - y) ** 2).mean(axis=1))
    right = scores[np.arange(len(y)), y.astype(np.int64)]
    return np.asarray((scores**2).sum(axis=1) - 2 * right + 1) / 2


@dataclass(frozen=True)
class Shuffle:
    """Errors of rows whose values stand for those of other rows: ``donors``, positions among them.

    Both of shape (n,).
    """

    errors: Floats
    donors: Ints


def importance_of(before: Floats, after: Sequence[Sequence[Shuffle]], design: Design) -> Importance:
    """From the rows' errors as they are, and those of each unit's shuffles.

    A row counts twice in its unit's rise, by what it receives and by what it gives away: the rise
    is a mean over pairs of rows (a U-statistic; Hoeffding 1948), and intervals that saw rows as
    receivers alone would be too short by half.

    Parameters
    ----------
    before : shape (n,).
    after : for each unit, its shuffles.
    """
    found = [_rise(before, shuffles, design) for shuffles in after]
    rises = tuple(
        student(f.value, design.se(f.rows), design.df, method="t over rows") for f in found
    )
    counted = [k for k, rise in enumerate(rises) if rise.value > 0]
    total = sum(rises[k].value for k in counted)
    rows_total = np.sum([found[k].rows for k in counted], axis=0) if counted else 0.0
    shares = []
    for k in range(len(rises)):
        if not total > 0 or k not in counted:
            shares.append(unknown(0.0, "delta method"))
            continue
        share = rises[k].value / total
        se = design.se((found[k].rows - share * rows_total) / total)
        between = student(share, se, design.df, method="delta method")
        shares.append(
            Interval(share, max(between.low, 0.0), min(between.high, 1.0), "delta method", se)
        )
    return Importance(rises, tuple(shares), len(before), float(np.mean(before)))


def _rise(before: Floats, shuffles: Sequence[Shuffle], design: Design) -> Influence:
    received = np.mean([s.errors - before for s in shuffles], axis=0)
    given = np.zeros((len(shuffles), len(before)))
    for k, s in enumerate(shuffles):
        given[k, s.donors] = s.errors - before
    mean = influence.mean(received, design.weights)
    donated = influence.mean(given.mean(axis=0), design.weights)
    return Influence(mean.value, mean.rows + donated.rows)
