"""The sentences of the reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.diagnostics.reconciliation.advice import more_numbers, of_a_cut
from reportgen.diagnostics.reconciliation.parameters import bracketed
from reportgen.diagnostics.reconciliation.phrases import (
    capital,
    counted,
    every,
    in_digits,
    listed,
    spoken,
)
from reportgen.reconciliation import rivals
from reportgen.reconciliation.deciding import ACCIDENT, STATISTICAL
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis
from reportgen.reconciliation.verdict import Answer, Explanation, Verdict

METHOD = (
    "Every reported number is recomputed as the job declares it and compared to its last printed "
    "digit. Where one does not come out, each known cause is tried, searched ones over all their "
    "values; a cause counts only if it gives every number of that evaluation. It is named alone "
    f"only if no other does, and if a wrong one would match by chance with less than {ACCIDENT:g}."
)


def subject(answer: Answer) -> str:
    """The splits that the numbers are of."""
    return ", ".join(dict.fromkeys(b.evaluation.split for b in answer.baselines))


def headline(verdict: Verdict) -> str:
    """The section's answer in a sentence or two."""
    known = sum(v is not None for b in verdict.baselines for v in b.values)
    off = sum(len(b.off) for b in verdict.baselines)
    if not off:
        loose = sum(len(b.loose) for b in verdict.baselines)
        if known == loose:
            return "Only running means of fit were reported; they need not come out."
        if known - loose == 1:
            return "The reported number comes out to its last printed digit."
        all_ = capital(every(known - loose))
        return f"{all_} reported numbers come out to the last printed digit."
    kinds = {a.kind for a in verdict.answers}
    if kinds == {"named"}:
        parts = [_named_headline(a) for a in verdict.answers[:2]]
        return f"{_share(off, known)} not come out as declared. {' '.join(parts)}"
    if kinds == {"unexplained"}:
        return f"{_share(off, known)} not come out, and no known cause explains it."
    if "named" in kinds:
        return f"{_share(off, known)} not come out; not all of it is explained."
    if len(verdict.answers) > 1:
        return f"{_share(off, known)} not come out, and what is known does not settle why."
    return f"{_share(off, known)} not come out. {_ambiguous_headline(verdict.answers[0])}"


def named(answer: Answer, explanation: Explanation, cause: Hypothesis) -> str:
    """What happened, with its parameters, and what speaks for it."""
    numbers = sum(len(b.off) for b in answer.baselines)
    both = len(explanation.causes) > 1
    what = f"{cause.meaning.rstrip('.')}{bracketed(_parameters(explanation, cause))}."
    came = "the number comes" if numbers == 1 else f"{every(numbers)} come"
    if explanation.by_ranges:
        lies = "the number lies" if numbers == 1 else f"{every(numbers)} lie"
        tail = (
            f" Under it {lies} within the simulated 99 % range, and nothing else fits: the match "
            "is statistical."
        )
    else:
        tail = (
            f" Under it {came} out to the last printed digit, and under none other of "
            f"{answer.tried:,} explanations tried."
        )
    if both:
        other = next(h for h in explanation.causes if h is not cause)
        tail = f" Together with {other.name} it gives every number to the last printed digit."
    held = ""
    if explanation.contained_in:
        held = f" {capital(listed(explanation.contained_in))} contains it as one value."
    return what + tail + held


def ambiguous(answer: Answer) -> str:
    """Which causes remain."""
    numbers = sum(len(b.off) for b in answer.baselines)
    left = answer.explanations
    first = answer.baselines[0].off[0]
    what = f"the {spoken(first)} of {first.value}"
    if numbers > 1:
        what = f"{every(numbers)} numbers that do not come out"
    if len(left) == 1:
        how = f"gives {what} to the digit"
        if left[0].by_ranges:
            how = f"has {what} within its simulated 99 % range"
        # The doubt stands in the first sentence, which may stand alone.
        only = f"Not certain, but only {_one(left[0])} {how}, {_among(answer)}."
        return f"{only} {_doubt(left[0])}"
    names = [_one(e) for e in left[:4]]
    more = f" and {len(left) - 4} more" if len(left) > 4 else ""
    number = capital(counted(len(left)))
    return f"{number} explanations give {what} to the digit: {listed(names)}{more}."


def _among(answer: Answer) -> str:
    among = f"of {answer.tried:,} explanations tried"
    if not answer.outweighed:
        return among
    names = listed([_one(e) for e in answer.outweighed[:3]])
    return f"{among}, apart from {names}, searched so freely that a match says nothing"


def _doubt(explanation: Explanation) -> str:
    """Why one candidate is not named: who else would print the same, and how probably."""
    if explanation.rivalled >= explanation.accident:
        whose = "another model that orders the rows about alike"
        if explanation.name == "shuffled-alignment":
            whose = "answers of a model without skill"
        elif explanation.rivalled == rivals.ONE_CLASS:
            whose = "another model that always answers that one class"
        elif not (_is_binary(explanation) and of_a_cut(explanation)):
            whose = "another model that answers as few rows otherwise"
    else:
        whose = "some cause that is not true"
    bound = STATISTICAL if explanation.by_ranges else ACCIDENT
    if explanation.accident >= 0.5:
        return f"{capital(whose)} would as likely as not print the same."
    return (
        f"{capital(whose)} would print the same with a probability of "
        f"{100 * explanation.accident:.2g} %; a cause is named below {100 * bound:g} %."
    )


def _is_binary(explanation: Explanation) -> bool:
    world = explanation.candidates[0][-1].world
    return world is None or world.task == "binary"


def unexplained(answer: Answer) -> str:
    """What does not come out, and how close the best cause came."""
    off = [c for b in answer.baselines for c in b.off]
    first = off[0]
    index = answer.baselines[0].evaluation.claims.index(first)
    value = answer.baselines[0].values[index]
    came = "" if value is None else f", but {in_digits(value, first)} comes out"
    start = f"{capital(spoken(first))} on {first.split} was reported as {first.value}{came}"
    others = f", and {counted(len(off) - 1)} more with it" if len(off) > 1 else ""
    closest = ""
    if answer.misses:
        miss = answer.misses[0]
        gives = f"gives {counted(miss.matched)} of {counted(len(miss.evaluation.claims))}"
        if not miss.matched:
            gives = f"is {miss.error:.2g} off"
        closest = f" The closest, {miss.cause.name}{bracketed(miss.candidate.parameters)}, {gives}."
    return f"{start}{others}. None of {answer.tried:,} explanations tried gives it.{closest}"


def lines(answer: Answer) -> list[str]:
    """An answer for a terminal: what is known, what to do, and the line that is usually wrong."""
    if answer.kind == "unexplained":
        return [unexplained(answer)]
    if answer.kind == "ambiguous":
        told = [ambiguous(answer), more_numbers(answer, "with `--threshold`")]
        told += [f"  {e.causes[0].code}: {e.causes[0].meaning}" for e in answer.explanations]
        return told + (_corrected(answer.explanations[0]) if len(answer.explanations) == 1 else [])
    explanation = answer.explanations[0]
    told = []
    for cause in explanation.causes:
        told += [f"{cause.code}: {named(answer, explanation, cause)}", cause.advice]
    return told + _corrected(explanation)


def _corrected(explanation: Explanation) -> list[str]:
    lines = []
    for cause in explanation.causes:
        if cause.wrong:
            lines += [f"  wrong  {wrong_line(explanation, cause)}", f"  right  {cause.right}"]
    return lines


#: The threshold that stands in the line of another threshold for the one that was used.
_SOME = "0.3"


def wrong_line(explanation: Explanation, cause: Hypothesis) -> str:
    """The line that is usually wrong, with the threshold that was found in place of some one."""
    found = explanation.parameters(cause).get("threshold")
    if cause.name != "decision-threshold" or not isinstance(found, list):
        return cause.wrong
    if len(found) != 2 or not all(isinstance(f, float) for f in found):
        return cause.wrong  # several fit
    low, high = found
    for places in range(1, 7):  # the roundest within
        limit = round((low + high) / 2, places)
        if low <= limit <= high:
            return cause.wrong.replace(_SOME, f"{limit:g}")
    return cause.wrong


def short(causes: Sequence[Hypothesis], candidate: Candidate | None = None) -> str:
    """A cause in a table: its meaning without the full stop."""
    text = " + ".join(h.meaning.rstrip(".") for h in causes)
    return text + (bracketed(candidate.parameters) if candidate is not None else "")


def _ambiguous_headline(answer: Answer) -> str:
    left = answer.explanations
    if len(left) > 1:
        names = listed([" with ".join(h.name for h in e.causes) for e in left[:4]])
        more = f" and {len(left) - 4} more" if len(left) > 4 else ""
        return f"{capital(counted(len(left)))} explanations are left: {names}{more}."
    return f"One explanation is left, and is not certain. {_named_headline(answer)}"


def _named_headline(answer: Answer) -> str:
    explanation = answer.explanations[0]
    return " ".join(
        f"{h.meaning.rstrip('.')}{bracketed(_parameters(explanation, h))}."
        for h in explanation.causes
    )


def _one(explanation: Explanation) -> str:
    return " with ".join(
        h.name + bracketed(_parameters(explanation, h)) for h in explanation.causes
    )


def _parameters(explanation: Explanation, cause: Hypothesis) -> Mapping[str, Any]:
    """What was chosen under a cause: of several that fit the first, but of thresholds each."""
    if explanation.chosen:
        return explanation.chosen.get(cause.name, {})
    each = [c.parameters for candidates in explanation.candidates for c in candidates]
    first = next((p for p in each if p), {})
    if "threshold" in first and len(first) == 1:
        return explanation.parameters(cause)
    return first


def _share(off: int, known: int) -> str:
    if known == 1:
        return "The reported number does"
    if off == known:
        return f"{capital(every(known))} reported numbers do"
    verb = "does" if off == 1 else "do"
    return f"{capital(counted(off))} of {counted(known)} reported numbers {verb}"
