"""The table of reported numbers: beside what comes out, and beside what explains them."""

from __future__ import annotations

from typing import Any

from reportgen.diagnostics.reconciliation.phrases import spoken
from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.under_cause import by_claim
from reportgen.reconciliation.verdict import Answer, Baseline, Verdict
from reportgen.reconciliation.world import World

MOST_NUMBERS = 240


def shown_numbers(evidence: Evidence, verdict: Verdict) -> list[dict[str, Any]]:
    """Rows for the section's table, at most ``MOST_NUMBERS``.

    Those that are off come first, and of alike ones cells of a matrix last.
    """
    rows: list[tuple[int, dict[str, Any]]] = []
    for base in verdict.baselines:
        explained, certain = _explained(base, verdict.answers)
        for claim, value in zip(base.evaluation.claims, base.values, strict=True):
            row = _row(claim, value, base, explained.get(claim), claim in certain)
            if claim in base.off and value is not None:
                seen = evidence.of(base.evaluation.output).world(base.evaluation.split)
                row |= _rows_apart(claim, value, seen)
            rows.append((2 * (claim not in base.off) + (claim.metric == "cell"), row))
    ordered = [row for _, row in sorted(rows, key=lambda r: r[0])]
    return ordered[:MOST_NUMBERS]


def _explained(
    base: Baseline, answers: tuple[Answer, ...]
) -> tuple[dict[Claim, float | None], set[Claim]]:
    """Values under the one cause left of this evaluation, and of which claims it is certain."""
    found: dict[Claim, float | None] = {}
    certain: set[Claim] = set()
    for answer in answers:
        if answer.sole is None:
            continue
        if answer.kind == "named":
            certain |= {c for b in answer.baselines for c in b.off}
        pairs = zip(answer.baselines, answer.sole.candidates, strict=True)
        for judged, candidates in pairs:
            if set(judged.evaluation.claims) <= set(base.evaluation.claims):
                found |= {c: value for c, value, _ in by_claim(judged, candidates)}
    return found, certain


def _row(
    claim: Claim, value: float | None, base: Baseline, explained: float | None, certain: bool
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
        told["certain"] = certain
    return told


def _rows_apart(claim: Claim, value: float, world: World) -> dict[str, Any]:
    """The difference in rows, where the number is a share of counted rows."""
    if claim.weighted or world.labels is None or world.truth.ndim != 1:
        return {}
    if claim.metric == "accuracy":
        of, words = world.n, ("more right", "fewer right")
    elif claim.metric == "recall" and claim.per_class in world.classes:
        of = int((world.truth == world.classes.index(claim.per_class)).sum())
        words = ("more found", "fewer found")
    elif claim.metric == "recall" and claim.average == "binary" and world.positive is not None:
        of, words = int((world.truth == world.positive).sum()), ("more found", "fewer found")
    else:
        return {}
    rows = round((float(claim.value) - value) * of)
    return {"rows": abs(rows), "of": of, "rows_words": words[rows < 0]} if rows else {}
