"""Are the members that a job brings along retrainings of the recipe that it declares?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.answers import Answers
from reportgen.diagnostics.seed_ensemble.answered import numbers
from reportgen.statistics.two_groups import compare


@dataclass(frozen=True)
class Control:
    """The job's members beside models of the recipe that were trained for the audit.

    Attributes
    ----------
    own, retrained, between : mean distance of two of the job's members, of two retrainings, and of
        one of each: root mean square over rows, in units of the output.
    p : chance of a difference this large if all were drawn alike (permutations).
    members : how many of each.
    """

    own: float
    retrained: float
    between: float
    p: float
    members: tuple[int, int]

    @property
    def excess(self) -> float:
        """How much further a member and a retraining are apart than two retrainings, as a share."""
        if self.retrained <= 0:
            return float("inf") if self.between > 0 else 0.0
        return max(self.between, self.own) / self.retrained - 1


def control_of(
    own: Sequence[Answers], retrained: Sequence[Answers], rng: np.random.Generator
) -> Control:
    """Both groups compared by their answers to the judged rows."""
    first, second = (np.stack([numbers(m) for m in group]) for group in (own, retrained))
    found = compare(first, second, rng)
    return Control(
        found.within_first, found.within_second, found.between, found.p, (len(own), len(retrained))
    )
