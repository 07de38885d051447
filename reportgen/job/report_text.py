"""scikit-learn's ``classification_report``: the text as printed, or ``output_dict`` as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.errors import DataError, Problem
from reportgen.job.keypath import quoted
from reportgen.job.printed import Printed

_HEADER = re.compile(r"\s*precision\s+recall\s+f1-score\s+support\s*\Z")
_COLUMNS = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
#: How the report calls its averages; scikit-learn before 0.20 had "avg / total".
_AVERAGES = {
    "micro avg": "micro",
    "macro avg": "macro",
    "weighted avg": "weighted",
    "samples avg": "samples",
    "avg / total": "weighted",
}
_UNDEFINED = ("nan", "-nan", "none")


@dataclass(frozen=True, slots=True)
class Cell:
    value: Printed
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a report: the class as printed, or the average (``macro``); metric -> cell.

    Cells that were printed as nan (undefined) are left out.
    """

    label: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Report:
    classes: tuple[Row, ...]
    averages: tuple[Row, ...]
    accuracy: Cell | None


def parse(text: str, file: str) -> Report:
    """A report from its text or JSON.

    Raises
    ------
    DataError
        if there is no report in it, more than one, or a number that is none.
    """
    if text.lstrip().startswith("{"):
        return _from_json(text, file)
    return _from_text(text, file)


def _from_text(text: str, file: str) -> Report:
    lines = text.splitlines()
    heads = [i for i, line in enumerate(lines) if _HEADER.match(line)]
    if not heads:
        raise DataError(
            Problem(
                "there is no classification report in this file",
                file=file,
                expected="a line 'precision recall f1-score support' with the classes below it, "
                "or the JSON of output_dict=True",
            )
        )
    if len(heads) > 1:
        raise DataError(
            Problem(
                "there is more than one classification report in this file",
                file=file,
                line=heads[1] + 1,
                advice="Keep one report a file, and name each with its split.",
            )
        )
    classes: list[Row] = []
    averages: list[Row] = []
    accuracy: Cell | None = None
    for number, line in enumerate(lines[heads[0] + 1 :], start=heads[0] + 2):
        words = line.split()
        if not words:
            continue
        if words[0] == "accuracy" and len(words) == 3:
            accuracy = _cell(words[1], number, file)
            continue
        label, cells = _row(line, number, file, closed=bool(averages))
        if cells is None:
            break
        if label in _AVERAGES:
            averages.append(Row(_AVERAGES[label], cells))
        else:
            classes.append(Row(label, cells))
    if not classes:
        raise DataError(
            Problem("the classification report has no classes", file=file, line=heads[0] + 1)
        )
    return Report(tuple(classes), tuple(averages), accuracy)


def _row(
    line: str, number: int, file: str, *, closed: bool
) -> tuple[str, Mapping[str, Cell] | None]:
    """A line's label and cells; no cells for text after the table."""
    parts = line.rsplit(None, len(_COLUMNS))
    label = parts[0].strip() if len(parts) == len(_COLUMNS) + 1 else ""
    values = parts[-len(_COLUMNS) :]
    is_average = any(line.strip().startswith(name) for name in _AVERAGES)
    if len(values) < len(_COLUMNS) or not any(map(_is_number, values)):
        if closed and not is_average:
            return "", None
        raise DataError(
            Problem(
                "this line of the classification report cannot be read",
                file=file,
                line=number,
                expected="a class and four numbers",
                got=quoted(line.strip()),
            )
        )
    if closed and not is_average and not all(map(_is_number, values)):
        return "", None
    cells = {}
    for metric, value in zip(_COLUMNS.values(), values, strict=True):
        cell = _cell(value, number, file)
        if cell is not None:
            cells[metric] = cell
    return label, cells


def _is_number(text: str) -> bool:
    try:
        Printed.parse(text)
    except ValueError:
        return text.lower() in _UNDEFINED
    return True


def _cell(text: str, line: int, file: str) -> Cell | None:
    if text.lower() in _UNDEFINED:
        return None
    try:
        return Cell(Printed.parse(text), line)
    except ValueError:
        raise DataError(
            Problem("this is not a number", file=file, line=line, got=quoted(text))
        ) from None


def _from_json(text: str, file: str) -> Report:
    try:
        loaded = json.loads(
            text,
            parse_float=Printed.parse,
            parse_int=Printed.parse,
            parse_constant=lambda _: None,
            object_pairs_hook=_without_repeats,
        )
    except json.JSONDecodeError as error:
        raise DataError(
            Problem(f"not valid JSON: {error.msg}", file=file, line=error.lineno)
        ) from None
    except (ValueError, RecursionError) as error:
        reason = "it nests too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(Problem(f"not a classification report: {reason}", file=file)) from None
    classes: list[Row] = []
    averages: list[Row] = []
    accuracy: Cell | None = None
    for label, value in loaded.items():
        line = _line_of(label, text)
        if label == "accuracy":
            # A table made of the report repeats the number for each column.
            inner = value.get("precision") if isinstance(value, dict) else value
            accuracy = _json_cell(inner, line, file, label)
            continue
        if not isinstance(value, dict) or not set(_COLUMNS) & set(value):
            raise DataError(
                Problem(
                    f"{quoted(label)} is no part of a classification report",
                    file=file,
                    line=line,
                    expected="{precision: …, recall: …, f1-score: …, support: …} for each class",
                    got=quoted(value),
                )
            )
        cells = {}
        for column, metric in _COLUMNS.items():
            cell = _json_cell(value.get(column), line, file, f"{label}.{column}")
            if cell is not None:
                cells[metric] = cell
        if label in _AVERAGES:
            averages.append(Row(_AVERAGES[label], cells))
        else:
            classes.append(Row(label, cells))
    if not classes:
        raise DataError(Problem("the classification report has no classes", file=file))
    return Report(tuple(classes), tuple(averages), accuracy)


def _json_cell(value: Any, line: int, file: str, key: str) -> Cell | None:
    if value is None:
        return None
    if not isinstance(value, Printed):
        raise DataError(
            Problem(f"{quoted(key)} is not a number", file=file, line=line, got=quoted(value))
        )
    return Cell(value, line)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {quoted(key)} is given twice")
        found[key] = value
    return found


def _line_of(label: str, text: str) -> int:
    """The line on which a key of the JSON stands; 1 where it is escaped in another way."""
    at = -1
    for ascii_only in (True, False):
        at = max(at, text.find(json.dumps(label, ensure_ascii=ascii_only)))
    return text.count("\n", 0, at) + 1 if at >= 0 else 1
