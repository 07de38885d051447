"""Numbers of labels from margins: how many rows are right, in the truth, and given, by class.

All but single cells of a confusion matrix follow from these three, which add up over rows. Of a
million alternatives (thresholds, first rows, lags, batches) they are three sums a class, where
whole matrices would be K² counts each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.quantities import Unknown, cell_code, code, positive
from reportgen.reconciliation.world import World

Counts = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Margins:
    """Counts of many alternatives, each (..., R); ``rows`` (...) is how many rows there are.

    R is the number of classes, or one more where there are labels that are no class. With several
    labels a row the R are labels, each right where it is in the truth and given. ``cell`` counts
    rows of one class that are given another (...), for numbers that are such a cell.
    """

    hits: Counts
    truth: Counts
    given: Counts
    rows: Counts
    cell: Callable[[int, int], Counts] | None = None

    def at(self, index: Any) -> Margins:
        """Some of the alternatives, of margins (m, R); one for an integer."""
        hits, truth, given = (part.T[..., index].T for part in (self.hits, self.truth, self.given))
        cell = self.cell
        chosen = None if cell is None else lambda a, b: cell(a, b)[index]
        return Margins(hits, truth, given, self.rows[index], chosen)

    def __add__(self, other: Margins) -> Margins:
        return self._with(other, np.add)

    def __sub__(self, other: Margins) -> Margins:
        return self._with(other, np.subtract)

    def _with(self, other: Margins, how: Callable[[Any, Any], Any]) -> Margins:
        mine, yours = self.cell, other.cell
        cell = None
        if mine is not None and yours is not None:
            cell = lambda a, b: how(mine(a, b), yours(a, b))  # noqa: E731
        return Margins(
            how(self.hits, other.hits), how(self.truth, other.truth),
            how(self.given, other.given), how(self.rows, other.rows), cell,
        )  # fmt: skip

    def times(self, factor: int) -> Margins:
        cell = self.cell
        more = None if cell is None else lambda a, b: cell(a, b) * factor
        return Margins(
            self.hits * factor, self.truth * factor, self.given * factor, self.rows * factor, more
        )


def running(world: World) -> Margins:
    """Margins of the first 0, 1, … n rows, (n + 1, R); stored class by class.

    Raises
    ------
    ValueError
        for a world without labels.
    """
    if world.labels is None:
        raise ValueError("only labels have margins")
    found: Margins = world.keep("running margins", lambda: _running(world))
    return found


def _running(world: World) -> Margins:
    return sums(Parts.of(world))


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows that are right, in the truth, and given, by class: booleans (n,) each."""

    hits: list[Counts]
    truth: list[Counts]
    given: list[Counts]

    @classmethod
    def of(cls, world: World) -> Parts:
        assert world.labels is not None
        truth, given = np.asarray(world.truth), np.asarray(world.labels)
        if truth.ndim == 2:
            own = [truth[:, j] == 1 for j in range(truth.shape[1])]
            said = [given[:, j] == 1 for j in range(truth.shape[1])]
        else:
            truth, given = inside(truth, world.k), inside(given, world.k)
            own = [truth == c for c in range(world.k + 1)]
            said = [given == c for c in range(world.k + 1)]
            if not own[-1].any() and not said[-1].any():
                own, said = own[:-1], said[:-1]
        return cls([a & b for a, b in zip(own, said, strict=True)], own, said)

    def ordered(self, order: NDArray[np.int64]) -> Parts:
        hits, truth, given = (
            [c[order] for c in part] for part in (self.hits, self.truth, self.given)
        )
        return Parts(hits, truth, given)

    def with_none(self, k: int) -> Parts:
        """With a class for what is none of the k, empty where there is nothing of it."""
        if len(self.hits) > k:
            return self
        empty = np.zeros_like(self.hits[0])
        return Parts([*self.hits, empty], [*self.truth, empty], [*self.given, empty])


def inside(codes: Any, k: int) -> NDArray[np.int64]:
    """Codes with everything that is no class set to k."""
    found = np.asarray(codes, dtype=np.int64)
    stray = (found < 0) | (found >= k)
    return np.where(stray, k, found) if stray.any() else found


def sums(parts: Parts) -> Margins:
    """Running sums of the parts, from none of the rows to all, (n + 1, R)."""

    def cell(a: int, b: int) -> Counts:
        return running_sums([parts.truth[a] & parts.given[b]])[:, 0]

    hits, truth, given = (running_sums(p) for p in (parts.hits, parts.truth, parts.given))
    return Margins(hits, truth, given, np.arange(len(hits)), cell)


def running_sums(columns: Sequence[Counts]) -> Counts:
    """Sums of the first 0 … n entries of each column, (n + 1, columns) over contiguous columns."""
    n = len(columns[0])
    found = np.zeros((len(columns), n + 1), dtype=np.int32 if n < 2**31 else np.int64)
    for row, column in zip(found, columns, strict=True):
        np.cumsum(column, out=row[1:])
    return found.T


def of_margins(claim: Claim, m: Margins, world: World) -> Any:
    """A number of labels from margins, (..., R) to (...): as scikit-learn defines it.

    Raises
    ------
    Unknown
        when there is no such class, or the number is no function of margins.
    """
    several = world.truth.ndim == 2
    if claim.metric == "support":
        if claim.per_class is None:
            return m.truth.sum(-1)
        return m.truth[..., code(claim.per_class, world)]
    if claim.metric == "cell":
        return _cell(claim, m, world)
    if claim.metric in ("accuracy", "balanced_accuracy", "mcc") and several:
        raise Unknown("margins of labels do not say whole rows")
    if claim.metric == "accuracy":
        return _over(m.hits.sum(-1), m.rows, np.nan)
    if claim.metric == "balanced_accuracy":
        return _over(_over(m.hits, m.truth, 0.0).sum(-1), (m.truth > 0).sum(-1), np.nan)
    if claim.metric == "mcc":
        return _mcc(m)
    if claim.metric not in ("precision", "recall", "f1"):
        raise Unknown(f"{claim.metric} is no number of labels")
    if claim.per_class is not None:
        return _classwise(claim.metric, m, code(claim.per_class, world))
    if claim.average == "binary" and not several:
        return _classwise(claim.metric, m, positive(world))
    return _averaged(claim, m, several=several)


def _cell(claim: Claim, m: Margins, world: World) -> Any:
    row, column = (cell_code(label, world) for label in (claim.per_class, claim.predicted))
    if world.truth.ndim == 2 or m.cell is None:
        raise Unknown("margins do not say single cells")
    if max(row, column) >= m.hits.shape[-1]:
        return np.zeros(np.shape(m.rows))
    return m.hits[..., row] if row == column else m.cell(row, column)


def _averaged(claim: Claim, m: Margins, *, several: bool) -> Any:
    if claim.average == "micro":
        if not several:
            return _over(m.hits.sum(-1), m.rows, np.nan)
        hits, truth, given = (part.sum(-1)[..., None] for part in (m.hits, m.truth, m.given))
        whole = Margins(hits, truth, given, m.rows)
        return _classwise(claim.metric, whole, 0)
    if claim.average == "macro":
        each = _classwise(claim.metric, m)
        if several:
            return each.mean(-1)
        # A class that is neither in the truth nor given counts in no average, and is 0 here.
        return _over(each.sum(-1), ((m.truth + m.given) > 0).sum(-1), np.nan)
    if claim.average == "weighted":
        each = _classwise(claim.metric, m)
        found = _over((each * m.truth).sum(-1), m.truth.sum(-1), np.nan)
        return np.where(np.isnan(found), each.mean(-1), found) if several else found
    what = "several labels a row" if several else "single labels"
    raise Unknown(f"there is no {claim.average} average of {what}")


def _classwise(metric: str, m: Margins, k: int | slice = slice(None)) -> Any:
    hits, truth, given = m.hits[..., k], m.truth[..., k], m.given[..., k]
    if metric == "precision":
        return _over(hits, given, 0.0)
    if metric == "recall":
        return _over(hits, truth, 0.0)
    return _over(2 * hits, truth + given, 0.0)


def _mcc(m: Margins) -> Any:
    """Gorodkin's correlation; 0 where undefined."""
    right, total = m.hits.sum(-1).astype(np.float64), np.asarray(m.rows, dtype=np.float64)
    truth, given = m.truth.astype(np.float64), m.given.astype(np.float64)
    over = right * total - (truth * given).sum(-1)
    under = (total**2 - (given**2).sum(-1)) * (total**2 - (truth**2).sum(-1))
    return _over(over, np.sqrt(np.maximum(under, 0.0)), 0.0)


def _over(top: Any, bottom: Any, empty: float) -> Any:
    top, bottom = np.asarray(top), np.asarray(bottom)
    if bottom.size and bottom.min() > 0:
        return top / bottom
    out = np.full(np.broadcast_shapes(np.shape(top), np.shape(bottom)), empty)
    return np.divide(top, bottom, out=out, where=bottom > 0)
