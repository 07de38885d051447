"""Rows that stand in train and in test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.evidence import Case


def copied(share: float) -> Callable[[np.random.Generator], Case]:
    """A share of the test rows of breast cancer are copies of training rows, label included."""

    def draw(rng: np.random.Generator) -> Case:
        X, y = load_breast_cancer(return_X_y=True)
        order = rng.permutation(len(y))
        X, y = X[order], y[order]
        train, test = (X[:400], y[:400]), (X[400:].copy(), y[400:].copy())
        n = round(share * len(test[1]))
        into = rng.choice(len(test[1]), n, replace=False)
        taken = rng.choice(400, n, replace=False)
        test[0][into], test[1][into] = train[0][taken], train[1][taken]
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(*train)
        return case_from_arrays("binary", {"train": train, "test": test}, model)

    return draw


PLANTED = (
    FaultCase(
        "one test row in five is a training row", "leakage.exact-duplicates", copied(0.2), "fail"
    ),
)
MORE: tuple[FaultCase, ...] = ()
CLEAN = (CleanCase("breast cancer, cut at random", copied(0.0)),)
