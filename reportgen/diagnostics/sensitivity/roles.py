"""What each column of a table is to a small change, and which columns go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.sensitivity.columns import Columns
from reportgen.diagnostics.sensitivity.resolution import Resolution, resolution_of
from reportgen.statistics.clusters import Codes

Kind = Literal["number", "category", "text", "tokens", "constant", "other"]
#: Spearman's correlation from which columns are shuffled together, and say the same.
CORRELATED, SAME = 0.8, 0.98
#: More columns than this are taken in blocks; correlation is looked at in at most so many rows.
MOST_COLUMNS, MOST_ROWS = 400, 600
LONGEST = 200  # columns of a one-hot group that is looked for
#: A string column is text where its values are this long, in words, and seldom repeat.
WORDS, REPEATS = 3.0, 0.5


@dataclass(frozen=True)
class Role:
    """A column, or a one-hot group of columns that is one category.

    ``columns`` are positions; ``coarse`` is :meth:`Resolution.coarse`, 1 for a category.
    """

    name: str
    columns: tuple[int, ...]
    kind: Kind
    resolution: Resolution | None = None
    coarse: float = 1.0


@dataclass(frozen=True)
class Unit:
    """Roles that are shuffled together; ``one`` where they say the same thing."""

    name: str
    roles: tuple[Role, ...]
    one: bool

    @property
    def columns(self) -> tuple[int, ...]:
        return tuple(j for role in self.roles for j in role.columns)


@dataclass(frozen=True)
class Layout:
    """All columns: their roles in order, and the units of importance; blocks of a wide table."""

    roles: tuple[Role, ...]
    units: tuple[Unit, ...]
    blocks: bool = False
    unread: tuple[str, ...] = field(default=())


def layout_of(table: Columns, reference: Columns, text: bool) -> Layout:
    """Roles and units of a table's columns, as the rows of ``reference`` (train) show them.

    Parameters
    ----------
    text : the data set is one of texts: string columns are texts however short.
    """
    groups = _one_hot(table)
    grouped = {j for group in groups for j in group}
    roles = [_role(table, reference, j, text) for j in range(table.width) if j not in grouped]
    roles += [Role(_group_name(table, group), group, "category") for group in groups]
    roles.sort(key=lambda role: role.columns)
    active = [role for role in roles if role.kind not in ("constant",)]
    unread = tuple(role.name for role in roles if role.kind == "other")
    if len(active) > MOST_COLUMNS:
        units = tuple(_blocks(active))
        return Layout(tuple(roles), units, blocks=True, unread=unread)
    return Layout(tuple(roles), tuple(_units(table, active)), unread=unread)


def _role(table: Columns, reference: Columns, j: int, text: bool) -> Role:
    name = table.names[j]
    if table.is_number(j):
        found = resolution_of(reference.numbers(j))
        if found.scale == "constant":
            here = table.numbers(j)
            here = here[np.isfinite(here)]
            same = not len(here) or here.min() == here.max()
            return Role(name, (j,), "constant" if same else "other", found)
        if not found.numeric:
            return Role(name, (j,), "category", found)
        return Role(name, (j,), "number", found, found.coarse(reference.numbers(j)))
    if table.is_tokens(j):
        return Role(name, (j,), "tokens")
    if not table.is_category(j):
        return Role(name, (j,), "other")
    codes = table.codes(j)
    if len(np.unique(codes)) < 2:
        return Role(name, (j,), "constant")
    if table.is_text(j) and (text or _is_text(table, j, codes)):
        return Role(name, (j,), "text")
    return Role(name, (j,), "category")


def _is_text(table: Columns, j: int, codes: Codes) -> bool:
    if len(np.unique(codes)) < REPEATS * table.n:
        return False
    some = table.texts(j, np.arange(min(table.n, 200)))
    words = [len(value.split()) for value in some if value]
    return bool(words) and float(np.mean(words)) >= WORDS


def _one_hot(table: Columns) -> list[tuple[int, ...]]:
    """Runs of neighbouring two-valued columns of which exactly one is up in each row.

    Runs of which at most one is up (a level is left out) need a common beginning of their names.
    """
    up: dict[int, NDArray[np.bool_]] = {}
    few = np.arange(min(table.n, 200))
    for j in range(table.width):
        flag = table.is_category(j) and not table.is_text(j)
        if not (table.is_number(j) or flag) or not table.is_flat(j):
            continue
        if len(np.unique(table.numbers(j, few))) > 2:
            continue
        values = table.numbers(j)
        if not np.isfinite(values).all():
            continue
        low, high = values.min(), values.max()
        if low < high and ((values == low) | (values == high)).all():
            up[j] = values == high
    found: list[tuple[int, ...]] = []
    j = 0
    while j < table.width:
        end = _run_end(table, up, j)
        if end > j + 1:
            found.append(tuple(range(j, end)))
        j = max(end, j + 1)
    return found


def _run_end(table: Columns, up: dict[int, NDArray[np.bool_]], start: int) -> int:
    """Where the longest one-hot group that begins at ``start`` ends; ``start`` for none."""
    total: NDArray[np.int64] = np.zeros(table.n, dtype=np.int64)
    best, stem, at = start, _stem(table.names[start]), start
    while at in up:
        total = total + up[at]
        if total.max() > 1:
            break
        at += 1
        if at - start > LONGEST:
            break
        whole = at - start >= 2 and bool((total == 1).all())
        shared = at - start >= 2 and stem and all(
            _stem(table.names[k]) == stem for k in range(start, at)
        )  # fmt: skip
        if whole or shared:
            best = at
        if whole:
            break
    return best


def _stem(name: str) -> str:
    """``plan`` of ``plan_basic``; "" of a name without parts."""
    for mark in ("=", "__", "_", ".", "-", ":"):
        head, found, _ = name.rpartition(mark)
        if found and head:
            return head
    return ""


def _group_name(table: Columns, group: Sequence[int]) -> str:
    stem = _stem(table.names[group[0]])
    if stem and all(_stem(table.names[j]) == stem for j in group):
        return stem
    return f"{table.names[group[0]]} to {table.names[group[-1]]}"


def _blocks(roles: list[Role]) -> list[Unit]:
    size = -(-len(roles) // MOST_COLUMNS)
    parts = [tuple(roles[k : k + size]) for k in range(0, len(roles), size)]
    return [Unit(f"{p[0].name} to {p[-1].name}" if len(p) > 1 else p[0].name, p, len(p) == 1)
            for p in parts]  # fmt: skip


def _units(table: Columns, roles: list[Role]) -> list[Unit]:
    """Roles whose ranks go together, by average linkage of 1 − |Spearman's ρ|."""
    numbers = [r for r in roles if r.kind == "number" and table.is_flat(r.columns[0])]
    others = [Unit(r.name, (r,), True) for r in roles if r not in numbers]
    if len(numbers) < 2 or table.n < 10:
        return others + [Unit(r.name, (r,), True) for r in numbers]
    related = np.abs(_spearman(table, numbers))
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = 1 - related
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.clip(distance, 0, 1), checks=False), method="average")
    label = fcluster(tree, t=1 - CORRELATED, criterion="distance")
    units = others
    for k in np.unique(label):
        at = np.flatnonzero(label == k)
        parts = tuple(numbers[i] for i in at)
        one = bool(related[np.ix_(at, at)].min() >= SAME)
        units.append(Unit(_joined(parts), parts, one))
    return sorted(units, key=lambda unit: unit.columns)


def _joined(parts: Sequence[Role]) -> str:
    if len(parts) <= 2:
        return " and ".join(r.name for r in parts)
    return f"{parts[0].name} and {len(parts) - 1} columns that go with it"


def _spearman(table: Columns, roles: list[Role]) -> NDArray[np.float64]:
    step = max(1, table.n // MOST_ROWS)
    rows = np.arange(0, table.n, step)
    ranks = np.column_stack([_ranks(table.numbers(r.columns[0], rows)) for r in roles])
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.corrcoef(ranks, rowvar=False)
    return np.nan_to_num(np.atleast_2d(found))


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Mean ranks, those of missing values in the middle."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    own = np.cumsum(counts) - (counts - 1) / 2
    ranks = np.full(len(values), (known.sum() + 1) / 2)
    ranks[known] = own[inverse]
    return ranks
