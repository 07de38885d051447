"""Everything that is measured: what small changes do, which columns matter, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.sensitivity import blocks, pictures, sequences, tabular
from reportgen.diagnostics.sensitivity import curves as response
from reportgen.diagnostics.sensitivity.asking import (
    Change,
    Replies,
    Ruler,
    asked,
    at_once,
    change,
    design_of,
    joined,
    replies_of,
)
from reportgen.diagnostics.sensitivity.columns import Table, table_of
from reportgen.diagnostics.sensitivity.curves import Curve
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import Evidence, steady
from reportgen.diagnostics.sensitivity.importance import (
    Importance,
    Shuffle,
    importance_of,
    squared_errors,
)
from reportgen.diagnostics.sensitivity.plan import ENOUGH, planned, sample
from reportgen.diagnostics.sensitivity.roles import Layout, layout_of
from reportgen.evidence import Case, settings_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST_PICTURES, MOST_PICTURES = 300, 2000


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
    name = judged_split(case)
    split = case.split(name)
    if split.steps is not None:
        raise NotApplicable("labels stand step by step: whole rows are changed here")
    given = answers(case, name)
    rows = np.flatnonzero(given.kept).astype(np.int64)
    before = replies_of(case.predict(name))
    ruler = _ruler(case, settings_of(case, SensitivitySettings).moved)
    if case.dataset.kind == "images":
        return _pictures(case, name, given, rows, before, ruler)
    if sequences.are_tokens(case, split.X):
        return sequences.measured(case, name, given, rows, before, ruler)
    return _table(case, name, given, rows, before, ruler)


def _ruler(case: Case, far: float) -> Ruler:
    if case.task != "regression":
        return Ruler(np.ones(1), far)
    name = "train" if "train" in case.dataset.splits else judged_split(case)
    target = case.split(name).y
    y = np.asarray(target if target is not None else case.split(judged_split(case)).y)
    sd = y.astype(np.float64).reshape(len(y), -1).std(axis=0)
    return Ruler(np.where(sd > 0, sd, 1.0), far)


def _reference(case: Case, name: str) -> str:
    return "train" if "train" in case.dataset.splits else name


def _table(
    case: Case, name: str, given: Answers, rows: Ints, before: Replies, ruler: Ruler
) -> Evidence:
    settings = settings_of(case, SensitivitySettings)
    table = table_of(case.split(name).X, case.dataset.features)
    reference = table_of(case.split(_reference(case, name)).X, case.dataset.features)
    layout = layout_of(table, reference, text=case.dataset.kind == "text")
    moving = len(layout.units) if layout.blocks else len(layout.roles)
    size = int(np.prod(np.shape(table.X)[1:]))
    plan = planned(
        rows, moving, len(layout.units), settings.rows, case.rng("rows"), at_once(size, ENOUGH)
    )
    wanted = tabular.questions(case, table, layout, plan, settings.small_step)
    asks: dict[str, Any] = dict(wanted.asks)
    asks |= sequences.shifts(case, table, plan.joint)
    what = f"changed rows of {name}"
    found = asked(case, asks, table.copied, size, what)
    steady(before, asks["control"].rows, found["control"], ruler)
    changes = {
        key: change(ruler, before, asks[key].rows, found[key], given)
        for key in asks
        if not key.startswith(("shuffle", "control"))
    }
    mixed = tabular.deranged(plan.shuffled, case.rng("other rows"))
    all_over = float(ruler.compared(before.at(plan.shuffled), before.at(mixed))[1].mean())
    importance, worth = None, {}
    if layout.units and len(plan.shuffled) > 1:
        importance = _importance(case, name, layout, asks, found, before, ruler, given)
        worth = {
            f"shuffle:{u}": _worth(ruler, before, plan.shuffled, found, u, plan.shuffles, given)
            for u in range(len(layout.units))
        }
    inside, looked = blocks.looked_into(
        case, table, layout, plan, {k: c for k, c in changes.items() if k.startswith("noise:")},
        lambda asks: asked(case, asks, table.copied, size, what),
        lambda ask, replies: change(ruler, before, ask.rows, replies, given),
        settings,
    )  # fmt: skip
    lines, drawn = _curves(case, table, layout, importance, given, rows, before, what, size)
    return Evidence(
        kind="sequences" if np.ndim(table.X) == 3 else "table",
        answers=given,
        n_judged=len(rows),
        changes=changes | worth,
        all_over=all_over,
        sent=sum(len(ask.rows) for ask in asks.values()) + drawn + looked,
        plain=len(given.kept),
        layout=layout,
        importance=importance,
        curves=lines,
        spoiled=wanted.spoiled,
        inside=inside,
    )


def _importance(
    case: Case, name: str, layout: Layout, asks: Mapping[str, Any],
    found: Mapping[str, Replies], before: Replies, ruler: Ruler, given: Answers,
) -> Importance:  # fmt: skip
    truth = case.split(name).y
    assert truth is not None
    rows: Ints = asks["shuffle:0:0"].rows

    def errors(replies: Replies) -> Floats:
        return squared_errors(replies, truth, rows, case.task, ruler.sd, given.positive)

    after: list[list[Shuffle]] = [[] for _ in layout.units]
    for key, replies in found.items():
        if key.startswith("shuffle:"):
            others = next(iter(asks[key].changes.values())).rows
            after[int(key.split(":")[1])].append(
                Shuffle(errors(replies), np.searchsorted(rows, others))
            )
    return importance_of(errors(before.at(rows)), after, design_of(given, rows))


def _worth(
    ruler: Ruler, before: Replies, rows: Ints, found: Mapping[str, Replies], unit: int,
    shuffles: int, given: Answers,
) -> Change:  # fmt: skip
    """What shuffling a unit does to the answers, over all its shuffles."""
    parts = [found[f"shuffle:{unit}:{time}"] for time in range(shuffles)]
    return change(ruler, before, np.tile(rows, shuffles), joined(parts), given)


def _curves(
    case: Case, table: Table, layout: Layout, importance: Importance | None, given: Answers,
    rows: Ints, before: Replies, what: str, size: int,
) -> tuple[tuple[Curve, ...], int]:  # fmt: skip
    if importance is None or np.ndim(table.X) == 3 or layout.blocks:
        return (), 0
    ordered = [layout.units[k] for k in importance.order if importance.rises[k].value > 0]
    roles = [u.roles[0] for u in ordered if u.roles[0].kind == "number"][: response.COLUMNS]
    if not roles:
        return (), 0
    decision = case.entry.decision
    limit = 0.5 if decision is None or decision.threshold is None else decision.threshold
    few = response.near(before, rows, limit)
    values = [response.values_of(table, role) for role in roles]
    asks = response.asks_of(roles, values, few)
    found = asked(case, asks, table.copied, size, what)
    lines = tuple(
        response.curve_of(role, values[k], few, found[f"curve:{k}"], before, given)
        for k, role in enumerate(roles)
    )
    return lines, sum(len(ask.rows) for ask in asks.values())


def _pictures(
    case: Case, name: str, given: Answers, rows: Ints, before: Replies, ruler: Ruler
) -> Evidence:
    settings = settings_of(case, SensitivitySettings)
    X: Any = case.split(name).X
    ways, left_out = pictures.ways_of(X)
    span = pictures.range_of(np.asarray(case.split(_reference(case, name)).X))
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
    found = asked(
        case, asks, lambda parts: pictures.copied(X, span, parts), size, f"changed rows of {name}"
    )
    steady(before, asks["control"].rows, found["control"], ruler)
    return Evidence(
        kind="images",
        answers=given,
        n_judged=len(rows),
        changes={
            f"image:{way}": change(
                ruler,
                before,
                some,
                joined([r for key, r in found.items() if key.startswith(f"image:{way}#")]),
                given,
            )
            for way in ways
        },
        all_over=0.0,
        sent=sum(len(ask.rows) for ask in asks.values()),
        plain=len(given.kept),
        left_out=left_out,
    )
