"""What is known before anything is trained, and what is to be trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.overfit.declared import OverfitSettings
from reportgen.diagnostics.overfit.what_ifs import Plan, plan
from reportgen.evidence import Case, settings_of
from reportgen.retraining.member import Member
from reportgen.statistics.clusters import stands_in

FEWEST_NEW = 30  # judged rows that train has not, from which on the others are left out


@dataclass(frozen=True)
class Prepared:
    """The delivered model's answers on the judged split and on train, and what is tried.

    ``seen`` counts the rows of the judged split that are copies of training rows: they cannot tell
    memory from learning and are left out of ``delivered``, unless hardly any others are left
    (``only_seen``).
    """

    delivered: Answers
    on_train: Answers
    plan: Plan
    seen: int = 0
    only_seen: bool = False


def prepare(case: Case) -> Prepared:
    """Everything but training.

    Raises
    ------
    NotApplicable
        when there is no train split with predictions beside one that is judged.
    """
    judged = judged_split(case)
    if judged == "train":
        raise NotApplicable("there are no rows but the training rows to be judged")
    if "train" not in case.splits or case.split("train").n == 0:
        raise NotApplicable("there are no predictions for training rows to set beside the judged")
    delivered, seen, only_seen = _new_rows(case, answers(case, judged))
    return Prepared(
        delivered,
        answers(case, "train"),
        plan(case, settings_of(case, OverfitSettings)),
        seen,
        only_seen,
    )


def _new_rows(case: Case, delivered: Answers) -> tuple[Answers, int, bool]:
    """The judged rows that train has not, how many it has, and whether too few are left."""
    split, train = case.split(delivered.split), case.split("train")
    found = stands_in(split.X, train.X)
    if found is None:
        return delivered, 0, False
    if split.steps is not None:
        found = split.steps.spread(found)
    seen = np.asarray(found)[delivered.kept]
    new = delivered.part(~seen) if not seen.all() else None
    if new is None or new.n < FEWEST_NEW or _of_one_class(new):
        return delivered, int(seen.sum()), True
    return new, int(seen.sum()), False


def _of_one_class(rows: Answers) -> bool:
    return rows.task != "regression" and rows.y.ndim == 1 and len(np.unique(rows.y)) < 2


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The recipe's own members, the what-ifs', the learning curve's."""
    return prepared.plan.members
