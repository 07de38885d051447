"""What members answer to the judged rows: own ones of the job, and those that were trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.seed_ensemble.traits import Marks, marks
from reportgen.errors import ModelError
from reportgen.evidence import Case
from reportgen.models.outputs import Predictions
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained, TrainedMember
from reportgen.scores.members import of_result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """Members' answers; ``diverged`` had a loss that is no number, ``missing`` says of others why.

    ``tried`` are those that the plan and the clock let train, ``grown`` is whether they are more
    than the settings ask for at first. ``ended`` were left out with the round of growing that the
    clock ended. ``marks`` are what traits are told from, of each of the members.
    """

    members: tuple[Answers, ...]
    diverged: int = 0
    missing: tuple[str, ...] = ()
    grown: bool = False
    tried: int = 0
    ended: int = 0
    marks: tuple[Marks, ...] = ()


def of_trained(
    case: Case, delivered: Answers, trained: Trained, wanted: Sequence[Member], first: int
) -> Answered:
    """Answers of the ``wanted`` members as far as they were trained; ``first`` were at first."""
    results = [trained.members[m] for m in wanted if m in trained.members]
    answered, told_by, missing, diverged = [], [], [], 0
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
            told_by.append(_marks(case, given, result))
    ended = sum(r.status == "stopped" for r in results)
    tried = len(results) - ended - sum(r.status == "cut" for r in results)
    told = tuple(dict.fromkeys(missing))
    grown = tried > first
    return Answered(tuple(answered), diverged, told, grown, tried, ended, tuple(told_by))


def _marks(case: Case, given: Answers, result: TrainedMember) -> Marks:
    """Told once: an ensemble that grows is looked at again and again, and train may be large."""

    def told() -> tuple[TrainedMember, Marks]:
        return result, marks(case, given, on_train(case, result))

    return case.memo(("marks", id(result)), told)[1]


def on_train(case: Case, result: TrainedMember) -> Predictions | None:
    """What a trained member predicts of train; None where it was not asked, or is no number."""
    if "train" not in result.predictions:
        return None
    try:
        return case.interpreted(np.asarray(result.predictions["train"]), "train")
    except ModelError:
        return None


def numbers(of: Answers) -> Floats:
    """An answer as numbers in one row: probabilities, values, or labels."""
    for values in (of.scores, of.values, of.labels):
        if values is not None:
            return np.asarray(values, np.float64).reshape(-1)
    raise ValueError("a model without outputs")
