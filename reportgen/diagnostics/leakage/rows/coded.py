"""Columns of some rows as small whole numbers and as places on a scale, without what says nothing.

Columns that another one determines (a code beside its word, one-hot columns) never differ alone,
and would make honest repeats look copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.cells import Cells

Rows = NDArray[np.int64]
FEW = 20  # values up to which numbers may be names
PROBE = 4000  # rows that tell whether a column determines another


@dataclass(frozen=True)
class Coded:
    """A column of the rows ``here`` and ``there``.

    Attributes
    ----------
    name : of the column, or of the first of several one-hot ones.
    here, there : small whole numbers; equal values have equal ones.
    place_here, place_there : numbers in units of the column's spread, float32; None of words.
    alike : probability that two of the rows ``there`` agree.
    """

    name: str
    here: NDArray[Any]
    there: NDArray[Any]
    place_here: NDArray[np.float32] | None
    place_there: NDArray[np.float32] | None
    alike: float


def coded(here: Cells, there: Cells, rows: Rows, beside: Rows) -> list[Coded]:
    """The columns that tell something, those first in which rows agree least."""
    found = _informative(
        _as_one([_coded(here, there, j, rows, beside) for j in range(len(here.parts))])
    )
    return sorted(found, key=lambda column: column.alike)


def _coded(here: Cells, there: Cells, j: int, rows: Rows, beside: Rows) -> Coded:
    a, b = here.at(j, rows), there.at(j, beside)
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    codes = codes.reshape(-1)
    places = None
    if len(values) == 2 or len(values) > FEW:
        places = _places(here.parts[j], there.parts[j], rows, beside)
    if len(values) == 2:
        if places is not None and places[codes == 0][0] > places[codes == 1][0]:
            codes = 1 - codes  # hashes have no order; the larger value is what is set
        places = None
    return _made(here.names[j], codes, len(values), len(a), places)


def _made(
    name: str, codes: NDArray[np.int64], size: int, n: int, places: NDArray[np.float32] | None
) -> Coded:
    kind = np.uint8 if size < 256 else np.uint16 if size < 65536 else np.uint32
    codes = codes.astype(kind)
    there = codes[n:]
    shares = np.bincount(there) / max(len(there), 1)
    return Coded(
        name,
        codes[:n],
        there,
        None if places is None else places[:n],
        None if places is None else places[n:],
        float(shares @ shares),
    )


def _places(here: Any, there: Any, rows: Rows, beside: Rows) -> NDArray[np.float32] | None:
    """Numbers over the middle half's width (or the spread, where that is nothing)."""
    parts = []
    for part, at in ((here, rows), (there, beside)):
        if isinstance(part, pl.Series):
            if not (part.dtype.is_numeric() or part.dtype.is_temporal()):
                return None
            taken = part.gather(at).to_physical().cast(pl.Float64).to_numpy()
        elif part.ndim == 1:
            taken = part[at].astype(np.float64)
        else:
            return None
        parts.append(taken)
    values = np.concatenate(parts)
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, high = np.percentile(known, [25, 75])
    width = high - low or float(np.std(known))
    if not width:
        return None
    return np.asarray((values - low) / width, dtype=np.float32)


def _as_one(columns: list[Coded]) -> list[Coded]:
    """Neighbouring columns of which always exactly one is set, as one column."""
    made: list[Coded] = []
    k = 0
    while k < len(columns):
        end = _one_hot_until(columns, k)
        if end > k + 1:
            n = len(columns[k].here)
            parts = [_set(column) for column in columns[k:end]]
            codes = np.sum([j * part for j, part in enumerate(parts) if part is not None], axis=0)
            made.append(_made(columns[k].name, np.asarray(codes), end - k, n, None))
        else:
            made.append(columns[k])
        k = max(end, k + 1)
    return made


def _set(column: Coded) -> NDArray[np.int64] | None:
    """Where a column of two values has the larger one; None for others."""
    codes = np.concatenate([column.here, column.there]).astype(np.int64)
    return codes if codes.max(initial=0) == 1 else None


def _one_hot_until(columns: list[Coded], start: int) -> int:
    """End of the one-hot columns that begin at ``start``; ``start`` where none do."""
    total: NDArray[np.int64] | None = None
    for j in range(start, len(columns)):
        codes = _set(columns[j])
        if codes is None:
            return start
        total = codes + (0 if total is None else total)
        if total.max(initial=0) > 1:
            return start
        if j > start and total.min(initial=1) == 1:
            return j + 1
    return start


def _informative(columns: list[Coded]) -> list[Coded]:
    """Without those that another column determines; columns nearly all of whose values differ
    determine everything, which says nothing.
    """
    some = [np.concatenate([c.here[:PROBE], c.there[:PROBE]]).astype(np.int64) for c in columns]
    distinct = [len(np.unique(codes)) for codes in some]
    out: set[int] = set()
    order = sorted(range(len(columns)), key=lambda k: distinct[k])
    for k in order:
        for j in order:
            if j == k or j in out or distinct[j] < distinct[k] or distinct[j] > len(some[j]) / 2:
                continue
            if distinct[k] == 1 or _determines(some[j], some[k], distinct[j]):
                out.add(k)
                break
    return [c for k, c in enumerate(columns) if k not in out]


def _determines(one: NDArray[np.int64], other: NDArray[np.int64], distinct: int) -> bool:
    width = int(other.max()) + 1
    first = one[:200] * width + other[:200]  # most pairs are told by a few rows
    if len(np.unique(first)) != len(np.unique(one[:200])):
        return False
    return len(np.unique(one * width + other)) == distinct
