"""Order of columns and of steps, constants, and numbers that are none."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import FaultCase
from benchmarks.faults.preprocessing.data import (
    Array,
    Rng,
    bundle,
    case,
    cut,
    images,
    mixed,
    plain,
    varied,
)
from reportgen.diagnostics.preprocessing.columns import ks
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, SklearnTransform

ORDER = "preprocessing.column-order"
IMPUTED = "preprocessing.impute-after-scale"
CONSTANT = "preprocessing.constant-input"
FINITE = "preprocessing.not-finite"


def exchanged(make: Any, which: Any, rng: Rng, *, on: str = "test") -> Case:
    """Columns of a split in another order: two that can be told apart, or all (``which`` None)."""
    splits = cut(make(rng))
    order = np.arange(splits["train"].shape[1])
    if which is None:
        while (order == np.arange(len(order))).any():
            order = rng.permutation(len(order))
    else:
        order[list(which)] = order[list(reversed(which))]
        raw = splits["train"]
        a, b = (np.sort(raw[:, j]) for j in which)
        if ks(a, b) < 0.5:  # two columns that are alike: nobody could tell
            return exchanged(make, which, rng, on=on)
    splits[on] = splits[on][:, order]
    return case(splits, rng)


def colours(rng: Rng) -> Case:
    """Blue before red in test."""
    splits = cut(images(400, rng))
    splits["test"] = splits["test"][..., ::-1]
    return case(splits, rng)


def by_name(rng: Rng, *, step: bool = False) -> Case:
    """An array without names, for what was fitted on a table with its columns in another order."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    X = plain(400, 5, rng)
    names = [f"f{k}" for k in range(5)]
    order = [3, 1, 0, 2, 4]
    splits = cut(X)
    frame = pd.DataFrame(splits["train"][:, order], columns=[names[k] for k in order])
    y = rng.integers(0, 2, len(frame))
    if step:
        made = SklearnTransform(StandardScaler().fit(frame), "scaler.skops")
        return case(splits, rng, features=names, preprocess=Preprocess((made,), ("scaler.skops",)))
    return case(splits, rng, features=names, model=LogisticRegression(max_iter=50).fit(frame, y))


def by_figures(rng: Rng) -> Case:
    """A scaler that knows the columns in another order, and no names."""
    from sklearn.preprocessing import StandardScaler

    splits = cut(plain(500, 6, rng))
    scaler = StandardScaler().fit(splits["train"][:, [1, 0, 2, 3, 5, 4]])
    return case(splits, rng, preprocess=Preprocess((SklearnTransform(scaler, "scaler.skops"),),
                                                   ("scaler.skops",)))  # fmt: skip


def scaled_first(rng: Rng, *, pipeline: bool, strategy: str = "mean", gaps: float = 0.1) -> Case:
    """A scaler, and then an imputer, in one pipeline or as two steps of the job."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = plain(600, 5, rng)
    X[rng.random(X.shape) < gaps] = np.nan
    splits = cut(X)
    y = rng.integers(0, 2, len(splits["train"]))
    made = make_pipeline(StandardScaler(), SimpleImputer(strategy=strategy))
    if pipeline:
        model = make_pipeline(*(step for _, step in made.steps), LogisticRegression())
        return case(splits, rng, model=model.fit(splits["train"], y))
    made.fit(splits["train"])
    steps = tuple(SklearnTransform(s, f"{n}.skops") for n, s in made.steps)
    return case(splits, rng, preprocess=Preprocess(steps, tuple(n for n, _ in made.steps)))


def delivered(
    rng: Rng, *, fill: str, gaps: float = 0.1, n: int = 600, single: bool = False
) -> Case:
    """Arrays in which gaps were filled after scaling by train."""
    X = plain(n, 5, rng)
    X[rng.random(X.shape) < gaps] = np.nan
    splits = cut(X)
    raw = splits["train"]
    mean, sd = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
    made = {n: (x - mean) / sd for n, x in splits.items()}
    by = np.nanmedian(made["train"], axis=0) if fill == "median" else np.zeros(5)
    out: dict[str, Array] = {n: np.where(np.isnan(x), by, x) for n, x in made.items()}
    if single:
        out = {n: x.astype(np.float32) for n, x in out.items()}
    return case(out, rng)


def flat(rng: Rng, k: int) -> Case:
    """Columns of one value."""
    X = varied(500, 8, rng)
    X[:, :k] = rng.normal()
    return case(cut(X), rng)


def infinite(rng: Rng, rows: int, on: str) -> Case:
    """The logarithm of nothing."""
    splits = cut(plain(500, 5, rng))
    splits[on][rng.choice(len(splits[on]), rows, replace=False), 2] = -np.inf
    return case(splits, rng)


def flat_text(rng: Rng) -> Case:
    rows = mixed(500, rng, gaps=0.0).with_columns(pl.lit("EU").alias("region"))
    splits = cut(rows)
    return case(splits, rng, model={k: np.full(len(x), 0.5) for k, x in splits.items()})


cancer, wine = (partial(bundle, n) for n in ("breast_cancer", "wine"))
table, all_kinds = partial(plain, 800, 6), partial(varied, 900, 12)

PLANTED = (
    FaultCase("two columns exchanged", ORDER, partial(exchanged, table, (1, 3)), "fail"),
    FaultCase("names in another order", ORDER, by_name, "fail"),
    FaultCase("a scaler's figures in another order", ORDER, by_figures, "fail"),
    FaultCase("scaled, then imputed, in a pipeline", IMPUTED, partial(scaled_first, pipeline=True)),
    FaultCase(
        "filled with 0 after scaling, as delivered", IMPUTED, partial(delivered, fill="mean")
    ),
    FaultCase("three columns of one value", CONSTANT, partial(flat, k=3), "info"),
    FaultCase("infinite values in test", FINITE, partial(infinite, rows=3, on="test")),
)
MORE = (
    FaultCase("all columns in another order", ORDER, partial(exchanged, table, None), "fail"),
    FaultCase("two columns exchanged, breast cancer", ORDER, partial(exchanged, cancer, (0, 3)),
              "fail"),
    FaultCase("two columns exchanged, wine", ORDER, partial(exchanged, wine, (0, 12)), "fail"),
    FaultCase("an age and a code exchanged", ORDER, partial(exchanged, all_kinds, (0, 5)), "fail"),
    FaultCase("income and age exchanged", ORDER, partial(exchanged, all_kinds, (0, 1)), "fail"),
    FaultCase("blue before red", ORDER, colours, "fail"),
    FaultCase("a step's names in another order", ORDER, partial(by_name, step=True), "fail"),
    FaultCase("scaled, then imputed, as two steps", IMPUTED, partial(scaled_first, pipeline=False)),
    FaultCase("scaled, then imputed by the median, 2 %", IMPUTED,
              partial(scaled_first, pipeline=True, strategy="median", gaps=0.02)),
    FaultCase("filled with the median after scaling, as delivered", IMPUTED,
              partial(delivered, fill="median")),
    FaultCase("filled after scaling, as delivered, float32, 3 %", IMPUTED,
              partial(delivered, fill="mean", gaps=0.03, n=2000, single=True)),
    FaultCase("a text of one value", CONSTANT, flat_text, "info"),
    FaultCase("infinite values in train", FINITE, partial(infinite, rows=1, on="train")),
)  # fmt: skip
