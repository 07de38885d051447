"""Causes in which some rows of the split were left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.batch_tables import USUAL
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis
from reportgen.reconciliation.margins import of_margins, running
from reportgen.reconciliation.quantities import Unknown, of_labels
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.row_sets import of_rows, row_sums
from reportgen.reconciliation.sweeps import Sweep, sifted
from reportgen.reconciliation.world import Floats, World

#: Worlds of row prefixes that are computed in full.
MOST_WORLDS = 12
#: Shares of rows that a search over all prefixes keeps at least.
LEAST = 0.5
#: Batch sizes of which fewer rows are multiples.
WHOLE = (32, 50, 64, 100, 128)
WORKERS = (2, 3, 4, 5, 6, 7, 8)


def _dropped(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """The first rows alone: full batches, a number of steps, or any other number."""
    world = detailed(evidence, evaluation.split)
    n = world.n
    if n < 4:
        return
    size = evidence.batch_size
    own = {} if size is None or size >= n else _kept_by((size,), n)
    yield from _prefixes(world, evaluation, own, tried=1)
    usual = {m: b for m, b in _kept_by(USUAL, n).items() if m not in own}
    for one in (b for b in USUAL if b < n and b not in own):
        sizes = usual.setdefault(one, [])  # the first batch alone
        sizes += [one] * (one not in sizes)
    yield from _prefixes(world, evaluation, usual, tried=len(usual))
    yield from _any_prefix(world, evaluation, {*own, *usual}, size)


def _kept_by(sizes: tuple[int, ...], n: int) -> dict[int, list[int]]:
    """Rows that remain -> batch sizes that leave them, a whole last batch lost included."""
    found: dict[int, list[int]] = {}
    for size in sizes:
        whole = n // size * size
        rows = whole if whole < n else n - size
        if 0 < rows < n:
            found.setdefault(rows, []).append(size)
    return found


def _prefixes(
    world: World, evaluation: Evaluation, ends: dict[int, list[int]], tried: int
) -> Iterator[Candidate]:
    if not ends:
        return
    ordered = np.array(sorted(ends), dtype=np.int64)
    for end in ordered[_screened(world, evaluation, ordered)].tolist():
        sizes = ends[end]
        candidate = of_rows(
            world,
            evaluation.claims,
            [(0, end, 1)],
            rows=end,
            of=world.n,
            batch_size=sizes[0] if len(sizes) == 1 else sizes,
        )
        yield replace(candidate, tried=max(1, tried))


def _screened(world: World, evaluation: Evaluation, ends: NDArray[np.int64]) -> list[int]:
    """Indices of prefixes worth computing: those that print what is cheap, else the nearest."""
    sweep = _swept(world, evaluation, ends)
    if sweep is None:
        return list(range(min(len(ends), MOST_WORLDS)))
    if len(sweep.fitting):
        return [int(i) for i in sweep.fitting[:MOST_WORLDS]]
    return [] if sweep.nearest is None else [sweep.nearest]


def _swept(world: World, evaluation: Evaluation, ends: NDArray[np.int64]) -> Sweep | None:
    """The first ``ends`` rows, from running sums of labels and of rows; None where these say
    nothing.
    """
    claims = [c for c in evaluation.claims if not c.running and _is_cheap(c, world)]
    if not claims:
        return None

    def values(claim: Claim, at: NDArray[np.int64] | None) -> Floats | None:
        stops = ends if at is None else ends[at]
        sums = row_sums(claim, world)
        if sums is not None:
            return np.asarray(sums[stops] / stops)
        try:
            found = of_margins(claim, running(world).at(stops), world)
        except Unknown:
            return None
        return np.asarray(found, dtype=np.float64)

    return sifted(values, claims, len(ends))


def _is_cheap(claim: Claim, world: World) -> bool:
    if claim.weighted:
        return False
    if of_labels(claim) and world.labels is not None:
        return world.truth.ndim == 1 or claim.average != "samples"
    return row_sums(claim, world) is not None


def _any_prefix(
    world: World, evaluation: Evaluation, done: set[int], size: int | None
) -> Iterator[Candidate]:
    """Every other number of first rows, from half of them on; below, whole batches."""
    start = max(1, int(world.n * LEAST))
    left = np.zeros(world.n, dtype=bool)
    left[start:] = True
    for batch in {*WHOLE, *((size,) if size else ())}:
        left[batch:start:batch] = True
    left[list(done)] = False
    ends = np.flatnonzero(left)
    total = [c for c in evaluation.claims if c.metric == "support" and c.per_class is None]
    if total and float(total[0].value) == int(float(total[0].value)):
        ends = ends[ends == int(float(total[0].value))]
    sweep = _swept(world, evaluation, ends) if len(ends) else None
    if sweep is None:
        return
    for end in ends[sweep.fitting[:MOST_WORLDS]].tolist():
        candidate = of_rows(
            world, evaluation.claims, [(0, end, 1)], rows=end, of=world.n, batch_size=None
        )
        yield replace(candidate, tried=max(2, sweep.tried))


def _shards(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Even shards for a number of replicas: the rest of the rows is lost."""
    world = detailed(evidence, evaluation.split)
    batches = _kept_by((*USUAL, *([evidence.batch_size] if evidence.batch_size else [])), world.n)
    rest = {
        m: r
        for m, r in _kept_by((*WORKERS, 12, 16, 24), world.n).items()
        if m not in batches and world.n - m < 24 and world.n % r[0]
    }
    for end, replicas in rest.items():
        candidate = of_rows(
            world, evaluation.claims, [(0, end, 1)], rows=end, of=world.n, replicas=replicas
        )
        yield replace(candidate, tried=max(2, len(rest)))


HYPOTHESES = [
    Hypothesis(
        "dropped-remainder",
        "Only the first rows were evaluated: the last, incomplete batch was dropped, there were "
        "too few steps, or rows did not divide evenly among workers.",
        "the numbers of the first k · batch size rows",
        "Set `drop_remainder=False` for evaluation and leave `steps` out, or round it up.",
        _dropped,
        wrong="model.evaluate(dataset.batch(32, drop_remainder=True))",
        right="model.evaluate(dataset.batch(32))",
        source="tf.data.Dataset.batch: drop_remainder",
        free=True,
        cost=1,
    ),
    Hypothesis(
        "replica-remainder",
        "Rows were lost when the split was cut into even shards.",
        "the numbers of the first n - n mod replicas rows",
        "Pad the last shard and mask the padding, or evaluate on one device.",
        _shards,
        wrong="shards = np.split(X[: len(X) // replicas * replicas], replicas)",
        right="shards = np.array_split(X, replicas)",
        source="torch.utils.data.DistributedSampler: drop_last",
        free=True,
        cost=1,
    ),
]
