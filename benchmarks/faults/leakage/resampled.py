"""Classes that were oversampled before the rows were split, and after, or never."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.leakage.preprocessing import bundle
from reportgen.evidence import Case

Rng = np.random.Generator
Drawn = tuple[Any, np.ndarray]
Data = Callable[[Rng], Drawn]
RESAMPLED = "leakage.resampled-before-split"
COPIES = ("leakage.exact-duplicates", "leakage.near-duplicates")


def fewer(data: Data, share: float, rng: Rng) -> Drawn:
    """The data with so few of class 1 for each of class 0; other classes leave."""
    X, y = data(rng)
    zero, one = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    kept = rng.permutation(np.concatenate([zero, one[: max(14, round(share * len(zero)))]]))
    return X[kept], y[kept]


def blobs(n: int, d: int, share: float, rng: Rng, decimals: int | None = None) -> Drawn:
    """Two overlapping clouds in correlated columns, as they are or rounded."""
    y = (rng.random(n) < share).astype(np.int64)
    common = rng.normal(size=(n, 1))
    X = rng.normal(size=(n, d)) + 0.6 * common + 0.7 * y[:, None]
    return (X if decimals is None else np.round(X, decimals)), y


def whole(n: int, d: int, scale: float, rng: Rng) -> Drawn:
    """Whole numbers, as counts and amounts are; what SMOTE makes of them is cut to whole ones."""
    X, y = blobs(n, d, 0.12, rng)
    return np.round(scale * X).astype(np.int64), y


def amounts(n: int, rng: Rng) -> Drawn:
    """Incomes in hundreds, balances in tens, ages, counts."""
    y = (rng.random(n) < 0.12).astype(np.int64)
    wealth = rng.normal(size=n) + 0.7 * y
    X = np.column_stack(
        [np.exp(10 + 0.6 * wealth + 0.3 * rng.normal(size=n)).round(-2),
         np.exp(8 + 0.5 * wealth + 0.6 * rng.normal(size=n)).round(-1), rng.integers(18, 80, n),
         rng.poisson(3, n), np.exp(7 + 0.8 * rng.normal(size=n)).round()]
    )  # fmt: skip
    return X.astype(np.int64), y


def clusters(n: int, d: int, rng: Rng) -> Drawn:
    """Tight groups, each of one class nearly."""
    centre = rng.normal(0, 4, size=(12, d))
    of = rng.integers(0, 12, n)
    y = ((of < 2) ^ (rng.random(n) < 0.03)).astype(np.int64)
    return centre[of] + 0.2 * rng.normal(size=(n, d)), y


def series(n: int, rng: Rng) -> Drawn:
    """A walk through time, shuffled: level, change, and a mean over the last values."""
    level = np.cumsum(rng.normal(size=n))
    change = np.diff(level, prepend=0.0)
    mean = np.convolve(level, np.ones(5) / 5, "full")[:n]
    odds = 1 / (1 + np.exp(1.2 - change - 0.3 * (level - mean)))
    order = rng.permutation(n)
    y = (rng.random(n) < odds).astype(np.int64)
    return np.column_stack([level, change, mean])[order], y[order]


def derived(n: int, rng: Rng) -> Drawn:
    """A price, the price with tax by state, and their sum: columns that follow from others."""
    price = rng.lognormal(3, 0.5, n)
    rate = rng.choice([1.0, 1.05, 1.19], n)
    y = (rng.random(n) < 0.15).astype(np.int64)
    return np.column_stack([price, price * rate, price + price * rate]), y


def parts(n: int, rng: Rng) -> Drawn:
    """Numbers and codes, of a customer."""
    X = np.column_stack(
        [rng.normal(size=n), rng.gamma(2, 2, n), rng.normal(size=n), rng.integers(0, 5, n),
         rng.integers(0, 2, n)]
    )  # fmt: skip
    return X, (rng.random(n) < 1 / (1 + np.exp(3.5 - 1.5 * X[:, 0]))).astype(np.int64)


def sampler(kind: str, seed: int) -> Any:
    """An over-sampler of imbalanced-learn by a short name."""
    from imblearn import over_sampling

    more = {"SMOTENC": {"categorical_features": [3, 4]}}.get(kind, {})
    return getattr(over_sampling, kind)(random_state=seed, **more)


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))


def case(train: Drawn, test: Drawn, rng: Rng) -> Case:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(20, random_state=_seed(rng), max_depth=8).fit(*train)
    task: Any = "binary" if max(train[1]) == 1 else "multiclass"
    return case_from_arrays(task, {"train": train, "test": test}, model)


def before(data: Data, kind: str, rng: Rng, *, share: float = 0.3, single: bool = False,
           scaled: bool = False, table: bool = False) -> Case:  # fmt: skip
    """Oversampled, then split at random."""
    X, y = sampler(kind, _seed(rng)).fit_resample(*data(rng))
    if scaled:
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    if single:
        X = X.astype(np.float32)
    order = rng.permutation(len(y))
    X, y, n = X[order], y[order], int(share * len(y))
    train, test = (X[n:], y[n:]), (X[:n], y[:n])
    if table:
        made = case(train, test, rng)
        names = [f"c{j}" for j in range(X.shape[1])]
        return case_from_arrays(
            "binary",
            {n: (pl.DataFrame(x, schema=names), t) for n, (x, t) in
             (("train", train), ("test", test))},
            {n: made.predict(n).raw for n in ("train", "test")},
        )  # fmt: skip
    return case(train, test, rng)


def on_its_sources(data: Data, kind: str, rng: Rng) -> Case:
    """Trained on the oversampled rows, judged on the rows that they were made from."""
    X, y = data(rng)
    return case(sampler(kind, _seed(rng)).fit_resample(X, y), (X, y), rng)


def after(data: Data, kind: str | None, rng: Rng) -> Case:
    """Split, then train alone oversampled; or nothing of the kind."""
    X, y = data(rng)
    n = int(0.35 * len(y))
    train, test = (X[n:], y[n:]), (X[:n], y[:n])
    if kind is not None:
        train = sampler(kind, _seed(rng)).fit_resample(*train)
    return case(train, test, rng)


cancer = partial(fewer, lambda rng: (lambda X, y: (X, 1 - y))(*bundle("breast_cancer", rng)), 0.3)
wine = partial(fewer, partial(bundle, "wine"), 0.35)
iris, digits = partial(bundle, "iris"), partial(fewer, partial(bundle, "digits"), 0.3)
two, eight = partial(blobs, 900, 2, 0.12), partial(blobs, 1200, 8, 0.08)
one_decimal = partial(blobs, 900, 6, 0.15, decimals=1)
customers = partial(parts, 1200)

PLANTED = (
    FaultCase("SMOTE before the split, breast cancer", RESAMPLED, partial(before, cancer, "SMOTE"),
              "fail", also=COPIES),
    FaultCase("judged on the rows that SMOTE made train from", RESAMPLED,
              partial(on_its_sources, wine, "SMOTE"), "fail", also=COPIES),
    FaultCase("repeated before the split, breast cancer", RESAMPLED,
              partial(before, cancer, "RandomOverSampler"), "fail", also=COPIES),
)  # fmt: skip
MORE = (
    *(FaultCase(f"{kind} before the split, {name}", RESAMPLED, partial(before, data, kind), "fail",
                also=COPIES)
      for kind in ("SMOTE", "BorderlineSMOTE", "ADASYN", "SVMSMOTE")
      for name, data in (("wine", wine), ("two columns", two), ("eight columns", eight),
                         ("one decimal", one_decimal))),
    *(FaultCase(f"SMOTE before the split, {name}", RESAMPLED, partial(before, data, "SMOTE"),
                "fail", also=COPIES)
      for name, data in (("whole numbers up to 600", partial(whole, 1000, 5, 200)),
                         ("12 columns of whole numbers up to 60", partial(whole, 1000, 12, 20)),
                         ("20 columns of whole numbers up to 30", partial(whole, 1000, 20, 10)),
                         ("amounts", partial(amounts, 1200)))),
    FaultCase("SMOTENC before the split, customers", RESAMPLED,
              partial(before, customers, "SMOTENC"), "fail", also=COPIES),
    FaultCase("SMOTE before the split, digits", RESAMPLED, partial(before, digits, "SMOTE"),
              "fail", also=COPIES),
    FaultCase("SMOTE before the split, float32", RESAMPLED,
              partial(before, eight, "SMOTE", single=True), "fail", also=COPIES),
    FaultCase("SMOTE, standardised, then split", RESAMPLED,
              partial(before, one_decimal, "SMOTE", scaled=True), "fail",
              also=(*COPIES, "leakage.preprocessing-saw-test")),
    FaultCase("SMOTE before the split, a table and its predictions", RESAMPLED,
              partial(before, eight, "SMOTE", table=True), "fail", also=COPIES),
    FaultCase("SMOTE before the split, a tenth to test", RESAMPLED,
              partial(before, wine, "SMOTE", share=0.1), "fail", also=COPIES),
    *(FaultCase(f"repeated before the split, {name}", RESAMPLED,
                partial(before, data, "RandomOverSampler"), "fail", also=COPIES)
      for name, data in (("wine", wine), ("eight columns", eight), ("customers", customers))),
    FaultCase("judged on the rows that ADASYN made train from", RESAMPLED,
              partial(on_its_sources, eight, "ADASYN"), "fail", also=COPIES),
)  # fmt: skip
CLEAN = (
    *(CleanCase(f"{kind} of train alone, {name}", partial(after, data, kind))
      for kind, name, data in (("SMOTE", "breast cancer", cancer), ("ADASYN", "two columns", two),
                               ("SMOTE", "one decimal", one_decimal),
                               ("RandomOverSampler", "eight columns", eight))),
    *(CleanCase(f"never resampled, {name}", partial(after, data, None))
      for name, data in (
          ("two columns", two), ("three columns of one decimal",
                                 partial(blobs, 900, 3, 0.3, decimals=1)),
          ("two columns of two decimals", partial(blobs, 900, 2, 0.3, decimals=2)),
          ("whole numbers", lambda rng: (lambda X, y: (np.round(8 * X), y))(
              *blobs(800, 5, 0.3, rng))),
          ("one decimal, standardised", lambda rng: (lambda X, y: (X / X.std(axis=0), y))(
              *blobs(900, 4, 0.3, rng, decimals=1))),
          ("clusters", partial(clusters, 900, 4)), ("a time series", partial(series, 900)),
          ("columns that follow from others", partial(derived, 900)), ("digits", digits),
          ("breast cancer", cancer))),
)  # fmt: skip
MORE_CLEAN = tuple(
    CleanCase(f"never resampled, {name}", partial(after, data, None))
    for name, data in (
        ("whole numbers up to 600", partial(whole, 1000, 5, 200)),
        ("20 columns of whole numbers up to 30", partial(whole, 1000, 20, 10)),
        ("amounts", partial(amounts, 1200)),
    )
)
