"""Numbers as they were pasted into a file, whatever printed them.

A classification report as text or JSON, what Keras printed, a CSVLogger's or History's epochs, a
confusion matrix, a table of a README, or lines such as ``accuracy: 0.91``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from reportgen.errors import DataError, JobError, Problem
from reportgen.job import claims as forms
from reportgen.job import history, keras_log, report_text
from reportgen.job.claims import Claim
from reportgen.job.keypath import quoted
from reportgen.reconciliation import said
from reportgen.reconciliation.pasted_tables import sayings

_HEADER = re.compile(r"^\s*precision\s+recall\s+f1-score\s+support\s*$", re.MULTILINE)
_COUNTS = re.compile(r"^[\s\[\](),;\d|]*\d[\s\[\](),;\d|]*$")


def claims(text: str, *, task: str, classes: Sequence[str], file: str) -> tuple[Claim, ...]:
    """Everything that a pasted text reports.

    Raises
    ------
    DataError
        where nothing is understood, or a line is not, with its number.
    """
    if not text.strip():
        raise DataError(Problem("there is nothing in this file", file=file))
    if text.lstrip()[:1] in ("{", "["):
        return _of_brackets(text, task, classes, file)
    if _HEADER.search(text):
        return forms.of_report(text, classes=classes, file=file)
    if history.looks_like_one(text):
        return forms.of_history(history.parse(text, file), task=task)
    log = keras_log.parse(text)
    if log.epochs or any(block.total is not None for block in log.evaluations):
        return forms.of_log(text, task=task, file=file)
    counts = [line for line in text.splitlines() if line.strip()]
    if len(counts) > 1 and all(_COUNTS.match(line) for line in counts):
        return _of_matrix(text, classes, file)
    return tuple(_of_lines(text, task, classes, file))


def is_report(text: str) -> bool:
    """Whether it is a classification report, of which a look at itself says something."""
    if text.lstrip().startswith("{"):
        return not _is_history(text)
    return _HEADER.search(text) is not None


def _of_brackets(text: str, task: str, classes: Sequence[str], file: str) -> tuple[Claim, ...]:
    if text.lstrip().startswith("["):
        if _COUNTS.match(" ".join(text.split())):
            return _of_matrix(text, classes, file)
        return forms.of_history(history.parse(text, file), task=task)
    if _is_history(text):
        return forms.of_history(history.parse(text, file), task=task)
    return forms.of_report(text, classes=classes, file=file)


def _is_history(text: str) -> bool:
    """JSON of lists by name, or of numbers by epoch, as pandas writes them."""
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return False
    values = list(loaded.values()) if isinstance(loaded, dict) else []
    if any(isinstance(v, list) for v in values):
        return True
    inner = [v for v in values if isinstance(v, dict)]
    return bool(inner) and all(all(k.isdigit() for k in v) for v in inner)


def _of_matrix(text: str, classes: Sequence[str], file: str) -> tuple[Claim, ...]:
    rows: list[list[int]] = []
    for line in re.split(r"\n|\]\s*,?\s*\[", text.replace("[[", "[")):
        numbers = [int(n) for n in re.findall(r"\d+", line)]
        if numbers:
            rows.append(numbers)
    wide = {len(row) for row in rows}
    if wide != {len(rows)}:
        got = " and ".join(str(w) for w in sorted(wide))
        raise DataError(
            Problem(
                "this is no confusion matrix", file=file,
                expected="as many columns as rows", got=f"{len(rows)} rows of {got}",
            )
        )  # fmt: skip
    if classes and len(rows) < len(classes):
        raise DataError(
            Problem(
                "the confusion matrix has too few rows", file=file,
                expected=f"one of each class: {', '.join(classes[:8])}", got=str(len(rows)),
            )
        )  # fmt: skip
    return forms.of_matrix(rows, classes=classes, origin=f"{file}.confusion_matrix")


def _of_lines(text: str, task: str, classes: Sequence[str], file: str) -> Iterator[Claim]:
    """Tables, and lines of a name and a number; prose without numbers is passed over."""
    problems: list[Problem] = []
    found = False
    for line, saying in sayings(text, classes, file):
        try:
            for claim in said.parse(saying, task=task, classes=classes):
                found = True
                yield claim
        except JobError as error:
            one = error.problems[0]
            problems.append(
                Problem(one.message, file=file, line=line, got=quoted(saying),
                        expected="a metric and a number, such as 'f1 macro 0.88'")
            )  # fmt: skip
    if problems:
        raise DataError(*problems)
    if not found:
        raise DataError(
            Problem(
                "no reported numbers are found in this file", file=file,
                expected="a classification report, lines of Keras, a history, a confusion matrix, "
                "a table, or lines such as 'accuracy: 0.91'",
            )
        )  # fmt: skip


def renamed(found: Sequence[Claim], classes: Sequence[str], text: str, file: str) -> dict[str, str]:
    """A report's classes as codes, where labels are 0, 1, … and the report has their names.

    scikit-learn prints its ``target_names`` in the order of the codes.
    """
    if not _HEADER.search(text) or not all(c.isdigit() for c in classes):
        return {}
    names = list(dict.fromkeys(c.per_class for c in found if c.per_class is not None))
    rows = report_text.parse(text, file).classes
    if not len(names) == len(classes) == len(rows) or set(names) & set(classes):
        return {}
    return dict(zip(names, classes, strict=True))
