"""Which rows are asked again, and how often: a budget, and its shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
#: Default budget: this share of the split for each column, between these bounds.
PER_COLUMN, LEAST, MOST = 0.2, 10_000, 400_000
#: Rows that one share never needs more of, and draws of one row.
ENOUGH, MOST_DRAWS, MOST_SHUFFLES = 3000, 4, 8
FEWEST, FEWEST_GROUPS = 30, 10  # rows, and groups of rows, below which nothing is judged


@dataclass(frozen=True)
class Plan:
    """Rows asked, by purpose: all columns at once, each column's noise, shuffles, curves."""

    budget: int
    joint: Ints
    noise: Ints
    shuffled: Ints
    shuffles: int
    control: Ints


def planned(
    rows: Ints,
    columns: int,
    units: int,
    wanted: int | None,
    rng: np.random.Generator,
    enough: int = ENOUGH,
) -> Plan:
    """Shares of the budget for ``columns`` that are moved and ``units`` that are shuffled.

    Parameters
    ----------
    rows : positions of the rows that can be judged.
    wanted : the job's budget, or None for the default.
    enough : rows that one share has at most, less where rows are long.
    """
    n = len(rows)
    default = int(min(max(PER_COLUMN * n * max(columns, 1), LEAST), MOST))
    budget = wanted or default
    single = int(0.85 * budget) // max(columns + units, 1)
    noise = _repeated(rows, min(max(single, 50), enough), MOST_DRAWS, rng)
    each = min(max(int(0.85 * budget - len(noise) * columns) // max(units, 1), 50), enough)
    some = min(n, max(each // 3, 100), each)
    return Plan(
        budget=budget,
        joint=_repeated(rows, min(int(0.08 * budget), enough), MOST_DRAWS, rng),
        noise=noise,
        shuffled=sample(rows, some, rng),
        shuffles=int(np.clip(each // max(some, 1), 1, MOST_SHUFFLES)),
        control=sample(rows, min(500, int(0.02 * budget)), rng),
    )


def sample(rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """At most so many of the rows, each once, in order."""
    if len(rows) <= most:
        return rows
    return np.sort(rng.choice(rows, size=most, replace=False))


def _repeated(rows: Ints, most: int, times: int, rng: np.random.Generator) -> Ints:
    """Every row once, and all of them again as long as they fit."""
    if len(rows) > most:
        return sample(rows, most, rng)
    return np.tile(rows, int(np.clip(most // max(len(rows), 1), 1, times)))
