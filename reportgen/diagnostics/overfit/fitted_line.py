"""One feature, one target: the fitted curve beside the points that it was fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from reportgen.diagnostics.overfit.prepare import Prepared
from reportgen.evidence import Case

MOST = 300  # points of each kind


def fitted_line(case: Case, prepared: Prepared) -> dict[str, Any] | None:
    """Rows of train and of the judged split by the feature; None for any other model."""
    judged, train = prepared.delivered, prepared.on_train
    if judged.values is None or judged.y.shape[1] != 1:
        return None
    x = _feature(case.split(judged.split).X)
    at = _feature(case.split("train").X)
    if x is None or at is None:
        return None
    x, at = x[judged.kept], at[train.kept]
    order = np.argsort(x, kind="stable")
    order = order[np.linspace(0, len(order) - 1, min(MOST, len(order))).round().astype(int)]
    chosen = np.linspace(0, len(at) - 1, min(MOST, len(at))).round().astype(int)
    names = case.dataset.features
    assert train.values is not None
    return {
        "feature": names[0] if names else "the input",
        "x": x[order],
        "given": judged.values[order, 0],
        "truth": judged.y[order, 0],
        "train_x": at[chosen],
        "train_y": train.y[chosen, 0],
        "train_total": len(at),
    }


def _feature(X: Any) -> np.ndarray | None:
    """The values of the only feature, (n,); None where there are more, or no numbers."""
    if isinstance(X, pl.DataFrame):
        if X.width != 1 or not X.dtypes[0].is_numeric():
            return None
        return X.to_series().cast(pl.Float64).to_numpy()
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "fiu" or X.size != len(X):
        return None
    return X.reshape(len(X)).astype(np.float64)
