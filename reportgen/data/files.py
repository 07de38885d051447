"""Tables and arrays in files: by extension, checked before they are parsed."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

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
) -> Raw:
    """All rows of a file. ``known`` and ``as_text`` as for delimited files.

    Raises
    ------
    DataError
        when the file is missing, empty, damaged or of a kind that is not read.
    """
    check_file(path, where)
    suffix = path.suffix.lower()
    if suffix in DELIMITED:
        from reportgen.data.delimited import read_delimited

        return read_delimited(path, where, known=known, as_text=as_text)
    if suffix in PARQUET:
        return _table(read_parquet(path, where), path, where)
    if suffix in LINES:
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


def read_lines(path: Path, where: str) -> pl.DataFrame:
    """One JSON object a line; nested lists stay lists."""
    import polars as pl

    raw = path.read_bytes()
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = raw.decode("utf-16").encode()
    if not raw.strip():
        raise DataError(Problem("the file is empty", file=where))
    try:
        frame = pl.read_ndjson(raw, infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _bad_line(raw, where, error) from None
    if frame.width == 0 or frame.height != _objects(raw):
        raise _bad_line(raw, where, None)
    return frame


def _objects(raw: bytes) -> int:
    return sum(1 for line in raw.splitlines() if line.strip())


def _bad_line(raw: bytes, where: str, error: Exception | None) -> DataError:
    row = 0
    kinds: dict[str, tuple[type, int]] = {}
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as reason:
            return DataError(
                Problem(
                    "the line is no JSON",
                    file=where,
                    line=number,
                    row=row,
                    expected='one object a line, {"column": value, …}',
                    got=f"{line[:60].decode('utf-8', 'replace')!r}: {reason}",
                    advice="If it is the last line, the file was cut short: write it again.",
                )
            )
        if not isinstance(value, dict):
            return DataError(
                Problem(
                    "the line is not an object",
                    file=where,
                    line=number,
                    row=row,
                    expected='one object a line, {"column": value, …}',
                    got=line[:60].decode("utf-8", "replace"),
                )
            )
        for name, item in value.items():
            if item is None:
                continue
            kind = float if isinstance(item, (int, float)) else type(item)
            before = kinds.setdefault(name, (kind, number))
            if before[0] is not kind:
                return DataError(
                    Problem(
                        "the column holds values of different kinds",
                        file=where,
                        line=number,
                        row=row,
                        column=name,
                        expected=f"{before[0].__name__}, as in line {before[1]}",
                        got=f"{kind.__name__}: {json.dumps(item)[:60]}",
                    )
                )
        row += 1
    return DataError(Problem("the lines cannot be read as a table", file=where, got=str(error)))
