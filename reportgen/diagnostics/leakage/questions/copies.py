"""Rows that stand in more than one split, word for word."""

from __future__ import annotations

import numpy as np

from reportgen.charts.numbers import plural, share
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.copies import EXACT
from reportgen.diagnostics.leakage.found import Cure, Leak, Looked
from reportgen.evidence import Case, settings_of
from reportgen.models.tables import concatenate
from reportgen.results import Metric
from reportgen.statistics.clusters import copied_rows

ORDER = 10
METHOD = "Rows are equal when all their features are; repeats that chance explains are no copies."
ADVICE = {c.code: c.advice for c in CODES}


def look(case: Case, judged: str) -> Looked:
    """Judged rows that equal a training row in all features."""
    train, test = case.split("train"), case.split(judged)
    codes = copied_rows(concatenate([train.X, test.X]))
    shared = np.zeros(test.n, dtype=bool)
    if codes is not None:
        shared = np.isin(codes[train.n :], codes[: train.n])
    n = int(shared.sum())
    settings = settings_of(case, LeakageSettings)
    metric = Metric(
        name="duplicate_share",
        label="Rows that stand in train",
        value=n / test.n,
        unit="share",
        split=judged,
        n=test.n,
        threshold=settings.duplicate_share,
        bound="at most",
        verdict="fail" if n / test.n > settings.duplicate_share else "warn" if n else "pass",
    )
    tried = f"{plural(test.n, 'row')} of {judged} against train"
    if codes is None or not n:
        return Looked((EXACT,), metrics=(metric,), tried=tried, method=METHOD)
    twins = np.isin(codes[: train.n], codes[train.n :])
    _, first = np.unique(np.where(twins, codes[: train.n], -1), return_index=True)
    carriers = np.zeros(train.n, dtype=bool)
    carriers[first] = True
    leak = Leak(
        EXACT,
        "fail" if n / test.n > settings.duplicate_share else "warn",
        judged,
        f"{n:,} of {test.n:,} rows of {judged} ({share(n / test.n)}) stand in train word for word.",
        ADVICE[EXACT],
        {"rows": n, "share": n / test.n, "example_rows": np.flatnonzero(shared)[:20]},
        Cure(rows={"train": twins}, carriers={"train": carriers & twins}, reached=shared),
    )
    return Looked((EXACT,), (leak,), metrics=(metric,), tried=tried, method=METHOD)
