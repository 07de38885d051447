"""Every figure: the gap, what-ifs, the learning curve, noise labels, losses by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.overfit.declared import OverfitSettings
from reportgen.diagnostics.overfit.losses import Losses, losses
from reportgen.diagnostics.overfit.prepare import Prepared
from reportgen.evidence import Case, settings_of
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained
from reportgen.scores.constant import constant
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
from reportgen.statistics.influence import Influence
from reportgen.statistics.intervals import Interval, student
from reportgen.statistics.learning_curve import Forecast, forecast
from reportgen.statistics.member_means import over_members
from reportgen.statistics.paired import difference

Floats = NDArray[np.float64]
TWICE = 2.0


@dataclass(frozen=True)
class Gap:
    """Train less judged, better less worse; ``skill`` is the judged score over a constant's."""

    train: float
    judged: float
    gap: Interval
    skill: Interval
    chance: float


@dataclass(frozen=True)
class Curve:
    """Scores by share of the training rows: (K, S), all rows last.

    ``means`` have intervals over rows and seeds.
    """

    sizes: Floats
    rows: tuple[int, ...]
    scores: Floats
    means: tuple[Interval, ...]
    forecast: Forecast | None


@dataclass(frozen=True)
class Memory:
    """How much of permuted labels is fitted, and of real ones, both over a constant answer."""

    permuted: float
    real: float
    members: int

    @property
    def ratio(self) -> float:
        """1 where labels that mean nothing are fitted as well as real ones."""
        return self.permuted / self.real if self.real > 0 else 0.0


@dataclass(frozen=True)
class Measured:
    """What is judged; ``codes`` has the code that each what-if speaks for, ``untold`` why not."""

    metric: Followed
    gap: Gap
    gains: tuple[Gain, ...]
    codes: dict[str, str]
    curve: Curve | None
    memory: Memory | None
    losses: Losses | None
    untold: dict[str, str]
    level: float


def measure(case: Case, prepared: Prepared, trained: Trained) -> Measured:
    """All figures."""
    settings = settings_of(case, OverfitSettings)
    metrics = followed(prepared.delivered)
    metric = headline(case, prepared.delivered, metrics)
    if metric.range is None:  # losses have no range that a gap could be a share of
        metric = metrics[0]
    gains, codes, untold, level = _gains(case, prepared, trained, metric, metrics)
    return Measured(
        metric,
        _gap(case, prepared, metric),
        gains,
        codes,
        _curve(case, prepared, trained, metric),
        _memory(case, prepared, trained),
        losses(case, prepared.plan, trained, settings.diverges),
        untold,
        level,
    )


def _gap(case: Case, prepared: Prepared, metric: Followed) -> Gap:
    """Two samples of rows: their errors add; each knows its copies and groups."""
    train, judged = prepared.on_train, prepared.delivered
    of_train, of_judged = metric.of(train), metric.of(judged)
    se = float(np.hypot(train.design.se(of_train.rows), judged.design.se(of_judged.rows)))
    nothing = metric.of(constant(case, judged))
    lead = difference(of_judged, nothing, judged.design)
    skill = metric.better * np.array([lead.interval.value, lead.interval.low, lead.interval.high])
    low, high = sorted(skill[1:]) if np.isfinite(skill[1:]).all() else skill[1:]
    return Gap(
        of_train.value,
        of_judged.value,
        student(
            metric.better * (of_train.value - of_judged.value), se, judged.design.df,
            method="two samples, t",
        ),
        Interval(float(skill[0]), float(low), float(high), lead.interval.method),
        nothing.value,
    )  # fmt: skip


def _gains(
    case: Case,
    prepared: Prepared,
    trained: Trained,
    metric: Followed,
    metrics: list[Followed],
) -> tuple[tuple[Gain, ...], dict[str, str], dict[str, str], float]:
    plan, delivered = prepared.plan, prepared.delivered
    base = answers_of(case, delivered, trained, plan.base)
    pairs, untold = {}, {}
    for what_if in plan.what_ifs:
        found = both(base, answers_of(case, delivered, trained, what_if.members))
        if len(found[0]) < FEWEST:
            untold[what_if.words] = why_missing(trained, what_if.members)
        else:
            pairs[what_if.words] = found
    level = joint_level(len(pairs))
    gains = [
        gain(words, metric, metrics, before, after, level=level)
        for words, (before, after) in pairs.items()
    ]
    codes = {what_if.words: what_if.code for what_if in plan.what_ifs}
    return tuple(g for g in gains if g is not None), codes, untold, level


def _curve(case: Case, prepared: Prepared, trained: Trained, metric: Followed) -> Curve | None:
    plan, delivered = prepared.plan, prepared.delivered
    if not plan.curve:
        return None

    def answers_at(members: tuple[Member, ...]) -> list[Influence | None]:
        given = answers_of(case, delivered, trained, members)
        told = [None if a is None else metric.of(a) for a in given]
        return [None if t is None or not np.isfinite(t.value) else t for t in told]

    columns = {size: answers_at(plan.curve[size]) for size in sorted(plan.curve)}
    columns[1.0] = answers_at(plan.base)
    columns = {size: c for size, c in columns.items() if sum(v is not None for v in c) >= FEWEST}
    if 1.0 not in columns or len(columns) < 2:
        return None
    whole = [one for one in zip(*columns.values(), strict=True) if all(v is not None for v in one)]
    if len(whole) < FEWEST:
        return None
    table = np.array([[v.value for v in one if v is not None] for one in whole])
    rows = np.array([np.mean([one[s].rows for one in whole], axis=0) for s in range(len(columns))])
    sizes = np.array(list(columns))
    n = sum(len(m.rows) for m in plan.curve[float(sizes[-2])][:1] if m.rows) / sizes[-2]
    told = forecast(
        sizes,
        metric.better * table,
        TWICE,
        contributions=metric.better * rows,
        design=delivered.design,
        highest=1.0 if metric.better > 0 else 0.0,
    )
    design = delivered.design
    over = tuple(over_members(table[:, s], rows[s], design) for s in range(len(sizes)))
    return Curve(sizes, tuple(round(float(s) * n) for s in sizes), table, over, told)


def _memory(case: Case, prepared: Prepared, trained: Trained) -> Memory | None:
    """Fit of permuted labels against that of real ones, in accuracy or R²."""
    plan, on_train = prepared.plan, prepared.on_train
    if plan.labels is None or plan.rows is None:
        return None
    n = case.split("train").n
    inside = plan.rows < n
    rows, labels = plan.rows[inside], plan.labels[inside]
    kept = np.flatnonzero(on_train.kept)
    place = np.full(n, -1)
    place[kept] = np.arange(len(kept))
    usable = place[rows] >= 0
    at, labels = place[rows[usable]], labels[usable]
    if not len(at):
        return None
    noise = []
    for member in plan.permuted:
        result = trained.members.get(member)
        given = of_result(case, on_train, result) if result and result.usable else None
        if given is not None:
            noise.append(_fit(given, at, labels))
    real = []
    for member in plan.base:
        result = trained.members.get(member)
        given = of_result(case, on_train, result) if result and result.usable else None
        if given is not None:
            real.append(_fit(given, at, on_train.y[at]))
    if len(noise) < FEWEST or len(real) < FEWEST:
        return None
    return Memory(float(np.mean(noise)), float(np.mean(real)), len(noise))


def _fit(given: Answers, at: NDArray[np.int64], y: np.ndarray) -> float:
    """Accuracy over that of the most frequent answer, or R²: 1 is a perfect fit, 0 a constant."""
    if given.values is not None:
        truth = np.asarray(y, np.float64).reshape(len(y), -1)
        left = ((truth - given.values[at]) ** 2).sum()
        return float(1 - left / max(((truth - truth.mean(axis=0)) ** 2).sum(), 1e-300))
    assert given.labels is not None
    right = float(np.mean(given.labels[at] == y))
    if y.ndim == 2:
        constant = float(np.maximum(y.mean(axis=0), 1 - y.mean(axis=0)).mean())
    else:
        constant = float(np.bincount(y[y >= 0]).max() / len(y))
    return (right - constant) / (1 - constant) if constant < 1 else 0.0
