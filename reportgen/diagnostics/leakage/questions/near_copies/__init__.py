"""Judged rows that are training rows with small changes."""

from __future__ import annotations

import numpy as np

from reportgen.charts.numbers import amount, listed, plural, share
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.near_copies import NEAR
from reportgen.diagnostics.leakage.found import Cure, Leak, Looked
from reportgen.diagnostics.leakage.questions.copies.tables import couples_table
from reportgen.diagnostics.leakage.questions.near_copies.measure import Near, Untold, measured
from reportgen.evidence import Case, settings_of
from reportgen.results import Metric, Severity

ORDER = 12
ADVICE = {c.code: c.advice for c in CODES}
SHOWN = 5
METHOD = (
    "A near copy lies much nearer to a training row than to the next ones, whatever the density; "
    "rows that are equal are no near copies."
)


def look(case: Case, judged: str) -> Looked:
    """Near copies of judged rows in train."""
    settings = settings_of(case, LeakageSettings)
    found = measured(case, judged, settings.near_duplicate_distance)
    if isinstance(found, Untold):
        return Looked((NEAR,), untold={NEAR: found.why})
    n, total = int(found.near.sum()), case.split(judged).n
    past = n / total > settings.near_duplicate_share
    metric = Metric(
        name="near_duplicate_share",
        label="Rows with a near copy in train",
        value=n / total,
        unit="share",
        split=judged,
        n=total,
        threshold=settings.near_duplicate_share,
        bound="at most",
        verdict="fail" if past else "warn" if n else "pass",
    )
    tried = f"{plural(found.looked, 'row')} of {judged} beside their nearest in train"
    if not n:
        detectable = found.detectable(settings.near_duplicate_share)
        return Looked(
            (NEAR,),
            metrics=(metric,),
            tried=tried,
            detectable=detectable,
            method=METHOD + found.how,
        )
    rows = np.flatnonzero(found.near)
    rows = rows[np.argsort(found.distance[rows], kind="stable")]
    couples = [(int(r), int(found.nearest[r])) for r in rows[:SHOWN]]
    series = {} if found.usual is None else found.series(judged)
    return Looked(
        (NEAR,),
        (_leak(case, judged, found, rows, "fail" if past else "warn"),),
        metrics=(metric,),
        tables=(
            couples_table(
                case,
                judged,
                "train",
                couples,
                first=found.moved_columns(couples),
                title=f"Rows of {judged} beside their near copies in train",
            ),
        ),
        series=series,
        tried=tried,
        method=METHOD + found.how,
    )


def _leak(case: Case, judged: str, found: Near, rows: np.ndarray, severity: Severity) -> Leak:
    n, total = len(rows), case.split(judged).n
    words = (
        f"{n:,} of {plural(total, 'row')} of {judged} ({share(n / total)}) "
        f"{'is a training row' if n == 1 else 'are training rows'} with small changes."
    )
    if found.usual is not None:
        far = float(np.median(found.distance[rows]))
        words += (
            f" They lie {amount(far, 2)} from their nearest in train, where training rows lie "
            f"{amount(found.usual, 2)} from theirs."
        )
    how = _how_changed(found, rows)
    if how:
        words += f" {listed([f'{k:,} of them {name}' for name, k in how.items()])}."
    out = np.zeros(case.split("train").n, dtype=bool)
    out[found.nearest[rows]] = True
    evidence = {
        **({"changed": how} if how else {}),
        "rows": n,
        "share": n / total,
        "p": found.p,
        "recall": found.recall,
        "looked_at": found.looked,
        "example_rows": rows[:20],
        "train_rows": found.nearest[rows[:20]],
    }
    return Leak(
        NEAR,
        severity,
        judged,
        words,
        ADVICE[NEAR],
        evidence,
        Cure(rows={"train": out}, reached=found.near),
    )


def _how_changed(found: Near, rows: np.ndarray) -> dict[str, int]:
    """What was done to pictures beyond light, coding and place, with how many."""
    if found.how_changed is None:
        return {}
    names, counts = np.unique(found.how_changed[rows], return_counts=True)
    return {str(name): int(k) for name, k in zip(names, counts, strict=True) if name}
