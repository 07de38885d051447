"""Skewed classes, handled and not; and models that no class is hidden by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.overfit import networks
from reportgen.evidence import Case

MISLEADING = "imbalance.accuracy-misleading"
MISSED = "imbalance.minority-missed"
MITIGATION = "imbalance.mitigation-helps"
THRESHOLD = "imbalance.threshold-move-helps"
SKEWED = "imbalance.skewed-classes"


def blobs(
    rng: np.random.Generator, n: int, share: float, apart: float, width: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    """Two normal classes of which the second has a share of the rows, ``apart`` sd between."""
    y = np.zeros(n, dtype=np.int64)
    y[: max(2, round(share * n))] = 1
    y = rng.permutation(y)
    X = rng.normal(size=(n, width))
    X[:, 0] += apart * y
    return X, y


def skewed(
    share: float,
    apart: float,
    *,
    weight: str | None = None,
    n: int = 6000,
    validation: bool = True,
) -> Callable[[np.random.Generator], Case]:
    """Logistic regression on blobs; ``weight``: the estimator's class weights."""

    def draw(rng: np.random.Generator) -> Case:
        splits = {"train": blobs(rng, n, share, apart), "test": blobs(rng, n // 2, share, apart)}
        if validation:
            splits["validation"] = blobs(rng, n // 2, share, apart)
        model = LogisticRegression(class_weight=weight).fit(*splits["train"])
        return case_from_arrays("binary", splits, model, classes=("stays", "leaves"))

    return draw


def noise(share: float) -> Callable[[np.random.Generator], Case]:
    """Labels that no feature tells anything of: the founding example of 90 to 10."""

    def draw(rng: np.random.Generator) -> Case:
        def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
            y = np.zeros(n, dtype=np.int64)
            y[: round(share * n)] = 1
            return rng.random((n, 2)), rng.permutation(y)

        train, test = rows(800), rows(400)
        model = LogisticRegression().fit(*train)
        return case_from_arrays("binary", {"train": train, "test": test}, model)

    return draw


def digits(rare: int | None) -> Callable[[np.random.Generator], Case]:
    """Digits; of one digit two training rows is left where ``rare`` names it.

    The model is a shallow forest, which then misses most of them.
    """

    def draw(rng: np.random.Generator) -> Case:
        X, y = load_digits(return_X_y=True)
        order = rng.permutation(len(y))
        train, test = order[:1100], order[1100:]
        if rare is not None:
            own = train[y[train] == rare]
            train = np.concatenate([train[y[train] != rare], own[:2]])
        model = RandomForestClassifier(25, max_depth=8, random_state=int(rng.integers(2**31)))
        model.fit(X[train], y[train])
        splits = {"train": (X[train], y[train]), "test": (X[test], y[test])}
        return case_from_arrays("multiclass", splits, model)

    return draw


def cancer(rng: np.random.Generator) -> Case:
    """Breast cancer by logistic regression: 37 to 63, and told apart."""
    X, y = load_breast_cancer(return_X_y=True)
    order = rng.permutation(len(y))
    train, test = order[:380], order[380:]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(X[train], y[train])
    splits = {"train": (X[train], y[train]), "test": (X[test], y[test])}
    return case_from_arrays("binary", splits, model)


def labels(rng: np.random.Generator) -> Case:
    """Four labels of 12 to 50 %, each from a column of its own, told apart."""

    def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random((n, 4)) < [0.12, 0.2, 0.35, 0.5]).astype(np.int64)
        return rng.normal(size=(n, 4)) + 4.5 * y, y

    from sklearn.multiclass import OneVsRestClassifier

    train, test = rows(1500), rows(1000)
    model = OneVsRestClassifier(LogisticRegression()).fit(*train)
    return case_from_arrays("multilabel", {"train": train, "test": test}, model.predict_proba)


def missed_label(rng: np.random.Generator) -> Case:
    """Three labels, of which the rare one hardly shows in its column."""

    def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = (rng.random((n, 3)) < [0.06, 0.3, 0.5]).astype(np.int64)
        return rng.normal(size=(n, 3)) + np.array([1.0, 4.0, 4.0]) * y, y

    from sklearn.multiclass import OneVsRestClassifier

    train, test = rows(1500), rows(1500)
    model = OneVsRestClassifier(LogisticRegression()).fit(*train)
    return case_from_arrays("multilabel", {"train": train, "test": test}, model.predict_proba)


def values(rng: np.random.Generator) -> Case:
    """A regression whose target has a long upper end."""

    def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
        X = rng.normal(size=(n, 5))
        return X, np.exp(X[:, 0] + 0.3 * rng.normal(size=n))

    train, test = rows(800), rows(500)
    model = Ridge().fit(*train)
    return case_from_arrays("regression", {"train": train, "test": test}, model)


def small_test(rng: np.random.Generator) -> Case:
    """Four rows of the small class among 60: nothing that can be told of them is a fail."""
    train, test = blobs(rng, 3000, 0.3, 4.0), blobs(rng, 60, 4 / 60, 4.0)
    model = LogisticRegression().fit(*train)
    return case_from_arrays("binary", {"train": train, "test": test}, model)


PLANTED = (
    FaultCase("noise, 90 to 10", (MISLEADING, MISSED), noise(0.1), "fail", also=(THRESHOLD,)),
    FaultCase(
        "5 % of rows, faintly told apart, not handled",
        (MISLEADING, MISSED, MITIGATION, THRESHOLD),
        skewed(0.05, 1.5),
    ),
    FaultCase(
        "1 % of rows, not handled, no validation",
        (MISLEADING, MISSED, MITIGATION, THRESHOLD),
        skewed(0.01, 2.0, n=12_000, validation=False),
    ),
    FaultCase(
        "two training rows of one digit",
        (MISSED, SKEWED),
        digits(8),
        "info",
        also=(MITIGATION, THRESHOLD),
    ),
    FaultCase("a rare label that is missed", MISSED, missed_label, "fail"),
)
MORE = (
    FaultCase(
        "30 % of rows, faintly told apart",
        THRESHOLD,
        skewed(0.3, 1.0),
        also=(MISLEADING, MISSED, MITIGATION),
    ),
    FaultCase(
        "10 % of rows, not handled", (MISLEADING, MISSED, MITIGATION, THRESHOLD), skewed(0.1, 1.2)
    ),
    FaultCase(
        "0.5 % of rows, not handled",
        (MISLEADING, MISSED, MITIGATION, THRESHOLD),
        skewed(0.005, 2.0, n=40_000),
    ),
)
MORE += (
    FaultCase(
        "a network, 5 % of rows, not handled",
        (MISLEADING, MISSED, MITIGATION, THRESHOLD),
        networks.skewed(0.05, 1.5),
    ),
)
CLEAN = (
    CleanCase("breast cancer", cancer),
    CleanCase("digits", digits(None)),
    CleanCase("5 % of rows, class weights in the estimator", skewed(0.05, 3.0, weight="balanced")),
    CleanCase("20 % of rows, far apart", skewed(0.2, 6.0)),
    CleanCase("2 % of rows, far apart", skewed(0.02, 8.0)),
    CleanCase("30 % of rows, weighed, faint", skewed(0.3, 1.5, weight="balanced")),
    CleanCase("labels told apart", labels),
    CleanCase("a skewed regression", values),
    CleanCase("four rows of a class", small_test),
)
MORE_CLEAN = (
    CleanCase("a network, 5 % of rows, weighed", networks.skewed(0.05, 3.0, weighed=True)),
    CleanCase("a network, 3 % of rows, far apart", networks.skewed(0.03, 7.0)),
)
