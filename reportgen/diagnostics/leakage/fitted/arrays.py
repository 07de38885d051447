"""Data that came standardised: by whose figures, told from the arrays themselves.

Columns that have mean 0 and standard deviation 1, median 0 and quartiles 1 apart, or limits that
all share, to the last digits, over train and test together, while train's own do not, were
standardised before they were split.

Columns may be round by nature: sine and cosine of a time of day have limits of -1 and 1 and, over
whole days, mean 0 and one spread; shares lie from 0 to 1; each group may have been standardised by
itself. What nature makes is no evidence here.
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
LIMITED = 4  # columns with shared limits from which chance is no explanation; 3 where it is all
ROWS_AT_LIMITS = 3  # rows that must have them: an empty row lies at all limits
CIRCLE = 1e-6  # squares of a sine and its cosine have one sum
MOST_PAIRED = 600  # columns that are compared in pairs


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


LIMITS, MOMENTS = "minimum and maximum", "mean and standard deviation"
WAYS: dict[str, Measure] = {
    MOMENTS: _moments,
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
    usable = [j for j, on in zip(usable, ~_circles(tables, usable), strict=True) if on]
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
            if chosen is None or _by_group(case, rows, values, chosen):
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


def _circles(tables: Mapping[str, Floats], among: Sequence[int]) -> NDArray[np.bool_]:
    """Sines with their cosines: pairs of columns whose squares have the same sum in every row."""
    some = np.concatenate([t[:100, among] for t in tables.values()]) ** 2
    on = np.zeros(len(among), dtype=bool)
    for j in range(min(len(among), MOST_PAIRED)):
        both = some + some[:, [j]]
        whole = both.mean(axis=0)
        even = np.ptp(both, axis=0) <= CIRCLE * whole
        even[j] = False
        on |= even
    return on


def _by_group(
    case: Case, rows: RowSet, values: Mapping[str, Floats], chosen: NDArray[np.int64]
) -> bool:
    """Whether each group was standardised by itself, so that any of them together are."""
    groups = [case.split(name).groups for name in rows.splits]
    if any(g is None for g in groups):
        return False
    codes = np.unique(np.concatenate([np.asarray(g, str) for g in groups]), return_inverse=True)[1]
    own = np.concatenate([values[name] for name in rows.splits])[:, chosen]
    count = np.bincount(codes)
    means = [np.bincount(codes, own[:, j]) / count for j in range(own.shape[1])]
    return bool(len(count) > 1 and (np.abs(means) <= EXACT * own.std(axis=0)[:, None]).all())


def _chosen(
    way: str, rows: RowSet, done: NDArray[np.bool_], honest: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """The columns that these rows' figures standardised, and no honest ones; None for none."""
    alone = "train" not in rows.splits
    least = min(LIMITED, max(len(done), 3)) if way == LIMITS else min(2, len(done))
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
        return _at_limits(place, size, values)
    n = len(values)
    fine = (np.abs(place) <= EXACT * size) & (size > 0)
    if way == MOMENTS:  # by n or n - 1, or columns of length 1
        ones = np.array([1.0, (n - 1) / n, 1 / n]) ** 0.5
    else:  # of numbers that somebody rounded, a half of quartiles are 1 apart
        ones = np.array([1.0])
        fine &= _sharp(values)
    return np.asarray(fine & (np.abs(size[:, None] / ones - 1) <= EXACT).any(axis=1))


def _at_limits(low: Floats, high: Floats, values: Floats) -> NDArray[np.bool_]:
    """Columns whose least and largest are those of most others, and one row's each.

    What lies between such limits by nature meets or nears them often or hardly ever; one row may
    meet all of them, which a scaler of columns does not bring about; and ranks end at 1 by nature.
    """
    n = len(values)
    fine = _sharp(values) & (high > low)
    for limit in (low, high):
        fine &= _shared(limit, np.ones_like(limit), fine)
    steps = np.diff(np.sort(values, axis=0), axis=0)
    ranks = np.ptp(steps, axis=0) <= 1e-6 * steps.mean(axis=0)
    near = min(EXACT, 0.01 / n) * (high - low)
    at = [np.abs(values - limit) <= near for limit in (low, high)]
    once = fine & ~ranks & (at[0].sum(axis=0) == 1) & (at[1].sum(axis=0) == 1)
    met = [len(np.unique(side[:, once].argmax(axis=0))) if once.any() else 0 for side in at]
    if min(met) < ROWS_AT_LIMITS or once.sum() <= fine.sum() / 2:
        return np.zeros(len(low), dtype=bool)
    return np.asarray(once)


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
