"""The numbers of an evaluation under an explanation, each with what gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.job.claims import Claim
from reportgen.reconciliation.digits import prints_same
from reportgen.reconciliation.hypothesis import Candidate
from reportgen.reconciliation.verdict import Baseline


def by_claim(
    base: Baseline, candidates: Sequence[Candidate]
) -> Iterator[tuple[Claim, float | None, Candidate | None]]:
    """The numbers of an evaluation under an explanation, each with the candidate that gives it.

    Causes of single numbers have a candidate for each that is off; where a cause of the whole
    evaluation comes first, for each that is off under it.
    """
    claims = base.evaluation.claims
    whole = [k for k, c in enumerate(candidates) if len(c.values) == len(claims)]
    values, first = (base.values, None) if not whole else (
        candidates[whole[-1]].values, candidates[whole[-1]]
    )  # fmt: skip
    own = iter(candidates[whole[-1] + 1 :] if whole else candidates)
    for claim, value in zip(claims, values, strict=True):
        off = claim in base.off if first is None else not _prints(value, claim)
        single = next(own, None) if off else None
        if single is None:
            yield claim, value, first
        else:
            yield claim, single.values[0], single


def _prints(value: float | None, claim: Claim) -> bool:
    return value is not None and prints_same(value, claim.value)
