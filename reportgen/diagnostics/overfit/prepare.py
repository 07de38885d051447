"""What is known before anything is trained, and what is to be trained."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.overfit.declared import OverfitSettings
from reportgen.diagnostics.overfit.what_ifs import Plan, plan
from reportgen.evidence import Case, settings_of
from reportgen.retraining.member import Member


@dataclass(frozen=True)
class Prepared:
    """The delivered model's answers on the judged split and on train, and what is tried."""

    delivered: Answers
    on_train: Answers
    plan: Plan


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
    return Prepared(
        answers(case, judged),
        answers(case, "train"),
        plan(case, settings_of(case, OverfitSettings)),
    )


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The recipe's own members, the what-ifs', the learning curve's."""
    return prepared.plan.members
