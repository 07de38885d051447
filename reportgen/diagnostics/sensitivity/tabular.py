"""Tables and sequences: every column moved by its resolution, swapped or shuffled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.sensitivity import texts
from reportgen.diagnostics.sensitivity.columns import Ask, Columns, From, New
from reportgen.diagnostics.sensitivity.plan import Plan
from reportgen.diagnostics.sensitivity.roles import Layout, Role
from reportgen.evidence import Case

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Asks:
    """Questions by name; ``spoiled`` is the share of words that a typo spoils, a column's name."""

    asks: Mapping[str, Ask]
    spoiled: Mapping[str, float]


def questions(
    case: Case,
    table: Columns,
    layout: Layout,
    plan: Plan,
    small: float,
    *,
    purpose: str = "",
    noise: bool = True,
) -> Asks:
    """All that is asked in one round.

    Names: ``control``, ``joint``, ``noise:<role>``, ``swap:<role>``, ``text:<way>:<role>``,
    ``shuffle:<unit>:<time>``; roles and units by their position in the layout. ``purpose`` and
    ``noise`` as of :func:`look.look`.
    """
    asks: dict[str, Ask] = {"control": Ask(plan.control, {})}
    spoiled: dict[str, float] = {}
    if noise:
        fine = [r for r in layout.roles if r.kind == "number" and r.coarse <= small]
        if len(fine) > 1:
            rng = case.rng(f"{purpose}joint")
            moved = {r.columns[0]: moved_by(table, r, plan.joint, rng) for r in fine}
            asks["joint"] = Ask(plan.joint, moved)
        if layout.blocks:
            asks |= _of_blocks(case, table, layout, plan, small, purpose)
        for k, role in enumerate(layout.roles):
            rng = case.rng(f"{purpose}noise {k}")
            asks |= _of_role(table, role, k, plan.noise, rng, spoiled, layout.blocks)
    for u, unit in enumerate(layout.units):
        for time in range(plan.shuffles):
            rng = case.rng(f"{purpose}shuffle {u} {time}")
            others = From(deranged(plan.shuffled, rng))
            asks[f"shuffle:{u}:{time}"] = Ask(plan.shuffled, dict.fromkeys(unit.columns, others))
    return Asks(asks, spoiled)


def _of_role(
    table: Columns, role: Role, k: int, rows: Ints, rng: np.random.Generator,
    spoiled: dict[str, float], blocks: bool,
) -> dict[str, Ask]:  # fmt: skip
    """A column moved by its step, exchanged, or written otherwise; ``spoiled`` is added to."""
    j = role.columns[0]
    if role.kind == "number" and not blocks:
        return {f"noise:{k}": Ask(rows, {j: moved_by(table, role, rows, rng)})}
    if role.kind == "category" and not blocks:
        return {f"swap:{k}": swapped(table, role, rows, rng)}
    if role.kind == "tokens":
        new, spoiled[str(k)] = texts.exchanged(table.numbers(j, rows), rng)
        return {f"text:token:{k}": Ask(rows, {j: new})}
    asks = {}
    if role.kind == "text":
        given = table.texts(j, rows)
        for way in texts.WAYS:
            new, share = texts.changed(given, way, rng)
            asks[f"text:{way}:{k}"] = Ask(rows, {j: new})
            if way == "typo":
                spoiled[str(k)] = share
    return asks


def _of_blocks(
    case: Case, table: Columns, layout: Layout, plan: Plan, small: float, purpose: str
) -> dict[str, Ask]:
    asks = {}
    for u, unit in enumerate(layout.units):
        rng = case.rng(f"{purpose}block {u}")
        inside = [r for r in unit.roles if r.kind == "number" and r.coarse <= small]
        if inside:
            asks[f"noise:{u}"] = Ask(plan.noise, {
                r.columns[0]: moved_by(table, r, plan.noise, rng) for r in inside
            })  # fmt: skip
    return asks


def moved_by(table: Columns, role: Role, rows: Ints, rng: np.random.Generator) -> New:
    """A column of numbers with noise of its resolution, for these rows."""
    assert role.resolution is not None
    return role.resolution.noise(table.numbers(role.columns[0], rows), rng)


def swapped(table: Columns, role: Role, rows: Ints, rng: np.random.Generator) -> Ask:
    """A category exchanged for another one that occurs: a row of another category is copied.

    Rows for which none is found in a few draws keep theirs; all rows of a group's columns come
    from one row, so that no combination is new.
    """
    codes = pattern(table, role)
    known = np.flatnonzero(~table.missing(role.columns[0]))
    source = rng.choice(known, size=len(rows)) if len(known) else rows.copy()
    for _ in range(20 if len(known) else 0):
        same = codes[source] == codes[rows]
        if not same.any():
            break
        source[same] = rng.choice(known, size=int(same.sum()))
    new = From(source.astype(np.int64))
    return Ask(rows, dict.fromkeys(role.columns, new))


def pattern(table: Columns, role: Role) -> Ints:
    """A number for each category of a role, (n,)."""
    if len(role.columns) == 1 and table.is_category(role.columns[0]):
        return table.codes(role.columns[0])
    stacked = np.column_stack(
        [np.nan_to_num(table.numbers(j), nan=np.inf).reshape(table.n, -1) for j in role.columns]
    )
    found = np.unique(stacked, axis=0, return_inverse=True)[1]
    return found.astype(np.int64).reshape(table.n)


def deranged(rows: Ints, rng: np.random.Generator) -> Ints:
    """The same rows in another order, no row in its place (Sattolo's cycle)."""
    order = rng.permutation(len(rows))
    source = np.empty(len(rows), dtype=np.int64)
    source[order] = rows[np.roll(order, 1)]
    return source
