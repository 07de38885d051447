"""JSON lines into a table, a block at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 1 << 26
_BOM = b"\xef\xbb\xbf"


def read_lines(path: Path, where: str) -> pl.DataFrame:
    """One JSON object a line; nested lists stay lists.

    Raises
    ------
    DataError
        naming the line that is no object, or whose values are of another kind than before.
    """
    import polars as pl

    frames: list[pl.DataFrame] = []
    objects = 0
    try:
        for block in _blocks(path):
            frames.append(pl.read_ndjson(block, infer_schema_length=None))
            objects += sum(1 for line in block.splitlines() if line.strip())
        frame = _joined(frames)
        if frame is None:  # blocks of different kinds: as one, it is told whether they go together
            frame = pl.read_ndjson(b"".join(_blocks(path)), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _bad_line(path, where, error) from None
    if not objects:
        raise DataError(Problem("the file is empty", file=where))
    if frame.width == 0 or frame.height != objects:
        raise _bad_line(path, where, None)
    return frame


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame | None:
    """The blocks as one table; None where a column is not of one kind in all of them."""
    import polars as pl

    if len(frames) < 2:
        return frames[0] if frames else pl.DataFrame()
    kinds: dict[str, pl.DataType] = {}
    for frame in frames:
        for name, kind in frame.schema.items():
            before = kinds.setdefault(name, kind)
            if before == pl.Null:
                kinds[name] = kind
            elif kind not in (before, pl.Null):
                if not (kind.is_numeric() and before.is_numeric()):
                    return None
                kinds[name] = pl.Float64()
    blocks = []
    for at, frame in enumerate(frames):
        absent = [pl.lit(None, kinds[name]).alias(name) for name in kinds.keys() - frame.schema]
        whole = frame.with_columns(absent)
        blocks.append(whole.select(pl.col(name).cast(kind) for name, kind in kinds.items()))
        frames[at] = whole.clear()  # two of a block are enough
    return pl.concat(blocks)


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in pieces of whole lines, as UTF-8; a file in UTF-16 is one piece."""
    with path.open("rb") as file:
        head = file.read(3)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            yield (head + file.read()).decode("utf-16").encode()
            return
        start = head.removeprefix(_BOM)
        while block := start + file.read(_BLOCK) + file.readline():
            start = b""
            if block.strip():
                yield block


def _lines(path: Path) -> Iterator[bytes]:
    for block in _blocks(path):
        yield from block.splitlines()


def _bad_line(path: Path, where: str, error: Exception | None) -> DataError:
    row = 0
    kinds: dict[str, tuple[type, int]] = {}
    for number, line in enumerate(_lines(path), start=1):
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
