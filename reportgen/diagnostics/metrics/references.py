"""Every definition that a metric's name may stand for, as scikit-learn and the literature have it.

A definition is a function of :class:`Rows`; NaN where it is not defined (a class without rows).
Several are legitimate where a name leaves it open: macro and weighted means, per cent, 1/n or
1/(n - 1). Metrics are held to the one that they come nearest to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.metrics.cells import (
    AVERAGES,
    CELLS,
    RANKS,
    WORDS,
    labelled,
    of_cells,
    softened,
)
from reportgen.diagnostics.metrics.definition import Definition, turned
from reportgen.diagnostics.metrics.rows import Floats, Rows
from reportgen.statistics import ranking

MANY = 12  # classes beyond which not every pair of them is looked at


def accuracy(rows: Rows) -> float:
    right = np.asarray(rows.y == rows.labels())
    return float(right.all(axis=1).mean() if right.ndim == 2 else right.mean())


def _each_label(rows: Rows) -> float:
    return float((rows.y == rows.labels()).mean())


def _top(rows: Rows, k: int) -> float:
    order = np.argsort(-rows.p, axis=1, kind="stable")[:, :k]
    return float((order == rows.y[:, None]).any(axis=1).mean())


def _ranked(rows: Rows, function: Callable[..., float], average: str) -> float:
    truth, s = rows.members()[0], rows.score_columns()
    if average == "binary":
        return float(function(truth[:, 1], s[:, 1]))
    if average == "micro":
        return float(function(truth.ravel(), s.ravel()))
    parts = np.array([function(truth[:, k], s[:, k]) for k in range(truth.shape[1])])
    if average == "weighted":
        return float(np.average(parts, weights=truth.sum(axis=0)))
    if average == "pairs":
        return _one_against_one(rows, function)
    return float(parts.mean())


def _one_against_one(rows: Rows, function: Callable[..., float]) -> float:
    found = []
    for i in range(rows.k):
        for j in range(i):
            at = (rows.y == i) | (rows.y == j)
            found += [
                function(rows.y[at] == i, rows.p[at, i]),
                function(rows.y[at] == j, rows.p[at, j]),
            ]
    return float(np.mean(found))


def pr_area(y: NDArray[np.bool_], s: Floats) -> float:
    """Area under the precision-recall curve by trapezoids, as ``sklearn.metrics.auc`` has it."""
    curve = ranking.pr_curve(y, s)
    recall, precision = np.append(0.0, curve.recall), np.append(1.0, curve.precision)
    return float(np.trapezoid(precision, recall))


def _ranks(family: str, task: str, k: int) -> Iterator[Definition]:
    usual = ["binary"] if task == "binary" else ["macro", "weighted", "micro"]
    if task == "multiclass" and family == "roc_auc" and k <= MANY:
        usual.append("pairs")
    function: Callable[..., float] = ranking.roc_auc
    if family == "average_precision":
        function = ranking.average_precision
    words = WORDS[family]
    for average in usual:
        said = words
        if average != "binary":
            said += f", {AVERAGES.get(average, 'one class against one')}"
        one = Definition(
            family, said, partial(_ranked, function=function, average=average), average
        )
        if family == "gini":
            yield turned(one, "{}", lambda value: 2 * value - 1)
            continue
        yield one
        if family == "average_precision":
            area = partial(_ranked, function=pr_area, average=average)
            words_of_area = "area under the precision-recall curve, by trapezoids"
            yield Definition(family, words_of_area, area, average)


def _log_losses(task: str) -> Iterator[Definition]:
    def of(rows: Rows) -> float:
        p = np.clip(rows.p, 1e-7, 1 - 1e-7)
        if rows.task == "multiclass":
            p = p / p.sum(axis=1, keepdims=True)
            return float(-np.log(p[np.arange(rows.n), rows.y]).mean())
        return float(-(rows.y * np.log(p) + (1 - rows.y) * np.log(1 - p)).mean())

    yield Definition("log_loss", "log loss", of)
    if task == "multilabel":
        yield Definition("log_loss", "log loss, summed over labels", lambda r: of(r) * r.k)


def _briers(task: str) -> Iterator[Definition]:
    def of(rows: Rows) -> float:
        if rows.task == "multiclass":
            return float(((rows.p - np.eye(rows.k)[rows.y]) ** 2).sum(axis=1).mean())
        return float(((rows.p - rows.y) ** 2).mean())

    yield Definition("brier", "Brier score", of)
    if task != "multilabel":
        yield Definition("brier", "Brier score, mean over classes", lambda r: of(r) / r.k)
        yield Definition("brier", "Brier score, summed over both classes", lambda r: of(r) * 2)


def _dice(task: str) -> Iterator[Definition]:
    for one in (*labelled("f1", task, 0),):
        yield replace(
            one, family="dice", words=one.words.replace("F1", "Dice coefficient"), same_as=""
        )
    yield from softened("f1", "dice", "Dice coefficient")


def _balanced(task: str) -> list[Definition]:
    recall, specificity = CELLS["recall"][1], CELLS["specificity"][1]

    def of_labels(rows: Rows) -> float:
        return (of_cells(rows, recall, "macro") + of_cells(rows, specificity, "macro")) / 2

    def adjusted(rows: Rows) -> float:
        return (of_cells(rows, recall, "macro") - 1 / rows.k) / (1 - 1 / rows.k)

    words = "balanced accuracy"
    if task == "multilabel":
        return [Definition("balanced_accuracy", words, of_labels)]
    plain = partial(of_cells, function=recall, average="macro")
    return [
        Definition("balanced_accuracy", words, plain),
        Definition("balanced_accuracy", f"{words}, adjusted for chance", adjusted),
    ]


def classification(family: str, task: str, k: int, top: int | None = None) -> list[Definition]:
    """All that a family's name may mean in a classification task."""
    if family in CELLS:
        found = list(labelled(family, task, k))
        if family == "jaccard":
            found += softened("jaccard", family, "Jaccard index")
        return found
    if family == "accuracy":
        found = [Definition(family, "accuracy", accuracy)]
        if task == "multilabel":
            found = [
                Definition(family, "accuracy of whole rows", accuracy),
                Definition(family, "accuracy of single labels", _each_label),
                Definition(family, "Jaccard index, mean over rows",
                           lambda r: of_cells(r, CELLS["jaccard"][1], "samples")),
            ]  # fmt: skip
        return found
    if family == "balanced_accuracy":
        return _balanced(task)
    if family in RANKS:
        return list(_ranks(family, task, k))
    if family == "top_k" and task == "multiclass":
        return [
            Definition(family, f"accuracy of the top {n}", partial(_top, k=n))
            for n in ([top] if top else [2, 3, 4, 5, 10])
            if n < k
        ]
    if family == "error_rate":
        return [Definition(family, "error rate", lambda r: 1 - accuracy(r))]
    if family == "hamming_loss":
        return [Definition(family, "Hamming loss", lambda r: 1 - _each_label(r))]
    if family == "log_loss":
        return list(_log_losses(task))
    if family == "brier":
        return list(_briers(task))
    if family == "dice":
        return list(_dice(task))
    if family in ("mae", "mse", "rmse"):  # of probabilities, as Keras compiles them
        from reportgen.diagnostics.metrics.regression import of_scores

        return of_scores(family)
    return []
