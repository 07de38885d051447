"""The model is asked for changed rows in a few large batches, and its answers are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.data.steps import Steps
from reportgen.diagnostic import NotApplicable
from reportgen.errors import ModelError
from reportgen.evidence import Case
from reportgen.models.outputs import Predictions
from reportgen.statistics import estimates, influence
from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import Interval, student

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Numbers in one batch of changed rows: 256 MB of float64.
BATCH_NUMBERS = 32_000_000
BATCH_ROWS = 100_000


class Question(Protocol):
    """Rows to be asked again: their positions in the split, and how they are changed."""

    @property
    def rows(self) -> Ints: ...


@dataclass(frozen=True)
class Replies:
    """Answers to some rows: scores, labels and values as of ``models.outputs.Predictions``."""

    labels: NDArray[Any] | None
    scores: Floats | None
    values: Floats | None

    def at(self, rows: Any) -> Replies:
        return Replies(
            None if self.labels is None else self.labels[rows],
            None if self.scores is None else self.scores[rows],
            None if self.values is None else self.values[rows],
        )


def replies_of(given: Predictions) -> Replies:
    values = given.values
    if values is not None and values.ndim == 1:
        values = values[:, None]
    return Replies(given.labels, given.scores, values)


def joined(parts: Sequence[Replies]) -> Replies:
    """Replies one below the other."""

    def stacked(some: list[Any]) -> Any:
        return None if some[0] is None else np.concatenate(some)

    return Replies(
        stacked([part.labels for part in parts]),
        stacked([part.scores for part in parts]),
        stacked([part.values for part in parts]),
    )


def at_once(row_size: int, most: int) -> int:
    """Rows of so many numbers that one question may have."""
    return int(np.clip(BATCH_NUMBERS // max(row_size, 1), 1, most))


def asked(
    case: Case,
    asks: Mapping[str, Question],
    copied: Callable[[Sequence[Any]], Any],
    row_size: int,
    what: str,
    steps: Steps | None = None,
) -> dict[str, Replies]:
    """Replies to each question, asked in batches of many.

    Parameters
    ----------
    copied : the changed rows of some questions, one below the other.
    row_size : numbers in a row.
    steps : where labels stand step by step: rows are sequences then, and replies one a step.
    """
    most = max(min(BATCH_ROWS, BATCH_NUMBERS // max(row_size, 1)), 1)
    found: dict[str, Replies] = {}
    batch: list[str] = []
    waiting = 0
    for name, ask in asks.items():
        if batch and waiting + len(ask.rows) > most:
            found |= _batch(case, asks, batch, copied, what, steps)
            batch, waiting = [], 0
        batch.append(name)
        waiting += len(ask.rows)
    if batch:
        found |= _batch(case, asks, batch, copied, what, steps)
    return found


def _batch(
    case: Case,
    asks: Mapping[str, Question],
    names: Sequence[str],
    copied: Callable[[Sequence[Any]], Any],
    what: str,
    steps: Steps | None,
) -> dict[str, Replies]:
    counts = [len(asks[name].rows) for name in names]
    kept = None
    if steps is not None:
        kept = steps.kept[np.concatenate([asks[name].rows for name in names])]
        counts = [int(steps.kept[asks[name].rows].sum()) for name in names]
    try:
        answered = case.predict_rows(copied([asks[name] for name in names]), what, kept)
    except ModelError as error:
        raise NotApplicable(
            f"the model does not answer {what}: {error.problems[0].message}"
        ) from error
    given = replies_of(answered)
    ends = np.cumsum(counts)
    return {
        name: given.at(slice(int(end) - n, int(end)))
        for name, n, end in zip(names, counts, ends, strict=True)
    }


@dataclass(frozen=True)
class Change:
    """What one kind of change did to the answers of n rows.

    Attributes
    ----------
    flips : share of answers that changed (regression: moved by more than ``moved`` sd).
    beyond : the same, each counted by how far its probability moved: what margins do not explain.
    moved : mean distance of the answers, as total variation, in regression in sd of the target.
    rows : which rows, positions in the split, each once; ``by_row`` is ``beyond`` and ``flipped``
        ``flips`` of each.
    """

    flips: Interval
    beyond: Interval
    moved: Interval
    rows: Ints
    by_row: Floats
    flipped: Floats

    @property
    def n(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Ruler:
    """What two answers to a row are compared by.

    ``sd`` is that of train's target, shape (T,), and ``far`` the distance in it from which an
    answer counts as changed; regression only.
    """

    sd: Floats
    far: float

    def compared(self, before: Replies, after: Replies) -> tuple[Floats, Floats, Floats]:
        """Flips, flips by how far the probability moved, and the distance; each of shape (n,)."""
        if before.values is not None and after.values is not None:
            distance = (np.abs(after.values - before.values) / self.sd).max(axis=1)
            far = (distance > self.far).astype(np.float64)
            return far, far, distance
        assert before.labels is not None
        assert after.labels is not None
        flips = (before.labels != after.labels).astype(np.float64)
        if before.scores is None or after.scores is None:
            mean = flips.mean(axis=1) if flips.ndim == 2 else flips
            return mean, mean, mean
        gaps = np.abs(after.scores - before.scores)
        if flips.ndim == 2:  # labels of their own
            return flips.mean(axis=1), (flips * gaps).mean(axis=1), gaps.mean(axis=1)
        moved = gaps if gaps.ndim == 1 else gaps.sum(axis=1) / 2
        return flips, flips * np.minimum(moved, 1.0), moved


def change(
    ruler: Ruler, all_rows: Replies, ask_rows: Ints, given: Replies, answers: Answers
) -> Change:
    """Answers to changed rows against those to the same rows as they are.

    Parameters
    ----------
    all_rows : replies to every row of the split; ``ask_rows`` may name a row more than once.
    """
    flips, beyond, moved = ruler.compared(all_rows.at(ask_rows), given)
    rows = ask_rows
    if len(rows) > 1 and not (np.diff(rows) > 0).all():
        rows, inverse = np.unique(ask_rows, return_inverse=True)
        drawn = np.bincount(inverse).astype(np.float64)
        flips, beyond, moved = (
            np.bincount(inverse, weights=values) / drawn for values in (flips, beyond, moved)
        )
    design = design_of(answers, rows)
    return Change(
        _share(flips, design), _share(beyond, design), _mean(moved, design), rows, beyond, flips
    )


def design_of(answers: Answers, rows: Ints) -> Design:
    """How some rows of the split count; they are among those that are judged."""
    if answers.design.plain:
        return Design(len(rows))
    chosen = np.zeros(len(answers.kept), dtype=bool)
    chosen[rows] = True
    return answers.design.rows(chosen[answers.kept])


def _share(values: Floats, design: Design) -> Interval:
    return estimates.proportion(values, design)


def _mean(values: Floats, design: Design) -> Interval:
    found = influence.mean(values, design.weights)
    between = student(found.value, design.se(found.rows), design.df)
    return Interval(found.value, max(between.low, 0.0), between.high, between.method, between.se)
