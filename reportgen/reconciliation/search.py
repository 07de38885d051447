"""Which causes make every reported number come out: for all at once, or for each evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.deciding import decided
from reportgen.reconciliation.evidence import Evidence, evaluations
from reportgen.reconciliation.hypothesis import kind_of
from reportgen.reconciliation.trial import Trial, baseline, closest
from reportgen.reconciliation.two_causes import composed
from reportgen.reconciliation.verdict import Answer, Explanation, Verdict

#: More kinds of numbers are not explained one by one: each would match something.
MOST_APART = 12


def explain(evidence: Evidence, claims: Sequence[Claim]) -> Verdict:
    """Reproduced, named, ambiguous or unexplained: for all reported numbers of a model."""
    baselines = tuple(baseline(evidence.of(e.output), e) for e in evaluations(claims))
    open_ = [b for b in baselines if b.off]
    if not open_:
        return Verdict(baselines)
    trials = [Trial(evidence.of(b.evaluation.output), b) for b in open_]
    joint = _joint(trials)
    if joint is not None and (joint.kind == "named" or len(trials) == 1):
        return Verdict(baselines, (joint,))
    # A cause for all is believed before one for each, unless each has its own beyond doubt: an
    # evaluation of which a cause says nothing refutes it for that evaluation alone.
    each = tuple(a for t in trials for a in _apart(t))
    if joint is not None and any(a.kind != "named" for a in each):
        return Verdict(baselines, (joint,))
    return Verdict(baselines, each)


def _joint(trials: Sequence[Trial]) -> Answer | None:
    """One cause for everything that is off, or None."""
    shared = [name for name in trials[0].fits if all(name in t.fits for t in trials)]
    if not shared:
        return None
    found = [
        Explanation(
            (causes()[name],),
            tuple(tuple(t.fits[name]) for t in trials),
            float(np.prod([t.accident((causes()[name],), t.fits[name]) for t in trials])),
        )
        for name in shared
    ]
    return decided(found, trials)


def _apart(trial: Trial) -> tuple[Answer, ...]:
    """The answers for one evaluation.

    Numbers that a job lists one by one need not be of one evaluation: where nothing explains
    them together, and something explains each, each has its own answer.
    """
    whole = _alone(trial)
    if whole.kind != "unexplained" or trial.base.evaluation.origin:
        return (whole,)
    if len(trial.base.off) < 2 or len({kind_of(c) for c in trial.base.off}) > MOST_APART:
        return (whole,)
    each: dict[Claim, Answer] = {}
    # Those with the least room first: one that nothing explains settles it for all.
    for claim in sorted(trial.base.off, key=lambda c: digits.width(c.value)):
        base = baseline(trial.evidence, trial.base.evaluation.only(claim))
        single = _joint([Trial(trial.evidence, base)])
        if single is None:
            return (whole,)
        each[claim] = single
    return tuple(each[claim] for claim in trial.base.off)


def _alone(trial: Trial) -> Answer:
    """The answer for one evaluation: a single cause, else two together, else unexplained."""
    single = _joint([trial])
    if single is not None:
        return single
    pairs = composed(trial)
    if pairs:
        return decided(pairs, [trial])
    return Answer("unexplained", (trial.base,), misses=closest(trial), tried=trial.tried)
