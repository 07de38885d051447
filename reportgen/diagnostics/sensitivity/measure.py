"""Everything that is measured: what small changes do, which columns matter, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.sensitivity import blocks, pictures, regions, sequences, words
from reportgen.diagnostics.sensitivity import curves as response
from reportgen.diagnostics.sensitivity.asking import (
    Change,
    Floats,
    Ints,
    Replies,
    at_once,
    joined,
)
from reportgen.diagnostics.sensitivity.columns import Ask, Columns
from reportgen.diagnostics.sensitivity.curves import Curve
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import Evidence, steady
from reportgen.diagnostics.sensitivity.importance import Importance
from reportgen.diagnostics.sensitivity.inputs import columns_of
from reportgen.diagnostics.sensitivity.look import Look, look
from reportgen.diagnostics.sensitivity.plan import (
    ENOUGH,
    FIRST,
    SECOND,
    Shares,
    Sizes,
    planned,
    sample,
    sizes,
)
from reportgen.diagnostics.sensitivity.roles import Layout, Role, layout_of
from reportgen.diagnostics.sensitivity.subject import Subject, subject_of
from reportgen.diagnostics.sensitivity.suspicion import suspicion
from reportgen.evidence import Case, settings_of

LEAST_PICTURES, MOST_PICTURES = 300, 2000
#: Rows that a second look needs, where the job limits them.
LEAST_AGAIN = 1000


def measured(case: Case) -> Evidence:
    """Asks the model.

    Raises
    ------
    NotApplicable
        where there is no model to ask, rows are of a kind that no small change is known for, or
        the answer to a row depends on the rows that are asked with it.
    """
    if case.predictor.framework == "predictions":
        raise NotApplicable("there are stored predictions only: no model can be asked about "
                            "changed rows")  # fmt: skip
    subject = subject_of(case, settings_of(case, SensitivitySettings).moved)
    if case.dataset.kind == "images" and not sequences.are_steps(subject):
        return _pictures(subject)
    return _table(subject)


def _table(subject: Subject) -> Evidence:
    case, settings = subject.case, settings_of(subject.case, SensitivitySettings)
    per_step = subject.steps is not None
    table = columns_of(case, subject.X, per_step)
    reference = columns_of(case, subject.reference, per_step)
    layout = layout_of(table, reference, text=case.dataset.kind == "text")
    most = settings.rows
    first = _sizes(subject, table, layout, most, FIRST)
    plan = planned(subject.rows, first, case.rng("rows"))
    drawn = _drawing(subject, table, layout, first.curves)
    seen = look(subject, table, layout, plan, settings, more=drawn.asks)
    sent, why = seen.sent, ""
    left = None if most is None else most - seen.sent
    second = None
    if left is None or left >= LEAST_AGAIN:
        second = _sizes(subject, table, layout, left, SECOND)
    found = _evidence(subject, layout, seen, second)
    doubt = suspicion(found, settings)
    if doubt is not None and second is not None:
        plan = planned(subject.rows, second, case.rng("rows again"))
        again = look(subject, table, layout, plan, settings, purpose="again, ", noise=doubt.noise)
        sent, why = sent + again.sent, doubt.words
        found = _evidence(subject, layout, again if doubt.noise else seen.shuffled_again(again),
                          None if doubt.noise else second)  # fmt: skip
    inside, looked = blocks.looked_into(subject, table, layout, plan, found.changes, settings)
    lines, further = _curves(subject, table, layout, found.importance, drawn, seen.more)
    parts = regions.of_steps(subject, table, settings.rows)
    told = words.of_texts(subject, table, layout, settings.rows)
    more = sum(some.sent for some in (parts, told) if some is not None)
    return replace(found, kind=_kind(table, layout), sent=sent + further + looked + more, again=why,
                 inside=inside, curves=lines, regions=parts, words=told)  # fmt: skip


def _kind(table: Columns, layout: Layout) -> str:
    if all(role.kind in ("tokens", "constant") for role in layout.roles):
        return "tokens"
    return "sequences" if table.steps else "table"


def _sizes(
    subject: Subject, table: Columns, layout: Layout, most: int | None, shares: Shares
) -> Sizes:
    moving = len(layout.units) if layout.blocks else len(layout.roles)
    enough = at_once(table.size, ENOUGH)
    return sizes(len(subject.rows), moving, len(layout.units), most, shares, enough)


def _evidence(subject: Subject, layout: Layout, seen: Look, second: Sizes | None) -> Evidence:
    power = {} if second is None else {"joint": second.joint, "noise": second.noise}
    return Evidence(
        kind="table",
        answers=subject.given,
        n_judged=len(subject.rows),
        changes=seen.changes,
        all_over=seen.all_over,
        sent=seen.sent,
        plain=len(subject.given.kept),
        layout=layout,
        importance=seen.importance,
        spoiled=seen.spoiled,
        per_step=subject.steps is not None,
        power=power,
    )


@dataclass(frozen=True)
class Drawing:
    """What response curves need: columns, the values they are set to, rows, and the questions."""

    roles: tuple[Role, ...]
    values: tuple[Floats, ...]
    rows: Ints
    asks: Mapping[str, Ask]
    points: int
    most: int


def _drawing(
    subject: Subject, table: Columns, layout: Layout, budget: int,
    wanted: Sequence[Role] | None = None,
) -> Drawing:  # fmt: skip
    """Of the ``wanted`` columns, or of those that are likely to matter most."""
    points, most = response.grid_of(budget)
    roles: list[Role] = list(wanted or ())
    if wanted is None and not layout.blocks and subject.steps is None:
        can = [unit.roles[0] for unit in layout.units if _drawable(table, unit.roles[0])]
        roles = response.likely(table, can, subject.before, subject.rows)[: response.COLUMNS]
    if not roles:
        return Drawing((), (), subject.rows[:0], {}, points, most)
    decision = subject.case.entry.decision
    limit = 0.5 if decision is None or decision.threshold is None else decision.threshold
    few = response.near(subject.before, subject.rows, limit, most)
    values = tuple(response.values_of(table, role, points) for role in roles)
    return Drawing(tuple(roles), values, few, response.asks_of(roles, values, few), points, most)


def _drawable(table: Columns, role: Role) -> bool:
    return role.kind == "number" and table.is_flat(role.columns[0])


def _curves(
    subject: Subject, table: Columns, layout: Layout, importance: Importance | None,
    drawn: Drawing, replies: Mapping[str, Replies],
) -> tuple[tuple[Curve, ...], int]:  # fmt: skip
    """Of the most important columns; asked for only where others were guessed."""
    if importance is None or layout.blocks or subject.steps is not None:
        return (), 0
    ordered = [layout.units[k] for k in importance.order if importance.rises[k].value > 0]
    roles = [u.roles[0] for u in ordered if _drawable(table, u.roles[0])][: response.COLUMNS]
    if not roles:
        return (), 0
    asked = 0
    if not set(roles[:1]) <= set(drawn.roles):
        budget = response.COLUMNS * drawn.points * drawn.most
        drawn = _drawing(subject, table, layout, budget, roles)
        replies = subject.asked(drawn.asks, table.copied, table.size)
        asked = sum(len(ask.rows) for ask in drawn.asks.values())
    lines = []
    for role in roles:
        if role in drawn.roles:
            k = drawn.roles.index(role)
            lines.append(response.curve_of(role, drawn.values[k], drawn.rows, replies[f"curve:{k}"],
                                           subject.before, subject.given))  # fmt: skip
    return tuple(lines), asked


def _pictures(subject: Subject) -> Evidence:
    case, settings = subject.case, settings_of(subject.case, SensitivitySettings)
    X, rows = subject.X, subject.rows
    ways, left_out = pictures.ways_of(X)
    span = pictures.range_of(np.asarray(subject.reference))
    size = int(np.prod(X.shape[1:]))
    wanted = (settings.rows or 2 * len(rows)) // len(ways)
    some = sample(rows, int(np.clip(wanted, LEAST_PICTURES, MOST_PICTURES)), case.rng("rows"))
    few = at_once(size, MOST_PICTURES)
    control = sample(rows, min(200, few), case.rng("control"))
    asks = {"control": pictures.Picture(control, "", 0)}
    for way in ways:
        seeds = case.rng(f"image {way}").integers(2**31, size=-(-len(some) // few))
        for k, seed in enumerate(seeds):
            part = some[k * few : (k + 1) * few]
            asks[f"image:{way}#{k}"] = pictures.Picture(part, way, int(seed))
    found = subject.asked(asks, lambda parts: pictures.copied(X, span, parts), size)
    steady(subject.compared(control, found["control"]), len(control))
    changes: dict[str, Change] = {}
    for way in ways:
        replies = [r for key, r in found.items() if key.startswith(f"image:{way}#")]
        changes[f"image:{way}"] = subject.change(some, joined(replies))
    parts = regions.of_images(subject, settings.rows)
    return Evidence(
        kind="images",
        answers=subject.given,
        n_judged=len(rows),
        changes=changes,
        all_over=0.0,
        sent=sum(len(ask.rows) for ask in asks.values()) + parts.sent,
        plain=len(subject.given.kept),
        left_out=left_out,
        regions=parts,
    )
