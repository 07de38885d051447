"""What members answer to the judged rows: own ones of the job, and those that were trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.evidence import Case
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained
from reportgen.scores.members import of_result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """Members' answers; ``diverged`` had a loss that is no number, ``missing`` says of others why.

    ``tried`` are those that the plan and the clock let train, ``grown`` is whether they are more
    than the settings ask for at first. ``ended`` were left out with the round of growing that the
    clock ended.
    """

    members: tuple[Answers, ...]
    diverged: int = 0
    missing: tuple[str, ...] = ()
    grown: bool = False
    tried: int = 0
    ended: int = 0


def of_trained(
    case: Case, delivered: Answers, trained: Trained, wanted: Sequence[Member], first: int
) -> Answered:
    """Answers of the ``wanted`` members as far as they were trained; ``first`` were at first."""
    results = [trained.members[m] for m in wanted if m in trained.members]
    answered, missing, diverged = [], [], 0
    for result in results:
        if result.status == "diverged":
            diverged += 1
            continue
        if result.status == "stopped":
            continue
        given = of_result(case, delivered, result) if result.usable else None
        if given is None:
            missing.append(result.error or result.why or result.status)
        else:
            answered.append(given)
    ended = sum(r.status == "stopped" for r in results)
    tried = len(results) - ended - sum(r.status == "cut" for r in results)
    told = tuple(dict.fromkeys(missing))
    return Answered(tuple(answered), diverged, told, tried > first, tried, ended)


def numbers(of: Answers) -> Floats:
    """An answer as numbers in one row: probabilities, values, or labels."""
    for values in (of.scores, of.values, of.labels):
        if values is not None:
            return np.asarray(values, np.float64).reshape(-1)
    raise ValueError("a model without outputs")
