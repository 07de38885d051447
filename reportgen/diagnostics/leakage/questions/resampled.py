"""Rows that were made from others before the rows were split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount, plural, share
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.resampled import RESAMPLED
from reportgen.diagnostics.leakage.found import Cure, Leak, Looked
from reportgen.diagnostics.leakage.resampled.columns import numbers
from reportgen.diagnostics.leakage.resampled.made import LEAST, Made, across, interpolated, repeated
from reportgen.evidence import Case
from reportgen.models.tables import concatenate
from reportgen.statistics.clusters import copied_rows

ORDER = 70
ADVICE = {c.code: c.advice for c in CODES}
METHOD = (
    "A row is made when it lies between two near rows of its class to the last digit, or repeats "
    "one in a class of which alone rows repeat."
)


def look(case: Case, judged: str) -> Looked:
    """Judged rows that were made from others, or that training rows were made from."""
    if case.task not in ("binary", "multiclass"):
        return Looked((RESAMPLED,), untold={RESAMPLED: "there are no classes to be resampled"})
    names = [n for n, s in case.dataset.splits.items() if s.y is not None and s.n]
    sizes = np.cumsum([0, *(case.split(n).n for n in names)])
    of = {n: (int(sizes[i]), int(sizes[i + 1])) for i, n in enumerate(names)}
    y = np.concatenate([np.asarray(case.split(n).y) for n in names])
    first = np.zeros(len(y), dtype=bool)
    first[slice(*of[judged])] = True
    tables = [numbers(case.split(n).X) for n in names]
    known = [t for t in tables if t is not None]
    made, asked = ([], 0) if len(known) != len(names) else interpolated(
        np.concatenate(known), y, first
    )  # fmt: skip
    again = repeated(copied_rows(concatenate([case.split(n).X for n in names])), y)
    leaks, shown = [], []
    for kind, some in (("made", made), ("repeated", again)):
        reached, tied, ties = across(some, of, judged)
        if reached.sum() < LEAST:
            continue
        leaks.append(_leak(case, judged, kind, some, of, (reached, tied, ties), y))
        if kind == "made":
            shown.append(_table(case, of, ties))
    tried = f"{plural(asked, 'row')} as ones that lie between two others" if asked else ""
    detectable = plural(LEAST, "made row") if asked else ""
    return Looked(
        (RESAMPLED,), tuple(leaks[:1]), tables=tuple(shown), tried=tried,
        detectable="" if leaks else detectable, method=METHOD,
    )  # fmt: skip


def _leak(
    case: Case,
    judged: str,
    kind: str,
    made: Sequence[Made],
    of: dict[str, tuple[int, int]],
    crossing: tuple[NDArray[np.bool_], NDArray[np.bool_], list[tuple[int, int, int]]],
    y: NDArray[Any],
) -> Leak:
    reached, tied, ties = crossing
    start, stop = of[judged]
    inside = np.array([start <= row < stop for row, _, _ in ties])
    own = len({row for row, _, _ in ties if start <= row < stop})
    classes = [case.classes[one.code] for one in made]
    named = " and ".join(f"“{c}”" for c in classes[:2]) + (" and others" if classes[2:] else "")
    n = case.split(judged).n
    if kind == "repeated":
        what = (
            f"{int(reached.sum()):,} rows of {judged} are repeats of training rows, all of class "
            f"{named}, of which alone rows repeat: it was oversampled before the split."
        )
    elif inside.any():
        what = (
            f"{own:,} of {n:,} rows of {judged} ({share(own / n)}) lie exactly between two other "
            f"rows of class {named}: they were made (SMOTE) before the rows were split."
        )
    else:
        made_rows = len({row for row, _, _ in ties})
        what = (
            f"{made_rows:,} rows of train lie exactly between two rows of class {named} of which "
            f"one is in {judged}: they were made (SMOTE) from rows that the model is judged on."
        )
    counts = np.bincount(y[y >= 0])
    counts = counts[counts > 0]
    if len(counts) > 1 and counts.min() == counts.max():
        what += f" Over all splits together every class has exactly {counts[0]:,} rows."
    rows = {name: tied[a:b] for name, (a, b) in of.items() if name != judged and tied[a:b].any()}
    return Leak(
        RESAMPLED,
        "fail",
        f"class {named}"[:60],
        what,
        ADVICE[RESAMPLED],
        {
            "rows": own,
            "share": own / n,
            "classes": classes,
            "example_rows": np.flatnonzero(reached)[:20],
            "sources_judged": int((~inside).sum()),
        },
        Cure(rows=rows, reached=reached),
    )


def _table(
    case: Case, of: dict[str, tuple[int, int]], ties: Sequence[tuple[int, int, int]]
) -> dict[str, Any]:
    """A made row beside the two it lies between, a few columns of each."""
    names = case.dataset.features
    rows = []
    for row, a, b in ties[:3]:
        for what, place in (("made", row), ("between", a), ("and", b)):
            split, at = next((n, place - s) for n, (s, e) in of.items() if s <= place < e)
            table = numbers(_row(case, split, at))
            values = [] if table is None else table[0]
            rows.append([what, f"{split} {at}", *(amount(v, 5) for v in values[:5])])
    width = max((len(r) for r in rows), default=2) - 2
    head = [names[j] if j < len(names) else f"column {j}" for j in range(width)]
    return {
        "title": "Rows that were made, beside the two they lie between",
        "head": [["", ""], ["Row", "q"], *([name[:20], "n"] for name in head)],
        "rows": rows,
        "note": "Rows are counted from 0 in their split.",
    }


def _row(case: Case, split: str, at: int) -> Any:
    from reportgen.models.tables import take

    return take(case.split(split).X, at, at + 1)
