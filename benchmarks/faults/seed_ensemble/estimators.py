"""Estimators that are fitted, and trained again by the audit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.seed_ensemble.drawn import Rng, probabilities
from reportgen.evidence import Case


def seed_of(rng: Rng) -> int:
    """A seed for what takes no generator."""
    return int(rng.integers(2**31))


def rows_of(rng: Rng, n: int, *, test: int = 600, classes: int = 2, noise: float = 1.0) -> Any:
    """Gaussian classes, n rows of train."""
    centres = rng.normal(size=(classes, 6))
    centres *= 1.6 / np.linalg.norm(centres - centres.mean(0), axis=1, keepdims=True)
    y = rng.integers(classes, size=n + test)
    y[:classes] = np.arange(classes)
    X = centres[y] + noise * rng.normal(size=(n + test, 6))
    return X[:n], y[:n], X[n:], y[n:]


def _fitted(model: Any, X: np.ndarray, y: np.ndarray) -> Any:
    """Fitted as far as its epochs go, whether that is far enough or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def network(rng: Rng, **settings: Any) -> Any:
    from sklearn.neural_network import MLPClassifier

    known = {
        "hidden_layer_sizes": (16,),
        "max_iter": 30,
        "batch_size": 32,
        "learning_rate_init": 0.01,
        "random_state": seed_of(rng),
    }
    return MLPClassifier(**{**known, **settings})


def retrained(
    rng: Rng,
    make: Callable[[Rng], Any],
    *,
    n: int = 400,
    classes: int = 2,
    noise: float = 1.0,
    change: Callable[[Any, Any, Any], Any] | None = None,
) -> Case:
    """A fitted estimator; ``change`` gives the delivered one from it, train and test."""
    X, y, X_test, y_test = rows_of(rng, n, classes=classes, noise=noise)
    model = _fitted(make(rng), X, y)
    if change is not None:
        model = change(model, (X, y), (X_test, y_test))
    splits = {"train": (X, y), "test": (X_test, y_test)}
    return case_from_arrays("binary" if classes == 2 else "multiclass", splits, model)


def longer(model: Any, train: Any, test: Any) -> Any:
    """The delivered model went on training long after the epochs it declares."""
    for _ in range(150):
        model.partial_fit(*train)
    return model


def on_test(model: Any, train: Any, test: Any) -> Any:
    """The delivered model was fitted on the test rows too."""
    X, y = (np.concatenate(parts) for parts in zip(train, test, strict=True))
    model.set_params(max_iter=600, alpha=0.0, hidden_layer_sizes=(64,))
    _fitted(model, X, y)
    return model.set_params(max_iter=30, hidden_layer_sizes=(16,))


def twenty_points(rng: Rng) -> Case:
    """Twenty noisy points and a large network: another seed is another curve."""
    from sklearn.neural_network import MLPRegressor

    X = rng.uniform(-1, 1, size=(20, 4))
    y = rng.normal(size=20)
    X_test = rng.uniform(-1, 1, size=(400, 4))
    network = MLPRegressor(
        hidden_layer_sizes=(64,), alpha=0.0, max_iter=300, random_state=seed_of(rng)
    )
    model = _fitted(network, X, y)
    splits = {"train": (X, y), "test": (X_test, rng.normal(size=400))}
    return case_from_arrays("regression", splits, model)


def dropout_left_on(rng: Rng) -> Case:
    """The delivered model drops units when it predicts, each time others."""
    X, y, X_test, y_test = rows_of(rng, 400)
    model = _fitted(network(rng), X, y)
    stream = np.random.default_rng(seed_of(rng))

    class Dropping(type(model)):  # type: ignore[misc]
        def predict_proba(self, rows: np.ndarray) -> np.ndarray:
            hidden = np.maximum(rows @ self.coefs_[0] + self.intercepts_[0], 0)
            hidden = hidden * (stream.random(hidden.shape) < 0.5) / 0.5
            p = probabilities(hidden @ self.coefs_[1] + self.intercepts_[1])
            return np.hstack([1 - p, p])

    dropping = Dropping(**model.get_params())
    dropping.__dict__.update(model.__dict__)
    members = [_fitted(network(rng), X, y).predict_proba(X_test)[:, 1] for _ in range(10)]
    return case_from_arrays(
        "binary",
        {"train": (X, y), "test": (X_test, y_test)},
        dropping,
        members=[{"test": m} for m in members],
    )


def forest(rng: Rng) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(30, min_samples_leaf=5, random_state=seed_of(rng))


def logistic(rng: Rng) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()
