"""Honest models of many shapes: uncertain, steep, piecewise constant, on coarse columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.faults.cases import CleanCase, case_from_arrays
from benchmarks.faults.sensitivity.rows import Floats, Rng, expit, halves, normal, small_network
from reportgen.evidence import Case


def fitted(rng: Rng, make: Callable[[int], Any], n: int, d: int, noise: float) -> Case:
    """An estimator on normal columns."""
    X, y = normal(rng, n, d, noise)
    splits = halves(X, y)
    return case_from_arrays("binary", splits, make(int(rng.integers(2**31))).fit(*splits["train"]))


def real(rng: Rng, name: str, make: Callable[[int], Any]) -> Case:
    """An estimator on a set of scikit-learn's, split at random."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    seed = int(rng.integers(2**31))
    regression = name == "diabetes"
    parts = train_test_split(X, y, test_size=0.5, random_state=seed,
                             stratify=None if regression else y)  # fmt: skip
    X_train, X_test, y_train, y_test = parts
    task: Any = "regression" if regression else "binary" if y.max() == 1 else "multiclass"
    model = make(seed).fit(X_train, y_train)
    return case_from_arrays(task, {"train": (X_train, y_train), "test": (X_test, y_test)}, model)


def undecided(rng: Rng, n: int, spread: float) -> Case:
    """Everything between 0.49 and 0.51: smooth, and uncertain."""
    X, y = normal(rng, n, 4, 5.0)
    w = np.full(4, spread)
    return case_from_arrays("binary", halves(X, y), lambda rows: expit(rows @ w),
                            output="probability")  # fmt: skip


def undecided_and_rough(rng: Rng, n: int) -> Case:
    """Votes near a half that wiggle: labels flip, and probabilities hardly move."""
    X, y = normal(rng, n, 3, 5.0)

    def ask(rows: Floats) -> Floats:
        return np.asarray(0.5 + 0.02 * np.sin(60 * rows.sum(axis=1)))

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def stump(rng: Rng, n: int, levels: int) -> Case:
    """Three cuts vote, one of them through whole numbers: 0 or 1, nothing between."""
    X = np.column_stack([rng.integers(0, levels, n), rng.normal(size=(n, 3))])

    def ask(rows: Floats) -> Floats:
        votes = (rows[:, 0] >= levels / 2).astype(float) + (rows[:, 1:3] > 0).sum(axis=1)
        return (votes > 1.5).astype(float)

    y = np.where(rng.random(n) < 0.1, 1 - ask(X), ask(X)).astype(np.int64)
    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def coarse(rng: Rng, make: Callable[[int], Any], n: int) -> Case:
    """Whole-number columns of few values, flags, a one-hot group and a constant."""
    rooms = rng.integers(1, 6, n)
    rating = rng.integers(1, 11, n)
    flag = rng.integers(0, 2, n)
    group = np.eye(3)[rng.integers(0, 3, n)]
    X = np.column_stack([rooms, rating, flag, group, np.ones(n), rng.integers(0, 100, n)])
    z = rooms - 3 + (rating - 5.5) / 2 + flag - group[:, 0] + (X[:, -1] - 50) / 40
    y = (z + rng.normal(0, 0.8, n) > 0).astype(np.int64)
    splits = halves(X.astype(float), y)
    return case_from_arrays("binary", splits, make(int(rng.integers(2**31))).fit(*splits["train"]))


def skewed(rng: Rng, make: Callable[[int], Any], n: int) -> Case:
    """Columns with long tails, and with many zeros."""
    X = np.exp(rng.normal(0, 1.5, (n, 5)))
    X[:, 1] = np.where(rng.random(n) < 0.7, 0, X[:, 1])
    z = np.log(X[:, 0]) + 0.8 * (X[:, 1] > 0) - 0.9 * np.log(X[:, 2])
    y = (z + rng.normal(0, 0.8, n) > 0.3).astype(np.int64)
    splits = halves(X, y)
    return case_from_arrays("binary", splits, make(int(rng.integers(2**31))).fit(*splits["train"]))


def linear(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


def forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(60, random_state=seed)


def boosted(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=60, random_state=seed)


def tree(seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(min_samples_leaf=10, random_state=seed)


def grown(seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def neighbours(seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), KNeighborsClassifier(15))


def network(seed: int) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), small_network(seed, (32, 16), 100))


def ridge(seed: int) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge()


def grown_values(seed: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(random_state=seed)


def forest_values(seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(40, random_state=seed)


SHAPES = {"linear": linear, "forest": forest, "boosted": boosted, "tree": tree, "grown": grown,
          "neighbours": neighbours, "network": network}  # fmt: skip

CLEAN = (
    *(
        CleanCase(f"{name}, {n:,} rows, {d} columns, noise {noise:g}",
                  lambda r, make=SHAPES[name], n=n, d=d, noise=noise:
                  fitted(r, make, n, d, noise))
        for name, n, d, noise in (
            ("linear", 2000, 5, 0.7), ("forest", 1000, 8, 0.7), ("boosted", 2000, 10, 0.7),
            ("tree", 2000, 5, 1.0), ("grown", 1000, 6, 0.3), ("neighbours", 1000, 4, 1.0),
            ("network", 1000, 6, 0.5), ("forest", 120, 5, 1.0), ("linear", 80, 30, 0.7),
        )
    ),
    CleanCase("undecided, 0.49 to 0.51", lambda r: undecided(r, 2000, 0.005)),
    CleanCase("undecided and rough", lambda r: undecided_and_rough(r, 2000)),
    CleanCase("a step at 50 of 100", lambda r: stump(r, 2000, 100)),
    CleanCase("a step at 3 of 5", lambda r: stump(r, 2000, 5)),
    *(
        CleanCase(f"coarse columns, {name}", lambda r, make=SHAPES[name]: coarse(r, make, 1500))
        for name in ("linear", "forest", "grown", "network")
    ),
    *(
        CleanCase(f"skewed columns, {name}", lambda r, make=SHAPES[name]: skewed(r, make, 2000))
        for name in ("linear", "forest", "tree", "boosted")
    ),
    *(
        CleanCase(f"{data}, {name}", lambda r, data=data, make=SHAPES[name]: real(r, data, make))
        for data, name in (
            ("breast_cancer", "linear"), ("breast_cancer", "grown"), ("wine", "forest"),
            ("digits", "forest"), ("digits", "linear"), ("iris", "neighbours"),
        )
    ),
    CleanCase("diabetes, ridge", lambda r: real(r, "diabetes", ridge)),
    CleanCase("diabetes, forest", lambda r: real(r, "diabetes", forest_values)),
)  # fmt: skip

#: Run in the benchmark alone.
MORE = (
    *(
        CleanCase(f"{name} again, {n:,} rows, {d} columns, noise {noise:g}",
                  lambda r, make=SHAPES[name], n=n, d=d, noise=noise:
                  fitted(r, make, n, d, noise))
        for name in SHAPES
        for n, d, noise in ((300, 3, 0.5), (4000, 20, 1.0))
    ),
    CleanCase("diabetes, a grown tree", lambda r: real(r, "diabetes", grown_values)),
    CleanCase("breast cancer, network", lambda r: real(r, "breast_cancer", network)),
    CleanCase("wine, a grown tree", lambda r: real(r, "wine", grown)),
)  # fmt: skip
