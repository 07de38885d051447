"""The table of reported numbers: beside what comes out, and beside what explains them."""

from __future__ import annotations

from typing import Any

from reportgen.diagnostics.reconciliation.words import spoken
from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.search import Answer, Baseline, Verdict

MOST_NUMBERS = 24
#: Metrics that are shares of counted rows, so that a difference is one of rows.
_OF_ROWS = {"accuracy": "right"}


def shown_numbers(verdict: Verdict) -> list[dict[str, Any]]:
    """Rows for the section's table, those that are off first, at most ``MOST_NUMBERS``."""
    rows: list[tuple[int, dict[str, Any]]] = []
    for base in verdict.baselines:
        explained = _explained(base, verdict.answers)
        for claim, value in zip(base.evaluation.claims, base.values, strict=True):
            rows.append((claim not in base.off, _row(claim, value, base, explained.get(claim))))
    ordered = [row for _, row in sorted(rows, key=lambda r: r[0])]
    return ordered[:MOST_NUMBERS]


def _explained(base: Baseline, answers: tuple[Answer, ...]) -> dict[Claim, float | None]:
    """Values under the named cause of this evaluation, for all that it speaks of."""
    for answer in answers:
        if answer.kind != "named" or base not in answer.baselines:
            continue
        candidates = answer.explanations[0].candidates[answer.baselines.index(base)]
        whole = [c for c in candidates if len(c.values) == len(base.evaluation.claims)]
        if whole:
            return dict(zip(base.evaluation.claims, whole[-1].values, strict=True))
        own = iter(candidates)
        return {c: next(own).values[0] for c in base.off[: len(candidates)]}
    return {}


def _row(
    claim: Claim, value: float | None, base: Baseline, explained: float | None
) -> dict[str, Any]:
    agrees = None if value is None else digits.prints_same(value, claim.value)
    told: dict[str, Any] = {
        "metric": spoken(claim),
        "split": claim.split,
        "reported": str(claim.value),
        "recomputed": value,
        "agrees": None if claim in base.loose else agrees,
        "places": len(claim.value.text.partition(".")[2]),
        "percent": claim.value.percent,
    }
    if claim in base.unknown:
        told["reason"] = base.unknown[claim]
    if explained is not None and claim in base.off:
        told["explained"] = explained
    return told
