"""Copies where a split is larger than memory: all of its rows are read, a batch at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.data.table import Split
from reportgen.diagnostics.leakage.rows.cells import Cells, Hashes, cells
from reportgen.diagnostics.leakage.rows.streamed import met, shared_rows
from reportgen.diagnostics.leakage.rows.twins import Twins

SALT = np.uint64(0xD6E8FEB86659FD93)  # sets a label apart from the features


@dataclass(frozen=True)
class InParts:
    """What is known of two splits of which one, or both, are held in part.

    Attributes
    ----------
    beside : some rows of the other split that are copied, for the rows that are shown.
    same : equal rows with the same label, for each row here, (n,); None without labels.
    of_all : rows of the whole split here that stand in the whole other one; None where all rows
        here are held.
    total_here, total_there : rows of the whole splits.
    """

    beside: Split
    same: NDArray[np.int64] | None
    of_all: int | None
    total_here: int
    total_there: int


def in_parts(
    here: Split, there: Split, one: Cells, out: tuple[str, ...]
) -> tuple[Twins, InParts] | None:
    """Rows that are held against all of the other split; None where both are held whole.

    ``Twins.first`` are places among the rows ``beside``.

    Parameters
    ----------
    one : features of the rows held here, without the columns ``out``.
    """
    if here.whole is None and there.whole is None:
        return None
    label = targets(here)
    features = one.rows()
    found = met(
        features,
        None if label is None else features + label,
        _stream(there, out, labelled=label is not None),
    )
    kept = sorted(found.rows)
    place = np.searchsorted(np.array(kept, dtype=np.int64), found.place)
    shown = np.isin(found.place, kept)
    twins = Twins(
        found.count, np.where(shown, place, -1).astype(np.int64), np.zeros(there.n, dtype=bool)
    )
    of_all = None
    if here.whole is not None:
        of_all = _of_all(here, there, out)
    beside = _rows(there, kept, [found.rows[k] for k in kept])
    return twins, InParts(beside, found.same, of_all, here.rows_of_all, there.rows_of_all)


def targets(split: Split) -> Hashes | None:
    """A number a row of its target, to be added to the row's own."""
    return None if split.y is None else _labels(split.y)


def _labels(y: Any) -> Hashes | None:
    coded = cells(np.asarray(y).reshape(len(y), -1))
    return None if coded is None else coded.rows() * SALT


def _batches(split: Split) -> Iterable[tuple[Any, Any]]:
    return [(split.X, split.y)] if split.whole is None else split.whole.batches()


def _hashed(X: Any, out: tuple[str, ...]) -> Hashes:
    frame = X.drop(out) if isinstance(X, pl.DataFrame) else X
    found = cells(frame)
    assert found is not None
    return found.rows()


def _stream(
    split: Split, out: tuple[str, ...], *, labelled: bool
) -> Iterator[tuple[Hashes, Hashes | None, Any]]:
    for X, y in _batches(split):
        hashes = _hashed(X, out)
        label = _labels(y) if labelled and y is not None else None

        def row(k: int, X: Any = X, y: Any = y) -> Any:
            return X[k : k + 1], None if y is None else y[k : k + 1]

        yield hashes, None if label is None else hashes + label, row


def _of_all(here: Split, there: Split, out: tuple[str, ...]) -> int:
    def hashes(split: Split) -> Iterator[Hashes]:
        return (_hashed(X, out) for X, _ in _batches(split))

    with tempfile.TemporaryDirectory(prefix="reportgen-") as folder:
        return shared_rows(hashes(here), hashes(there), Path(folder))


def _rows(split: Split, places: list[int], rows: list[Any]) -> Split:
    """Some rows of the whole split, as a split of their own."""
    held: Any = split.X
    X = _joined([X for X, _ in rows]) if rows else held[:0]
    known = rows and all(y is not None for _, y in rows)
    y = np.concatenate([y for _, y in rows]) if known else None
    return replace(
        split, X=X, y=y, rows=np.array(places, dtype=np.int64), ids=None, groups=None, times=None,
        weights=None, unused=None, whole=None,
    )  # fmt: skip


def _joined(parts: list[Any]) -> Any:
    return pl.concat(parts) if isinstance(parts[0], pl.DataFrame) else np.concatenate(parts)
