"""What each remedy gives on the judged split, beside the recipe as declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers, answers
from reportgen.diagnostics.imbalance.prepare import Prepared
from reportgen.diagnostics.imbalance.remedies import WORDS, alike_weights, held_out
from reportgen.diagnostics.imbalance.thresholds import Move, best_strength, best_threshold
from reportgen.evidence import Case
from reportgen.retraining.results import Trained
from reportgen.scores.followed import Followed, followed
from reportgen.scores.headline import headline
from reportgen.scores.members import of_result
from reportgen.scores.what_ifs import (
    FEWEST,
    Gain,
    answers_of,
    both,
    gain,
    joint_level,
    why_missing,
)
from reportgen.statistics.intervals import LEVEL

Floats = NDArray[np.float64]
#: Headline metrics that a small class cannot be hidden from: the remedies are judged by them.
FAIR = ("balanced_accuracy", "f1", "f1_macro", "mcc")


@dataclass(frozen=True)
class Tried(Gain):
    """A remedy's gain; ``move`` is the threshold's, else None."""

    move: Move | None = None

    @property
    def words(self) -> str:
        return WORDS[self.name]


@dataclass(frozen=True)
class Gains:
    """All remedies on one metric; ``untold`` says why others have no number.

    ``framework`` is what the model is of; ``weights`` are the weights that count each class alike.
    """

    metric: Followed
    found: tuple[Tried, ...] = ()
    untold: dict[str, str] = field(default_factory=dict)
    level: float = LEVEL
    framework: str = ""
    weights: dict[int, float] = field(default_factory=dict)

    def of(self, name: str) -> Tried | None:
        return next((g for g in self.found if g.name == name), None)


Moved = tuple[list[Answers], list[Answers], Move | None]


def gains(case: Case, prepared: Prepared, trained: Trained) -> Gains:
    """Every remedy that was tried, judged jointly on the split that none of them has seen."""
    delivered, plan = prepared.delivered, prepared.plan
    metrics = followed(delivered)
    head = headline(case, delivered, metrics)
    fair = next(m for m in metrics if m.name == "balanced_accuracy")
    metric = head if head.name in FAIR else fair
    moved = _moved(case, prepared, trained)
    pairs: dict[str, Moved] = {}
    untold = dict(plan.untold)
    base = answers_of(case, delivered, trained, plan.base)
    for name, members in plan.tried.items():
        before, after = both(base, answers_of(case, delivered, trained, members))
        if len(before) < FEWEST:
            untold[name] = why_missing(trained, members)
        else:
            pairs[name] = (before, after, None)
    if isinstance(moved, str):
        untold.setdefault("threshold", moved)
    elif moved is not None:
        pairs["threshold"] = moved
        untold.pop("threshold", None)
    level = joint_level(len(pairs))
    found = []
    for name, (before, after, move) in pairs.items():
        told = gain(name, metric, metrics, before, after, level=level)
        if told is not None:
            found.append(Tried(**vars(told), move=move))
    return Gains(metric, tuple(found), untold, level, case.predictor.framework, _weights(case))


def _weights(case: Case) -> dict[int, float]:
    """The weight of each class's rows that lets all classes weigh alike."""
    if case.task == "multilabel" or "train" not in case.splits:
        return {}
    y = np.asarray(case.split("train").y)
    codes, weights = alike_weights(y[y >= 0])
    return {int(c): float(w) for c, w in zip(codes, weights, strict=True)}


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
    given = answers_of(case, delivered, trained, plan.base)
    elsewhere = held_out(case)
    if elsewhere is not None:
        there = answers(case, elsewhere)
        held = answers_of(case, there, trained, plan.base)
        chosen = [
            (a, move)
            for a, b in zip(given, held, strict=True)
            if a is not None and b is not None and (move := _choose(case, b)) is not None
        ]
        if len(chosen) < FEWEST:
            chosen = [(delivered, move)] if (move := _choose(case, there)) is not None else []
    else:
        move = _out_of_fold(case, prepared, trained)
        chosen = [(a, move) for a in given if a is not None and move is not None]
        if len(chosen) < FEWEST:
            chosen = []
    if not chosen:
        return f"{reason or 'too few members'}; there is no validation split to choose it on"
    after = [_relabelled(a, move) for a, move in chosen]
    return [a for a, _ in chosen], after, _typical([move for _, move in chosen])


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
