"""What would give a model like the delivered one, where its recipe does not: tried, not guessed.

A few networks each are trained for more (or fewer) epochs and at higher (or lower) learning rates
than declared. They are no evidence against the recipe, which is told without them; they tell in
which direction to look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from reportgen.diagnostics.seed_ensemble.traits import LEAST, Marks
from reportgen.evidence import Case
from reportgen.retraining.member import Member
from reportgen.retraining.standard import seeds
from reportgen.statistics.future_draws import one_more

EACH = 5  # networks a variant
EPOCHS = (4, 16)  # times as many, or as few
RATES = (3, 10, 30)
LEVEL = 0.975  # of one more model, on either side, that a variant gives models like it
NEAR = 3  # sizes of LEAST: the largest spread that a few models are believed to have

Setting = Literal["epochs", "learning_rate"]


@dataclass(frozen=True)
class Variant:
    """A recipe that differs from the declared one in one setting.

    Attributes
    ----------
    value : epochs, or the learning rate; ``factor`` what the declared one is multiplied by.
    """

    setting: Setting
    factor: float
    value: float
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Tried:
    """A variant that was trained, beside the delivered model.

    Attributes
    ----------
    loss, spread : geometric means of its models' traits, as those of the delivered model.
    far : how far the delivered model is from it, in its own spread; the larger of the two traits.
    alike : whether the delivered model could be one of its.
    """

    variant: Variant
    loss: float | None
    spread: float | None
    far: float
    alike: bool


def variants(case: Case, learned: int) -> tuple[Variant, ...]:
    """Those that teach more (``learned`` 1) or less (-1); none of estimators and schedules."""
    training = case.entry.training
    if learned == 0 or training is None or case.predictor.framework != "keras":
        return ()
    drawn = seeds(case, EACH)
    found = []
    if training.early_stopping is None:
        for factor in (float(f) ** learned for f in EPOCHS):
            epochs = round(training.epochs * factor)
            if epochs < 1 or epochs == training.epochs:
                continue
            members = (Member(weight_seed=s, order_seed=s, epochs=epochs) for s in drawn)
            found.append(Variant("epochs", factor, epochs, tuple(members)))
    rate = _rate(case)
    if rate is not None:
        for factor in (float(f) ** learned for f in RATES):
            changed = (("learning_rate", rate * factor),)
            members = (Member(weight_seed=s, order_seed=s, overrides=changed) for s in drawn)
            found.append(Variant("learning_rate", factor, rate * factor, tuple(members)))
    return tuple(found)


def _rate(case: Case) -> float | None:
    """The compiled learning rate; None where it follows a schedule."""
    compiled: Mapping[str, Any] = getattr(case.predictor, "compiled", None) or {}
    optimizer = compiled.get("optimizer")
    config = optimizer.get("config", {}) if isinstance(optimizer, Mapping) else {}
    rate = config.get("learning_rate")
    return float(rate) if isinstance(rate, (int, float)) and rate > 0 else None


def between(tried: Sequence[Tried], setting: Setting, fit: float) -> tuple[Tried, Tried] | None:
    """The neighbours, by factor, between whose losses on train ``fit`` lies; None without them."""
    of = sorted((t for t in tried if t.variant.setting == setting), key=lambda t: t.variant.factor)
    for low, high in pairwise(of):
        if low.loss is None or high.loss is None:
            return None
        if min(low.loss, high.loss) < fit < max(low.loss, high.loss):
            return low, high
    return None


def compare(variant: Variant, given: Sequence[Marks], delivered: Marks) -> Tried | None:
    """None where too few of its models were trained, or nothing is told of them."""
    far, alike, means = [], True, {}
    for name in ("fit", "spread"):
        own = getattr(delivered, name)
        known = [getattr(m, name) for m in given]
        if own is None or len(known) < 3 or any(v is None for v in known):
            continue
        values = np.array(known)
        mean, sd = float(values.mean()), float(np.std(values, ddof=1))
        means[name] = float(np.exp(mean))
        sd = min(max(sd, LEAST / NEAR), NEAR * LEAST)
        away = abs(own - mean)
        far.append(away / sd)
        alike = alike and away <= max(LEAST, one_more(len(values), LEVEL) * sd)
    if not far:
        return None
    return Tried(variant, means.get("fit"), means.get("spread"), max(far), alike)
