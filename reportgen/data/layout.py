"""How a delimited text file is laid out: encoding, delimiter, header. Standard library only."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import DataError, Problem

_HEAD = 1 << 18
_SAMPLE = 1000
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive (.npz, .xlsx)",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}
_NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")
_DECIMAL_COMMA = re.compile(r"^\s*[+-]?\d+,\d+\s*$")
#: What pandas reads as missing by default; its users' models were trained on such tables.
MISSING = (
    "", " ", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be known to parse a delimited file.

    ``names`` are unique; ``skip_lines`` is how many lines of text stand before the first row;
    ``index_like`` are names given to nameless columns; ``repeated`` names stand several times in
    the header; ``sample`` holds the first rows as text, at most 1,000 of them, from the first
    ``sample_bytes`` bytes.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    skip_lines: int
    decimal_comma: bool
    index_like: tuple[str, ...]
    repeated: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    sample_bytes: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """Facts of the whole file: its hash, whether quoted fields hold line breaks, odd quotes."""

    sha256: str
    encoding: str
    quoted_line_breaks: bool
    odd_quotes: bool
    notes: tuple[str, ...]


def encoding_of(head: bytes, where: str) -> str:
    """Encoding by byte-order mark, or by NULs; ``utf-8`` where nothing speaks against it.

    Raises
    ------
    DataError
        for an empty file and for bytes that are no text.
    """
    if not head.strip():
        raise DataError(Problem("the file is empty", file=where))
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise DataError(
                Problem(
                    f"this is {kind}, not text",
                    file=where,
                    expected="a text table with one row a line",
                    advice="Give the file the extension of what it is, or unpack it.",
                )
            )
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = len(head) // 2
        if odd > 0.4 * half and even < 0.1 * half:
            return "utf-16-le"
        if even > 0.4 * half and odd < 0.1 * half:
            return "utf-16-be"
        raise DataError(
            Problem(
                "the file holds NUL bytes and is no text",
                file=where,
                expected="a text table with one row a line",
            )
        )
    return "utf-8"


def scan(path: Path, where: str) -> Scan:
    """One pass over a file in pieces: hash, validity as UTF-8, quotes.

    Text that is not UTF-8 is taken for Windows-1252 (Latin-1) and said so, unless valid UTF-8
    came before: then the file is damaged.
    """
    digest = hashlib.sha256()
    line = 1
    open_quote = breaks = non_ascii = False
    notes: tuple[str, ...] = ()
    with path.open("rb") as file:
        head = file.read(_HEAD)
        encoding = encoding_of(head, where)
        file.seek(0)
        utf8 = codecs.getincrementaldecoder("utf-8")() if encoding.startswith("utf-8") else None
        while chunk := file.read(1 << 22):
            digest.update(chunk)
            if utf8 is not None:
                try:
                    text = utf8.decode(chunk)
                    non_ascii = non_ascii or len(text) < len(chunk)
                except UnicodeDecodeError as error:
                    before = chunk[: error.start]
                    line += before.count(b"\n")
                    encoding = _eight_bit(error, non_ascii or not before.isascii(), line, where)
                    notes = (f"{where} is not UTF-8 (line {line}); it was read as Windows-1252.",)
                    utf8 = None
                else:
                    line += chunk.count(b"\n")
            if b'"' in chunk or open_quote:
                pieces = chunk.split(b'"')
                for i, piece in enumerate(pieces):
                    breaks = breaks or (open_quote and b"\n" in piece)
                    if i < len(pieces) - 1:
                        open_quote = not open_quote
        if utf8 is not None:
            try:
                utf8.decode(b"", final=True)
            except UnicodeDecodeError as error:
                encoding = _eight_bit(error, non_ascii, line, where)
    return Scan(digest.hexdigest(), encoding, breaks, open_quote, notes)


def _eight_bit(error: UnicodeDecodeError, was_utf8: bool, line: int, where: str) -> str:
    if was_utf8:
        raise DataError(
            Problem(
                "the text breaks off or is damaged: it is UTF-8 up to here and then is not",
                file=where,
                line=line,
                got=f"byte 0x{error.object[error.start]:02x}",
                advice="Write the file again; it may be cut short or joined from two encodings.",
            )
        )
    return "cp1252"


def read_layout(path: Path, where: str, known: Collection[str] = ()) -> Layout:
    """Delimiter and header from the first 256 kB.

    Parameters
    ----------
    known : columns that the job names. A first line that holds one of them is a header.

    Raises
    ------
    DataError
        when the file is empty or is no text.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    encoding = encoding_of(head, where)
    text = _decode(head, encoding)
    if len(head) == _HEAD:  # the last line is cut by us
        text = text[: text.rfind("\n") + 1] or text
    body = text.lstrip("\r\n \t") if not text.startswith("\t") else text
    blank_lines = text[: len(text) - len(body)].count("\n")
    if not body.strip():
        raise DataError(Problem("the file is empty", file=where))
    delimiter = _delimiter(body, known)
    records, lines = _records(body, delimiter)
    if not records:
        raise DataError(Problem("the file is empty", file=where))
    first, rest = records[0], records[1:]
    notes: list[str] = []
    if _is_header(first, rest, known):
        names, skip = list(first), blank_lines + lines[0]
    else:
        names, skip, rest = [str(i) for i in range(len(first))], blank_lines, records
        notes.append(
            f"{where} has no header line; its columns are called {names[0]} to {names[-1]}."
        )
    widths = {len(row) for row in rest}
    if widths == {len(names) + 1}:
        if all(not row[-1].strip() for row in rest):
            names.append("")  # every row ends in a delimiter
        else:
            names.insert(0, "")  # R and pandas: row names without a heading
    unique, index_like, repeated = _unique(names)
    if repeated:
        notes.append(
            f"{where} has several columns called {_listed(repeated)}; later ones got .1, .2 …"
        )
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        names=tuple(unique),
        skip_lines=skip,
        decimal_comma=delimiter == ";" and _has_decimal_comma(rest),
        index_like=index_like,
        repeated=repeated,
        sample=tuple(tuple(row) for row in rest),
        sample_bytes=len(head) if len(records) < _SAMPLE else 0,
        notes=tuple(notes),
    )


def _decode(head: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(head)
    except UnicodeDecodeError:
        return head.decode("cp1252", "replace")


def _records(text: str, delimiter: str, most: int = _SAMPLE) -> tuple[list[list[str]], list[int]]:
    """The first records and, for each, the number of the last line of text that is its own."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if row:
                records.append(row)
                lines.append(reader.line_num)
            if len(records) >= most:
                break
    except csv.Error:
        pass
    return records, lines


def _delimiter(text: str, known: Collection[str]) -> str:
    """The candidate that splits the lines into equally many fields, and most of them."""
    best, best_score = ",", (-1.0, -1.0, 0.0)
    for candidate in _DELIMITERS:
        records, _ = _records(text, candidate, most=200)
        widths = [len(row) for row in records]
        if not widths or max(widths) < 2:
            continue
        usual = max(set(widths), key=widths.count)
        if usual < 2:
            continue
        names_known = float(sum(name in records[0] for name in known))
        score = (names_known, widths.count(usual) / len(widths), float(usual))
        if score > best_score:
            best, best_score = candidate, score
    return best


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]], known: Collection[str]) -> bool:
    """Whether the first record names the columns.

    It does when it holds a name that the job speaks of, when its numbers count up (0, 1, 2 … or
    1, 2, 3 … as pandas writes nameless columns), or when it holds text where the rows below hold
    numbers. Without rows below, and in tables of text only, the first line is a header.
    """
    if any(name in first for name in known):
        return True
    numbers = [field for field in first if _NUMBER.match(field)]
    if not numbers:
        return True
    if _counts_up(first, numbers, rest):
        return True
    for i, field in enumerate(first):
        below = [row[i] for row in rest if i < len(row) and row[i].strip() not in MISSING]
        if below and all(map(_NUMBER.match, below)) and field and not _NUMBER.match(field):
            return True
    return not rest


def _counts_up(first: Sequence[str], numbers: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of the first record are headings: 0, 1, 2 … or, beside text, years."""
    if not all(number.strip().isdigit() for number in numbers):
        return False
    start = int(numbers[0])
    if [int(number) for number in numbers] != list(range(start, start + len(numbers))):
        return False
    words = [i for i, field in enumerate(first) if field.strip() and field not in numbers]
    if not words:
        return start in (0, 1) and (not rest or len(numbers) > 2)
    below = {row[i] for row in rest for i in words if i < len(row)}
    return len(numbers) > 1 and not any(first[i] in below for i in words)


def _unique(names: Sequence[str]) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    """Names as pandas makes them unique: ``Unnamed: 0`` for none, ``a.1`` for a second ``a``."""
    unique: list[str] = []
    nameless: list[str] = []
    repeated: list[str] = []
    taken = set(names)
    for i, name in enumerate(names):
        if not name.strip():
            unique.append(f"Unnamed: {i}")
            nameless.append(unique[-1])
            continue
        if name in unique:
            repeated.append(name)
            copy = 1
            while f"{name}.{copy}" in taken:
                copy += 1
            name = f"{name}.{copy}"
            taken.add(name)
        if re.fullmatch(r"Unnamed: \d+", name):
            nameless.append(name)
        unique.append(name)
    return unique, tuple(nameless), tuple(dict.fromkeys(repeated))


def _has_decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    fields = [field for row in rows for field in row]
    point = any("." in field and _NUMBER.match(field) for field in fields)
    return not point and any(map(_DECIMAL_COMMA.match, fields))


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
