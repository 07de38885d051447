"""Which reported numbers make sense: of which task, with which average, class and split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from reportgen.errors import Problem
from reportgen.job.keypath import KeyPath, Placed, meant, named, quoted
from reportgen.job.rules.dataset import splits_of
from reportgen.job.schema import (
    DatasetEntry,
    MetricName,
    ModelEntry,
    Reported,
    ReportedLog,
    ReportedMatrix,
    ReportedNumber,
)

REGRESSION = ("mse", "rmse", "mae", "r2")
RANKED = ("roc_auc", "average_precision")
AVERAGED = ("precision", "recall", "f1", *RANKED)
EITHER = ("loss",)
#: Not defined for several labels a row, as in scikit-learn.
SINGLE_LABEL = ("balanced_accuracy", "mcc", "top_k_accuracy", "log_loss", "brier")


def metrics_of(task: str) -> tuple[str, ...]:
    """Names of the metrics that a task has."""
    if task == "regression":
        return (*REGRESSION, *EITHER)
    names = [m for m in get_args(MetricName) if m not in REGRESSION]
    return tuple(m for m in names if task != "multilabel" or m not in SINGLE_LABEL)


def of_its_own(metric: str, entry: ModelEntry) -> bool:
    """Whether a reported number is of one of the model's ``metrics:``; known names are known."""
    return metric in entry.metrics and metric not in get_args(MetricName)


def averages_of(task: str, metric: str) -> tuple[str, ...]:
    """The averages that a metric has in a task."""
    if metric not in AVERAGED or task == "regression":
        return ()
    if task == "binary":
        both = ("binary", "macro", "micro", "weighted")
        return both if metric not in RANKED else ("binary", "macro", "weighted")
    return ("macro", "micro", "weighted", *(("samples",) if task == "multilabel" else ()))


def problems(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    """What cannot be meant, in the ``reported:`` list of a model."""
    for i, item in enumerate(entry.reported):
        at: KeyPath = ("reported", i)
        for path, problem in _item(item, entry, dataset):
            yield (*at, *path), problem


def _item(item: Reported, entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    yield from _split(item, dataset)
    if not isinstance(item, ReportedLog) and item.output is not None:
        heads = dataset.heads or {}
        if item.output not in heads:
            yield (
                ("output",),
                Problem(
                    f"there is no output {quoted(item.output)}",
                    expected=f"one of: {named(heads)}" if heads else "`targets:` on the data set",
                    advice=meant(item.output, heads),
                ),
            )
            return
        dataset = dataset.of_head(item.output)
    if isinstance(item, ReportedNumber):
        own = item.metric not in get_args(MetricName)
        yield from _own(item, entry) if own else _number(item, dataset)
    elif isinstance(item, ReportedMatrix):
        yield from _matrix(item, entry, dataset)
    elif not isinstance(item, ReportedLog) and dataset.task == "regression":
        yield (
            ("classification_report",),
            Problem("a regression task has no classification report"),
        )


def _split(item: Reported, dataset: DatasetEntry) -> Iterator[Placed]:
    has = splits_of(dataset)
    if item.split is not None and item.split not in has:
        at: KeyPath = ("split",) if "split" in item.model_fields_set else ()
        default = "" if at else ", which is the default"
        yield (
            at,
            Problem(
                f"the data set has no {item.split} split{default}",
                expected=f"one of: {named(has)}" if has else None,
                advice=None if at else f"Say which split: `split: {has[-1] if has else 'test'}`.",
            ),
        )


def _own(item: ReportedNumber, entry: ModelEntry) -> Iterator[Placed]:
    """A number of one of the job's own metrics; it is what it is, and has no variants."""
    if item.metric not in entry.metrics:
        known = [*get_args(MetricName), *entry.metrics]
        yield (
            ("metric",),
            Problem(
                "'metric' does not have one of its values",
                expected=f"one of: {named(known, 30)}; or a name under the model's `metrics:`",
                got=quoted(item.metric),
                advice=meant(item.metric, known),
            ),
        )
        return
    for key in ("average", "per_class", "k", "weighted", "output"):
        if getattr(item, key):
            yield (
                (key,),
                Problem(
                    f"`{key}:` belongs to the known metrics",
                    got=str(getattr(item, key)),
                    advice=f"{item.metric} is one of the model's `metrics:`: its function says "
                    "what it measures.",
                ),
            )


def _number(item: ReportedNumber, dataset: DatasetEntry) -> Iterator[Placed]:
    task = dataset.task
    if item.metric not in metrics_of(task):
        yield (
            ("metric",),
            Problem(
                f"a {task} task has no {item.metric}",
                expected=f"one of: {named(metrics_of(task), 20)}",
                got=item.metric,
            ),
        )
        return
    averages = averages_of(task, item.metric)
    if item.average is not None and item.average not in averages:
        yield (
            ("average",),
            Problem(
                f"{item.metric} of a {task} task has no average {quoted(item.average)}",
                expected=f"one of: {named(averages)}" if averages else "no `average:`",
                got=item.average,
            ),
        )
    if item.per_class is not None:
        yield from _one_class(item, dataset)
    if item.metric == "top_k_accuracy":
        classes = dataset.classes
        if item.k is None:
            yield (
                (),
                Problem("top_k_accuracy needs `k:`", advice="Add `k: 5`, or what it was."),
            )
        elif classes is not None and item.k >= len(classes):
            yield (
                ("k",),
                Problem(
                    "among the top k of so few classes every label is found",
                    expected=f"less than the {len(classes)} classes",
                    got=str(item.k),
                ),
            )
    elif item.k is not None:
        yield ("k",), Problem("`k:` belongs to top_k_accuracy alone", got=item.metric)
    if item.weighted and dataset.weight is None:
        yield (
            ("weighted",),
            Problem(
                "the data set has no weight column",
                advice="Add `weight: COLUMN` to the data set.",
            ),
        )


def _one_class(item: ReportedNumber, dataset: DatasetEntry) -> Iterator[Placed]:
    label = item.per_class or ""
    if item.metric not in AVERAGED or dataset.task == "regression":
        yield (
            ("per_class",),
            Problem(
                f"{item.metric} is not measured a class",
                expected=f"metric: one of {named(AVERAGED)}",
                got=item.metric,
            ),
        )
    if item.average is not None:
        yield (
            ("per_class",),
            Problem("`average` and `per_class` exclude each other", advice="Keep one."),
        )
    known = dataset.classes
    if known is None and dataset.task == "multilabel" and isinstance(dataset.target, tuple):
        known = dataset.target
    if known is not None and label not in known:
        yield (
            ("per_class",),
            Problem(
                f"{quoted(label)} is not one of the classes",
                expected=f"one of: {named(known)}",
                advice=meant(label, known),
            ),
        )


def _matrix(item: ReportedMatrix, entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    at, rows = ("confusion_matrix",), item.confusion_matrix
    if dataset.task in ("regression", "multilabel"):
        yield at, Problem(f"a {dataset.task} task has no confusion matrix")
        return
    if not rows:
        yield at, Problem("the confusion matrix is empty")
        return
    widths = {len(row) for row in rows}
    if widths != {len(rows)}:
        yield (
            at,
            Problem(
                "the confusion matrix is not square",
                expected=f"{len(rows)} rows of {len(rows)}",
                got=f"rows of {named([str(w) for w in sorted(widths)])}",
            ),
        )
        return
    n = 2 if dataset.task == "binary" else len(dataset.classes or ())
    extra = entry.decision is not None and entry.decision.otherwise is not None
    if n and len(rows) not in ({n, n + 1} if extra else {n}):
        yield (
            at,
            Problem(
                "the confusion matrix does not have a row for each class",
                expected=f"{n} rows" + (f": {named(dataset.classes)}" if dataset.classes else ""),
                got=f"{len(rows)} rows",
            ),
        )
