"""Columns that name rows, and predict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.charts.numbers import share
from reportgen.diagnostics.leakage.alone import strength as of_columns
from reportgen.diagnostics.leakage.alone.measured import Measured, measured
from reportgen.diagnostics.leakage.alone.standing import LEVEL
from reportgen.diagnostics.leakage.alone.strength import Goal, Strength, bins, goal, strength
from reportgen.diagnostics.leakage.alone.values import Column, columns, why_none
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.rows import ID
from reportgen.diagnostics.leakage.found import Effect, Leak, Looked
from reportgen.diagnostics.leakage.keyed.tokens import codes, parted
from reportgen.diagnostics.leakage.questions.columns import cure_of
from reportgen.evidence import Case
from reportgen.results import Severity

ORDER = 23
ADVICE = {c.code: c.advice for c in CODES}
TELLS = 0.02  # share of the target that an id explains, to be asked about
HALF = 0.5  # of the target, or of the model's skill, for a fail


def look(case: Case, judged: str) -> Looked:
    """Ids among the features that explain something of the target."""
    why = why_none(case)
    if why:
        return Looked((ID,), untold={ID: why})
    if case.dataset.kind in ("images", "text"):
        return Looked((ID,), untold={ID: f"{case.dataset.kind} have no column that names rows"})
    named = [m for m in measured(case, judged) if m.identity and not m.positional]
    tried = f"{len(named):,} columns that name rows"
    if not named:
        return Looked((ID,), tried=tried)
    aim = goal(case, judged)
    ways: list[tuple[Measured, str, Strength]] = []
    by_name = {c.name: c for c in columns(case, judged, [m.name for m in named])}
    for one in named:
        ways += [(one, words, told) for words, told in _ways(by_name[one.name], one, aim)]
    beyond = of_columns.significant([told for _, _, told in ways], len(aim.parts), LEVEL)
    best: dict[str, tuple[Measured, str, Strength]] = {}
    for (one, words, told), more in zip(ways, beyond, strict=True):
        if not more or told.least < TELLS:
            continue
        if one.name not in best or told.least > best[one.name][2].least:
            best[one.name] = (one, words, told)
    return Looked((ID,), tuple(_leak(case, *found) for found in best.values()), tried=tried)


def _ways(column: Column, one: Measured, aim: Goal) -> Iterator[tuple[str, Strength]]:
    """Ways in which an id can be read, with what each tells."""
    if column.numbers is not None:
        yield "", one.alone
        return
    assert column.levels is not None
    texts = [column.texts[k] if k >= 0 else "" for k in column.levels]
    parts = parted(texts)
    numbers = [[int(p) for p in _digits(found) if len(p) < 16] for found in parts]
    readings = {
        "its last number": [float(found[-1]) if found else np.nan for found in numbers],
        "its first number": [float(found[0]) if found else np.nan for found in numbers],
    }
    for words, values in readings.items():
        of = np.array(values)
        if np.isfinite(of).mean() > 0.5 and len(np.unique(of[np.isfinite(of)])) > 1:
            read = replace(column, numbers=of, levels=None, absent=np.isnan(of))
            yield words, strength(column.name, *bins(read), aim)
    for words, first in (
        ("its first part", [found[0] if found else "" for found in parts]),
        ("its first letters", [text[:2] for text in texts]),
    ):
        levels = codes(first)
        if 1 < len(np.unique(levels)) < 0.5 * len(levels):
            read = replace(column, levels=levels, absent=levels < 0)
            yield words, strength(column.name, *bins(read), aim)


def _digits(parts: list[str]) -> list[str]:
    found = []
    for part in parts:
        tail = part.lstrip("".join(c for c in part if not c.isdecimal()))
        if tail.isdecimal() and tail.isascii():
            found.append(tail)
    return found


def _leak(case: Case, one: Measured, words: str, told: Strength) -> Leak:
    what = f"{words} explains" if words else "and it explains"
    return Leak(
        ID,
        "fail" if told.least >= HALF else "warn",
        one.name,
        f"“{one.name}” names rows ({one.identity}): {what} {share(told.least)} of the target.",
        ADVICE[ID],
        {"explained_train": told.train, "explained_judged": told.judged, "auc": told.auc,
         "read": words or "its value", "identity": one.identity},
        cure_of(case, one),
        weigh,
    )  # fmt: skip


def weigh(leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """Half of the model's skill is a fail; an id that costs nothing is still no feature."""
    if effect is None or effect.skill is None:
        return leak.severity, leak.message
    if effect.skill >= HALF and effect.alone.low > 0:
        return "fail", leak.message
    if effect.alone.low <= 0:
        return "warn", leak.message
    return leak.severity, leak.message
