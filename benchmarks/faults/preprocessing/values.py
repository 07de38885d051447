"""Gaps, placeholders, categories and words that train does not have."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import FaultCase
from benchmarks.faults.preprocessing.data import Rng, case, cut, mixed, texts, varied
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, SklearnTransform

MISSING = "preprocessing.missing-values"
UNSEEN = "preprocessing.unseen-categories"
AS_TEXT = "preprocessing.numbers-as-text"


def gaps(
    rng: Rng, *, train: float, test: float, n: int = 1000, columns: tuple[int, ...] = (1,)
) -> Case:
    """Columns whose values are missing at random, at another rate in each split."""
    splits = cut(varied(n, 8, rng))
    for name, rate in (("train", train), ("test", test)):
        for j in columns:
            splits[name][rng.random(len(splits[name])) < rate, j] = np.nan
    return case(splits, rng)


def placeholder(rng: Rng, value: float, j: int, share: float) -> Case:
    """A number that stands for a missing one, in all splits."""
    X = varied(900, 8, rng)
    X[rng.random(len(X)) < share, j] = value
    return case(cut(X), rng)


def zeros(rng: Rng, share: float) -> Case:
    """A blood pressure of 0."""
    n = 600
    X = np.column_stack([rng.normal(120, 15, n).round(), rng.normal(45, 12, n).round()])
    X[rng.random(n) < share, 0] = 0
    return case(cut(X), rng, features=("blood_pressure", "age"))


def encoder(kind: str) -> Any:
    from sklearn import preprocessing

    if kind == "onehot":
        return preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


def categories(
    rng: Rng, *, share: float, kind: str = "", lower: bool = False, n: int = 1000
) -> Case:
    """A category that only test has, or one that test spells otherwise; behind an encoder."""
    splits = cut(mixed(n, rng, gaps=0.0))
    test = splits["test"]
    if lower:
        city = test["city"].str.to_uppercase()
    else:
        new = rng.random(test.height) < share
        city = pl.Series("city", np.where(new, "elsewhere", test["city"].to_numpy()))
    splits["test"] = test.with_columns(city.alias("city"))
    if not kind:
        return case(splits, rng, model={k: np.full(len(x), 0.5) for k, x in splits.items()})
    from sklearn.compose import make_column_transformer

    step = make_column_transformer((encoder(kind), ["city", "plan"]), remainder="passthrough")
    step.fit(splits["train"].to_pandas())
    return case(splits, rng, preprocess=Preprocess((SklearnTransform(step, "columns.skops"),),
                                                   ("columns.skops",)))  # fmt: skip


def codes(rng: Rng, share: float) -> Case:
    """Whole numbers that are encoded as categories; test has a new one."""
    from sklearn.compose import make_column_transformer

    X = np.column_stack([rng.integers(0, 8, 900), rng.normal(size=900)]).astype(np.float64)
    splits = cut(X)
    splits["test"][rng.random(len(splits["test"])) < share, 0] = 99
    step = make_column_transformer((encoder("onehot"), [0]), remainder="passthrough")
    step.fit(splits["train"])
    return case(splits, rng, preprocess=Preprocess((SklearnTransform(step, "columns.skops"),),
                                                   ("columns.skops",)))  # fmt: skip


def words(rng: Rng, other: float) -> Case:
    """Texts of test of which some are in another language."""
    train, test = texts(400, rng), texts(250, rng)
    foreign = texts(250, rng, "wort")
    chosen = rng.random(250) < other
    mix = [f if c else t for f, t, c in zip(foreign["text"], test["text"], chosen, strict=True)]
    return case({"train": train, "test": pl.DataFrame({"text": mix})}, rng,
                model={"train": np.full(400, 0.5), "test": np.full(250, 0.5)})  # fmt: skip


def charges(rng: Rng, blanks: int) -> Case:
    """Amounts of money that a few blanks have made text of."""
    n = 800
    amounts = [f"{v:.2f}" for v in rng.lognormal(6, 1, n)]
    for k in rng.choice(n, blanks, replace=False):
        amounts[k] = " "
    splits = cut(pl.DataFrame({"charges": amounts, "age": rng.normal(40, 9, n)}))
    return case(splits, rng, model={k: np.full(len(x), 0.5) for k, x in splits.items()})


PLANTED = (
    FaultCase("gaps in test alone, 5 %", MISSING, partial(gaps, train=0.0, test=0.05)),
    FaultCase("−999 in a column of counts", MISSING, partial(placeholder, value=-999, j=2,
                                                             share=0.03)),
    FaultCase("a city that only test has, one-hot", UNSEEN,
              partial(categories, share=0.06, kind="onehot")),
    FaultCase("amounts with blanks", AS_TEXT, partial(charges, blanks=8), also=(UNSEEN,)),
)  # fmt: skip
MORE = (
    FaultCase("gaps in 2 % and in 20 %", MISSING, partial(gaps, train=0.02, test=0.2)),
    FaultCase("gaps in half of test alone", MISSING, partial(gaps, train=0.0, test=0.5,
                                                             columns=(0, 3))),
    FaultCase("gaps in 3 % of test alone, 4,000 rows", MISSING,
              partial(gaps, train=0.0, test=0.03, n=4000)),
    FaultCase("gaps in 30 % of train and 5 % of test", MISSING,
              partial(gaps, train=0.3, test=0.05)),
    FaultCase("9999 among ages", MISSING, partial(placeholder, value=9999, j=0, share=0.02)),
    FaultCase("−1 among shares", MISSING, partial(placeholder, value=-1, j=3, share=0.05)),
    FaultCase("a blood pressure of 0", MISSING, partial(zeros, share=0.05)),
    FaultCase("a city that only test has, ordinal", UNSEEN,
              partial(categories, share=0.05, kind="ordinal")),
    FaultCase("a city that only test has, predictions", UNSEEN, partial(categories, share=0.06)),
    FaultCase("cities in capitals", UNSEEN, partial(categories, share=0, lower=True,
                                                    kind="onehot")),
    FaultCase("a code that only test has", UNSEEN, partial(codes, share=0.06),
              also=("preprocessing.missing-values",)),
    FaultCase("half of the texts in another language", UNSEEN, partial(words, other=0.5)),
    FaultCase("texts in another language", UNSEEN, partial(words, other=1.0)),
    FaultCase("amounts, none blank", AS_TEXT, partial(charges, blanks=0), also=(UNSEEN,)),
)  # fmt: skip
