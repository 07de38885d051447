"""Equal rows of sources larger than memory: one that is held against a stream, or both streamed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.cells import Hashes
from reportgen.diagnostics.leakage.rows.twins import twins

FETCHED = 200  # rows of the stream that are kept to be shown


@dataclass(frozen=True)
class Met:
    """Rows that are held, beside their equals in a stream.

    Attributes
    ----------
    count : rows of the stream that equal each row, int64 (n,).
    same : those of them with the row's label too, int64 (n,); None without labels.
    place : place in the stream of the first of them, -1 where there is none, int64 (n,).
    rows : some of those first ones, by place.
    """

    count: NDArray[np.int64]
    same: NDArray[np.int64] | None
    place: NDArray[np.int64]
    rows: dict[int, Any]


def met(
    here: Hashes, labelled: Hashes | None, stream: Iterable[tuple[Hashes, Hashes | None, Any]]
) -> Met:
    """Each row ``here`` beside its equals in a stream, which is read once.

    In memory are the rows ``here`` and a batch.

    Parameters
    ----------
    here, labelled : a number a row, without its label and with it.
    stream : the same of a batch, and a function of a place in it that gives that row.
    """
    known, of = np.unique(here, return_inverse=True)
    whole, with_label = (
        (None, None) if labelled is None else np.unique(labelled, return_inverse=True)
    )
    count, first = np.zeros(len(known), dtype=np.int64), np.full(len(known), -1, dtype=np.int64)
    same = np.zeros(0 if whole is None else len(whole), dtype=np.int64)
    rows: dict[int, Any] = {}
    start = 0
    for hashes, told, row in stream:
        at, which = _within(hashes, known)
        count += np.bincount(which, minlength=len(known))
        fresh, index = np.unique(which, return_index=True)
        fresh, index = fresh[first[fresh] < 0], index[first[fresh] < 0]
        first[fresh] = start + at[index]
        for k in at[index][: max(0, FETCHED - len(rows))]:
            rows[start + int(k)] = row(int(k))
        if whole is not None and told is not None:
            same += np.bincount(_within(told[at], whole)[1], minlength=len(whole))
        start += len(hashes)
    agreeing = None if with_label is None else same[with_label.reshape(-1)]
    of = of.reshape(-1)
    return Met(count[of], agreeing, first[of], rows)


def _within(hashes: Hashes, known: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the hashes that are known, and which each of them is."""
    among = pl.Series(hashes).is_in(pl.Series(known).implode()).to_numpy()
    at = np.flatnonzero(among)
    return at, np.searchsorted(known, hashes[at])


def shared_rows(
    here: Iterable[Hashes], there: Iterable[Hashes], folder: Path, parts: int = 16
) -> int:
    """How many rows ``here`` equal some row ``there``: hash partitions on disk, one at a time.

    Each source is read once, in batches; a row becomes eight bytes in the file of its partition.
    In memory are a batch, and then one partition of both sources: 8 (n + m) / ``parts`` bytes and
    what matching them takes, about four times as much.

    Parameters
    ----------
    here, there : numbers of rows, a batch at a time.
    folder : where the partitions are written; they are removed.
    """
    files = {}
    for side, source in (("here", here), ("there", there)):
        files[side] = [folder / f"{side}-{k}.u64" for k in range(parts)]
        _partition(source, files[side])
    total = 0
    for one, other in zip(files["here"], files["there"], strict=True):
        mine, theirs = (np.fromfile(file, dtype=np.uint64) for file in (one, other))
        if len(mine) and len(theirs):
            total += twins(mine, theirs).n
        one.unlink()
        other.unlink()
    return total


def _partition(hashes: Iterable[Hashes], files: list[Path]) -> None:
    """Each hash to the file of its upper bits: equal rows meet in the same one."""
    opened = [file.open("wb") for file in files]
    try:
        for batch in hashes:
            of = (batch >> np.uint64(48)) % np.uint64(len(files))
            for k, file in enumerate(opened):
                batch[of == k].tofile(file)
    finally:
        for file in opened:
            file.close()
