"""Columns that alone say more of the target than all others: made from it, or known too late?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.charts.numbers import score, share
from reportgen.diagnostics.leakage.alone import combined, lines
from reportgen.diagnostics.leakage.alone.measured import Measured, measured
from reportgen.diagnostics.leakage.alone.odd import odd
from reportgen.diagnostics.leakage.alone.origin import Exactness, exactness, remains
from reportgen.diagnostics.leakage.alone.rest import explained_by_rest
from reportgen.diagnostics.leakage.alone.standing import lead, significant, size, strong_enough
from reportgen.diagnostics.leakage.alone.strength import Goal, goal
from reportgen.diagnostics.leakage.alone.values import Column, columns, rows, why_none
from reportgen.diagnostics.leakage.blanked import cure_of_places
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.columns import QUESTION, TARGET
from reportgen.diagnostics.leakage.found import Cure, Effect, Leak, Looked
from reportgen.evidence import Case, settings_of
from reportgen.results import Severity
from reportgen.retraining.standard import why_not

ORDER = 20
ADVICE = {c.code: c.advice for c in CODES}
METHOD = (
    "Each column's strength is that of a model on this column alone, out of fold on train and "
    "confirmed on the judged rows."
)
MOST = 8  # columns that are looked at closely
LEAST_RELATED = 3
SOME_RELATED, MOST_RELATED = 0.3, 0.5  # for a warning, for a fail
SURELY = 1e-5  # level at which others are called related
OTHERS = 12  # columns that tell whether columns are related here
CLOSE = 0.5  # share of the target's variation from which a column is looked at closely
LEFT = 0.25  # share that a column made from the target leaves at most
LESS = 2.5  # times that what the others leave is at least
NEVER_WRONG = 500  # rows
SAME = 0.999  # from which one is the other in another unit
TWIN = 0.95  # correlation given the target from which two columns are one
HALF = 0.5  # share of what the others explain that a column must explain to be asked about
TELLING = 0.05  # share that the others must explain for their silence to mean something
NOTHING = 0.1  # share of the skill that is lost at most, where the model makes nothing of it


@dataclass(frozen=True)
class Close:
    """A column looked at closely.

    ``left`` is what it leaves of the target; ``independent``: it goes with no other column given
    the target, where some others go with each other; ``odd``: where most do.
    """

    found: Measured
    column: Column
    exact: Exactness
    independent: bool
    left: float
    twins: tuple[str, ...]
    same: tuple[str, ...] = ()
    odd: bool = False

    @property
    def made(self) -> bool:
        """Whether the column knows nothing of a row but its target."""
        return self.exact.relabelled or self.independent


def look(case: Case, judged: str) -> Looked:
    """Columns that stand out of all others, and those that were made from the target."""
    why = why_none(case)
    if why:
        return Looked((TARGET,), untold={TARGET: why})
    settings = settings_of(case, LeakageSettings)
    every = measured(case, judged)
    aim = goal(case, judged)
    told = combined.names(case, judged)
    asked = [m for m in every if not m.identity and m.name not in told]
    asked = [m for m in asked if not by_presence(m) or respelled(case, judged, m, aim)]
    family = dict(zip([m.name for m in every], significant(every, aim), strict=True))
    asked = [m for m in asked if family[m.name]]
    asked = [m for m in asked if not m.regular]  # known before its row
    asked.sort(key=lambda m: -size(m, aim))
    near = [m for m in asked if m.alone.least >= CLOSE][:MOST]
    close = _closely(case, judged, near, asked, aim)
    leaks = []
    for one in close:
        leak = _made(case, judged, one, close, aim)
        if leak is not None:
            leaks.append(leak)
    known = {leak.subject for leak in leaks}
    beyond = {*known, *(t for c in close if c.found.name in known for t in c.twins)}
    if asked and not leaks and strong_enough(asked[0], aim, settings.column_strength):
        first = asked[0]
        # A second measurement of the same thing speaks for the world; another unit says nothing.
        twins = next((c.same for c in close if c.found is first), ())
        others = [m for m in every if m.name not in {first.name, *twins, *beyond, *told}]
        ahead, second = lead(first, [m for m in others if not m.identity], aim)
        if ahead >= settings.column_lead:
            out = (first.name, *twins, *beyond)
            rest = explained_by_rest(case, judged, out, first.alone.part)
            # Where the others tell nothing, there is nothing that a column could be too strong for.
            if rest >= TELLING and first.alone.least >= HALF * rest:
                strange = odd(case, judged, first, rest, out)
                if strange or first.alone.least >= rest:
                    leaks.append(_ahead(case, judged, first, second, rest, aim, strange))
    leaks = _blanked(case, judged, leaks, every)
    words = f"{len(every):,} {every[0].place if every else 'column'}s alone"
    return Looked(
        (TARGET,),
        tuple(leaks),
        tables=lines.tables(case, judged, every, aim),
        series=lines.series(case, judged, every, aim),
        tried=words,
        detectable=_detectable(aim),
        method=" ".join(filter(None, [METHOD, _sampled(case, judged)])),
    )


def by_presence(found: Measured) -> bool:
    """Whether what the column tells is told by its having a value, mostly."""
    return found.presence is not None and found.presence.least >= 0.7 * found.alone.least > 0


def respelled(case: Case, judged: str, found: Measured, aim: Goal) -> bool:
    """Whether a spelled gap ("none") is one of the names of classes, rather than a gap."""
    if not found.spelled or found.alone.least < 0.9:
        return False
    column = next(iter(columns(case, judged, [found.name])))
    return exactness(column, aim, found.alone.part).relabelled


def _closely(
    case: Case, judged: str, found: list[Measured], telling: list[Measured], aim: Goal
) -> list[Close]:
    by_name = {c.name: c for c in columns(case, judged, [m.name for m in found])}
    close = []
    for one in found:
        column, part = by_name[one.name], one.alone.part
        exact = exactness(column, aim, part)
        left = 0.0 if exact.relabelled else min(max(exact.left, 0.0), 1 - one.alone.least)
        left_over = remains(case, judged, part)
        near = left_over.related(one.name)
        twins: list[str] = []
        same: list[str] = []
        while not near.independent and abs(near.correlation) >= TWIN and near.name in by_name:
            twins.append(near.name)
            if abs(near.correlation) >= SAME:
                same.append(near.name)
            near = left_over.related(one.name, twins)
        close.append(Close(one, column, exact, near.independent, left, tuple(twins), tuple(same)))
    strangers = {c.found.name for c in close if c.made}
    part_names = [m.name for m in telling if m.name not in strangers][:OTHERS]
    share_related = _related(case, judged, close, part_names)
    if share_related < SOME_RELATED:
        close = [replace(c, independent=False) for c in close]
    return [replace(c, odd=c.independent and share_related >= MOST_RELATED) for c in close]


def _related(case: Case, judged: str, close: list[Close], others: list[str]) -> float:
    """Share of the other columns that are related to any, given the target.

    Where none is, as in Gaussian clouds, a column that is a stranger to the rest is nothing odd.
    """
    if not close or len(others) < LEAST_RELATED:
        return 0.0
    left_over = remains(case, judged, close[0].found.alone.part)
    out = {c.found.name for c in close if c.made}
    related = sum(left_over.related(name, out).p < SURELY for name in others)
    return related / len(others) if related >= LEAST_RELATED else 0.0


def _made(case: Case, judged: str, one: Close, close: list[Close], aim: Goal) -> Leak | None:
    """The leak of a column that was made from the target."""
    out = {one.found.name, *one.twins, *(c.found.name for c in close if c.made)}
    part = one.found.alone.part
    never = aim.task != "regression" and one.exact.wrong == 0 and one.exact.rows >= NEVER_WRONG
    exact = one.exact.relabelled or never or (aim.task == "regression" and one.left <= 1e-3)
    if not exact and not (one.independent and one.left <= LEFT):
        return None
    rest = explained_by_rest(case, judged, out, part)
    more = 1 - rest >= LESS * one.left and (1 - rest) - one.left >= 0.05
    severity: Severity = "fail"
    if not more or (not exact and (rest < TELLING or not one.odd)):
        # Alone better than all others together, and a stranger to each of them.
        odd = one.independent and one.left < 1 - rest and rest >= TELLING
        if not (one.exact.relabelled or odd):
            return None
        severity = "warn"
    return Leak(
        TARGET,
        severity,
        one.found.name,
        _words(one, rest, judged, aim),
        ADVICE[TARGET],
        {
            "explained_train": one.found.alone.train,
            "explained_judged": one.found.alone.judged,
            "left": one.left,
            "left_by_others": 1 - rest,
            "auc": one.found.alone.auc,
            "wrong_rows": one.exact.wrong,
            "relabelled": one.exact.relabelled,
            "independent_given_target": one.independent,
            "dtype": one.found.dtype,
        },
        cure_of(case, one.found),
        weigh,
    )


def cure_of(case: Case, found: Measured) -> Cure | None:
    """The column out, where it is one of the data set's."""
    return Cure(columns=(found.name,)) if found.name in case.dataset.features else None


def _blanked(case: Case, judged: str, leaks: list[Leak], every: Sequence[Measured]) -> list[Leak]:
    """Pixels, or words, that give the target away are blanked all at once."""
    known = {leak.subject for leak in leaks if leak.severity != "info"}
    found = [m for m in every if m.name in known and m.place in ("pixel", "word")]
    if not found or why_not(case) is not None:
        return leaks
    cure = cure_of_places(case, judged, found)
    return [replace(leak, cure=cure) if leak.subject in known else leak for leak in leaks]


def weigh(leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """A fail needs a model that makes something of the column, where that was measured."""
    if effect is None or leak.severity == "info":
        return leak.severity, leak.message
    skill = effect.skill
    nothing = effect.alone.low <= 0 and (skill is None or skill < NOTHING)
    sure = leak.evidence.get("relabelled") or leak.evidence.get("exact")
    if nothing and not (sure and effect.alone.value > 0):
        return "warn", leak.message
    return leak.severity, leak.message


def _words(one: Close, rest: float, judged: str, aim: Goal) -> str:
    alone = one.found.alone
    of = f" ({aim.names[alone.part]})" if aim.names[alone.part] else ""
    how = "each of its values stands for one value of the target" if one.exact.relabelled else (
        "given the target, it goes with no other column" if one.independent
        else f"it is never wrong on {one.exact.rows:,} rows"
    )  # fmt: skip
    place = "" if one.found.place == "column" else f"{one.found.place} "
    name = one.found.name.removeprefix(place)
    named = name if name.startswith("“") else f"“{name}”"
    return (
        f"{place.capitalize()}{named} gives the target{of} away: alone it explains "
        f"{share(1 - one.left)} of it, all others together {share(max(rest, 0.0))}; {how}."
    )


def _ahead(
    case: Case,
    judged: str,
    first: Measured,
    second: Measured | None,
    rest: float,
    aim: Goal,
    strange: str,
) -> Leak:
    """A column far ahead of the others: asked about where it is strange, else only told."""

    def told(m: Measured) -> str:
        if aim.task == "regression":
            return f"R² {score(m.alone.judged)}"
        return f"AUC {score(m.alone.auc)}"

    other = f", the next best, “{second.name}”, {told(second)}" if second is not None else ""
    explains = "it explains more than all others together"
    if first.alone.least <= rest:
        explains = (
            f"it explains {share(first.alone.least)} of the target, all others together "
            f"{share(rest)}"
        )
    end = f"{explains}, as a strong cause may."
    if strange:
        end = f"{explains}; {strange}: {QUESTION}"
    return Leak(
        TARGET,
        "warn" if strange else "info",
        first.name,
        f"“{first.name}” alone reaches {told(first)} on {judged}{other}, and {end}",
        ADVICE[TARGET],
        {
            "explained_train": first.alone.train,
            "explained_judged": first.alone.judged,
            "auc": first.alone.auc,
            "next": second.name if second is not None else None,
            "explained_by_others": rest,
            "next_explained": second.alone.judged if second is not None else None,
            "strange": strange,
            "dtype": first.dtype,
        },
        cure_of(case, first) if strange else None,
        weigh_ahead if strange else None,
    )  # fmt: skip


def weigh_ahead(leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """A question is asked only of a column that the model lives on."""
    if effect is None or effect.skill is None:
        return leak.severity, leak.message
    if effect.alone.low <= 0 and effect.skill < NOTHING:
        return "info", f"{leak.message} The model makes little of it."
    return leak.severity, leak.message


def _detectable(aim: Goal) -> str:
    least = (5.0 * np.sqrt(2) / (np.sqrt(aim.n_train) + np.sqrt(max(aim.n_judged, 1)))) ** 2
    return f"a column that explains {share(min(max(CLOSE, float(least)), 1.0))} of the target"


def _sampled(case: Case, judged: str) -> str:
    said = rows(case, judged).sampled
    return f"{said[:1].upper()}{said[1:]}." if said else ""
