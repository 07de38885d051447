"""Causes in which uncertain rows were given a default class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, under
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.sweeps import (
    MOST_CELLS,
    Sweep,
    cell_codes,
    known,
    of_label_claims,
    sieve,
    swept,
)
from reportgen.reconciliation.world import Floats, World

#: Runs of thresholds that are told of one default class.
MOST_RUNS = 3


def _default_class(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = evidence.world(evaluation.split)
    claims = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    if world.scores is None or world.labels is None or world.truth.ndim != 1 or not claims:
        return
    confidence = world.table.max(axis=1)
    limits = np.unique(confidence)
    # In binary tasks a default class is another threshold of the positive one.
    claims = sieve(claims, len(limits))
    codes = [world.k] if world.task == "binary" else [*range(world.k), world.k]
    found = {code: _swept(world, claims, confidence, limits, code) for code in codes}
    tried = sum(s.tried for s, _ in found.values())
    for code, (sweep, runs) in found.items():
        for first, last in runs[:MOST_RUNS] or _single(sweep):
            labels = np.where(confidence <= limits[(first + last) // 2], code, world.labels)
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


def _swept(
    world: World, claims: list[Claim], confidence: Floats, limits: Floats, code: int
) -> tuple[Sweep, list[tuple[int, int]]]:
    """Every limit: rows at or below it have the label ``code``. Runs of those that print all."""
    assert world.labels is not None
    given = np.full(world.n, code, dtype=np.int64)
    before, size = cell_codes(world.truth, world.labels, world.k + (code == world.k))
    after, _ = cell_codes(world.truth, given, world.k + (code == world.k))
    place = np.searchsorted(limits, confidence)
    block = max(1, MOST_CELLS // size**2)
    fitting: list[NDArray[np.int64]] = []
    tried, nearest, best = 0, None, (-1.0, np.inf)
    base = np.bincount(before, minlength=size * size).astype(np.float64)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(0, len(limits) + block, block))
    for i, start in enumerate(range(0, len(limits), block)):
        rows = order[starts[i] : starts[i + 1]]
        wide = min(block, len(limits) - start)
        at = (place[rows] - start) * size * size
        change = np.bincount(at + after[rows], minlength=wide * size * size).astype(np.float64)
        change -= np.bincount(at + before[rows], minlength=wide * size * size)
        cells = base + np.cumsum(change.reshape(wide, size * size), axis=0)
        base = cells[-1].copy()
        shaped = _trimmed(cells.reshape(wide, size, size), world.k)
        values, kept = known(of_label_claims(claims, shaped, world), claims)
        if not kept:
            break
        sweep = swept(values, kept)
        tried += sweep.tried
        fitting.append(sweep.fitting + start)
        score = _score(values[:, sweep.nearest or 0], kept)
        if score > best or nearest is None:
            best, nearest = score, (sweep.nearest or 0) + start
    whole = np.concatenate(fitting) if fitting else np.zeros(0, dtype=np.int64)
    return Sweep(whole, max(1, tried), nearest), _runs(whole)


def _score(values: Floats, claims: list[Claim]) -> tuple[float, float]:
    """How many numbers are about right, and how far the worst is off."""
    apart = np.abs(values - np.array([float(c.value) for c in claims]))
    return (float((apart < 1e-3).sum()), -float(apart.max()))


def _trimmed(cells: Floats, k: int) -> Floats:
    """Without the row and column of no class where nothing stands in them."""
    if cells.shape[-1] > k and not cells[:, k:].any() and not cells[:, :, k:].any():
        return cells[:, :k, :k]
    return cells


def _runs(index: NDArray[np.int64]) -> list[tuple[int, int]]:
    if not len(index):
        return []
    breaks = np.flatnonzero(np.diff(index) > 1)
    return list(
        zip(
            index[np.r_[0, breaks + 1]].tolist(),
            index[np.r_[breaks, len(index) - 1]].tolist(),
            strict=True,
        )
    )


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
