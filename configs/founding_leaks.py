"""Rows and models that the questions of configs/founding-leaks.yaml bring along."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = tuple[np.ndarray, np.ndarray]
THREE = np.array([[1.0, 2], [3, 4], [5, 6]])
TWO = np.array([[7.0, 8], [9, 10]])


def three_rows() -> Rows:
    """``X_train``; the question has no labels: these say whether the first number is over 3."""
    return THREE, np.array([0, 0, 1])


def two_rows() -> Rows:
    """``X_test``, with one label of each."""
    return TWO, np.array([0, 1])


def scaler_of_test() -> Any:
    """``scaler_test = StandardScaler().fit(X_test)  # Incorrect``, before a model."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(TWO)
    model = LogisticRegression().fit(scaler.transform(THREE), three_rows()[1])
    return Pipeline([("scaler_test", scaler), ("model", model)])


def as_they_came() -> Rows:
    """A hundred rows of one class and ten of another that lies two higher."""
    rng = np.random.default_rng(42)
    X = np.concatenate([rng.random((100, 10)), rng.random((10, 10)) + 2])
    return X, np.repeat([0, 1], [100, 10])


def made_by_smote() -> Rows:
    """``X_resampled, y_resampled = SMOTE(random_state=42).fit_resample(X, y)``."""
    from imblearn.over_sampling import SMOTE

    X, y = SMOTE(random_state=42).fit_resample(*as_they_came())
    return X, y


def held_out() -> Rows:
    """Three of ten rows, of both classes."""
    X, y = as_they_came()
    return X[::3], y[::3]


def smote_of_train() -> Rows:
    """The other rows, and what SMOTE makes of them."""
    from imblearn.over_sampling import SMOTE

    X, y = as_they_came()
    kept = np.arange(len(y)) % 3 != 0
    X, y = SMOTE(random_state=42).fit_resample(X[kept], y[kept])
    return X, y


def network() -> Any:
    """The questions' model: 64 units and a sigmoid."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
