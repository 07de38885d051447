"""Every question asked once, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.leakage.found import Leak, Looked
from reportgen.diagnostics.leakage.questions import questions
from reportgen.evidence import Case


@dataclass(frozen=True)
class Prepared:
    """The judged split's answers, and what each question came to, by its name."""

    delivered: Answers
    looked: dict[str, Looked]

    @property
    def judged(self) -> str:
        return self.delivered.split

    @property
    def leaks(self) -> tuple[Leak, ...]:
        return tuple(leak for looked in self.looked.values() for leak in looked.leaks)


def prepare(case: Case) -> Prepared:
    """What all questions find.

    Raises
    ------
    NotApplicable
        when there are no training rows beside rows to judge.
    """
    judged = judged_split(case)
    train = case.dataset.splits.get("train")
    if train is None or train.n == 0:
        raise NotApplicable("there are no training rows to compare with")
    if train.steps is not None:
        raise NotApplicable(
            "labels stand step by step (`mask:`): what may have leaked are whole sequences, and "
            "rows are steps"
        )
    if judged == "train":
        raise NotApplicable("there are no rows but the training rows to be judged")
    looked = {name: module.look(case, judged) for name, module in questions().items()}
    return Prepared(answers(case, judged), looked)
