"""A hundred reported numbers on a million rows, after prediction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.speed.measure import Measured
from reportgen.job.claims import Claim, of_number
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.quantities import possible
from reportgen.reconciliation.search import explain
from reportgen.reconciliation.verdict import Verdict
from reportgen.reconciliation.world import World

ROWS = 1_000_000
NUMBERS = 100


def measured() -> Iterator[Measured]:
    rng = np.random.default_rng(0)
    for name, make in TASKS.items():
        world = make(rng)
        yield _timed(f"{name}, all come out", world, _claims(world))
        for mistake, told in _mistakes(world, rng).items():
            yield _timed(f"{name}, {mistake}", world, _claims(told))


def _mistakes(world: World, rng: np.random.Generator) -> dict[str, World]:
    """What the numbers may be of instead; the last is nobody's."""
    found = {}
    if world.task != "regression":
        found["another rule"] = _otherwise(world)
    if world.task != "multilabel":
        found["12,345 rows late"] = _taken(world, np.roll(np.arange(world.n), 12_345))
    found["in another order"] = _taken(world, rng.permutation(world.n))
    found["another model"] = _noisy(world, rng)
    return found


def _taken(world: World, order: np.ndarray) -> World:
    """The answers of other rows."""
    parts = {"labels": world.labels, "scores": world.scores, "values": world.values}
    moved = {name: part[order] for name, part in parts.items() if part is not None}
    return replace(world, ranking=None, **moved)


def _timed(what: str, world: World, claims: list[Claim]) -> Measured:
    found: list[Verdict] = []

    def ask() -> None:
        # A fresh evidence and world: nothing is kept of an earlier call, no order of scores.
        fresh = replace(world, ranking=None)
        at_hand = Evidence(
            world.task, world.classes, world.positive, ("test",), lambda split: fresh
        )
        found.append(explain(at_hand, claims))

    start = time.process_time()
    ask()
    value = time.process_time() - start
    said = [e.name for a in found[-1].answers for e in a.explanations] or ["nothing explains them"]
    said = said if found[-1].answers else ["reproduced"]
    how = f"once, of one processor; {len(claims)} numbers; says: {', '.join(said[:3])}"
    return Measured(f"reconciliation, 1M rows, {what}", value, "s", 10.0, how)


def _claims(world: World) -> list[Claim]:
    """As many numbers as are asked of labels and scores, each with the digits of its own."""
    wanted = _wanted(world)
    claims: list[Claim] = []
    for i in range(min(NUMBERS, 4 * len(wanted))):
        metric, average, label = wanted[i % len(wanted)]
        claim = of_number(
            metric, "0.5", task=world.task, average=average, per_class=label, source=i
        )
        value = possible(claim, world)
        if value is None:
            continue  # not defined here
        digits = 3 + (i // len(wanted)) % 4
        text = f"{value:.{digits}f}"
        claims.append(
            of_number(metric, text, task=world.task, average=average, per_class=label, source=i)
        )
    return claims


def _wanted(world: World) -> list[tuple[str, str | None, str | None]]:
    """Metric, average and class."""
    if world.task == "regression":
        return [(metric, None, None) for metric in ("mse", "rmse", "mae", "r2")]
    metrics = ["accuracy", "log_loss", "brier", "roc_auc"]
    if world.task != "multilabel":
        metrics += ["balanced_accuracy", "mcc"]
    wanted: list[tuple[str, str | None, str | None]] = [(m, None, None) for m in metrics]
    for metric in ("precision", "recall", "f1"):
        wanted += [(metric, average, None) for average in ("macro", "micro", "weighted")]
        wanted += [(metric, None, label) for label in world.classes]
    return wanted


def _otherwise(world: World) -> World:
    assert world.scores is not None
    if world.task != "multiclass":
        assert world.labels is not None
        return replace(world, labels=(world.scores > 0.37).astype(world.labels.dtype))
    sure = world.scores.max(axis=1) > 0.4
    return replace(world, labels=np.where(sure, world.scores.argmax(axis=1), 0))


def _noisy(world: World, rng: np.random.Generator) -> World:
    other = rng.random(world.n) < 0.05
    if world.values is not None:
        return replace(world, values=np.where(other, rng.permutation(world.values), world.values))
    assert world.labels is not None
    other = other[:, None] if world.labels.ndim == 2 else other
    return replace(world, labels=np.where(other, rng.permutation(world.labels), world.labels))


def _binary(rng: np.random.Generator) -> World:
    logit = rng.normal(0, 2, ROWS)
    p = 1 / (1 + np.exp(-logit))
    truth = (rng.random(ROWS) < p).astype(np.int64)
    labels = (p > 0.5).astype(np.int64)
    return World("binary", ("no", "yes"), 1, truth, labels=labels, scores=p, raw=p[:, None])


def _classes(rng: np.random.Generator) -> World:
    p = rng.dirichlet(np.full(10, 0.3), ROWS)
    truth = (p.cumsum(axis=1) > rng.random((ROWS, 1))).argmax(axis=1)
    names = tuple(f"class {i}" for i in range(10))
    return World("multiclass", names, None, truth, labels=p.argmax(axis=1), scores=p, raw=p)


def _labels(rng: np.random.Generator) -> World:
    """Five labels a row, each with a rate of its own."""
    rates = np.array([0.5, 0.3, 0.2, 0.4, 0.1])
    truth = (rng.random((ROWS, 5)) < rates).astype(np.int8)
    scores = 1 / (1 + np.exp(1.2 - 2.5 * truth - rng.normal(0, 1.2, (ROWS, 5))))
    names = tuple(f"label {i}" for i in range(5))
    labels = (scores > 0.5).astype(np.int8)
    return World("multilabel", names, None, truth, labels=labels, scores=scores)


def _values(rng: np.random.Generator) -> World:
    truth = rng.gamma(3, 40, ROWS)
    return World("regression", (), None, truth, values=0.9 * truth + rng.normal(8, 15, ROWS))


TASKS = {
    "binary": _binary,
    "ten classes": _classes,
    "five labels": _labels,
    "regression": _values,
}
