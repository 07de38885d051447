"""Delimited text files larger than memory: counted, drawn from, and read a block at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.data.delimited import batches, first_types, tidy, unexpected
from reportgen.data.large import Large, Memory, drawn, gathered, width
from reportgen.data.layout import Layout, Scan
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import polars as pl


def in_parts(
    path: Path,
    where: str,
    layout: Layout,
    facts: Scan,
    as_text: Collection[str],
    memory: Memory,
    seed: int,
) -> tuple[pl.DataFrame, Large] | None:
    """The held rows of a file that is too large; None where it is not.

    Columns have the types of the first block; where a later one does not go with these, whole
    numbers are read as floats, and columns without a value as text.

    Raises
    ------
    DataError
        where rows are of other types even so, or of another number of fields.
    """
    import polars as pl

    types, kept = first_types(path, layout, facts, set(as_text))
    try:
        n = _count(path, layout, facts, types)
    except unexpected():
        types = _wider(types)
        try:
            n = _count(path, layout, facts, types)
        except unexpected() as error:
            raise _changed(where, error) from None
    size = n * sum(width(kind) for kind in types.values())
    if size <= memory.split:
        return None

    def frames() -> Iterator[pl.DataFrame]:
        for batch in batches(path, layout, facts, types):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame

    at = drawn(n, size, memory, where, seed)
    held = tidy(iter(gathered(frames(), at)), kept)
    return held, Large(n, size, at, frames, memory)


def _count(path: Path, layout: Layout, facts: Scan, types: Mapping[str, Any]) -> int:
    return sum(batch.num_rows for batch in batches(path, layout, facts, types))


def _wider(types: Mapping[str, Any]) -> dict[str, Any]:
    import pyarrow as pa

    def wider(kind: Any) -> Any:
        if pa.types.is_integer(kind):
            return pa.float64()
        return pa.string() if pa.types.is_null(kind) else kind

    return {name: wider(kind) for name, kind in types.items()}


def _changed(where: str, error: Exception) -> DataError:
    return DataError(
        Problem(
            "a file that is larger than memory is read with the types of its first rows, and a "
            "later row is of another type, or of another number of fields",
            file=where,
            got=str(error).splitlines()[0],
            advice="Write the column in one way, or write the rows to a .parquet file.",
        )
    )
