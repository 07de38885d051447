"""Every number that was reported, as one kind of value with the place it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import DataError, Problem
from reportgen.job import keras_log, report_text
from reportgen.job.inputs import not_a_file
from reportgen.job.keypath import quoted
from reportgen.job.printed import Printed
from reportgen.job.rules.reported import AVERAGED
from reportgen.job.schema import (
    Job,
    ModelEntry,
    Reported,
    ReportedLog,
    ReportedMatrix,
    ReportedNumber,
    ReportedReport,
    canonical,
)

_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Claim:
    """One reported number.

    Attributes
    ----------
    metric : as in the job's ``reported:``; ``support`` for the rows of a class (of all classes
        without ``per_class``); ``cell`` for the rows of class ``per_class`` that were given
        ``predicted``; any other name is that of a custom metric in a log.
    value : the number with its digits.
    split : train, validation or test.
    origin : the file and line (``logs/test_report.txt:7``), or the key in the job file.
    average : resolved: ``binary`` for binary tasks and ``macro`` otherwise unless given; None
        for metrics that have none, and with ``per_class``.
    running : it is a mean over an epoch while the weights moved, as ``fit`` prints for train.
    source : which entry of ``reported:`` it belongs to, by its index.
    """

    metric: str
    value: Printed
    split: str
    origin: str
    average: str | None = None
    per_class: str | None = None
    predicted: str | None = None
    k: int | None = None
    weighted: bool = False
    running: bool = False
    source: int = 0

    @property
    def name(self) -> str:
        """``f1, macro``; ``recall, leave``; ``cell, stay as leave``; ``top_k_accuracy, 5``."""
        if self.metric == "cell":
            return f"cell, {self.per_class} as {self.predicted}"
        details = [
            self.per_class,
            self.average if self.average != "binary" else None,
            f"k = {self.k}" if self.k is not None else None,
            "weighted rows" if self.weighted else None,
        ]
        return ", ".join([self.metric, *(d for d in details if d is not None)])


def claims(job: Job, entry: ModelEntry, task: str, classes: Sequence[str]) -> tuple[Claim, ...]:
    """Every number under a model's ``reported:``, in its order; files are read and expanded.

    Parameters
    ----------
    classes : label texts in the order of the outputs; may be empty when they are not known.

    Raises
    ------
    DataError
        with every problem of the files: missing, without numbers, with a number that is none.
    """
    model = next(name for name, other in job.models.items() if other is entry)
    found: list[Claim] = []
    problems: list[Problem] = []
    for i, item in enumerate(entry.reported):
        key = f"models.{model}.reported[{i}]"
        try:
            found += _claims(job, entry, item, task, classes, i, key)
        except DataError as error:
            problems += error.at(key=key).problems
    if problems:
        raise DataError(*problems)
    return tuple(found)


def _claims(
    job: Job,
    entry: ModelEntry,
    item: Reported,
    task: str,
    classes: Sequence[str],
    source: int,
    key: str,
) -> Iterator[Claim]:
    if isinstance(item, ReportedNumber):
        yield _number(item, task, source, key)
    elif isinstance(item, ReportedMatrix):
        yield from _matrix(item, entry, classes, source, key)
    elif isinstance(item, ReportedReport):
        text = _text(job.locate(item.classification_report), item.classification_report)
        yield from _report(item, text, task, classes, source)
    else:
        yield from _log(
            item, _text(job.locate(item.keras_log), item.keras_log), entry, task, source
        )


def _number(item: ReportedNumber, task: str, source: int, key: str) -> Claim:
    average: str | None = item.average
    if average is None and item.per_class is None:
        average = _usual_average(item.metric, task)
    value = item.value
    if item.unit == "percent":
        value = Printed(value.text, percent=True)
    return Claim(
        item.metric,
        value,
        item.split,
        key,
        average=average,
        per_class=item.per_class,
        k=item.k,
        weighted=item.weighted,
        source=source,
    )


def _usual_average(metric: str, task: str) -> str | None:
    if metric not in AVERAGED or task == "regression":
        return None
    return "binary" if task == "binary" else "macro"


def _matrix(
    item: ReportedMatrix, entry: ModelEntry, classes: Sequence[str], source: int, key: str
) -> Iterator[Claim]:
    labels = list(classes)
    otherwise = entry.decision.otherwise if entry.decision is not None else None
    if otherwise is not None and otherwise not in labels:
        labels.append(otherwise)
    labels += [str(i) for i in range(len(labels), len(item.confusion_matrix))]
    for i, row in enumerate(item.confusion_matrix):
        for j, count in enumerate(row):
            yield Claim(
                "cell",
                Printed(str(count)),
                item.split,
                f"{key}.confusion_matrix[{i}][{j}]",
                per_class=labels[i],
                predicted=labels[j],
                source=source,
            )


def _report(
    item: ReportedReport, text: str, task: str, classes: Sequence[str], source: int
) -> Iterator[Claim]:
    file = item.classification_report
    report = report_text.parse(text, file)

    def claim(
        metric: str,
        cell: report_text.Cell,
        average: str | None = None,
        per_class: str | None = None,
    ) -> Claim:
        origin = f"{file}:{cell.line}"
        return Claim(metric, cell.value, item.split, origin, average, per_class, source=source)

    if report.accuracy is not None:
        yield claim("accuracy", report.accuracy)
    names = _labels([row.label for row in report.classes], classes)
    for row, name in zip(report.classes, names, strict=True):
        for metric, cell in row.cells.items():
            yield claim(metric, cell, per_class=name)
    for row in report.averages:
        for metric, cell in row.cells.items():
            if metric != "support":
                yield claim(metric, cell, average=row.label)
    supports = [row.cells["support"] for row in report.averages if "support" in row.cells]
    if supports:
        yield claim("support", supports[0])


def _labels(printed: Sequence[str], classes: Sequence[str]) -> list[str]:
    """The data set's labels for those of a report: the same text, or else the class codes."""
    texts = [canonical(label) for label in printed]
    known = set(classes)
    codes = all(text.isascii() and text.isdigit() for text in texts)
    if texts and codes and not known & set(texts) and all(int(t) < len(classes) for t in texts):
        return [classes[int(text)] for text in texts]
    return texts


def _log(
    item: ReportedLog, text: str, entry: ModelEntry, task: str, source: int
) -> Iterator[Claim]:
    stopping = entry.training.early_stopping if entry.training is not None else None
    log = keras_log.parse(text)
    epoch = log.delivered(stopping, item.keras_log)
    blocks: list[tuple[keras_log.Block, str | None]] = []
    if epoch is not None:
        blocks.append((epoch, None))
    blocks += [(block, item.split or "test") for block in log.evaluations]
    if not blocks:
        raise DataError(
            Problem(
                "there are no lines of Keras with numbers in this file",
                file=item.keras_log,
                expected="lines such as '313/313 - 1s - accuracy: 0.9341 - loss: 0.2301'",
            )
        )
    for block, split in blocks:
        for name, printed in block.metrics.items():
            validation = split is None and name.startswith("val_")
            metric, k = keras_log.metric_of(name.removeprefix("val_") if validation else name, task)
            value = keras_log.number(printed, block.line, item.keras_log)
            if metric is None or value is None:
                continue
            yield Claim(
                metric,
                value,
                split or ("validation" if validation else "train"),
                f"{item.keras_log}:{block.line}",
                average=_usual_average(metric, task),
                k=k,
                running=split is None and not validation,
                source=source,
            )


def _text(path: Path, file: str) -> str:
    """A text file's content, whatever wrote it: UTF-8, UTF-16 with its mark, or Windows-1252."""
    special = not_a_file(path)
    if special is not None:
        raise DataError(Problem(f"this is {special}, which may never end", file=file))
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(Problem("there is no such file", file=file, got=str(path))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(Problem(f"the file cannot be read: {reason}", file=file)) from None
    if len(raw) > _MAX_BYTES:
        raise DataError(
            Problem("the file is too large", file=file, expected=f"at most {_MAX_BYTES:,} bytes")
        )
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if not text.strip():
        raise DataError(Problem("the file is empty", file=file))
    if "\0" in text:
        raise DataError(Problem("the file is no text", file=file, got=quoted(text[:20])))
    return text
