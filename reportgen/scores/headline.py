"""The metric that the job reports, as one that is followed over members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.evidence import Case
from reportgen.job.rules.reported import of_its_own
from reportgen.job.schema import ReportedNumber
from reportgen.scores.followed import (
    Followed,
    averaged,
    cells_of,
    member_columns,
    score_columns,
)
from reportgen.statistics import influence, matrix
from reportgen.statistics.influence import Influence

Floats = NDArray[np.float64]
OF_CLASSES: dict[str, Callable[[Floats, int], matrix.Functional]] = {
    "precision": matrix.precision,
    "recall": matrix.recall,
    "f1": matrix.f1,
}
RANKED = {"roc_auc": influence.roc_auc, "average_precision": influence.average_precision}
WORDS = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "roc_auc": "ROC-AUC",
    "average_precision": "Average precision",
    "top_k_accuracy": "Accuracy of the top",
}


def headline(case: Case, delivered: Answers, among: Sequence[Followed]) -> Followed:
    """The first single number reported for test, where members can be asked for it.

    Else the first of ``among``, the task's usual one.
    """
    for reported in case.entry.reported:
        if not isinstance(reported, ReportedNumber) or of_its_own(reported.metric, case.entry):
            continue
        if reported.split == "test":
            return _followed(case, delivered, reported, among) or among[0]
    return among[0]


def _followed(
    case: Case, delivered: Answers, reported: ReportedNumber, among: Sequence[Followed]
) -> Followed | None:
    metric = reported.metric
    if reported.weighted != (delivered.design.weights is not None):
        return None
    average = None
    if metric in (*OF_CLASSES, *RANKED) and reported.per_class is None:
        average = reported.average or ("binary" if case.task == "binary" else "macro")
    details = [reported.per_class, None if average == "binary" else average]
    if metric == "top_k_accuracy":
        details.append(f"k = {reported.k}")
    if reported.weighted:
        details.append("weighted rows")
    claim = ", ".join([metric, *(d for d in details if d is not None)])
    known = next((m for m in among if m.claim == claim), None)
    if known is not None:
        return known
    if reported.per_class is not None and reported.per_class not in case.classes:
        return None
    code = None if reported.per_class is None else case.classes.index(reported.per_class)
    of = _function(metric, average, code, reported.k or 1, delivered)
    if of is None:
        return None
    name = "_".join(claim.replace(",", "").replace("= ", "").split())
    words = ", ".join([WORDS[metric], *(d for d in details if d is not None)])
    return Followed(name, words, "score", 1, 1.0, of, claim)


def _function(
    metric: str, average: str | None, code: int | None, k: int, delivered: Answers
) -> Callable[[Answers], Influence] | None:
    if metric in OF_CLASSES and average != "samples":
        return _of_labels(metric, average, code)
    if metric in RANKED and average != "samples" and delivered.scores is not None:
        return _of_ranks(metric, average, code)
    scores = delivered.scores
    if metric == "top_k_accuracy" and scores is not None and scores.ndim == 2:
        return lambda a: _top(a, k)
    return None


def _of_labels(
    metric: str, average: str | None, code: int | None
) -> Callable[[Answers], Influence]:
    one = OF_CLASSES[metric]

    def of(a: Answers) -> Influence:
        assert a.labels is not None
        weights = a.design.weights
        if a.y.ndim == 1:

            def functional(cells: Floats) -> matrix.Functional:
                if code is not None:
                    return one(cells, code)
                return matrix.averaged(cells, metric, str(average))

            return cells_of(functional, a.y, a.labels, len(a.classes), weights)
        if average == "micro":
            flat = None if weights is None else np.repeat(weights, a.y.shape[1])
            whole = cells_of(lambda c: one(c, 1), a.y.ravel(), a.labels.ravel(), 2, flat)
            return Influence(whole.value, whole.rows.reshape(a.y.shape).sum(axis=1))
        columns = range(a.y.shape[1]) if code is None else [code]
        parts = [
            cells_of(lambda c: one(c, 1), a.y[:, j], a.labels[:, j], 2, weights) for j in columns
        ]
        return averaged(parts, _shares(a.y[:, list(columns)], average))

    return of


def _of_ranks(metric: str, average: str | None, code: int | None) -> Callable[[Answers], Influence]:
    measure = RANKED[metric]

    def of(a: Answers) -> Influence:
        member, scores = member_columns(a), score_columns(a)
        weights = a.design.weights
        if average == "micro":
            flat = None if weights is None else np.repeat(weights, member.shape[1])
            whole = measure(member.ravel(), scores.ravel(), flat)
            return Influence(whole.value, whole.rows.reshape(member.shape).sum(axis=1))
        columns = range(member.shape[1]) if code is None else [code]
        parts = [measure(member[:, j], scores[:, j], weights) for j in columns]
        return averaged(parts, _shares(member[:, list(columns)], average))

    return of


def _shares(member: NDArray[Any], average: str | None) -> Floats | None:
    """What each class counts for in an average; alike unless it is a weighted one."""
    return np.asarray(member.sum(axis=0), np.float64) if average == "weighted" else None


def _top(a: Answers, k: int) -> Influence:
    """Share of rows whose class is among the ``k`` likeliest; ties go to the higher code.

    As in scikit-learn, which sorts in a stable way and takes the last ones.
    """
    assert a.scores is not None
    order = np.argsort(a.scores, axis=1, kind="stable")[:, ::-1][:, :k]
    return influence.mean((order == a.y[:, None]).any(axis=1), a.design.weights)
