"""Which metrics barely move over seeds, while others do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reportgen.answers import Answers
from reportgen.diagnostics.metrics.declared import MetricsSettings
from reportgen.diagnostics.metrics.watched import Watched
from reportgen.evidence import Case
from reportgen.retraining.results import Trained
from reportgen.retraining.standard import ensemble
from reportgen.scores.followed import Followed, followed
from reportgen.scores.members import of_predictions, of_result

FEWEST = 5  # members from which spreads are compared
CONFIDENCE = 0.99
TIMES = 2.0  # ratio of standard deviations that must be shown
#: Which of those that move is named, where several do.
USUAL = ("f1", "f1_macro", "balanced_accuracy", "mcc", "accuracy")
#: Names of followed metrics by the family of a definition.
FAMILY = {"jaccard": "", "dice": "f1"}


@dataclass(frozen=True)
class Moves:
    """A metric over the members: its values (K,) and their standard deviation in its range."""

    name: str
    label: str
    values: tuple[float, ...]
    sd: float
    watched: bool


@dataclass(frozen=True)
class Flat:
    """What is watched and flat, and what moves; ``ratio`` is the lower bound of their ratio."""

    flat: Moves
    moving: Moves
    ratio: float


def members_of(case: Case, delivered: Answers, trained: Trained) -> list[Answers]:
    """The answers of the job's own members, else those of the seed ensemble."""
    if len(case.members) >= FEWEST:
        return [of_predictions(delivered, case.asked(m, delivered.split)) for m in case.members]
    wanted = ensemble(case)
    given = [of_result(case, delivered, result) for result in trained.usable(wanted)]
    return [g for g in given if g is not None]


def moves(delivered: Answers, members: Sequence[Answers], seen: Sequence[Watched]) -> list[Moves]:
    """Every bounded metric of the task over the members; what nobody watches, too."""
    found = []
    for metric in followed(delivered):
        if metric.range is None:
            continue
        values = [metric.of(m).value for m in members]
        if not np.isfinite(values).all():
            continue
        sd = float(np.std(values, ddof=1)) / metric.range
        found.append(Moves(metric.name, metric.label, tuple(values), sd, _is_watched(metric, seen)))
    return found


def _is_watched(metric: Followed, seen: Sequence[Watched]) -> bool:
    for one in seen:
        family, average = one.definition.family, one.definition.average
        if family == "f1" and average == "macro":
            family = "f1_macro"
        if FAMILY.get(family, family) == metric.name:
            return True
    return False


def flat_one(found: Sequence[Moves], settings: MetricsSettings) -> Flat | None:
    """The watched metric that moves least beside the one that moves most, where none watched does.

    Where nothing is watched, the first one is: it stands on page one.
    """
    own = [m for m in found if m.watched] or list(found[:1])
    others = [m for m in found if m not in own]
    if not own or not others or len(own[0].values) < FEWEST:
        return None
    most = max(own, key=lambda m: m.sd)
    named = {m.name: m for m in others if m.sd >= settings.moves}
    moving = next((named[name] for name in USUAL if name in named), max(others, key=lambda m: m.sd))
    if most.sd > settings.flat or moving.sd < settings.moves:
        return None
    k = len(most.values) - 1
    limit = float(stats.f.ppf(CONFIDENCE, k, k))
    ratio = moving.sd / max(most.sd, 1e-12) / np.sqrt(limit)
    return Flat(most, moving, float(ratio)) if ratio > TIMES else None
