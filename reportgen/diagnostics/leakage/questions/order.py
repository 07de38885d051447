"""Files sorted by their target: harmless by themselves, unless the model sees a row's place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import share
from reportgen.diagnostics.leakage.alone.measured import Measured, measured
from reportgen.diagnostics.leakage.alone.strength import FOLDS, Goal, bins, goal, strength
from reportgen.diagnostics.leakage.alone.values import Column, rows
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.rows import ORDER as CODE
from reportgen.diagnostics.leakage.found import Effect, Leak, Looked
from reportgen.diagnostics.leakage.questions.columns import cure_of
from reportgen.diagnostics.leakage.questions.groups import weigh
from reportgen.evidence import Case
from reportgen.results import Severity

ORDER = 30
ADVICE = {c.code: c.advice for c in CODES}
TELLS = 0.02  # share of the target that goes with the place
SORTED = 0.3  # share from which a file is called sorted
BEYOND = 5.0  # standard deviations from chance
OTHER = 0.25  # share of rows that would have to change class for two splits to be alike
LEAST_ROWS = 60
HALF = 0.5  # share of the target that a counting column gives away, whatever else tells it


def look(case: Case, judged: str) -> Looked:
    """The target by place in the file, and whether that reaches the model."""
    if case.split("train").steps is not None:
        return Looked((CODE,), untold={CODE: "each label is a step of a sequence"})
    at = rows(case, judged)
    if len(at.train) < LEAST_ROWS:
        return Looked((CODE,), untold={CODE: f"{len(at.train)} training rows are too few to tell"})
    aim = goal(case, judged)
    place = case.split("train").rows[at.train].astype(np.float64)
    told, z = by_place(place, aim)
    if told < TELLS or z < BEYOND:
        return Looked((CODE,), tried="the target by place in the file")
    leaks = []
    for one in measured(case, judged):
        if one.positional and one.alone.least >= TELLS:
            leaks.append(_counting(case, one, told))
    tail = _tail(case, judged) if told >= SORTED and aim.codes is not None else None
    if tail is not None:
        leaks.append(tail)
    training = case.entry.training
    if not leaks:
        unshuffled = told >= SORTED and training is not None and not training.shuffle
        leaks.append(_sorted(told, "warn" if unshuffled else "info"))
    return Looked((CODE,), tuple(leaks), tried="the target by place in the file")


def by_place(place: NDArray[np.float64], aim: Goal) -> tuple[float, float]:
    """Share of the target's variation that goes with place, out of fold, and its z."""
    n = aim.n_train
    column = Column("place", n, np.concatenate([place, place]), None, np.zeros(2 * n, dtype=bool))
    twice = Goal(
        np.concatenate([aim.y[:n], aim.y[:n]]), aim.parts, aim.names, aim.fold % FOLDS, n, None,
        "regression",
    )  # fmt: skip
    found = strength("place", *bins(column), twice)
    r2 = max(found.train, 0.0)
    z = float(np.arctanh(min(np.sqrt(r2), 1 - 1e-9)) * np.sqrt(max(n - 3, 0)))
    return r2, z


def _counting(case: Case, one: Measured, told: float) -> Leak:
    return Leak(
        CODE,
        "fail",
        one.name,
        f"“{one.name}” counts the rows of the file, and the file is in an order that explains "
        f"{share(told)} of the target: alone it explains {share(one.alone.least)}.",
        ADVICE[CODE],
        {"explained_by_place": told, "explained_train": one.alone.train,
         "explained_judged": one.alone.judged, "identity": one.identity},
        cure_of(case, one),
        _weigh,
    )  # fmt: skip


def _weigh(leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """A place that is half of the answer fails where it is worth anything."""
    given = min(leak.evidence["explained_train"], leak.evidence["explained_judged"])
    if effect is not None and given >= HALF and effect.alone.value > 0:
        return leak.severity, leak.message
    return weigh(leak, effect)


@dataclass(frozen=True)
class _Cut:
    name: str
    change: float


def _tail(case: Case, judged: str) -> Leak | None:
    """Splits that are an end of the sorted file, and so of other classes."""
    train = case.split("train")
    if train.times is not None:
        return None
    worst: _Cut | None = None
    for name, split in case.dataset.splits.items():
        if name == "train" or split.y is None or split.source != train.source or split.n < 20:
            continue
        after = split.rows.min() > train.rows.max()
        before = split.rows.max() < train.rows.min()
        if not (after or before):
            continue
        k = len(case.classes)
        shares = [
            np.bincount(y[y >= 0], minlength=k) / max(int((y >= 0).sum()), 1)
            for y in (np.asarray(train.y), np.asarray(split.y))
        ]
        change = float(np.abs(shares[0] - shares[1]).sum() / 2)
        if change >= OTHER and (worst is None or change > worst.change):
            worst = _Cut(name, change)
    if worst is None:
        return None
    return Leak(
        CODE,
        "fail",
        worst.name,
        f"{worst.name.capitalize()} is the end of a file that is sorted by class: "
        f"{share(worst.change)} of its rows would have to be of another class to be like train.",
        ADVICE[CODE],
        {"change_of_classes": worst.change},
    )


def _sorted(told: float, severity: Severity) -> Leak:
    how = (
        "and training does not shuffle it" if severity == "warn" else "but no input tells the place"
    )
    return Leak(
        CODE,
        severity,
        "train",
        f"The file's order explains {share(told)} of the target, {how}.",
        ADVICE[CODE] if severity == "warn" else "",
        {"explained_by_place": told},
    )
