"""Every question asked once, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reportgen.answers import Answers, answers, judged_split
from reportgen.data.table import Split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.leakage.declared.copies import CONFLICTING
from reportgen.diagnostics.leakage.declared.near_copies import NEAR
from reportgen.diagnostics.leakage.declared.preprocessing import SAW
from reportgen.diagnostics.leakage.declared.resampled import RESAMPLED
from reportgen.diagnostics.leakage.declared.rows import GROUP
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
    if train.whole is not None:
        looked = {name: _of_a_part(one, train) for name, one in looked.items()}
    return Prepared(answers(case, judged), looked)


#: What single rows of train decide: where only some of them are held, a "no" says nothing.
BY_SINGLE_ROWS = (NEAR, GROUP, RESAMPLED, SAW)


def _of_a_part(looked: Looked, train: Split) -> Looked:
    """What a question came to of a train split of which some rows are held."""
    raised = {leak.code for leak in looked.leaks}
    words = (
        f"train is larger than memory: {train.n:,} of its {train.rows_of_all:,} rows, drawn at "
        "random, were looked at, and the others may hold what was not found"
    )
    untold = {c: words for c in BY_SINGLE_ROWS if c in looked.decides and c not in raised}
    if CONFLICTING in looked.decides and CONFLICTING not in raised:
        untold[CONFLICTING] = (
            "none across the splits; within train, which is larger than memory, rows were not "
            "compared with each other"
        )
    detectable = "" if set(untold) & set(BY_SINGLE_ROWS) else looked.detectable
    return replace(looked, untold={**looked.untold, **untold}, detectable=detectable)
