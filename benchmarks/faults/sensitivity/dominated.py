"""One column that decides, and strong ones that do not."""

from __future__ import annotations

import numpy as np

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.sensitivity.rows import (
    Rng,
    halves,
    normal,
    people,
    people_model,
    small_network,
)
from reportgen.evidence import Case

DOMINATES = "sensitivity.single-feature-dominates"


def founding(rng: Rng, n: int, kind: str) -> Case:
    """``y = x0 > 0.5`` of three uniform columns: the question's own rows."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    X = rng.random((n, 3))
    y = (X[:, 0] > 0.5).astype(np.int64)
    seed = int(rng.integers(2**31))
    model = {
        "linear": LogisticRegression(C=10),
        "forest": RandomForestClassifier(50, random_state=seed),
        "network": small_network(seed, (10,), 300),
    }[kind]
    splits = halves(X, y)
    model.fit(*splits["train"])
    return case_from_arrays("binary", splits, model)


def linear(rng: Rng, n: int, weights: tuple[float, ...], noise: float, twin: bool = False) -> Case:
    """A regression on columns of these weights; ``twin``: the first stands there twice."""
    from sklearn.linear_model import LinearRegression

    w = np.array(weights)
    X = rng.normal(size=(n, len(w)))
    y = X @ w + rng.normal(0, noise, n)
    if twin:
        X = np.column_stack([X, X[:, 0] * 2 + 1])
    splits = halves(X, y)
    model = LinearRegression().fit(*splits["train"])
    return case_from_arrays("regression", splits, model)


def plan_decides(rng: Rng, n: int) -> Case:
    """A category that carries nearly all, in one-hot columns beside noise."""
    from sklearn.linear_model import LogisticRegression

    plan = rng.integers(0, 4, n)
    X = np.column_stack([np.eye(4)[plan], rng.normal(size=(n, 4))])
    y = np.where(rng.random(n) < 0.05, 1 - (plan % 2), plan % 2)
    splits = halves(X, y)
    names = ("plan_a", "plan_b", "plan_c", "plan_d", "u", "v", "w", "x")
    model = LogisticRegression().fit(*splits["train"])
    return case_from_arrays("binary", splits, model, features=names)


def unskilled(rng: Rng, n: int) -> Case:
    """Noise is learned: no column is worth anything."""
    from sklearn.linear_model import LogisticRegression

    X, _ = normal(rng, n, 5)
    y = rng.integers(0, 2, n)
    splits = halves(X, y)
    return case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))


def strong(rng: Rng, n: int, share: float) -> Case:
    """A logistic rule of which one column is worth a good part."""
    from sklearn.linear_model import LogisticRegression

    w = np.sqrt(np.array([share, *[(1 - share) / 4] * 4])) * 2
    X = rng.normal(size=(n, 5))
    y = (rng.random(n) < 1 / (1 + np.exp(-X @ w))).astype(np.int64)
    splits = halves(X, y)
    return case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))


def mixed(rng: Rng, kind: str, n: int) -> Case:
    X, y = people(rng, n)
    splits = halves(X, y)
    model = people_model(kind, int(rng.integers(2**31)))
    model.fit(splits["train"][0].to_pandas(), splits["train"][1])
    return case_from_arrays(
        "binary", splits, lambda f: model.predict_proba(f.to_pandas())[:, 1], output="probability"
    )


PLANTED = (
    FaultCase("founding rows, linear", DOMINATES, lambda r: founding(r, 1000, "linear")),
    FaultCase("founding rows, forest", DOMINATES, lambda r: founding(r, 1000, "forest")),
    FaultCase("founding rows, network, 200 rows", DOMINATES,
              lambda r: founding(r, 400, "network")),
    FaultCase("one weight of 4 beside four of 0.5", DOMINATES,
              lambda r: linear(r, 600, (4, 0.5, 0.5, 0.5, 0.5), 1.0)),
    FaultCase("one weight of 4, twice in the table", DOMINATES,
              lambda r: linear(r, 600, (4, 0.5, 0.5, 0.5, 0.5), 1.0, twin=True)),
    FaultCase("a one-hot category decides", DOMINATES, lambda r: plan_decides(r, 1000)),
)  # fmt: skip

CLEAN = (
    CleanCase("one weight of 1.8 beside three of 1",
              lambda r: linear(r, 2000, (1.8, 1, 1, 1), 1.0)),
    CleanCase("a strong column, 60 %, 2,000 rows", lambda r: strong(r, 4000, 0.6)),
    CleanCase("a strong column, 50 %, 150 rows", lambda r: strong(r, 300, 0.5)),
    CleanCase("noise learned", lambda r: unskilled(r, 600)),
    CleanCase("noise learned, 80 rows", lambda r: unskilled(r, 160)),
    CleanCase("two columns, one decides", lambda r: linear(r, 600, (4, 0.1), 1.0)),
    CleanCase("people, linear pipeline", lambda r: mixed(r, "linear", 2000)),
    CleanCase("people, forest pipeline", lambda r: mixed(r, "forest", 2000)),
    CleanCase("people, forest, 100 rows", lambda r: mixed(r, "forest", 200)),
)  # fmt: skip
