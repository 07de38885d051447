"""What is known before anything is trained, and what is to be trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.seed_ensemble.answered import numbers
from reportgen.diagnostics.seed_ensemble.asked import Asked, ask_again
from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.traits import Marks, marks
from reportgen.errors import ReportgenError
from reportgen.evidence import Case, settings_of
from reportgen.models.determinism import Determinism, Untold
from reportgen.models.outputs import Predictions
from reportgen.models.predictor import Predictor
from reportgen.retraining.member import Member
from reportgen.retraining.standard import seeds, why_not
from reportgen.scores.members import of_predictions

MOST_ROWS = 20_000  # of train that members of the job are asked about
FEWEST = 3  # members that a spread can be told from


@dataclass(frozen=True)
class Prepared:
    """The delivered model's answers on the judged rows, and members that need no training.

    Attributes
    ----------
    own : answers of the members that the job brings along, empty for fewer than three.
    own_marks : what their traits are told from.
    copies : how many more it brings that answer bit for bit as the delivered model or another.
    asked : whether the delivered model answers the same rows alike twice; None where it is not
        asked.
    alone : why there are no other models to set beside the delivered one.
    """

    delivered: Answers
    own: tuple[Answers, ...]
    copies: int
    asked: Asked | None
    determinism: Determinism | Untold
    alone: str | None = None
    own_marks: tuple[Marks, ...] = ()

    @property
    def answers_twice(self) -> bool:
        """Whether the delivered model gave two answers to the same rows."""
        return self.asked is not None and self.asked.differs


def prepare(case: Case) -> Prepared:
    """Everything but training.

    Raises
    ------
    NotApplicable
        when the model cannot be trained again, the job lists no members of its own, and the
        delivered model answers the same rows alike twice.
    """
    split = judged_split(case)
    delivered = answers(case, split)
    asked = ask_again(case, split)
    alone = None
    if len(case.members) < FEWEST:
        alone = why_not(case)
        if alone is not None:
            if case.members:
                alone += f"; {len(case.members)} members of its own are too few to tell a spread"
            if asked is None or not asked.differs:
                raise NotApplicable(alone)
    own = [of_predictions(delivered, case.asked(member, split)) for member in case.members]
    apart = _apart(delivered, own)
    if len(apart) < FEWEST and why_not(case) is not None:
        apart = list(range(len(own)))  # a recipe without randomness gives copies and nothing else
    kept = apart if len(apart) >= FEWEST else []
    return Prepared(
        delivered,
        tuple(own[k] for k in kept),
        len(own) - len(apart),
        asked,
        case.determinism(),
        alone,
        tuple(marks(case, own[k], _on_train(case, case.members[k])) for k in kept),
    )


def _on_train(case: Case, member: Predictor) -> Predictions | None:
    """What a member of the job predicts of train; None where nothing tells it."""
    if "train" not in case.splits:
        return None
    stored = member.predict_split("train") is not None
    if not stored and (member.framework == "predictions" or case.split("train").n > MOST_ROWS):
        return None
    try:
        return case.asked(member, "train")
    except ReportgenError:  # it answers the judged rows, and that is what it is listed for
        return None


def _apart(delivered: Answers, own: list[Answers]) -> list[int]:
    """Which of the job's members are models of their own."""
    seen: list[NDArray[np.float64]] = [numbers(delivered)]
    kept = []
    for k, member in enumerate(own):
        given = numbers(member)
        if not any(np.array_equal(given, other) for other in seen):
            seen.append(given)
            kept.append(k)
    return kept


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The ensemble, each member from its own seed, and the cells of the crossed design.

    The crossed cells that share one seed for both are members of the ensemble already. Those that
    may be missed stand last, where the plan cuts first. Beside members of the job's own, the
    recipe's are what they are compared with, where it can be trained.
    """
    settings = settings_of(case, SeedEnsembleSettings)
    if prepared.alone is not None:
        return []
    if prepared.own:
        return [] if why_not(case) is not None else ensemble_of(case, settings.members)
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
