"""Models that read digits, and wiggle faster than anyone measures."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.faults.cases import FaultCase, case_from_arrays
from benchmarks.faults.sensitivity.rows import (
    Floats,
    Rng,
    asked_by_name,
    expit,
    halves,
    normal,
    people,
    people_model,
    scrambled,
)
from reportgen.evidence import Case

FLIPS = "sensitivity.flips-under-noise"
BRITTLE = "sensitivity.brittle-feature"
DOMINATES = "sensitivity.single-feature-dominates"


def digits_read(rng: Rng, n: int, d: int, decimals: int, strength: float) -> Case:
    """A logistic rule that adds or takes ``strength`` by a column's last digits."""
    X, y = normal(rng, n, d)
    X[:, 1] = X[:, 1].round(decimals)
    w = np.full(d, 1.0 / np.sqrt(d))

    def ask(rows: Floats) -> Floats:
        return expit(3 * rows @ w + strength * scrambled(rows[:, 1] * 10**decimals))

    y = (rng.random(n) < ask(X)).astype(np.int64)
    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def waves(rng: Rng, n: int, d: int, period: float, strength: float) -> Case:
    """A rule with a wave along one column, of so many standard deviations from crest to crest."""
    X, y = normal(rng, n, d)
    w = np.full(d, 1.5 / np.sqrt(d))

    def ask(rows: Floats) -> Floats:
        return expit(rows @ w + strength * np.sin(2 * np.pi * rows[:, 0] / period))

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def waves_in_all(rng: Rng, n: int, d: int, strength: float) -> Case:
    """A wave across all columns at once: each alone moves it as much."""
    X, y = normal(rng, n, d)
    turn = rng.normal(size=d) / np.sqrt(d)

    def ask(rows: Floats) -> Floats:
        return expit(strength * np.sin(2 * np.pi * rows @ turn / 0.04))

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def by_age(rng: Rng, n: int, strength: float) -> Case:
    """A pipeline with names and gaps; then the year of birth is hashed."""
    X, y = people(rng, n)
    model = people_model("linear", 0).fit(X[: n // 2].to_pandas(), y[: n // 2])
    plain = asked_by_name(model)

    def ask(frame: Any) -> Floats:
        p = np.clip(plain(frame), 1e-6, 1 - 1e-6)
        age = frame["age"].to_numpy().astype(np.float64)
        return expit(np.log(p / (1 - p)) + strength * scrambled(age))

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def identifiers(rng: Rng, n: int) -> Case:
    """A fully grown tree that has learned labels by heart from an identifier."""
    from sklearn.tree import DecisionTreeClassifier

    X = np.column_stack([rng.permutation(n), rng.integers(0, 3, (n, 2))]).astype(float)
    y = rng.integers(0, 2, n)
    at = rng.permutation(n)
    X, y = X[at], y[at]
    model = DecisionTreeClassifier(random_state=0).fit(X, y)
    return case_from_arrays("binary", {"train": (X, y), "test": (X[: n // 2], y[: n // 2])}, model)


def classes_read(rng: Rng, n: int, strength: float) -> Case:
    """Four classes, of which digits choose."""
    X, _ = normal(rng, n, 5)
    W = rng.normal(size=(5, 4))

    def ask(rows: Floats) -> Floats:
        z = 2 * rows @ W
        z[:, 0] += strength * scrambled(rows[:, 2] * 1000)
        z[:, 1] += strength * scrambled(rows[:, 2] * 1000 + 7)
        p = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    X[:, 2] = X[:, 2].round(3)
    y = ask(X).argmax(axis=1)
    return case_from_arrays("multiclass", halves(X, y), ask, classes=tuple("abcd"))


def prices(rng: Rng, n: int, strength: float) -> Case:
    """A price that jumps with the last digit of a whole number."""
    X = np.column_stack([rng.integers(20, 300, n), rng.normal(size=n), rng.normal(size=n)])
    w = np.array([0.01, 1.0, 0.5])

    def ask(rows: Floats) -> Floats:
        return np.asarray(rows @ w + strength * scrambled(rows[:, 0]))

    y = ask(X) + rng.normal(0, 0.3, n)
    return case_from_arrays("regression", halves(X, y), ask)


def labels_only(rng: Rng, n: int) -> Case:
    """Labels by a rule that turns with the third decimal."""
    X, _ = normal(rng, n, 4)
    X[:, 0] = X[:, 0].round(3)

    def ask(rows: Floats) -> Any:
        z = rows.sum(axis=1) + 1.2 * scrambled(rows[:, 0] * 1000)
        return np.where(z > 0, "yes", "no")

    return case_from_arrays("binary", halves(X, ask(X)), ask, classes=("no", "yes"))


def one_neighbour(rng: Rng, n: int) -> Case:
    """One neighbour of two columns, a third of whose labels are wrong: noise learned by heart."""
    from sklearn.neighbors import KNeighborsClassifier

    X, y = normal(rng, n + 1000, 2, 0.1)
    y = np.where(rng.random(len(y)) < 0.33, 1 - y, y)
    model = KNeighborsClassifier(1).fit(X[:n], y[:n])
    return case_from_arrays("binary", {"train": (X[:n], y[:n]), "test": (X[n:], y[n:])}, model)


def steep(rng: Rng, n: int, d: int) -> Case:
    """Wide network weights that a digit tips: standardised columns, of which one was whole."""
    X, y = normal(rng, n, d)
    whole = rng.integers(0, 200, n).astype(float)
    X[:, 0] = (whole - whole.mean()) / whole.std()
    mean, sd = whole.mean(), whole.std()

    def ask(rows: Floats) -> Floats:
        return expit(1.5 * rows[:, 1:].sum(axis=1) + 3 * scrambled(rows[:, 0] * sd + mean))

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


PLANTED = (
    *(
        FaultCase(
            f"digits read, {n:,} rows, {d} columns, strength {a:g}", BRITTLE,
            lambda r, n=n, d=d, k=k, a=a: digits_read(r, n, d, k, a), also=(FLIPS, DOMINATES),
        )
        for n, d, k, a in ((600, 4, 2, 4), (2000, 8, 3, 2), (2000, 20, 2, 3), (6000, 6, 2, 1.5),
                           (4000, 6, 2, 1.2),
                           (1500, 60, 3, 4))
    ),
    *(
        FaultCase(
            f"waves, {n:,} rows, {d} columns, period {p:g}, strength {a:g}", BRITTLE,
            lambda r, n=n, d=d, p=p, a=a: waves(r, n, d, p, a), also=(FLIPS, DOMINATES),
        )
        for n, d, p, a in ((800, 3, 0.02, 4), (2000, 10, 0.03, 3), (2000, 6, 0.05, 4),
                           (3000, 6, 0.1, 4))
    ),
    FaultCase("waves across ten columns", FLIPS, lambda r: waves_in_all(r, 2000, 10, 3),
              also=(BRITTLE,)),
    FaultCase("waves across forty columns", FLIPS, lambda r: waves_in_all(r, 2000, 40, 3),
              also=(BRITTLE,)),
    FaultCase("years hashed, strength 2", BRITTLE, lambda r: by_age(r, 3000, 2),
              also=(FLIPS, DOMINATES)),
    FaultCase("years hashed, strength 4", BRITTLE, lambda r: by_age(r, 1000, 4),
              also=(FLIPS, DOMINATES)),
    FaultCase("identifiers learned by heart", BRITTLE, lambda r: identifiers(r, 2000),
              also=(FLIPS, DOMINATES)),
    FaultCase("four classes by digits", BRITTLE, lambda r: classes_read(r, 2000, 5),
              also=(FLIPS,)),
    FaultCase("prices jump with digits", BRITTLE, lambda r: prices(r, 1500, 1.0), also=(FLIPS,)),
    FaultCase("prices jump a little", BRITTLE, lambda r: prices(r, 3000, 0.4), also=(FLIPS,)),
    FaultCase("labels alone, by digits", BRITTLE, lambda r: labels_only(r, 1500), also=(FLIPS,)),
    FaultCase("one neighbour on wrong labels", FLIPS, lambda r: one_neighbour(r, 20000),
              also=(BRITTLE,)),
    FaultCase("standardised whole numbers hashed", BRITTLE, lambda r: steep(r, 2000, 6),
              also=(FLIPS, DOMINATES)),
)  # fmt: skip
