"""What would settle what reported numbers leave open, in words."""

from __future__ import annotations

from reportgen.diagnostics.reconciliation.phrases import in_digits, listed, spoken
from reportgen.job.claims import Claim
from reportgen.reconciliation import rivals
from reportgen.reconciliation.digits import prints_same
from reportgen.reconciliation.verdict import Answer, Explanation, Settling


def more_numbers(answer: Answer, where: str = "under `decision:`") -> str:
    """What would settle it, and what to do if the one candidate is the cause."""
    left = answer.explanations
    told = _settled(answer)
    if len(left) > 1:
        general = "Report more numbers of the same evaluation, or more digits: each rules"
        return told or f"{general} causes out."
    one = left[0]
    advice = " ".join(h.advice for h in one.causes)
    if one.by_ranges:
        return (
            "No further digit can settle it, as such an evaluation never comes out twice alike: "
            f"repeat it, and if its numbers change, this is it. If so: {advice}"
        )
    if of_a_cut(one):
        cut = f"Ask which threshold was used and declare it {where}, to be certain: the numbers"
        return " ".join([f"{cut} are then recomputed at it.", told]).strip()
    told = told or "Report more numbers of the same evaluation, or more digits, to be certain."
    return f"{told} If so: {advice}"


def _settled(answer: Answer) -> str:
    """Which number to look up, what it is under each explanation, and what as declared."""
    if len(answer.explanations) > 1:
        return " ".join(_told_apart(one) for one in answer.settling)
    alike = [one for one in answer.settling if _is_as_declared(one)]
    other = [one for one in answer.settling if one not in alike]
    told = []
    if other:
        each = [f"{_asked(answer, one.claim)}, {_under(one)}" for one in other]
        told.append(f"To be certain, ask for {'; or for '.join(each)}.")
    if alike:
        each = [
            f"the {spoken(one.claim)}, here {in_digits(_first(one), one.claim)}" for one in alike
        ]
        told.append(
            f"Or ask for {' or '.join(each)}: if that is what came out, it is certain, since no "
            "threshold changes it and another model has its own."
        )
    return " ".join(told)


def _told_apart(one: Settling) -> str:
    said = [f"{in_digits(value, one.claim)} under {name}" for name, value in one.under.items()]
    return f"More digits tell them apart: the {spoken(one.claim)} is {listed(said)}."


def _asked(answer: Answer, claim: Claim) -> str:
    reported = [c for b in answer.baselines for c in b.off if c.name == claim.name]
    what = f"the {spoken(claim)} on {claim.split}"
    if not any(c.split == claim.split for c in reported):
        return what
    return f"more digits of {what}"


def _under(one: Settling) -> str:
    own = "" if one.declared is None else f" and {in_digits(one.declared, one.claim)} as declared"
    return f"{in_digits(_first(one), one.claim)} under this cause{own}"


def _first(one: Settling) -> float:
    return next(iter(one.under.values()))


def _is_as_declared(one: Settling) -> bool:
    return one.declared is not None and prints_same(one.declared, one.claim.value)


def of_a_cut(explanation: Explanation) -> bool:
    every = (c for candidates in explanation.candidates for c in candidates)
    return bool(rivals.intervals_of(c.parameters for c in every))
