"""Losses by epoch, of the retrained members or of the history file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.overfit.what_ifs import Plan
from reportgen.evidence import Case
from reportgen.retraining.results import Trained
from reportgen.scores.what_ifs import FEWEST
from reportgen.statistics.intervals import Interval, student

Floats = NDArray[np.float64]
ALONE = 3  # epochs on either side over which one training's noise is smoothed


@dataclass(frozen=True)
class Losses:
    """Loss and validation loss by epoch, means over members, shape (E,).

    Attributes
    ----------
    source : ``members`` or ``history``.
    delivered, best : epochs from 1: the one whose weights are delivered, the one of the lowest
        validation loss.
    rise : validation loss at the delivered epoch over that at the best, as a share.
    tells : whether it rose by more than is worth a word, beyond chance.
    """

    source: str
    train: Floats
    validation: Floats
    delivered: int
    best: int
    rise: Interval
    tells: bool
    members: int


def losses(case: Case, plan: Plan, trained: Trained, worth: float) -> Losses | None:
    """None where no validation loss is known."""
    found = [trained.members.get(m) for m in plan.base]
    usable = [r for r in found if r is not None and r.usable and "val_loss" in r.losses]
    if len(usable) >= FEWEST:
        epochs = min(len(r.losses["val_loss"]) for r in usable)
        if epochs < 3:
            return None
        training = np.array([r.losses["loss"][:epochs] for r in usable])
        validation = np.array([r.losses["val_loss"][:epochs] for r in usable])
        restored = usable[0].best_epoch is not None
        return _of_members(training, validation, restored, worth)
    return _of_history(case, worth)


def _of_members(training: Floats, validation: Floats, restored: bool, worth: float) -> Losses:
    """The best epoch is chosen on all members but one and judged on that one, each in turn.

    An epoch that is chosen where it is best looks better there than it is.
    """
    k, epochs = validation.shape
    mean = validation.mean(axis=0)
    best = int(mean.argmin())
    last = best if restored else epochs - 1
    rises = []
    for i in range(k):
        others = np.delete(validation, i, axis=0).mean(axis=0)
        at = int(others.argmin())
        end = at if restored else epochs - 1
        rises.append(validation[i, end] / max(validation[i, at], 1e-12) - 1)
    values = np.array(rises)
    se = float(np.std(values, ddof=1)) / np.sqrt(k)
    rise = student(float(values.mean()), se, k - 1, method="t over members")
    tells = rise.low > 0 and rise.value > worth
    return Losses("members", training.mean(axis=0), mean, last + 1, best + 1, rise, tells, k)


def _of_history(case: Case, worth: float) -> Losses | None:
    """One training: its noise from epoch to epoch says how far it may rise by chance."""
    history = case.history
    if history is None:
        return None
    known = [
        (e, e.values.get("val_loss"), e.values.get("loss"))
        for e in history.epochs
        if e.values.get("val_loss") is not None
    ]
    if len(known) < 2 * ALONE:
        return None
    validation = np.array([float(v) for _, v, _ in known if v is not None])
    training = np.array([np.nan if t is None else float(t) for _, _, t in known])
    stop = None if case.entry.training is None else case.entry.training.early_stopping
    kept = history.kept(stop).number
    places = {e.number: i for i, (e, _, _) in enumerate(known)}
    end = places.get(kept, len(known) - 1)
    best = int(validation.argmin())
    noise = float(np.median(np.abs(np.diff(validation, 2)))) / 1.65  # of one epoch, robustly
    low, high = max(0, best - ALONE), best + ALONE + 1
    around = float(validation[low:high].mean())
    late = float(validation[max(0, end - ALONE) : end + 1].mean())
    lowest = max(around, 1e-12)
    se = noise * np.sqrt(2 / (ALONE + 1)) / lowest
    rise = student(late / lowest - 1, se, None, method="smoothed epochs")
    tells = bool(end > best + ALONE and rise.low > 0 and rise.value > worth)
    return Losses("history", training, validation, end + 1, best + 1, rise, tells, 1)
