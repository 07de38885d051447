"""The history of a training: Keras's CSVLogger, or ``History.history`` as JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import DataError, Problem
from reportgen.job import stopping as stopping_rule
from reportgen.job.keypath import named, quoted
from reportgen.job.printed import Printed
from reportgen.job.schema import EarlyStopping
from reportgen.job.text_files import read_text

#: What CSVLogger, pandas and json write for a value that is missing or not finite.
_NO_NUMBER = ("", "na", "nan", "-nan", "inf", "-inf", "infinity", "-infinity", "none", "null")
_DELIMITERS = (",", ";", "\t")
_METRIC = re.compile(r"[A-Za-z_][\w./-]*\Z")
_INDEX = ("epoch", "")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch: metrics by Keras's names (``val_loss``), None where the value is not finite.

    ``number`` counts from 1, as ``fit`` prints it; ``line`` is that of the file, None for JSON.
    """

    number: int
    values: Mapping[str, Printed | None]
    line: int | None = None

    @property
    def name(self) -> str:
        return f"epoch {self.number}"


@dataclass(frozen=True, slots=True)
class History:
    """The epochs of the last ``fit`` that wrote to a file, in order; at least one."""

    epochs: tuple[Epoch, ...]
    file: str

    def kept(self, stopping: EarlyStopping | None) -> Epoch:
        """The epoch whose weights were kept: the best with ``restore_best``, else the last.

        Raises
        ------
        DataError
            if the quantity that was watched is not in the history.
        """
        numbers = [
            {name: None if v is None else float(v) for name, v in e.values.items()}
            for e in self.epochs
        ]
        lines = [e.line for e in self.epochs]
        return self.epochs[stopping_rule.kept(numbers, stopping, self.file, lines)]


def read(path: Path, file: str) -> History:
    """A history from its file.

    Raises
    ------
    DataError
        if the file cannot be read, or is no history.
    """
    return parse(read_text(path, file), file)


def looks_like_one(text: str) -> bool:
    """Whether a text is a history rather than lines of the console."""
    if text.lstrip()[:1] in ("{", "["):
        return True
    names = _header(text.lstrip().split("\n", 1)[0])[1]
    return len(names) > 1 and all(n in _INDEX or _METRIC.match(n) for n in names)


def parse(text: str, file: str) -> History:
    """A history from its text: CSV as CSVLogger or pandas writes it, or JSON.

    Raises
    ------
    DataError
        if it is neither, has no epochs or no metrics, or has a number that is none.
    """
    if text.lstrip()[:1] in ("{", "["):
        return History(_of_json(text, file), file)
    return History(_of_csv(text, file), file)


def of_columns(columns: Mapping[str, Sequence[Any]], file: str = "history") -> History:
    """From ``History.history`` itself: metric -> one number an epoch.

    With ``validation_freq`` Keras keeps fewer numbers of validation than epochs; each is placed
    at its epoch when only one frequency gives that many.

    Raises
    ------
    DataError
        if there are no epochs, columns of lengths that do not go together, or no numbers.
    """
    n = max((len(values) for values in columns.values()), default=0)
    if n == 0:
        raise DataError(Problem("this history has no epochs", file=file))
    placed = {name: _placed(name, values, n, file) for name, values in columns.items()}
    return History(
        tuple(
            Epoch(i + 1, {name: values[i] for name, values in placed.items() if i in values})
            for i in range(n)
        ),
        file,
    )


def _placed(name: str, values: Sequence[Any], n: int, file: str) -> dict[int, Printed | None]:
    """Epoch index -> value."""
    frequencies = [f for f in range(1, n + 1) if n // f == len(values)]
    if len(values) != n and (not name.startswith("val_") or len(frequencies) != 1):
        raise DataError(
            Problem(
                f"{quoted(name)} does not have a number for each epoch",
                file=file,
                expected=f"{n} numbers",
                got=f"{len(values)}",
            )
        )
    step = 1 if len(values) == n else frequencies[0]
    return {
        step * (i + 1) - 1: _value(value, f"{name}, epoch {step * (i + 1)}", file, None)
        for i, value in enumerate(values)
    }


def _value(value: Any, what: str, file: str, line: int | None) -> Printed | None:
    vector = isinstance(value, (list, tuple))  # of a metric that is not averaged
    if value is None or vector or (isinstance(value, str) and _is_none(value)):
        return None
    try:
        return Printed.parse(repr(value) if isinstance(value, float) else value)
    except ValueError:
        if isinstance(value, float):  # nan and inf
            return None
        raise DataError(
            Problem(f"{what}: this is not a number", file=file, line=line, got=quoted(value))
        ) from None


def _is_none(text: str) -> bool:
    """Whether a cell holds no number: missing, not finite, or the vector of an averaged metric."""
    return text.strip().lower() in _NO_NUMBER or text.strip().startswith("[")


def _header(line: str) -> tuple[str, list[str]]:
    delimiter = max(_DELIMITERS, key=line.count)
    return delimiter, [name.strip().strip('"') for name in line.rstrip("\r").split(delimiter)]


def _of_csv(text: str, file: str) -> tuple[Epoch, ...]:
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip())
    delimiter, names = _header(lines[start])
    metrics = [n for n in names if n not in _INDEX]
    if not metrics or not all(_METRIC.match(n) for n in metrics) or len(lines) == start + 1:
        raise DataError(
            Problem(
                "this is no history of a training",
                file=file,
                line=start + 1,
                expected="a header such as 'epoch,accuracy,loss,val_accuracy,val_loss' and a row "
                "for each epoch, as CSVLogger writes it, or History.history as JSON",
                got=quoted(lines[start][:80]),
            )
        )
    epochs: list[Epoch] = []
    rows = csv.reader(lines[start + 1 :], delimiter=delimiter)
    for cells in rows:
        line = start + 1 + rows.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if [cell.strip() for cell in cells] == names:  # another fit appended to the file
            epochs = []
            continue
        epoch = _csv_row(cells, names, len(epochs), file, line)
        if epochs and epoch.number <= epochs[-1].number:
            epochs = []
        epochs.append(epoch)
    if not epochs:
        raise DataError(Problem("this history has no epochs", file=file))
    return tuple(epochs)


def _csv_row(cells: Sequence[str], names: Sequence[str], i: int, file: str, line: int) -> Epoch:
    if len(cells) != len(names):
        raise DataError(
            Problem(
                "this row of the history does not have a number for each column",
                file=file,
                line=line,
                expected=f"{len(names)} cells: {named(names)}",
                got=f"{len(cells)}",
                advice="If the training was stopped while it wrote, remove the row.",
            )
        )
    number = i + 1
    values: dict[str, Printed | None] = {}
    for name, cell in zip(names, cells, strict=True):
        if name not in _INDEX:
            values[name] = _value(cell, name, file, line)
        elif cell.strip().isascii() and cell.strip().isdigit():
            number = int(cell[:18]) + 1  # both CSVLogger and pandas count from 0
        else:
            raise DataError(
                Problem("this is not an epoch's number", file=file, line=line, got=quoted(cell))
            )
    return Epoch(number, values, line)


def _of_json(text: str, file: str) -> tuple[Epoch, ...]:
    try:
        loaded = json.loads(
            text, parse_float=Printed.parse, parse_int=Printed.parse, parse_constant=lambda _: None
        )
    except json.JSONDecodeError as error:
        raise DataError(
            Problem(f"not valid JSON: {error.msg}", file=file, line=error.lineno)
        ) from None
    except (ValueError, RecursionError) as error:
        reason = "it nests too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(Problem(f"not a history: {reason}", file=file)) from None
    if isinstance(loaded, dict) and isinstance(loaded.get("history"), dict):
        loaded = loaded["history"]
    if isinstance(loaded, list) and loaded and all(isinstance(row, dict) for row in loaded):
        names = dict.fromkeys(name for row in loaded for name in row)
        loaded = {name: [row.get(name) for row in loaded] for name in names}
    if isinstance(loaded, dict):
        # pandas writes {"loss": {"0": …, "1": …}}
        loaded = {k: list(v.values()) if isinstance(v, dict) else v for k, v in loaded.items()}
    if (
        not isinstance(loaded, dict)
        or not loaded
        or not all(isinstance(v, list) for v in loaded.values())
    ):
        raise DataError(
            Problem(
                "this is no history of a training",
                file=file,
                expected='History.history as JSON: {"loss": [0.61, 0.52], "val_loss": [0.6, 0.5]}',
            )
        )
    return of_columns({k: v for k, v in loaded.items() if k not in _INDEX}, file).epochs
