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


def _other_split(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    for n in range(1, len(evidence.splits) + 1):
        for names in combinations(evidence.splits, n):
            if names == (evaluation.split,):
                continue
            world = joined([detailed(evidence, name) for name in names])
            yield under(world, evaluation.claims, split=" + ".join(names))


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
        "The numbers are those of another split, or of several together.",
        "the same metric on the rows of another split",
        "Evaluate on the rows that the number is said to be of, and keep them out of training.",
        _other_split,
        wrong="model.evaluate(X_train, y_train)",
        right="model.evaluate(X_test, y_test)",
    ),
]
