"""Rows of two splits as numbers that a classifier can tell apart, and as units that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.shift.clumps import clumps
from reportgen.evidence import Case
from reportgen.models.tables import concatenate
from reportgen.statistics.clusters import clusters, copied_rows

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
MOST = 5000  # rows of each split that are compared
SIDE = 8  # an image is looked at in so many parts each way
COMMON = 30  # values of a text column that are told apart


@dataclass(frozen=True)
class Compared:
    """Rows of train and of the judged split, one below the other.

    Attributes
    ----------
    table : float64 (n, d), NaN for what is missing; categories are codes by frequency.
    names : of its columns, or () where they have none.
    categorical : which columns are codes, bool (d,).
    judged : whether a row is judged, bool (n,).
    units : rows that were drawn together (a group; copies; rows far closer to each other than to
        any others), codes (n,), or None.
    grouped : whether units are groups, which stand on one side whole.
    places : split's places of the rows that were taken: of train, of judged.
    """

    table: Floats
    names: tuple[str, ...]
    categorical: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    units: Codes | None
    grouped: bool
    places: tuple[Codes, Codes]


def compared(case: Case, judged: str, only: int | None = None) -> Compared | None:
    """As many rows of both as are compared; None for rows that are no numbers and no table.

    ``only`` is the class whose rows are taken, all by default.
    """
    rng = case.rng("rows of splits that are compared")
    places, parts, groups = [], [], []
    for name in ("train", judged):
        split = case.split(name)
        chosen = np.arange(split.n)
        if only is not None:
            chosen = np.flatnonzero(np.asarray(split.y) == only)
        if len(chosen) > MOST:
            chosen = np.sort(rng.choice(chosen, MOST, replace=False))
        places.append(chosen)
        parts.append(_taken(split.X, chosen))
        groups.append(None if split.groups is None else np.asarray(split.groups)[chosen])
    whole = concatenate(parts) if _known(parts[0]) else None
    encoded = None if whole is None else _encoded(whole, case.dataset.kind)
    if encoded is None:
        return None
    table, names, categorical = encoded
    is_judged = np.repeat([False, True], [len(p) for p in places])
    grouped = all(g is not None for g in groups)
    joined = np.concatenate([np.asarray(g, dtype=str) for g in groups]) if grouped else None
    units = clusters(groups=joined, copies=None if grouped else copied_rows(whole))
    if units is None:
        units = clumps(table)
        grouped = units is not None and _apart(units, is_judged)
    return Compared(
        table, names, categorical, is_judged, units, grouped and units is not None,
        (places[0], places[1]),
    )  # fmt: skip


def _apart(units: Codes, judged: NDArray[np.bool_]) -> bool:
    """Whether hardly any unit stands on both sides, as where subjects were split."""
    size = np.bincount(units)
    there = np.bincount(units, judged)
    several = size > 1
    both = (there > 0) & (there < size) & several
    return bool(both.sum() <= 0.05 * several.sum())


def _known(X: Any) -> bool:
    return isinstance(X, (np.ndarray, pl.DataFrame))


def _taken(X: Any, rows: Codes) -> Any:
    return X[rows] if _known(X) else X


def _encoded(X: Any, kind: str) -> tuple[Floats, tuple[str, ...], NDArray[np.bool_]] | None:
    if isinstance(X, pl.DataFrame):
        return _of_table(X)
    if X.dtype.kind not in "fiub":
        return None
    if X.ndim == 1:
        X = X[:, None]
    if X.ndim > 2 and kind == "images":
        X = _coarse(X)
    flat = X.reshape(len(X), -1).astype(np.float64)
    return flat, (), np.zeros(flat.shape[1], dtype=bool)


def _of_table(X: pl.DataFrame) -> tuple[Floats, tuple[str, ...], NDArray[np.bool_]]:
    columns, names, categorical = [], [], []
    for column in X.get_columns():
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            values = column.cast(pl.Float64).to_numpy()
        elif column.dtype.is_temporal():
            values = column.to_physical().cast(pl.Float64).to_numpy()
        else:
            texts = column.cast(pl.String)
            counts = texts.drop_nulls().value_counts(sort=True)
            if len(counts) > max(COMMON, 0.5 * len(texts)):  # texts: their lengths, not their words
                lengths = texts.str.len_chars().cast(pl.Float64).to_numpy()
                columns.append(lengths)
                names.append(column.name)
                categorical.append(False)
                continue
            order = {v: float(k) for k, v in enumerate(sorted(
                counts[column.name].to_list()[:COMMON]))}  # fmt: skip
            values = np.array(
                [np.nan if v is None else order.get(v, -1.0) for v in texts.to_list()]
            )
            columns.append(values)
            names.append(column.name)
            categorical.append(True)
            continue
        columns.append(values)
        names.append(column.name)
        categorical.append(False)
    return np.column_stack(columns), tuple(names), np.array(categorical, dtype=bool)


def _coarse(X: NDArray[Any]) -> NDArray[Any]:
    """Means over parts of an image, (n, 8, 8, c)."""
    if X.ndim == 3:
        X = X[..., None]
    n, h, w, c = X.shape
    tall, wide = max(h // SIDE, 1), max(w // SIDE, 1)
    cut = X[:, : h // tall * tall, : w // wide * wide].astype(np.float64)
    return np.asarray(cut.reshape(n, h // tall, tall, w // wide, wide, c).mean(axis=(2, 4)))
