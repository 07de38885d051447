"""What is changed and asked: the rows of one split, and the answers they have as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reportgen.answers import Answers, answers, judged_split
from reportgen.data.steps import Steps
from reportgen.diagnostics.sensitivity import asking
from reportgen.diagnostics.sensitivity.asking import (
    Change,
    Floats,
    Ints,
    Question,
    Replies,
    Ruler,
    replies_of,
)
from reportgen.diagnostics.sensitivity.importance import squared_errors
from reportgen.evidence import Case
from reportgen.statistics.estimates import Design


@dataclass(frozen=True)
class Subject:
    """The judged split of a case.

    Where labels stand step by step, what is changed are sequences, and what is compared are the
    answers to their steps: ``rows`` are positions of sequences, ``before`` has one reply a step.
    """

    case: Case
    name: str
    given: Answers
    before: Replies
    ruler: Ruler

    @property
    def steps(self) -> Steps | None:
        return self.case.split(self.name).steps

    @property
    def X(self) -> Any:
        return self.case.split(self.name).X

    @property
    def reference(self) -> Any:
        """Rows of train, which tell what a column is; of this split where there is none."""
        name = "train" if "train" in self.case.dataset.splits else self.name
        return self.case.split(name).X

    @cached_property
    def rows(self) -> Ints:
        """What can be changed and judged."""
        kept = np.flatnonzero(self.given.kept).astype(np.int64)
        return kept if self.steps is None else np.unique(self.steps.sequence[kept])

    def answered(self, rows: Ints) -> Ints:
        """Positions of the answers to some rows, in the order in which they come back."""
        if self.steps is None:
            return rows
        counts, first = self._steps
        starts = np.repeat(first[rows], counts[rows])
        within = np.arange(len(starts)) - np.repeat(
            np.cumsum(counts[rows]) - counts[rows], counts[rows]
        )
        return np.asarray(starts + within, dtype=np.int64)

    @cached_property
    def _steps(self) -> tuple[Ints, Ints]:
        assert self.steps is not None
        counts = self.steps.kept.sum(axis=1).astype(np.int64)
        return counts, np.cumsum(counts) - counts

    def asked(
        self,
        asks: Mapping[str, Question],
        copied: Callable[[Sequence[Any]], Any],
        size: int,
    ) -> dict[str, Replies]:
        """Replies to questions about changed rows, see :func:`asking.asked`."""
        what = f"changed rows of {self.name}"
        return asking.asked(self.case, asks, copied, size, what, self.steps)

    def change(self, rows: Ints, replies: Replies) -> Change:
        """What a change did to the answers to these rows; a row may be there more than once."""
        at, replies = self._judged(self.answered(rows), replies)
        return asking.change(self.ruler, self.before, at, replies, self.given)

    def _judged(self, at: Ints, replies: Replies) -> tuple[Ints, Replies]:
        """Without steps that cannot be judged, of sequences that have others."""
        if self.steps is None or self.given.kept.all():
            return at, replies
        kept = self.given.kept[at]
        return at[kept], replies.at(kept)

    def compared(self, rows: Ints, replies: Replies) -> tuple[Floats, Floats, Floats]:
        """Flips, flips beyond margins, and moves; one each answer."""
        at = self.answered(rows)
        return self.ruler.compared(self.before.at(at), replies)

    def apart(self, rows: Ints, others: Ints) -> float:
        """Share of answers that differ between rows and others; of equal steps in sequences."""
        at, beside = self.answered(rows), self.answered(others)
        n = min(len(at), len(beside))
        found = self.ruler.compared(self.before.at(at[:n]), self.before.at(beside[:n]))[1]
        return float(found.mean())

    def errors(self, rows: Ints, replies: Replies | None = None) -> Floats:
        """Each row's squared error, mean over its steps; of the rows as they are by default."""
        at = self.answered(rows)
        replies = self.before.at(at) if replies is None else replies
        truth = self.case.split(self.name).y
        assert truth is not None
        found = squared_errors(
            replies, truth, at, self.case.task, self.ruler.sd, self.given.positive
        )
        if self.steps is None:
            return found
        counts = self._steps[0][rows]
        place = np.repeat(np.arange(len(rows)), counts)
        found = np.where(self.given.kept[at], found, 0.0)
        judged = np.bincount(place, weights=self.given.kept[at], minlength=len(rows))
        sums = np.bincount(place, weights=found, minlength=len(rows))
        return np.asarray(sums / np.maximum(judged, 1))

    def design(self, rows: Ints) -> Design:
        """How some rows count; sequences by their group, or one by one."""
        if self.steps is None:
            return asking.design_of(self.given, rows)
        codes = self.given.design.codes
        if codes is None:
            return Design(len(rows))
        of_answers = np.full(len(self.given.kept), -1)
        of_answers[self.given.kept] = codes
        of_rows = np.full(len(self._steps[0]), -1)
        np.maximum.at(of_rows, self.steps.sequence, of_answers)
        own = np.unique(of_rows[rows], return_inverse=True)[1].astype(np.int64)
        return Design(len(rows), None, None if own.max() + 1 == len(rows) else own)


def subject_of(case: Case, far: float) -> Subject:
    """The split that is judged, with the answers to it.

    Raises
    ------
    NotApplicable
        when no split has a target and predictions.
    """
    name = judged_split(case)
    return Subject(
        case, name, answers(case, name), replies_of(case.predict(name)), _ruler(case, name, far)
    )


def _ruler(case: Case, judged: str, far: float) -> Ruler:
    if case.task != "regression":
        return Ruler(np.ones(1), far)
    target = case.split("train" if "train" in case.dataset.splits else judged).y
    y = np.asarray(target if target is not None else case.split(judged).y)
    sd = y.astype(np.float64).reshape(len(y), -1).std(axis=0)
    return Ruler(np.where(sd > 0, sd, 1.0), far)
