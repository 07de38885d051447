"""Wide tables: which columns of a block that changes answers do so."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.diagnostics.sensitivity.asking import Change
from reportgen.diagnostics.sensitivity.columns import Ask, Columns
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.plan import Plan
from reportgen.diagnostics.sensitivity.roles import Layout
from reportgen.diagnostics.sensitivity.subject import Subject
from reportgen.diagnostics.sensitivity.tabular import moved_by

#: Blocks that are looked into, those that change most first.
MOST = 10


def looked_into(
    subject: Subject,
    table: Columns,
    layout: Layout,
    plan: Plan,
    changes: Mapping[str, Change],
    settings: SensitivitySettings,
) -> tuple[dict[str, tuple[str, ...]], int]:
    """Of each block that changes answers, the columns that do so alone, and rows asked for it."""
    if not layout.blocks:
        return {}, 0
    loud = [
        key
        for key, c in changes.items()
        if key.startswith("noise:") and c.beyond.value > settings.warn_over / 2
    ]
    loud = sorted(loud, key=lambda key: -changes[key].beyond.value)[:MOST]
    asks: dict[str, Ask] = {}
    for key in loud:
        unit = layout.units[int(key.split(":")[1])]
        for k, role in enumerate(unit.roles):
            if role.kind == "number" and role.coarse <= settings.small_step:
                new = moved_by(table, role, plan.noise, subject.case.rng(f"inside {key} {k}"))
                asks[f"{key}:{k}"] = Ask(plan.noise, {role.columns[0]: new})
    if not asks:
        return {}, 0
    replies = subject.asked(asks, table.copied, table.size)
    found: dict[str, tuple[str, ...]] = {}
    for name, ask in asks.items():
        key, _, place = name.rpartition(":")
        if subject.change(ask.rows, replies[name]).beyond.value > changes[key].beyond.value / 2:
            role = layout.units[int(key.split(":")[1])].roles[int(place)]
            found[key] = (*found.get(key, ()), role.name)
    return found, sum(len(ask.rows) for ask in asks.values())
