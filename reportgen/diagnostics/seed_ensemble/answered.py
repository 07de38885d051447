"""What members answer to the judged rows: own ones of the job, and those that were trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.errors import ModelError
from reportgen.evidence import Case
from reportgen.models.outputs import Predictions
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained, TrainedMember

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """Members' answers; ``diverged`` had a loss that is no number, ``missing`` says of others why.

    ``tried`` are those that the plan and the clock let train, ``grown`` is whether they are more
    than the settings ask for at first.
    """

    members: tuple[Answers, ...]
    diverged: int = 0
    missing: tuple[str, ...] = ()
    grown: bool = False
    tried: int = 0


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
        given = of_result(case, delivered, result) if result.usable else None
        if given is None:
            missing.append(result.error or result.why or result.status)
        else:
            answered.append(given)
    tried = sum(r.status not in ("cut", "stopped") for r in results)
    return Answered(tuple(answered), diverged, tuple(dict.fromkeys(missing)), tried > first, tried)


def of_result(case: Case, delivered: Answers, result: TrainedMember) -> Answers | None:
    """A trained member's answers; None where it has none that are numbers."""
    if delivered.split not in result.predictions:
        return None
    try:
        given = case.interpreted(np.asarray(result.predictions[delivered.split]), delivered.split)
    except ModelError:  # outputs that are not finite: the training failed
        return None
    return of_predictions(delivered, given)


def of_predictions(delivered: Answers, given: Predictions) -> Answers:
    """A member's answers to the same rows."""
    kept = delivered.kept
    scores = None if given.scores is None else np.asarray(given.scores, np.float64)[kept]
    if scores is not None and delivered.task == "binary" and delivered.positive == 0:
        scores = 1.0 - scores
    values = None
    if given.values is not None:
        values = np.asarray(given.values, np.float64).reshape(len(given.values), -1)[kept]
    labels = None if given.labels is None else np.asarray(given.labels)[kept]
    return replace(delivered, labels=labels, scores=scores, values=values)


def numbers(of: Answers) -> Floats:
    """An answer as numbers in one row: probabilities, values, or labels."""
    for values in (of.scores, of.values, of.labels):
        if values is not None:
            return np.asarray(values, np.float64).reshape(-1)
    raise ValueError("a model without outputs")
