"""Columns that are plainly dates."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.data.times import read_times
from reportgen.diagnostics.leakage.keyed.sources import Source

LEAST_DATES = 5
WRITTEN = r"^\s*\d{1,4}[-/. ]\w{1,9}[-/. ,]+\d{1,4}|^\w+ \d+, \d{4}"


def dates(source: Source) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """A column's times in both splits; None where it is not plainly a date."""
    kind = source.train.dtype
    if source.train.null_count() or source.judged.null_count():
        return None
    if kind == pl.Time or isinstance(kind, pl.Duration) or kind.is_integer():
        return None
    if source.train.n_unique() < LEAST_DATES:
        return None
    if not kind.is_temporal():
        head = source.train.head(50).cast(pl.String)
        if not bool(head.str.contains(WRITTEN).all()):
            return None
    try:
        a, b = read_times([source.train, source.judged])[0]
    except (ValueError, pl.exceptions.PolarsError):
        return None
    if a.dtype.kind != "M" or b.dtype.kind != "M":
        return None
    return a.astype("datetime64[us]").astype(np.int64), b.astype("datetime64[us]").astype(np.int64)
