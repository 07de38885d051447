"""A recipe with something changed beside the recipe as it is: paired by seed, judged together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.charts.numbers import number
from reportgen.evidence import Case
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained
from reportgen.scores.followed import Followed
from reportgen.scores.members import of_result
from reportgen.statistics.intervals import LEVEL, Interval, student
from reportgen.statistics.member_means import over_members

Floats = NDArray[np.float64]
FEWEST = 3  # seeds
LONGEST = 10  # times the epochs that fewer rows may be trained for


@dataclass(frozen=True)
class Gain:
    """A what-if beside the recipe.

    Attributes
    ----------
    name : which.
    gain : on the metric that matters, better less worse, with an interval over rows and seeds at
        the level that was asked for.
    without, having : means over members, of the recipe and of the what-if.
    others : change of every other metric, as it is printed: label -> (unit, change).
    members : seeds; 0 for the delivered model alone.
    """

    name: str
    gain: Interval
    without: float
    having: float
    others: dict[str, tuple[str, float]] = field(default_factory=dict)
    members: int = 0


WORTH_SAYING = 0.005  # change of a score


def costs(others: Mapping[str, tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """Scores that fall where the one that matters rises, the largest fall first."""
    falls = [
        (label, change)
        for label, (unit, change) in others.items()
        if unit == "score" and change <= -WORTH_SAYING
    ]
    return sorted(falls, key=lambda fall: fall[1])[:most]


def dearest(others: Sequence[Mapping[str, Any]]) -> str:
    """The largest of these falls in words, from a stored what-if's changes; "" where none is."""
    falls = costs({o["label"]: (o["unit"], o["change"]) for o in others}, 1)
    return "".join(f"{label} {number(change, 'score', True)}" for label, change in falls)


def joint_level(n: int) -> float:
    """The level of each of ``n`` intervals that hold together at 95 % (Bonferroni)."""
    return 1 - (1 - LEVEL) / max(n, 1)


def answers_of(
    case: Case, delivered: Answers, trained: Trained, members: Sequence[Member]
) -> list[Answers | None]:
    """Each member's answers, in order; None where it has none."""
    given = []
    for member in members:
        result = trained.members.get(member)
        usable = result is not None and result.usable
        given.append(of_result(case, delivered, result) if result and usable else None)
    return given


def why_missing(trained: Trained, members: Sequence[Member]) -> str:
    """Why too few of these members can be compared, in words."""
    for member in members:
        result = trained.members.get(member)
        if result is None:
            return "its retrainings were cut to the budget"
        if not result.usable:
            return (result.error or result.why or result.status).splitlines()[0][:160]
    return "the metric is not defined for its members"


def both(
    before: Sequence[Answers | None], after: Sequence[Answers | None]
) -> tuple[list[Answers], list[Answers]]:
    """The pairs of which both gave answers, apart."""
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if a is not None and b is not None]
    return [a for a, _ in pairs], [b for _, b in pairs]


def gain(
    name: str,
    metric: Followed,
    metrics: Sequence[Followed],
    before: Sequence[Answers],
    after: Sequence[Answers],
    *,
    level: float = LEVEL,
) -> Gain | None:
    """The what-if's gain over the recipe; None where the metric is not defined.

    Fewer than ``FEWEST`` pairs stand for the delivered model alone: the first is taken.
    """
    was, becomes = ([metric.of(a) for a in side] for side in (before, after))
    values = metric.better * np.array(
        [b.value - a.value for a, b in zip(was, becomes, strict=True)]
    )
    if not len(values) or not np.isfinite(values).all():
        return None
    rows = np.array([b.rows - a.rows for a, b in zip(was, becomes, strict=True)])
    design = before[0].design
    many = len(values) >= FEWEST
    if many:
        found = over_members(values, metric.better * rows.mean(axis=0), design, level=level)
    else:
        found = student(
            float(values[0]), design.se(rows[0]), design.df, level=level,
            method="paired delta method, t",
        )  # fmt: skip
    others = {}
    for other in metrics:
        if other.name == metric.name:
            continue
        change = np.array(
            [other.of(b).value - other.of(a).value for a, b in zip(before, after, strict=True)]
        )
        if np.isfinite(change).all():
            others[other.label] = (other.unit, float(change.mean()))
    return Gain(
        name,
        found,
        float(np.mean([a.value for a in was])),
        float(np.mean([b.value for b in becomes])),
        others,
        len(values) if many else 0,
    )


def same_steps(case: Case, before: int, after: int) -> int | None:
    """Epochs on ``after`` rows that take about as many steps as the recipe on ``before``.

    A last batch that is not full is a step too. None for estimators; at most ``LONGEST`` times the
    recipe's.
    """
    training = case.entry.training
    if case.predictor.framework == "sklearn" or training is None:
        return None
    steps = training.epochs * -(-before // training.batch_size)
    epochs = round(steps / -(-after // training.batch_size))
    return max(1, min(epochs, LONGEST * training.epochs))
