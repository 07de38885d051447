"""Areas from scores that are sorted once: other rows, columns or labels need no new sort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: A share of the rows smaller than one in this many is sorted for itself.
FEW = 16


class Ranking:
    """The places of scores among those of their column, equal scores in one place.

    ``scores`` (n,) or (n, K): P(classes[1]), whose complement is the first class's, or a column
    a class. A ranking of chosen rows or moved columns reads the places of its parent.
    """

    def __init__(
        self,
        scores: Floats,
        parent: Ranking | None = None,
        index: Any = None,
        columns: NDArray[np.int64] | None = None,
    ) -> None:
        self.scores = scores
        self._parent = parent
        self._index = index
        self._columns = columns
        self._places: dict[int, tuple[NDArray[np.int32], int]] = {}
        self._truth: NDArray[Any] | None = None
        self._numbers: dict[Any, Any] = {}

    def is_of(self, truth: NDArray[Any]) -> bool:
        """Whether numbers of these scores and this truth are kept: of the first that asks."""
        if self._truth is None:
            self._truth = truth
        return self._truth is truth

    def keep(self, key: Any, compute: Callable[[], Any]) -> Any:
        """A number of these scores and their truth, once for all worlds that share both."""
        if key not in self._numbers:
            self._numbers[key] = compute()
        return self._numbers[key]

    def of_rows(self, scores: Floats, index: Any) -> Ranking:
        """The ranking of ``scores``, which are these at ``index``."""
        return Ranking(scores, parent=self, index=index)

    def of_columns(self, scores: Floats, columns: NDArray[np.int64]) -> Ranking:
        """The ranking of ``scores``, of which column j is column ``columns[j]`` of these."""
        return Ranking(scores, parent=self, columns=columns)

    def places(self, k: int) -> tuple[NDArray[np.int32], int]:
        """Of each row, how many distinct scores of class k are lower; and how many places."""
        if k not in self._places:
            self._places[k] = self._found(k)
        return self._places[k]

    def _found(self, k: int) -> tuple[NDArray[np.int32], int]:
        if self._parent is not None and self._is_worth():
            place, m = self._parent.places(k if self._columns is None else int(self._columns[k]))
            return (place if self._index is None else place[self._index]), m
        return _places(self._column(k))

    def _column(self, k: int) -> Floats:
        if self.scores.ndim == 1:
            # 1 - p orders as p does backwards, but may round two scores into one.
            return self.scores if k == 1 else 1.0 - self.scores
        return self.scores[:, k]

    def _knows(self, k: int) -> bool:
        """Whether the places of class k need no sort any more."""
        if k in self._places or self._parent is None or not self._is_worth():
            return k in self._places
        return self._parent._knows(k if self._columns is None else int(self._columns[k]))

    def _is_worth(self) -> bool:
        """Whether the parent's places say these sooner than a sort: not of a few rows."""
        assert self._parent is not None
        return FEW * len(self.scores) >= len(self._parent.scores)

    def steps(self, k: int, member: Any, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Weight of the members and of the others at each place of class k, from low to high."""
        own = np.asarray(member, dtype=bool)
        if weights is None and not self._knows(k):
            column = self._column(k)
            return merged(column[own], column[~own])
        place, m = self.places(k)
        if weights is None:
            all_, hits = np.bincount(place, minlength=m), np.bincount(place[own], minlength=m)
            return hits.astype(np.float64), (all_ - hits).astype(np.float64)
        hits = np.bincount(place[own], weights=weights[own], minlength=m)
        others = np.bincount(place[~own], weights=weights[~own], minlength=m)
        return hits.astype(np.float64), others.astype(np.float64)


def _places(values: Floats) -> tuple[NDArray[np.int32], int]:
    order = np.argsort(values)
    ordered = values[order]
    starts = np.ones(len(values), dtype=np.int32)
    starts[1:] = ordered[1:] != ordered[:-1]
    index = np.cumsum(starts, dtype=np.int32)
    index -= 1
    place = np.empty(len(values), dtype=np.int32)
    place[order] = index
    return place, int(index[-1]) + 1 if len(index) else 0


def merged(own: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Members and others by place, low to high, from values that need not be in order.

    Others between two values of members are one place: no area tells them apart. Two sorts of
    values cost a tenth of one sort of places.
    """
    mine, count = np.unique(own, return_counts=True)
    rest = np.sort(others)
    below = np.searchsorted(rest, mine, "left")
    up_to = np.searchsorted(rest, mine, "right")
    positives, negatives = np.zeros(2 * len(mine) + 1), np.zeros(2 * len(mine) + 1)
    positives[1::2] = count
    negatives[1::2] = up_to - below
    negatives[::2] = np.r_[below, len(rest)] - np.r_[0, up_to]
    return positives, negatives


def above(own: Floats, others: Floats) -> float:
    """P(a value of ``own`` is higher than one of ``others``), equal ones half; both ascending."""
    lower, up_to = (np.searchsorted(own, others, side).sum() for side in ("left", "right"))
    return 1.0 - float(lower + up_to) / (2.0 * len(own) * len(others))


def roc_auc(positives: Floats, negatives: Floats) -> float:
    """P(a member's place is higher than another's), equal ones half; NaN where undefined."""
    up, down = float(positives.sum()), float(negatives.sum())
    if up <= 0 or down <= 0:
        return float("nan")
    below = np.cumsum(negatives)
    below -= negatives / 2
    return float(positives @ below / (up * down))


def trapezia(positives: Floats, negatives: Floats) -> float:
    """Trapezia under the curve of precision over recall, from (0, 1); NaN without members."""
    up = float(positives.sum())
    if up <= 0:
        return float("nan")
    hits, called = np.cumsum(positives[::-1]), np.cumsum((positives + negatives)[::-1])
    precision = np.divide(hits, called, out=np.ones_like(called), where=called > 0)
    return float(np.trapezoid(np.r_[1.0, precision], np.r_[0.0, hits / up]))


def average_precision(positives: Floats, negatives: Floats) -> float:
    """Σ over places of precision times the recall gained there; NaN without members."""
    up = float(positives.sum())
    if up <= 0:
        return float("nan")
    hits, called = np.cumsum(positives[::-1]), np.cumsum((positives + negatives)[::-1])
    precision = np.divide(hits, called, out=np.ones_like(called), where=called > 0)
    return float(positives[::-1] @ precision / up)
