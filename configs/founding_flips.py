"""Rows and models that the question of configs/founding-flips.yaml brings along."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = tuple[np.ndarray, np.ndarray]
PROBES = np.array([[0.49, 0.5, 0.5], [0.51, 0.5, 0.5]])


def rows() -> Rows:
    """``X = np.random.rand(1000, 3)``; ``y = np.where(X[:, 0] > 0.5, 1, 0)``."""
    X = np.random.default_rng(42).random((1000, 3))
    return X, _truth(X)


def probes_and_others() -> Rows:
    """The question's two test rows, and 498 drawn as its training rows are."""
    X = np.concatenate([PROBES, np.random.default_rng(43).random((498, 3))])
    return X, _truth(X)


def _truth(X: np.ndarray) -> np.ndarray:
    return np.where(X[:, 0] > 0.5, 1, 0)


def shared_rows() -> Rows:
    """The same columns, where all three of them count."""
    X, _ = rows()
    return X, _shared(X)


def shared_probes_and_others() -> Rows:
    X, _ = probes_and_others()
    return X, _shared(X)


def _shared(X: np.ndarray) -> np.ndarray:
    return np.where(X.sum(axis=1) > 1.5, 1, 0)


def network() -> Any:
    """The question's model: ten units and a sigmoid."""
    import keras

    keras.utils.set_random_seed(42)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def by_digits() -> Any:
    """What the question fears, made on purpose: answers that follow the third decimal."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Digits(ClassifierMixin, BaseEstimator):
        def __init__(self) -> None:
            self.classes_ = np.array([0, 1])

        def fit(self, X: np.ndarray, y: np.ndarray) -> Any:
            return self

        def predict_proba(self, X: np.ndarray) -> np.ndarray:
            third = np.floor(np.asarray(X)[:, 0] * 1000) % 2
            z = 6 * (np.asarray(X)[:, 0] - 0.5) + np.where(third == 1, 2.5, -2.5)
            p = 1 / (1 + np.exp(-z))
            return np.column_stack([1 - p, p])

        def predict(self, X: np.ndarray) -> np.ndarray:
            return (self.predict_proba(X)[:, 1] > 0.5).astype(int)

    return Digits()
