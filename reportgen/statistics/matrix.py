"""Metrics that are functions of the confusion matrix, with their gradients.

The gradient is what the delta method needs: a metric's interval, with clusters and weights, and
a paired difference of two models follow from it without resampling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Functional:
    """A metric's value and its derivative with respect to each cell of the matrix, (K, K)."""

    value: float
    gradient: Floats


def confusion_matrix(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    sample_weight: Floats | None = None,
) -> Floats:
    """Weights (or counts) by true class, rows, and predicted class, columns.

    Parameters
    ----------
    y_true, y_pred : class codes of shape (n,).
    n_classes : number of classes K. Codes outside 0 .. K-1 (a label that is no class) share
        one more row and column, which is there only when such a code is.
    sample_weight : shape (n,), or None for counts.

    Returns
    -------
    float64 of shape (K, K) or (K + 1, K + 1).
    """
    truth, given, size = inside(y_true, y_pred, n_classes)
    cells = np.bincount(truth * size + given, weights=sample_weight, minlength=size * size)
    return cells.astype(np.float64).reshape(size, size)


def inside(
    y_true: NDArray[Any], y_pred: NDArray[Any], n_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Codes with everything outside 0 .. K-1 set to K, and the number of codes in use."""
    truth = np.asarray(y_true, dtype=np.int64)
    given = np.asarray(y_pred, dtype=np.int64)
    stray_truth = (truth < 0) | (truth >= n_classes)
    stray_given = (given < 0) | (given >= n_classes)
    if not (stray_truth.any() or stray_given.any()):
        return truth, given, n_classes
    return (
        np.where(stray_truth, n_classes, truth),
        np.where(stray_given, n_classes, given),
        n_classes + 1,
    )


def undefined(matrix: Floats) -> Functional:
    return Functional(float("nan"), np.zeros_like(matrix))


def _ratio(top: Floats, bottom: Floats, matrix: Floats, *, empty: float) -> Functional:
    """sum(top * C) / sum(bottom * C); ``empty`` where the denominator is zero."""
    below = float((bottom * matrix).sum())
    if below <= 0:
        return Functional(empty, np.zeros_like(matrix))
    value = float((top * matrix).sum()) / below
    return Functional(value, (top - value * bottom) / below)


def _mean(parts: list[Functional], matrix: Floats, shares: Floats | None = None) -> Functional:
    if not parts:
        return undefined(matrix)
    by = np.full(len(parts), 1 / len(parts)) if shares is None else shares
    value = float(sum(s * p.value for s, p in zip(by, parts, strict=True)))
    gradient = sum((s * p.gradient for s, p in zip(by, parts, strict=True)), np.zeros_like(matrix))
    return Functional(value, np.asarray(gradient))


def accuracy(matrix: Floats) -> Functional:
    """Share of the weight on the diagonal; stray labels are never right."""
    return _ratio(np.eye(len(matrix)), np.ones_like(matrix), matrix, empty=float("nan"))


def recall(matrix: Floats, k: int, *, empty: float = 0.0) -> Functional:
    """Share of class ``k``'s rows that are given ``k``; ``empty`` when there are none."""
    top, bottom = np.zeros_like(matrix), np.zeros_like(matrix)
    top[k, k] = 1
    bottom[k] = 1
    return _ratio(top, bottom, matrix, empty=empty)


def precision(matrix: Floats, k: int, *, empty: float = 0.0) -> Functional:
    """Share of the rows given ``k`` that are ``k``; ``empty`` when there are none."""
    top, bottom = np.zeros_like(matrix), np.zeros_like(matrix)
    top[k, k] = 1
    bottom[:, k] = 1
    return _ratio(top, bottom, matrix, empty=empty)


def f1(matrix: Floats, k: int, *, empty: float = 0.0) -> Functional:
    """2 TP / (2 TP + FP + FN) of class ``k``."""
    top, bottom = np.zeros_like(matrix), np.zeros_like(matrix)
    top[k, k] = 2
    bottom[k] += 1
    bottom[:, k] += 1
    return _ratio(top, bottom, matrix, empty=empty)


def balanced_accuracy(matrix: Floats) -> Functional:
    """Mean recall over the classes that have rows."""
    total = matrix.sum(axis=1)
    present = np.flatnonzero(total > 0)
    if not len(present):
        return undefined(matrix)
    rate = np.diag(matrix)[present] / total[present]
    gradient = np.zeros_like(matrix)
    gradient[present] = (-rate / total[present])[:, None]
    gradient[present, present] += 1 / total[present]
    return Functional(float(rate.mean()), gradient / len(present))


def macro_f1(matrix: Floats) -> Functional:
    """Mean F1 over the classes that are in the truth or in the answers."""
    hits = np.diag(matrix)
    total = matrix.sum(axis=1) + matrix.sum(axis=0)
    present = total > 0
    if not present.any():
        return undefined(matrix)
    safe = np.where(present, total, 1.0)
    value = np.where(present, 2 * hits / safe, 0.0)
    slope = np.where(present, value / safe, 0.0)
    gradient = -(slope[:, None] + slope[None, :])
    gradient[np.diag_indices_from(gradient)] += np.where(present, 2 / safe, 0.0)
    return Functional(float(value[present].mean()), gradient / int(present.sum()))


def mcc(matrix: Floats) -> Functional:
    """Matthews correlation for any number of classes (Gorodkin 2004); 0 where it is undefined.

    With c right, s in all, t and p the margins: (c s - t.p) / sqrt((s^2 - p.p)(s^2 - t.t)).
    """
    right, total = float(np.trace(matrix)), float(matrix.sum())
    truth, given = matrix.sum(axis=1), matrix.sum(axis=0)
    over = right * total - float(truth @ given)
    a = total**2 - float(given @ given)
    b = total**2 - float(truth @ truth)
    if a <= 0 or b <= 0:
        return Functional(0.0, np.zeros_like(matrix))
    root = float(np.sqrt(a * b))
    d_over = total * np.eye(len(matrix)) + right - given[:, None] - truth[None, :]
    d_a = 2 * (total - given)[None, :]
    d_b = 2 * (total - truth)[:, None]
    gradient = d_over / root - over / root * (d_a / (2 * a) + d_b / (2 * b))
    return Functional(over / root, np.asarray(gradient))


def averaged(matrix: Floats, which: str, average: str) -> Functional:
    """Precision, recall or F1 averaged over classes: macro, micro or weighted.

    As in scikit-learn, classes are those in the truth or in the answers, and a class without
    a denominator counts as 0.
    """
    metric = {"precision": precision, "recall": recall, "f1": f1}[which]
    if average == "micro":
        return accuracy(matrix)
    support = matrix.sum(axis=1)
    present = np.flatnonzero((support > 0) | (matrix.sum(axis=0) > 0))
    parts = [metric(matrix, int(k)) for k in present]
    if average == "macro":
        return _mean(parts, matrix)
    if average == "weighted":
        total = float(support.sum())
        if total <= 0:
            return undefined(matrix)
        mean = _mean(parts, matrix, support[present] / total)
        values = np.zeros(len(matrix))
        values[present] = [p.value for p in parts]
        return Functional(mean.value, mean.gradient + (values - mean.value)[:, None] / total)
    raise ValueError(f"average {average!r} is not macro, micro or weighted")
