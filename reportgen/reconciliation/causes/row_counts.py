"""Causes in which some rows of the split were left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.causes.batch_means import USUAL
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, under
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.sweeps import (
    MOST_CELLS,
    known,
    of_label_claims,
    prefix_matrices,
    sieve,
    swept,
)
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
    keep = _screened(world, evaluation, ordered)
    for end in ordered[keep].tolist():
        sizes = ends[end]
        candidate = under(
            world.rows(slice(0, end)),
            evaluation.claims,
            rows=end,
            of=world.n,
            batch_size=sizes[0] if len(sizes) == 1 else sizes,
        )
        yield replace(candidate, tried=max(1, tried))


def _screened(world: World, evaluation: Evaluation, ends: NDArray[np.int64]) -> list[int]:
    """Indices of prefixes worth computing: those that print what is cheap, else the nearest."""
    values, claims = _cheap(world, evaluation, ends)
    if not claims:
        return list(range(min(len(ends), MOST_WORLDS)))
    sweep = swept(values, claims)
    if len(sweep.fitting):
        return [int(i) for i in sweep.fitting[:MOST_WORLDS]]
    return [] if sweep.nearest is None else [sweep.nearest]


def _cheap(
    world: World, evaluation: Evaluation, ends: NDArray[np.int64]
) -> tuple[Floats, list[Claim]]:
    """Numbers of prefixes from running sums: of labels, and means of rows; (claims, prefixes)."""
    counted = [c for c in evaluation.claims if of_labels(c) and not c.weighted and not c.running]
    counted = sieve(counted, len(ends))
    single = world.labels is not None and world.truth.ndim == 1
    small = len(ends) * (world.k + 1) ** 2 <= MOST_CELLS
    parts: list[Floats] = []
    claims: list[Claim] = []
    if single and counted and small:
        cells = prefix_matrices(world.truth, world.labels, world.k, ends)
        values, kept = known(of_label_claims(counted, cells, world), counted)
        parts.append(values)
        claims += kept
    for claim in evaluation.claims:
        if claim in claims or claim.running or (of_labels(claim) and claim.metric != "accuracy"):
            continue
        rows = row_values(claim, world) if claim.metric != "log_loss" else None
        if rows is not None:
            parts.append((np.cumsum(rows)[ends - 1] / ends)[None])
            claims.append(claim)
    table = np.concatenate(parts) if parts else np.zeros((0, len(ends)))
    return table, claims


def _any_prefix(
    world: World, evaluation: Evaluation, done: set[int], size: int | None
) -> Iterator[Candidate]:
    """Every other number of first rows, from half of them on; below, whole batches."""
    start = max(1, int(world.n * LEAST))
    batches = [np.arange(b, start, b) for b in {*WHOLE, *((size,) if size else ())}]
    wanted = np.unique(np.concatenate([np.arange(start, world.n), *batches]))
    ends = np.setdiff1d(wanted, np.array(sorted(done), dtype=np.int64))
    total = [c for c in evaluation.claims if c.metric == "support" and c.per_class is None]
    if total and float(total[0].value) == int(float(total[0].value)):
        ends = ends[ends == int(float(total[0].value))]
    if not len(ends):
        return
    survivors, tried = _sieved(world, evaluation, ends)
    for end in survivors[:MOST_WORLDS].tolist():
        candidate = under(
            world.rows(slice(0, end)), evaluation.claims, rows=end, of=world.n, batch_size=None
        )
        yield replace(candidate, tried=max(2, tried))


def _sieved(
    world: World, evaluation: Evaluation, ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int]:
    """Prefixes that print every cheap number, in blocks; how many distinct ones were near."""
    block = max(1, MOST_CELLS // (world.k + 1) ** 2)
    found, tried = [], 0
    for first in range(0, len(ends), block):
        part = ends[first : first + block]
        values, claims = _cheap(world, evaluation, part)
        if not claims:
            return ends[:0], 1
        sweep = swept(values, claims)
        tried += sweep.tried
        found.append(part[sweep.fitting])
    return np.concatenate(found), tried


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
        candidate = under(
            world.rows(slice(0, end)), evaluation.claims, rows=end, of=world.n, replicas=replicas
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
