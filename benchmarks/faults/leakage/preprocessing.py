"""Preprocessing that was fitted on test, or on everything; and on train as it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, SklearnTransform

Rng = np.random.Generator
Drawn = tuple[Any, np.ndarray]
Data = Callable[[Rng], Drawn]
SAW = "leakage.preprocessing-saw-test"


def bundle(name: str, rng: Rng) -> Drawn:
    """A set of scikit-learn, shuffled."""
    from sklearn import datasets

    more = {"scaled": False} if name == "diabetes" else {}
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True, **more)
    order = rng.permutation(len(y))
    return X[order], y[order]


def synthetic(n: int, d: int, rng: Rng) -> Drawn:
    """Two classes in d correlated columns of different scales."""
    y = rng.integers(0, 2, n)
    X = rng.normal(size=(n, d)) + 0.6 * rng.normal(size=(n, 1)) + 0.6 * y[:, None]
    return X * rng.lognormal(1, 1.5, d) + rng.normal(0, 20, d), y


def noise(n: int, d: int, rng: Rng) -> Drawn:
    """More columns than rows, and nothing in them."""
    return rng.normal(size=(n, d)), rng.integers(0, 2, n)


def mixed(n: int, rng: Rng) -> Drawn:
    """Ages, incomes with gaps, cities of which some are rare."""
    age, income = rng.normal(40, 12, n).round(), rng.lognormal(10, 0.6, n).round(2)
    cities = np.array([f"city{k}" for k in range(40)])
    city = rng.choice(cities, n, p=(w := 1 / np.arange(1, 41)) / w.sum())
    y = (rng.random(n) < 1 / (1 + np.exp(-(age - 40) / 8 + (city == "city0")))).astype(np.int64)
    gone = rng.random(n) < 0.08
    income = np.where(gone, np.nan, income)
    return pl.DataFrame({"age": age, "income": income, "city": city}), y


def texts(n: int, rng: Rng) -> Drawn:
    words = np.array([f"word{k}" for k in range(400)])
    weight = 1 / np.arange(1, 401)
    y = rng.integers(0, 2, n)
    rows = []
    for label in y:
        w = np.roll(weight, 20 * label)
        rows.append(" ".join(rng.choice(words, 25, p=w / w.sum())))
    return pl.DataFrame({"text": rows}), y


def columns() -> Any:
    """Imputed and scaled numbers, one-hot cities."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
    )


def transformer(kind: str) -> Any:
    """A scikit-learn transformer by a short name."""
    from sklearn import decomposition, feature_selection, pipeline, preprocessing

    return {
        "standard": preprocessing.StandardScaler,
        "limits": preprocessing.MinMaxScaler,
        "robust": preprocessing.RobustScaler,
        "power": preprocessing.PowerTransformer,
        "quantiles": partial(preprocessing.QuantileTransformer, n_quantiles=50),
        "bins": partial(preprocessing.KBinsDiscretizer, n_bins=6, encode="onehot-dense",
                        quantile_method="averaged_inverted_cdf"),
        "components": lambda: pipeline.make_pipeline(
            preprocessing.StandardScaler(), decomposition.PCA(3)
        ),
        "selection": partial(feature_selection.SelectKBest, k=10),
        "columns": columns,
    }[kind]()  # fmt: skip


def _model(y: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    return Ridge() if y.dtype.kind == "f" else LogisticRegression(max_iter=300)


def _task(y: np.ndarray) -> Any:
    if y.dtype.kind == "f":
        return "regression"
    return "binary" if y.max() == 1 else "multiclass"


def parts_of(X: Any, y: np.ndarray, validation: bool) -> dict[str, Drawn]:
    """Six tenths to train, two to validation where there is one, the rest to test."""
    n = len(y)
    ends = {"train": (0, int(0.6 * n))}
    if validation:
        ends["validation"] = (int(0.6 * n), int(0.8 * n))
    ends["test"] = (int((0.8 if validation else 0.6) * n), n)
    return {name: (X[a:b], y[a:b]) for name, (a, b) in ends.items()}


def joined(parts: list[Any]) -> Any:
    return pl.concat(parts) if isinstance(parts[0], pl.DataFrame) else np.concatenate(parts)


def fed(X: Any) -> Any:
    return X.to_pandas() if isinstance(X, pl.DataFrame) else X


def stepped(
    data: Data, kind: str, on: tuple[str, ...], rng: Rng, *, validation: bool = False,
    pipeline: bool = False, training: Mapping[str, Any] | None = None, change: Any = None,
) -> Case:  # fmt: skip
    """A transformer fitted on some splits, the model behind it on train.

    As a step of its own, or as a pipeline that was delivered whole; ``change`` is done to the rows
    that the transformer is fitted on.
    """
    from sklearn.pipeline import Pipeline

    X, y = data(rng)
    splits = parts_of(X, y, validation)
    seen_X, seen_y = joined([splits[n][0] for n in on]), np.concatenate([splits[n][1] for n in on])
    if change is not None:
        seen_X, seen_y = change(seen_X, seen_y, rng)
    step = transformer(kind).fit(fed(seen_X), seen_y)
    model = _model(y).fit(step.transform(fed(splits["train"][0])), splits["train"][1])
    task = _task(y)
    if pipeline:
        whole = Pipeline([("prepared", step), ("model", model)])
        return case_from_arrays(task, splits, whole, training=training)
    made = SklearnTransform(step, "columns.skops")
    return case_from_arrays(
        task, splits, model, preprocess=Preprocess((made,), ("columns.skops",)), training=training,
        output="value" if task == "regression" else "probability",
    )  # fmt: skip


def vectorised(on: tuple[str, ...], rng: Rng) -> Case:
    """A pipeline that reads texts, its vocabulary of some splits."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    X, y = texts(500, rng)
    splits = parts_of(X, y, False)
    step = TfidfVectorizer().fit(joined([splits[n][0] for n in on])["text"].to_list())
    model = LogisticRegression().fit(
        step.transform(splits["train"][0]["text"].to_list()), splits["train"][1]
    )
    return case_from_arrays("binary", splits, _Texts(Pipeline([("words", step), ("model", model)])))


class _Texts:
    """A pipeline asked with a table of one column of texts."""

    def __new__(cls, pipeline: Any) -> Any:
        from benchmarks.faults.cases import InMemory
        from reportgen.models.predictor import Output
        from reportgen.models.tables import texts as flat

        def ask(X: Any) -> np.ndarray:
            return np.asarray(pipeline.predict_proba(flat(X, who="the model"))[:, 1])

        return InMemory("sklearn", "texts", Output("probability", "the numbers"), pipeline, ask)


def arrived(
    data: Data, way: str, on: tuple[str, ...], rng: Rng, *, single: bool = False,
    validation: bool = False,
) -> Case:  # fmt: skip
    """Arrays standardised by the figures of some splits before anybody sees them."""
    X, y = data(rng)
    splits = parts_of(X, y, validation)
    if way == "each":
        made = {n: ((x - x.mean(0)) / x.std(0), t) for n, (x, t) in splits.items()}
    elif way == "frame":  # as pandas does it, n - 1
        seen = joined([splits[n][0] for n in on])
        made = {n: ((x - seen.mean(0)) / seen.std(0, ddof=1), t) for n, (x, t) in splits.items()}
    else:
        step = transformer(way).fit(joined([splits[n][0] for n in on]))
        made = {n: (step.transform(x), t) for n, (x, t) in splits.items()}
    if single:
        made = {n: (x.astype(np.float32), t) for n, (x, t) in made.items()}
    return case_from_arrays(_task(y), made, _model(y).fit(*made["train"]))


def _without_gaps(X: Any, y: np.ndarray, rng: Rng) -> Drawn:
    kept = X["income"].is_not_nan().to_numpy()
    return X.filter(kept), y[kept]


def _oversampled(X: Any, y: np.ndarray, rng: Rng) -> Drawn:
    more = rng.choice(len(y), len(y) // 2)
    return np.concatenate([X, X[more]]), np.concatenate([y, y[more]])


ALL, BOTH = ("train", "test"), ("train", "validation", "test")
cancer, wine, digits, diabetes = (
    partial(bundle, n) for n in ("breast_cancer", "wine", "digits", "diabetes")
)
plain, wide, table = partial(synthetic, 800, 6), partial(noise, 120, 400), partial(mixed, 700)


def times(rng: Rng) -> Case:
    """Sines and cosines of times over whole weeks, and shares: round by nature, never scaled."""
    n = 1344
    angle = 2 * np.pi * np.arange(n)[:, None] / np.array([24, 96, 168])
    X = np.column_stack([np.sin(angle), np.cos(angle), rng.dirichlet([0.5] * 4, n)])
    y = (X[:, 0] + X[:, 6] + rng.logistic(size=n) > 0).astype(np.int64)
    order = rng.permutation(n)
    splits = parts_of(X[order], y[order], False)
    return case_from_arrays("binary", splits, _model(y).fit(*splits["train"]))


PLANTED = (
    FaultCase("scaler on all, breast cancer", SAW, partial(stepped, cancer, "standard", ALL)),
    FaultCase("scaler on test, breast cancer", SAW, partial(stepped, cancer, "standard",
                                                            ("test",))),
    FaultCase("ten of 400 columns of noise chosen on all rows", SAW,
              partial(stepped, wide, "selection", ALL), "fail"),
    FaultCase("standardised before the split, float32", SAW,
              partial(arrived, plain, "standard", ALL, single=True)),
    FaultCase("pipeline with a scaler of all", SAW,
              partial(stepped, wine, "standard", ALL, pipeline=True)),
)  # fmt: skip
MORE = (
    *(FaultCase(f"{kind} on all, {name}", SAW, partial(stepped, data, kind, ALL))
      for kind in ("standard", "limits", "robust", "power", "quantiles", "bins", "components")
      for name, data in (("wine", wine), ("diabetes", diabetes), ("synthetic", plain))),
    FaultCase("scaler on all, digits", SAW, partial(stepped, digits, "standard", ALL)),
    FaultCase("scaler on all three", SAW, partial(stepped, plain, "standard", BOTH,
                                                  validation=True)),
    FaultCase("scaler on train and test, validation aside", SAW,
              partial(stepped, plain, "standard", ALL, validation=True)),
    FaultCase("table: imputer, scaler, cities of all", SAW, partial(stepped, table, "columns",
                                                                    ALL)),
    FaultCase("table: the same as a pipeline", SAW,
              partial(stepped, table, "columns", ALL, pipeline=True)),
    FaultCase("table: on all rows without gaps", SAW,
              partial(stepped, table, "columns", ALL, change=_without_gaps)),
    FaultCase("pipeline that chose columns on all", SAW,
              partial(stepped, wide, "selection", ALL, pipeline=True), "fail"),
    FaultCase("vocabulary of all texts", SAW, partial(vectorised, ALL)),
    *(FaultCase(f"arrived {way}, {name}", SAW, partial(arrived, data, way, ALL))
      for way in ("standard", "frame", "limits", "robust", "each")
      for name, data in (("breast cancer", cancer), ("synthetic", plain))),
)  # fmt: skip
CLEAN = (
    *(CleanCase(f"{kind} on train", partial(stepped, plain, kind, ("train",)))
      for kind in ("standard", "power", "quantiles", "components")),
    CleanCase("scaler on train, breast cancer", partial(stepped, cancer, "standard", ("train",))),
    CleanCase("limits on train, diabetes", partial(stepped, diabetes, "limits", ("train",))),
    CleanCase("pipeline, wine", partial(stepped, wine, "standard", ("train",), pipeline=True)),
    CleanCase("columns chosen on train", partial(stepped, wide, "selection", ("train",))),
    CleanCase("table on train", partial(stepped, table, "columns", ("train",))),
    CleanCase("table on train without gaps",
              partial(stepped, table, "columns", ("train",), change=_without_gaps)),
    CleanCase("scaler on oversampled train",
              partial(stepped, plain, "standard", ("train",), change=_oversampled)),
    CleanCase("scaler on train and validation, fitted on both",
              partial(stepped, plain, "standard", ("train", "validation"), validation=True,
                      training={"epochs": 1, "include_validation": True})),
    CleanCase("scaler on train and validation",
              partial(stepped, plain, "standard", ("train", "validation"), validation=True)),
    CleanCase("vocabulary of train", partial(vectorised, ("train",))),
    *(CleanCase(f"arrived {way} by train", partial(arrived, data, way, ("train",)))
      for way, data in (("standard", cancer), ("limits", plain), ("robust", plain))),
    CleanCase("times of day and shares, as they are", times),
)  # fmt: skip
