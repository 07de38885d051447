"""Causes in which uncertain rows were given a default class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, under
from reportgen.reconciliation.margins import Margins, Parts, sums
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.sweeps import Sweep, near_margins, of_all_margins, runs
from reportgen.reconciliation.world import Floats, World

#: Runs of thresholds that are told of one default class.
MOST_RUNS = 3


def _default_class(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = evidence.world(evaluation.split)
    claims = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    if world.scores is None or world.labels is None or world.truth.ndim != 1 or not claims:
        return
    doubted: _Doubted = world.keep("rows below a confidence", lambda: _below(world))
    limits = doubted.limits
    # In binary tasks a default class is another threshold of the positive one.
    codes = [world.k] if world.task == "binary" else [*range(world.k), world.k]
    found = {c: of_all_margins(claims, _with_default(doubted, c), world) for c in codes}
    tried = 2
    if any(len(s.fitting) for s in found.values()):
        tried = sum(
            s.tried if len(s.fitting) else near_margins(claims, _with_default(doubted, c), world)
            for c, s in found.items()
        )
    for code, sweep in found.items():
        for first, last in runs(sweep.fitting)[:MOST_RUNS] or _single(sweep):
            at = limits[(first + last) // 2]
            labels = np.where(doubted.confidence <= at, code, world.labels)
            if (labels == code).all():
                continue  # a threshold that leaves nothing else is none that somebody set
            high = float(limits[last + 1]) if last + 1 < len(limits) else 1.0
            name = world.classes[code] if code < world.k else "a label that is no class"
            candidate = under(
                replace(world, labels=labels),
                evaluation.claims,
                threshold=[float(limits[first]), high],
                default=name,
            )
            yield replace(candidate, tried=max(2, tried))


def _single(sweep: Sweep) -> list[tuple[int, int]]:
    return [] if sweep.nearest is None else [(sweep.nearest, sweep.nearest)]


@dataclass(frozen=True, slots=True)
class _Doubted:
    """``confidence`` (n,), its distinct values ``limits`` (m,), and margins up to each, (m, R)."""

    confidence: Floats
    limits: Floats
    below: Margins
    all: Margins


def _below(world: World) -> _Doubted:
    """Margins of the rows at or below every confidence, R = K + 1."""
    scores = world.table
    confidence = scores.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    ordered = confidence[order]
    last = np.r_[ordered[1:] != ordered[:-1], True]
    running = sums(Parts.of(world).with_none(world.k).ordered(order))
    below = running.at(np.flatnonzero(last) + 1)
    return _Doubted(confidence, ordered[last], below, running.at(-1))


def _with_default(doubted: _Doubted, code: int) -> Margins:
    """Every limit: rows at or below it have the label ``code``."""
    low, whole = doubted.below, doubted.all
    hits, given = whole.hits - low.hits, whole.given - low.given
    hits[:, code] += low.truth[:, code]
    given[:, code] += low.rows
    truth = np.broadcast_to(whole.truth, hits.shape)
    rows = np.broadcast_to(whole.rows, low.rows.shape)

    def cell(a: int, b: int) -> Any:
        assert low.cell is not None
        assert whole.cell is not None
        left = whole.cell(a, b) - low.cell(a, b)
        return left + low.truth[:, a] if b == code else left

    return Margins(hits, truth, given, rows, cell)


HYPOTHESES = [
    Hypothesis(
        "default-class",
        "Rows below a confidence were given a default class, or a label that is no class.",
        "label = argmax when max p > t, else the default; for every t and every class",
        "Write `decision: {threshold: t, otherwise: …}` as it was done, or decide by argmax "
        "before reporting.",
        _default_class,
        wrong="np.where(p.max(axis=1) > 0.6, p.argmax(axis=1), 0)",
        right="p.argmax(axis=1)",
        free=True,
        cost=1,
        same_as=("decision-threshold",),
        tasks=("binary", "multiclass"),
    ),
]
