"""Judged rows of another population, and of the same, however they were split."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.leakage.preprocessing import bundle, mixed, synthetic
from benchmarks.faults.leakage.rows import in_time
from reportgen.evidence import Case

Rng = np.random.Generator
DIFFER = "leakage.splits-differ"


def told(train: Any, test: Any, task: Any = "binary", **options: Any) -> Case:
    """Scores that nearly follow the truth; nothing to train."""
    rng = np.random.default_rng(len(train[1]))
    scores = {}
    for name, (_, y) in (("train", train), ("test", test)):
        noise = rng.normal(0, 0.35, len(y))
        scores[name] = (
            y + noise if task == "regression" else 1 / (1 + np.exp(-2 * (y - 0.5 + noise)))
        )
    return case_from_arrays(task, {"train": train, "test": test}, scores, **options)


def cut(X: Any, y: np.ndarray, share: float, rng: Rng, order: np.ndarray | None = None) -> Any:
    order = rng.permutation(len(y)) if order is None else order
    n = int((1 - share) * len(y))
    return (X[order[:n]], y[order[:n]]), (X[order[n:]], y[order[n:]])


def at_random(data: Any, share: float, rng: Rng) -> Case:
    X, y = data(rng)
    task = "regression" if y.dtype.kind == "f" else "binary" if y.max() == 1 else "multiclass"
    train, test = cut(X, y, share, rng)
    if task == "multiclass":
        k = int(y.max()) + 1
        stored = {n: np.eye(k)[t] * 0.6 + 0.4 / k for n, t in (("train", train[1]),
                                                               ("test", test[1]))}  # fmt: skip
        return case_from_arrays(task, {"train": train, "test": test}, stored)
    return told(train, test, task)


def drifting(speed: float, n: int, rng: Rng) -> Case:
    """Rows in the order of time, whose means move; the last are judged."""
    t = np.linspace(0, 1, n)
    y = rng.integers(0, 2, n)
    X = rng.normal(size=(n, 5)) + 0.4 * y[:, None]
    X[:, 0] += speed * t
    X[:, 3] += speed * t
    train, test = cut(X, y, 0.3, rng, np.arange(n))
    days = np.arange(n).astype("datetime64[D]")
    return told(train, test, times={"train": days[: len(train[1])], "test": days[len(train[1]) :]})


def other_site(shift: float, part: float, rng: Rng) -> Case:
    """A part of test comes from another place, where two columns are otherwise related."""
    X, y = synthetic(1500, 6, rng)
    X = X / X.std(axis=0)
    train, test = cut(X, y, 0.4, rng)
    away = rng.random(len(test[1])) < part
    test[0][away, 1] = test[0][away, 1] * (1 + shift) + shift
    return told(train, test)


def gaps_in_test(share: float, rng: Rng) -> Case:
    X, y = mixed(1400, rng)
    train, test = cut(X, y, 0.4, rng)
    gone = rng.random(len(test[1])) < share
    frame = test[0].with_columns(age=pl.when(pl.Series(gone)).then(None).otherwise(pl.col("age")))
    return told(train, (frame, test[1]))


def new_city(part: float, rng: Rng) -> Case:
    X, y = mixed(1400, rng)
    train, test = cut(X, y, 0.4, rng)
    moved = rng.random(len(test[1])) < part
    frame = test[0].with_columns(
        city=pl.when(pl.Series(moved)).then(pl.lit("elsewhere")).otherwise(pl.col("city"))
    )
    return told(train, (frame, test[1]))


def other_prior(share: float, rng: Rng) -> Case:
    """Columns that say little, and a class that is rarer in test."""
    y = (rng.random(2400) < 0.35).astype(np.int64)
    train, test = cut(rng.normal(size=(2400, 4)), y, 0.4, rng)
    kept = (test[1] == 0) | (rng.random(len(test[1])) < share)
    return told(train, (test[0][kept], test[1][kept]))


def grouped(rng: Rng) -> Case:
    """Whole groups are held out, as they should be; each has its own level."""
    of = rng.integers(0, 60, 1500)
    level = rng.normal(0, 1, size=(60, 5))
    y = rng.integers(0, 2, 1500)
    X = rng.normal(size=(1500, 5)) + level[of] + 0.5 * y[:, None]
    held = np.isin(of, rng.choice(60, 20, replace=False))
    order = np.concatenate([np.flatnonzero(~held), np.flatnonzero(held)])
    n = int((~held).sum())
    return told((X[order[:n]], y[order[:n]]), (X[order[n:]], y[order[n:]]),
                groups={"train": of[order[:n]], "test": of[order[n:]]})  # fmt: skip


def stratified(rng: Rng) -> Case:
    from sklearn.model_selection import train_test_split

    X, y = bundle("breast_cancer", rng)
    a, b, c, d = train_test_split(X, y, test_size=0.4, stratify=y,
                                  random_state=int(rng.integers(2**31)))  # fmt: skip
    return told((a, c), (b, d))


def counts(rng: Rng) -> Any:
    """Few-valued columns, skewed, with many ties."""
    X = rng.poisson([0.2, 1, 5, 0.05], size=(1600, 4)).astype(np.float64)
    return X, (rng.random(1600) < 1 / (1 + np.exp(1.5 - X[:, 1]))).astype(np.int64)


def heavy(rng: Rng) -> Any:
    X = rng.standard_cauchy(size=(1600, 6))
    return X, (rng.random(1600) < 1 / (1 + np.exp(-np.clip(X[:, 0], -3, 3)))).astype(np.int64)


PLANTED = (
    FaultCase("rows that drift, the last judged", DIFFER, partial(drifting, 3.0, 1500)),
    FaultCase("missing in a quarter of test alone", DIFFER, partial(gaps_in_test, 0.25),
              also=("leakage.missingness",)),
)  # fmt: skip
MORE = (
    *(FaultCase(f"drift of {s:g} sd over {n:,} rows", DIFFER, partial(drifting, s, n))
      for s in (1.5, 3.0) for n in (1500, 6000)),
    *(FaultCase(f"{p:.0%} of test from another site", DIFFER, partial(other_site, 1.0, p))
      for p in (0.4, 1.0)),
    FaultCase("days cut where the future begins, with a trend", DIFFER, in_time(0.0)),
    FaultCase("one city in ten is new", DIFFER, partial(new_city, 0.1)),
    FaultCase("a class half as common", DIFFER, partial(other_prior, 0.4)),
)  # fmt: skip
CLEAN = (
    *(CleanCase(f"split at random, {name}", partial(at_random, data, share))
      for name, data, share in (
          ("breast cancer", partial(bundle, "breast_cancer"), 0.3),
          ("diabetes", partial(bundle, "diabetes"), 0.3),
          ("wine", partial(bundle, "wine"), 0.4),
          ("a table with gaps and rare cities", partial(mixed, 1500), 0.3),
          ("2,000 rows, a tenth judged", partial(synthetic, 2000, 6), 0.1),
          ("150 rows", partial(synthetic, 150, 5), 0.4),
          ("counts", counts, 0.3), ("heavy tails", heavy, 0.3))),
    CleanCase("stratified, breast cancer", stratified),
    CleanCase("groups held out whole", grouped),
    CleanCase("in the order of time, without drift", partial(drifting, 0.0, 1500)),
)  # fmt: skip
