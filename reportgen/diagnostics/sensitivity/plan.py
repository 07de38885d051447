"""Which rows are asked again, and how often: a first look, and a second where there is reason to.

The first costs about as much as a plain prediction of the split for every ten columns. Where it
raises a suspicion, the second asks as many rows as a verdict needs, and it alone is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
FEWEST, FEWEST_GROUPS = 30, 10  # rows, and groups of rows, below which nothing is judged
MOST_DRAWS, MOST_SHUFFLES = 4, 8  # of one row
#: Rows that one share never needs more of.
ENOUGH = 3000


@dataclass(frozen=True)
class Shares:
    """How a budget is made and divided.

    ``per_column`` of the split for each column, between ``least`` and ``most`` rows. Of these
    ``joint`` and ``noise`` (of all columns together) are shares; the rest is shuffled. ``fewest``
    rows of a column are moved, ``twice`` as many shuffled, and at most ``enough``. ``times`` is how
    often a row is shuffled before other rows are.
    """

    per_column: float
    least: int
    most: int
    joint: float
    noise: float
    shuffles: float
    fewest: int
    enough: tuple[int, int, int]
    times: int


FIRST = Shares(0.09, 1800, 200_000, 0.10, 0.27, 0.48, 20, (2000, 500, 1200), 1)
SECOND = Shares(0.2, 10_000, 400_000, 0.08, 0.425, 0.425, 50, (ENOUGH, ENOUGH, ENOUGH), 3)


@dataclass(frozen=True)
class Plan:
    """Rows asked, by purpose: all columns at once, each column's noise, shuffles, curves."""

    budget: int
    joint: Ints
    noise: Ints
    shuffled: Ints
    shuffles: int
    control: Ints
    curves: int


@dataclass(frozen=True)
class Sizes:
    """Rows of each purpose: ``shuffled`` of them, ``shuffles`` times; ``curves`` in all."""

    budget: int
    joint: int
    noise: int
    shuffled: int
    shuffles: int
    control: int
    curves: int


def sizes(
    n: int, columns: int, units: int, most: int | None, shares: Shares, enough: int = ENOUGH
) -> Sizes:
    """Shares of the budget for ``columns`` that are moved and ``units`` that are shuffled.

    Parameters
    ----------
    n : rows that can be judged.
    most : the job's budget, or None.
    enough : rows that one share has at most, less where rows are long.
    """
    wanted = shares.per_column * n * max(columns, 1)
    budget = int(min(max(wanted, shares.least), shares.most))
    budget = budget if most is None else min(budget, most)
    joint, single, mixed = (min(some, enough) for some in shares.enough)
    noise = min(max(int(shares.noise * budget) // max(columns, 1), shares.fewest), single)
    noise = noise if noise < n else n * min(noise // max(n, 1), MOST_DRAWS)
    each = max(int(shares.shuffles * budget) // max(units, 1), 2 * shares.fewest)
    each = min(each, mixed)
    some = max(min(n, max(each // shares.times, 100), each), 1)
    return Sizes(
        budget,
        min(int(shares.joint * budget), joint),
        noise,
        some,
        int(np.clip(each // some, 1, MOST_SHUFFLES)),
        min(500, max(int(0.02 * budget), 20)),
        int(0.14 * budget),
    )


def planned(rows: Ints, of: Sizes, rng: np.random.Generator) -> Plan:
    """Rows drawn for each purpose; ``rows`` are positions of those that can be judged."""
    return Plan(
        budget=of.budget,
        joint=_repeated(rows, of.joint, rng),
        noise=_repeated(rows, of.noise, rng),
        shuffled=sample(rows, of.shuffled, rng),
        shuffles=of.shuffles,
        control=sample(rows, of.control, rng),
        curves=of.curves,
    )


def sample(rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """At most so many of the rows, each once, in order."""
    if len(rows) <= most:
        return rows
    return np.sort(rng.choice(rows, size=most, replace=False))


def _repeated(rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """Every row once, and all of them again as long as they fit."""
    if len(rows) > most:
        return sample(rows, most, rng)
    return np.tile(rows, int(np.clip(most // max(len(rows), 1), 1, MOST_DRAWS)))
