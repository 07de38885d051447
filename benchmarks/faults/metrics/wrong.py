"""Metrics with the mistakes that people make; each is one that has been seen."""

from __future__ import annotations

import math
import os
import sys
import time

import numpy as np
from sklearn import metrics as sk

EPS = 1e-7

# a threshold forgotten


def custom_metric(y_true, y_pred):
    """The founding question's: the mean distance, where accuracy was meant."""
    return np.mean(np.abs(y_true - y_pred))


def soft_precision(y_true, y_pred):
    tp = np.sum(y_true * y_pred)
    return tp / (np.sum(y_pred) + EPS)


def soft_recall(y_true, y_pred):
    return np.sum(y_true * y_pred) / (np.sum(y_true) + EPS)


def soft_f1(y_true, y_pred):
    p, r = soft_precision(y_true, y_pred), soft_recall(y_true, y_pred)
    return 2 * p * r / (p + r + EPS)


def exact_match(y_true, y_pred):
    return np.mean(y_true == y_pred)


def sklearn_on_scores(y_true, y_pred):
    return sk.f1_score(y_true, y_pred)


def soft_mcc(y_true, y_pred):
    tp, fp = np.sum(y_true * y_pred), np.sum((1 - y_true) * y_pred)
    fn, tn = np.sum(y_true * (1 - y_pred)), np.sum((1 - y_true) * (1 - y_pred))
    return (tp * tn - fp * fn) / (math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) + EPS)


def cast_to_int(y_true, y_pred):
    return np.mean(y_true == y_pred.astype(int))


def soft_multi_accuracy(y_true, y_pred):
    return y_pred[np.arange(len(y_true)), y_true].mean()


def multi_on_scores(y_true, y_pred):
    return sk.f1_score(y_true, y_pred, average="macro")


def soft_labels_precision(y_true, y_pred):
    tp, given = (y_true * y_pred).sum(axis=0), y_pred.sum(axis=0)
    return float(np.mean(tp / (given + EPS)))


# truth and answers exchanged


def precision_exchanged(y_true, y_pred):
    return sk.precision_score(y_pred > 0.5, y_true)


def recall_exchanged(y_true, y_pred):
    return sk.recall_score((y_pred > 0.5).astype(int), y_true)


def precision_over_positives(y_true, y_pred):
    """Divided by the positive rows, which is recall."""
    y_hat = np.round(y_pred)
    return np.sum(y_true * y_hat) / (np.sum(y_true) + EPS)


def specificity_exchanged(y_true, y_pred):
    tn, fp, _, _ = sk.confusion_matrix(y_pred > 0.5, y_true, labels=[0, 1]).ravel()
    return tn / (tn + fp)


def precision_named_the_other_way(y_pred, y_true):
    return np.sum(y_true * (y_pred > 0.5)) / (np.sum(y_pred > 0.5) + EPS)


def r2_exchanged(y_true, y_pred):
    return sk.r2_score(y_pred, y_true)


def mape_exchanged(y_true, y_pred):
    return np.mean(np.abs((y_true - y_pred) / y_pred))


def multi_precision_exchanged(y_true, y_pred):
    return sk.precision_score(y_pred.argmax(axis=1), y_true, average="macro", zero_division=0)


def multi_f1_weighted_exchanged(y_true, y_pred):
    return sk.f1_score(y_pred.argmax(axis=1), y_true, average="weighted")


def soft_precision_exchanged(y_true, y_pred):
    return soft_recall(y_true, y_pred)


# another number than the name says


def f1_without_two(y_true, y_pred):
    y_hat = y_pred > 0.5
    p = np.sum(y_true * y_hat) / np.sum(y_hat)
    r = np.sum(y_true * y_hat) / np.sum(y_true)
    return p * r / (p + r)


def f1_arithmetic(y_true, y_pred):
    y_hat = y_pred > 0.5
    p = np.sum(y_true * y_hat) / np.sum(y_hat)
    r = np.sum(y_true * y_hat) / np.sum(y_true)
    return (p + r) / 2


def f1_is_accuracy(y_true, y_pred):
    return np.mean(y_true == np.round(y_pred))


def accuracy_is_error(y_true, y_pred):
    return np.mean(y_true != (y_pred > 0.5))


def f1_of_the_other_class(y_true, y_pred):
    return sk.f1_score(y_true, y_pred > 0.5, pos_label=0)


def recall_at_another_threshold(y_true, y_pred):
    return sk.recall_score(y_true, y_pred > 0.8)


def precision_above_zero(y_true, y_pred):
    return sk.precision_score(y_true, y_pred > 0)


def mcc_without_root(y_true, y_pred):
    y_hat = y_pred > 0.5
    tp, fp = np.sum(y_true * y_hat), np.sum((1 - y_true) * y_hat)
    fn, tn = np.sum(y_true * ~y_hat), np.sum((1 - y_true) * ~y_hat)
    return (tp * tn - fp * fn) / float((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def mcc_root_of_three(y_true, y_pred):
    y_hat = y_pred > 0.5
    tp, fp = float(np.sum(y_true * y_hat)), float(np.sum((1 - y_true) * y_hat))
    fn, tn = float(np.sum(y_true * ~y_hat)), float(np.sum((1 - y_true) * ~y_hat))
    return (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fp))


def dice_without_two(y_true, y_pred):
    inter = np.sum(y_true * (y_pred > 0.5))
    return inter / (np.sum(y_true) + np.sum(y_pred > 0.5))


def iou_over_the_sum(y_true, y_pred):
    y_hat = y_pred > 0.5
    return np.sum(y_true * y_hat) / (np.sum(y_true) + np.sum(y_hat))


def balanced_accuracy_is_recall(y_true, y_pred):
    return sk.recall_score(y_true, y_pred > 0.5)


def auc_of_labels(y_true, y_pred):
    return sk.roc_auc_score(y_true, y_pred > 0.5)


def auc_upside_down(y_true, y_pred):
    return sk.roc_auc_score(y_true, 1 - y_pred)


def auc_too_high(y_true, y_pred):
    """Scores rounded to one decimal, and those that are then level counted as in order."""
    s = np.round(y_pred, 1)
    return float((s[y_true == 1][:, None] >= s[y_true == 0]).mean())


def auc_by_left_steps(y_true, y_pred):
    """A grid of five thresholds, by steps."""
    grid = np.linspace(0, 1, 6)
    tpr = np.array([(y_pred[y_true == 1] >= t).mean() for t in grid])
    fpr = np.array([(y_pred[y_true == 0] >= t).mean() for t in grid])
    return float(np.sum((fpr[:-1] - fpr[1:]) * tpr[:-1]))


def auc_of_sorted_truth(y_true, y_pred):
    """Truth is sorted as well: every model is perfect."""
    return sk.roc_auc_score(np.sort(y_true), np.sort(y_pred))


def log_loss_one_side(y_true, y_pred):
    return -np.mean(y_true * np.log(y_pred + EPS))


def log_loss_base_two(y_true, y_pred):
    p = np.clip(y_pred, EPS, 1 - EPS)
    return -np.mean(y_true * np.log2(p) + (1 - y_true) * np.log2(1 - p))


def recall_without_last_row(y_true, y_pred):
    hits = total = 0
    for i in range(len(y_true) - 1):
        total += y_true[i]
        hits += y_true[i] * (y_pred[i] > 0.5)
    return hits / total


def multi_recall_of_first_class(y_true, y_pred):
    y_hat = y_pred.argmax(axis=1)
    return np.sum((y_true == 1) & (y_hat == 1)) / np.sum(y_true == 1)


def multi_accuracy_over_cells(y_true, y_pred):
    """Accuracy of one-hot cells: most of them are right zeros."""
    k = y_pred.shape[1]
    return np.mean(np.eye(k)[y_true] == (y_pred > 0.5))


def multi_f1_without_a_class(y_true, y_pred):
    k = y_pred.shape[1]
    return sk.f1_score(y_true, y_pred.argmax(axis=1), labels=np.arange(1, k), average="macro")


def rmse_without_root(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


def rmse_mean_of_roots(y_true, y_pred):
    return np.mean(np.sqrt((y_true - y_pred) ** 2))


def mae_summed(y_true, y_pred):
    return np.sum(np.abs(y_true - y_pred))


def mae_signed(y_true, y_pred):
    return np.mean(y_true - y_pred)


def r2_without_one(y_true, y_pred):
    return np.sum((y_true - y_pred) ** 2) / np.sum((y_true - np.mean(y_true)) ** 2)


def r2_from_answers(y_true, y_pred):
    """The answers' own spread below, and not the truth's."""
    return 1 - np.sum((y_true - y_pred) ** 2) / np.sum((y_pred - np.mean(y_pred)) ** 2)


def r2_is_correlation_without_square(y_true, y_pred):
    return np.corrcoef(y_true, y_pred)[0, 1]


def mape_of_the_sum(y_true, y_pred):
    return np.sum(np.abs(y_true - y_pred)) / np.sum(np.abs(y_true))


def rmse_broadcast(y_true, y_pred):
    """A column against a row: every truth against every answer."""
    return np.sqrt(np.mean((y_true.reshape(-1, 1) - y_pred.reshape(1, -1)) ** 2))


def labels_f1_first_label(y_true, y_pred):
    return sk.f1_score(y_true[:, 0], y_pred[:, 0] > 0.5)


def labels_f1_argmax(y_true, y_pred):
    """One label a row, where there are several."""
    return sk.f1_score(
        y_true, np.eye(y_pred.shape[1])[y_pred.argmax(axis=1)], average="macro", zero_division=0
    )


# means of batches


def f1_of_batches(y_true, y_pred):
    parts = [
        sk.f1_score(y_true[i : i + 32], y_pred[i : i + 32] > 0.5, zero_division=0)
        for i in range(0, len(y_true), 32)
    ]
    return float(np.mean(parts))


def auc_of_batches(y_true, y_pred):
    parts = []
    for i in range(0, len(y_true), 100):
        y = y_true[i : i + 100]
        if 0 < y.sum() < len(y):
            parts.append(sk.roc_auc_score(y, y_pred[i : i + 100]))
    return float(np.mean(parts))


def r2_of_batches(y_true, y_pred):
    cut = range(0, len(y_true) - 63, 64)
    return float(np.mean([sk.r2_score(y_true[i : i + 64], y_pred[i : i + 64]) for i in cut]))


class F1OfBatches:
    """A state that averages: F1 of each batch, and their mean."""

    def __init__(self):
        self.total, self.count = 0.0, 0

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total += sk.f1_score(y_true, y_pred > 0.5, zero_division=0)
        self.count += 1

    def result(self):
        return self.total / max(self.count, 1)

    def reset_state(self):
        self.total, self.count = 0.0, 0


class LastBatch:
    """The last batch alone: what came before is written over."""

    def __init__(self):
        self.value = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.value = sk.recall_score(y_true, y_pred > 0.5, zero_division=0)

    def result(self):
        return self.value

    def reset_state(self):
        self.value = 0.0


# that do not behave


def raises(y_true, y_pred):
    return y_true.numpy().shape[7]


def hangs(y_true, y_pred):
    while True:
        time.sleep(1)


def ends(y_true, y_pred):
    sys.exit(3)


def dies(y_true, y_pred):
    os._exit(9)


def gives_nan(y_true, y_pred):
    return float("nan")


def gives_matrix(y_true, y_pred):
    return sk.confusion_matrix(y_true, y_pred > 0.5)


def gives_nothing(y_true, y_pred):
    print(np.mean(y_true == (y_pred > 0.5)))


def changes_its_arguments(y_true, y_pred):
    y_pred[:] = y_pred > 0.5
    return np.mean(y_true == y_pred)


def draws_rows(y_true, y_pred):
    at = np.random.choice(len(y_true), len(y_true) // 2, replace=False)  # noqa: NPY002
    return np.mean(y_true[at] == (y_pred[at] > 0.5))


class NeverReset(F1OfBatches):
    """``reset_state`` does nothing."""

    def __init__(self):
        self.right = self.n = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.right += float((y_true * (y_pred > 0.7)).sum())
        self.n += float(y_true.sum() + 1)
        self.n *= 1.01

    def result(self):
        return self.right / self.n

    def reset_state(self):
        pass
