"""Every number that was reported, as one kind of value with the place it comes from.

The functions make claims of texts, matrices and numbers that are at hand; those of a job's files
are read by :mod:`reportgen.job.reported`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reportgen.errors import DataError, Problem
from reportgen.job import keras_log, report_text
from reportgen.job.history import History
from reportgen.job.printed import Printed
from reportgen.job.rules.reported import AVERAGED
from reportgen.job.schema import EarlyStopping, canonical

Form = Literal["number", "report", "matrix", "log"]


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
    form : what printed it: alone, a classification report, a confusion matrix, or Keras.
    called : the name under which Keras printed it (``val_binary_accuracy``); None for others.
    output : of which output it is, for models with several; None for the loss of all together.
    audited : the output is the one that the audit is of, and need not be named but for its loss.
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
    form: Form = "number"
    called: str | None = None
    output: str | None = None
    audited: bool = False

    @property
    def name(self) -> str:
        """``f1, macro``; ``recall, leave``; ``cell, stay as leave``; ``top_k_accuracy, 5``."""
        if self.metric == "cell":
            of = f", {self._of_output}" if self._of_output is not None else ""
            return f"cell, {self.per_class} as {self.predicted}{of}"
        details = [
            self.per_class,
            self.average if self.average != "binary" else None,
            f"k = {self.k}" if self.k is not None else None,
            "weighted rows" if self.weighted else None,
            self._of_output,
        ]
        return ", ".join([self.metric, *(d for d in details if d is not None)])

    @property
    def _of_output(self) -> str | None:
        told = self.output is not None and (not self.audited or self.metric == "loss")
        return f"output {self.output}" if told else None


def of_number(
    metric: str,
    value: Printed | str,
    *,
    task: str,
    split: str = "test",
    average: str | None = None,
    per_class: str | None = None,
    k: int | None = None,
    percent: bool = False,
    weighted: bool = False,
    origin: str = "",
    source: int = 0,
) -> Claim:
    """A single number; ``value`` as printed: ``0.950``, ``91.3 %``.

    Raises
    ------
    ValueError
        if the value is no number.
    """
    printed = Printed.parse(value)
    if percent:
        printed = Printed(printed.text, percent=True)
    if average is None and per_class is None:
        average = _usual_average(metric, task)
    return Claim(
        metric,
        printed,
        split,
        origin,
        average=average,
        per_class=per_class,
        k=k,
        weighted=weighted,
        source=source,
    )


def _usual_average(metric: str, task: str) -> str | None:
    if metric not in AVERAGED or task == "regression":
        return None
    return "binary" if task == "binary" else "macro"


def of_matrix(
    counts: Sequence[Sequence[int]],
    *,
    classes: Sequence[str],
    otherwise: str | None = None,
    split: str = "test",
    origin: str = "",
    source: int = 0,
) -> tuple[Claim, ...]:
    """The cells of a confusion matrix, true classes down, given ones across.

    Parameters
    ----------
    classes : label texts in the order of the matrix; classes beyond them are called by number.
    otherwise : the label of undecided rows, the last row and column where it is no class.
    """
    labels = list(classes)
    if otherwise is not None and otherwise not in labels:
        labels.append(otherwise)
    labels += [str(i) for i in range(len(labels), len(counts))]
    return tuple(
        Claim(
            "cell",
            Printed(str(int(count))),
            split,
            f"{origin}[{i}][{j}]",
            per_class=labels[i],
            predicted=labels[j],
            source=source,
            form="matrix",
        )
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
    )


def of_report(
    text: str,
    *,
    classes: Sequence[str] = (),
    split: str = "test",
    file: str = "report",
    source: int = 0,
) -> tuple[Claim, ...]:
    """A ``classification_report`` as printed with any ``digits``, or ``output_dict`` as JSON.

    Parameters
    ----------
    classes : label texts in the order of the outputs; a report of class codes speaks of them.
    file : what the text is called in messages.

    Raises
    ------
    DataError
        if there is no report in it, more than one, or a number that is none.
    """
    report = report_text.parse(text, file)

    def claim(
        metric: str,
        cell: report_text.Cell,
        average: str | None = None,
        per_class: str | None = None,
    ) -> Claim:
        return Claim(
            metric,
            cell.value,
            split,
            f"{file}:{cell.line}",
            average,
            per_class,
            source=source,
            form="report",
        )

    found = []
    if report.accuracy is not None:
        found.append(claim("accuracy", report.accuracy))
    names = _labels([row.label for row in report.classes], classes)
    for row, name in zip(report.classes, names, strict=True):
        found += [claim(metric, cell, per_class=name) for metric, cell in row.cells.items()]
    for row in report.averages:
        found += [
            claim(metric, cell, average=row.label)
            for metric, cell in row.cells.items()
            if metric != "support"
        ]
    supports = [row.cells["support"] for row in report.averages if "support" in row.cells]
    if supports:
        found.append(claim("support", supports[0]))
    return tuple(found)


def _labels(printed: Sequence[str], classes: Sequence[str]) -> list[str]:
    """The data set's labels for those of a report: the same text, or else the class codes."""
    texts = [canonical(label) for label in printed]
    known = set(classes)
    codes = all(text.isascii() and text.isdigit() for text in texts)
    if texts and codes and not known & set(texts) and all(int(t) < len(classes) for t in texts):
        return [classes[int(text)] for text in texts]
    return texts


def of_log(
    text: str,
    *,
    task: str,
    split: str | None = None,
    stopping: EarlyStopping | None = None,
    file: str = "log",
    source: int = 0,
    heads: Mapping[str, str] | None = None,
) -> tuple[Claim, ...]:
    """Lines as Keras prints them: the epoch of ``fit`` that was kept, and all of ``evaluate``.

    Parameters
    ----------
    split : of what ``evaluate`` printed; test by default. ``fit`` speaks of train and validation.
    stopping : as training was stopped; it says which epoch was kept.
    file : what the text is called in messages.
    heads : the task of each output, for a model with several.

    Raises
    ------
    DataError
        if there are no such lines, or a number that is none.
    """
    log = keras_log.parse(text)
    blocks: list[tuple[keras_log.Block, str | None]] = []
    epoch = log.delivered(stopping, file)
    if epoch is not None:
        blocks.append((epoch, None))
    blocks += [(block, split or "test") for block in log.evaluations]
    if not blocks:
        raise DataError(
            Problem(
                "there are no lines of Keras with numbers in this file",
                file=file,
                expected="lines such as '313/313 - 1s - accuracy: 0.9341 - loss: 0.2301'",
            )
        )
    found: list[Claim] = []
    for block, evaluated in blocks:
        values = {
            name: keras_log.number(printed, block.line, file)
            for name, printed in block.metrics.items()
        }
        found += _of_keras(values, task, evaluated, f"{file}:{block.line}", source, heads)
    return tuple(found)


def of_history(
    history: History,
    *,
    task: str,
    stopping: EarlyStopping | None = None,
    source: int = 0,
    heads: Mapping[str, str] | None = None,
) -> tuple[Claim, ...]:
    """What a history says of the epoch that was kept: train as running means, and validation.

    Raises
    ------
    DataError
        if the quantity that was watched is not in it.
    """
    epoch = history.kept(stopping)
    origin = f"{history.file}:{epoch.line}" if epoch.line else f"{history.file}, {epoch.name}"
    return tuple(_of_keras(epoch.values, task, None, origin, source, heads))


def _of_keras(
    values: Mapping[str, Printed | None],
    task: str,
    split: str | None,
    origin: str,
    source: int,
    heads: Mapping[str, str] | None,
) -> list[Claim]:
    """Numbers by Keras's names: of ``split``, or of an epoch of ``fit`` when it is None."""
    found = []
    for name, value in values.items():
        validation = split is None and name.startswith("val_")
        base = name.removeprefix("val_") if validation else name
        head, base = of_output(base, heads or {})
        own = task if head is None or heads is None else heads[head]
        metric, k = keras_log.metric_of(base, own)
        if metric is None or value is None:
            continue
        first = next(iter(heads or {}), None)
        if head is None and metric != "loss":
            head = first
        kind: dict[str, Any] = {"average": _usual_average(metric, own), "k": k}
        found.append(
            Claim(
                metric,
                value,
                split or ("validation" if validation else "train"),
                origin,
                running=split is None and not validation,
                source=source,
                form="log",
                called=name,
                output=head,
                audited=head is not None and head == first,
                **kind,
            )
        )
    return found


def of_output(name: str, heads: Iterable[str]) -> tuple[str | None, str]:
    """``zeta_accuracy`` as the output ``zeta`` and its ``accuracy``; None without an output."""
    for head in sorted(heads, key=len, reverse=True):
        if name.startswith(f"{head}_"):
            return head, name.removeprefix(f"{head}_")
    return None, name
