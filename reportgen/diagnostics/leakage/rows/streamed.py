"""Equal rows of sources larger than memory: hash partitions on disk, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from reportgen.diagnostics.leakage.rows.cells import Hashes, cells
from reportgen.diagnostics.leakage.rows.twins import twins

BATCH = 262_144  # rows held at a time


def shared_rows(here: pl.LazyFrame, there: pl.LazyFrame, folder: Path, parts: int = 16) -> int:
    """How many rows ``here`` equal some row ``there`` in all columns.

    Each source is read once, in batches; a row becomes eight bytes in the file of its partition.
    In memory are a batch, and then one partition of both sources: 8 (n + m) / ``parts`` bytes and
    what matching them takes, about four times as much.

    Parameters
    ----------
    here, there : scanned files with the same columns.
    folder : where the partitions are written; they are removed.
    """
    names = here.collect_schema().names()
    files = {}
    for side, source in (("here", here), ("there", there)):
        files[side] = [folder / f"{side}-{k}.u64" for k in range(parts)]
        _partition(_hashes(source.select(names)), files[side])
    total = 0
    for one, other in zip(files["here"], files["there"], strict=True):
        mine, theirs = (np.fromfile(file, dtype=np.uint64) for file in (one, other))
        if len(mine) and len(theirs):
            total += twins(mine, theirs).n
        one.unlink()
        other.unlink()
    return total


def _hashes(source: pl.LazyFrame) -> Iterator[Hashes]:
    for batch in source.collect_batches(chunk_size=BATCH):
        found = cells(batch)
        assert found is not None
        yield found.rows()


def _partition(hashes: Iterator[Hashes], files: list[Path]) -> None:
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
