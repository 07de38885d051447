"""Right metrics, in the many ways in which people write them."""

from __future__ import annotations

import math

import numpy as np
from sklearn import metrics as sk

EPS = 1e-7


def f1_numpy(y_true, y_pred):
    y_hat = (y_pred > 0.5).astype(int)
    tp = np.sum((y_true == 1) & (y_hat == 1))
    fp = np.sum((y_true == 0) & (y_hat == 1))
    fn = np.sum((y_true == 1) & (y_hat == 0))
    precision, recall = tp / (tp + fp + EPS), tp / (tp + fn + EPS)
    return 2 * precision * recall / (precision + recall + EPS)


def f1_sklearn(y_true, y_pred):
    return sk.f1_score(y_true, y_pred >= 0.5)


def f1_macro(y_true, y_pred):
    return sk.f1_score(y_true, np.round(y_pred), average="macro")


def f1_weighted(y_true, y_pred):
    return sk.f1_score(y_true, np.round(y_pred), average="weighted")


def f1_other_macro(y_true, y_pred):
    y_hat = y_pred.argmax(axis=1)
    p = sk.precision_score(y_true, y_hat, average="macro", zero_division=0)
    r = sk.recall_score(y_true, y_hat, average="macro", zero_division=0)
    return 2 * p * r / (p + r)


def precision_loop(y_true, y_pred):
    tp = fp = 0
    for t, p in zip(y_true, y_pred, strict=True):
        if p > 0.5:
            if t == 1:
                tp += 1
            else:
                fp += 1
    return tp / (tp + fp) if tp + fp else 0.0


def recall_numpy(y_true, y_pred):
    y_hat = np.where(y_pred > 0.5, 1, 0)
    return np.logical_and(y_true, y_hat).sum() / y_true.sum()


def precision_weighted_sklearn(y_true, y_pred, sample_weight=None):
    return sk.precision_score(y_true, y_pred > 0.5, sample_weight=sample_weight)


def specificity(y_true, y_pred):
    tn, fp, _, _ = sk.confusion_matrix(y_true, y_pred > 0.5, labels=[0, 1]).ravel()
    return tn / (tn + fp)


def accuracy_numpy(y_true, y_pred):
    return np.mean(y_true == (y_pred > 0.5))


def accuracy_percent(y_true, y_pred):
    return 100 * np.mean(y_true == (y_pred > 0.5))


def accuracy_rounded(y_true, y_pred):
    return round(float(np.mean(y_true == (y_pred > 0.5))), 3)


def accuracy_a_row(y_true, y_pred):
    return (y_true == (y_pred > 0.5)).astype("float32")


def balanced_accuracy(y_true, y_pred):
    return sk.balanced_accuracy_score(y_true, y_pred > 0.5)


def mcc_numpy(y_true, y_pred):
    y_hat = (y_pred > 0.5).astype(np.int64)
    tp = float(((y_true == 1) & (y_hat == 1)).sum())
    tn = float(((y_true == 0) & (y_hat == 0)).sum())
    fp = float(((y_true == 0) & (y_hat == 1)).sum())
    fn = float(((y_true == 1) & (y_hat == 0)).sum())
    return (tp * tn - fp * fn) / (math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) + EPS)


def kappa_sklearn(y_true, y_pred):
    return sk.cohen_kappa_score(y_true, y_pred > 0.5)


def auc_sklearn(y_true, y_pred):
    return sk.roc_auc_score(y_true, y_pred)


def auc_ranks(y_true, y_pred):
    """Mann and Whitney, with mean ranks for ties."""
    from scipy.stats import rankdata

    ranks = rankdata(y_pred)
    n1 = y_true.sum()
    n0 = len(y_true) - n1
    return (ranks[y_true == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)


def auc_grid(y_true, y_pred):
    """By trapezoids over 200 thresholds, as Keras does it."""
    grid = np.linspace(0, 1, 200)
    tpr = [(y_pred[y_true == 1] > t).mean() for t in grid]
    fpr = [(y_pred[y_true == 0] > t).mean() for t in grid]
    return -np.trapezoid([1.0, *tpr], [1.0, *fpr])


def pr_auc(y_true, y_pred):
    precision, recall, _ = sk.precision_recall_curve(y_true, y_pred)
    return sk.auc(recall, precision)


def average_precision(y_true, y_pred):
    return sk.average_precision_score(y_true, y_pred)


def log_loss_numpy(y_true, y_pred):
    p = np.clip(y_pred, 1e-15, 1 - 1e-15)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def brier(y_true, y_pred):
    return np.mean((y_pred - y_true) ** 2)


def dice_smooth(y_true, y_pred, smooth=1.0):
    """On probabilities and with 1 beside both sums, as in segmentation."""
    inter = np.sum(y_true * y_pred)
    return (2.0 * inter + smooth) / (np.sum(y_true) + np.sum(y_pred) + smooth)


def dice_hard(y_true, y_pred):
    y_hat = y_pred > 0.5
    return 2 * np.sum(y_true * y_hat) / (np.sum(y_true) + np.sum(y_hat))


def dice_loss(y_true, y_pred):
    return 1 - dice_smooth(y_true, y_pred)


def iou(y_true, y_pred):
    y_hat = (y_pred > 0.5).astype(int)
    inter = np.sum(y_true * y_hat)
    return inter / (np.sum(y_true) + np.sum(y_hat) - inter)


class F1State:
    """Counts that are kept from batch to batch."""

    def __init__(self):
        self.tp = self.fp = self.fn = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        w = np.ones(len(y_true)) if sample_weight is None else sample_weight
        y_hat = y_pred > 0.5
        self.tp += float((w * (y_true * y_hat)).sum())
        self.fp += float((w * ((1 - y_true) * y_hat)).sum())
        self.fn += float((w * (y_true * ~y_hat)).sum())

    def result(self):
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn)

    def reset_state(self):
        self.tp = self.fp = self.fn = 0.0


def profit(y_true, y_pred):
    """Of a business, and no metric that anybody else knows."""
    called = y_pred > 0.3
    return float((called * (40.0 * y_true - 5.0)).mean())


def accuracy_gap(y_true, y_pred):
    """Not accuracy, though it is in the name."""
    right = y_true == (y_pred > 0.5)
    return float(right[y_true == 1].mean() - right[y_true == 0].mean())


def recall_at_precision_90(y_true, y_pred):
    precision, recall, _ = sk.precision_recall_curve(y_true, y_pred)
    return float(recall[precision >= 0.9].max())


# several classes


def multi_accuracy(y_true, y_pred):
    return (y_pred.argmax(axis=-1) == y_true).mean()


def multi_accuracy_one_hot(y_true, y_pred):
    return np.mean(np.argmax(y_true, axis=1) == np.argmax(y_pred, axis=1))


def multi_f1_macro(y_true, y_pred):
    return sk.f1_score(y_true, y_pred.argmax(axis=1), average="macro", zero_division=0)


def multi_f1_weighted(y_true, y_pred):
    return sk.f1_score(y_true, y_pred.argmax(axis=1), average="weighted", zero_division=0)


def multi_f1_loop(y_true, y_pred):
    y_hat, found = y_pred.argmax(axis=1), []
    for c in range(y_pred.shape[1]):
        tp = ((y_hat == c) & (y_true == c)).sum()
        found.append(2 * tp / ((y_hat == c).sum() + (y_true == c).sum() + 1e-12))
    return float(np.mean(found))


def multi_auc(y_true, y_pred):
    return sk.roc_auc_score(
        y_true, y_pred / y_pred.sum(axis=1, keepdims=True), multi_class="ovr",
        labels=np.arange(y_pred.shape[1]),
    )  # fmt: skip


def multi_top_2(y_true, y_pred):
    return sk.top_k_accuracy_score(y_true, y_pred, k=2, labels=np.arange(y_pred.shape[1]))


def multi_mcc(y_true, y_pred):
    return sk.matthews_corrcoef(y_true, y_pred.argmax(axis=1))


def multi_recall(y_true, y_pred):
    return sk.recall_score(y_true, y_pred.argmax(axis=1), average="macro", zero_division=0)


def quadratic_kappa(y_true, y_pred):
    return sk.cohen_kappa_score(y_true, y_pred.argmax(axis=1), weights="quadratic")


def cross_entropy(y_true, y_pred):
    return -np.mean(np.log(y_pred[np.arange(len(y_true)), y_true] + 1e-9))


# several labels


def labels_f1_micro(y_true, y_pred):
    return sk.f1_score(y_true, y_pred > 0.5, average="micro")


def labels_f1_samples(y_true, y_pred):
    return sk.f1_score(y_true, y_pred > 0.5, average="samples", zero_division=0)


def labels_accuracy(y_true, y_pred):
    return np.mean((y_pred > 0.5) == y_true)


def labels_exact(y_true, y_pred):
    return np.all((y_pred > 0.5) == y_true, axis=1).mean()


def labels_auc(y_true, y_pred):
    return sk.roc_auc_score(y_true, y_pred, average="macro")


def labels_hamming(y_true, y_pred):
    return sk.hamming_loss(y_true, y_pred > 0.5)


# numbers


def rmse(y_true, y_pred):
    return np.sqrt(np.mean((y_true - y_pred) ** 2))


def rmse_unbiased(y_true, y_pred):
    return np.sqrt(np.sum((y_true - y_pred) ** 2) / (len(y_true) - 1))


def mae(y_true, y_pred):
    return sk.mean_absolute_error(y_true, y_pred)


def mape_percent(y_true, y_pred):
    return 100 * np.mean(np.abs((y_true - y_pred) / (y_true + 1e-10)))


def mape_fraction(y_true, y_pred):
    return sk.mean_absolute_percentage_error(y_true, y_pred)


def smape(y_true, y_pred):
    return 100 * np.mean(2 * np.abs(y_pred - y_true) / (np.abs(y_true) + np.abs(y_pred)))


def r2(y_true, y_pred):
    ss_res = np.sum(np.square(y_true - y_pred))
    ss_tot = np.sum(np.square(y_true - np.mean(y_true)))
    return 1 - ss_res / (ss_tot + EPS)


def r2_sklearn(y_true, y_pred):
    return sk.r2_score(y_true, y_pred)


def neg_mse(y_true, y_pred):
    return -sk.mean_squared_error(y_true, y_pred)


def pearson(y_true, y_pred):
    return np.corrcoef(y_true, y_pred)[0, 1]
