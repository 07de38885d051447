"""Rows and models that the questions of configs/founding-preprocessing.yaml bring along."""

from __future__ import annotations

from typing import Any

import numpy as np

Rows = tuple[np.ndarray, np.ndarray]


def three_rows() -> Rows:
    """``scaler_train.transform(X_train)``; the labels are ours, the question has none."""
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit_transform(np.array([[1.0, 2], [3, 4], [5, 6]])), np.array([0, 0, 1])


def two_rows() -> Rows:
    """``scaler_test = StandardScaler().fit(X_test)  # Incorrect``."""
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit_transform(np.array([[7.0, 8], [9, 10]])), np.array([0, 1])


def _cut() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    X, y = load_breast_cancer(return_X_y=True)
    a, b, c, d = train_test_split(X, y, test_size=0.35, random_state=0)
    return a, b, c, d


def train_by_itself() -> Rows:
    """Train, scaled by its own figures, as it should be."""
    from sklearn.preprocessing import StandardScaler

    train, _, y, _ = _cut()
    return StandardScaler().fit_transform(train), y


def test_by_itself() -> Rows:
    """Test, scaled by its own figures."""
    from sklearn.preprocessing import StandardScaler

    _, test, _, y = _cut()
    return StandardScaler().fit_transform(test), y


def test_by_train() -> Rows:
    """Test, scaled by the figures of train."""
    from sklearn.preprocessing import StandardScaler

    train, test, _, y = _cut()
    return StandardScaler().fit(train).transform(test), y


def _with_gaps(X: np.ndarray, seed: int) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(X.shape) < 0.1, np.nan, X)


def train_with_gaps() -> Rows:
    """Raw rows of which one value in ten is missing."""
    train, _, y, _ = _cut()
    return _with_gaps(train, 1), y


def test_with_gaps() -> Rows:
    """The same of test."""
    _, test, _, y = _cut()
    return _with_gaps(test, 2), y


def model() -> Any:
    """Trained on the rows as they come."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)


def scaled_then_imputed() -> Any:
    """The order in question."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), SimpleImputer(strategy="median"), model())


def imputed_then_scaled() -> Any:
    """The other one."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), model())
