"""Scores of labels: accuracy, precision, recall, F1, MCC, top-k. Equal to scikit-learn's.

Codes are those of :class:`reportgen.data.table.Dataset`: 0 .. K-1, anything else is a label that
is no class. Every function takes sample weights of shape (n,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reportgen.statistics import matrix as of_matrix
from reportgen.statistics.matrix import Floats, confusion_matrix

__all__ = [
    "PrecisionRecallF1",
    "accuracy",
    "balanced_accuracy",
    "confusion_matrix",
    "mcc",
    "per_class",
    "precision_recall_f1",
    "top_k_accuracy",
]


class PrecisionRecallF1(NamedTuple):
    """Floats where they are averaged; arrays of shape (K,) a class. ``support`` is weight."""

    precision: Any
    recall: Any
    f1: Any
    support: Any


def accuracy(
    y_true: NDArray[Any], y_pred: NDArray[Any], sample_weight: Floats | None = None
) -> float:
    """Share of right rows; for labels of shape (n, K), of rows right in every label."""
    if not len(y_true):
        return float("nan")
    right = np.asarray(y_true) == np.asarray(y_pred)
    if right.ndim == 2:
        right = right.all(axis=1)
    return float(np.average(right, weights=sample_weight))


def balanced_accuracy(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    sample_weight: Floats | None = None,
) -> float:
    """Mean recall over the classes that have rows."""
    return of_matrix.balanced_accuracy(
        confusion_matrix(y_true, y_pred, n_classes, sample_weight)
    ).value


def mcc(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    sample_weight: Floats | None = None,
) -> float:
    """Matthews correlation (Gorodkin 2004 for more than two classes)."""
    return of_matrix.mcc(confusion_matrix(y_true, y_pred, n_classes, sample_weight)).value


def _divided(top: Floats, bottom: Floats) -> Floats:
    """Quotient; 0 where the denominator is 0 (scikit-learn's ``zero_division``)."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _from_counts(hits: Floats, given: Floats, support: Floats) -> PrecisionRecallF1:
    return PrecisionRecallF1(
        _divided(hits, given), _divided(hits, support), _divided(2 * hits, given + support), support
    )


def _label_counts(
    y_true: NDArray[Any], y_pred: NDArray[Any], weight: Floats | None, axis: int
) -> PrecisionRecallF1:
    truth, answer = np.asarray(y_true) == 1, np.asarray(y_pred) == 1
    if weight is None:
        counts = [part.sum(axis).astype(np.float64) for part in (truth & answer, answer, truth)]
        return _from_counts(*counts)
    truth_weight, answer_weight = truth * weight[:, None], answer * weight[:, None]
    return _from_counts(
        (truth_weight * answer).sum(axis), answer_weight.sum(axis), truth_weight.sum(axis)
    )


def per_class(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    sample_weight: Floats | None = None,
) -> PrecisionRecallF1:
    """Precision, recall, F1 and support of each class or, for (n, K) labels, of each label."""
    if np.ndim(y_true) == 2:
        return _label_counts(y_true, y_pred, sample_weight, 0)
    cells = confusion_matrix(y_true, y_pred, n_classes, sample_weight)
    whole = _from_counts(np.diag(cells), cells.sum(axis=0), cells.sum(axis=1))
    return PrecisionRecallF1(
        whole.precision[:n_classes],
        whole.recall[:n_classes],
        whole.f1[:n_classes],
        whole.support[:n_classes],
    )


def precision_recall_f1(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    average: str | None = "macro",
    *,
    positive: int = 1,
    sample_weight: Floats | None = None,
) -> PrecisionRecallF1:
    """Precision, recall and F1 as ``sklearn.metrics.precision_recall_fscore_support`` has them.

    Parameters
    ----------
    y_true, y_pred : codes of shape (n,), or 0/1 of shape (n, K) for multilabel tasks.
    average : None (a value a class), binary (that of ``positive``), macro, micro, weighted, or
        samples (multilabel: mean over rows). Averages are over the classes that occur in the
        truth or in the answers; multilabel ones over all K labels.

    Raises
    ------
    ValueError
        for an average that does not exist for these labels.
    """
    classes = per_class(y_true, y_pred, n_classes, sample_weight)
    if average is None:
        return classes
    if average == "binary":
        return _each(classes, lambda part: float(part[positive]), float(classes.support[positive]))
    support = float(np.sum(classes.support))
    if np.ndim(y_true) == 2:
        return _of_label_sets(y_true, y_pred, average, classes, sample_weight)
    if average == "samples":
        raise ValueError("average 'samples' is for multilabel tasks")
    cells = confusion_matrix(y_true, y_pred, n_classes, sample_weight)
    return PrecisionRecallF1(
        of_matrix.averaged(cells, "precision", average).value,
        of_matrix.averaged(cells, "recall", average).value,
        of_matrix.averaged(cells, "f1", average).value,
        support,
    )


def _each(
    parts: PrecisionRecallF1, reduce: Callable[[Floats], float], support: float
) -> PrecisionRecallF1:
    return PrecisionRecallF1(
        reduce(parts.precision), reduce(parts.recall), reduce(parts.f1), support
    )


def _of_label_sets(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    average: str,
    labels: PrecisionRecallF1,
    weight: Floats | None,
) -> PrecisionRecallF1:
    support = float(np.sum(labels.support))
    if average == "macro":
        return _each(labels, lambda part: float(np.mean(part)), support)
    if average == "weighted":
        by = labels.support if support > 0 else None
        return _each(labels, lambda part: float(np.average(part, weights=by)), support)
    if average == "samples":
        rows = _label_counts(y_true, y_pred, None, 1)
        return _each(rows, lambda part: float(np.average(part, weights=weight)), support)
    if average == "micro":
        flat = None if weight is None else np.repeat(weight, np.shape(y_true)[1])
        whole = _label_counts(np.reshape(y_true, (-1, 1)), np.reshape(y_pred, (-1, 1)), flat, 0)
        return _each(whole, lambda part: float(part[0]), support)
    raise ValueError(f"average {average!r} is not binary, macro, micro, weighted or samples")


def top_k_accuracy(
    y_true: NDArray[Any], scores: Floats, k: int, sample_weight: Floats | None = None
) -> float:
    """Share of rows whose class is among the ``k`` with the highest scores.

    Ties go to the higher class code, as in scikit-learn. ``scores`` has shape (n, K); stray
    labels are never among them.
    """
    truth = np.asarray(y_true, dtype=np.int64)
    if not len(truth):
        return float("nan")
    known = (truth >= 0) & (truth < scores.shape[1])
    own = scores[np.arange(len(truth)), np.where(known, truth, 0)][:, None]
    later = np.arange(scores.shape[1])[None, :] > truth[:, None]
    ahead = ((scores > own) | ((scores == own) & later)).sum(axis=1)
    return float(np.average(known & (ahead < k), weights=sample_weight))
