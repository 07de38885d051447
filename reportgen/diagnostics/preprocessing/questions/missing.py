"""Whether values are missing otherwise in scoring than in training, or stand in as a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount, plural, share
from reportgen.diagnostics.preprocessing.answer import Answer, table
from reportgen.diagnostics.preprocessing.columns import finite, thinned
from reportgen.diagnostics.preprocessing.declared import CODES, MISSING, PreprocessingSettings
from reportgen.diagnostics.preprocessing.received import Column, Place, Received
from reportgen.evidence import Case
from reportgen.results import Finding, Severity
from reportgen.statistics.corrections import holm

Floats = NDArray[np.float64]
ADVICE = next(c.advice for c in CODES if c.code == MISSING)
#: Numbers that people write for a missing one.
PLACEHOLDERS = (
    -1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0, 99.0, 999.0, 9999.0, 99999.0,
    999999.0, -32768.0, 2147483647.0, -2147483648.0,
)  # fmt: skip
#: Quantities of living beings that are never 0, as columns name them.
NEVER_ZERO = re.compile(
    r"glucose|insulin|bmi\b|body.?mass|skin|blood.?p|\bbp\b|trestbps|systolic|diastolic|cholest|"
    r"\bchol\b|heart.?rate|pulse|\bheight|\bweight\b",
    re.IGNORECASE,
)
FEW = 3  # rows with a placeholder
MOST_LISTED = 8


@dataclass(frozen=True)
class Gap:
    """Missing values of a column in train and in a split, and the chance that a cut does it."""

    column: str
    train: int
    n_train: int
    split: int
    n: int
    p: float


def look(case: Case, rows: Received, settings: PreprocessingSettings) -> Answer:
    """Gaps by split at the first place where they differ; then placeholders in the data."""
    others = [n for n in ("test", "validation") if n in case.dataset.splits and case.split(n).n]
    found: list[Finding] = []
    tables: list[dict[str, Any]] = []
    flagged: list[str] = []
    detectable = ""
    for name in others if "train" in case.dataset.splits else ():
        for place in rows.places:
            gaps = _gaps(case, place, name)
            told = _differing(gaps, settings)
            detectable = detectable or _detectable(case, place, name, settings)
            if told:
                found.append(_finding(place, name, told, settings))
                tables.append(_table(name, told))
                flagged += [g.column for g in told]
                break
            if any(not g.train and g.split for g in gaps):
                found.append(_by_chance(place, name, [g for g in gaps if not g.train and g.split]))
                break
    found += _placeholders(rows.data, case)
    if not found and not others:
        return Answer(MISSING, untold="there is no second split to compare with train")
    headline = ""
    severe = [f for f in found if f.severity == "warn"]
    if severe:
        headline = f"Not quite. {severe[0].message}"
    return Answer(MISSING, tuple(found), detectable=detectable, tables=tuple(tables),
                  headline=headline, flagged=tuple(flagged))  # fmt: skip


def missing(column: Column, name: str) -> NDArray[np.bool_]:
    values = column.by[name]
    if column.numeric:
        return np.asarray(np.isnan(values))
    return np.array([v is None or not str(v).strip() for v in values], dtype=bool)


def _gaps(case: Case, place: Place, name: str) -> list[Gap]:
    found = []
    for column in place.columns:
        if not {"train", name} <= set(column.by):
            continue
        a, b = missing(column, "train"), missing(column, name)
        if not a.any() and not b.any():
            continue
        units = (case.split("train").units, case.split(name).units)
        p = _chance(a, b, *units)
        found.append(Gap(column.name, int(a.sum()), len(a), int(b.sum()), len(b), p))
    return found


def _chance(
    a: NDArray[np.bool_], b: NDArray[np.bool_], groups: Any, others: Any
) -> float:  # fmt: skip
    """Of shares so far apart: Fisher's exact test, or Welch's on shares by group."""
    from scipy import stats

    if groups is not None and others is not None and len(groups) == len(a):
        own, theirs = _by_group(a, groups), _by_group(b, others)
        if min(len(own), len(theirs)) < 3:
            return 1.0
        if own.std() + theirs.std() == 0:
            return 0.0 if own.mean() != theirs.mean() and min(len(own), len(theirs)) > 9 else 1.0
        return float(stats.mannwhitneyu(own, theirs).pvalue)
    cells = [[int(a.sum()), int((~a).sum())], [int(b.sum()), int((~b).sum())]]
    return float(stats.fisher_exact(cells).pvalue)


def _by_group(gone: NDArray[np.bool_], groups: Any) -> Floats:
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    return np.asarray(np.bincount(codes, gone) / np.bincount(codes))


def _differing(gaps: Sequence[Gap], settings: PreprocessingSettings) -> list[Gap]:
    adjusted = holm([g.p for g in gaps])
    told = [
        g
        for g, p in zip(gaps, adjusted, strict=True)
        if p <= settings.alpha
        and (not g.train or abs(g.split / g.n - g.train / g.n_train) >= settings.least_missing)
    ]
    return sorted(told, key=lambda g: -abs(g.split / g.n - g.train / g.n_train))


def _words(place: Place) -> str:
    return "" if place.key == "data" else f" ({place.words})"


def _finding(place: Place, name: str, told: list[Gap], settings: PreprocessingSettings) -> Finding:
    g = told[0]
    new = [t for t in told if not t.train]
    if new:
        g = new[0]
        message = (
            f"“{g.column}” is missing in {g.split:,} of {g.n:,} {name} rows and in no row of train"
            f"{_words(place)}."
        )
    else:
        message = (
            f"“{g.column}” is missing in {share(g.split / g.n)} of {name} and in "
            f"{share(g.train / g.n_train)} of train{_words(place)}."
        )
    if told[1:]:
        message += f" {plural(len(told) - 1, 'other column')} likewise."
    return Finding(
        code=MISSING, severity="warn", subject=f"{name}, {plural(len(told), 'column')}",
        message=message, advice=ADVICE,
        evidence={"split": name, "place": place.key, "columns": [t.column for t in told[:50]],
                  "columns_total": len(told), "rows": g.split, "share": g.split / g.n,
                  "share_in_train": g.train / g.n_train, "p": g.p},
    )  # fmt: skip


def _by_chance(place: Place, name: str, gaps: list[Gap]) -> Finding:
    g = max(gaps, key=lambda gap: gap.split)
    return Finding(
        code=MISSING, severity="info", subject=f"{name}, {plural(len(gaps), 'column')}",
        message=f"“{g.column}” is missing in {plural(g.split, f'{name} row')} and in none of train"
        f"{_words(place)}; so few a random cut brings about.",
        evidence={"split": name, "place": place.key, "columns": [t.column for t in gaps[:50]],
                  "rows": g.split, "p": g.p},
    )  # fmt: skip


def _table(name: str, told: list[Gap]) -> dict[str, Any]:
    head = [("Column", "q"), ("Missing in train", "n"), ("Share", "n"), (f"Missing in {name}", "n"),
            ("Share", "n")]  # fmt: skip
    rows = [[g.column, f"{g.train:,}", share(g.train / g.n_train), f"{g.split:,}",
             share(g.split / g.n)] for g in told[:MOST_LISTED]]  # fmt: skip
    more = len(told) - MOST_LISTED
    return table(f"Values that are missing otherwise in {name}", head, rows,
                 f"And {plural(more, 'column')} more." if more > 0 else "")  # fmt: skip


def _detectable(case: Case, place: Place, name: str, settings: PreprocessingSettings) -> str:
    """Gaps in a split that would have been told, where train has none."""
    n_train, n = case.split("train").n, case.split(name).n
    if case.split(name).units is not None or not place.columns:
        return ""
    for k in range(1, n + 1):
        # C(n, k) / C(N, k): all k gaps of the two splits in this one
        odds = np.prod([(n - i) / (n_train + n - i) for i in range(k)])
        if odds <= settings.alpha:
            return f"{plural(k, 'gap')} where train has none"
        if k > 200:
            break
    return ""


@dataclass(frozen=True)
class _Stands:
    column: str
    value: float
    rows: int
    n: int
    nearest: float
    severity: Severity
    named: bool


def _placeholders(place: Place, case: Case) -> list[Finding]:
    stands = [one for c in place.numbers for one in _of_column(c)]
    grave = [s for s in stands if s.severity == "warn"]
    mild = [s for s in stands if s.severity == "info"]
    found = []
    for same, severity in ((grave, "warn"), (mild, "info")):
        if not same:
            continue
        s = max(same, key=lambda one: one.rows)
        others = [f"“{o.column}”" for o in same if o is not s]
        so = (
            f" So do {plural(len(others), 'other column')}: {', '.join(others[:4])}."
            if others
            else ""
        )
        why = ", which this quantity never is" if s.named else ""
        found.append(
            Finding(
                code=MISSING,
                severity="warn" if severity == "warn" else "info",
                subject=plural(len(same), "column"),
                message=f"“{s.column}” is {amount(s.value)} in {s.rows:,} of {s.n:,} rows{why}; "
                f"the nearest other value is {amount(s.nearest)}. It stands for a missing one.{so}"
                if severity == "warn"
                else f"“{s.column}” is {amount(s.value)} in {s.rows:,} of {s.n:,} rows and "
                f"otherwise {amount(s.nearest)} at the nearest: is it a placeholder, or a cap?"
                f"{_likewise(others)}",
                advice="Turn the placeholder into a missing value before anything is scaled, and "
                "impute it with an indicator column."
                if severity == "warn"
                else "",
                evidence={
                    "columns": [o.column for o in same[:50]],
                    "value": s.value,
                    "rows": s.rows,
                    "share": s.rows / s.n,
                    "nearest": s.nearest,
                },
            )
        )
    return found


def _likewise(others: list[str]) -> str:
    return f" Likewise {', '.join(others[:4])}." if others else ""


def _of_column(column: Column) -> list[_Stands]:
    values = finite(np.concatenate(list(column.by.values())))
    n = len(values)
    if n < 20:
        return []
    some = thinned(values)
    distinct, counts = np.unique(some, return_counts=True)
    if len(distinct) < 4:
        return []
    for value in PLACEHOLDERS:
        at = np.searchsorted(distinct, value)
        if at == len(distinct) or distinct[at] != value or counts[at] < FEW:
            continue
        if 0 < at < len(distinct) - 1:
            continue
        rest = np.delete(distinct, at)
        nearest = rest[0] if at == 0 else rest[-1]
        rows = int((values == value).sum())
        far = abs(nearest - value) / max(float(np.ptp(rest)), 1e-300)
        if len(rest) > 2 and far > 1:
            # Beyond the top of a long tail a customary number may be a cap.
            sure = value < 0 or (far > 3 and (some == 0).mean() < 0.5)
            return [
                _Stands(
                    column.name, value, rows, n, float(nearest), "warn" if sure else "info", False
                )
            ]
        if value == -1 and at == 0 and nearest >= 0 and rows >= 0.05 * n and len(rest) > 20:
            return [_Stands(column.name, value, rows, n, float(nearest), "info", False)]
    if distinct[0] == 0 and counts[0] >= FEW and NEVER_ZERO.search(column.name):
        steps = np.diff(distinct[1:21])
        rows = int((values == 0).sum())
        far = len(steps) > 3 and distinct[1] >= 3 * float(np.median(steps))
        if far and rows < 0.6 * n and len(distinct) > 10:
            return [_Stands(column.name, 0.0, rows, n, float(distinct[1]), "warn", True)]
    return []
