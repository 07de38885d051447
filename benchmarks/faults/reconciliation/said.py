"""Numbers as people print them, handed on as claims."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.faults.reconciliation.rows import Rng, pick
from reportgen.job.claims import Claim, of_log, of_matrix, of_number, of_report

#: How often people take each number of digits in a report.
DIGITS = (2, 2, 3, 4)


def number(metric: str, value: Any, task: str, digits: int = 4, **kind: Any) -> tuple[Claim, ...]:
    """``f"{value:.4f}"``; ``digits`` < 0 prints a float whole."""
    text = repr(float(value)) if digits < 0 else f"{float(value):.{digits}f}"
    return (of_number(metric, text, task=task, **kind),)


def percent(metric: str, value: Any, task: str, digits: int = 1, **kind: Any) -> tuple[Claim, ...]:
    return (of_number(metric, f"{float(value):.{digits}%}", task=task, **kind),)


def numbers(
    values: Mapping[str, Any], task: str, digits: int = 4, **kind: Any
) -> tuple[Claim, ...]:
    """Several single numbers of one evaluation, by metric."""
    return tuple(c for m, v in values.items() for c in number(m, v, task, digits, **kind))


def report(
    y: Any, given: Any, classes: Sequence[str] = (), *, digits: int = 2, split: str = "test",
    **options: Any,
) -> tuple[Claim, ...]:  # fmt: skip
    """scikit-learn's text report; ``options`` are those of ``classification_report``."""
    from sklearn.metrics import classification_report

    text = classification_report(y, given, digits=digits, zero_division=0, **options)
    return of_report(text, classes=classes, split=split, file="report.txt")


def report_json(
    y: Any, given: Any, classes: Sequence[str] = (), *, split: str = "test", **options: Any
) -> tuple[Claim, ...]:
    from sklearn.metrics import classification_report

    found = classification_report(y, given, output_dict=True, zero_division=0, **options)
    return of_report(json.dumps(found), classes=classes, split=split, file="report.json")


def matrix(
    y: Any, given: Any, classes: Sequence[str], *, split: str = "test", **options: Any
) -> tuple[Claim, ...]:
    """scikit-learn's confusion matrix."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(y, given, **options)
    return of_matrix(
        counts.tolist(), classes=classes, split=split, origin="reported.confusion_matrix"
    )


def labels_said(
    rng: Rng, y: np.ndarray, given: np.ndarray, task: str, classes: Sequence[str], **kind: Any
) -> tuple[Claim, ...]:
    """What somebody prints of single labels: a report, a matrix, or a handful of numbers."""
    from sklearn import metrics

    form = pick(rng, ("report", "report", "matrix", "numbers"))
    names = {"labels": list(range(len(classes)))}
    if form == "report":
        return report(y, given, classes, digits=pick(rng, DIGITS), **names, **kind)
    if form == "matrix":
        return matrix(y, given, classes, **names, **kind)
    average = "binary" if task == "binary" else "macro"
    of = {"average": average, "zero_division": 0}
    return numbers(
        {
            "accuracy": metrics.accuracy_score(y, given),
            "precision": metrics.precision_score(y, given, **of),
            "recall": metrics.recall_score(y, given, **of),
            "f1": metrics.f1_score(y, given, **of),
        },
        task,
        pick(rng, (3, 4, 4, -1)),
        **kind,
    )


def log(text: str, task: str, **kind: Any) -> tuple[Claim, ...]:
    """Lines that Keras printed."""
    return of_log(text, task=task, file="train.log", **kind)
