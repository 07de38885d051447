"""The numbers of the figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.diagnostics.metrics.cells import RANKS
from reportgen.diagnostics.metrics.known import Examined, classes_of
from reportgen.diagnostics.metrics.seeds import Flat, Moves
from reportgen.diagnostics.metrics.smallest import table
from reportgen.evidence import Case

if TYPE_CHECKING:
    from reportgen.diagnostics.metrics.prepare import Prepared

MOST = 20  # metrics in the tables
DRAWN = 4  # of which probes are listed


def of_examined(every: Sequence[Examined], case: Case, prepared: Prepared) -> dict[str, Any]:
    """A row a metric, examples and sweeps of those that are wrong, and what was not run."""
    series: dict[str, Any] = {}
    if every:
        series["metrics"] = [_row(one, prepared.rows.threshold) for one in every[:MOST]]
        series["metrics_total"] = len(every)
    wrong = [one for one in every if one.wrong and (one.found or one.meaning.sure)]
    if wrong:
        series["probes"] = [
            {"name": one.name, "reference": one.definition.words if one.definition else None,
             "probes": [{"name": n, "words": w, "value": v, "reference": r}
                        for n, w, v, r in one.probes]}
            for one in wrong[:DRAWN]
        ]  # fmt: skip
        series["examples"] = [
            {"name": one.name, "rows": table(one.example, classes_of(_of(case, one), one)),
             "says": one.example.value, "reference": one.example.reference,
             "worked": one.example.worked,
             "given": "Probability" if one.example.rows.scored else "Label",
             "numbers": one.example.rows.task == "regression",
             "unit": "score" if one.meaning.bounded else "ratio"}
            for one in wrong[:DRAWN] if one.example is not None
        ]  # fmt: skip
        series["sweeps"] = [
            {"name": one.name, "reference": one.definition.words if one.definition else "",
             "threshold": [t for t, _, _ in one.sweep], "value": [v for _, v, _ in one.sweep],
             "right": [r for _, _, r in one.sweep]}
            for one in wrong[:2] if one.sweep
        ]  # fmt: skip
    if prepared.foreign:
        series["not_run"] = list(prepared.foreign[:MOST])
    return series


def _of(case: Case, one: Examined) -> Case:
    return case if one.head is None else case.of_head(one.head)


def _row(one: Examined, threshold: float) -> dict[str, Any]:
    if one.meaning.family is None:
        meant = f"not said; it is {one.is_also.words}" if one.is_also else "not said by its name"
    else:
        meant = one.definition.words if one.definition is not None else one.meaning.words
    if one.agrees is not None:
        verdict = "right" + (f", {one.agrees.how}" if one.agrees.how else "")
        at = one.agrees.threshold
        if at is not None and at != threshold and one.meaning.family not in RANKS:
            verdict += f", with labels above {at:g}, where the job decides at {threshold:g}"
    elif one.form is None:
        verdict = "gives no number"
    elif one.random:
        verdict = "gives another number each time"
    elif one.wrong and (one.found or one.meaning.sure):
        verdict = "wrong"
    else:
        verdict = "not judged"
    return {
        "name": one.name, "python": one.python, "meant": meant, "value": one.value,
        "reference": one.reference, "verdict": verdict, "bounded": one.meaning.bounded,
        "form": one.form.words if one.form else None, "notes": list(one.notes[:4]),
    }  # fmt: skip


def of_moves(over: Sequence[Moves], flat: Flat | None) -> dict[str, Any]:
    """Each metric over the members, the watched ones marked."""
    if not over:
        return {}
    return {
        "seeds": [
            {"name": m.name, "label": m.label, "values": list(m.values[:100]), "sd": m.sd,
             "watched": m.watched}
            for m in over
        ],
        "flat": None if flat is None else {"flat": flat.flat.name, "moving": flat.moving.name},
    }  # fmt: skip
