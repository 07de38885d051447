"""Two causes together, after all single ones."""

from __future__ import annotations

from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis
from reportgen.reconciliation.trial import Trial, applicable, baseline, comes_out, fits
from reportgen.reconciliation.verdict import Baseline, Explanation

#: Searches that are tried on top of another cause; the rest have too much freedom to be believed.
SECOND = ("decision-threshold", "report-label-set")
#: With more rows than this, two causes together are not tried on worlds of both.
COMPOSED_ROWS = 2_000_000


def composed(trial: Trial) -> list[Explanation]:
    """Two causes together: numbers that need different readings, or a world and then another."""
    found = _two_readings(trial)
    found += _world_and_more(trial)
    best: dict[tuple[str, str], Explanation] = {}
    for e in found:
        key = (e.causes[0].name, e.causes[1].name)
        swapped = (key[1], key[0])
        if swapped not in best and (key not in best or e.accident < best[key].accident):
            best[key] = e
    return list(best.values())


def _two_readings(trial: Trial) -> list[Explanation]:
    """Each number that is off is explained by one of two causes of single numbers."""
    off = set(trial.base.off)
    names = sorted(trial.partial)
    found = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            first, second = trial.partial[a], trial.partial[b]
            mine, yours = {c for c, _ in first}, {c for c, _ in second}
            if mine | yours == off and mine - yours and yours - mine:
                both = tuple(candidate for _, candidate in (*first, *second))
                pair = (causes()[a], causes()[b])
                found.append(Explanation(pair, (both,), trial.accident(pair, both)))
    return found


def _world_and_more(trial: Trial) -> list[Explanation]:
    evidence, base = trial.evidence, trial.base
    split = base.evaluation.split
    if evidence.world(split).n > COMPOSED_ROWS:
        return []
    found = []
    for hypothesis, candidate in trial.plain:
        world = candidate.build() if candidate.build is not None else candidate.world
        if world is None or world is evidence.world(split):
            continue
        other = evidence.seeing(split, world)
        after = baseline(other, base.evaluation)
        if not after.off:
            continue
        for second in applicable(evidence):
            if second.name == hypothesis.name or not (second.cost == 0 or second.name in SECOND):
                continue
            fitting = _second(other, after, second)
            if fitting:
                pair = (hypothesis, second)
                accident = trial.accident(pair, fitting)
                found.append(Explanation(pair, ((candidate, *fitting),), accident))
    return found


def _second(evidence: Evidence, after: Baseline, second: Hypothesis) -> list[Candidate]:
    """Candidates of a second cause that explain what the first left."""
    if second.scope == "evaluation":
        return [c for c in second.candidates(evidence, after.evaluation) if fits(after, c)]
    explained = {}
    for claim in after.off:
        for candidate in second.candidates(evidence, after.evaluation.only(claim)):
            if comes_out(candidate, 0, claim):
                explained[claim] = candidate
                break
    return list(explained.values()) if len(explained) == len(after.off) else []
