"""Synthetic rows of small classes, made from raw features and then preprocessed.

References: Chawla et al. 2002 (SMOTE, SMOTENC), He et al. 2008 (ADASYN).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.errors import ReportgenError
from reportgen.evidence import Case
from reportgen.models.tables import concatenate

NEIGHBOURS = 5
FEWEST = NEIGHBOURS + 1  # rows of the smallest class
Rows = NDArray[np.int64]


def synthetic(
    case: Case, kind: str, y: Rows, wanted: Mapping[int, int], splits: tuple[str, ...], seed: int
) -> tuple[Any, Rows] | str:
    """Model inputs and class codes of new rows; or why there are none, in words.

    Parameters
    ----------
    kind : ``smote`` (SMOTENC or SMOTEN where columns are categorical) or ``adasyn``.
    y : class codes of the training rows, (n,).
    wanted : rows that each class shall have, by code; at least what it has.
    splits : whose rows these are, in their order.
    """
    X = concatenate([case.split(name).X for name in splits])
    counts = np.bincount(y)
    least = min(int(counts[code]) for code in wanted)
    if least < FEWEST:
        return f"the smallest class has {least} rows, and each new one lies between {FEWEST}"
    coded = _coded(X)
    if isinstance(coded, str):
        return coded
    values, categorical, back = coded
    sampler = _sampler(kind, wanted, categorical, seed)
    if isinstance(sampler, str):
        return sampler
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            resampled, labels = sampler.fit_resample(values, y)
    except (ValueError, RuntimeError) as error:
        said = (str(error).splitlines() or [""])[0].partition(". ")[0]
        return f"imbalanced-learn makes none: {said[:140]}"
    if len(labels) == len(y):
        return "imbalanced-learn makes none"
    try:
        inputs = case.preprocess(back(np.asarray(resampled)[len(y) :]))
    except ReportgenError as error:
        said = (str(error).splitlines() or [""])[0][:140]
        return f"the preprocessing does not take them: {said}"
    return inputs, np.asarray(labels)[len(y) :].astype(np.int64)


def _sampler(
    kind: str, wanted: Mapping[int, int], categorical: NDArray[np.bool_], seed: int
) -> Any | str:
    from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SMOTENC

    strategy = dict(wanted)
    if kind == "adasyn":
        if categorical.any():
            return "ADASYN knows no categories"
        return ADASYN(sampling_strategy=strategy, random_state=seed, n_neighbors=NEIGHBOURS)
    if categorical.all():
        return SMOTEN(sampling_strategy=strategy, random_state=seed, k_neighbors=NEIGHBOURS)
    if categorical.any():
        return SMOTENC(
            np.flatnonzero(categorical).tolist(),  # an array is compared with "auto"
            sampling_strategy=strategy,
            random_state=seed,
            k_neighbors=NEIGHBOURS,
        )
    return SMOTE(sampling_strategy=strategy, random_state=seed, k_neighbors=NEIGHBOURS)


def _coded(X: Any) -> tuple[np.ndarray, NDArray[np.bool_], Any] | str:
    """Rows as one float array, which columns are categories, and the way back."""
    if isinstance(X, pl.DataFrame):
        return _coded_table(X)
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "fiub":
        return "only tables of numbers and categories are interpolated"
    if X.ndim != 2:
        return "pictures and sequences are not interpolated"
    if not np.isfinite(X.astype(np.float64)).all():
        return "values are missing, and a row between them is none"
    kind = X.dtype

    def back(rows: np.ndarray) -> np.ndarray:
        return np.rint(rows).astype(kind) if kind.kind in "iub" else rows.astype(kind)

    return X.astype(np.float64), np.zeros(X.shape[1], dtype=bool), back


def _coded_table(frame: pl.DataFrame) -> tuple[np.ndarray, NDArray[np.bool_], Any] | str:
    values = np.empty(frame.shape)
    categorical = np.zeros(frame.width, dtype=bool)
    levels: dict[int, pl.Series] = {}
    for at, column in enumerate(frame.get_columns()):
        if column.dtype.is_temporal() or column.dtype.is_nested():
            return f"{column.name!r} is neither a number nor a category"
        if column.null_count() or (column.dtype.is_float() and column.is_nan().any()):
            return "values are missing, and a row between them is none"
        if column.dtype.is_numeric():
            values[:, at] = column.cast(pl.Float64).to_numpy()
            continue
        categorical[at] = True
        levels[at] = column.unique(maintain_order=True)
        codes = {value: code for code, value in enumerate(levels[at].to_list())}
        values[:, at] = [codes[value] for value in column.to_list()]

    def back(rows: np.ndarray) -> pl.DataFrame:
        made = []
        for at, (name, kind) in enumerate(frame.schema.items()):
            if at in levels:
                made.append(levels[at].gather(np.rint(rows[:, at]).astype(np.int64)).alias(name))
            else:
                numbers = np.rint(rows[:, at]) if kind.is_integer() else rows[:, at]
                made.append(pl.Series(name, numbers).cast(kind))
        return pl.DataFrame(made)

    return values, categorical, back
