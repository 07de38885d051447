"""Honest data of many shapes, and quick models on it: what leaks are planted in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from sklearn import datasets
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from benchmarks.faults.cases import case_from_arrays
from reportgen.evidence import Case
from reportgen.models.tables import named_table

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Data:
    """Rows in the order of their file; roles are arrays of shape (n,)."""

    X: np.ndarray | pl.DataFrame
    y: np.ndarray
    task: Task
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    ids: np.ndarray | None = None

    def with_column(self, name: str, values: Any) -> Data:
        """The data with one more column, among the others at the end."""
        if isinstance(self.X, pl.DataFrame):
            return replace(self, X=self.X.with_columns(pl.Series(name, values)))
        if np.asarray(values).dtype.kind in "OUS":
            frame = pl.DataFrame({f"x{j}": self.X[:, j] for j in range(self.X.shape[1])})
            return replace(self, X=frame.with_columns(pl.Series(name, list(values))))
        return replace(self, X=np.column_stack([self.X, np.asarray(values, dtype=np.float64)]))

    def take(self, at: np.ndarray) -> Data:
        """Some of the rows, in this order."""

        def of(values: Any) -> Any:
            return None if values is None else values[at]

        X = self.X[at.tolist()] if isinstance(self.X, pl.DataFrame) else self.X[at]
        return Data(X, self.y[at], self.task, of(self.groups), of(self.times), of(self.ids))


Draw = Callable[[np.random.Generator], Data]


def bundled(name: str, rows: int | None = None) -> Draw:
    """One of scikit-learn's data sets, in a random order, at most so many rows."""

    def draw(rng: np.random.Generator) -> Data:
        more = (
            {"scaled": False} if name == "diabetes" else {}
        )  # scaled, it was so with its test rows
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True, **more)
        at = rng.permutation(len(y))[:rows]
        task: Task = "regression" if name == "diabetes" else "multiclass"
        if len(np.unique(y)) == 2:
            task = "binary"
        return Data(X[at], y[at].astype(np.float64) if task == "regression" else y[at], task)

    return draw


def customers(n: int = 900, share: float = 0.3) -> Draw:
    """A table of mixed types: numbers, levels, a flag, gaps at random; two classes."""

    def draw(rng: np.random.Generator) -> Data:
        age = rng.normal(45, 12, n)
        income = rng.lognormal(3, 0.6, n)
        tenure = rng.integers(0, 73, n)
        plan = rng.choice(["basic", "plus", "pro"], n, p=[0.5, 0.3, 0.2])
        region = rng.choice([f"r{k:02d}" for k in range(25)], n)
        signal = 0.03 * (age - 45) - 0.035 * (tenure - 36) + 0.9 * (plan == "basic")
        signal += 0.5 * (np.log(income) - 3) + rng.logistic(size=n)
        y = (signal > np.quantile(signal, 1 - share)).astype(np.int64)
        gaps = rng.random(n) < 0.15
        X = pl.DataFrame(
            {
                "age": age.round(0),
                "income": [None if g else float(v) for g, v in zip(gaps, income, strict=True)],
                "tenure": tenure,
                "plan": plan.tolist(),
                "region": region.tolist(),
                "paperless": (rng.random(n) < 0.4).tolist(),
            }
        )
        return Data(X, y, "binary")

    return draw


def gaussian(
    n: int = 400, width: int = 20, share: float = 0.5, strength: float = 1.0, task: Task = "binary"
) -> Draw:
    """Columns of which five carry a signal, the rest none."""

    def draw(rng: np.random.Generator) -> Data:
        X = rng.standard_normal((n, width))
        signal = strength * X[:, : min(5, width)].sum(axis=1) / np.sqrt(5)
        signal += rng.standard_normal(n)
        if task == "regression":
            return Data(X, signal, task)
        return Data(X, (signal > np.quantile(signal, 1 - share)).astype(np.int64), task)

    return draw


#: The sets that leaks are planted in.
SETS: Mapping[str, Draw] = {
    "breast cancer": bundled("breast_cancer"),
    "iris": bundled("iris"),
    "wine": bundled("wine"),
    "digits": bundled("digits", 700),
    "diabetes": bundled("diabetes"),
    "customers": customers(),
}


def audited(
    data: Data,
    rng: np.random.Generator,
    *,
    test: np.ndarray | None = None,
    boosted: bool | None = None,
    keep_order: bool = True,
    **more: Any,
) -> Case:
    """A quick model on a cut of the data: 30 % of the rows, or those of ``test``, are judged.

    ``keep_order``: rows of both splits stand in their file's order, and know their place in it.
    """
    n = len(data.y)
    if test is None:
        test = np.zeros(n, dtype=bool)
        test[rng.permutation(n)[: round(0.3 * n)]] = True
    a, b = np.flatnonzero(~test), np.flatnonzero(test)
    train, judged = data.take(a), data.take(b)
    model = _model(train, len(a) > 3000 if boosted is None else boosted)
    fed = train.X
    if isinstance(fed, pl.DataFrame):
        fed = named_table(fed, fed.columns, who="the model")
    model.fit(fed, train.y)
    roles = {
        role: {"train": getattr(train, role), "test": getattr(judged, role)}
        for role in ("groups", "times", "ids")
        if getattr(data, role) is not None
    }
    case = case_from_arrays(
        data.task,
        {"train": (train.X, train.y), "test": (judged.X, judged.y)},
        model,
        **roles,
        **more,
    )
    if keep_order:
        splits = {
            "train": replace(case.split("train"), rows=a.astype(np.int64), source="rows.csv"),
            "test": replace(case.split("test"), rows=b.astype(np.int64), source="rows.csv"),
        }
        case = replace(case, dataset=replace(case.dataset, splits=splits))
    return case


def _model(train: Data, boosted: bool) -> Any:
    regression = train.task == "regression"
    if isinstance(train.X, pl.DataFrame):
        encode = make_column_transformer(
            (
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                make_column_selector(dtype_exclude="number"),
            ),
            remainder="passthrough",
        )
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return make_pipeline(encode, kind(max_iter=25, learning_rate=0.2, random_state=0))
    if boosted:
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return kind(max_iter=25, learning_rate=0.2, random_state=0)
    linear = Ridge() if regression else LogisticRegression(max_iter=300)
    return make_pipeline(StandardScaler(), linear)
