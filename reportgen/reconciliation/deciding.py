"""Of explanations that all fit: which is named, which contains which, and which say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reportgen.reconciliation.hypothesis import Candidate
from reportgen.reconciliation.settling import settling
from reportgen.reconciliation.trial import Trial, closest
from reportgen.reconciliation.verdict import Answer, Explanation
from reportgen.reconciliation.world import Floats

#: A lone cause whose chance of matching by accident is above this is not named alone.
ACCIDENT = 1e-3
#: A search that was this many times likelier to match by accident than a match that is none is no
#: rival of it: about the odds of the two, since a search spreads over all that it goes through.
OUTWEIGHED = 100
#: As ACCIDENT, for a cause with randomness, which matches by ranges.
STATISTICAL = 1e-2
#: The cause that makes a model answer one class for every row.
ONE_CLASS = "argmax-of-one-column"


def decided(found: Sequence[Explanation], trials: Sequence[Trial]) -> Answer:
    """Named when one remains after containment and is no accident; else ambiguous."""
    left, outweighed = _weighed(_contained(_exact_first(found)))
    # Causes are weighed by what any wrong one would print; that no cause at hand is true is more
    # probable where a model that ranks alike meets the numbers too.
    left = [_held_against_rivals(e, trials) for e in left]
    tried = sum(t.tried for t in trials)
    groups = _equivalent(left)
    bound = STATISTICAL if len(left) == 1 and left[0].by_ranges else ACCIDENT
    kind = "named" if len(left) == 1 and left[0].accident <= bound else "ambiguous"
    ordered = sorted(left, key=lambda e: (e.free, e.accident, e.name))
    misses = tuple(m for t in trials for m in closest(t))
    bases = tuple(t.base for t in trials)
    more = settling(ordered, trials, bound) if kind == "ambiguous" else ()
    return Answer(kind, bases, tuple(ordered), misses, tried, groups, tuple(outweighed), more)


def _held_against_rivals(explanation: Explanation, trials: Sequence[Trial]) -> Explanation:
    rivalled = _rivalled(explanation, trials)
    return replace(explanation, accident=max(explanation.accident, rivalled), rivalled=rivalled)


def _rivalled(explanation: Explanation, trials: Sequence[Trial]) -> float:
    """The chance that another model's numbers come out; one model would have to meet them all."""
    pairs = list(zip(trials, explanation.candidates, strict=True))
    if explanation.name == "shuffled-alignment":
        return min(t.unskilled() for t in trials)
    of_one_class = 0.0
    if explanation.name != ONE_CLASS:  # which the shape of the output speaks for
        of_one_class = min(t.of_one_class(candidates) for t, candidates in pairs)
    return max(of_one_class, min(t.rivalled(candidates) for t, candidates in pairs))


def _weighed(found: Sequence[Explanation]) -> tuple[list[Explanation], list[Explanation]]:
    """Without searches so free that they match anyway, beside a match that is no accident.

    A match by ranges is no such search: its answers are of another kind than those that the
    chance of an accident is told from (see :func:`_exact_first`).
    """
    exact = [e.accident for e in found if not e.by_ranges]
    least = min(exact, default=1.0)
    if least > ACCIDENT:
        return list(found), []
    light = [
        e
        for e in found
        # A chance may be too small for a float: the least one is never outweighed by itself.
        if e.freedom > 1
        and not e.by_ranges
        and e.accident > least
        and e.accident >= OUTWEIGHED * least
    ]
    return [e for e in found if e not in light], light


def _exact_first(found: Sequence[Explanation]) -> list[Explanation]:
    """Without causes that match by ranges, where an exact one is far likelier to print just this.

    A search gives each of its alternatives the same share, and ranges each of the digits in them.
    """
    exact = [e for e in found if not e.by_ranges]
    kept = []
    for one in found:
        chances = [c.exactly for cs in one.candidates for c in cs if c.exactly is not None]
        wide = bool(chances) and any(
            e.freedom * float(np.prod(chances)) * OUTWEIGHED <= 1 for e in exact
        )
        if not (one.by_ranges and wide):
            kept.append(one)
    return kept


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
    return not likely and wide.freedom * ACCIDENT < 1


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
