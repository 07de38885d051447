"""The members' answers set beside each other and beside the delivered model's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.seed_ensemble.agreement import Agreement, agreement
from reportgen.diagnostics.seed_ensemble.averaged import Averaged, averaged
from reportgen.diagnostics.seed_ensemble.collapse import Chance, collapsed
from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.prepare import (
    FEWEST,
    Prepared,
    crossed_design,
    ensemble_of,
    of_predictions,
)
from reportgen.diagnostics.seed_ensemble.scores import Followed, followed, headline
from reportgen.errors import ModelError
from reportgen.evidence import Case, settings_of
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained, TrainedMember
from reportgen.statistics.future_draws import one_more
from reportgen.statistics.seed_variance import Crossed, SeedVariance, crossed, seed_variance

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """A metric over the sound members: values of shape (K,), and the delivered model's."""

    metric: Followed
    values: Floats
    delivered: float
    variance: SeedVariance
    sampling: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        return float(np.std(self.values, ddof=1))

    @property
    def lead(self) -> float:
        """How much better the delivered model is than the mean member."""
        return self.metric.better * (self.delivered - self.mean)

    @property
    def scale(self) -> float:
        """What thresholds are shares of: the metric's range, or the mean of a loss."""
        return self.metric.range if self.metric.range is not None else max(abs(self.mean), 1e-12)


@dataclass(frozen=True)
class Measured:
    """What is judged.

    ``sound`` members finished and learned something, ``chance`` tells those that did not;
    ``diverged`` had a loss that is not a number; ``grown`` whether more were trained on suspicion.
    """

    prepared: Prepared
    members: tuple[Answers, ...]
    sound: tuple[Answers, ...]
    chance: Chance
    diverged: int
    missing: tuple[str, ...]
    spreads: tuple[Spread, ...]
    head: Spread
    agreement: Agreement
    averaged: Averaged
    components: Crossed | None
    without_components: str
    grown: bool
    step: float | None
    notes: tuple[str, ...]


def measure(case: Case, prepared: Prepared, trained: Trained) -> Measured:
    """All figures.

    Raises
    ------
    NotApplicable
        when fewer than three members finished.
    """
    settings = settings_of(case, SeedEnsembleSettings)
    members, diverged, missing, grown = _answers(case, prepared, trained, settings)
    if len(members) < FEWEST and diverged == 0:
        why = f": {missing[0]}" if missing else ""
        raise NotApplicable(f"only {len(members)} members could be trained{why}")
    chance = collapsed(members)
    sound = tuple(m for m, gone in zip(members, chance.members, strict=True) if not gone)
    if len(sound) < FEWEST:
        sound = members
    if len(sound) < FEWEST:
        raise NotApplicable(
            f"{diverged} of {diverged + len(members)} trainings ended with a loss that is not a "
            "number: there is no recipe to compare with"
        )
    metrics = followed(prepared.delivered)
    chosen = headline(case, metrics)
    spreads = tuple(s for s in (_spread(m, sound, prepared.delivered) for m in metrics) if s)
    head = next((s for s in spreads if s.metric is chosen), spreads[0])
    step = _step(case, settings)
    components, reason = _components(case, prepared, trained, settings)
    return Measured(
        prepared,
        members,
        sound,
        chance,
        diverged,
        missing,
        spreads,
        head,
        agreement(sound, step, prepared.delivered),
        averaged(case, sound, head.metric, case.rng("subsets")),
        components,
        reason,
        grown,
        step,
        trained.notes,
    )


def further(case: Case, prepared: Prepared, trained: Trained) -> list[Member]:
    """More members, where the delivered model stands outside what few of them predict."""
    settings = settings_of(case, SeedEnsembleSettings)
    if prepared.own or settings.grow_to <= settings.members:
        return []
    members, *_ = _answers(case, prepared, trained, settings)
    gone = collapsed(members).members
    sound = [m for m, lost in zip(members, gone, strict=True) if not lost]
    if len(sound) < FEWEST:
        return []
    head = _spread(headline(case, followed(prepared.delivered)), sound, prepared.delivered)
    if head is None or abs(head.lead) < settings.least_gap * head.scale:
        return []
    n = len(sound)
    level = 1 - (settings.lucky_alpha if head.lead > 0 else settings.reproduce_alpha)
    if abs(head.lead) <= one_more(n, level) * head.sd:
        return []
    wanted = ensemble_of(case, settings.grow_to)
    return [m for m in wanted if m not in trained.members]


def _answers(
    case: Case, prepared: Prepared, trained: Trained, settings: SeedEnsembleSettings
) -> tuple[tuple[Answers, ...], int, tuple[str, ...], bool]:
    if prepared.own:
        found = tuple(of_predictions(prepared.delivered, given) for given in prepared.own)
        return found, 0, (), False
    wanted = ensemble_of(case, max(settings.members, settings.grow_to))
    results = [trained.members[m] for m in wanted if m in trained.members]
    answered, missing, diverged = [], [], 0
    for result in results:
        if result.status == "diverged":
            diverged += 1
            continue
        given = _given(case, prepared, result) if result.usable else None
        if given is None:
            missing.append(result.error or result.why or result.status)
        else:
            answered.append(given)
    grown = len(answered) + diverged > settings.members
    return tuple(answered), diverged, tuple(dict.fromkeys(missing)), grown


def _given(case: Case, prepared: Prepared, result: TrainedMember) -> Answers | None:
    split = prepared.delivered.split
    if split not in result.predictions:
        return None
    try:
        given = case.interpreted(np.asarray(result.predictions[split]), split)
    except ModelError:  # outputs that are not finite: the training failed
        return None
    return of_predictions(prepared.delivered, given)


def _spread(metric: Followed, members: Any, delivered: Answers) -> Spread | None:
    parts = [metric.of(m) for m in members]
    values = np.array([p.value for p in parts])
    own = metric.of(delivered)
    if not np.isfinite(values).all() or not np.isfinite(own.value):
        return None
    weights = delivered.design.weights
    shares = np.full(delivered.n, 1 / delivered.n) if weights is None else weights / weights.sum()
    rows = np.stack([p.rows + p.value * shares for p in parts])
    sampling = float(np.mean([delivered.design.se(p.rows) for p in parts]))
    return Spread(metric, values, own.value, seed_variance(values, rows), sampling)


def _step(case: Case, settings: SeedEnsembleSettings) -> float | None:
    """Regression: how far apart two predictions differ, in units of the target."""
    if case.task != "regression":
        return None
    return settings.value_step * target_sd(case)


def target_sd(case: Case) -> float:
    """Standard deviation of train's target; of the judged rows' where there is no train."""
    split = case.dataset.splits.get("train")
    if split is None or split.y is None:
        split = case.split(case.splits[0])
    y = np.asarray(split.y, np.float64)
    return float(np.nanmean(np.nanstd(y.reshape(len(y), -1), axis=0)))


def _components(
    case: Case, prepared: Prepared, trained: Trained, settings: SeedEnsembleSettings
) -> tuple[Crossed | None, str]:
    if prepared.own:
        return None, "the job's own members do not tell weights and order apart"
    design = crossed_design(case, settings)
    if not design:
        words = "an estimator has one seed for everything"
        return None, words if case.predictor.framework == "sklearn" else "switched off"
    cells = []
    for row in design:
        for member in row:
            result = trained.members.get(member)
            given = None
            if result is not None and result.usable:
                given = _given(case, prepared, result)
            if given is None:
                return None, "not all of its trainings were finished"
            cells.append(_numbers(given))
    size = len(design)
    return crossed(np.stack(cells).reshape(size, size, -1)), ""


def _numbers(of: Answers) -> Floats:
    for values in (of.scores, of.values, of.labels):
        if values is not None:
            return np.asarray(values, np.float64).reshape(-1)
    raise ValueError("a model without outputs")
