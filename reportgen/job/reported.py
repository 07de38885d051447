"""The claims of a job: its ``reported:`` entries with the files that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reportgen.errors import DataError, Problem
from reportgen.job import history
from reportgen.job.claims import Claim, of_history, of_log, of_matrix, of_number, of_report
from reportgen.job.history import History
from reportgen.job.schema import (
    Job,
    ModelEntry,
    Reported,
    ReportedLog,
    ReportedMatrix,
    ReportedNumber,
    ReportedReport,
)
from reportgen.job.text_files import read_text

#: Task and classes of each output of a model with several, the first first.
Heads = Mapping[str, tuple[str, Sequence[str]]]


def claims(
    job: Job,
    entry: ModelEntry,
    task: str,
    classes: Sequence[str],
    heads: Heads | None = None,
) -> tuple[Claim, ...]:
    """Every number under a model's ``reported:``, in its order; files are read and expanded.

    Parameters
    ----------
    classes : label texts in the order of the outputs; may be empty when they are not known.
    heads : for a model with several outputs.

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
            found += _claims(job, entry, item, task, classes, i, key, heads or {})
        except DataError as error:
            problems += error.at(key=key).problems
    if problems:
        raise DataError(*problems)
    return tuple(found)


def history_of(job: Job, name: str) -> History | None:
    """A model's history; None where the job has none.

    Raises
    ------
    DataError
        naming the key, if the file cannot be read or is no history.
    """
    file = job.models[name].history
    if file is None:
        return None
    try:
        return history.read(job.locate(file), file)
    except DataError as error:
        raise error.at(key=f"models.{name}.history") from error.__cause__


def _claims(
    job: Job,
    entry: ModelEntry,
    item: Reported,
    task: str,
    classes: Sequence[str],
    source: int,
    key: str,
    heads: Heads,
) -> Sequence[Claim]:
    output = None
    if heads and not isinstance(item, ReportedLog):
        output = item.output or next(iter(heads))
        task, classes = heads.get(output, (task, classes))
        if isinstance(item, ReportedNumber) and item.metric == "loss":
            output = item.output
    return [
        claim
        if output is None
        else replace(claim, output=output, audited=output == next(iter(heads)))
        for claim in _of_item(job, entry, item, task, classes, source, key, heads)
    ]


def _of_item(
    job: Job,
    entry: ModelEntry,
    item: Reported,
    task: str,
    classes: Sequence[str],
    source: int,
    key: str,
    heads: Heads,
) -> Sequence[Claim]:
    if isinstance(item, ReportedNumber):
        one = of_number(
            item.metric,
            item.value,
            task=task,
            split=item.split,
            average=item.average,
            per_class=item.per_class,
            k=item.k,
            percent=item.unit == "percent",
            weighted=item.weighted,
            origin=key,
            source=source,
        )
        return (one,)
    if isinstance(item, ReportedMatrix):
        return of_matrix(
            item.confusion_matrix,
            classes=classes,
            otherwise=entry.decision.otherwise if entry.decision is not None else None,
            split=item.split,
            origin=f"{key}.confusion_matrix",
            source=source,
        )
    if isinstance(item, ReportedReport):
        file = item.classification_report
        text = read_text(job.locate(file), file)
        return of_report(text, classes=classes, split=item.split, file=file, source=source)
    file = item.keras_log
    text = read_text(job.locate(file), file)
    tasks = {head: own for head, (own, _) in heads.items()} or None
    stopping = entry.training.early_stopping if entry.training is not None else None
    if history.looks_like_one(text):
        rows = history.parse(text, file)
        return of_history(rows, task=task, stopping=stopping, source=source, heads=tasks)
    return of_log(
        text,
        task=task,
        split=item.split,
        stopping=stopping,
        file=file,
        source=source,
        heads=tasks,
    )
