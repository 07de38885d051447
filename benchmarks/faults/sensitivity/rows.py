"""Rows that the cases are drawn from, and models that answer by a function."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Rng = np.random.Generator
Floats = NDArray[np.float64]
Splits = dict[str, tuple[Any, Any]]


def expit(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -60, 60))))


def normal(rng: Rng, n: int, d: int, noise: float = 0.7) -> tuple[Floats, NDArray[np.int64]]:
    """A linear rule with noise on independent normal columns."""
    w = rng.uniform(0.5, 1.5, d) * rng.choice([-1, 1], d)
    X = rng.normal(size=(n, d))
    z = X @ w / np.sqrt((w**2).sum())
    return X, (z + rng.normal(0, noise, n) > 0).astype(np.int64)


def halves(X: Any, y: Any) -> Splits:
    half = len(y) // 2
    return {"train": (X[:half], y[:half]), "test": (X[half:], y[half:])}


def people(rng: Rng, n: int) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Whole years, money to the cent, counts, a category, and gaps: a table as it comes."""
    age = np.clip(rng.normal(45, 14, n), 18, 90).round()
    income = np.exp(rng.normal(10, 0.6, n)).round(2)
    rooms = 1 + rng.poisson(1.5, n)
    visits = rng.poisson(20, n)
    plan = rng.choice(["basic", "plus", "pro"], n, p=[0.5, 0.3, 0.2])
    z = (age - 45) / 14 + np.log(income) - 10 + 0.5 * (plan == "pro") - 0.3 * (rooms - 2.5)
    y = (z + rng.normal(0, 0.7, n) > 0).astype(np.int64)
    gaps = rng.random(n) < 0.08
    frame = pl.DataFrame(
        {
            "age": pl.Series(age.astype(np.int64)),
            "income": pl.Series(np.where(gaps, np.nan, income)).fill_nan(None),
            "rooms": pl.Series(rooms.astype(np.int64)),
            "visits": pl.Series(visits.astype(np.int64)),
            "plan": plan,
            "site": pl.Series(np.full(n, "north")),
        }
    )
    return frame, y


def people_model(kind: str, seed: int) -> Any:
    """A pipeline on :func:`people`: imputed, scaled and encoded by name."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = ["age", "income", "rooms", "visits"]
    last = {
        "linear": LogisticRegression(max_iter=500),
        "forest": RandomForestClassifier(60, random_state=seed),
    }[kind]
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), ["plan", "site"]),
        ),
        last,
    )


def asked_by_name(model: Any) -> Callable[[pl.DataFrame], Floats]:
    """P(class 1) of a pipeline that wants a pandas table."""
    return lambda frame: np.asarray(model.predict_proba(frame.to_pandas())[:, 1])


def scrambled(values: Floats) -> Floats:
    """Plus or minus 1 by a hash of whole numbers: neighbours have nothing in common."""
    whole = np.nan_to_num(np.round(values)).astype(np.int64).astype(np.uint64)
    mixed = (whole + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.where((mixed >> np.uint64(40)) & np.uint64(1), 1.0, -1.0)


def small_network(seed: int, units: tuple[int, ...], epochs: int) -> Any:
    """An MLP that trains so many epochs and does not mind that there could be more."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    class Network(MLPClassifier):  # type: ignore[misc]
        def fit(self, X: Any, y: Any) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                return super().fit(X, y)

    return Network(units, random_state=seed, max_iter=epochs)
