"""Columns whose having a value at all says what the target is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.charts.numbers import score, share
from reportgen.diagnostics.leakage.alone.measured import HIGH, Measured, measured, no_value
from reportgen.diagnostics.leakage.alone.standing import LEVEL, lead, size
from reportgen.diagnostics.leakage.alone.strength import Goal, goal
from reportgen.diagnostics.leakage.alone.strength import significant as beyond_chance
from reportgen.diagnostics.leakage.alone.values import columns, why_none
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.columns import MISSINGNESS
from reportgen.diagnostics.leakage.found import Leak, Looked
from reportgen.diagnostics.leakage.questions.columns import (
    cure_of,
    respelled,
    weigh,
    weigh_ahead,
)
from reportgen.evidence import Case, settings_of
from reportgen.results import Severity

ORDER = 21
ADVICE = {c.code: c.advice for c in CODES}
HALF = 0.5  # share of the target's variation that presence explains, for a fail
PURE_TRAIN, PURE_JUDGED = 30, 5  # rows of one class, and of no other
PURE_LEVEL = 1e-6
COMMON = 0.95  # share of a class above which finding only it is no surprise


def look(case: Case, judged: str) -> Looked:
    """Columns whose presence predicts, much more than columns do here."""
    why = why_none(case)
    if why:
        return Looked((MISSINGNESS,), untold={MISSINGNESS: why})
    if case.dataset.kind in ("images", "text"):
        return Looked((MISSINGNESS,), untold={MISSINGNESS: f"{case.dataset.kind} have no gaps"})
    every = measured(case, judged)
    aim = goal(case, judged)
    gaps = [m for m in every if m.presence is not None and not m.identity]
    if not gaps:
        return Looked((MISSINGNESS,), tried="no column has gaps")
    settings = settings_of(case, LeakageSettings)
    told = beyond_chance([m.presence for m in gaps if m.presence], len(aim.parts), LEVEL)
    leaks = []
    for one, more_than_chance in zip(gaps, told, strict=True):
        presence = one.presence
        assert presence is not None
        if not more_than_chance or respelled(case, judged, one, aim):
            continue
        others = [m for m in every if m.name != one.name and not m.identity and m not in gaps]
        ahead, _ = lead(_present(one), others, aim)
        stands_out = size(presence, aim) >= settings.column_strength
        if presence.least >= HALF:
            leaks.append(_leak(case, judged, one, "fail", aim))
        elif stands_out and ahead >= settings.column_lead:
            leaks.append(_leak(case, judged, one, "warn", aim))
        else:
            pure = _pure(case, judged, one, aim, len(gaps))
            if pure:
                leaks.append(_leak(case, judged, one, "warn", aim, pure))
    return Looked((MISSINGNESS,), tuple(leaks), tried=f"the gaps of {len(gaps):,} columns")


def _present(one: Measured) -> Measured:
    """The column as its presence alone is."""
    assert one.presence is not None
    return replace(one, alone=one.presence)


def _leak(
    case: Case, judged: str, one: Measured, severity: Severity, aim: Goal, pure: str = ""
) -> Leak:
    presence = one.presence
    assert presence is not None
    gap = f"written as {one.spelled}" if one.spelled else "left empty"
    what = pure or (f"that alone reaches {_told(presence.judged, presence.auc, aim)} on {judged}")
    return Leak(
        MISSINGNESS,
        severity,
        one.name,
        f"Whether “{one.name}” has a value ({share(one.absent)} are {gap}) tells the target: "
        f"{what}. Is it filled in before the outcome is known?",
        ADVICE[MISSINGNESS],
        {
            "absent": one.absent,
            "spelled": one.spelled,
            "explained_train": presence.train,
            "explained_judged": presence.judged,
            "auc": presence.auc,
            "dtype": one.dtype,
        },
        cure_of(case, one),
        weigh if severity == "fail" else weigh_ahead,
    )


def _told(r2: float, auc: float, aim: Goal) -> str:
    return f"R² {score(r2)}" if aim.task == "regression" else f"AUC {score(auc)}"


def _pure(case: Case, judged: str, one: Measured, aim: Goal, family: int) -> str:
    """Words where all rows with a value, or all without, are of one class; else empty."""
    if aim.codes is None or one.spelled in {f"{v:g}" for v in HIGH}:
        return ""
    column = next(iter(columns(case, judged, [one.name])))
    absent, _ = no_value(column)
    n = aim.n_train
    for side, word in ((~absent, "with a value"), (absent, "without one")):
        train, test = aim.codes[:n][side[:n]], aim.codes[n:][side[n:]]
        if len(train) < PURE_TRAIN or len(test) < PURE_JUDGED:
            continue
        if len(np.unique(np.concatenate([train, test]))) > 1:
            continue
        others = aim.codes[:n][~side[:n]]
        usual = float((others == train[0]).mean()) if len(others) else 1.0
        chance = len(train) * np.log(max(usual, 1e-12)) + np.log(2 * family)
        if usual <= COMMON and chance < np.log(PURE_LEVEL):
            label = case.classes[int(train[0])]
            return (
                f"all {len(train) + len(test):,} rows {word} are “{label}”, of the others "
                f"{share(usual)}"
            )
    return ""
