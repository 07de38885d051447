"""What is known before anything is trained, and what is to be trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.evidence import Case, settings_of
from reportgen.models.determinism import Determinism
from reportgen.models.outputs import Predictions
from reportgen.retraining.member import Member
from reportgen.retraining.standard import seeds, why_not

FEWEST = 3  # members that a spread can be told from


@dataclass(frozen=True)
class Prepared:
    """The delivered model's answers on the judged rows, and members that need no training.

    ``own`` holds the answers of members that the job brings along; ``asked_twice`` is the largest
    difference between two answers of the delivered model to the same rows, None where it is not
    asked.
    """

    delivered: Answers
    own: tuple[Predictions, ...]
    asked_twice: float | None
    determinism: Determinism | None


def prepare(case: Case) -> Prepared:
    """Everything but training.

    Raises
    ------
    NotApplicable
        when the model cannot be trained again and the job lists no members of its own.
    """
    if len(case.members) < FEWEST:
        reason = why_not(case)
        if reason is not None:
            if case.members:
                reason += f"; {len(case.members)} members of its own are too few to tell a spread"
            raise NotApplicable(reason)
    split = judged_split(case)
    delivered = answers(case, split)
    own = tuple(case.asked(member, split) for member in case.members)
    return Prepared(
        delivered,
        own if len(own) >= FEWEST else (),
        _asked_twice(case, split),
        case.determinism(),
    )


def _asked_twice(case: Case, split: str) -> float | None:
    if case.predictor.predict_split(split) is not None:
        return None
    first = np.asarray(case.predict(split).raw)
    again = np.asarray(case.predictor.predict(case.inputs(split)))
    if first.dtype.kind not in "fiub":
        return float(np.mean(first != again))
    return float(np.max(np.abs(first.astype(np.float64) - again), initial=0.0))


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The ensemble, each member from its own seed, and the cells of the crossed design.

    The crossed cells that share one seed for both are members of the ensemble already. Those that
    may be missed stand last, where the plan cuts first.
    """
    if prepared.own:
        return []
    settings = settings_of(case, SeedEnsembleSettings)
    return [*ensemble_of(case, settings.members), *_cells(case, settings)]


def ensemble_of(case: Case, n: int) -> list[Member]:
    """The first ``n`` members, both seeds their own."""
    return [Member(weight_seed=s, order_seed=s) for s in seeds(case, n)]


def crossed_design(case: Case, settings: SeedEnsembleSettings) -> list[list[Member]]:
    """Members by weight seed and order seed; empty where the two cannot be told apart."""
    size = min(settings.crossed, settings.members)
    if size < FEWEST or case.predictor.framework == "sklearn":
        return []
    drawn = seeds(case, size)
    return [[Member(weight_seed=w, order_seed=o) for o in drawn] for w in drawn]


def _cells(case: Case, settings: SeedEnsembleSettings) -> list[Member]:
    design = crossed_design(case, settings)
    return [m for i, row in enumerate(design) for j, m in enumerate(row) if i != j]


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
