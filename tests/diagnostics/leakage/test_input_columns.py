"""Raw columns mapped to model inputs, against the names that scikit-learn itself gives."""

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.faults.cases import case_from_arrays
from reportgen.diagnostics.leakage.input_columns import Mixed, input_columns
from reportgen.models.preprocess import Preprocess, Scale, SklearnTransform, Standardize
from reportgen.models.tables import named_table


def table(n=301):
    rng = np.random.default_rng(0)
    city = rng.choice(["a", "b", "c"], n).astype(object)
    city[n // 2] = "only here"  # a level of one row, in the middle
    return pl.DataFrame(
        {"age": rng.normal(40, 10, n), "city": city.tolist(), "plan": rng.choice(["x", "y"], n),
         "income": rng.lognormal(0, 1, n), "flat": np.ones(n)}
    )  # fmt: skip


def case(X, steps):
    y = np.arange(len(X)) % 2
    half = len(X) // 3 * 2
    splits = {"train": (X[:half], y[:half]), "test": (X[half:], y[half:])}
    stored = {"train": np.full(half, 0.5), "test": np.full(len(X) - half, 0.5)}
    return case_from_arrays("binary", splits, stored, preprocess=Preprocess(steps))


def encoder(X):
    made = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["income", "age", "flat"]),
            ("levels", OneHotEncoder(handle_unknown="ignore"), ["plan", "city"]),
        ],
        sparse_threshold=0.3,
    )
    return made.fit(named_table(X, X.columns, who="test"))


@pytest.mark.parametrize("names", [("city",), ("plan",), ("age",), ("age", "city")])
def test_one_hot_columns_are_those_that_the_encoder_names(names):
    X = table()
    made = encoder(X)
    found = input_columns(case(X, [SklearnTransform(made, "columns.skops")]), names)
    out = made.get_feature_names_out()
    expected = {k for k, name in enumerate(out) if any(f"__{n}" in name for n in names)}
    assert set(found) == expected


def test_arrays_keep_their_places_behind_scalers():
    X = np.random.default_rng(1).normal(size=(90, 4))
    audited = case(X, [Scale(255.0), Standardize(X[:60])])
    assert input_columns(audited, ["x2", "x0"]) == (0, 2)
    assert input_columns(case(X, []), ["x3"]) == (3,)


def test_what_cannot_be_told_apart_is_said():
    X = np.random.default_rng(1).normal(size=(90, 4))
    mixed = input_columns(case(X, [SklearnTransform(PCA(3).fit(X), "pca.skops")]), ["x1"])
    assert isinstance(mixed, Mixed)
    assert "every input" in mixed.why
    dropped = ColumnTransformer([("some", "passthrough", [0, 2])]).fit(X)
    gone = input_columns(case(X, [SklearnTransform(dropped, "some.skops")]), ["x1"])
    assert isinstance(gone, Mixed)
    assert "does not reach" in gone.why
    assert isinstance(input_columns(case(X, []), ["nobody"]), Mixed)
