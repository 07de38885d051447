"""Rows and models that the questions of configs/founding-classes.yaml bring along."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = tuple[np.ndarray, np.ndarray]


def noise_to_train() -> Rows:
    """``X = np.random.rand(1000, 2)``, nine zeros to a one: what is left after the split."""
    X, _, y, _ = _nine_to_one()
    return X, y


def noise_to_test() -> Rows:
    """``train_test_split(X, y, test_size=0.2, random_state=42)``: the fifth that is held out."""
    _, X, _, y = _nine_to_one()
    return X, y


def _nine_to_one() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    X = np.random.default_rng(42).random((1000, 2))
    y = np.concatenate([np.zeros(900, dtype=int), np.ones(100, dtype=int)])
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    return X, X_test, y, y_test


def logistic_regression() -> Any:
    """``model = LogisticRegression(); model.fit(X_train, y_train)``."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(*noise_to_train())


def three_to_train() -> Rows:
    """The question leaves its rows open: three classes that overlap, 30 to 6 to 1."""
    return _three(0, 1480)


def three_to_test() -> Rows:
    """Other rows of the same three classes."""
    return _three(1, 1480)


def _three(seed: int, n: int) -> Rows:
    rng = np.random.default_rng(seed)
    y = rng.choice(3, size=n, p=np.array([30, 6, 1]) / 37)
    centres = np.array([[0.0, 0.0], [1.4, 0.0], [0.7, 1.6]])
    return np.column_stack([centres[y] + rng.normal(size=(n, 2)), rng.random((n, 2))]), y


def three_classes() -> Any:
    """A small network that ends in a softmax over three classes."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model
