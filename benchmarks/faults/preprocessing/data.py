"""Rows of many shapes: tables, surveys, images, sequences, texts, scikit-learn's own sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.faults.cases import case_from_arrays
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess

Rng = np.random.Generator
Array = NDArray[Any]
Splits = dict[str, Array]
SIXTY = (("train", 0.0, 0.6), ("test", 0.6, 1.0))
THREE = (("train", 0.0, 0.6), ("validation", 0.6, 0.8), ("test", 0.8, 1.0))


def cut(X: Any, three: bool = False) -> dict[str, Any]:
    """Rows in their order: six tenths to train, the rest to test, or to validation and test."""
    n = len(X)
    return {name: X[int(a * n) : int(b * n)] for name, a, b in (THREE if three else SIXTY)}


def plain(n: int, d: int, rng: Rng) -> Array:
    """Correlated columns of different scales."""
    X = rng.normal(size=(n, d)) + 0.6 * rng.normal(size=(n, 1))
    return X * rng.lognormal(1, 1.5, d) + rng.normal(0, 20, d)


def varied(n: int, d: int, rng: Rng) -> Array:
    """Ages, incomes, counts with many zeros, shares, readings: columns as they come."""
    columns = []
    for j in range(d):
        kind = j % 6
        if kind == 0:
            columns.append(rng.normal(45, 14, n).round().clip(18, 95))
        elif kind == 1:
            columns.append(rng.lognormal(10 + 0.2 * (j // 6), 0.7, n).round(2))
        elif kind == 2:
            columns.append(rng.poisson(1.5 + j, n) * (rng.random(n) < 0.6))
        elif kind == 3:
            columns.append(rng.beta(2, 5, n))
        elif kind == 4:
            columns.append(rng.normal(20, 6, n).round(1))
        else:
            columns.append((rng.random(n) < 0.3).astype(float))
    return np.column_stack(columns).astype(np.float64)


def survey(n: int, d: int, rng: Rng) -> Array:
    """Answers from 1 to 5, each question with its own shares."""
    return np.column_stack(
        [rng.choice(np.arange(1, 6), n, p=rng.dirichlet(np.ones(5) * 3)) for _ in range(d)]
    ).astype(np.float64)


def bundle(name: str, rng: Rng) -> Array:
    """A set of scikit-learn, shuffled."""
    from sklearn import datasets

    more = {"scaled": False} if name == "diabetes" else {}
    X, _ = getattr(datasets, f"load_{name}")(return_X_y=True, **more)
    return np.asarray(X[rng.permutation(len(X))], np.float64)


def images(n: int, rng: Rng, channels: int = 3) -> Array:
    """Smooth pictures of 12 x 12 from 0 to 255, with a sky and a ground; uint8."""
    base = rng.normal(0, 1, (n, 3, 3, channels))
    big = np.repeat(np.repeat(base, 4, axis=1), 4, axis=2)
    tint = np.array([130.0, 110.0, 70.0, 100.0])[:channels]
    light = rng.normal(1, 0.15, (n, 1, 1, 1))
    return np.clip(light * tint + 45 * big + rng.normal(0, 12, big.shape), 0, 255).astype(np.uint8)


def waves(n: int, rng: Rng) -> Array:
    """Sequences of 30 steps in three channels of different scales."""
    t = np.linspace(0, 6, 30)[None, :, None]
    phase, size = rng.uniform(0, 6, (n, 1, 3)), rng.lognormal(0, 0.3, (n, 1, 3))
    return (size * np.sin(t + phase) + rng.normal(0, 0.2, (n, 30, 3))) * [1.0, 40.0, 0.02] + [
        0.0, 500.0, 1.0,
    ]  # fmt: skip


def mixed(n: int, rng: Rng, gaps: float = 0.08) -> pl.DataFrame:
    """Ages, incomes with gaps, cities of which some are rare, a plan."""
    cities = np.array([f"city{k}" for k in range(40)])
    w = 1 / np.arange(1, 41)
    income = rng.lognormal(10, 0.6, n).round(2)
    return pl.DataFrame(
        {
            "age": rng.normal(40, 12, n).round(),
            "income": np.where(rng.random(n) < gaps, np.nan, income),
            "city": rng.choice(cities, n, p=w / w.sum()),
            "plan": rng.choice(["basic", "plus", "pro"], n, p=[0.6, 0.3, 0.1]),
        }
    ).with_columns(pl.col("income").fill_nan(None))


def texts(n: int, rng: Rng, language: str = "word") -> pl.DataFrame:
    """Texts of 20 words, common ones often."""
    words = np.array([f"{language}{k}" for k in range(3000)])
    w = 1 / np.arange(1, 3001)
    return pl.DataFrame(
        {"text": [" ".join(rng.choice(words, 20, p=w / w.sum())) for _ in range(n)]}
    )


def standard(a: Array, by: Array, ddof: int = 0) -> Array:
    size = by.std(axis=0, ddof=ddof)
    return (a - by.mean(axis=0)) / np.where(size > 0, size, 1.0)


def limits(a: Array, by: Array) -> Array:
    width = np.ptp(by, axis=0)
    return (a - by.min(axis=0)) / np.where(width > 0, width, 1.0)


def robust(a: Array, by: Array) -> Array:
    low, middle, high = np.percentile(by, [25, 50, 75], axis=0)
    return (a - middle) / np.where(high > low, high - low, 1.0)


def half(X: Any) -> Array:
    """A model that says one half of every row."""
    return np.full(len(next(iter(X.values())) if isinstance(X, Mapping) else X), 0.5)


def case(
    splits: Mapping[str, Any], rng: Rng, *, model: Any = None, preprocess: Preprocess | None = None,
    **more: Any,
) -> Case:  # fmt: skip
    """An audit's evidence of these rows, with labels that have nothing to do with them."""
    rows = {n: (x, rng.integers(0, 2, len(x))) for n, x in splits.items()}
    return case_from_arrays(
        "binary", rows, half if model is None else model, preprocess=preprocess,
        output="probability", **more,
    )  # fmt: skip
