"""Every metric with its interval on a million rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.faults.cases import case_from_arrays
from benchmarks.speed.measure import Measured, seconds
from reportgen.answers import answers
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics import suite
from reportgen.diagnostics.performance.scores import metrics
from reportgen.evidence import Case
from reportgen.retraining.results import Trained

ROWS = 1_000_000


def measured() -> Iterator[Measured]:
    rng = np.random.default_rng(0)
    cases = {"binary": _binary(rng), "ten classes": _classes(rng), "regression": _values(rng)}
    p, y = cases["binary"].predict("test").scores, cases["binary"].split("test").y
    point = seconds(lambda: roc_auc_score(y, p), 2)
    for name, case in cases.items():
        of = answers(case, "test")
        value = seconds(lambda of=of: metrics(of, np.random.default_rng(0)), 2)  # type: ignore[misc]
        how = f"{len(metrics(of, rng))} metrics, best of 2; {value / point:.1f} times "
        how += f"scikit-learn's roc_auc_score ({point:.2f} s, no interval)"
        yield Measured(f"metrics with intervals, {name}, 1M rows", value, "s", 5.0, how)
    for name, diagnostic in suite().items():
        case = cases["binary"].view(name, diagnostic.settings())
        try:
            value = seconds(lambda c=case, d=diagnostic: d.examine(c, d.prepare(c), Trained({})), 1)  # type: ignore[misc]
        except NotApplicable:
            continue
        yield Measured(f"{name}, whole, binary, 1M rows", value, "s", None, "once")


def _binary(rng: np.random.Generator) -> Case:
    logit = rng.normal(0, 2, ROWS)
    p = 1 / (1 + np.exp(-logit))
    y = (rng.random(ROWS) < p).astype(np.int64)
    X = np.column_stack([logit, rng.normal(size=(ROWS, 4))])
    return case_from_arrays("binary", {"test": (X, y)}, {"test": p}, output="probability")


def _classes(rng: np.random.Generator) -> Case:
    p = rng.dirichlet(np.full(10, 0.3), ROWS)
    y = (p.cumsum(axis=1) > rng.random((ROWS, 1))).argmax(axis=1)
    X = rng.normal(size=(ROWS, 2))
    return case_from_arrays("multiclass", {"test": (X, y)}, {"test": p}, output="probability")


def _values(rng: np.random.Generator) -> Case:
    X = rng.normal(size=(ROWS, 2))
    y = X[:, 0] + rng.normal(size=ROWS)
    return case_from_arrays("regression", {"test": (X, y)}, {"test": X[:, 0]})
