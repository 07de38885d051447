"""What each remedy gives on the judged split, beside the recipe as declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers, answers
from reportgen.diagnostics.imbalance.prepare import Prepared
from reportgen.diagnostics.imbalance.remedies import WORDS, held_out
from reportgen.diagnostics.imbalance.thresholds import Move, best_strength, best_threshold
from reportgen.evidence import Case
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained
from reportgen.scores.followed import Followed, followed
from reportgen.scores.headline import headline
from reportgen.scores.members import of_result
from reportgen.statistics.intervals import LEVEL, Interval, student
from reportgen.statistics.member_means import over_members

Floats = NDArray[np.float64]
FEWEST = 3
#: Headline metrics that a small class cannot be hidden from: the remedies are judged by them.
FAIR = ("balanced_accuracy", "f1", "f1_macro", "mcc")


@dataclass(frozen=True)
class Gain:
    """A remedy beside the recipe.

    Attributes
    ----------
    gain : on the metric that matters, better less worse; its interval holds for all remedies
        together.
    without, having : means over members, of the recipe and of the remedy.
    others : change of every other metric, as it is printed: label -> (unit, change).
    members : seeds; 0 for the delivered model alone.
    move : the threshold's, else None.
    """

    name: str
    gain: Interval
    without: float
    having: float
    others: dict[str, tuple[str, float]]
    members: int
    move: Move | None = None

    @property
    def words(self) -> str:
        return WORDS[self.name]


@dataclass(frozen=True)
class Gains:
    """All remedies on one metric; ``untold`` says why others have no number."""

    metric: Followed
    found: tuple[Gain, ...] = ()
    untold: dict[str, str] = field(default_factory=dict)
    level: float = LEVEL

    def of(self, name: str) -> Gain | None:
        return next((g for g in self.found if g.name == name), None)


def gains(case: Case, prepared: Prepared, trained: Trained) -> Gains:
    """Every remedy that was tried, judged jointly on the split that none of them has seen."""
    delivered, plan = prepared.delivered, prepared.plan
    metrics = followed(delivered)
    head = headline(case, delivered, metrics)
    fair = next(m for m in metrics if m.name == "balanced_accuracy")
    metric = head if head.name in FAIR else fair
    moved = _moved(case, prepared, trained)
    pairs: dict[str, tuple[list[Answers], list[Answers], Move | None]] = {}
    untold = dict(plan.untold)
    for name, members in plan.tried.items():
        both = [
            (a, b)
            for a, b in zip(
                _all(case, delivered, trained, plan.base),
                _all(case, delivered, trained, members),
                strict=True,
            )
            if a is not None and b is not None
        ]
        if len(both) < FEWEST:
            untold[name] = _reason(trained, members)
            continue
        pairs[name] = ([a for a, _ in both], [b for _, b in both], None)
    if isinstance(moved, str):
        untold.setdefault("threshold", moved)
    elif moved is not None:
        pairs["threshold"] = moved
        untold.pop("threshold", None)
    level = 1 - (1 - LEVEL) / max(len(pairs), 1)
    found = [
        _gain(name, metric, metrics, delivered, *both, level=level) for name, both in pairs.items()
    ]
    return Gains(metric, tuple(g for g in found if g is not None), untold, level)


def _all(
    case: Case, delivered: Answers, trained: Trained, members: Sequence[Member]
) -> list[Answers | None]:
    """Each member's answers, in order; None where it has none."""
    given = []
    for member in members:
        result = trained.members.get(member)
        usable = result is not None and result.usable
        given.append(of_result(case, delivered, result) if result and usable else None)
    return given


def _reason(trained: Trained, members: Sequence[Member]) -> str:
    for member in members:
        result = trained.members.get(member)
        if result is None:
            return "its retrainings were cut to the budget"
        if not result.usable:
            return (result.error or result.why or result.status).splitlines()[0][:160]
    return "too few members gave answers"


def _gain(
    name: str,
    metric: Followed,
    metrics: Sequence[Followed],
    delivered: Answers,
    before: list[Answers],
    after: list[Answers],
    move: Move | None,
    *,
    level: float,
) -> Gain | None:
    def change(of: Followed) -> tuple[Floats, Floats, Floats, Floats]:
        a, b = [of.of(x) for x in before], [of.of(x) for x in after]
        return (
            np.array([x.value for x in a]),
            np.array([x.value for x in b]),
            np.array([x.rows for x in a]),
            np.array([x.rows for x in b]),
        )

    was, becomes, of_was, of_becomes = change(metric)
    if not (np.isfinite(was).all() and np.isfinite(becomes).all()):
        return None
    rows = metric.better * (of_becomes - of_was).mean(axis=0)
    values = metric.better * (becomes - was)
    if len(before) >= FEWEST:
        found = over_members(values, rows, delivered.design, level=level)
    else:
        found = student(
            float(values[0]), delivered.design.se(rows), delivered.design.df, level=level,
            method="paired delta method, t",
        )  # fmt: skip
    others = {}
    for other in metrics:
        if other.name != metric.name:
            a, b, _, _ = change(other)
            if np.isfinite(a).all() and np.isfinite(b).all():
                others[other.label] = (other.unit, float((b - a).mean()))
    return Gain(
        name,
        found,
        float(was.mean()),
        float(becomes.mean()),
        others,
        len(before) if len(before) >= FEWEST else 0,
        move,
    )


Moved = tuple[list[Answers], list[Answers], Move | None]


def _moved(case: Case, prepared: Prepared, trained: Trained) -> Moved | str | None:
    """The members with labels by a threshold of their own choice; why not, in words."""
    delivered, plan = prepared.delivered, prepared.plan
    if case.task == "multilabel":
        return "a threshold for each label is not tried"
    if delivered.scores is None:
        return "the model gives labels, no scores"
    if delivered.undecided is not None:
        return "the decision leaves rows open"
    reason = plan.untold.get("threshold")
    if reason in ("the classes are not skewed", "switched off in the job (`remedies`)"):
        return reason
    given = _all(case, delivered, trained, plan.base)
    elsewhere = held_out(case)
    if elsewhere is not None:
        there = answers(case, elsewhere)
        held = _all(case, there, trained, plan.base)
        both = [
            (a, move)
            for a, b in zip(given, held, strict=True)
            if a is not None and b is not None and (move := _choose(case, b)) is not None
        ]
        if len(both) < FEWEST:
            both = [(delivered, move)] if (move := _choose(case, there)) is not None else []
    else:
        move = _out_of_fold(case, prepared, trained)
        both = [(a, move) for a in given if a is not None and move is not None]
        if len(both) < FEWEST:
            both = []
    if not both:
        return f"{reason or 'too few members'}; there is no validation split to choose it on"
    after = [_relabelled(a, move) for a, move in both]
    return [a for a, _ in both], after, _typical([move for _, move in both])


def _choose(case: Case, on: Answers) -> Move | None:
    assert on.scores is not None
    if on.task == "binary":
        return best_threshold(np.asarray(on.y == on.positive), on.scores)
    y = np.concatenate([np.asarray(case.split("train").y)]) if "train" in case.splits else on.y
    counts = np.bincount(y[y >= 0], minlength=len(case.classes)).astype(np.float64)
    return best_strength(on.y, on.scores, counts / counts.sum())


def _out_of_fold(case: Case, prepared: Prepared, trained: Trained) -> Move | None:
    """Chosen on training rows by the members that were not shown them."""
    plan = prepared.plan
    if not plan.folds or "train" not in case.splits:
        return None
    there = answers(case, "train")
    n = case.split("train").n
    chosen, scores = [], []
    for member, part in zip(plan.folds, plan.parts, strict=True):
        result = trained.members.get(member)
        given = of_result(case, there, result) if result is not None and result.usable else None
        if given is None or given.scores is None:
            return None
        mask = np.zeros(n, dtype=bool)
        mask[part[part < n]] = True
        mask = mask[there.kept]
        chosen.append(np.flatnonzero(mask))
        scores.append(given.scores[mask])
    at = np.concatenate(chosen)
    part_of = np.zeros(there.n, dtype=bool)
    part_of[at] = True
    pooled = np.empty_like(np.asarray(there.scores))
    pooled[at] = np.concatenate(scores)
    return _choose(case, replace(there, scores=pooled).part(part_of))


def _relabelled(a: Answers, move: Move) -> Answers:
    assert a.scores is not None
    return replace(a, labels=move.labels(a.scores, a.positive))


def _typical(moves: Sequence[Move]) -> Move:
    """The middle one, for advice."""
    if moves[0].threshold is not None:
        middle = float(np.median([m.threshold for m in moves if m.threshold is not None]))
        return Move(threshold=middle)
    middle = float(np.median([m.strength for m in moves if m.strength is not None]))
    return replace(moves[0], strength=middle)
