"""The members' answers set beside each other and beside the delivered model's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.seed_ensemble.agreement import Agreement, agreement
from reportgen.diagnostics.seed_ensemble.answered import (
    Answered,
    numbers,
    of_trained,
)
from reportgen.diagnostics.seed_ensemble.averaged import Averaged, averaged
from reportgen.diagnostics.seed_ensemble.collapse import Chance, alike, collapsed
from reportgen.diagnostics.seed_ensemble.control import Control, control_of
from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.luck import next_size
from reportgen.diagnostics.seed_ensemble.prepare import (
    FEWEST,
    Prepared,
    crossed_design,
    ensemble_of,
)
from reportgen.diagnostics.seed_ensemble.spread import Spread, spread_of
from reportgen.diagnostics.seed_ensemble.traits import ALPHA, Trait, direction, marks, traits
from reportgen.diagnostics.seed_ensemble.variants import (
    EPOCHS,
    Tried,
    Variant,
    compare,
    variants,
)
from reportgen.evidence import Case, settings_of
from reportgen.models.outputs import Predictions
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained
from reportgen.scores.followed import followed
from reportgen.scores.headline import headline
from reportgen.scores.members import of_result
from reportgen.statistics.seed_variance import Crossed, crossed

Of = TypeVar("Of")
Floats = NDArray[np.float64]
LONGEST = 160  # characters of an error that stands in a sentence


@dataclass(frozen=True)
class Measured:
    """What is judged.

    ``sound`` members finished and learned something, ``chance`` tells those that did not;
    ``given`` holds all that answered, and how many did not; ``head`` is the spread of the headline
    metric, ``fallen`` its values of members that collapsed; ``traits`` what else than its score
    the delivered model has, beside them; ``control`` compares the job's own members with
    retrainings; ``step`` is regression's distance from which predictions differ; ``falling`` is
    the share of the loss on train that members still lost in the last fifth of their epochs, None
    where losses are not known; ``tried`` are the changes of the recipe that were trained to see
    what would give the delivered model.
    """

    prepared: Prepared
    given: Answered
    sound: tuple[Answers, ...]
    chance: Chance
    spreads: tuple[Spread, ...]
    head: Spread
    agreement: Agreement
    traits: tuple[Trait, ...]
    fallen: Floats
    averaged: Averaged
    components: Crossed | None
    without_components: str
    control: Control | None
    step: float | None
    falling: float | None
    tried: tuple[Tried, ...]
    notes: tuple[str, ...]

    @property
    def members(self) -> tuple[Answers, ...]:
        return self.given.members


def measure(case: Case, prepared: Prepared, trained: Trained) -> Measured:
    """All figures.

    Raises
    ------
    NotApplicable
        when fewer than three members finished.
    """
    settings = settings_of(case, SeedEnsembleSettings)
    delivered = prepared.delivered
    if prepared.alone is not None:
        raise NotApplicable(prepared.alone)
    given = _given(case, prepared, trained, settings)
    members = given.members
    if len(members) < FEWEST and given.diverged == 0:
        why = f": {_short(given.missing[0])}" if given.missing else ""
        raise NotApplicable(f"only {len(members)} members could be trained{why}")
    chance = collapsed(members, delivered)
    sound = _sound(members, chance)
    if len(sound) < FEWEST:
        raise NotApplicable(
            f"{given.diverged} of {given.diverged + len(members)} trainings ended with a loss that "
            "is not a number: there is no recipe to compare with"
        )
    metrics = followed(delivered)
    chosen = headline(case, delivered, metrics)
    if chosen not in metrics:
        metrics = [chosen, *metrics]
    spreads = tuple(s for s in (spread_of(m, sound, delivered) for m in metrics) if s)
    head = next((s for s in spreads if s.metric is chosen), spreads[0])
    step = _step(case, settings)
    components, reason = _components(case, prepared, trained, settings)
    beside = _traits(case, delivered, given, chance)
    return Measured(
        prepared,
        given,
        sound,
        chance,
        spreads,
        head,
        agreement(sound, step, delivered),
        beside,
        np.array([head.metric.of(m).value for m in _fallen(members, chance)]),
        averaged(case, sound, head.metric, step, case.rng("subsets")),
        components,
        reason,
        _control(case, prepared, trained, settings),
        step,
        _falling(trained, ensemble_of(case, settings.members)),
        _tried(case, delivered, variants(case, direction(beside)), trained),
        trained.notes,
    )


def _falling(trained: Trained, members: Sequence[Member]) -> float | None:
    shares = []
    for result in trained.usable(members):
        loss = np.asarray(result.losses.get("loss", ()), np.float64)
        before = len(loss) - 1 - max(1, len(loss) // 5)
        if before >= 0 and loss[before] > 0:
            shares.append(1 - loss[-1] / loss[before])
    return float(np.median(shares)) if shares else None


def _short(error: str) -> str:
    """The first line of an error, as far as a sentence goes."""
    line = (error.strip().splitlines() or ["no reason was given"])[0]
    return line if len(line) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0] + " …"


def further(case: Case, prepared: Prepared, trained: Trained) -> list[Member]:
    """More members, in steps, as long as the delivered model stands outside what these predict.

    The suspicion is cheaper than the verdict: with the verdict's own bound at ten members, what
    ninety-nine would find was seldom looked for.
    """
    settings = settings_of(case, SeedEnsembleSettings)
    if prepared.own or prepared.alone is not None or settings.grow_to <= settings.members:
        return []
    given = _given(case, prepared, trained, settings)
    members, chance = given.members, collapsed(given.members)
    sound = _sound(members, chance)
    if len(sound) < FEWEST:
        return []
    chosen = headline(case, prepared.delivered, followed(prepared.delivered))
    head = spread_of(chosen, sound, prepared.delivered)
    if head is None:
        return []
    whole = ensemble_of(case, settings.grow_to)
    asked = sum(m in trained.members for m in whole)

    def strange(alpha: float) -> bool:
        found = _traits(case, prepared.delivered, given, chance, alpha)
        return any(t.place != "inside" for t in found)

    wanted = whole[: next_size(head, settings, asked, strange=strange)]
    more = [m for m in wanted if m not in trained.members]
    return more or _next_variant(case, prepared.delivered, given, chance, trained)


def _next_variant(
    case: Case, delivered: Answers, given: Answered, chance: Chance, trained: Trained
) -> list[Member]:
    """What is trained to see what would give the delivered model, where its recipe does not.

    All of about one length together, and the longest last: a round takes as long as its longest.
    """
    if not given.grown or alike(delivered):
        return []
    every = variants(case, direction(_traits(case, delivered, given, chance)))
    for longest in (False, True):
        wanted = [
            m
            for v in every
            if (v.setting == "epochs" and v.factor == max(EPOCHS)) == longest
            for m in v.members
        ]
        if wanted and not any(m in trained.members for m in wanted):
            return wanted
    return []


def _tried(
    case: Case, delivered: Answers, every: Sequence[Variant], trained: Trained
) -> tuple[Tried, ...]:
    own = marks(case, delivered, _delivered_on_train(case))
    found = []
    for variant in every:
        told = of_trained(case, delivered, trained, variant.members, len(variant.members))
        tried = compare(variant, told.marks, own)
        if tried is not None:
            found.append(tried)
    return tuple(found)


def _traits(
    case: Case, delivered: Answers, given: Answered, chance: Chance, alpha: float = ALPHA
) -> tuple[Trait, ...]:
    """What the delivered model is besides its score, set beside the sound members."""
    told = given.marks
    own = marks(case, delivered, _delivered_on_train(case))
    sound = _sound(told, chance)
    return traits(sound, own, case.task, _fallen(told, chance), alpha)


def _delivered_on_train(case: Case) -> Predictions | None:
    return case.predict("train") if "train" in case.splits else None


def _given(
    case: Case, prepared: Prepared, trained: Trained, settings: SeedEnsembleSettings
) -> Answered:
    if prepared.own:
        return Answered(prepared.own, tried=len(prepared.own), marks=prepared.own_marks)
    wanted = ensemble_of(case, max(settings.members, settings.grow_to))
    return of_trained(case, prepared.delivered, trained, wanted, settings.members)


def _sound(members: Sequence[Of], chance: Chance) -> tuple[Of, ...]:
    """Those that learned something; all of them where too few did."""
    sound = tuple(m for m, gone in zip(members, chance.members, strict=True) if not gone)
    return sound if len(sound) >= FEWEST else tuple(members)


def _fallen(members: Sequence[Of], chance: Chance) -> tuple[Of, ...]:
    """The others."""
    left = set(map(id, _sound(members, chance)))
    return tuple(m for m in members if id(m) not in left)


def _control(
    case: Case, prepared: Prepared, trained: Trained, settings: SeedEnsembleSettings
) -> Control | None:
    if not prepared.own:
        return None
    wanted = ensemble_of(case, settings.members)
    retrained = of_trained(case, prepared.delivered, trained, wanted, settings.members).members
    if len(retrained) < FEWEST:
        return None
    return control_of(prepared.own, retrained, case.rng("control"))


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
            usable = result is not None and result.usable
            given = of_result(case, prepared.delivered, result) if result and usable else None
            if given is None:
                return None, "not all of its trainings were finished"
            cells.append(numbers(given))
    size = len(design)
    return crossed(np.stack(cells).reshape(size, size, -1)), ""
