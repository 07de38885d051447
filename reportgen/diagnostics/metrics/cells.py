"""Metrics of labels: functions of true and false positives and negatives, and of their matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.rows import Floats, Rows

Cells = tuple[Floats, Floats, Floats, Floats]  # tp, fp, fn, tn
OfCells = Callable[[Floats, Floats, Floats, Floats], Floats]


def _ratio(top: Floats, bottom: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.asarray(np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1), np.nan))


def _fbeta(beta: float) -> OfCells:
    b = beta * beta
    return lambda tp, fp, fn, tn: _ratio((1 + b) * tp, (1 + b) * tp + b * fn + fp)


def _mcc(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    return _ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def _kappa(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    n = tp + fp + fn + tn
    chance = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / n**2
    return _ratio((tp + tn) / n - chance, 1 - chance)


#: Of the four cells of a class against the rest.
CELLS: dict[str, tuple[str, OfCells]] = {
    "precision": ("precision", lambda tp, fp, fn, tn: _ratio(tp, tp + fp)),
    "recall": ("recall", lambda tp, fp, fn, tn: _ratio(tp, tp + fn)),
    "f1": ("F1", _fbeta(1)),
    "f2": ("F2", _fbeta(2)),
    "f05": ("F0.5", _fbeta(0.5)),
    "specificity": ("specificity", lambda tp, fp, fn, tn: _ratio(tn, tn + fp)),
    "npv": ("negative predictive value", lambda tp, fp, fn, tn: _ratio(tn, tn + fn)),
    "fpr": ("false positive rate", lambda tp, fp, fn, tn: _ratio(fp, tn + fp)),
    "fnr": ("false negative rate", lambda tp, fp, fn, tn: _ratio(fn, tp + fn)),
    "jaccard": ("Jaccard index", lambda tp, fp, fn, tn: _ratio(tp, tp + fp + fn)),
    "gmean": (
        "geometric mean of recall and specificity",
        lambda tp, fp, fn, tn: np.sqrt(_ratio(tp, tp + fn) * _ratio(tn, tn + fp)),
    ),
    "informedness": (
        "Youden's J",
        lambda tp, fp, fn, tn: _ratio(tp, tp + fn) + _ratio(tn, tn + fp) - 1,
    ),
    "mcc": ("Matthews correlation", _mcc),
    "kappa": ("Cohen's kappa", _kappa),
}
WORDS = {name: words for name, (words, _) in CELLS.items()} | {
    "accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "roc_auc": "ROC-AUC",
    "average_precision": "average precision", "log_loss": "log loss", "brier": "Brier score",
    "hamming_loss": "Hamming loss", "top_k": "top-k accuracy", "dice": "Dice coefficient",
    "mse": "mean squared error", "rmse": "RMSE", "mae": "mean absolute error",
    "mape": "mean absolute percentage error", "smape": "symmetric percentage error",
    "r2": "R²", "explained_variance": "explained variance", "msle": "mean squared log error",
    "rmsle": "RMSLE", "max_error": "largest error", "median_ae": "median absolute error",
    "pearson": "Pearson correlation", "gini": "Gini coefficient", "error_rate": "error rate",
}  # fmt: skip
#: Between 0 and 1 (or -1 and 1), where a difference of one row is told from none.
BOUNDED = {*CELLS, "accuracy", "balanced_accuracy", "roc_auc", "average_precision", "top_k",
           "hamming_loss", "dice", "gini", "error_rate"}  # fmt: skip
RANKS = ("roc_auc", "average_precision", "gini")
AVERAGES = {"macro": "mean over classes", "weighted": "mean by rows of the class",
            "micro": "over all classes together", "samples": "mean over rows"}  # fmt: skip
#: What is counted where a class, or a row, has nothing to count: 0 as scikit-learn, 1, or left out.
_EMPTY: dict[str, tuple[float | None, ...]] = {"macro": (None,), "samples": (None, 1.0)}


def cells(truth: NDArray[np.bool_], given: NDArray[np.bool_], axis: int = 0) -> Cells:
    """True and false positives, false and true negatives, of each column (or row)."""
    parts = (truth & given, ~truth & given, truth & ~given, ~truth & ~given)
    tp, fp, fn, tn = (np.asarray(part.sum(axis=axis), np.float64) for part in parts)
    return tp, fp, fn, tn


def of_cells(rows: Rows, function: OfCells, average: str, empty: float | None = 0.0) -> float:
    """A function of the four cells: of the positive class, of class ``average`` (a number), or
    averaged over the classes.

    ``empty`` is what a class (or, over rows, a row) counts for that it is not defined for; None
    where it is left out.
    """
    truth, given = rows.members()
    if average == "micro":
        return float(function(*(np.asarray(c.sum()) for c in cells(truth, given))))
    each = function(*cells(truth, given, axis=1 if average == "samples" else 0))
    if average == "binary":
        return float(each[1])
    if average.isdigit():
        return float(each[int(average)])
    if average == "weighted":
        support = truth.sum(axis=0)
        return float(np.nansum(np.where(support > 0, each * support, 0)) / max(support.sum(), 1))
    known = np.isfinite(each)
    if not known.any():
        return float("nan")
    return float(each[known].mean() if empty is None else np.where(known, each, empty).mean())


def labelled(family: str, task: str, k: int) -> Iterator[Definition]:
    """A family of :data:`CELLS`: of the positive class, and its averages."""
    words, function = CELLS[family]
    usual = ["binary"] if task == "binary" else []
    usual += ["macro", "weighted", "micro"] + (["samples"] if task == "multilabel" else [])
    if family in ("mcc", "kappa"):
        if task != "multilabel":
            yield Definition(family, words, mcc if family == "mcc" else kappa)
            if family == "kappa":
                for power, name in ((1, "linear"), (2, "quadratic")):
                    yield Definition(
                        family, f"{words}, {name} weights", partial(kappa, power=power), name
                    )
            return
        usual = ["macro", "micro"]
    for average in usual:
        said = words if average == "binary" else f"{words}, {AVERAGES[average]}"
        same = ""
        if task != "multilabel" and family in ("f1", "precision", "recall", "f2", "f05"):
            same = "accuracy" if average == "micro" else ""
        yield Definition(
            family, said, partial(of_cells, function=function, average=average), average, same
        )
        for empty in _EMPTY.get(average, ()):
            yield Definition(
                family,
                said,
                partial(of_cells, function=function, average=average, empty=empty),
                average,
            )
    if family == "f1":
        for average in ("macro", "weighted"):
            yield Definition(
                family, "F1 of mean precision and mean recall",
                partial(_of_means, average=average), average,
            )  # fmt: skip


def _of_means(rows: Rows, average: str) -> float:
    """The other macro F1 (Sokolova and Lapalme 2009; Opitz and Burst 2021)."""
    p, r = (of_cells(rows, CELLS[part][1], average) for part in ("precision", "recall"))
    return 2 * p * r / (p + r) if p + r > 0 else float("nan")


def matrix(rows: Rows) -> Floats:
    """Counts by true class and given one."""
    k = rows.k
    return np.bincount(rows.y * k + rows.labels(), minlength=k * k).reshape(k, k).astype(float)


def mcc(rows: Rows) -> float:
    """Gorodkin's correlation of several classes; Matthews' of two."""
    c = matrix(rows)
    n, right, t, p = c.sum(), np.trace(c), c.sum(axis=1), c.sum(axis=0)
    bottom = np.sqrt((n**2 - p @ p) * (n**2 - t @ t))
    return float((right * n - t @ p) / bottom) if bottom > 0 else float("nan")


def kappa(rows: Rows, power: int = 0) -> float:
    """Cohen's kappa; disagreement counts alike (0), by distance (1), or its square (2)."""
    c = matrix(rows)
    n, codes = c.sum(), np.arange(len(c))
    apart = np.abs(codes[:, None] - codes) ** power if power else 1 - np.eye(len(c))
    chance = np.outer(c.sum(axis=1), c.sum(axis=0)) / n
    bottom = (apart * chance).sum()
    return float(1 - (apart * c).sum() / bottom) if bottom > 0 else float("nan")


def _soft(rows: Rows, function: OfCells, column: int | None) -> float:
    """The cells from probabilities and not from labels."""
    truth, _ = rows.members()
    s = rows.score_columns()
    parts = (truth * s, ~truth * s, truth * (1 - s), ~truth * (1 - s))
    if column is None:
        return float(function(*(np.asarray(x.sum()) for x in parts)))
    return float(function(*(np.asarray(x[:, column].sum()) for x in parts)))


def softened(cell: str, family: str, words: str) -> Iterator[Definition]:
    """A family on probabilities: legitimate where its name says so, and for Dice and Jaccard."""
    function = CELLS[cell][1]
    said = f"{words}, on probabilities (soft)"
    yield Definition(family, said, lambda r: _soft(r, function, 1), "binary", note="soft")
    yield Definition(family, said, lambda r: _soft(r, function, None), "micro", note="soft")
    yield Definition(
        family, said, lambda r: float(np.mean([_soft(r, function, k) for k in range(r.k)])),
        "macro", note="soft",
    )  # fmt: skip
    if family == "dice":  # Milletari's, with squares below

        def milletari(r: Rows) -> float:
            truth, s = r.members()[0], r.score_columns()
            if r.task == "binary":
                truth, s = truth[:, 1:], s[:, 1:]
            return float(2 * (truth * s).sum() / (truth.sum() + (s**2).sum()))

        yield Definition(family, f"{said}, squares below", milletari, "binary", note="soft")


def over_half(family: str) -> list[Definition]:
    """Keras's precision and recall of a softmax: every output above one half counts, together."""

    def of(rows: Rows) -> float:
        truth, above = rows.members()[0], rows.score_columns() > 0.5
        return float(CELLS[family][1](*(np.asarray(c.sum()) for c in cells(truth, above))))

    return [Definition(family, f"{WORDS[family]} over outputs above 0.5, all classes together", of)]
