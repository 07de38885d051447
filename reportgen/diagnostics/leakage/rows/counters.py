"""Columns that number the rows: each value once, in a run without gaps, or by their name."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl

from reportgen.diagnostics.leakage.rows.cells import Cells

UNIQUE = 0.999  # share of different values
DENSE = 3.0  # a run of numbers is at most so many times as long as there are rows
NAMED = re.compile(
    r"(^|[^a-z])(id|ids|uuid|guid|key|index|idx|rowid|nr|no|number|serial)([^a-z]|$)"
)
CAMEL = re.compile(r"[a-z](ID|Id|Key|Index|Nr|No)$")


def numbering(here: Cells, there: Cells, total: int | None = None) -> list[int]:
    """Columns that look like an id, as places among the columns.

    Parameters
    ----------
    total : rows that these were drawn from, of both; by default they are all.
    """
    n = here.n + there.n if total is None else total
    return [
        j
        for j in range(len(here.parts))
        if _numbers(here.names[j], here.parts[j], there.parts[j], n)
    ]


def _numbers(name: str, here: Any, there: Any, total: int) -> bool:
    a, b = _series(here), _series(there)
    if a is None or b is None or a.null_count() or b.null_count():
        return False
    if a.dtype.is_numeric() != b.dtype.is_numeric():
        return False
    for part in (a, b):
        if part.n_unique() < UNIQUE * len(part):
            return False
    named = bool(NAMED.search(name.lower()) or CAMEL.search(name))
    if not a.dtype.is_numeric():
        return named or not _spoken(a)
    whole = all(bool(((part % 1) == 0).all()) for part in (a, b))
    if not whole:
        return False
    ends = [float(part.min()) for part in (a, b)] + [float(part.max()) for part in (a, b)]  # type: ignore[arg-type]
    run = max(ends) - min(ends) + 1
    return named or run <= DENSE * total


def _series(part: Any) -> pl.Series | None:
    if isinstance(part, np.ndarray):
        if part.ndim != 1 or part.dtype.kind not in "iuf":
            return None
        return pl.Series(part)
    known = part.dtype.is_numeric() or part.dtype in (pl.String, pl.Categorical, pl.Enum)
    return part if known else None


def _spoken(words: pl.Series) -> bool:
    """Whether values are phrases, as names and texts are."""
    return bool(words.cast(pl.String).head(1000).str.contains(r"\s").mean() > 0.2)  # type: ignore[operator]
