"""Which causes make every reported number come out: enumerated, matched, and decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import chance, digits, rivals
from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.evidence import Evaluation, Evidence, evaluations
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, Values, kind_of
from reportgen.reconciliation.quantities import Unknown, quantity
from reportgen.reconciliation.world import Floats

#: A lone cause whose chance of matching by accident is above this is not named alone.
ACCIDENT = 1e-3
#: A search that was this many times likelier to match by accident than a match that is none is no
#: rival of it: about the odds of the two, since a search spreads over all that it goes through.
OUTWEIGHED = 100
#: As ACCIDENT, for a cause with randomness, which matches by ranges.
STATISTICAL = 1e-2
#: Units of the last digit within which a number may have slipped.
SLIP = 3
#: Searches that are tried on top of another cause; the rest have too much freedom to be believed.
SECOND = ("decision-threshold", "report-label-set")
#: More kinds of numbers are not explained one by one: each would match something.
MOST_APART = 12
#: With more rows than this, two causes together are not tried on worlds of both.
COMPOSED_ROWS = 2_000_000


@dataclass(frozen=True, slots=True)
class Baseline:
    """An evaluation as the job declares it.

    ``values`` are its numbers recomputed (None with a word in ``unknown`` where that cannot be);
    ``off`` are the claims that do not print the same, ``loose`` those of them that are running
    means by nature.
    """

    evaluation: Evaluation
    values: Values
    unknown: Mapping[Claim, str]
    off: tuple[Claim, ...]
    loose: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause, or two together, that gives every number of one or more evaluations.

    ``candidates``: for each evaluation those of the first cause that fit, in the order of the
    answer's evaluations. ``accident`` is the probability that something not true prints the same;
    ``rivalled`` that another model of the kind in :mod:`reportgen.reconciliation.rivals` does,
    which ``accident`` is no less than. ``contained_in`` are causes of whose parameter this one is
    one value.
    """

    causes: tuple[Hypothesis, ...]
    candidates: tuple[tuple[Candidate, ...], ...]
    accident: float = 1.0
    contained_in: tuple[str, ...] = ()
    rivalled: float = 0.0

    @property
    def name(self) -> str:
        return self.causes[0].name

    @property
    def free(self) -> bool:
        return any(h.free for h in self.causes)


@dataclass(frozen=True, slots=True)
class Miss:
    """How close a cause came that does not explain the numbers."""

    cause: Hypothesis
    candidate: Candidate
    evaluation: Evaluation
    matched: int
    error: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of some evaluations that do not come out.

    ``kind``: named (one cause, or one composition), ambiguous (``explanations`` remain),
    unexplained (nothing fits; ``misses`` says how close). ``equivalent``: names of explanations
    that no data, or not these, can tell apart. ``outweighed``: searches so free that some value
    of their parameter was to be expected to fit, beside an explanation that fits by no accident.
    """

    kind: str
    baselines: tuple[Baseline, ...]
    explanations: tuple[Explanation, ...] = ()
    misses: tuple[Miss, ...] = ()
    tried: int = 0
    equivalent: tuple[tuple[str, ...], ...] = ()
    outweighed: tuple[Explanation, ...] = ()

    @property
    def sole(self) -> Explanation | None:
        """The one explanation that is left, named or not certain; None where there are several."""
        return self.explanations[0] if len(self.explanations) == 1 else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that is known of the reported numbers of one model."""

    baselines: tuple[Baseline, ...]
    answers: tuple[Answer, ...] = ()

    @property
    def reproduced(self) -> tuple[Baseline, ...]:
        """Evaluations of which every number that can be computed comes out."""
        return tuple(b for b in self.baselines if not b.off and len(b.unknown) < len(b.values))


def explain(evidence: Evidence, claims: Sequence[Claim]) -> Verdict:
    """Reproduced, named, ambiguous or unexplained: for all reported numbers of a model."""
    baselines = tuple(baseline(evidence.of(e.output), e) for e in evaluations(claims))
    open_ = [b for b in baselines if b.off]
    if not open_:
        return Verdict(baselines)
    trials = [_Trial(evidence.of(b.evaluation.output), b) for b in open_]
    joint = _joint(trials)
    if joint is not None and (joint.kind == "named" or len(trials) == 1):
        return Verdict(baselines, (joint,))
    # A cause for all is believed before one for each, unless each has its own beyond doubt: an
    # evaluation of which a cause says nothing refutes it for that evaluation alone.
    each = tuple(a for t in trials for a in _apart(t))
    if joint is not None and any(a.kind != "named" for a in each):
        return Verdict(baselines, (joint,))
    return Verdict(baselines, each)


def baseline(evidence: Evidence, evaluation: Evaluation) -> Baseline:
    """The numbers of an evaluation as declared."""
    values: list[float | None] = []
    unknown: dict[Claim, str] = {}
    off: list[Claim] = []
    loose: list[Claim] = []
    for claim in evaluation.claims:
        if evaluation.split not in evidence.splits:
            values.append(None)
            unknown[claim] = f"there is no {evaluation.split} split with labels and predictions"
            continue
        try:
            value = evidence.keep(("number", kind_of(claim)), partial(_quantity, evidence, claim))
        except Unknown as why:
            values.append(None)
            unknown[claim] = str(why)
            continue
        values.append(value)
        if not digits.prints_same(value, claim.value):
            (loose if claim.running else off).append(claim)
    return Baseline(evaluation, tuple(values), unknown, tuple(off), tuple(loose))


def _quantity(evidence: Evidence, claim: Claim) -> float:
    return quantity(claim, evidence.world(claim.split))


class _Trial:
    """All causes tried on one evaluation, each once."""

    def __init__(self, evidence: Evidence, base: Baseline) -> None:
        self.evidence = evidence
        self.base = base
        self.fits: dict[str, list[Candidate]] = {}
        self.misses: list[Miss] = []
        self.partial: dict[str, list[tuple[Claim, Candidate]]] = {}
        self.plain: list[tuple[Hypothesis, Candidate]] = []
        self.tried = 0
        self._said: list[tuple[float | None, ...]] = []
        for hypothesis in applicable(evidence):
            if hypothesis.scope == "number":
                self._numbers(hypothesis)
            else:
                self._whole(hypothesis)

    def accident(self, hypotheses: Sequence[Hypothesis], candidates: Sequence[Candidate]) -> float:
        """Chance that this match says nothing, after everything that was tried as freely."""
        freedom = max((c.tried for c in candidates), default=1)
        world = self.evidence.world(self.base.evaluation.split)
        whole = hypotheses[-1].scope == "evaluation"
        fit = _matrix_of(candidates[-1], world.positive) if whole else None
        model = chance.Accident(self.base.off, world)
        ranges = _widths(self.base, candidates)
        single = model.expected(self._said, freedom if freedom > 1 else 0, fit, ranges)
        # A second cause on top is one of as many as were tried, each with the first one's chance.
        found = float(min(1.0, single * self.tried ** (len(hypotheses) - 1)))
        return max(found, _slips(self.base))

    def rivalled(self, candidates: Sequence[Candidate]) -> float:
        """The chance that a model that ranks alike prints what a searched threshold does."""
        cuts = [c for c in candidates if c.tried > 1 and rivals.intervals_of([c.parameters])]
        if not cuts or cuts[-1].world is None or cuts[-1].world.truth.ndim != 1:
            return 0.0
        claims, base = self.base.evaluation.claims, self.base
        right = [c for c in claims if c not in {*base.off, *base.unknown, *base.loose}]
        intervals = rivals.intervals_of(c.parameters for c in cuts)
        return rivals.met(cuts[-1].world, base.off, right, intervals)

    def unskilled(self) -> float:
        """The chance that a model without skill prints what shuffled answers may print."""
        return rivals.unskilled(self.base.off, self.evidence.world(self.base.evaluation.split))

    def _whole(self, hypothesis: Hypothesis) -> None:
        for candidate in hypothesis.candidates(self.evidence, self.base.evaluation):
            self._count(candidate, self.base.evaluation.claims)
            if fits(self.base, candidate):
                self.fits.setdefault(hypothesis.name, []).append(candidate)
            else:
                self.misses.append(_miss(hypothesis, candidate, self.base))
            has_world = candidate.world is not None or candidate.build is not None
            if has_world and candidate.tried == 1 and not hypothesis.free:
                self.plain.append((hypothesis, candidate))

    def _numbers(self, hypothesis: Hypothesis) -> None:
        """Each number on its own; alike parameters for all of them are one alternative."""
        explained: list[tuple[Claim, Candidate]] = []
        alike: dict[str, dict[Claim, Candidate]] = {}
        counts = []
        for claim in self.base.off:
            one = self.base.evaluation.only(claim)
            found = list(hypothesis.candidates(self.evidence, one))
            counts.append(len({c.values for c in found}))
            self.tried += len(found)
            for candidate in found:
                alike.setdefault(_way(candidate), {}).setdefault(claim, candidate)
                if _prints(candidate, 0, claim):
                    explained.append((claim, candidate))
                else:
                    self.misses.append(_miss(hypothesis, candidate, self.base, one))
        off = set(self.base.off)
        whole = [way for way in alike.values() if set(way) == off]
        self._said += [tuple(way[c].values[0] for c in self.base.off) for way in whole]
        if not explained:
            return
        self.partial[hypothesis.name] = explained
        if {c for c, _ in explained} != off:
            return
        fitting = [w for w in whole if all(_prints(w[c], 0, c) for c in self.base.off)]
        if fitting:
            self.fits[hypothesis.name] = [w[c] for w in fitting for c in self.base.off]
            return
        each = dict(reversed(explained))
        freedom = max(2, int(np.prod([float(n) for n in counts])))
        self.fits[hypothesis.name] = [replace(each[c], tried=freedom) for c in self.base.off]

    def _count(self, candidate: Candidate, claims: Sequence[Claim]) -> None:
        self.tried += 1
        said = dict(zip(claims, candidate.values, strict=True))
        if candidate.tried == 1:
            self._said.append(tuple(said[c] for c in self.base.off))


def _slips(base: Baseline) -> float:
    """The chance that slips of a few units in the last digits print this, where they could.

    Numbers that are all but right may have been typed, rounded or computed a little otherwise; any
    cause that moves them as little meets them as often.
    """
    chance_of_all = 1.0
    for claim, value in zip(base.evaluation.claims, base.values, strict=True):
        if claim not in base.off or value is None:
            continue
        unit = digits.width(claim.value)
        if abs(float(claim.value) - value) > (SLIP + 0.5) * unit:
            return 0.0
        chance_of_all /= 2 * SLIP
    return chance_of_all


def _way(candidate: Candidate) -> str:
    """What was chosen, apart from what the number itself says."""
    return repr(sorted((k, v) for k, v in candidate.parameters.items() if k not in _OF_A_NUMBER))


_OF_A_NUMBER = ("value", "equivalent")


def _widths(base: Baseline, candidates: Sequence[Candidate]) -> dict[Claim, float]:
    """Widths of simulated ranges, where there are any."""
    found: dict[Claim, float] = {}
    for candidate in candidates:
        if candidate.ranges is None or len(candidate.ranges) != len(base.evaluation.claims):
            continue
        for claim, limits in zip(base.evaluation.claims, candidate.ranges, strict=True):
            if limits is not None:
                found[claim] = max(found.get(claim, 0.0), limits[1] - limits[0])
    return found


def _matrix_of(candidate: Candidate, positive: int | None) -> Floats | None:
    """The confusion matrix of a candidate, its positive class where the declared one stands."""
    world = candidate.world
    if world is None or world.labels is None or world.truth.ndim != 1:
        return None
    return world.matrix if world.positive == positive else world.matrix[::-1, ::-1]


def applicable(evidence: Evidence) -> tuple[Hypothesis, ...]:
    """The causes that can happen in this task."""
    return tuple(h for h in causes().values() if not h.tasks or evidence.task in h.tasks)


def fits(base: Baseline, candidate: Candidate) -> bool:
    """Whether every number comes out, those that did before included.

    A number that cannot be computed as declared is no obstacle; one that is off and of which the
    cause says nothing is.
    """
    for i, claim in enumerate(base.evaluation.claims):
        if claim in base.unknown or claim in base.loose:
            continue
        if candidate.values[i] is None and claim not in base.off:
            continue
        if not _prints(candidate, i, claim):
            return False
    return True


def _prints(candidate: Candidate, i: int, claim: Claim) -> bool:
    if candidate.ranges is not None and candidate.ranges[i] is not None:
        low, high = candidate.ranges[i] or (np.inf, -np.inf)
        room = digits.width(claim.value) / 2
        return low - room <= float(claim.value) <= high + room
    value = candidate.values[i]
    return value is not None and digits.prints_same(value, claim.value)


def _miss(
    hypothesis: Hypothesis, candidate: Candidate, base: Baseline, one: Evaluation | None = None
) -> Miss:
    claims = (one or base.evaluation).claims
    judged = [i for i, c in enumerate(claims) if c not in base.unknown and c not in base.loose]
    matched = sum(_prints(candidate, i, claims[i]) for i in judged)
    error = max(
        (digits.error(candidate.values[i], claims[i].value) for i in judged), default=np.inf
    )
    return Miss(hypothesis, candidate, one or base.evaluation, matched, float(error))


def _joint(trials: Sequence[_Trial]) -> Answer | None:
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
    return _decided(found, trials)


def _apart(trial: _Trial) -> tuple[Answer, ...]:
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
        single = _joint([_Trial(trial.evidence, base)])
        if single is None:
            return (whole,)
        each[claim] = single
    return tuple(each[claim] for claim in trial.base.off)


def _alone(trial: _Trial) -> Answer:
    """The answer for one evaluation: a single cause, else two together, else unexplained."""
    single = _joint([trial])
    if single is not None:
        return single
    pairs = _composed(trial)
    if pairs:
        return _decided(pairs, [trial])
    return Answer("unexplained", (trial.base,), misses=_closest(trial), tried=trial.tried)


def _decided(found: Sequence[Explanation], trials: Sequence[_Trial]) -> Answer:
    """Named when one remains after containment and is no accident; else ambiguous."""
    left, outweighed = _weighed(_contained(_exact_first(found)))
    # Causes are weighed by what any wrong one would print; that no cause at hand is true is more
    # probable where a model that ranks alike meets the numbers too.
    left = [_held_against_rivals(e, trials) for e in left]
    tried = sum(t.tried for t in trials)
    groups = _equivalent(left)
    bound = STATISTICAL if len(left) == 1 and _by_ranges(left[0]) else ACCIDENT
    kind = "named" if len(left) == 1 and left[0].accident <= bound else "ambiguous"
    ordered = sorted(left, key=lambda e: (e.free, e.accident, e.name))
    misses = tuple(m for t in trials for m in _closest(t))
    bases = tuple(t.base for t in trials)
    return Answer(kind, bases, tuple(ordered), misses, tried, groups, tuple(outweighed))


def _held_against_rivals(explanation: Explanation, trials: Sequence[_Trial]) -> Explanation:
    rivalled = _rivalled(explanation, trials)
    return replace(explanation, accident=max(explanation.accident, rivalled), rivalled=rivalled)


def _rivalled(explanation: Explanation, trials: Sequence[_Trial]) -> float:
    """The chance that another model's numbers come out; one model would have to meet them all."""
    pairs = zip(trials, explanation.candidates, strict=True)
    if explanation.name == "shuffled-alignment":
        return min(t.unskilled() for t in trials)
    return min(t.rivalled(candidates) for t, candidates in pairs)


def _weighed(found: Sequence[Explanation]) -> tuple[list[Explanation], list[Explanation]]:
    """Without searches so free that they match anyway, beside a match that is no accident.

    A match by ranges is no such search: its answers are of another kind than those that the
    chance of an accident is told from (see :func:`_exact_first`).
    """
    exact = [e.accident for e in found if not _by_ranges(e)]
    least = min(exact, default=1.0)
    if least > ACCIDENT:
        return list(found), []
    light = [
        e
        for e in found
        if _freedom(e) > 1 and not _by_ranges(e) and e.accident >= OUTWEIGHED * least
    ]
    return [e for e in found if e not in light], light


def _by_ranges(explanation: Explanation) -> bool:
    return any(c.ranges is not None for cs in explanation.candidates for c in cs)


def _exact_first(found: Sequence[Explanation]) -> list[Explanation]:
    """Without causes that match by ranges, where an exact one is far likelier to print just this.

    A search gives each of its alternatives the same share, and ranges each of the digits in them.
    """
    exact = [e for e in found if not _by_ranges(e)]
    kept = []
    for one in found:
        chances = [c.exactly for cs in one.candidates for c in cs if c.exactly is not None]
        wide = bool(chances) and any(
            _freedom(e) * float(np.prod(chances)) * OUTWEIGHED <= 1 for e in exact
        )
        if not (_by_ranges(one) and wide):
            kept.append(one)
    return kept


def _freedom(explanation: Explanation) -> int:
    return max((c.tried for cs in explanation.candidates for c in cs), default=1)


def _equivalent(left: Sequence[Explanation]) -> tuple[tuple[str, ...], ...]:
    """Groups of explanations that are one: declared so, or of equal worlds."""
    groups: list[list[Explanation]] = []
    for one in left:
        near = [g for g in groups if any(_is_same(one, other) for other in g)]
        merged = [one, *(e for g in near for e in g)]
        groups = [*(g for g in groups if g not in near), merged]
    names = [sorted({h.name for e in g for h in e.causes}) for g in groups if len(g) > 1]
    return tuple(tuple(n) for n in names if len(n) > 1)


def _is_same(a: Explanation, b: Explanation) -> bool:
    if len(a.causes) != 1 or len(b.causes) != 1:
        return False
    if b.name in a.causes[0].same_as or a.name in b.causes[0].same_as:
        return True
    return all(
        any(_same_answers(x, y) for x in xs for y in ys)
        for xs, ys in zip(a.candidates, b.candidates, strict=True)
    )


def _contained(found: Sequence[Explanation]) -> list[Explanation]:
    """Without causes of which a more special one is one value; the containment is kept."""
    left: list[Explanation] = []
    for one in found:
        holders = [
            other.name
            for other in found
            if other is not one
            and other.free
            and not one.free
            and _contains(other, one)
            and not _by_coincidence(other, one)
        ]
        left.append(replace(one, contained_in=tuple(holders)))
    swallowed = {name for e in left for name in e.contained_in}
    return [e for e in left if e.name not in swallowed]


def _by_coincidence(wide: Explanation, narrow: Explanation) -> bool:
    """Whether any value of the parameter could have been the special one, of so few as there are.

    Where something else speaks for the special value, such as outputs that are logits, it is named
    all the same.
    """
    likely = all(c.likely for cs in narrow.candidates for c in cs)
    return not likely and _freedom(wide) * ACCIDENT < 1


def _contains(wide: Explanation, narrow: Explanation) -> bool:
    """Whether the wider cause is the narrower one with its parameter set."""
    if len(wide.causes) != len(narrow.causes):
        return False
    if wide.name in narrow.causes[0].contained_in:
        return True
    return all(
        any(_same_answers(w, n) for w in ws for n in ns)
        for ws, ns in zip(wide.candidates, narrow.candidates, strict=True)
    )


def _same_answers(a: Candidate, b: Candidate) -> bool:
    """Whether two worlds are one to every number that labels give."""
    if a.readings or b.readings or a.world is None or b.world is None:
        return False
    if a.world.labels is None or b.world.labels is None:
        return False
    return (
        np.array_equal(a.world.labels, b.world.labels)
        and np.array_equal(a.world.truth, b.world.truth)
        and _equal(a.world.scores, b.world.scores)
    )


def _equal(a: Floats | None, b: Floats | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def _composed(trial: _Trial) -> list[Explanation]:
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


def _two_readings(trial: _Trial) -> list[Explanation]:
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


def _world_and_more(trial: _Trial) -> list[Explanation]:
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
            if _prints(candidate, 0, claim):
                explained[claim] = candidate
                break
    return list(explained.values()) if len(explained) == len(after.off) else []


def _closest(trial: _Trial, most: int = 8) -> tuple[Miss, ...]:
    """The best miss of each cause, those that match most numbers first."""
    best: dict[str, Miss] = {}
    key: Callable[[Miss], tuple[int, float]] = lambda m: (-m.matched, m.error)  # noqa: E731
    for miss in trial.misses:
        if miss.cause.name in trial.fits:
            continue
        known = best.get(miss.cause.name)
        if known is None or key(miss) < key(known):
            best[miss.cause.name] = miss
    return tuple(sorted(best.values(), key=key)[:most])
