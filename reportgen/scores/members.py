"""What other models of the same recipe answer to the judged rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.errors import ModelError
from reportgen.evidence import Case
from reportgen.models.outputs import Predictions
from reportgen.retraining.results import TrainedMember

Floats = NDArray[np.float64]


def of_result(
    case: Case, delivered: Answers, result: TrainedMember, asked: str | None = None
) -> Answers | None:
    """A trained member's answers; None where it has none that are numbers.

    ``asked`` names predictions of the same rows from other inputs
    (:func:`reportgen.retraining.added.add_split`); by default those of the judged split.
    """
    asked = asked or delivered.split
    if asked not in result.predictions:
        return None
    try:
        given = case.interpreted(np.asarray(result.predictions[asked]), delivered.split)
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
