"""Whether a column names its rows: a running number, a key, a hash; or follows the calendar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.alone.values import Column

Floats = NDArray[np.float64]

UNIQUE = 0.99  # share of rows whose value no other row has
COLLISIONS = 8.0  # that chance would have made among whole numbers of the range
LEAST_ROWS = 30
FOLLOWS = 0.7  # share of steps that are the same
STEADY = 0.995  # share of steps that go the same way, from row to row


def of(column: Column, place: Floats) -> tuple[str, bool]:
    """Why a column looks like an id, in words ("" if it does not), and whether it counts rows up.

    Parameters
    ----------
    place : of each training row in its source, (n_train,).
    """
    if column.place != "column" or column.n_train < LEAST_ROWS:
        return "", False
    if column.levels is not None:
        return _of_texts(column), False
    assert column.numbers is not None
    return _of_numbers(column.numbers, column.n_train, place)


def _of_texts(column: Column) -> str:
    levels = column.levels
    assert levels is not None
    known = levels[levels >= 0]
    n = len(known)
    if n < LEAST_ROWS or n < 0.9 * len(levels) or _unique(known) < UNIQUE:
        return ""
    words = float(np.mean([len(t.split()) for t in column.texts[:500]]))
    if words >= 8:
        return ""  # prose
    return "every row has another text"


def _of_numbers(values: Floats, n_train: int, place: Floats) -> tuple[str, bool]:
    known = values[np.isfinite(values)]
    n = len(known)
    if n < 0.9 * len(values) or n < LEAST_ROWS or (known != np.round(known)).any():
        return "", False
    if _unique(known) < UNIQUE:
        return "", False
    own = values[:n_train]
    steps = np.diff(own[np.argsort(place, kind="stable")])
    up = float(np.mean(steps > 0)) if len(steps) else 0.0
    steady = max(up, float(np.mean(steps < 0)) if len(steps) else 0.0) >= STEADY
    spread = float(known.max() - known.min()) + 1
    expected = n * n / (2 * spread)  # pairs of equal numbers, were they drawn at random
    if steady and spread < 1000 * n:
        return "whole numbers that count the rows", True
    if expected >= COLLISIONS:
        return "whole numbers of which no two are equal", False
    return "", False


def _unique(values: NDArray[np.generic]) -> float:
    """Share of values that stand once."""
    counts = np.unique(values, return_counts=True)[1]
    return float((counts == 1).sum() / max(len(values), 1))


def regular(column: Column, place: Floats) -> bool:
    """Whether its values follow from one row to the next: an hour, a weekday, a running month.

    Such a column is known before its row. Judged on pairs of neighbours in the source.
    """
    if column.numbers is None or column.place != "column":
        return False
    own = column.numbers[: column.n_train]
    order = np.argsort(place, kind="stable")
    next_to = np.diff(place[order]) == 1
    steps = np.diff(own[order])[next_to]
    steps = steps[np.isfinite(steps)]
    if len(steps) < LEAST_ROWS:
        return False
    # Steps of a ramp (row / n) differ in their last digits.
    steps = np.round(steps / max(float(np.ptp(own[np.isfinite(own)])), 1e-300), 9)
    distinct, counts = np.unique(steps, return_counts=True)
    most = int(counts.argmax())
    return bool(distinct[most] != 0 and counts[most] >= FOLLOWS * len(steps))
