"""Regression: how the rare ends of the target are predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.answers import Answers
from reportgen.evidence import Case
from reportgen.statistics import estimates, influence
from reportgen.statistics.intervals import Interval, student

TAIL = 0.05  # share of the training rows at either end
FEWEST = 5  # judged rows


@dataclass(frozen=True)
class Range:
    """A range of the target: its limits (None: open), judged rows, error, and bias.

    ``error`` is the mean absolute error and ``bias`` the mean of prediction less target.
    """

    name: str
    low: float | None
    high: float | None
    n: int
    train: int
    error: Interval
    bias: Interval


def ranges(case: Case, of: Answers) -> tuple[Range, ...]:
    """The lowest and highest twentieth of train's target, and what lies between.

    Empty for several targets, and where there is no train.
    """
    train = case.dataset.splits.get("train")
    if train is None or train.y is None or of.values is None or of.y.shape[1] != 1:
        return ()
    known = np.asarray(train.y, np.float64).ravel()
    known = known[np.isfinite(known)]
    if len(known) < 1 / TAIL or np.ptp(known) == 0:
        return ()
    low, high = (float(v) for v in np.quantile(known, [TAIL, 1 - TAIL]))
    y, given = of.y[:, 0], of.values[:, 0]
    cuts = (
        ("lowest", None, low, y < low, known < low),
        ("middle", low, high, (y >= low) & (y <= high), (known >= low) & (known <= high)),
        ("highest", high, None, y > high, known > high),
    )
    found = []
    for name, start, stop, inside, of_train in cuts:
        n = int(inside.sum())
        if n < FEWEST:
            continue
        design = of.design.rows(inside)
        off = given[inside] - y[inside]
        error = estimates.positive_mean(influence.mean(np.abs(off), design.weights), design)
        mean = influence.mean(off, design.weights)
        bias = student(mean.value, design.se(mean.rows), design.df)
        found.append(Range(name, start, stop, n, int(of_train.sum()), error, bias))
    return tuple(found)
