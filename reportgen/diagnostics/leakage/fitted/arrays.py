"""Data that came standardised: by whose figures, told from the arrays themselves.

Columns that have mean 0 and one spread, median 0 and quartiles 1 apart, or limits that all share,
to the last digits, over train and test together, while train's own do not, were standardised before
they were split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.fitted.whose import RowSet
from reportgen.evidence import Case

Floats = NDArray[np.float64]
EXACT = 5e-6  # of a column's spread
DISTINCT = 10  # values below which a column says nothing
DIGITS = 6  # decimals that most values must exceed for limits to be told
LIMITED = 3  # columns with shared limits from which chance is no explanation


@dataclass(frozen=True)
class Standardised:
    """Columns that were standardised by the figures of some rows.

    Attributes
    ----------
    rows : whose figures; two sets of them where each split was standardised by its own.
    way : mean and spread, median and quartiles, or limits.
    columns : their places among the features.
    examples : column, its two figures over ``rows``, and over train.
    """

    rows: RowSet
    way: str
    columns: tuple[int, ...]
    each: bool
    examples: tuple[tuple[int, float, float, float, float], ...]


Measure = Callable[[Floats], tuple[Floats, Floats]]


def _moments(v: Floats) -> tuple[Floats, Floats]:
    return v.mean(axis=0), v.std(axis=0)


def _quartiles(v: Floats) -> tuple[Floats, Floats]:
    low, middle, high = np.percentile(v, [25, 50, 75], axis=0)
    return middle, high - low


def _limits(v: Floats) -> tuple[Floats, Floats]:
    return v.min(axis=0), v.max(axis=0)


LIMITS = "minimum and maximum"
WAYS: dict[str, Measure] = {
    "mean and standard deviation": _moments,
    "median and quartiles": _quartiles,
    LIMITS: _limits,
}
TRAIN = RowSet(("train",), False, True)


def table_of(X: Any) -> Floats | None:
    """Numbers (n, d) of a split's rows or inputs, NaN for what is none; None for no table."""
    if isinstance(X, pl.DataFrame):
        columns = [
            c.cast(pl.Float64).to_numpy() if c.dtype.is_numeric() else np.full(X.height, np.nan)
            for c in X.get_columns()
        ]
        return np.column_stack(columns) if columns else None
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind == "f":
        return np.asarray(X, np.float64)
    return None


def standardised(
    case: Case, tables: Mapping[str, Floats], sets: Sequence[RowSet]
) -> Standardised | None:
    """Whose figures standardised these tables; None where they are train's, or nobody's."""
    usable = _usable(tables)
    if not usable:
        return None
    values = {name: table[:, usable] for name, table in tables.items()}
    plain = [rows for rows in sets if not rows.complete]
    joined = {rows: np.concatenate([values[n] for n in rows.splits]) for rows in plain}
    for way, measure in WAYS.items():
        told = {rows: _done(way, *measure(joined[rows]), joined[rows]) for rows in plain}
        honest = np.logical_or.reduce([mask for rows, mask in told.items() if rows.honest])
        for rows in plain:
            chosen = None if rows.honest else _chosen(way, rows, told[rows], honest)
            if chosen is None:
                continue
            (a, b), (c, d) = measure(joined[rows]), measure(values["train"])
            far = chosen[np.argsort(-np.abs(a - c)[chosen], kind="stable")][:4]
            return Standardised(
                rows,
                way,
                tuple(usable[k] for k in chosen),
                "train" not in rows.splits and bool(told[TRAIN][chosen].any()),
                tuple((usable[k], float(a[k]), float(b[k]), float(c[k]), float(d[k])) for k in far),
            )
    return None


def _usable(tables: Mapping[str, Floats]) -> list[int]:
    """Columns of numbers without gaps, of more values than a few; counts are not standardised."""
    whole = np.logical_and.reduce([np.isfinite(t).all(axis=0) for t in tables.values()])
    some = tables["train"][:5000]
    return [
        int(j)
        for j in np.flatnonzero(whole)
        if len(np.unique(some[:, j])) > DISTINCT and np.any(some[:, j] % 1)
    ]


def _chosen(
    way: str, rows: RowSet, done: NDArray[np.bool_], honest: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """The columns that these rows' figures standardised, and no honest ones; None for none."""
    alone = "train" not in rows.splits
    least = LIMITED if way == LIMITS else min(2, len(done))
    if done.sum() < max(least, len(done) / 2):
        return None
    if way == LIMITS:  # columns whose limits both lie in train are no evidence against it
        return None if alone or not (done & ~honest).any() else np.flatnonzero(done)
    if not alone and (done & honest).any():
        return None
    return np.flatnonzero(done)


def _done(way: str, place: Floats, size: Floats, values: Floats) -> NDArray[np.bool_]:
    """Columns whose figures are those that standardising leaves."""
    if way == LIMITS:
        fine = _sharp(values) & (size > place)
        few = max(2, round(0.002 * len(values)))
        for limit in (place, size):
            fine &= (values == limit).sum(axis=0) <= few
            fine &= _shared(limit, np.ones_like(limit), fine)
        return np.asarray(fine)
    fine = (np.abs(place) <= EXACT * size) & (size > 0)
    if len(size) == 1:
        n = len(values)
        ones = [1.0, np.sqrt((n - 1) / n)]
        return np.asarray(fine & (min(abs(size[0] - one) for one in ones) <= EXACT))
    return np.asarray(fine & _shared(size, size, fine))


def _shared(figures: Floats, scale: Floats, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Columns whose figure is that of most others."""
    if among.sum() < 2:
        return np.zeros(len(figures), dtype=bool)
    middle = np.median(figures[among])
    return np.asarray(np.abs(figures - middle) <= EXACT * np.abs(scale))


def _sharp(values: Floats) -> NDArray[np.bool_]:
    """Columns whose values have more decimals than somebody writes."""
    some = values[:: max(1, len(values) // 2000)] * 10.0**DIGITS
    return np.asarray((np.abs(some - np.round(some)) > 1e-4).mean(axis=0) > 0.5)


def again(found: Standardised, table: Floats, train: Floats) -> Floats:
    """The table standardised by the figures of train instead, in the same way."""
    columns = list(found.columns)
    place, size = WAYS[found.way](train[:, columns])
    out = table.copy()
    own = table[:, columns]
    if found.way == LIMITS:
        low, high = found.examples[0][1:3]
        width = np.where(size > place, size - place, 1.0)
        out[:, columns] = low + (own - place) / width * (high - low)
    else:
        common = found.examples[0][2]
        out[:, columns] = (own - place) / np.where(size > 0, size, 1.0) * common
    return out
