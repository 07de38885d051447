"""Tables of a README, and lines of a name and a number, as sayings: ``recall of stay 0.91``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reportgen.errors import DataError, Problem

_RULE = re.compile(r"^[\s|:\-+=]+$")
_NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*%?$")
_MARKS = re.compile(r"[*`_~↑↓]+(?=\S)|(?<=\S)[*`~↑↓]+|[↑↓]")
_SPLITS = ("train", "training", "validation", "val", "dev", "test", "testing")
Line = tuple[int, list[str]]


def sayings(text: str, classes: Sequence[str], file: str) -> Iterator[tuple[int, str]]:
    """Line number and saying of every number of a text: of its tables alone, where it has any.

    Raises
    ------
    DataError
        if a table has the numbers of several models.
    """
    table: list[Line] = []
    prose = "|" not in text
    for line, content in enumerate([*text.splitlines(), ""], 1):
        if "|" in content:
            if not _RULE.match(content):
                table.append((line, _cells(content)))
            continue
        if table:
            yield from _of_table(table, classes, file)
            table = []
        words = _plain(content).lstrip("-•> ").strip()
        if prose and re.search(r"[A-Za-z].*\d\s*(?:%|per ?cent)?\s*$", words):
            yield line, words


def _cells(content: str) -> list[str]:
    return [_plain(cell) for cell in content.strip().strip("|").split("|")]


def _plain(text: str) -> str:
    return _MARKS.sub("", text).strip()


def _of_table(
    table: Sequence[Line], classes: Sequence[str], file: str
) -> Iterator[tuple[int, str]]:
    (_, head), *rows = table
    if any(_NUMBER.match(cell) for cell in head):
        head, rows = [], list(table)
    if not head or len(head) == 2:
        rows = [(line, row) for line, row in rows if re.search(r"\d", row[-1])]
        for line, row in rows:
            yield line, _said(" ".join(row[:-1]), row[-1])
        return
    rows = [(line, row) for line, row in rows if any(_NUMBER.match(c) for c in row)]
    names = [row[0] for _, row in rows]
    known = [n for n in names if n.lower() in _SPLITS or n in classes]
    if len(rows) > 1 and len(known) < len(rows) and not _is_metric_column(head):
        raise DataError(
            Problem(
                f"this table has the numbers of {len(rows)} rows", file=file, line=rows[1][0],
                expected="one row, or rows by split or by class", got=", ".join(names[:6]),
                advice="Leave the row of this model alone.",
            )
        )  # fmt: skip
    for line, row in rows:
        for name, cell in zip(head[1:], row[1:], strict=False):
            if _NUMBER.match(cell):
                yield line, _said(_joined(row[0], name, classes), cell)
        if _NUMBER.match(row[0]) and row[0] not in classes:
            yield line, _said(head[0], row[0])


def _is_metric_column(head: Sequence[str]) -> bool:
    """Whether the columns are splits, so that the rows are metrics."""
    return all(name.lower() in _SPLITS for name in head[1:])


def _joined(row: str, column: str, classes: Sequence[str]) -> str:
    """What a cell is of: its column's name, and its row's where that is a split or a class."""
    if column.lower() in _SPLITS:
        return f"{row} on {column}"
    if row.lower() in _SPLITS:
        return f"{column} on {row}"
    return f"{column} of {row}" if row in classes else column


def _said(name: str, value: str) -> str:
    percent = re.search(r"\(\s*%\s*\)|\[\s*%\s*\]", name)
    name = re.sub(r"\(\s*%\s*\)|\[\s*%\s*\]", "", name).strip()
    return f"{name} {value}{' %' if percent and not value.endswith('%') else ''}"
