"""Data sets to be mistaken about: bundled with scikit-learn or generated, 300 to 50,000 rows.

Columns are left out so that models err, as a report without errors tells causes apart badly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Rows = tuple[np.ndarray, np.ndarray]
Splits = dict[str, Rows]


def seed_of(rng: Rng) -> int:
    return int(rng.integers(2**31))


def bundled(rng: Rng, name: str, columns: int | None = None) -> Rows:
    """A set of scikit-learn with some of its columns."""
    import sklearn.datasets

    X, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    if columns is not None:
        X = X[:, rng.choice(X.shape[1], columns, replace=False)]
    return X, y


def generated(
    rng: Rng, n: int, classes: int = 2, weights: tuple[float, ...] | None = None, gap: float = 1.0
) -> Rows:
    from sklearn.datasets import make_classification

    return make_classification(
        n,
        n_features=10,
        n_informative=5,
        n_redundant=2,
        n_classes=classes,
        n_clusters_per_class=1,
        weights=None if weights is None else list(weights),
        class_sep=gap,
        flip_y=0.08,
        random_state=seed_of(rng),
    )


def odd_digits(rng: Rng) -> Rows:
    X, y = bundled(rng, "digits", 14)
    return X, y % 2


def moons(rng: Rng, n: int) -> Rows:
    from sklearn.datasets import make_moons

    return make_moons(n, noise=0.35, random_state=seed_of(rng))


BINARY: tuple[Callable[[Rng], Rows], ...] = (
    lambda rng: generated(rng, 600, weights=(0.7, 0.3)),
    lambda rng: generated(rng, 3000, weights=(0.85, 0.15)),
    lambda rng: generated(rng, 8000),
    lambda rng: generated(rng, 50_000, weights=(0.9, 0.1)),
    lambda rng: bundled(rng, "breast_cancer", 2),
    odd_digits,
    lambda rng: moons(rng, 1500),
)
#: Where classes are unequal, so that averages differ.
IMBALANCED = (BINARY[0], BINARY[1], BINARY[3], BINARY[4])
MULTICLASS: tuple[Callable[[Rng], Rows], ...] = (
    lambda rng: generated(rng, 1000, 4, (0.5, 0.25, 0.15, 0.1)),
    lambda rng: generated(rng, 6000, 5, (0.35, 0.3, 0.2, 0.1, 0.05)),
    lambda rng: generated(rng, 40_000, 3, (0.6, 0.3, 0.1)),
    lambda rng: bundled(rng, "digits", 10),
    lambda rng: bundled(rng, "wine", 2),
)
UNEQUAL = MULTICLASS[:3]
REGRESSION: tuple[Callable[[Rng], Rows], ...] = (
    lambda rng: bundled(rng, "diabetes"),
    lambda rng: friedman(rng, 2500),
    lambda rng: friedman(rng, 400),
)


def friedman(rng: Rng, n: int) -> Rows:
    from sklearn.datasets import make_friedman1

    return make_friedman1(n, noise=2.0, random_state=seed_of(rng))


def several_labels(rng: Rng, n: int = 3000, k: int = 5) -> Rows:
    from sklearn.datasets import make_multilabel_classification

    return make_multilabel_classification(
        n, n_features=15, n_classes=k, n_labels=2, random_state=seed_of(rng)
    )


def cut(rng: Rng, rows: Rows, test: float = 0.4, validation: float = 0.15) -> Splits:
    """train, validation and test, shuffled; the test split's size varies by a tenth."""
    X, y = rows
    order = rng.permutation(len(X))
    n_test = int(len(X) * test * rng.uniform(0.9, 1.0))
    n_validation = int(len(X) * validation)
    parts = {
        "test": order[:n_test],
        "validation": order[n_test : n_test + n_validation],
        "train": order[n_test + n_validation :],
    }
    return {name: (X[parts[name]], y[parts[name]]) for name in ("train", "validation", "test")}


def pick(rng: Rng, options: Any) -> Any:
    """One of a sequence."""
    return options[int(rng.integers(len(options)))]
