"""Which rows of one split equal rows of another, told by their hashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.cells import Hashes

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Twins:
    """Equal rows of two splits.

    Attributes
    ----------
    count : rows of the other split that equal each row, int64 (n,).
    first : the first of them, -1 where there is none, int64 (n,).
    others : rows of the other split that equal some row, bool (n of the other split,).
    """

    count: Counts
    first: Counts
    others: NDArray[np.bool_]

    @property
    def mask(self) -> NDArray[np.bool_]:
        return self.count > 0

    @property
    def n(self) -> int:
        return int(np.count_nonzero(self.count))


def twins(here: Hashes, there: Hashes) -> Twins:
    """Each row ``here`` beside its equals ``there``; memory and time linear in the rows."""
    mine, theirs = pl.Series("h", here), pl.Series("h", there)
    others = theirs.is_in(mine.unique().implode()).to_numpy()
    at = np.flatnonzero(others)
    count = np.zeros(len(here), dtype=np.int64)
    first = np.full(len(here), -1, dtype=np.int64)
    if len(at):
        held, start, many = np.unique(there[at], return_index=True, return_counts=True)
        place = np.minimum(np.searchsorted(held, here), len(held) - 1)
        equal = held[place] == here
        count[equal] = many[place[equal]]
        first[equal] = at[start[place[equal]]]
    return Twins(count, first, others)


def repeated(hashes: Hashes) -> NDArray[np.bool_]:
    """Rows that equal an earlier row of the same split, bool (n,)."""
    return ~pl.Series(hashes).is_first_distinct().to_numpy()
