"""Tables and arrays in files: by extension, checked before they are parsed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.data.large import Memory, parquet
from reportgen.data.raw import Raw, sha256_of_file
from reportgen.errors import DataError, Problem
from reportgen.job.inputs import not_a_file

if TYPE_CHECKING:
    import polars as pl

DELIMITED = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")
LINES = (".jsonl", ".ndjson")
ARCHIVES = (".npz",)
EXTENSIONS = (*DELIMITED, *PARQUET, *LINES, *ARCHIVES)
#: What pandas calls the column of its row numbers in Parquet.
PANDAS_INDEX = "__index_level_0__"


def check_file(path: Path, where: str) -> None:
    """Raise a :class:`DataError` unless ``path`` is a file of a kind we read, and not empty."""
    try:
        if path.is_dir():
            raise DataError(
                Problem(
                    "this is a folder",
                    file=where,
                    expected=f"a file: {', '.join(EXTENSIONS)}",
                    advice="For a folder of images write {images: DIR}.",
                )
            )
        kind = not_a_file(path)
        if kind is not None:
            raise DataError(
                Problem(
                    f"this is {kind}, which may never end",
                    file=where,
                    expected="a file",
                    advice="Save the rows in a file first.",
                )
            )
        size = path.stat().st_size
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        near = _nearest_file(path)
        raise DataError(
            Problem(
                "the file is not there",
                file=where,
                got=f"nothing at {path}",
                advice=f"Did you mean {near}?" if near else "Paths are relative to the job file.",
            )
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(Problem("the file cannot be opened", file=where, got=str(error))) from None
    if path.suffix.lower() not in EXTENSIONS:
        raise DataError(
            Problem(
                f"files of kind {path.suffix or 'without extension'!r} are not read",
                file=where,
                expected=", ".join((".csv", ".parquet", ".npz", ".jsonl")),
            )
        )
    if size == 0:
        raise DataError(Problem("the file is empty", file=where, got="0 bytes"))


def _nearest_file(path: Path) -> str | None:
    from difflib import get_close_matches

    try:
        beside = [other.name for other in path.parent.iterdir()]
    except OSError:
        return None
    return next(iter(get_close_matches(path.name, beside, n=1)), None)


def read_file(
    path: Path,
    where: str,
    *,
    split: str = "train",
    known: Collection[str] = (),
    as_text: Collection[str] = (),
    memory: Memory | None = None,
    seed: int = 0,
) -> Raw:
    """The rows of a file. ``known`` and ``as_text`` as for delimited files.

    All of them, but where they take more than their part of ``memory``: then some are held that
    ``seed`` draws, and ``large`` reads the others.

    Raises
    ------
    DataError
        when the file is missing, empty, damaged or of a kind that is not read.
    """
    check_file(path, where)
    suffix = path.suffix.lower()
    if suffix in DELIMITED:
        from reportgen.data.delimited import read_delimited

        return read_delimited(path, where, known=known, as_text=as_text, memory=memory, seed=seed)
    if suffix in PARQUET:
        part = None if memory is None else parquet(path, where, memory, seed)
        if part is not None:
            return replace(_table(part[0], path, where), large=part[1])
        return _table(read_parquet(path, where), path, where)
    if suffix in LINES:
        from reportgen.data.lines import read_lines

        return _table(read_lines(path, where), path, where)
    from reportgen.data.arrays import read_npz

    return read_npz(path, where, split)


def _table(frame: pl.DataFrame, path: Path, where: str) -> Raw:
    return Raw(
        where=where,
        sha256=sha256_of_file(path),
        n=frame.height,
        columns=frame,
        index_like=tuple(name for name in frame.columns if name == PANDAS_INDEX),
    )


def damaged_parquet(where: str, error: Exception) -> DataError:
    """What is said of a Parquet file that does not open."""
    return DataError(
        Problem(
            "the Parquet file cannot be read; it is damaged, cut short, or no Parquet file",
            file=where,
            got=str(error).splitlines()[0] if str(error) else type(error).__name__,
            advice="Write it again; the footer that describes its columns comes last.",
        )
    )


def read_parquet(path: Path, where: str) -> pl.DataFrame:
    """A Parquet file, its columns as they are stored."""
    import polars as pl

    try:
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise damaged_parquet(where, error) from None
    return frame
