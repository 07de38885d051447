"""Remedies for skewed classes as retrainings of the recipe with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.imbalance.declared import ImbalanceSettings
from reportgen.diagnostics.imbalance.shares import Shares
from reportgen.evidence import Case
from reportgen.models.training import train_weights
from reportgen.retraining.added import add_rows, trained_splits
from reportgen.retraining.member import Member, content
from reportgen.retraining.standard import seeds, why_not
from reportgen.scores.what_ifs import same_steps

LEAST_OF_CLASS = 10  # rows of the smallest class below which throwing others away teaches nothing
LARGEST = 4  # times the training rows that oversampling may come to
FOLDS = 5
MANY = 20_000  # synthetic rows from which all seeds train on the same ones

Rows = NDArray[np.int64]
WORDS = {
    "class_weight": "class weights",
    "oversample": "rows of small classes repeated",
    "undersample": "rows of large classes left out",
    "smote": "synthetic rows (SMOTE)",
    "adasyn": "synthetic rows (ADASYN)",
    "threshold": "threshold moved",
}


@dataclass(frozen=True)
class Remedies:
    """Members by remedy, one a seed, in the order of ``base``, the recipe's own.

    ``folds`` leave a fifth of the training rows out each, in turn: where there is no validation
    split the threshold is chosen on what they were not shown. ``untold`` says why a remedy was
    not tried; ``parts`` are the training rows that each fold left out.
    """

    base: tuple[Member, ...] = ()
    tried: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    folds: tuple[Member, ...] = ()
    parts: tuple[Rows, ...] = ()
    untold: dict[str, str] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        """All that are to be trained."""
        remedies = (m for members in self.tried.values() for m in members)
        return [*self.base, *remedies, *self.folds] if self.tried or self.folds else []


def remedies(case: Case, counted: Shares, settings: ImbalanceSettings) -> Remedies:
    """What is tried for this case, and why not more."""
    why = _why_nothing(case, counted, settings)
    wanted = [name for name in settings.remedies if name != "threshold"]
    if why is not None:
        return Remedies(untold=dict.fromkeys(settings.remedies, why))
    drawn = seeds(case, settings.remedy_members)
    y = np.concatenate([np.asarray(case.split(name).y) for name in trained_splits(case)])
    tried: dict[str, tuple[Member, ...]] = {}
    untold: dict[str, str] = {}
    taken = handled(case)
    for name in wanted:
        make = _MAKERS.get(name)
        if taken:
            untold[name] = taken
        elif make is not None:
            made = make(case, y, drawn)
            if isinstance(made, str):
                untold[name] = made
            else:
                tried[name] = made
    base = tuple(Member(s, s) for s in drawn)
    folds: tuple[Member, ...] = ()
    parts: tuple[Rows, ...] = ()
    if "threshold" in settings.remedies and held_out(case) is None:
        parts = _parts(y, case.rng("folds"))
        kept = [np.setdiff1d(np.arange(len(y)), part) for part in parts]
        folds = tuple(
            Member(s, s, rows=content(rows))
            for s, rows in zip(seeds(case, FOLDS), kept, strict=True)
        )
    return Remedies(base, tried, folds, parts, untold)


def held_out(case: Case) -> str | None:
    """A split that was neither trained on nor judged: validation, unless it was trained on."""
    usable = "validation" in case.splits and "validation" not in trained_splits(case)
    return "validation" if usable and case.split("validation").n > 0 else None


def handled(case: Case) -> str:
    """How the recipe already takes the imbalance into account, in words; "" where it does not."""
    training = case.entry.training
    if training is not None and training.class_weight is not None:
        return "the recipe weights its classes already"
    model = case.predictor.model
    known = getattr(model, "get_params", None)
    if case.predictor.framework == "sklearn" and known is not None:
        for name, value in known().items():
            if name.split("__")[-1] == "class_weight" and value is not None:
                return "the estimator weights its classes already"
        if "imblearn" in type(model).__module__:
            return "the estimator resamples already"
    return ""


def _why_nothing(case: Case, counted: Shares, settings: ImbalanceSettings) -> str | None:
    if case.task == "multilabel":
        return "rows of a multilabel task have several labels: none of them can be weighed alone"
    if not settings.remedies:
        return "switched off in the job (`remedies`)"
    if counted.ratio() < settings.skew_ratio:
        return "the classes are not skewed"
    return why_not(case)


def alike_weights(y: Rows) -> tuple[Rows, NDArray[np.float64]]:
    """Codes that occur, and a row's weight by its code so that all classes weigh alike (K,)."""
    codes, counts = np.unique(y, return_counts=True)
    return codes, np.asarray(len(y) / (len(codes) * counts))


def _class_weight(case: Case, y: Rows, drawn: list[int]) -> tuple[Member, ...] | str:
    if case.predictor.framework == "sklearn" and not _takes_weights(case.predictor.model):
        return f"a {type(case.predictor.model).__name__} takes no sample weights"
    codes, alike = alike_weights(y)
    weights = alike[np.searchsorted(codes, y)]
    given = train_weights(case.dataset, case.entry.training)
    if given is not None:
        weights = weights * given
    shared = content(weights)
    return tuple(Member(s, s, weights=shared) for s in drawn)


def _takes_weights(model: object) -> bool:
    from reportgen.models.training import weighted_fit

    return bool(weighted_fit(model, np.ones(1)))


def _oversample(case: Case, y: Rows, drawn: list[int]) -> tuple[Member, ...] | str:
    codes, counts = np.unique(y, return_counts=True)
    wanted = min(int(counts.max()), LARGEST * len(y) // len(codes))

    def rows(rng: np.random.Generator) -> Rows:
        more = [
            rng.choice(np.flatnonzero(y == code), wanted - count)
            for code, count in zip(codes, counts, strict=True)
            if count < wanted
        ]
        return np.concatenate([np.arange(len(y)), *more])

    return _resampled(case, y, drawn, "oversample", rows)


def _undersample(case: Case, y: Rows, drawn: list[int]) -> tuple[Member, ...] | str:
    codes, counts = np.unique(y, return_counts=True)
    least = int(counts.min())
    if least < LEAST_OF_CLASS:
        return f"{least} rows of the smallest class are too few to throw others away"

    def rows(rng: np.random.Generator) -> Rows:
        kept = [rng.choice(np.flatnonzero(y == code), least, replace=False) for code in codes]
        return np.sort(np.concatenate(kept))

    return _resampled(case, y, drawn, "undersample", rows)


def _made(kind: str) -> Callable[[Case, Rows, list[int]], tuple[Member, ...] | str]:
    """Members that also train on synthetic rows, each seed on its own as long as they are few."""

    def members(case: Case, y: Rows, drawn: list[int]) -> tuple[Member, ...] | str:
        from reportgen.diagnostics.imbalance.synthetic import synthetic

        codes, counts = np.unique(y, return_counts=True)
        most = min(int(counts.max()), LARGEST * len(y) // len(codes))
        wanted = {int(c): max(int(n), most) for c, n in zip(codes, counts, strict=True)}
        shared = sum(wanted.values()) - len(y) > MANY
        made: list[Member] = []
        rows_of: dict[int, Rows] = {}
        for seed in drawn:
            source = drawn[0] if shared else seed
            if source not in rows_of:
                found = synthetic(case, kind, y, wanted, trained_splits(case), source)
                if isinstance(found, str):
                    return found
                rows_of[source] = add_rows(case, f"{kind} {source}", *found)
            more = rows_of[source]
            epochs = same_steps(case, len(y), len(y) + len(more))
            rows = content(np.concatenate([np.arange(len(y)), more]))
            made.append(Member(seed, seed, rows=rows, epochs=epochs))
        return tuple(made)

    return members


def _resampled(
    case: Case,
    y: Rows,
    drawn: list[int],
    name: str,
    rows: Callable[[np.random.Generator], Rows],
) -> tuple[Member, ...]:
    """Members on drawn rows; networks take as many steps as the recipe does."""
    rng = case.rng(name)
    made = []
    for seed in drawn:
        chosen = rows(rng)
        epochs = same_steps(case, len(y), len(chosen))
        made.append(Member(seed, seed, rows=content(chosen), epochs=epochs))
    return tuple(made)


def _parts(y: Rows, rng: np.random.Generator) -> tuple[Rows, ...]:
    """Training rows in folds, each class spread evenly over them."""
    fold = np.empty(len(y), dtype=np.int64)
    for code in np.unique(y):
        at = rng.permutation(np.flatnonzero(y == code))
        fold[at] = (np.arange(len(at)) + rng.integers(FOLDS)) % FOLDS
    return tuple(np.flatnonzero(fold == k) for k in range(FOLDS))


_MAKERS: dict[str, Callable[[Case, Rows, list[int]], tuple[Member, ...] | str]] = {
    "class_weight": _class_weight,
    "oversample": _oversample,
    "undersample": _undersample,
    "smote": _made("smote"),
    "adasyn": _made("adasyn"),
}
