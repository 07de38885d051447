"""Whether train and the judged rows are alike, and by what they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.answers import answers
from reportgen.charts.numbers import listed, number, plural, score, share
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.splits import DIFFER
from reportgen.diagnostics.leakage.found import Leak, Looked
from reportgen.diagnostics.leakage.shift.apart import Apart, apart
from reportgen.diagnostics.leakage.shift.columns import (
    Column,
    by_column,
    gaps,
    new_values,
    of_target,
)
from reportgen.diagnostics.leakage.shift.harm import Harm, harm
from reportgen.diagnostics.leakage.shift.rows import Compared, compared
from reportgen.evidence import Case, settings_of
from reportgen.results import Metric, Severity
from reportgen.scores.followed import Followed, followed
from reportgen.scores.headline import headline

ORDER = 80
#: Of each of five tests: together less than 1 in 5,000.
LEVEL = 4e-5
BALANCED = 0.9  # smallest class over largest, in train that was balanced on purpose
UNEVEN = 0.7  # the same among judged rows, which then were not
NEW = 0.02  # share of judged rows with a value that train lacks, for a warning
ADVICE = {c.code: c.advice for c in CODES}
METHOD = (
    "Train and judged rows are told apart by boosted trees, each half judged by trees fitted on "
    "the other, and tested by ranks."
)


def look(case: Case, judged: str) -> Looked:
    """Differences between train and the judged split that chance does not explain."""
    settings = settings_of(case, LeakageSettings)
    common = _common(case, judged)
    rows = compared(case, judged, common)
    leaks: list[Leak] = []
    found: Apart | None = None
    columns: list[Column] = []
    moved: Harm | None = None
    head: Followed | None = None
    if rows is not None:
        found = apart(rows, case.rng("halves that tell splits apart"), LEVEL)
        names = rows.names or tuple(case.dataset.features)
        columns = by_column(rows, names)
        moved, head = _harm(case, judged, rows, found)
        leaks += _features(judged, found, columns, moved, head, settings)
        leaks += _gaps(judged, gaps(rows, names), settings)
    train, test = case.split("train"), case.split(judged)
    leaks += _new(judged, new_values(train.X, test.X))
    leaks += _target(case, judged, settings, rows, resampled=common is not None)
    metrics = () if found is None else (_metric(judged, found, settings, rows),)
    raised = any(leak.severity != "info" for leak in leaks)
    tables = (_table(judged, columns),) if leaks and columns else ()
    small = found is None and rows is not None
    tried = (
        ""
        if found is None
        else f"train and {judged} told apart by {plural(len(columns), 'column')}"
    )
    return Looked(
        (DIFFER,), tuple(leaks), metrics=metrics, tables=tables, tried=tried,
        untold={DIFFER: "too few rows to tell train and judged rows apart"} if small else {},
        detectable="" if found is None or raised else
        f"train and {judged} that are told apart with an AUC of {score(found.smallest)}",
        method=METHOD,
    )  # fmt: skip


def _common(case: Case, judged: str) -> int | None:
    """The class that is most common among judged rows, where train was balanced on purpose.

    Its rows are those that resampling train left as they were: they alone are compared.
    """
    y = [case.split(name).y for name in ("train", judged)]
    if case.task not in ("binary", "multiclass") or y[0] is None or y[1] is None:
        return None
    k = len(case.classes)
    a, b = (np.bincount(c[c >= 0], minlength=k) for c in (np.asarray(v, np.int64) for v in y))
    a, b = a[a > 0], b[b > 0]
    even = len(a) > 1 and a.min() >= BALANCED * a.max()
    return int(np.argmax(np.bincount(np.asarray(y[1], np.int64)))) if (
        even and len(b) and b.min() < UNEVEN * b.max()
    ) else None  # fmt: skip


def _harm(
    case: Case, judged: str, rows: Compared, found: Apart | None
) -> tuple[Harm | None, Followed | None]:
    if found is None or found.p > LEVEL:
        return None, None
    if _common(case, judged) is not None:
        return None, None  # rows of one class have no score of their own
    delivered = answers(case, judged)
    head = headline(case, delivered, followed(delivered))
    return harm(delivered, head, found.scores[rows.judged], rows.places[1]), head


def _features(
    judged: str,
    found: Apart | None,
    columns: Sequence[Column],
    moved: Harm | None,
    head: Followed | None,
    settings: LeakageSettings,
) -> list[Leak]:
    told = found is not None and found.p <= LEVEL
    alone = [c for c in columns if c.p <= LEVEL]
    large = [c for c in alone if c.effect >= settings.shift_share]
    if not told and not alone:
        return []
    clear = told and found is not None and found.auc >= settings.shift_auc
    harmed = moved is not None and (moved.lost.low > 0 or moved.lost.high < 0)
    severity: Severity = "warn" if clear or large or harmed else "info"
    first = (
        f"Rows of train and {judged} are not alike"
        if not told or found is None
        else f"Rows of train and {judged} can be told apart (AUC {score(found.auc)}; 0.500 when "
        "split at random)"
    )
    by = [f"{c.name} ({c.of_train} in train, {c.of_judged} in {judged})" for c in alone[:3]]
    more = f" and {len(alone) - 3} more" if len(alone) > 3 else ""
    message = f"{first}, by {listed(by, 3)}{more}." if by else f"{first}, by no column alone."
    if moved is not None and head is not None:
        unit = head.unit
        nothing = not harmed
        what = (
            "no difference that can be told"
            if nothing
            else f"a difference of {number(moved.lost.value, unit, True)}"
        )
        message += (
            f" Weighted to look like train, rows of {judged} have {_small(head.label)} "
            f"{number(moved.like_train, unit)}, not {number(moved.own, unit)}: {what} "
            f"({number(moved.lost.low, unit, True)} to {number(moved.lost.high, unit, True)}, "
            f"{moved.effective:,.0f} effective rows)."
        )
    evidence: dict[str, Any] = {"columns": [
        {"column": c.name, "difference": c.effect, "p": c.p} for c in alone[:20]]}  # fmt: skip
    if found is not None:
        evidence |= {"auc": found.auc, "p": found.p}
    if moved is not None:
        evidence |= {"like_train": moved.like_train, "effective_rows": moved.effective}
    return [_leak(severity, "features", message, evidence)]


def _small(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _gaps(judged: str, columns: Sequence[Column], settings: LeakageSettings) -> list[Leak]:
    told = [c for c in columns if c.p <= LEVEL]
    if not told:
        return []
    large = any(abs(c.effect) >= settings.shift_share for c in told)
    by = [f"{c.name} ({c.of_train} in train, {c.of_judged} in {judged})" for c in told[:3]]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return [
        _leak(
            "warn" if large else "info",
            "missing values",
            f"Values are missing more often in one split than in the other: {listed(by, 3)}{more}.",
            {"columns": [{"column": c.name, "difference": c.effect, "p": c.p} for c in told[:20]]},
        )
    ]


def _new(judged: str, columns: Sequence[Column]) -> list[Leak]:
    told = [c for c in columns if c.p <= LEVEL]
    if not told:
        return []
    by = [f"{c.name} {c.of_judged}" for c in told[:3]]
    return [
        _leak(
            "warn" if any(c.effect >= NEW for c in told) else "info",
            "new values",
            f"{judged.capitalize()} has values that no row of train has, more than rare values "
            f"lead to expect: {listed(by, 3)} of its rows.",
            {"columns": [{"column": c.name, "share": c.effect, "p": c.p} for c in told[:20]]},
        )
    ]


def _target(
    case: Case, judged: str, settings: LeakageSettings, rows: Compared | None, *, resampled: bool
) -> list[Leak]:
    train, test = case.split("train"), case.split(judged)
    if train.y is None or test.y is None or train.y.ndim > 1:
        return []
    ys, groups = (train.y, test.y), (train.groups, test.groups)
    if rows is not None and rows.grouped and rows.units is not None and not resampled:
        ys = (train.y[rows.places[0]], test.y[rows.places[1]])
        groups = (rows.units[~rows.judged], rows.units[rows.judged])
    effect, p = of_target(case.task, *ys, groups)
    if p > LEVEL:
        return []
    if case.task == "regression":
        means = [float(np.asarray(y, np.float64).mean()) for y in (train.y, test.y)]
        what = f"its mean is {number(means[0], 'amount')} in train, {number(means[1], 'amount')}"
    else:
        k = len(case.classes)
        codes = [np.asarray(y, np.int64) for y in (train.y, test.y)]
        parts = [np.bincount(c[c >= 0], minlength=k) / len(c) for c in codes]
        most = int(np.argmax(np.abs(parts[0] - parts[1])))
        a, b = (share(part[most]) for part in parts)
        what = f"“{case.classes[most]}” is {a} of train, {b}"
    large = effect >= settings.shift_share and not resampled
    severity: Severity = "warn" if large else "info"
    side = "in" if case.task == "regression" else "of"
    why = " Train's classes are of one size, as resampling makes them." if resampled else ""
    return [
        _leak(
            severity,
            "target",
            f"The target is not distributed alike: {what} {side} {judged}.{why}",
            {"difference": effect, "p": p},
        )
    ]


def _leak(severity: Severity, subject: str, message: str, evidence: dict[str, Any]) -> Leak:
    return Leak(DIFFER, severity, subject, message, ADVICE[DIFFER], evidence)


def _metric(judged: str, found: Apart, settings: LeakageSettings, rows: Compared | None) -> Metric:
    told = found.p <= LEVEL
    return Metric(
        name="train_judged_auc",
        label="AUC of telling train and judged rows apart",
        value=found.auc,
        unit="score",
        split=judged,
        n=0 if rows is None else len(rows.judged),
        threshold=settings.shift_auc,
        bound="at most",
        verdict="warn" if told and found.auc >= settings.shift_auc else "pass",
    )


def _table(judged: str, columns: Sequence[Column]) -> dict[str, Any]:
    shown = [c for c in columns if c.p <= LEVEL][:12] or list(columns[:3])
    return {
        "title": f"By what train and {judged} differ",
        "head": [["Column", "q"], ["Train", "n"], [judged.capitalize(), "n"], ["Difference", "n"]],
        "rows": [[c.name, c.of_train, c.of_judged, share(c.effect)] for c in shown],
        "note": "Mean; where means are alike the standard deviation (sd), or the share of rows up "
        "to where the two differ most; of categories the share that differs most. The difference "
        "is the largest between the two distributions.",
    }
