"""Columns in which a row can be seen to lie between two others, and how exactly it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MANY = 12  # columns that tell together what few of them do not
MOST = 64  # columns that are looked at: a part of them lies on a line where all do
DECIMALS = 8
DISTINCT = 10
WIDE = 100  # different whole numbers, between which others lie nearly to the digit
NARROW = 20  # the same where they are many columns: together they tell


@dataclass(frozen=True)
class Columns:
    """Numbers of all rows, in units of each column's spread.

    Attributes
    ----------
    values : float64 (n, d), standardised.
    unit : what each column is rounded to, in the same units; (d,).
    spread : each column's standard deviation, (d,).
    independent : columns of which none follows exactly from the others.
    places : the columns' places in the table.
    """

    values: Floats
    unit: Floats
    spread: Floats
    independent: NDArray[np.bool_]
    places: tuple[int, ...]


def numbers(X: Any) -> Floats | None:
    """A split's numeric columns (n, d), NaN elsewhere; None where it is no table of numbers."""
    if isinstance(X, pl.DataFrame):
        made = [
            c.cast(pl.Float64).to_numpy() if c.dtype.is_numeric() else np.full(X.height, np.nan)
            for c in X.get_columns()
        ]
        return np.column_stack(made) if made else None
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.dtype.kind in "fiu" and X.ndim >= 2:
        return X.reshape(len(X), -1).astype(np.float64)
    return None


def columns_of(table: Floats) -> Columns | None:
    """The columns between whose values others can lie; None where there are fewer than two.

    Whole numbers are such columns where they are many: what lies between few is rounded.
    """
    usable = np.flatnonzero(np.isfinite(table).all(axis=0))
    if len(usable) > 4 * MOST:
        usable = usable[np.argsort(-table[:2000, usable].var(axis=0), kind="stable")[: 4 * MOST]]
    counts = {int(j): len(np.unique(table[:, j])) for j in usable}
    least = {j: DISTINCT if _fractions(table[:, j]) else WIDE for j in counts}
    narrow = [j for j in counts if least[j] == WIDE and counts[j] > NARROW]
    if len(narrow) >= MANY:
        least |= dict.fromkeys(narrow, NARROW)
    fine = [j for j in counts if counts[j] > least[j]]
    fine = fine[:: -(-len(fine) // MOST)] if len(fine) > MOST else fine
    if len(fine) < 2:
        return None
    values = table[:, fine]
    spread = values.std(axis=0)
    unit = np.array([_unit(c) for c in values.T])
    values = (values - values.mean(axis=0)) / spread
    return Columns(values, unit / spread, spread, _independent(values), tuple(fine))


def _fractions(column: Floats) -> bool:
    return bool((column != np.round(column)).any())


def _unit(column: Floats) -> float:
    """Half of the last digit that a column's values have."""
    size = float(np.abs(column).max())
    for d in range(DECIMALS + 1):
        scaled = column * 10.0**d
        noise = 1e-15 * size * 10.0**d  # what doubles of that size do not hold
        if noise > 1e-3:
            break
        if np.abs(scaled - np.round(scaled)).max() < max(1e-6, 4 * noise):
            return float(0.5 * 10.0**-d)
    if (column == column.astype(np.float32)).all():
        return 6e-8 * size
    return 4e-16 * size


def _independent(values: Floats) -> NDArray[np.bool_]:
    """Columns that are no sum of multiples of the others, to the precision of float32."""
    from scipy.linalg import qr

    some = values[:: max(1, len(values) // 3000)]
    _, r, order = qr(some - some.mean(axis=0), mode="economic", pivoting=True)
    size = np.abs(np.diag(r))
    kept = np.zeros(values.shape[1], dtype=bool)
    kept[order[: len(size)][size > 1e-6 * max(float(size[0]), 1e-300)]] = True
    return kept
