"""Splits scaled by themselves, and numbers on another scale."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.faults.cases import FaultCase
from benchmarks.faults.preprocessing.data import (
    Array,
    Rng,
    bundle,
    case,
    cut,
    images,
    limits,
    plain,
    robust,
    standard,
    survey,
    varied,
    waves,
)
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, Scale, SklearnTransform

REFIT = "preprocessing.refit-per-split"
SCALE = "preprocessing.scale-mismatch"
Make = Callable[[Rng], Array]


def refit(
    make: Make, way: Callable[..., Array], rng: Rng, *, three: bool = False, columns: Any = None,
    digits: int | None = None, single: bool = False, last: bool = False, ddof: int = 0,
) -> Case:  # fmt: skip
    """Each split scaled by its own figures; ``columns`` alone, the others by train's.

    ``last``: train and validation together, test by itself. ``digits``: as written in a file.
    """
    splits = cut(make(rng), three)
    train = splits["train"]
    own = dict(splits.items())
    if last:
        both = np.concatenate([splits["train"], splits["validation"]])
        own |= {"train": both, "validation": both}
    more = {"ddof": ddof} if ddof else {}
    made = {}
    for n, x in splits.items():
        out = way(x, own[n], **more)
        if columns is not None:
            honest = way(x, train, **more)
            honest[:, columns] = out[:, columns]
            out = honest
        out = out if digits is None else out.round(digits)
        made[n] = out.astype(np.float32) if single else out
    return case(made, rng)


def refit_array(make: Make, rng: Rng, *, channel: bool = False) -> Case:
    """Images, or sequences, scaled as a whole (or by channel) by each split's own figures."""
    over = (0, 1, 2) if channel else None
    if channel and make(np.random.default_rng(0)).ndim == 3:
        over = (0, 1)
    made = {}
    for n, x in cut(make(rng)).items():
        v = np.asarray(x, np.float64)
        made[n] = ((v - v.mean(axis=over)) / v.std(axis=over)).astype(np.float32)
    return case(made, rng)


def changed(
    make: Make, change: Callable[[Array, Array], Array], rng: Rng, *, on: str = "test",
    before: Callable[[Array, Array], Array] | None = None, three: bool = False,
) -> Case:  # fmt: skip
    """Rows of one split changed, given train's; ``before`` is done to all splits by train's."""
    splits = cut(make(rng), three)
    raw = splits["train"]
    if before is not None:
        splits = {n: before(x, raw) for n, x in splits.items()}
    splits[on] = change(splits[on], raw)
    return case(splits, rng)


def column(j: int, function: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    """One column put through a function."""

    def change(x: Array, raw: Array) -> Array:
        out = np.array(x, np.float64)
        out[:, j] = function(out[:, j])
        return out

    return change


def times(factor: float) -> Callable[[Array, Array], Array]:
    return lambda x, raw: np.asarray(x, np.float64) * factor


def fed_scaled(make: Make, kind: str, rng: Rng) -> Case:
    """A scaler that was fitted on raw rows gets scaled ones, in every split."""
    from sklearn import preprocessing

    splits = cut(make(rng))
    scaler = getattr(preprocessing, kind)().fit(splits["train"])
    scaled = {n: scaler.transform(x) for n, x in splits.items()}
    step = Preprocess((SklearnTransform(scaler, "scaler.skops"),), ("scaler.skops",))
    return case(scaled, rng, preprocess=step)


def divided_twice(rng: Rng) -> Case:
    """Images that lie within 0 to 1 are divided by 255 once more."""
    splits = {n: x / np.float32(255) for n, x in cut(images(300, rng)).items()}
    return case(splits, rng, preprocess=Preprocess((Scale(255.0),), ("scale: 255",)))


cancer, wine, diabetes = (partial(bundle, n) for n in ("breast_cancer", "wine", "diabetes"))
table, small, many = partial(plain, 800, 6), partial(plain, 45, 4), partial(varied, 1000, 24)
mixed_table = partial(varied, 900, 12)
questions = partial(survey, 500, 8)

PLANTED = (
    FaultCase("each by itself, standard", REFIT, partial(refit, table, standard), "fail"),
    FaultCase("each by itself, breast cancer, float32", REFIT,
              partial(refit, cancer, standard, single=True), "fail"),
    FaultCase("each by itself, limits", REFIT, partial(refit, table, limits), "fail"),
    FaultCase("images standardised by split", REFIT,
              partial(refit_array, partial(images, 300)), "fail"),
    FaultCase("test raw, train standardised", SCALE,
              partial(changed, table, lambda x, raw: x * raw.std(0) + raw.mean(0), before=standard),
              "fail"),
    FaultCase("images of test 0 to 1", SCALE,
              partial(changed, partial(images, 200), times(1 / 255)), "fail"),
    FaultCase("one column a thousandfold", SCALE,
              partial(changed, mixed_table, column(1, lambda v: v * 1000)), "fail"),
    FaultCase("a scaler of raw rows gets scaled ones", SCALE,
              partial(fed_scaled, table, "StandardScaler"), "fail"),
    FaultCase("divided by 255 twice", SCALE, divided_twice, "fail"),
)  # fmt: skip
MORE = (
    FaultCase("each by itself, wine, n − 1", REFIT, partial(refit, wine, standard, ddof=1), "fail"),
    FaultCase("each by itself, diabetes", REFIT, partial(refit, diabetes, standard), "fail"),
    FaultCase("each by itself, three splits", REFIT, partial(refit, table, standard, three=True),
              "fail"),
    FaultCase("train with validation, test by itself", REFIT,
              partial(refit, table, standard, three=True, last=True), "fail"),
    FaultCase("each by itself, 27 and 18 rows", REFIT, partial(refit, small, standard), "fail"),
    FaultCase("each by itself, 2 of 6 columns", REFIT,
              partial(refit, table, standard, columns=[1, 4]), "fail"),
    FaultCase("each by itself, four decimals", REFIT, partial(refit, table, standard, digits=4),
              "fail"),
    FaultCase("each by itself, surveys", REFIT, partial(refit, questions, standard), "fail"),
    FaultCase("each by itself, all kinds of columns", REFIT, partial(refit, mixed_table, standard),
              "fail"),
    FaultCase("each by its limits, breast cancer", REFIT, partial(refit, cancer, limits), "fail"),
    FaultCase("each by its limits, all kinds of columns", REFIT, partial(refit, many, limits),
              "fail"),
    FaultCase("each by its quartiles", REFIT, partial(refit, table, robust), "fail"),
    FaultCase("each by its quartiles, breast cancer", REFIT, partial(refit, cancer, robust),
              "fail"),
    FaultCase("images standardised by split and channel", REFIT,
              partial(refit_array, partial(images, 300), channel=True), "fail"),
    FaultCase("sequences standardised by split and channel", REFIT,
              partial(refit_array, partial(waves, 300), channel=True), "fail"),
    *(FaultCase(f"test standardised, train raw, {name}", SCALE,
                partial(changed, make, standard), "fail")
      for name, make in (("cancer", cancer), ("wine", wine), ("plain", table), ("varied", many))),
    *(FaultCase(f"test within 0 to 1, train raw, {name}", SCALE,
                partial(changed, make, limits), "fail")
      for name, make in (("cancer", cancer), ("plain", table), ("varied", many))),
    FaultCase("test scaled twice", SCALE,
              partial(changed, table, lambda x, raw: standard(x, raw), before=standard), "fail"),
    FaultCase("validation raw, the rest standardised", SCALE,
              partial(changed, cancer, lambda x, raw: x * raw.std(0) + raw.mean(0), on="validation",
                      before=standard, three=True), "fail"),
    FaultCase("images of train 0 to 1", SCALE,
              partial(changed, partial(images, 200), times(1 / 255), on="train"), "fail"),
    FaultCase("images of test −1 to 1, train 0 to 1", SCALE,
              partial(changed, lambda rng: images(200, rng) / 255.0, lambda x, raw: 2 * x - 1),
              "fail"),
    FaultCase("one column in per cent", SCALE,
              partial(changed, mixed_table, column(3, lambda v: v * 100)), "fail"),
    FaultCase("one column a tenth, of 24", SCALE,
              partial(changed, many, column(13, lambda v: v / 10)), "fail"),
    FaultCase("ages in months", SCALE, partial(changed, mixed_table, column(0, lambda v: v * 12)),
              "fail"),
    FaultCase("readings in Fahrenheit", SCALE,
              partial(changed, mixed_table, column(4, lambda v: v * 1.8 + 32)), "fail"),
    FaultCase("one column as a logarithm", SCALE,
              partial(changed, mixed_table, column(1, np.log1p)), "fail"),
    FaultCase("one column standardised by train", SCALE,
              partial(changed, many, lambda x, raw: column(
                  7, lambda v: (v - raw[:, 7].mean()) / raw[:, 7].std())(x, raw)), "fail"),
    FaultCase("inches in test, whole centimetres in train", SCALE,
              partial(changed, lambda rng: np.column_stack([rng.normal(172, 6, 700).round(),
                                                           varied(700, 6, rng)]),
                      column(0, lambda v: v / 2.54)), "fail"),
    FaultCase("pounds in test, kilograms in train", SCALE,
              partial(changed, lambda rng: np.column_stack([rng.normal(72, 9, 900),
                                                           varied(900, 8, rng)]),
                      column(0, lambda v: v * 2.204623)), "warn"),
    *(FaultCase(f"{kind} of raw rows gets scaled ones, cancer", SCALE,
                partial(fed_scaled, cancer, kind), "fail")
      for kind in ("StandardScaler", "RobustScaler", "MinMaxScaler")),
)  # fmt: skip
