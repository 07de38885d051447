"""What the members' mean answer scores, for all of them and for fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.evidence import Case
from reportgen.models.outputs import interpret
from reportgen.models.predictor import Output
from reportgen.scores.followed import Followed
from reportgen.statistics.intervals import Interval, student

SIZES = (2, 3, 5, 10, 20, 50)
SUBSETS = 30
ROUNDING = 1e-12  # a mean of equal scores differs from them by less


@dataclass(frozen=True)
class Averaged:
    """``gain`` of the ensemble over the mean member, positive where better, paired by row.

    ``score`` is the ensemble's own, with its interval over rows. ``by_size`` is the mean gain of
    averaging that many, over subsets of the members; a subset of all of them is the ensemble
    itself. ``churn`` is, for as many sizes as there are two sets without a common member, the
    share of rows on which two such averages differ; for 1 that of two members.
    """

    score: Interval
    gain: Interval
    by_size: dict[int, float]
    churn: dict[int, float]


def averaged(
    case: Case,
    members: Sequence[Answers],
    metric: Followed,
    step: float | None,
    rng: np.random.Generator,
) -> Averaged:
    """The ensemble of all members, and of some.

    Parameters
    ----------
    step : regression's distance from which predictions differ.
    """
    singles = [metric.of(m) for m in members]
    whole = metric.of(mean_answer(case, members))
    value = metric.better * (whole.value - float(np.mean([s.value for s in singles])))
    value = 0.0 if abs(value) < ROUNDING else value
    rows = metric.better * (whole.rows - np.mean([s.rows for s in singles], axis=0))
    design = members[0].design
    of_rows = design.se(rows)
    of_members = float(np.std([s.value for s in singles], ddof=1)) / np.sqrt(len(singles))
    df = len(singles) - 1 if design.df is None else min(len(singles) - 1, design.df)
    gain = student(value, float(np.hypot(of_rows, of_members)), df, method="t, rows and members")
    alone = [s.value for s in singles]
    sizes = {}
    for size in (s for s in SIZES if s < len(members)):
        drawn = []
        for _ in range(SUBSETS):
            chosen = rng.choice(len(members), size, replace=False)
            mean = float(np.mean([alone[i] for i in chosen]))
            together = metric.of(mean_answer(case, [members[i] for i in chosen])).value
            drawn.append(metric.better * (together - mean))
        gained = float(np.mean(drawn))
        sizes[size] = 0.0 if abs(gained) < ROUNDING else gained
    sizes[len(members)] = value
    score = student(whole.value, design.se(whole.rows), design.df)
    return Averaged(score, gain, sizes, _churn(case, members, step, rng))


def _churn(
    case: Case, members: Sequence[Answers], step: float | None, rng: np.random.Generator
) -> dict[int, float]:
    found = {}
    for size in (s for s in (1, *SIZES) if 2 * s <= len(members)):
        differ = []
        for _ in range(SUBSETS):
            chosen = rng.choice(len(members), 2 * size, replace=False)
            halves = chosen[:size], chosen[size:]
            one, other = (mean_answer(case, [members[i] for i in half]) for half in halves)
            differ.append(_differ(one, other, step))
        found[size] = float(np.mean(differ))
    return found


def _differ(one: Answers, other: Answers, step: float | None) -> float:
    if step is not None:
        assert one.values is not None
        assert other.values is not None
        return float(np.mean(np.abs(one.values - other.values) > step))
    return float(np.mean(np.asarray(one.labels) != np.asarray(other.labels)))


def mean_answer(case: Case, members: Sequence[Answers]) -> Answers:
    """Mean probability and its label under the declared decision, mean value, or a vote."""
    first = members[0]
    if first.values is not None:
        values = np.mean([m.values for m in members if m.values is not None], axis=0)
        return replace(first, values=values)
    if any(m.scores is None for m in members):
        return replace(first, labels=_voted(members))
    scores = np.mean([np.asarray(m.scores) for m in members], axis=0)
    flipped = first.task == "binary" and first.positive == 0
    given = interpret(
        1.0 - scores if flipped else scores,
        Output("probability", "the members' mean"),
        case.dataset,
        case.entry.decision,
        split_name=first.split,
    )
    return replace(first, scores=scores, labels=np.asarray(given.labels))


def _voted(members: Sequence[Answers]) -> NDArray[np.int64]:
    labels = np.stack([np.asarray(m.labels) for m in members])
    known = np.unique(labels)
    counts = np.stack([(labels == c).sum(axis=0) for c in known])
    return np.asarray(known[counts.argmax(axis=0)], np.int64)
