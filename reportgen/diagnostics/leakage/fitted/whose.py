"""Whose rows the stored figures of a fitted part are those of.

A part is fitted anew on each set of rows that might have been used, and its figures are compared
with the stored ones. To match, every number agrees to the precision of float32; while no set of
rows that training may see does.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.evidence import Case
from reportgen.fitted.parts import COUNT, NAMES, PLACES, Figures, Part
from reportgen.models.tables import concatenate, n_rows

#: Numbers on a column's scale agree within this share of its spread, others of themselves.
NEAR = 1e-6
SINGLE = 3e-7  # of a number's size, where its digits are those of float32
OTHER = 2e-5
#: How many times further off the rows that training may see must be.
APART = 20.0


@dataclass(frozen=True)
class RowSet:
    """Rows that a part may have been fitted on: whole splits, or their rows without gaps."""

    splits: tuple[str, ...]
    complete: bool
    honest: bool

    @property
    def words(self) -> str:
        told = " and ".join(self.splits) if len(self.splits) < 3 else (
            f"{', '.join(self.splits[:-1])} and {self.splits[-1]}"
        )  # fmt: skip
        together = f"{told} together" if len(self.splits) > 1 else told
        return f"{together}, rows without gaps" if self.complete else together


@dataclass(frozen=True)
class Told:
    """What one part's figures tell.

    Attributes
    ----------
    part : the part.
    rows : whose figures they are, None where they are of no rows at hand.
    by_count : only the number of rows that was seen tells it.
    apart : how many tolerances the honest rows are off.
    examples : figure, column, stored, of the rows that match, of train.
    unseen : names that only rows outside training have.
    """

    part: Part
    rows: RowSet | None
    by_count: bool = False
    apart: float = 0.0
    examples: tuple[tuple[str, str, float, float, float], ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def guilty(self) -> bool:
        return self.rows is not None and not self.rows.honest


def row_sets(case: Case, judged: str) -> list[RowSet]:
    """Sets of rows to compare with, those that training may see first."""
    names = [n for n in ("train", "validation", "test") if n in case.dataset.splits]
    gaps = any(len(gapless(case, n)) < case.split(n).n for n in names)
    found = []
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            honest = judged not in chosen and "train" in chosen
            if "train" not in chosen and judged not in chosen:
                continue  # validation alone: nothing of what is judged
            found += [RowSet(chosen, complete, honest) for complete in ((False, True)[: 1 + gaps])]
    together = [s for s in found if not s.honest]
    together.sort(key=lambda s: ("train" not in s.splits, len(s.splits), s.complete))
    return [s for s in found if s.honest] + together


def gapless(case: Case, name: str) -> NDArray[np.int64]:
    """Rows of a split in which no feature is missing."""
    X: Any = case.split(name).X

    def compute() -> NDArray[np.int64]:
        if hasattr(X, "get_columns"):
            import polars as pl

            kept = X.select(
                pl.all_horizontal(
                    (pl.col(c.name).is_not_null() & pl.col(c.name).is_not_nan())
                    if c.dtype.is_float()
                    else pl.col(c.name).is_not_null()
                    for c in X.get_columns()
                )
            ).to_series()
            return np.flatnonzero(kept.to_numpy())
        if isinstance(X, np.ndarray) and X.dtype.kind == "f" and X.ndim == 2:
            return np.flatnonzero(~np.isnan(X).any(axis=1))
        return np.arange(case.split(name).n)

    return case.memo(("gapless", name), compute)


def told(case: Case, part: Part, sets: Sequence[RowSet]) -> Told:
    """Whose figures a part has."""
    spread = spread_of(part)
    made: dict[RowSet, Figures | None] = {}
    honest = np.inf
    counts: dict[RowSet, bool] = {}
    for rows in sets:
        fresh = made[rows] = _made(case, part, rows)
        if fresh is None:
            continue
        counts[rows] = _equal_counts(part.stored.get(COUNT), fresh.get(COUNT))
        off = distance(part.stored, fresh, spread)
        if off <= 1:
            if not rows.honest and honest < APART:
                return Told(part, None)  # too near to what training may see to be told apart
            train = next((f for s, f in made.items() if s.splits == ("train",) and f), None)
            return Told(part, rows, False, honest, *_evidence(part, fresh, train, spread))
        if rows.honest:
            honest = min(honest, off)
    seen = [rows for rows, same in counts.items() if same]
    if seen and not any(rows.honest for rows in seen):
        return Told(part, seen[0], True)
    return Told(part, None)


def _made(case: Case, part: Part, rows: RowSet) -> Figures | None:
    x, y = chosen(case, part.inputs, rows)
    if x is None or n_rows(x) == 0:
        return None
    try:
        return part.refit(x, y)
    except Exception:  # whatever somebody's transformer raises on other rows: no match
        return None


def chosen(case: Case, inputs: Mapping[str, Any], rows: RowSet) -> tuple[Any, np.ndarray | None]:
    """The rows of a set, and their targets where all have one."""
    taken, targets = [], []
    for name in rows.splits:
        split, x = case.split(name), inputs[name]
        if rows.complete:
            x = _taken(x, gapless(case, name))
        taken.append(x)
        if split.y is not None:
            targets.append(split.y[gapless(case, name)] if rows.complete else split.y)
    y = np.concatenate(targets) if len(targets) == len(taken) else None
    return concatenate(taken), y


def _taken(x: Any, rows: NDArray[np.int64]) -> Any:
    return x.iloc[rows] if hasattr(x, "iloc") else x[rows]


def spread_of(part: Part) -> NDArray[np.float64] | None:
    """Standard deviation of each column that reaches a part, over train; None for no numbers."""
    x = part.inputs.get("train")
    if hasattr(x, "toarray"):
        return None
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if values.ndim != 2 or not len(values):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of columns that are empty
        return np.asarray(np.nan_to_num(np.nanstd(values, axis=0)))


def _equal_counts(stored: Any, fresh: Any) -> bool:
    if stored is None or fresh is None:
        return False
    a, b = np.atleast_1d(stored), np.atleast_1d(fresh)
    return bool(a.shape == b.shape and (a == b).all())


def distance(stored: Figures, fresh: Figures, spread: NDArray[np.float64] | None) -> float:
    """The furthest that any figure is off, in tolerances; infinite where they do not compare."""
    furthest = 0.0
    for name, value in stored.items():
        if name == COUNT:
            continue
        other = fresh.get(name)
        if other is None:
            return np.inf
        if name in NAMES:
            furthest = max(furthest, 0.0 if names(value) == names(other) else np.inf)
            continue
        for a, b, columns in _pairs(value, other, spread):
            if a.shape != b.shape:
                return np.inf
            furthest = max(furthest, float(off(name, a, b, columns).max(initial=0.0)))
    return furthest


def _pairs(value: Any, other: Any, spread: Any) -> Iterable[tuple[Any, Any, Any]]:
    if isinstance(value, (list, tuple)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "O"
    ):
        if len(value) != len(other):
            return [(np.zeros(1), np.zeros(2), None)]
        each = spread if spread is not None and len(spread) == len(value) else [None] * len(value)
        return [(_numbers(a), _numbers(b), s) for a, b, s in zip(value, other, each, strict=True)]
    return [(_numbers(value), _numbers(other), spread)]


def _numbers(value: Any) -> NDArray[np.float64]:
    if hasattr(value, "toarray"):
        value = value.toarray()
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return np.full((), np.nan)


def off(name: str, a: Any, b: Any, columns: Any) -> NDArray[np.float64]:
    """How far two figures are apart, in tolerances, element by element."""
    size = np.maximum(np.abs(a), np.abs(b))
    if name in PLACES:
        if columns is None or (np.ndim(columns) and a.shape[-1:] != np.shape(columns)):
            columns = size
        allowed = NEAR * columns + SINGLE * size
    else:
        allowed = OTHER * np.maximum(size, np.median(size) if size.size else 0.0)
    apart = np.abs(a - b)
    same = (apart == 0) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(same, 0.0, np.nan_to_num(apart / np.maximum(allowed, 1e-300), nan=np.inf))


def names(value: Any) -> list[tuple[str, ...]]:
    """Categories by column, or a vocabulary, in an order of their own."""
    if isinstance(value, Mapping):
        return [tuple(sorted(str(k) for k in value))]
    array = np.asarray(value, dtype=object) if not isinstance(value, list) else value
    if len(array) and isinstance(array[0], str):
        return [tuple(sorted(array))]
    return [tuple(sorted(map(str, np.atleast_1d(np.asarray(c, dtype=object))))) for c in array]


def _evidence(
    part: Part, fresh: Figures, train: Figures | None, spread: Any
) -> tuple[tuple[tuple[str, str, float, float, float], ...], tuple[str, ...]]:
    """The figures that differ most from train's, and names that train does not have."""
    if train is None:
        return (), ()
    found: list[tuple[float, str, str, float, float, float]] = []
    unseen: list[str] = []
    for name, value in part.stored.items():
        if name in NAMES:
            for own, theirs in zip(names(value), names(train.get(name, [])), strict=False):
                known = set(theirs)
                unseen += [n for n in own if n not in known]
            continue
        a, b, c = (_numbers(f.get(name)) for f in (part.stored, fresh, train))
        if name == COUNT or a.ndim != 1 or a.shape != c.shape or a.shape != b.shape:
            continue
        far = off(name, a, c, spread)
        j = int(np.argmax(far)) if far.size else -1
        if j >= 0 and far[j] > 1:
            column = part.columns[j] if j < len(part.columns) else f"column {j}"
            found.append((float(far[j]), name, column, float(a[j]), float(b[j]), float(c[j])))
    found.sort(reverse=True)
    return tuple(f[1:] for f in found[:4]), tuple(dict.fromkeys(unseen))[:20]
