"""Columns that may hold a key or a date: features, the id, and columns that the job leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from reportgen.evidence import Case

Role = Literal["feature", "id", "unused"]
WORDS = {"feature": "", "id": "the id ", "unused": "the unused column "}


@dataclass(frozen=True)
class Source:
    """One column of both splits, whole."""

    name: str
    role: Role
    train: pl.Series
    judged: pl.Series

    @property
    def named(self) -> str:
        """How a sentence calls it."""
        return f"{WORDS[self.role]}“{self.name}”" if self.name != "id" else "the id"


def sources(case: Case, judged: str) -> Iterator[Source]:
    """All columns of both splits that are texts, whole numbers or dates."""
    a, b = case.split("train"), case.split(judged)
    if a.ids is not None and b.ids is not None:
        one, other = _series("id", a.ids), _series("id", b.ids)
        if one is not None and other is not None:
            yield Source("id", "id", one, other)
    pairs: list[tuple[Any, Any, Role]] = [(a.unused, b.unused, "unused")]
    if case.dataset.kind != "text":
        pairs.append((a.X, b.X, "feature"))
    for first, second, role in pairs:
        if not isinstance(first, pl.DataFrame) or not isinstance(second, pl.DataFrame):
            continue
        for name in first.columns:
            if name in second.columns and _may(first[name]) and _may(second[name]):
                yield Source(name, role, first[name], second[name])


def _may(column: pl.Series) -> bool:
    kind = column.dtype
    texts = (pl.String, pl.Categorical, pl.Enum)
    return kind in texts or kind.is_integer() or kind.is_temporal()


def _series(name: str, values: np.ndarray) -> pl.Series | None:
    try:
        if values.dtype == object:
            return pl.Series(name, [None if v is None else str(v) for v in values])
        return pl.Series(name, values)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        return None
