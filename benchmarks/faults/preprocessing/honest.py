"""Honest preprocessing, honest shift, and shapes that look like faults and are none."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase
from benchmarks.faults.preprocessing.data import (
    Array,
    Rng,
    bundle,
    case,
    cut,
    images,
    limits,
    mixed,
    plain,
    robust,
    standard,
    survey,
    texts,
    varied,
    waves,
)
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, SklearnTransform, Standardize


def scaled(
    make: Any,
    way: Any,
    rng: Rng,
    *,
    three: bool = False,
    single: bool = False,
    digits: int | None = None,
) -> Case:
    """All splits scaled by train's figures."""
    splits = cut(make(rng), three)
    made = {n: way(x, splits["train"]) for n, x in splits.items()}
    made = {n: x if digits is None else x.round(digits) for n, x in made.items()}
    return case({n: x.astype(np.float32) if single else x for n, x in made.items()}, rng)


def as_it_is(make: Any, rng: Rng, *, three: bool = False) -> Case:
    return case(cut(make(rng), three), rng)


def shifted(make: Any, rng: Rng, *, by: float, wider: float = 1.0, part: float = 1.0) -> Case:
    """Test moved by up to ``by`` spreads and stretched by up to ``wider``, in a part of columns."""
    splits = cut(make(rng))
    raw, test = splits["train"], splits["test"]
    d = raw.shape[1]
    on = rng.random(d) < part
    move = rng.uniform(-by, by, d) * raw.std(0) * on
    stretch = np.where(on, np.exp(rng.uniform(-np.log(wider), np.log(wider), d)), 1.0)
    splits["test"] = (test - raw.mean(0)) * stretch + raw.mean(0) + move
    return case(splits, rng)


def grown(rng: Rng, factor: float) -> Case:
    """Incomes and counts that grew over the years, with all else as it was."""
    splits = cut(varied(900, 12, rng))
    for j in (1, 7):
        splits["test"][:, j] *= factor * rng.lognormal(0, 0.1, len(splits["test"]))
    return case(splits, rng)


def through(rng: Rng, kind: str, *, gaps: float = 0.08, n: int = 800) -> Case:
    """A pipeline or a column transformer, fitted on train."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import KNNImputer, SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    if kind == "neighbours":
        X = plain(n // 2, 5, rng)
        X[rng.random(X.shape) < gaps] = np.nan
        splits = cut(X)
        model = make_pipeline(StandardScaler(), KNNImputer(), LogisticRegression())
        model.fit(splits["train"], rng.integers(0, 2, len(splits["train"])))
        return case(splits, rng, model=model)
    table = cut(mixed(n, rng, gaps=gaps))
    step = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city", "plan"]),
    )
    frame = table["train"].to_pandas()
    y = rng.integers(0, 2, len(frame))
    if kind == "pipeline":
        from benchmarks.faults.cases import InMemory
        from reportgen.models.predictor import Output
        from reportgen.models.sklearn import feed

        model = make_pipeline(step, LogisticRegression()).fit(frame, y)
        asked = InMemory(
            "sklearn", "a pipeline", Output("probability", "the numbers"), model,
            lambda X: np.asarray(model.predict_proba(feed(model, X, who="the model"))[:, 1]),
        )  # fmt: skip
        return case(table, rng, model=asked)
    made = SklearnTransform(step.fit(frame, y), "columns.skops")
    return case(table, rng, preprocess=Preprocess((made,), ("columns.skops",)))


def standardised_by_job(rng: Rng) -> Case:
    splits = cut(varied(700, 10, rng))
    return case(
        splits, rng, preprocess=Preprocess((Standardize(splits["train"]),), ("standardize: train",))
    )


def by_subject(rng: Rng) -> Case:
    """Each subject's recordings standardised by themselves, and subjects kept apart."""
    parts, who = [], []
    for k in range(30):
        X = plain(12, 5, rng)
        parts.append(standard(X, X))
        who.append(np.full(12, k))
    X, groups = np.concatenate(parts), np.concatenate(who)
    ends = int(0.6 * 30) * 12
    splits = {"train": X[:ends], "test": X[ends:]}
    return case(splits, rng, groups={"train": groups[:ends], "test": groups[ends:]})


def by_row(rng: Rng) -> Case:
    """Spectra, each standardised by itself."""
    X = np.cumsum(rng.normal(size=(400, 60)), axis=1)
    X = (X - X.mean(1, keepdims=True)) / X.std(1, keepdims=True)
    return case(cut(X), rng)


def images_by_themselves(rng: Rng) -> Case:
    X = images(300, rng).astype(np.float64)
    X = (X - X.mean((1, 2, 3), keepdims=True)) / X.std((1, 2, 3), keepdims=True)
    return case(cut(X), rng)


def images_by_train(rng: Rng, *, light: float = 1.0) -> Case:
    splits = cut(images(300, rng).astype(np.float64))
    mean, sd = splits["train"].mean((0, 1, 2)), splits["train"].std((0, 1, 2))
    splits["test"] = splits["test"] * light
    return case({n: ((x - mean) / sd).astype(np.float32) for n, x in splits.items()}, rng)


def darker(rng: Rng, light: float) -> Case:
    splits = cut(images(300, rng))
    splits["test"] = (splits["test"] * light).astype(np.uint8)
    return case(splits, rng)


def copies(rng: Rng) -> Case:
    """Test is train once more, standardised: a leak of another name."""
    X = plain(300, 5, rng)
    X = standard(X, X)
    return case({"train": X, "test": X[rng.permutation(300)]}, rng)


def balanced(rng: Rng) -> Case:
    """Effects coded −1 and 1, each as often: mean 0 and spread 1 by design."""
    half = np.repeat([-1.0, 1.0], 100)
    rows = [np.column_stack([rng.permutation(half) for _ in range(5)]) for _ in range(2)]
    return case({"train": rows[0], "test": rows[1]}, rng)


def bounded(rng: Rng, n: int = 600) -> Case:
    """Shares, ranks, sines, and probabilities: between limits by nature."""
    X = np.column_stack(
        [
            rng.dirichlet([0.3] * 4, n),
            np.argsort(np.argsort(rng.normal(size=n))) / (n - 1),
            np.sin(rng.uniform(0, 7, n)), np.cos(rng.uniform(0, 7, n)),
            np.clip(rng.normal(0.5, 0.4, n), 0, 1), rng.beta(0.05, 0.05, n),
            rng.integers(0, 11, n) / 10,
        ]
    )  # fmt: skip
    return case(cut(X), rng)


def rare_gaps(rng: Rng, n: int = 1000) -> Case:
    """One value in a thousand is missing, wherever it falls."""
    X = varied(n, 20, rng)
    X[rng.random(X.shape) < 0.001] = np.nan
    return case(cut(X), rng)


def gapped(rng: Rng, share: float) -> Case:
    X = varied(800, 30, rng)
    X[rng.random(X.shape) < share] = np.nan
    return case(cut(X, True), rng)


def rare_categories(rng: Rng, n: int = 900) -> Case:
    """Names, tickets, streets: many categories, most of them rare."""
    w = 1 / np.arange(1, 2001)
    rows = pl.DataFrame(
        {
            "street": rng.choice([f"street {k}" for k in range(2000)], n, p=w / w.sum()),
            "ticket": [f"T{rng.integers(0, 3 * n)}" for _ in range(n)],
            "name": [f"name {k} {rng.integers(1 << 40)}" for k in range(n)],
            "age": rng.normal(40, 9, n),
        }
    )
    splits = cut(rows)
    return case(splits, rng, model={k: np.full(len(x), 0.5) for k, x in splits.items()})


def families(rng: Rng) -> Case:
    """Categories that belong to groups, and groups kept apart."""
    k, size = 60, 10
    town = np.repeat(rng.integers(0, 40, k), size)
    rows = pl.DataFrame({"town": [f"town {t}" for t in town], "age": rng.normal(40, 9, k * size)})
    groups = np.repeat(np.arange(k), size)
    ends = 36 * size
    splits = {"train": rows[:ends], "test": rows[ends:]}
    return case(splits, rng, groups={"train": groups[:ends], "test": groups[ends:]},
                model={n: np.full(len(x), 0.5) for n, x in splits.items()})  # fmt: skip


def texts_alike(rng: Rng, n: int = 400) -> Case:
    splits = cut(texts(n, rng))
    return case(splits, rng, model={k: np.full(len(x), 0.5) for k, x in splits.items()})


def counters(rng: Rng) -> Case:
    """Sorted by time: running numbers, dates, cumulated sums; test comes after train."""
    n = 800
    X = np.column_stack(
        [np.arange(n), 1.5e9 + 3600.0 * np.arange(n), np.cumsum(rng.exponential(3, n)),
         varied(n, 5, rng)]
    )  # fmt: skip
    return case(cut(X), rng)


def postcodes(rng: Rng) -> Case:
    n = 700
    w = rng.dirichlet(np.ones(60))
    rows = pl.DataFrame(
        {"zip": rng.choice([f"{k:05d}" for k in rng.integers(1000, 99999, 60)], n, p=w),
         "version": rng.choice(["1.0", "1.1", "2.0"], n), "age": rng.normal(40, 9, n)}
    )  # fmt: skip
    splits = cut(rows)
    return case(splits, rng, model={k: np.full(len(x), 0.5) for k, x in splits.items()})


def zero_inflated(rng: Rng) -> Case:
    """Amounts that are mostly 0, the others from 20 on; ages in heights' names."""
    n = 900
    spent = np.where(rng.random(n) < 0.7, 0.0, 20 + rng.exponential(60, n).round(2))
    gain = np.where(rng.random(n) < 0.92, 0.0, rng.choice([114.0, 3103, 7298, 99999], n))
    weight = rng.normal(70, 12, n).round(1)
    return case(cut(np.column_stack([spent, gain, weight])), rng,
                features=("spent", "gain", "weight"))  # fmt: skip


def flags(rng: Rng, n: int = 500) -> Case:
    """One-hot columns of 40 categories, and a hundred more that are rarely 1."""
    w = 1 / np.arange(1, 41)
    hot = np.eye(40)[rng.choice(40, n, p=w / w.sum())]
    rare = (rng.random((n, 100)) < rng.uniform(0.001, 0.1, 100)).astype(float)
    return case(cut(np.column_stack([hot, rare])), rng)


def lagged(rng: Rng) -> Case:
    """A series and its own past: columns that are alike, and a level that drifts."""
    x = np.cumsum(rng.normal(size=900)) + 0.01 * np.arange(900)
    X = np.column_stack([x[k : 880 + k] for k in range(12)])
    return case(cut(X), rng)


def tokens(rng: Rng) -> Case:
    """Numbers of words, padded with 0."""
    w = 1 / np.arange(1, 2000)
    X = rng.choice(np.arange(1, 2000), (500, 40), p=w / w.sum())
    length = rng.integers(5, 41, 500)
    X[np.arange(40)[None] >= length[:, None]] = 0
    return case(cut(X), rng)


def heavy(n: int, d: int, rng: Rng) -> Array:
    """Columns of heavy tails."""
    return rng.standard_t(1.5, (n, d)) * rng.lognormal(0, 3, d)


def wide_shift(rng: Rng) -> Case:
    """Ten normal columns of one spread around different places; all move to others."""
    place = rng.normal(0, 3, 10)
    splits = {"train": rng.normal(place, 1, (600, 10)),
              "test": rng.normal(place + rng.uniform(-3, 3, 10), 1, (400, 10))}  # fmt: skip
    return case(splits, rng)


cancer, wine, diabetes, digits = (
    partial(bundle, n) for n in ("breast_cancer", "wine", "diabetes", "digits")
)
table, small = partial(plain, 800, 6), partial(plain, 30, 4)
kinds, wide = partial(varied, 900, 12), partial(varied, 400, 300)
CLEAN = (
    CleanCase("raw table", partial(as_it_is, kinds)),
    CleanCase("standardised by train, breast cancer", partial(scaled, cancer, standard)),
    CleanCase("limits of train", partial(scaled, table, limits)),
    CleanCase("surveys standardised by train", partial(scaled, partial(survey, 500, 8), standard)),
    CleanCase("a table through a pipeline", partial(through, kind="pipeline")),
    CleanCase("honest shift", partial(shifted, kinds, by=1.0, wider=1.5)),
    CleanCase("each subject by itself", by_subject),
    CleanCase("shares, ranks and sines", bounded),
    CleanCase("rare categories", rare_categories),
    CleanCase("pictures", partial(as_it_is, partial(images, 300))),
    CleanCase("texts", texts_alike),
    CleanCase("300 columns", partial(as_it_is, wide)),
)
MORE_CLEAN = (
    *(CleanCase(f"raw, {name}", partial(as_it_is, make))
      for name, make in (("cancer", cancer), ("wine", wine), ("diabetes", diabetes),
                         ("digits", digits), ("surveys", partial(survey, 500, 12)))),
    *(CleanCase(f"{word} by train, {name}", partial(scaled, make, way))
      for word, way in (("standardised", standard), ("limits", limits), ("quartiles", robust))
      for name, make in (("wine", wine), ("diabetes", diabetes), ("all kinds", kinds))),
    CleanCase("standardised by train, float32, three splits",
              partial(scaled, table, standard, three=True, single=True)),
    CleanCase("standardised by train, two decimals", partial(scaled, table, standard, digits=2)),
    CleanCase("standardised by train, 18 and 12 rows", partial(scaled, small, standard)),
    CleanCase("raw, 18 and 12 rows", partial(as_it_is, small)),
    CleanCase("surveys, limits of train", partial(scaled, partial(survey, 400, 8), limits)),
    CleanCase("standardised by the job", standardised_by_job),
    CleanCase("a table through a step", partial(through, kind="step")),
    CleanCase("neighbours impute scaled rows", partial(through, kind="neighbours")),
    CleanCase("a table without gaps", partial(through, kind="pipeline", gaps=0.0)),
    CleanCase("a small table", partial(through, kind="step", n=90)),
    CleanCase("honest shift by 3, in a third of the columns",
              partial(shifted, kinds, by=3.0, wider=2.0, part=0.33)),
    CleanCase("honest shift of all columns by 2", partial(shifted, table, by=2.0, wider=2.0)),
    CleanCase("honest shift, breast cancer", partial(shifted, cancer, by=1.5, wider=2.0)),
    CleanCase("incomes grew by half", partial(grown, factor=1.5)),
    CleanCase("incomes doubled", partial(grown, factor=2.0)),
    CleanCase("normal columns move", wide_shift),
    CleanCase("spectra, each by itself", by_row),
    CleanCase("images, each by itself", images_by_themselves),
    CleanCase("images by train's channels", images_by_train),
    CleanCase("images by train's channels, darker", partial(images_by_train, light=0.6)),
    CleanCase("images of test darker", partial(darker, light=0.5)),
    CleanCase("grey images", partial(as_it_is, lambda rng: images(200, rng, 1)[..., 0])),
    CleanCase("sequences", partial(as_it_is, partial(waves, 300))),
    CleanCase("test is train", copies),
    CleanCase("balanced effects", balanced),
    CleanCase("rare gaps", rare_gaps),
    CleanCase("gaps in a tenth", partial(gapped, share=0.1)),
    CleanCase("few rare categories", partial(rare_categories, n=120)),
    CleanCase("towns of families", families),
    CleanCase("few texts", partial(texts_alike, n=40)),
    CleanCase("counters, dates, sums", counters),
    CleanCase("postcodes and versions", postcodes),
    CleanCase("amounts that are mostly 0", zero_inflated),
    CleanCase("flags", flags),
    CleanCase("flags, few rows", partial(flags, n=60)),
    CleanCase("a series and its past", lagged),
    CleanCase("numbers of words", tokens),
    CleanCase("heavy tails", partial(as_it_is, partial(heavy, 500, 10))),
)  # fmt: skip
