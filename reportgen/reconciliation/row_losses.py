"""Losses of single rows, from scores or values: what ``evaluate`` averages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.quantities import Unknown
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.losses import log_losses

#: Where Keras clips probabilities; the smallest float32 that is no zero to a logarithm.
KERAS_EPSILON = 1e-7
TINY = float(np.finfo(np.float32).tiny)
#: Relative difference of a mean of float32 losses and one of float64.
AGREES = 2e-5

Rule = Callable[[World], Floats]


def detailed(evidence: Evidence, split: str) -> World:
    """A split as declared, with the losses of its rows where these can be told."""
    found: World = evidence.keep(("detailed", split), lambda: with_rows(evidence.world(split)))
    return found


def with_rows(world: World) -> World:
    """The same world with ``row_losses``, unless none of the usual losses gives its loss."""
    if world.loss is None or (world.row_losses and np.isfinite(world.row_losses()).all()):
        return world
    rule = rule_of(world)
    if rule is None:
        return replace(world, row_losses=None)
    rows = rule(world)
    return replace(world, row_losses=lambda: rows)


def rule_of(world: World) -> Rule | None:
    """The usual loss of which this world's is the mean, or None.

    Raises nothing: a loss that cannot be computed has no rule.
    """
    found: Rule | None = world.keep("rule of the loss", lambda: _rule_of(world))
    return found


def _rule_of(world: World) -> Rule | None:
    if world.loss is None:
        return None
    try:
        penalty = 0.0 if world.penalty is None else world.penalty()
        goal = world.loss(None) - (penalty if np.isfinite(penalty) else 0.0)
    except Unknown:
        return None
    for rule in _rules(world):
        rows = rule(world)
        if np.isfinite(rows).all() and abs(rows.mean() - goal) <= AGREES * abs(goal) + 1e-9:
            return rule
    return None


def changed(world: World, **parts: Any) -> World:
    """The world with other truth, scores or values, and the loss that these give.

    Where the rule of its loss is not known, the loss is not either.
    """
    other = replace(world, loss=None, row_losses=None, **parts)
    rule = rule_of(world)
    if rule is None:
        return other
    penalty = world.penalty

    def rows() -> Floats:
        return rule(other)

    def loss(weights: Floats | None) -> float:
        own = rows() if weights is None else rows() * weights
        return float(own.mean()) + (penalty() if penalty is not None else 0.0)

    return replace(other, loss=loss, row_losses=rows)


def _rules(world: World) -> Iterator[Rule]:
    if world.task == "regression":
        if world.values is not None:
            yield _squared
            yield _absolute
        return
    if world.scores is None or not _all_known(world):
        return
    yield _clipped
    yield _exact
    yield _brier


def _all_known(world: World) -> bool:
    return world.truth.size > 0 and int(world.truth.min()) >= 0


def _clipped(world: World) -> Floats:
    """Cross-entropy of probabilities that Keras keeps within [1e-7, 1 - 1e-7]."""
    assert world.scores is not None
    return log_losses(world.truth, world.scores, epsilon=KERAS_EPSILON)


def _exact(world: World) -> Floats:
    """Cross-entropy as it comes through logits, which never clips."""
    assert world.scores is not None
    scores, truth = world.scores, world.truth
    if scores.ndim == 2 and truth.ndim == 1:
        own = scores[np.arange(len(truth)), truth.astype(np.int64)]
        return np.asarray(-np.log(np.maximum(own, TINY)))
    own = np.where(truth == 1, scores, 1.0 - scores)
    losses = -np.log(np.maximum(own, TINY))
    return np.asarray(losses.mean(axis=1) if losses.ndim == 2 else losses)


def _brier(world: World) -> Floats:
    """Squared error of probabilities, averaged over outputs."""
    assert world.scores is not None
    if world.scores.ndim == 1:
        return np.asarray((world.scores - (world.truth == 1)) ** 2)
    member = world.truth == 1 if world.truth.ndim == 2 else one_hot(world.truth, world.k)
    return np.asarray(((world.scores - member) ** 2).mean(axis=1))


def one_hot(codes: Any, k: int) -> Any:
    """Codes (n,) as booleans (n, k)."""
    return np.asarray(codes)[:, None] == np.arange(k)


def _squared(world: World) -> Floats:
    return _over_targets((world.truth - _given(world)) ** 2)


def _absolute(world: World) -> Floats:
    return _over_targets(np.abs(world.truth - _given(world)))


def _given(world: World) -> Floats:
    assert world.values is not None
    return np.asarray(world.values, dtype=np.float64).reshape(np.shape(world.truth))


def _over_targets(errors: Any) -> Floats:
    return np.asarray(errors.mean(axis=1) if errors.ndim == 2 else errors, dtype=np.float64)
