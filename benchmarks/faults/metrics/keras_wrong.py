"""The same mistakes, written for Keras."""

from __future__ import annotations

import keras
from keras import ops


def precision(y_true, y_pred):
    """Raw probabilities are summed."""
    return ops.sum(y_true * y_pred) / (ops.sum(y_pred) + keras.config.epsilon())


def f1(y_true, y_pred):
    tp = ops.sum(y_true * y_pred)
    fp = ops.sum((1 - y_true) * y_pred)
    fn = ops.sum(y_true * (1 - y_pred))
    return 2 * tp / (2 * tp + fp + fn + keras.config.epsilon())


def f1_rounded(y_true, y_pred):
    """Right on probabilities; compiled into a model that gives logits, it rounds these."""
    y_hat = ops.cast(y_pred > 0.5, "float32")
    tp = ops.sum(y_true * y_hat)
    fp = ops.sum((1 - y_true) * y_hat)
    fn = ops.sum(y_true * (1 - y_hat))
    return 2 * tp / (2 * tp + fp + fn + keras.config.epsilon())


def accuracy(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred))


def recall(y_true, y_pred):
    """Divided by what was given."""
    y_hat = ops.round(y_pred)
    return ops.sum(y_true * y_hat) / (ops.sum(y_hat) + keras.config.epsilon())


def r2(y_true, y_pred):
    res = ops.sum(ops.square(y_true - y_pred))
    tot = ops.sum(ops.square(y_pred - ops.mean(y_pred)))
    return 1 - res / (tot + keras.config.epsilon())


def broadcast_accuracy(y_true, y_pred):
    """The axis of a softmax is taken of a column: every row is class 0."""
    y_hat = ops.argmax(ops.reshape(y_pred, (-1, 1)), axis=-1)
    y_true = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    return ops.mean(ops.cast(ops.equal(y_hat, y_true), "float32"))


class BatchPrecision(keras.metrics.Metric):
    """The mean of the batches' precision."""

    def __init__(self, name="precision", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_hat = ops.round(y_pred)
        self.total.assign_add(ops.sum(y_true * y_hat) / (ops.sum(y_hat) + 1e-7))
        self.count.assign_add(1.0)

    def result(self):
        return self.total / self.count
