"""Two causes together, after all single ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reportgen.job.claims import Claim
from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis
from reportgen.reconciliation.trial import Trial, applicable, baseline, comes_out, fits, way_of
from reportgen.reconciliation.verdict import Baseline, Explanation, merged

#: Searches that are tried on top of another cause; the rest have too much freedom to be believed.
SECOND = ("decision-threshold", "report-label-set")
#: Searches over numbers that are all read otherwise, as another average.
READ = (*SECOND, "label-order", "prediction-offset")
#: With more rows than this, two causes together are not tried on worlds of both.
COMPOSED_ROWS = 2_000_000


def composed(trial: Trial) -> list[Explanation]:
    """Two causes together: numbers that need different readings, or a world and then another."""
    found = [*_two_readings(trial), *_reading_and_search(trial), *_world_and_more(trial)]
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
                accident = trial.accident(pair, both)
                chosen = {a: merged(c for _, c in first), b: merged(c for _, c in second)}
                found.append(Explanation(pair, (both,), accident, chosen=chosen))
    return found


def _reading_and_search(trial: Trial) -> Iterator[Explanation]:
    """Numbers that are all another average, say, of answers that came by another threshold."""
    evidence, base = trial.evidence, trial.base
    claims = base.evaluation.claims
    for first in applicable(evidence):
        for readings in _readings_of(first, trial):
            read = Evaluation(base.evaluation.split, tuple(readings.get(c, c) for c in claims))
            after = baseline(evidence, read)
            for name in READ:
                second = causes()[name]
                if not after.off or (second.tasks and evidence.task not in second.tasks):
                    continue
                found = [c for c in second.candidates(evidence, read) if fits(after, c)]
                fitting = [replace(c, readings=readings) for c in found]
                if fitting:
                    pair = (first, second)
                    accident = trial.accident(pair, fitting)
                    chosen = {first.name: {"is": _read(readings)}, second.name: merged(found)}
                    yield Explanation(pair, (tuple(fitting),), accident, chosen=chosen)


def _readings_of(cause: Hypothesis, trial: Trial) -> Iterator[dict[Claim, Claim]]:
    """What several numbers that are off would be if a cause read all of them in one way."""
    if cause.scope != "number" or cause.cost or cause.free:
        return
    ways: dict[str, dict[Claim, Claim]] = {}
    for claim in trial.base.off:
        one = trial.base.evaluation.only(claim)
        for candidate in cause.candidates(trial.evidence, one):
            if claim in candidate.readings:
                way = ways.setdefault(way_of(candidate), {})
                way[claim] = replace(candidate.readings[claim], value=claim.value)
    for way in ways.values():
        if len(way) > 1 and len(set(way.values())) == len(way):
            yield way


def _read(readings: Mapping[Claim, Claim]) -> str | list[str]:
    """What the numbers are, in a word where it is the same of all."""
    names = [c.per_class or c.average or c.metric for c in readings.values()]
    distinct = list(dict.fromkeys(names))
    return distinct[0] if len(distinct) == 1 else distinct


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
                chosen = {hypothesis.name: merged([candidate]), second.name: merged(fitting)}
                both = ((candidate, *fitting),)
                found.append(Explanation(pair, both, accident, chosen=chosen))
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
