"""What is known of reported numbers: whether they come out, and what explains those that do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, Values


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
    one value. ``chosen``: of two causes together, what was chosen under each, by its name.
    """

    causes: tuple[Hypothesis, ...]
    candidates: tuple[tuple[Candidate, ...], ...]
    accident: float = 1.0
    contained_in: tuple[str, ...] = ()
    rivalled: float = 0.0
    chosen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.causes[0].name

    def parameters(self, cause: Hypothesis | None = None) -> Mapping[str, Any]:
        """What was chosen under a cause, or in all; several values where more than one fits."""
        if cause is not None and self.chosen:
            return self.chosen.get(cause.name, {})
        return merged(c for candidates in self.candidates for c in candidates)

    @property
    def free(self) -> bool:
        return any(h.free for h in self.causes)

    @property
    def freedom(self) -> int:
        """How many alternatives the freest search of it went through."""
        return max((c.tried for cs in self.candidates for c in cs), default=1)

    @property
    def by_ranges(self) -> bool:
        """Whether it has randomness in it, and matches by simulated ranges."""
        return any(c.ranges is not None for cs in self.candidates for c in cs)


def merged(candidates: Iterable[Candidate]) -> dict[str, Any]:
    """The parameters of several candidates: one value of each, or a list of different ones."""
    found: dict[str, list[Any]] = {}
    for candidate in candidates:
        for key, value in candidate.parameters.items():
            if value not in found.setdefault(key, []):
                found[key].append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


@dataclass(frozen=True, slots=True)
class Settling:
    """A further number that would settle what the reported ones do not.

    ``claim`` says which number, its digits those that it has under the first explanation;
    ``under`` what it is under each, by name; ``declared`` what comes out as the job says.
    """

    claim: Claim
    under: Mapping[str, float]
    declared: float | None


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
    ``settling``: numbers that are not reported and would decide what these leave open.
    """

    kind: str
    baselines: tuple[Baseline, ...]
    explanations: tuple[Explanation, ...] = ()
    misses: tuple[Miss, ...] = ()
    tried: int = 0
    equivalent: tuple[tuple[str, ...], ...] = ()
    outweighed: tuple[Explanation, ...] = ()
    settling: tuple[Settling, ...] = ()

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
