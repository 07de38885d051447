"""The evidence of a finding as plain values: numbers, parameters, arithmetic and misses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.job.claims import Claim
from reportgen.reconciliation.certificate import certificate, exact, named
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.hypothesis import PREFIX, Candidate
from reportgen.reconciliation.under_cause import by_claim
from reportgen.reconciliation.verdict import Answer, Baseline, Explanation, Miss, Settling


def candidate_of(answer: Answer, explanation: Explanation) -> dict[str, Any]:
    errors = [
        abs(value - float(claim.value))
        for base, candidates in zip(answer.baselines, explanation.candidates, strict=True)
        for claim, value in _valued(base, candidates)
        if value is not None
    ]
    told: dict[str, Any] = {
        "code": explanation.causes[0].code,
        "max_error": max(errors, default=None),
        "parameters": dict(explanation.parameters()),
        "accident": explanation.accident,
    }
    if len(explanation.causes) > 1:
        told["composed_with"] = [h.code for h in explanation.causes[1:]]
    if explanation.contained_in:
        told["contained_in"] = [PREFIX + name for name in explanation.contained_in]
    return told


def numbers_of(answer: Answer, explanation: Explanation) -> list[dict[str, Any]]:
    found = []
    for base, candidates in zip(answer.baselines, explanation.candidates, strict=True):
        for claim, value in _valued(base, candidates):
            if claim in base.off:
                found.append(
                    {"metric": claim.name, "split": claim.split, "reported": str(claim.value),
                     "explained": value}
                )  # fmt: skip
    return found[:24]


def certificate_of(
    evidence: Evidence, answer: Answer, explanation: Explanation
) -> list[dict[str, Any]]:
    """Arithmetic for each number that is off: anybody checks it."""
    found: list[dict[str, Any]] = []
    for base, candidates in zip(answer.baselines, explanation.candidates, strict=True):
        own = evidence.of(base.evaluation.output)
        split = base.evaluation.split
        world = own.world(split) if split in own.splits else None
        whole = [c for c in candidates if len(c.values) == len(base.evaluation.claims)]
        under = whole[-1].world if whole and whole[-1].world is not None else world
        for claim, value, candidate in by_claim(base, candidates):
            if claim not in base.off or candidate is None:
                continue
            alone = candidate if candidate in whole else None
            told = certificate(
                claim, value, candidate, explanation.causes[-1].name,
                world if alone is not None else under,
            )  # fmt: skip
            found.append(
                {"metric": claim.name, "split": claim.split, **named(told),
                 "value": None if value is None else exact(value),
                 "printed": str(claim.value)}
            )  # fmt: skip
    return found[:24]


def miss_of(miss: Miss) -> dict[str, Any]:
    return {
        "code": miss.cause.code,
        "matched": miss.matched,
        "of": len(miss.evaluation.claims),
        "max_error": miss.error,
        "parameters": dict(miss.candidate.parameters),
    }


def settling_of(one: Settling) -> dict[str, Any]:
    """A number that would decide: what it is under each explanation, by code."""
    claim = one.claim
    return {
        "metric": claim.name,
        "split": claim.split,
        "decimals": len(claim.value.text.partition(".")[2]),
        "under": {PREFIX + name: value for name, value in one.under.items()},
        "declared": one.declared,
    }


def _valued(
    base: Baseline, candidates: Sequence[Candidate]
) -> Iterator[tuple[Claim, float | None]]:
    """The numbers of an evaluation under an explanation."""
    for claim, value, _ in by_claim(base, candidates):
        yield claim, value
