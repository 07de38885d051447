"""Evaluations to be mistaken about, and what the search says of numbers that were printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.job.claims import Claim, of_number, of_report
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.search import explain
from reportgen.reconciliation.verdict import Verdict
from reportgen.reconciliation.world import World
from reportgen.statistics.losses import log_losses

NAMES = ("ant", "bee", "cat", "dog", "eel")


@dataclass(frozen=True)
class Told:
    """``named``: causes named alone. ``listed``: those that remain. ``kinds`` of the answers."""

    verdict: Verdict

    @property
    def kinds(self) -> list[str]:
        return [a.kind for a in self.verdict.answers]

    @property
    def named(self) -> list[str]:
        return [a.explanations[0].name for a in self.verdict.answers if a.kind == "named"]

    @property
    def listed(self) -> list[str]:
        return [e.name for a in self.verdict.answers for e in a.explanations]

    @property
    def parameters(self) -> dict[str, Any]:
        (answer,) = self.verdict.answers
        return dict(answer.explanations[0].candidates[0][0].parameters)


def with_loss(world: World) -> World:
    """The world of a Keras model: the loss is the mean of clipped cross-entropies."""
    rows = log_losses(world.truth, world.scores, epsilon=1e-7)

    def loss(weights: np.ndarray | None) -> float:
        return float((rows if weights is None else rows * weights).mean())

    return replace(world, loss=loss)


def binary(rng: np.random.Generator, n: int = 1200, tilt: float = -0.6) -> World:
    logits = rng.normal(tilt, 1.8, n)
    scores = 1 / (1 + np.exp(-logits))
    truth = (rng.random(n) < 1 / (1 + np.exp(-1.1 * logits - 0.2))).astype(np.int64)
    return World(
        "binary",
        ("stay", "leave"),
        1,
        truth,
        labels=(scores > 0.5).astype(np.int64),
        scores=scores,
        raw=scores[:, None].astype(np.float32),
    )


def multiclass(rng: np.random.Generator, n: int = 1500, k: int = 4) -> World:
    shares = np.array([0.4, 0.3, 0.2, 0.1, 0.05])[:k]
    truth = rng.choice(k, n, p=shares / shares.sum())
    logits = rng.normal(0, 1, (n, k))
    logits[np.arange(n), truth] += 1.9
    logits[:, 0] += 0.4
    scores = np.exp(logits)
    scores /= scores.sum(axis=1, keepdims=True)
    return World(
        "multiclass",
        NAMES[:k],
        None,
        truth,
        labels=scores.argmax(axis=1),
        scores=scores,
        raw=scores.astype(np.float32),
    )


def multilabel(rng: np.random.Generator, n: int = 800, k: int = 4) -> World:
    truth = (rng.random((n, k)) < [0.5, 0.3, 0.2, 0.4]).astype(np.int8)
    scores = 1 / (1 + np.exp(-(rng.normal(0, 1.2, (n, k)) + 2.5 * truth - 1.2)))
    return World(
        "multilabel", NAMES[:k], None, truth, labels=(scores > 0.5).astype(np.int8), scores=scores
    )


def regression(rng: np.random.Generator, n: int = 900) -> World:
    truth = rng.gamma(3, 40, n)
    values = truth * 0.9 + rng.normal(8, 15, n)
    return World("regression", (), None, truth, values=values)


def evidence(splits: World | dict[str, World], **more: Any) -> Evidence:
    worlds = splits if isinstance(splits, dict) else {"test": splits}
    first = next(iter(worlds.values()))
    return Evidence(
        first.task, first.classes, first.positive, tuple(worlds), worlds.__getitem__, **more
    )


def numbers(
    task: str, values: dict[str, tuple[float, int]], split: str = "test", **more: Any
) -> list[Claim]:
    """``{"accuracy": (0.91234, 4)}``, printed with so many digits; ``"f1 macro"`` names one."""
    found = []
    for name, (value, digits) in values.items():
        metric, _, average = name.partition(" ")
        found.append(
            of_number(
                metric,
                f"{value:.{digits}f}",
                task=task,
                split=split,
                average=average or None,
                **more,
            )
        )
    return found


def report(text: str, world: World, split: str = "test") -> list[Claim]:
    return list(of_report(text, classes=world.classes, split=split))


def told(given: World | dict[str, World] | Evidence, claims: Sequence[Claim]) -> Told:
    at_hand = given if isinstance(given, Evidence) else evidence(given)
    return Told(explain(at_hand, claims))
