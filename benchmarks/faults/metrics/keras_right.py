"""Right metrics, written for Keras."""

from __future__ import annotations

import keras
from keras import ops


def f1(y_true, y_pred):
    y_pred = ops.round(y_pred)
    tp = ops.sum(y_true * y_pred)
    fp = ops.sum((1 - y_true) * y_pred)
    fn = ops.sum(y_true * (1 - y_pred))
    return 2 * tp / (2 * tp + fp + fn + keras.config.epsilon())


def recall_m(y_true, y_pred):
    true_positives = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    possible_positives = ops.sum(ops.round(ops.clip(y_true, 0, 1)))
    return true_positives / (possible_positives + keras.config.epsilon())


def precision_m(y_true, y_pred):
    true_positives = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    predicted_positives = ops.sum(ops.round(ops.clip(y_pred, 0, 1)))
    return true_positives / (predicted_positives + keras.config.epsilon())


def accuracy(y_true, y_pred):
    return keras.metrics.binary_accuracy(y_true, y_pred)


def rmse(y_true, y_pred):
    return ops.sqrt(ops.mean(ops.square(y_pred - y_true)))


def r2(y_true, y_pred):
    res = ops.sum(ops.square(y_true - y_pred))
    tot = ops.sum(ops.square(y_true - ops.mean(y_true)))
    return 1 - res / (tot + keras.config.epsilon())


def f1_on_logits(y_true, y_pred):
    return f1(y_true, ops.sigmoid(y_pred))


class MyAUC(keras.metrics.AUC):
    """Keras's own, under a name of one's own."""


class F1(keras.metrics.Metric):
    """Counts in weights, as the guide has it."""

    def __init__(self, name="f1", **kwargs):
        super().__init__(name=name, **kwargs)
        self.tp = self.add_weight(name="tp", initializer="zeros")
        self.fp = self.add_weight(name="fp", initializer="zeros")
        self.fn = self.add_weight(name="fn", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = ops.cast(ops.reshape(y_true, (-1,)), "float32")
        y_hat = ops.cast(ops.reshape(y_pred, (-1,)) > 0.5, "float32")
        w = ops.ones_like(y_true) if sample_weight is None else ops.cast(sample_weight, "float32")
        self.tp.assign_add(ops.sum(w * y_true * y_hat))
        self.fp.assign_add(ops.sum(w * (1 - y_true) * y_hat))
        self.fn.assign_add(ops.sum(w * y_true * (1 - y_hat)))

    def result(self):
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn + 1e-7)


def sparse_accuracy(y_true, y_pred):
    y_true = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    return ops.mean(ops.cast(ops.equal(ops.argmax(y_pred, axis=-1), y_true), "float32"))


def categorical_f1(y_true, y_pred):
    """On one-hot labels: the classes' mean."""
    k = y_pred.shape[-1]
    y_hat = ops.one_hot(ops.argmax(y_pred, axis=-1), k)
    tp = ops.sum(y_true * y_hat, axis=0)
    return ops.mean(2 * tp / (ops.sum(y_true, axis=0) + ops.sum(y_hat, axis=0) + 1e-7))
