"""Copies in words and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.charts.numbers import plural, share
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.copies import EXACT
from reportgen.diagnostics.leakage.found import Cure, Leak
from reportgen.diagnostics.leakage.questions.copies.in_parts import InParts
from reportgen.diagnostics.leakage.questions.copies.pairs import Pair, row_cells
from reportgen.diagnostics.leakage.rows.twins import repeated
from reportgen.evidence import Case
from reportgen.results import Metric, Severity, Verdict

ADVICE = {c.code: c.advice for c in CODES}
EXAMPLES = 20
FAINT = 0.01  # p below which chance explains little
SAME_ROWS = 50  # times that each different row stands there on average, from which it is told
CLOSE = 0.005  # share of the equal rows that is not told of as explained by chance


def leak(case: Case, pair: Pair, *, judged: bool, settings: LeakageSettings) -> Leak:
    """The finding about two splits; info where chance explains what is equal."""
    n = pair.twins.n
    severity: Severity = "info"
    if pair.copied.any():
        past = pair.excess / pair.n > settings.duplicate_share
        severity = "fail" if judged and past else "warn"
    return Leak(
        EXACT,
        severity,
        pair.here if judged else f"{pair.here} in {pair.there}",
        message(pair),
        _advice(pair, case.dataset.id),
        {
            "rows": n,
            "share": n / pair.n,
            "same_label": pair.same_label,
            "expected_by_chance": pair.chance.expected,
            "p": pair.chance.p,
            "hidden_by": pair.hidden_by,
            "example_rows": np.flatnonzero(pair.copied if pair.copied.any() else pair.twins.mask)[
                :EXAMPLES
            ],
        },
        cure(pair, judged) if severity != "info" else None,
    )


def _advice(pair: Pair, numbered_by: str | None) -> str:
    """What to do; where a column hides copies, without it."""
    if pair.hidden_by is None and numbered_by is None:
        return ADVICE[EXACT]
    if pair.hidden_by is None:
        name = str(numbered_by).replace('"', "'")
        return (
            f'Drop the copies before splitting (`df[~df.drop(columns="{name}").duplicated()]`: '
            f"“{numbered_by}” makes every row look different), or split by the entity that "
            "repeats; then report the score anew."
        )
    name = pair.hidden_by.replace('"', "'")
    return (
        f"“{pair.hidden_by}” makes every row look different: declare it as `id:`, and drop copies "
        f'without it, before splitting (df[~df.drop(columns="{name}").duplicated()]), or split by '
        "the entity that repeats; then report the score anew."
    )


def message(pair: Pair) -> str:
    """How many rows stand in the other split, and what chance says to it."""
    n = pair.twins.n
    stand = "stands" if n == 1 else "stand"
    drawn = ""
    if pair.parts is not None and pair.parts.of_all is not None:
        drawn = f" drawn from {pair.parts.total_here:,}"
    words = (
        f"{n:,} of {plural(pair.n, 'row')} of {pair.here}{drawn} ({share(n / pair.n)}) {stand} in "
        f"{pair.there} word for word"
    )
    if pair.hidden_by is not None:
        words += f", but for the column “{pair.hidden_by}”, which numbers the rows and hides them"
    if pair.same_label is not None and pair.same_label < n:
        words += f", {pair.same_label:,} of them with the same label"
    words += "."
    if pair.parts is not None and pair.parts.of_all is not None:
        words += f" Of all its rows, {pair.parts.of_all:,} do."
    if not pair.copied.any():
        words += _few_rows(pair)
        if pair.chance.p < FAINT:
            return f"{words} So few cannot be told from chance."
        return f"{words} Chance explains them: rows that agree on most columns often agree on all."
    expected = pair.chance.expected / max(pair.chance.seen, 1) * n
    if expected >= 0.5:
        words += f" Chance explains about {expected:,.0f} of them."
    return words


def _few_rows(pair: Pair) -> str:
    """That nearly all equal rows are the same few, as defaults and failed readings are."""
    known = pair.twins.first[pair.twins.mask & (pair.twins.first >= 0)]
    each = np.unique(known, return_counts=True)[1]
    if pair.parts is not None or len(known) < SAME_ROWS * len(each):
        return ""
    one = f"{len(each):,} different rows, one of which" if len(each) > 1 else "one row, which"
    return (
        f" They are {one} stands {each.max():,} times "
        f"in {pair.here}: rather a default or a reading that failed than a case, and known to the "
        "model either way."
    )


def cure(pair: Pair, judged: bool) -> Cure | None:
    """Training rows that are copied leave; one copy of each judged row carries the leak."""
    if not judged:
        return None
    if pair.parts is not None:  # nothing is trained without rows that are not held
        return Cure(reached=pair.copied)
    others = pair.twins.others.copy()
    if not pair.copied[pair.twins.mask].all():  # those that chance explains stay
        others[:] = False
        others[pair.twins.first[pair.copied]] = True
    carriers = np.zeros(len(others), dtype=bool)
    carriers[pair.twins.first[pair.copied]] = True
    return Cure(rows={pair.there: others}, carriers={pair.there: carriers}, reached=pair.copied)


def metrics(case: Case, pair: Pair, settings: LeakageSettings) -> list[Metric]:
    """Shares of the judged rows and of train's own.

    Where chance explains some of what is equal, what goes beyond it is judged, on a line of its
    own, and not the share that is equal.
    """
    n, copied = pair.twins.n, bool(pair.copied.any())
    by_chance = n > 0 and (not copied or pair.excess < (1 - CLOSE) * n)
    beyond = pair.excess / pair.n if copied else 0.0
    verdict: Verdict = "pass"
    if copied:
        verdict = "fail" if beyond > settings.duplicate_share else "warn"
    judged: dict[str, Any] = {
        "threshold": settings.duplicate_share,
        "bound": "at most",
        "verdict": verdict,
    }
    stand = f"Rows that stand in {pair.there}"
    shares = [("duplicate_share", stand, n / pair.n, {} if by_chance else judged)]
    if by_chance:
        shares.append(("duplicate_share_beyond_chance", f"{stand} beyond chance", beyond, judged))
    told = [
        Metric(name=name, label=label, value=v, unit="share", split=pair.here, n=pair.n, **more)
        for name, label, v, more in shares
    ]
    if pair.parts is not None:
        return [*told, *_of_all(pair, pair.parts)]
    train = row_cells(case, pair.there)
    assert train is not None
    out = [train.names.index(pair.hidden_by)] if pair.hidden_by in train.names else []
    within = float(repeated(train.rows(out)).mean())
    return [
        *told,
        Metric(
            name="repeat_share_train",
            label="Training rows that repeat an earlier one",
            value=within,
            unit="share",
            split=pair.there,
            n=train.n,
        ),
    ]


def _of_all(pair: Pair, parts: InParts) -> list[Metric]:
    """The share of a whole split that is held in part."""
    if parts.of_all is None:
        return []
    value = parts.of_all / parts.total_here
    name, label = "duplicate_share_of_all", f"The same of all {parts.total_here:,} rows"
    return [
        Metric(
            name=name, label=label, value=value, unit="share", split=pair.here, n=parts.total_here
        )
    ]


def tried(pairs: list[Pair]) -> str:
    """What was compared."""
    return ", ".join(
        f"{plural(p.n, 'row')} of {p.here} against "
        + (p.there if p.parts is None else f"all {p.parts.total_there:,} of {p.there}")
        for p in pairs
    )


def detectable(pair: Pair) -> str:
    """The fewest copies that would have been told from chance."""
    least = pair.chance.detectable
    if pair.copied.any():
        return ""
    if not pair.twins.n:
        return f"one row of {pair.here} that stands in {pair.there} (none does)"
    return f"{plural(least, 'copy', 'copies')} in {pair.here} ({share(least / pair.n)})"
