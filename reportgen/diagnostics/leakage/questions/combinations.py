"""Columns that give the target together: a sum, a difference, a product, a ratio."""

from __future__ import annotations

from reportgen.charts.numbers import share
from reportgen.diagnostics.leakage.alone.combined import Combination, combinations
from reportgen.diagnostics.leakage.alone.values import why_none
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.columns import COMBINATION
from reportgen.diagnostics.leakage.found import Cure, Leak, Looked
from reportgen.diagnostics.leakage.questions.columns import weigh
from reportgen.evidence import Case

ORDER = 22
ADVICE = {c.code: c.advice for c in CODES}


def look(case: Case, judged: str) -> Looked:
    """Combinations that give the target to its rounding, or all but a trace of it."""
    why = why_none(case) or _why_not(case)
    if why:
        return Looked((COMBINATION,), untold={COMBINATION: why})
    found = combinations(case, judged)
    return Looked(
        (COMBINATION,),
        tuple(_leak(case, one) for one in found),
        tried="pairs of columns combined",
        method="Combinations are searched by least squares on all pairs of columns, and of their "
        "logarithms."
        if case.task == "regression"
        else "",
    )


def _why_not(case: Case) -> str:
    if case.dataset.kind in ("images", "text"):
        return f"{case.dataset.kind} have no columns that could be combined"
    if case.task not in ("regression", "binary"):
        return f"it is asked of one number or of two classes, not of {case.task} targets"
    return ""


def _leak(case: Case, one: Combination) -> Leak:
    target = case.dataset.target[0] if case.dataset.target else "the target"
    if case.task == "regression":
        how = "in every row" if one.exact else f"but for {share(one.left)} of its variation"
        what = f"{one.words} gives “{target}” {how}; the better of them alone leaves " + (
            f"{share(one.single)}"
        )
    else:
        what = (
            f"{one.words} parts the classes without an error; the better of them alone gets "
            f"{share(one.single)} of the rows wrong"
        )
    known = all(name in case.dataset.features for name in one.names)
    return Leak(
        COMBINATION,
        "fail" if one.exact else "warn",
        " and ".join(one.names),
        f"{what}.",
        ADVICE[COMBINATION],
        {
            "columns": list(one.names),
            "form": one.form,
            "left": one.left,
            "exact": one.exact,
            "left_by_better_alone": one.single,
        },
        Cure(columns=one.names) if known else None,
        weigh,
    )
