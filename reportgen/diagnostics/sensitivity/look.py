"""One look at a table: every column moved, exchanged and shuffled, and what the answers did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from reportgen.diagnostics.sensitivity import sequences, tabular
from reportgen.diagnostics.sensitivity.asking import Change, Ints, Replies, joined
from reportgen.diagnostics.sensitivity.columns import Ask, Columns
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import steady
from reportgen.diagnostics.sensitivity.importance import Importance, Shuffle, importance_of
from reportgen.diagnostics.sensitivity.plan import Plan
from reportgen.diagnostics.sensitivity.roles import Layout
from reportgen.diagnostics.sensitivity.subject import Subject


@dataclass(frozen=True)
class Look:
    """What was asked of a table, and what came of it.

    Attributes
    ----------
    changes : by the name of its question, and ``shuffle:<unit>`` of all shuffles of a unit.
    all_over : share of answers that differ between two rows drawn at random.
    spoiled : share of words that a typo spoils, by role.
    sent : rows asked.
    more : replies to questions that were asked in the same go.
    """

    changes: Mapping[str, Change]
    all_over: float
    importance: Importance | None
    spoiled: Mapping[str, float]
    sent: int
    asks: Mapping[str, Ask] = field(default_factory=dict, repr=False)
    more: Mapping[str, Replies] = field(default_factory=dict, repr=False)

    def shuffled_again(self, other: Look) -> Look:
        """With the other's shuffles in place of its own."""
        worth = {k: c for k, c in other.changes.items() if k.startswith("shuffle")}
        return replace(self, changes=dict(self.changes) | worth, importance=other.importance,
                       all_over=other.all_over)  # fmt: skip


def look(
    subject: Subject,
    table: Columns,
    layout: Layout,
    plan: Plan,
    settings: SensitivitySettings,
    *,
    purpose: str = "",
    noise: bool = True,
    more: Mapping[str, Ask] | None = None,
) -> Look:
    """Asks about every column once.

    Parameters
    ----------
    purpose : begins the names of random streams; another one draws anew.
    noise : False for shuffles alone.
    more : questions of somebody else's, asked in the same go: a call has a price of its own.
    """
    wanted = tabular.questions(
        subject.case, table, layout, plan, settings.small_step, purpose=purpose, noise=noise
    )
    asks: dict[str, Ask] = dict(wanted.asks)
    if noise and subject.steps is None:
        asks |= sequences.shifts(subject.case, table, plan.joint)
    others = dict(more or {})
    found = subject.asked(asks | others, table.copied, table.size)
    control = asks["control"].rows
    steady(subject.compared(control, found["control"]), len(control))
    changes = {
        key: subject.change(asks[key].rows, found[key])
        for key in asks
        if not key.startswith(("shuffle", "control"))
    }
    rows = plan.shuffled
    importance = None
    if layout.units and len(rows) > 1:
        importance = _importance(subject, layout, asks, found, rows)
        changes |= {
            f"shuffle:{u}": _worth(subject, found, u, rows, plan.shuffles)
            for u in range(len(layout.units))
        }
    mixed = tabular.deranged(rows, subject.case.rng(f"{purpose}other rows"))
    return Look(
        changes,
        subject.apart(rows, mixed),
        importance,
        wanted.spoiled,
        sum(len(ask.rows) for ask in (asks | others).values()),
        asks,
        {key: found[key] for key in others},
    )


def _importance(
    subject: Subject, layout: Layout, asks: Mapping[str, Ask], found: Mapping[str, Replies],
    rows: Ints,
) -> Importance:  # fmt: skip
    after: list[list[Shuffle]] = [[] for _ in layout.units]
    for key, replies in found.items():
        if key.startswith("shuffle:"):
            others = next(iter(asks[key].changes.values())).rows  # type: ignore[union-attr]
            after[int(key.split(":")[1])].append(
                Shuffle(subject.errors(rows, replies), np.searchsorted(rows, others))
            )
    return importance_of(subject.errors(rows), after, subject.design(rows))


def _worth(
    subject: Subject, found: Mapping[str, Replies], unit: int, rows: Ints, shuffles: int
) -> Change:
    """What shuffling a unit does to the answers, over all its shuffles."""
    parts = [found[f"shuffle:{unit}:{time}"] for time in range(shuffles)]
    if len(parts) == 1:
        return subject.change(rows, parts[0])
    return subject.change(np.tile(rows, shuffles), joined(parts))
