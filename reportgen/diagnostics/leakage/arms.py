"""Which members tell what a leak is worth: with it, and without it.

Rows that leave are compared with a placebo: the same seeds, as many rows fewer, but others, so that
fewer rows alone are no effect. Leaks that overlap are cured in every combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.found import Cure, Leak
from reportgen.diagnostics.leakage.input_columns import Mixed, input_columns
from reportgen.evidence import Case, settings_of
from reportgen.retraining.member import Member, content
from reportgen.retraining.standard import seeds, why_not

FEWEST = 3  # members below which no interval is told
MOST_JOINT = 3  # leaks that are cured in all combinations
MOST = 6  # leaks that are cured at all, the gravest first
LEAST_ROWS = 30  # training rows below which what is left teaches nothing

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Arm:
    """Members of the same seeds, with the leaks of a combination and without them."""

    having: tuple[Member, ...]
    cured: tuple[Member, ...]


@dataclass(frozen=True)
class Arms:
    """Each combination of cured leaks (their places among all) with its members.

    ``untrained`` says of a leak, by its place, why it is not cured by training.
    """

    by_cured: dict[frozenset[int], Arm]
    untrained: dict[int, str]

    @property
    def members(self) -> list[Member]:
        """All of them, those that may be missed last."""
        return [
            member
            for arm in sorted(self.by_cured.items(), key=lambda item: len(item[0]))
            for member in (*arm[1].having, *arm[1].cured)
        ]


def arms(case: Case, leaks: Sequence[Leak]) -> Arms:
    """The members for these leaks; the same whenever it is asked."""
    return case.memo("leakage arms", lambda: _arms(case, leaks))


def _arms(case: Case, leaks: Sequence[Leak]) -> Arms:
    settings = settings_of(case, LeakageSettings)
    wanted = [i for i, leak in enumerate(leaks) if leak.severity != "info" and leak.cure]
    wanted.sort(key=lambda i: leaks[i].severity != "fail")
    why = why_not(case)
    if why is None and settings.ablation_members < FEWEST:
        why = "the job trains nothing again for it (`ablation_members`)"
    if why is not None:
        return Arms({}, dict.fromkeys(wanted, why))
    drawn = seeds(case, settings.ablation_members)
    by_cured: dict[frozenset[int], Arm] = {}
    untrained: dict[int, str] = {}
    curable: list[int] = []
    for i in wanted:
        if len(curable) == MOST:
            untrained[i] = f"only the first {MOST} leaks are cured one by one"
            continue
        made = _arm(case, [leaks[i]], drawn)
        if isinstance(made, str):
            untrained[i] = made
        else:
            by_cured[frozenset({i})] = made
            curable.append(i)
    sizes = range(2, len(curable) + 1)
    for size in sizes if len(curable) <= MOST_JOINT else [len(curable)]:
        for chosen in combinations(curable, size):
            made = _arm(case, [leaks[i] for i in chosen], drawn)
            if not isinstance(made, str):
                by_cured[frozenset(chosen)] = made
    return Arms(by_cured, untrained)


def _arm(case: Case, leaks: Sequence[Leak], drawn: Sequence[int]) -> Arm | str:
    """Members with and without these leaks; or why there cannot be any, in words."""
    cures = [leak.cure for leak in leaks if leak.cure is not None]
    names = tuple(dict.fromkeys(name for cure in cures for name in cure.columns))
    columns: tuple[int, ...] = ()
    if names:
        found = input_columns(case, names)
        if isinstance(found, Mixed):
            return found.why
        columns = found
    leaving, carriers = _leaving(case, cures)
    n = len(leaving)
    kept = np.flatnonzero(~leaving)
    if not columns and len(kept) == n:
        return "nothing of it can be left out of training"
    if len(kept) < LEAST_ROWS:
        return f"without it {len(kept)} training rows are left"
    gone = _classes_gone(case, kept)
    if gone:
        return f"without it no training row of {gone} is left"
    rows = None if len(kept) == n else content(kept)
    cured = tuple(Member(s, s, rows=rows, columns=columns) for s in drawn)
    if rows is None:
        return Arm(tuple(Member(s, s) for s in drawn), cured)
    purpose = "placebo " + " ".join(sorted(leak.code + leak.subject for leak in leaks))
    rng = case.rng(purpose)
    having = tuple(Member(s, s, rows=content(_placebo(leaving, carriers, rng))) for s in drawn)
    return Arm(having, cured)


def _leaving(case: Case, cures: Sequence[Cure]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows of the training pool that leave, and those of them that carry the leak."""
    leaving, carriers = [], []
    for name in trained_splits(case):
        n = case.split(name).n
        out = np.zeros(n, dtype=bool)
        carry = np.zeros(n, dtype=bool)
        for cure in cures:
            mask = cure.rows.get(name)
            if mask is not None:
                out |= mask
                carry |= cure.carriers.get(name, mask)
        leaving.append(out)
        carriers.append(carry)
    return np.concatenate(leaving), np.concatenate(carriers)


def trained_splits(case: Case) -> tuple[str, ...]:
    """The splits whose rows the model was fitted on, in the order of the training pool."""
    training = case.entry.training
    both = training is not None and training.include_validation
    return ("train", "validation") if both else ("train",)


def _placebo(
    leaving: NDArray[np.bool_], carriers: NDArray[np.bool_], rng: np.random.Generator
) -> Rows:
    """The pool without as many rows, but with the leak's carriers as far as that goes."""
    free = np.flatnonzero(~carriers)
    n_out = int(leaving.sum())
    out = rng.choice(free, size=min(n_out, len(free)), replace=False)
    if n_out > len(free):
        out = np.concatenate([out, rng.choice(np.flatnonzero(carriers), n_out - len(free), False)])
    kept = np.ones(len(leaving), dtype=bool)
    kept[out] = False
    return np.flatnonzero(kept)


def _classes_gone(case: Case, kept: Rows) -> str:
    """The classes of which no training row would be left, in words."""
    parts = [np.asarray(case.split(name).y) for name in trained_splits(case)]
    y = np.concatenate(parts)
    if case.task not in ("binary", "multiclass") or y.ndim != 1:
        return ""
    gone = sorted(set(y.tolist()) - set(y[kept].tolist()))
    return ", ".join(f"“{case.classes[code]}”" for code in gone if 0 <= code < len(case.classes))
