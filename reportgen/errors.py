"""What goes wrong, told to the person at 2 a.m.

Every error of this package is a :class:`ReportgenError` and carries one or more
:class:`Problem` values: where it is, what was expected, what was got, what to do.
The command line is the only place that catches and prints them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in words.

    Parameters
    ----------
    message : one sentence that says what is wrong.
    file, line : the file it stands in and its line (1-based), where there is one.
    key : path of the key in the job file, e.g. ``models.churn-mlp.reported[2].value``.
    job : file and line of that key (``nightly.yaml:12``), where ``file`` is another one.
    column, row : column name and row (0-based, as in the source file, header not counted).
    expected, got : what was asked for and what was found.
    advice : what to do, in the imperative.
    """

    message: str
    file: str | None = None
    line: int | None = None
    key: str | None = None
    column: str | None = None
    row: int | None = None
    expected: str | None = None
    got: str | None = None
    advice: str | None = None
    job: str | None = None

    @property
    def where(self) -> str:
        """``file:line: key, column 'c', row 7`` with the parts that are known.

        With ``job`` the way goes from the job to the file: ``job.yaml:12: key: data.csv:3``.
        """
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
        details = [
            part
            for part in (
                self.key if self.job is None else None,
                f"column {self.column!r}" if self.column is not None else None,
                f"row {self.row}" if self.row is not None else None,
            )
            if part
        ]
        steps = [self.job, self.key if self.job is not None else None, place, ", ".join(details)]
        return ": ".join(step for step in steps if step)

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        lines = [head]
        for name in ("expected", "got"):
            value = getattr(self, name)
            if value is not None:
                lines.append(f"  {name}: {value}")
        if self.advice is not None:
            lines.append(f"  {self.advice}")
        return "\n".join(lines)

    def at(self, **known: Any) -> Problem:
        """The same problem with places filled in where they are still unknown."""
        return replace(self, **{k: v for k, v in known.items() if getattr(self, k) is None})


class ReportgenError(Exception):
    """Base of all errors that this package raises on purpose."""

    def __init__(self, *problems: Problem | str) -> None:
        if not problems:
            raise TypeError("an error needs at least one problem")
        self.problems: tuple[Problem, ...] = tuple(
            Problem(p) if isinstance(p, str) else p for p in problems
        )
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)

    def at(self, **known: Any) -> ReportgenError:
        """The same error with places filled in where they are still unknown."""
        return type(self)(*(p.at(**known) for p in self.problems))


class JobError(ReportgenError):
    """The job file cannot be read or is not valid: nothing ran."""


class DataError(ReportgenError):
    """A data set's files are missing, unreadable or not what the job says."""


class ModelError(ReportgenError):
    """A model's files are missing, unreadable, or the model cannot be used."""


class OutputError(ReportgenError):
    """The output folder cannot be written, is locked, or is full."""


class RenderError(ReportgenError):
    """A report cannot be drawn, e.g. for want of a library of the operating system."""


def in_words(error: BaseException) -> str:
    """An error as the reader of a report needs it: no traceback, but the kind of a surprise."""
    if isinstance(error, ReportgenError):
        return str(error)
    if isinstance(error, MemoryError):
        return "it ran out of memory"
    return f"{type(error).__name__}: {error}"
