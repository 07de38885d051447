"""The search over all causes, for the numbers that were reported of this model."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.diagnostic import NotApplicable
from reportgen.evidence import Case
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.laboratory import Asked
from reportgen.reconciliation.search import explain
from reportgen.reconciliation.several_outputs import evidence_of_outputs
from reportgen.reconciliation.verdict import Verdict


@dataclass(frozen=True)
class Measured:
    """The verdict on a case's reported numbers, and what it was reached from."""

    evidence: Evidence
    verdict: Verdict


def measured(case: Case) -> Measured:
    """Tries every cause on every evaluation that does not come out.

    Raises
    ------
    NotApplicable
        if nothing was reported, or nothing of it can be computed again.
    """
    if not case.claims:
        raise NotApplicable("no numbers were reported of this model")
    claims = tuple(c for c in case.claims if not _in_part(case, c.split))
    if not claims:
        raise NotApplicable(
            "the reported numbers are of splits that are larger than memory: they are computed "
            "again, and why one differs is not looked for"
        )
    live = case.predictor.framework != "predictions"
    evidence = evidence_of_outputs(case, Asked if live else None)
    verdict = explain(evidence, claims)
    known = [b for b in verdict.baselines if len(b.unknown) < len(b.values)]
    if not known:
        why = next((w for b in verdict.baselines for w in b.unknown.values()), "")
        raise NotApplicable(f"none of the reported numbers can be computed again: {why}")
    return Measured(evidence, verdict)


def _in_part(case: Case, split: str) -> bool:
    """Whether a split is larger than memory, so that only some of its rows are held."""
    return split in case.dataset.splits and case.split(split).whole is not None
