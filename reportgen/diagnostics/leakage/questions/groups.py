"""Groups that stand on both sides: declared ones, and subjects hidden in a name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import listed, plural, score, share
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.rows import GROUP
from reportgen.diagnostics.leakage.found import Effect, Leak, Looked
from reportgen.diagnostics.leakage.keyed.folds import of_groups
from reportgen.diagnostics.leakage.keyed.grouping import Group, hidden
from reportgen.evidence import Case, settings_of
from reportgen.results import Metric, Severity
from reportgen.retraining.added import trained_splits

ORDER = 32
ADVICE = {c.code: c.advice for c in CODES}
NOTHING = 0.01  # score lost at most, where groups do no harm
EXAMPLES = 5


def look(case: Case, judged: str) -> Looked:
    """Judged rows of groups that the model was trained on."""
    if case.split("train").steps is not None:
        return Looked((GROUP,), untold={GROUP: "each label is a step of a sequence"})
    test = case.split(judged)
    if test.groups is not None and all(
        case.split(name).groups is not None for name in trained_splits(case)
    ):
        return _declared(case, judged)
    if judged not in case.dataset.splits or case.split("train").y is None:
        return Looked((GROUP,), untold={GROUP: "there is no training target"})
    found = hidden(case, judged)
    leaks = [_hidden(case, judged, group) for group in found[:1]]
    return Looked(
        (GROUP,),
        tuple(leaks),
        tables=tuple(_table(case, judged, group) for group in found[:1]),
        tried="parts of ids and texts as groups",
        method="No group is declared: parts of ids, names and texts were tried as one.",
    )


def _declared(case: Case, judged: str) -> Looked:
    def of(name: str) -> NDArray[Any]:
        groups = np.asarray(case.split(name).groups)
        return groups if groups.dtype != object else np.array([str(g) for g in groups])

    test = of(judged)
    trained = np.concatenate([of(name) for name in trained_splits(case)])
    shared = np.intersect1d(test, trained)
    reached = np.isin(test, shared)
    n = int(reached.sum())
    most = settings_of(case, LeakageSettings).group_share
    severity: Severity = "fail" if n / len(test) > most else "warn"
    metric = Metric(
        name="group_share",
        label="Rows whose group stands in train",
        value=n / len(test),
        unit="share",
        split=judged,
        n=len(test),
        threshold=most,
        bound="at most",
        verdict=severity if n else "pass",
    )
    tried = f"{plural(len(np.unique(test)), 'group')} of {judged} against train"
    if not n:
        return Looked((GROUP,), metrics=(metric,), tried=tried)
    total = len(np.unique(test))
    leak = Leak(
        GROUP,
        severity,
        judged,
        f"{n:,} of {len(test):,} rows of {judged} ({share(n / len(test))}) are of "
        f"{len(shared):,} groups that stand in train too, of {total:,} "
        f"({listed([str(g) for g in shared[:EXAMPLES]])}).",
        ADVICE[GROUP],
        {
            "rows": n,
            "share": n / len(test),
            "groups_shared": len(shared),
            "groups": total,
            "example_groups": [str(g) for g in shared[:20]],
            "example_rows": np.flatnonzero(reached)[:20],
        },
        of_groups(case, of, judged, case.rng("groups")),
        weigh,
    )
    return Looked((GROUP,), (leak,), metrics=(metric,), tried=tried)


def weigh(leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """Declared groups on both sides fail, but where training without them costs nothing."""
    if effect is not None and effect.alone.low <= 0 and effect.alone.value < NOTHING:
        return "warn", leak.message
    return leak.severity, leak.message


def weigh_hidden(leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """A group that nobody declared fails by what it costs."""
    if effect is None:
        return leak.severity, leak.message
    if effect.alone.low > 0:
        return "fail", leak.message
    if effect.alone.value < NOTHING and effect.members:
        return "info", f"{leak.message} Trained without them, nothing is lost."
    return leak.severity, leak.message


def _hidden(case: Case, judged: str, group: Group) -> Leak:
    known = {"train": group.train, judged: group.judged}
    shared = np.intersect1d(group.train[group.train >= 0], group.judged)
    reached = np.isin(group.judged, shared)
    n = len(group.judged)
    coded = all(name in known for name in trained_splits(case))
    alike = "the target is alike"
    if np.isfinite(group.alike):
        alike = f"the target and {share(group.alike)} of the numeric columns are alike"
    return Leak(
        GROUP,
        "warn",
        group.source.name,
        f"Rows that have {group.words} in common (as in “{group.example}”) make "
        f"{group.groups:,} groups, within which {alike} (agreement {score(group.kappa)} beyond "
        f"chance), and {share(reached.mean())} of {judged} are of groups that stand in train: is "
        "it a subject?",
        ADVICE[GROUP],
        {
            "rows": int(reached.sum()),
            "share": float(reached.mean()),
            "groups": group.groups,
            "groups_shared": len(shared),
            "kappa": group.kappa,
            "alike": group.alike,
            "key": group.words,
            "example": group.example,
            "n": n,
        },
        of_groups(case, lambda name: known[name], judged, case.rng("groups")) if coded else None,
        weigh_hidden,
    )


def _table(case: Case, judged: str, group: Group) -> dict[str, Any]:
    """Rows of one group, training rows beside judged rows."""
    shared = np.intersect1d(group.train[group.train >= 0], group.judged)
    rows = []
    for code in shared[:4]:
        a, b = np.flatnonzero(group.train == code), np.flatnonzero(group.judged == code)
        rows.append(
            [
                str(group.source.train[int(a[0])]),
                str(int(case.split("train").rows[a[0]])),
                str(group.source.judged[int(b[0])]),
                str(int(case.split(judged).rows[b[0]])),
                f"{len(a)} and {len(b)}",
            ]
        )
    return {
        "title": f"Rows that have {group.words} in common",
        "head": [["In train", "q"], ["Row", "n"], [f"In {judged}", "q"], ["Row", "n"],
                 ["Rows of the group", "n"]],
        "rows": rows,
        "note": "",
    }  # fmt: skip
