"""Causes in which other rows were evaluated than the split that is named."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, under
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.world import World

#: Of ``fit(validation_split=...)``.
USUAL_FRACTIONS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.33, 0.4, 0.5)


def _other_split(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    for n in range(1, len(evidence.splits) + 1):
        for names in combinations(evidence.splits, n):
            if names == (evaluation.split,):
                continue
            world = joined([detailed(evidence, name) for name in names])
            yield under(world, evaluation.claims, split=" + ".join(names))
    yield from _tails(evidence, evaluation)


def _tails(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """What Keras's ``validation_split`` holds back: the last rows of train as it was given."""
    if "train" not in evidence.splits:
        return
    world = detailed(evidence, "train")
    declared = evidence.validation_fraction
    fractions = {*USUAL_FRACTIONS, *(() if declared is None else (declared,))}
    for fraction in sorted(fractions):
        start = int(world.n * (1 - fraction))
        if 0 < start < world.n:
            told = f"the last {fraction:g} of train"
            yield under(world.rows(slice(start, None)), evaluation.claims, split=told)


def joined(worlds: list[World]) -> World:
    """Rows of several splits as one evaluation."""
    if len(worlds) == 1:
        return worlds[0]
    first = worlds[0]

    def together(name: str) -> Any:
        parts = [getattr(w, name) for w in worlds]
        return None if any(p is None for p in parts) else np.concatenate(parts)

    each = [w.row_losses for w in worlds]
    known = [e for e in each if e is not None]
    penalty = first.penalty

    def losses() -> np.ndarray:
        return np.concatenate([e() for e in known])

    def loss(weights: np.ndarray | None) -> float:
        own = losses() if weights is None else losses() * weights
        return float(own.mean()) + (penalty() if penalty is not None else 0.0)

    whole = len(known) == len(worlds)
    return World(
        first.task,
        first.classes,
        first.positive,
        together("truth"),
        labels=together("labels"),
        scores=together("scores"),
        values=together("values"),
        raw=together("raw"),
        weights=together("weights"),
        loss=loss if whole else None,
        row_losses=losses if whole else None,
        penalty=penalty,
        otherwise=first.otherwise,
        resolution=first.resolution,
    )


HYPOTHESES = [
    Hypothesis(
        "other-split",
        "The numbers are those of another split, of several together, or of a tail of train.",
        "the same metric on the rows of another split, or on train[int(n * (1 - fraction)):]",
        "Evaluate on the rows that the number is said to be of, and keep them out of training.",
        _other_split,
        wrong="model.evaluate(X_train, y_train)",
        right="model.evaluate(X_test, y_test)",
    ),
]
