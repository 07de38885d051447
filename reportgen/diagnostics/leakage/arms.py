"""Which members tell what a leak is worth: with it, and without it.

Rows that leave are compared with a placebo: the same seeds, as many rows fewer, but others, so that
fewer rows alone are no effect. Preprocessing that saw other rows is cured by inputs that are added
to the pool, or in a pipeline by fitting its steps anew. Leaks that overlap are cured in every
combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import plural
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.found import Cure, Fold, Leak
from reportgen.diagnostics.leakage.input_columns import Mixed, input_columns
from reportgen.evidence import Case, settings_of
from reportgen.models.tables import concatenate
from reportgen.models.training import train_weights
from reportgen.retraining.added import add_rows, add_split, trained_splits
from reportgen.retraining.member import Content, Member, content
from reportgen.retraining.standard import seeds, why_not

FEWEST = 3  # members below which no interval is told
MOST_JOINT = 3  # leaks that are cured in all combinations
MOST = 6  # leaks that are cured at all, the gravest first
FEWEST_ROWS = 20  # judged rows that a score can be of
LEAST_ROWS = 30  # training rows below which what is left teaches nothing

Rows = NDArray[np.int64]
Team = tuple[Member, ...]


@dataclass(frozen=True)
class Arm:
    """Members of the same seeds, with the leaks of a combination and without them.

    A team is a member a fold of the judged rows, mostly one for all of them. ``asked`` names the
    cured members' predictions of the judged rows; None: the split's own. ``folds`` says which
    judged rows each of a team is asked about; () where one answers for all.
    """

    having: tuple[Team, ...]
    cured: tuple[Team, ...]
    asked: str | None = None
    folds: tuple[NDArray[np.bool_], ...] = ()


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
            for team in (*arm[1].having, *arm[1].cured)
            for member in team
        ]


def arms(case: Case, leaks: Sequence[Leak], n_judged: int) -> Arms:
    """The members for these leaks; the same whenever it is asked.

    Parameters
    ----------
    n_judged : rows that a score would be of; with too few of them nothing is trained.
    """
    return case.memo("leakage arms", lambda: _arms(case, leaks, n_judged))


def _arms(case: Case, leaks: Sequence[Leak], n_judged: int) -> Arms:
    settings = settings_of(case, LeakageSettings)
    wanted = [i for i, leak in enumerate(leaks) if leak.severity != "info" and leak.cure]
    wanted.sort(key=lambda i: leaks[i].severity != "fail")
    why = why_not(case)
    if n_judged < FEWEST_ROWS:
        why = f"{plural(n_judged, 'judged row')} cannot tell what a score loses"
    if why is None and settings.ablation_members < FEWEST:
        why = "the job trains nothing again for it (`ablation_members`)"
    if why is not None:
        return Arms({}, dict.fromkeys(wanted, why))
    drawn = seeds(case, settings.ablation_members)
    kept = {step for i in wanted for step in _cures([leaks[i]])[0].keeps}
    by_cured: dict[frozenset[int], Arm] = {}
    untrained: dict[int, str] = {}
    curable: list[int] = []
    for i in wanted:
        if len(curable) == MOST:
            untrained[i] = f"only the first {MOST} leaks are cured one by one"
            continue
        made = _arm(case, [leaks[i]], drawn, kept)
        if isinstance(made, str):
            untrained[i] = made
        else:
            by_cured[frozenset({i})] = made
            curable.append(i)
    sizes = range(2, len(curable) + 1)
    for size in sizes if len(curable) <= MOST_JOINT else [len(curable)]:
        for chosen in combinations(curable, size):
            made = _arm(case, [leaks[i] for i in chosen], drawn, kept)
            if not isinstance(made, str):
                by_cured[frozenset(chosen)] = made
    return Arms(by_cured, untrained)


def _arm(
    case: Case, leaks: Sequence[Leak], drawn: Sequence[int], kept_steps: set[str]
) -> Arm | str:
    """Members with and without these leaks; or why there cannot be any, in words.

    ``kept_steps`` are those in which any leak lies.
    """
    cures = _cures(leaks)
    for cure in cures:
        if cure.untrainable:
            return cure.untrainable
    names = tuple(dict.fromkeys(name for cure in cures for name in cure.columns))
    columns: tuple[int, ...] = ()
    if names:
        found = input_columns(case, names)
        if isinstance(found, Mixed):
            return found.why
        columns = found
    folds = [cure.folds for cure in cures if cure.folds]
    if len(folds) > 1:
        return "it cannot be cured together with another that parts the judged rows"
    renewed = {step for cure in cures for step in cure.keeps}
    other_inputs = [cure for cure in cures if cure.inputs is not None]
    if len({cure.label for cure in other_inputs}) > 1:
        return "it cannot be cured together with another that changes the inputs"
    changed = bool(columns or renewed or other_inputs)
    honest, asked = None, None
    if other_inputs:
        honest, asked = _honest(case, other_inputs[0])
    steps, fewer = tuple(kept_steps), tuple(kept_steps - renewed)
    rng = case.rng("placebo " + " ".join(sorted(leak.code + leak.subject for leak in leaks)))
    having: list[Team] = [()] * len(drawn)
    cured: list[Team] = [()] * len(drawn)
    for fold in folds[0] if folds else (None,):
        parts = cures if fold is None else [*cures, Cure(rows=fold.rows, carriers=_nobody(fold))]
        leaving, carriers = _leaving(case, parts)
        made = _rows(case, leaving, carriers, len(drawn), rng, changed)
        if isinstance(made, str):
            return made
        rows, placebos = made
        if honest is not None:
            rows = content(honest[~leaving])
        for k, s in enumerate(drawn):
            having[k] += (Member(s, s, rows=placebos[k], kept=steps),)
            cured[k] += (Member(s, s, rows=rows, columns=columns, kept=fewer),)
    masks = tuple(fold.judged for fold in folds[0]) if folds else ()
    return Arm(tuple(having), tuple(cured), asked, masks)


def _nobody(fold: Fold) -> dict[str, NDArray[np.bool_]]:
    """No carriers: what is left of a fold's rows at random carries the leak as well."""
    return {name: np.zeros(len(mask), dtype=bool) for name, mask in fold.rows.items()}


def _rows(
    case: Case, leaving: NDArray[np.bool_], carriers: NDArray[np.bool_], n_members: int,
    rng: np.random.Generator, changed: bool,
) -> tuple[Content | None, list[Content | None]] | str:  # fmt: skip
    """Rows of the cured members, and of each placebo; or why there are none, in words."""
    n = len(leaving)
    kept = np.flatnonzero(~leaving)
    if len(kept) == n:
        if not changed:
            return "nothing of it can be left out of training"
        return None, [None] * n_members
    if len(kept) < LEAST_ROWS:
        return f"without it {len(kept)} training rows are left"
    gone = _classes_gone(case, kept)
    if gone:
        return f"without it no training row of {gone} is left"
    strata = _strata(case)
    placebos = [_placebo(leaving, carriers, strata, rng) for _ in range(n_members)]
    return content(kept), [content(rows) for rows in placebos]


def _cures(leaks: Sequence[Leak]) -> list[Cure]:
    return [leak.cure for leak in leaks if leak.cure is not None]


def _honest(case: Case, cure: Cure) -> tuple[Rows, str]:
    """Places of the training rows as honest preprocessing gives them, and what to predict."""
    assert cure.inputs is not None
    names = trained_splits(case)
    y = np.concatenate([np.asarray(case.split(name).y) for name in names])
    inputs = concatenate([cure.inputs[name] for name in names])
    weights = train_weights(case.dataset, case.entry.training)
    rows = add_rows(case, cure.label, inputs, y, weights)
    asked = add_split(case, f"{cure.judged}, {cure.label}", cure.inputs[cure.judged])
    return rows, asked


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


def _placebo(
    leaving: NDArray[np.bool_],
    carriers: NDArray[np.bool_],
    strata: NDArray[Any],
    rng: np.random.Generator,
) -> Rows:
    """The pool without as many rows of each class, but with the carriers as far as that goes.

    Rows of other classes would change how often each class comes.
    """
    kept = np.ones(len(leaving), dtype=bool)
    for code in np.unique(strata[leaving]):
        of_class = strata == code
        n_out = int((leaving & of_class).sum())
        free = np.flatnonzero(of_class & ~carriers)
        bound = np.flatnonzero(of_class & carriers)
        kept[rng.choice(free, size=min(n_out, len(free)), replace=False)] = False
        if n_out > len(free):
            kept[rng.choice(bound, size=n_out - len(free), replace=False)] = False
    return np.flatnonzero(kept)


def _strata(case: Case) -> NDArray[Any]:
    """Class of each row of the training pool; one for all where there are none."""
    y = np.concatenate([np.asarray(case.split(name).y) for name in trained_splits(case)])
    one_class = case.task not in ("binary", "multiclass") or y.ndim != 1
    return np.zeros(len(y), dtype=np.int64) if one_class else y


def _classes_gone(case: Case, kept: Rows) -> str:
    """The classes of which no training row would be left, in words."""
    y = _strata(case)
    if not case.classes:
        return ""
    gone = sorted(set(y.tolist()) - set(y[kept].tolist()))
    return ", ".join(f"“{case.classes[code]}”" for code in gone if 0 <= code < len(case.classes))
