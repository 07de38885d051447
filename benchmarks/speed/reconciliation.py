"""A hundred reported numbers on a million rows, after prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.speed.measure import Measured, seconds
from reportgen.job.claims import Claim, of_number
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.quantities import possible
from reportgen.reconciliation.search import Verdict, explain
from reportgen.reconciliation.world import World

ROWS = 1_000_000
NUMBERS = 100


def measured() -> Iterator[Measured]:
    rng = np.random.default_rng(0)
    for name, world in (("binary", _binary(rng)), ("ten classes", _classes(rng))):
        honest = _claims(world)
        yield _timed(f"{name}, all come out", world, honest)
        yield _timed(f"{name}, another rule", world, _claims(_otherwise(world)))
        yield _timed(f"{name}, another model", world, _claims(_noisy(world, rng)))


def _timed(what: str, world: World, claims: list[Claim]) -> Measured:
    found: list[Verdict] = []

    def ask() -> None:
        # A fresh evidence and world: nothing is kept of an earlier call, no order of scores.
        fresh = replace(world, ranking=None)
        at_hand = Evidence(
            world.task, world.classes, world.positive, ("test",), lambda split: fresh
        )
        found.append(explain(at_hand, claims))

    value = seconds(ask, 1)
    said = [e.name for a in found[-1].answers for e in a.explanations] or ["nothing explains them"]
    said = said if found[-1].answers else ["reproduced"]
    how = f"once; {len(claims)} numbers; says: {', '.join(said[:3])}"
    return Measured(f"reconciliation, 1M rows, {what}", value, "s", 10.0, how)


def _claims(world: World) -> list[Claim]:
    """As many numbers as are asked of labels and scores, each with the digits of its own."""
    metrics = ["accuracy", "balanced_accuracy", "mcc", "log_loss", "brier", "roc_auc"]
    wanted = [(m, None, None) for m in metrics]
    for metric in ("precision", "recall", "f1"):
        wanted += [(metric, average, None) for average in ("macro", "micro", "weighted")]
        wanted += [(metric, None, label) for label in world.classes]
    claims: list[Claim] = []
    for i in range(NUMBERS):
        metric, average, label = wanted[i % len(wanted)]
        claim = of_number(
            metric, "0.5", task=world.task, average=average, per_class=label, source=i
        )
        value = possible(claim, world)
        digits = 3 + (i // len(wanted)) % 4
        text = f"{value:.{digits}f}"
        claims.append(
            of_number(metric, text, task=world.task, average=average, per_class=label, source=i)
        )
    return claims


def _otherwise(world: World) -> World:
    if world.task == "binary":
        assert world.scores is not None
        return replace(world, labels=(world.scores > 0.37).astype(np.int64))
    assert world.scores is not None
    sure = world.scores.max(axis=1) > 0.4
    return replace(world, labels=np.where(sure, world.scores.argmax(axis=1), 0))


def _noisy(world: World, rng: np.random.Generator) -> World:
    assert world.labels is not None
    other = rng.random(world.n) < 0.05
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
