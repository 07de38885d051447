"""Which of a model's inputs depend on a column of the data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from reportgen.errors import ReportgenError
from reportgen.evidence import Case
from reportgen.models.tables import n_rows

PROBE = 5000  # training rows that tell


@dataclass(frozen=True)
class Mixed:
    """The column cannot be left out by itself; ``why`` in words."""

    why: str


def input_columns(case: Case, names: Sequence[str]) -> tuple[int, ...] | Mixed:
    """Indices on the inputs' last axis that move with these features.

    Told by preprocessing rows with and without the columns' values exchanged between rows; among
    the rows is one for each value of theirs, so that every column of a one-hot code moves.
    """
    features = case.dataset.features
    unknown = [name for name in names if name not in features]
    if unknown:
        return Mixed(f"{', '.join(map(repr, unknown))} is no input")
    if not case.preprocess.steps:
        return tuple(sorted(features.index(name) for name in names))
    rows = _probe(case.split("train").X, names, features)
    try:
        before = case.preprocess(rows)
        after = case.preprocess(_exchanged(rows, names, features))
    except ReportgenError:
        return Mixed("the preprocessing does not take other values of the column")
    a, b = (_dense(part) for part in (before, after))
    if a is None or b is None or a.shape != b.shape:
        return Mixed("what the preprocessing gives is no table of numbers")
    moved = (a != b) & ~(np.isnan(a) & np.isnan(b))
    found = np.flatnonzero(moved.any(axis=0))
    if not len(found):
        return Mixed("the column does not reach the model")
    if len(names) < len(features) and len(found) == a.shape[1] and a.shape[1] > 1:
        return Mixed("the preprocessing mixes it into every input")
    return tuple(int(i) for i in found)


def _probe(X: Any, names: Sequence[str], features: Sequence[str]) -> Any:
    """Training rows: the first with each value of the columns, and others from all over."""
    n = n_rows(X)
    chosen = [np.arange(0, n, -(-n // (PROBE // 2)))]
    for name in names:
        if isinstance(X, pl.DataFrame):
            firsts = X.select(pl.col(name).is_first_distinct().arg_true()).to_series().to_numpy()
        else:
            firsts = np.unique(X[:, features.index(name)], return_index=True)[1]
        chosen.append(firsts[: PROBE // 2])
    at = np.unique(np.concatenate(chosen))
    return X[at] if isinstance(X, np.ndarray) else X[at.tolist()]


def _exchanged(rows: Any, names: Sequence[str], features: Sequence[str]) -> Any:
    """The rows with the values of some columns each from the row above.

    Every column that tells two of these values apart moves in some row.
    """
    if isinstance(rows, pl.DataFrame):
        above = [rows.height - 1, *range(rows.height - 1)]
        return rows.with_columns(rows.get_column(name).gather(above) for name in names)
    changed = np.array(rows)
    for name in names:
        at = features.index(name)
        changed[:, at] = np.roll(changed[:, at], 1)
    return changed


def _dense(inputs: Any) -> np.ndarray | None:
    if hasattr(inputs, "toarray"):
        inputs = inputs.toarray()
    if hasattr(inputs, "to_numpy"):
        inputs = inputs.to_numpy()
    array = np.asarray(inputs)
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        return None
    return array.astype(np.float64)
