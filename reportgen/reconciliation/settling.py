"""Which number that was not reported would settle what the reported ones leave open.

More digits of a reported number, where that has more to say: a share of counted rows has as many
values as there are rows. A number of the scores, where another model could have met those of the
labels: it has its own. Each is told as it is under the explanation, so that whoever finds it can
compare. Or the same number of another split, where the mistake is one of a single number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reportgen.job.claims import Claim, of_number
from reportgen.job.printed import Printed
from reportgen.reconciliation import digits, rivals
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import declared, kind_of
from reportgen.reconciliation.quantities import possible
from reportgen.reconciliation.trial import Trial, way_of
from reportgen.reconciliation.under_cause import by_claim
from reportgen.reconciliation.verdict import Explanation, Settling

#: Digits that are asked for beyond those that were printed, and in all.
MOST_MORE = 3
#: Numbers of the scores that people print, and with how many decimals.
OF_SCORES = ("log_loss", "roc_auc")
PLACES = range(3, 7)
#: A search meets more values the finer they are told.
FINER = 10
#: Decimals of a number of another split.
ELSEWHERE = 4
#: As many numbers are told; explanations are told apart up to this many.
MOST = 2
APART = 4


def settling(
    left: Sequence[Explanation], trials: Sequence[Trial], bound: float
) -> tuple[Settling, ...]:
    """Numbers that would name the one explanation that is left, or tell several apart."""
    if len(trials) != 1 or not left or any(e.by_ranges for e in left):
        return ()
    trial = trials[0]
    if len(left) == 1:
        one = left[0]
        found = [*_more_digits(one, trial, bound), *_of_scores(one, trial, bound)]
        found = found or list(_elsewhere(one, trial, bound))
    else:
        found = list(_apart(left, trial)) if len(left) <= APART else []
    return tuple(found[:MOST])


def _more_digits(explanation: Explanation, trial: Trial, bound: float) -> Iterator[Settling]:
    """The number that is off which needs the fewest more digits."""
    if explanation.rivalled > bound:
        return
    candidates = explanation.candidates[0]
    factor = FINER if explanation.freedom > 1 else 1
    values = {c: v for c, v, _ in by_claim(trial.base, candidates) if c in trial.base.off}
    for more in range(1, MOST_MORE + 1):
        for claim, value in values.items():
            longer = _longer(claim, value, more)
            if longer is None:
                continue
            accident = trial.accident(explanation.causes, candidates, {claim: longer})
            if factor * accident <= bound:
                own = declared(trial.evidence, claim)
                yield Settling(longer, {explanation.name: float(value or 0.0)}, own)
                return


def _longer(claim: Claim, value: float | None, more: int) -> Claim | None:
    """A claim as it would read under an explanation with more digits."""
    places = len(claim.value.text.partition(".")[2]) + more
    if value is None or "e" in claim.value.text.lower() or places == more:
        return None
    shown = 100 * value if claim.value.percent else value
    printed = Printed(f"{shown:.{places}f}", claim.value.percent)
    if digits.significant(printed) > digits.FLOAT32_DIGITS:
        return None
    return replace(claim, value=printed)


def _of_scores(explanation: Explanation, trial: Trial, bound: float) -> Iterator[Settling]:
    """A loss or an area, where the numbers of labels alone cannot tell this model from another."""
    if explanation.rivalled <= bound:
        return
    evidence, split = trial.evidence, trial.base.evaluation.split
    candidates = explanation.candidates[0]
    world = candidates[-1].world
    said = {kind_of(c) for c in trial.base.evaluation.claims}
    for metric in OF_SCORES:
        for places in PLACES:
            claim = of_number(metric, "0", task=evidence.task, split=split)
            if world is None or kind_of(claim) in said:
                break
            value, own = possible(claim, world), declared(evidence, claim)
            if value is None or own is None:
                break
            shown = replace(claim, value=Printed(f"{value:.{places}f}"))
            if _settles(shown, own, explanation, trial, bound):
                yield Settling(shown, {explanation.name: value}, own)
                break


def _settles(
    claim: Claim, own: float, explanation: Explanation, trial: Trial, bound: float
) -> bool:
    """Whether a number of scores that came out so would rule the other models out."""
    candidates = explanation.candidates[0]
    if digits.prints_same(own, claim.value):  # as declared: it tells of rivals alone
        return max(trial.rivalled(candidates, (claim,)), trial.of_one_class(candidates)) <= bound
    # Of a number of its own, at least as rare as among models about this one.
    value = abs(float(claim.value))
    spread = rivals.AREA_SPREAD if claim.metric == "roc_auc" else rivals.LOSS_SPREAD * value
    return explanation.accident * digits.width(claim.value) / max(spread, 1e-300) <= bound


def _elsewhere(explanation: Explanation, trial: Trial, bound: float) -> Iterator[Settling]:
    """The same number of another split, where this one has no more digits to give."""
    (cause, *more), split = explanation.causes, trial.base.evaluation.split
    if more or cause.scope != "number" or cause.free or explanation.rivalled > bound:
        return
    ways = {way_of(c) for c in explanation.candidates[0]}
    for other in trial.evidence.splits:
        for claim in trial.base.off if other != split else ():
            there = replace(claim, split=other)
            own = declared(trial.evidence, there)
            for candidate in cause.candidates(trial.evidence, Evaluation(other, (there,))):
                (value,) = candidate.values
                if value is None or own is None or way_of(candidate) not in ways:
                    continue
                shown = replace(there, value=Printed(f"{value:.{ELSEWHERE}f}"))
                if digits.prints_same(own, shown.value):
                    continue
                # About as rare there as here, for the finer steps of its own rows.
                finer = _room(shown, trial.evidence) / _room(claim, trial.evidence)
                if explanation.accident**2 * finer <= bound:
                    yield Settling(shown, {explanation.name: value}, own)
                    break


def _room(claim: Claim, evidence: Evidence) -> float:
    """What the digits leave open, and no less than one row of its split."""
    return max(digits.width(claim.value), 1 / max(evidence.world(claim.split).n, 1))


def _apart(left: Sequence[Explanation], trial: Trial) -> Iterator[Settling]:
    """The number that is off which prints otherwise under each explanation with more digits."""
    by_name = [dict(_values(e, trial)) for e in left]
    for more in range(1, MOST_MORE + 1):
        for claim in trial.base.off:
            values = [v.get(claim) for v in by_name]
            longer = [_longer(claim, value, more) for value in values]
            texts = [c.value.text for c in longer if c is not None]
            if len(set(texts)) == len(left):
                names = [" with ".join(h.name for h in e.causes) for e in left]
                under = {n: float(v or 0.0) for n, v in zip(names, values, strict=True)}
                first = longer[0]
                assert first is not None
                yield Settling(first, under, declared(trial.evidence, claim))
                return


def _values(explanation: Explanation, trial: Trial) -> Iterator[tuple[Claim, float | None]]:
    for claim, value, _ in by_claim(trial.base, explanation.candidates[0]):
        yield claim, value
