"""What is known before anything is trained, and what is to be trained."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostics.imbalance.declared import ImbalanceSettings
from reportgen.diagnostics.imbalance.remedies import Remedies, remedies
from reportgen.diagnostics.imbalance.shares import Shares, shares
from reportgen.evidence import Case, settings_of
from reportgen.retraining.member import Member


@dataclass(frozen=True)
class Prepared:
    """The judged split's answers; class counts and remedies in classification."""

    delivered: Answers
    counted: Shares | None
    plan: Remedies


def prepare(case: Case) -> Prepared:
    """Everything but training.

    Raises
    ------
    NotApplicable
        when no split can be judged.
    """
    delivered = answers(case, judged_split(case))
    if case.task == "regression":
        return Prepared(delivered, None, Remedies())
    counted = shares(case)
    return Prepared(
        delivered, counted, remedies(case, counted, settings_of(case, ImbalanceSettings))
    )


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The recipe's own members, and those of every remedy."""
    return prepared.plan.members
