"""Every column measured once: its strength, that of its missingness, and what kind it is of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.alone import identity
from reportgen.diagnostics.leakage.alone.strength import Goal, Strength, bins, goal, strength
from reportgen.diagnostics.leakage.alone.values import Column, columns, rows
from reportgen.evidence import Case

Floats = NDArray[np.float64]

LEAST_ABSENT = 0.005  # share of rows with, and without, a value
#: Numbers that are written where there is no value, where nothing else is near them.
LOW = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0)
HIGH = (99.0, 999.0, 9999.0, 99999.0, 999999.0)


@dataclass(frozen=True)
class Measured:
    """One column.

    Attributes
    ----------
    alone : what its values tell, "no value" among them.
    presence : what its having a value tells; None where all rows have one, or none.
    spelled : how "no value" is written, where it is a value of its own; empty for truly empty.
    absent : share of training rows without a value.
    identity : what makes it look like an id, in words; empty where nothing does.
    positional : it counts up (or down) with the rows of its file.
    regular : its value follows from that of the row above, as an hour does.
    """

    name: str
    place: str
    alone: Strength
    presence: Strength | None
    spelled: str
    absent: float
    identity: str
    positional: bool
    dtype: str
    regular: bool = False


def measured(case: Case, judged: str) -> tuple[Measured, ...]:
    """All columns, in their order; measured once an audit."""
    return case.memo(("leakage measured", judged), lambda: _measured(case, judged))


def _measured(case: Case, judged: str) -> tuple[Measured, ...]:
    aim = goal(case, judged)
    at = rows(case, judged)
    place = case.split("train").rows[at.train].astype(np.float64)
    return tuple(_one(column, aim, place) for column in columns(case, judged))


def _one(column: Column, aim: Goal, place: Floats) -> Measured:
    found, n_bins = bins(column)
    absent, spelled = no_value(column)
    share = float(absent[: column.n_train].mean())
    presence = None
    if LEAST_ABSENT <= share <= 1 - LEAST_ABSENT:
        presence = strength(column.name, absent.astype(np.int64), 2, aim)
    why, positional = identity.of(column, place)
    return Measured(
        column.name, column.place, strength(column.name, found, n_bins, aim), presence, spelled,
        share, why, positional, column.dtype, identity.regular(column, place),
    )  # fmt: skip


def no_value(column: Column) -> tuple[NDArray[np.bool_], str]:
    """Rows without a value, and how that is spelled: empty, a word, or a number far from others."""
    if column.absent.any() or column.numbers is None or column.place != "column":
        return column.absent, column.spelled
    values = column.numbers
    for sentinel, side in (
        (float(values.min(initial=0)), LOW),
        (float(values.max(initial=0)), HIGH),
    ):
        if sentinel not in side:
            continue
        there = values == sentinel
        rest = values[~there]
        if not len(rest) or there[: column.n_train].mean() < LEAST_ABSENT:
            continue
        apart = rest.min() >= 0 if side is LOW else rest.max() < sentinel / 2
        if apart and (side is LOW or (rest == np.round(rest)).all() or sentinel >= 999):
            return there, f"{sentinel:g}"
    return column.absent, column.spelled
