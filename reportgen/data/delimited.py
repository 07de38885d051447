"""Delimited text files (.csv, .tsv) into a table, with every row accounted for."""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.data.large import Memory
from reportgen.data.layout import MISSING, Layout, Scan, read_layout, scan
from reportgen.data.raw import Raw
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_BLOCK = 1 << 24
LARGE = 1 << 28  # bytes from which memory counts more than a second look at the first rows
DENSE = 4  # times as many bytes as its text a row may take
_SHOWN = 3


def read_delimited(
    path: Path,
    where: str,
    *,
    known: Collection[str] = (),
    as_text: Collection[str] = (),
    memory: Memory | None = None,
    seed: int = 0,
) -> Raw:
    """A delimited text file.

    Columns of numbers with blanks or any of pandas' spellings of "missing" are numbers; ``true``
    and ``false`` are truth values; dates stay text, as pandas has them; all other text stays
    exactly as it is.

    Parameters
    ----------
    known : columns the job names (they tell a header from a row).
    as_text : columns to keep as text, whatever they look like.
    memory, seed : what the rows may take, and the seed of those that are held where all take more.

    Raises
    ------
    DataError
        with line and row where rows have too few or too many fields, quotes stay open, the text
        is damaged, or there is no row at all.
    """
    facts = scan(path, where)
    layout = read_layout(path, where, known)
    ambiguous = [name for name in layout.repeated if name in known]
    if ambiguous:
        raise DataError(
            Problem(
                f"several columns are called {ambiguous[0]!r}, which the job names",
                file=where,
                column=ambiguous[0],
                expected="one column of that name",
                advice="Rename the others in the file.",
            )
        )
    if facts.odd_quotes and facts.quoted_line_breaks:
        _refuse_open_quote(path, where, layout, facts)
    large = None
    if memory is not None and path.stat().st_size * DENSE > memory.split:
        from reportgen.data.delimited_parts import in_parts

        large = in_parts(path, where, layout, facts, as_text, memory, seed)
    frame = _parse(path, where, layout, facts, as_text) if large is None else large[0]
    index_like = [name for name in layout.index_like if name in frame.columns]
    return Raw(
        where=where,
        sha256=facts.sha256,
        n=frame.height,
        columns=frame,
        index_like=tuple(index_like),
        delimited=True,
        notes=(*facts.notes, *layout.notes),
        large=None if large is None else large[1],
    )


def _parse(
    path: Path, where: str, layout: Layout, facts: Scan, as_text: Collection[str]
) -> pl.DataFrame:
    kept = set(as_text)
    if path.stat().st_size > LARGE:
        with contextlib.suppress(*unexpected()):  # a type that holds for the first rows alone
            return _by_blocks(path, layout, facts, kept)
    table = _arrow(path, where, layout, facts, kept)
    wrong = _misread(table.schema, kept, layout)
    if wrong:
        kept |= wrong
        table = _arrow(path, where, layout, facts, kept)
    return tidy(_columns(table.column_names, [c.chunks for c in table.columns]), kept)


def unexpected() -> tuple[type[Exception], ...]:
    """What Arrow raises of a text that is not as expected."""
    import pyarrow as pa

    return (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeError)


def _misread(schema: pa.Schema, as_text: Collection[str], layout: Layout) -> set[str]:
    """Dates and times, which stay text, and whole numbers that a float cannot hold."""
    import pyarrow as pa

    return {
        column.name
        for column in schema
        if column.name not in as_text
        and (pa.types.is_temporal(column.type) or _lost_digits(column, layout))
    }


def _by_blocks(path: Path, layout: Layout, facts: Scan, as_text: set[str]) -> pl.DataFrame:
    """A large file with the types of its first block: without them, Arrow keeps the whole text
    beside the numbers, for the case that a later row is of another type.

    Raises
    ------
    ArrowInvalid
        where a later row is.
    """
    types, kept = first_types(path, layout, facts, as_text)
    parts: list[list[pa.Array]] = [[] for _ in types]
    for batch in batches(path, layout, facts, types):
        for part, column in zip(parts, batch.columns, strict=True):
            part.append(column)
    return tidy(_columns(list(types), parts), kept)


def first_types(
    path: Path, layout: Layout, facts: Scan, as_text: set[str]
) -> tuple[dict[str, Any], set[str]]:
    """Arrow types of the columns by the first block, and the columns that stay text."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with arrow_csv.open_csv(str(path), *_options(layout, facts, as_text)) as reader:
        schema = reader.schema
    kept = as_text | _misread(schema, as_text, layout)
    return {c.name: pa.string() if c.name in kept else c.type for c in schema}, kept


def batches(
    path: Path, layout: Layout, facts: Scan, types: Mapping[str, Any]
) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv as arrow_csv

    with arrow_csv.open_csv(str(path), *_options(layout, facts, types)) as reader:
        yield from reader


def _columns(names: Sequence[str], parts: list[list[pa.Array]]) -> Iterator[pl.Series]:
    """Each column in one piece; its pieces are let go before the next column is joined."""
    import polars as pl
    import pyarrow as pa

    for at, name in enumerate(names):
        pieces, parts[at] = parts[at], []
        column = pl.from_arrow(pa.chunked_array(pieces))
        del pieces
        assert isinstance(column, pl.Series)
        yield column.alias(name)


def _lost_digits(field: pa.Field, layout: Layout) -> bool:
    import pyarrow as pa

    if not pa.types.is_floating(field.type):
        return False
    at = layout.names.index(field.name)
    return any(
        at < len(row) and len(row[at].strip()) > 15 and row[at].strip().isdigit()
        for row in layout.sample
    )


def _arrow(
    path: Path, where: str, layout: Layout, facts: Scan, as_text: Collection[str]
) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def read(*, use_threads: bool = True, **differently: Any) -> pa.Table:
        options = _options(layout, facts, as_text, **differently)
        options[0].use_threads = use_threads
        return arrow_csv.read_csv(str(path), *options)

    try:
        table = read()
    except unexpected() as error:
        bad: list[Any] = []

        def note(row: Any) -> str:
            bad.append(row)
            return "skip"

        try:
            read(use_threads=False, invalid_row_handler=note)
        except (pa.ArrowInvalid, UnicodeError):
            bad = []
        if bad:
            raise _ragged(where, layout, bad) from None
        raise DataError(Problem(f"cannot be parsed: {error}", file=where)) from None
    if table.num_rows == 0:
        raise DataError(
            Problem("there is a header but no row", file=where, expected="at least one row")
        )
    return table


def _options(
    layout: Layout, facts: Scan, types: Collection[str] | Mapping[str, Any], **parsing: Any
) -> tuple[Any, Any, Any]:
    """Arrow's options; ``types`` are columns of text, or the types of columns."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    return (
        arrow_csv.ReadOptions(
            encoding="utf8" if facts.encoding.startswith("utf-8") else facts.encoding,
            column_names=list(layout.names),
            skip_rows=layout.skip_lines,
            block_size=_BLOCK,
        ),
        arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=facts.quoted_line_breaks, **parsing
        ),
        arrow_csv.ConvertOptions(
            null_values=list(MISSING),
            strings_can_be_null=False,
            true_values=["true", "True", "TRUE"],
            false_values=["false", "False", "FALSE"],
            decimal_point="," if layout.decimal_comma else ".",
            column_types=types if isinstance(types, Mapping) else dict.fromkeys(types, pa.string()),
        ),
    )


def _ragged(where: str, layout: Layout, bad: list[Any]) -> DataError:
    first = bad[0]
    row = None if first.number is None else first.number - 1 - layout.skip_lines
    text = first.text if len(first.text) <= 80 else first.text[:77] + "…"
    others = f" ({len(bad)} such rows)" if len(bad) > 1 else ""
    short = first.actual_columns < first.expected_columns
    return DataError(
        Problem(
            f"a row has too {'few' if short else 'many'} fields{others}",
            file=where,
            line=first.number,
            row=row,
            expected=f"{first.expected_columns} fields separated by {layout.delimiter!r}",
            got=f"{first.actual_columns}: {text!r}",
            advice="If it is the last row, the file was cut short: write it again. Else put "
            "quotes around fields that hold the delimiter.",
        )
    )


def _refuse_open_quote(path: Path, where: str, layout: Layout, facts: Scan) -> None:
    start = 1
    encoding = "utf-8-sig" if facts.encoding == "utf-8" else facts.encoding
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        reader = csv.reader(file, delimiter=layout.delimiter, strict=False)
        previous = 0
        last: list[str] = []
        for row in reader:
            start, previous, last = previous + 1, reader.line_num, row
        if last and "\n" in last[-1]:
            raise DataError(
                Problem(
                    "a quote is opened and never closed; all that follows would be one field",
                    file=where,
                    line=start,
                    advice="The file was cut short inside a field, or a quote stands alone: "
                    'close it, or write it twice ("").',
                )
            )


def tidy(columns: Iterable[pl.Series], as_text: Collection[str]) -> pl.DataFrame:
    """Columns as a table: numbers with stray blanks as numbers, empty columns as floats."""
    import polars as pl

    tidy = []
    for column in columns:
        number = None
        if column.dtype == pl.Null:
            number = column.cast(pl.Float64)
        elif column.dtype == pl.String and column.name not in as_text:
            number = padded_number(column)
        tidy.append(column if number is None else number)
    return pl.DataFrame(tidy)


def padded_number(column: pl.Series) -> pl.Series | None:
    """``" 7"`` and ``"  "`` in a column of numbers: the numbers; None for real text."""
    import polars as pl

    probe = itertools.islice(column, 1000)
    blanks = {"", *(word for word in MISSING if word.strip())}
    if not all(_floats(text) or text.strip() in blanks for text in probe if text is not None):
        return None
    stripped = column.str.strip_chars()
    present = ~stripped.is_in(list(blanks))
    if not present.any():
        return column.cast(pl.Float64, strict=False)
    kept = stripped.to_frame().select(pl.when(present).then(pl.first())).to_series()
    for dtype in (pl.Int64, pl.Float64):
        number = kept.cast(dtype, strict=False)
        if number.is_not_null().equals(present):
            return number.alias(column.name)
    return None


def _floats(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
