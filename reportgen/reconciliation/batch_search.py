"""The search over batch sizes: which of them print every number, the likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.batch_formula import formula
from reportgen.reconciliation.batch_tables import (
    AREAS,
    LEAST_BATCHES,
    MOST_USUAL,
    OF_ROWS,
    USUAL,
    Values,
    means,
)
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, declared, instead, is_off, kind_of
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.sweeps import NEAR, distinct, hashed
from reportgen.reconciliation.world import World

#: Sizes that nobody uses are believed this much less.
UNUSUAL = 10
#: Share of printable numbers that unusual sizes may meet before a match is none.
MOST_COVERED = 0.1
COUNTS = ("cell", "support")
Way = Callable[
    [Evidence, Claim, World, NDArray[np.int64], NDArray[np.bool_]],
    Values | None,
]


def sizes_first(evidence: Evidence, n: int) -> list[NDArray[np.int64]]:
    """Batch sizes in the order in which they are believed: declared, usual, all others."""
    declared_size = evidence.batch_size
    first = [declared_size] if declared_size is not None and 1 < declared_size < n else []
    usual = [b for b in USUAL if b < n and b not in first]
    most = -(-n // (LEAST_BATCHES - 1))  # larger ones are fewer batches
    left = np.ones(max(n, 2), dtype=bool)
    left[[0, 1, *first, *usual]] = False
    rest = np.flatnonzero(left[:most])
    groups = (np.array(first, dtype=np.int64), np.array(usual, dtype=np.int64), rest)
    return [group for group in groups if len(group)]


def searched(evidence: Evidence, evaluation: Evaluation, way: Way) -> Iterator[Candidate]:
    """The numbers that are off under one batch size, and those that the same loop has averaged.

    Others, which come out, stay as they are: a loss may be averaged where an accuracy counts rows.
    """
    world = detailed(evidence, evaluation.split)
    wrong = [c for c in evaluation.claims if is_off(evidence, c) and c.metric not in COUNTS]
    if not wrong or world.n < 3 or not all(_has_batches(c, world) for c in wrong):
        return
    off = [*wrong, *_of_one_loop(evidence, evaluation, wrong, way)]
    nearest: Candidate | None = None
    tried = 0
    for sizes in sizes_first(evidence, world.n):
        found = _alive(evidence, off, world, sizes, way)
        if found is None:
            continue  # not computable, or every size is refuted before all numbers are
        fits, close, distinct = _joint(off, found)
        if len(sizes) > MOST_USUAL and _saturated(evidence, wrong, found):
            fits[:] = False
        tried += distinct * (UNUSUAL if len(sizes) > MOST_USUAL else 1)
        for column in np.flatnonzero(fits.any(axis=0)).tolist():
            rows = np.flatnonzero(fits[:, column]).tolist()
            yield _candidate(evidence, evaluation, off, found, rows, column, tried, sizes)
        if fits.any():
            return
        if nearest is None and close is not None:
            row, column = close
            nearest = _candidate(evidence, evaluation, off, found, [row], column, tried, sizes)
    if nearest is not None:
        yield nearest


def _of_one_loop(
    evidence: Evidence, evaluation: Evaluation, off: list[Claim], way: Way
) -> list[Claim]:
    """Numbers that come out, and that a loop over batches averages with those that are off.

    Those are numbers of one kind: counts of labels that are no mean of rows, shares of right rows,
    losses, areas.
    """
    kinds = {_loop(c) for c in off}
    world = detailed(evidence, evaluation.split)
    size = np.array([min(32, world.n)], dtype=np.int64)
    return [
        c
        for c in evaluation.claims
        if c not in off
        and not (c.weighted or c.running)
        and _loop(c) in kinds
        and declared(evidence, c) is not None
        and way(evidence, c, world, size, np.ones(1, dtype=bool)) is not None
    ]


def _loop(claim: Claim) -> str:
    if claim.metric in COUNTS or claim.metric in ("roc_auc", "average_precision"):
        return claim.metric
    if claim.metric in OF_ROWS:
        return "share" if claim.metric in ("accuracy", "top_k_accuracy") else "loss"
    return "labels"


def _alive(
    evidence: Evidence, off: list[Claim], world: World, sizes: NDArray[np.int64], way: Way
) -> list[Values] | None:
    """Each number by size, of those sizes that earlier numbers did not refute.

    None where a number cannot be computed, and where no size is left before the last one.
    """
    alive = np.ones(len(sizes), dtype=bool)
    found: dict[Claim, Values] = {}
    kinds: dict[object, Values] = {}
    for claim in sorted(off, key=_costly):
        kind = kind_of(claim)
        values = kinds[kind] if kind in kinds else way(evidence, claim, world, sizes, alive)
        if values is None:
            return None
        found[claim] = kinds[kind] = values
        alive &= digits.same(values.table, claim.value).any(axis=1)
        if not alive.any() and len(found) < len(off):
            return None
    return [found[c] for c in off]


def _has_batches(claim: Claim, world: World) -> bool:
    """Whether a number has a value in each batch that is known here."""
    if claim.weighted:
        return False
    return claim.metric in OF_ROWS or (world.task != "regression" and world.truth.ndim == 1)


def _costly(claim: Claim) -> int:
    """Means of rows are told at once, areas size by size."""
    return 0 if claim.metric in OF_ROWS else 1 + (claim.metric in AREAS)


def _saturated(evidence: Evidence, off: list[Claim], found: list[Values]) -> bool:
    """Whether so many sizes print nearly every number about here that a match says nothing."""
    if len(off) > 1:
        return False
    claim, value = off[0], declared(evidence, off[0])
    if value is None:
        return False
    reach = 2 * abs(float(claim.value) - value)
    width = max(digits.width(claim.value), 1e-300)
    near = found[0].table[np.abs(found[0].table - value) <= reach]
    return bool(len(np.unique(np.round(near / width))) > MOST_COVERED * 2 * reach / width)


def _joint(
    off: list[Claim], found: list[Values]
) -> tuple[NDArray[np.bool_], tuple[int, int] | None, int]:
    """Which sizes and conventions print all; the nearest; how many distinct ones are near."""
    fits = np.ones_like(found[0].table, dtype=bool)
    distance = np.zeros_like(found[0].table)
    codes = np.zeros(found[0].table.shape, dtype=np.uint64)
    near = np.ones_like(fits)
    rng = np.random.default_rng(3)
    for claim, values in zip(off, found, strict=True):
        fits &= digits.same(values.table, claim.value)
        apart = np.nan_to_num(np.abs(values.table - float(claim.value)), nan=np.inf)
        distance = np.maximum(distance, apart)
        near &= apart <= NEAR * max(1.0, abs(float(claim.value)))
    best = np.unravel_index(int(np.argmin(distance)), distance.shape)
    close = (int(best[0]), int(best[1])) if np.isfinite(distance[best]) else None
    if not fits.any() and len(fits) > MOST_USUAL:
        return fits, close, 2  # how many there are is asked of a match alone
    for claim, values in zip(off, found, strict=True):
        codes += hashed(values.table, digits.width(claim.value), rng)
    return fits, close, max(1, distinct(codes[near])) * _refuted_before(off, found)


def _refuted_before(off: list[Claim], found: list[Values]) -> int:
    """How many distinct numbers the first claim had about here, where it spared the others.

    Sizes that it refutes were tried as well: as many for each of its numbers as for the right one.
    """
    first = min(range(len(off)), key=lambda i: _costly(off[i]))
    table, claim = found[first].table, off[first]
    if all(np.isnan(v.table).sum() <= np.isnan(table).sum() for v in found):
        return 1
    near = np.abs(table - float(claim.value)) <= NEAR * max(1.0, abs(float(claim.value)))
    codes = hashed(table, digits.width(claim.value), np.random.default_rng(4))
    return max(1, distinct(codes[near]))


def _candidate(
    evidence: Evidence,
    evaluation: Evaluation,
    off: list[Claim],
    found: list[Values],
    rows: list[int],
    column: int,
    tried: int,
    sizes: NDArray[np.int64],
) -> Candidate:
    changed = {
        claim: float(values.table[rows[0], column])
        for claim, values in zip(off, found, strict=True)
    }
    fitting = sizes[rows].tolist()
    shown: Any = fitting[0] if len(fitting) == 1 else fitting[:20]
    parameters = {"batch_size": shown, "last_batch": found[0].names[column]}
    candidate = instead(evidence, evaluation, changed, **parameters)
    said = _expressions(evidence, evaluation, changed, fitting[0], found[0].names[column])
    return replace(candidate, tried=tried, expressions=said)


def _expressions(
    evidence: Evidence,
    evaluation: Evaluation,
    changed: Mapping[Claim, float],
    size: int,
    convention: str,
) -> dict[Claim, str]:
    """Means of batches of sums over rows as arithmetic."""
    world = detailed(evidence, evaluation.split)
    said = {}
    for claim, value in changed.items():
        rows = row_values(claim, world) if claim.metric in OF_ROWS else None
        text = None if rows is None else formula(rows, size, convention)
        mean = None if rows is None else means(rows, np.array([size]))[0]
        if text is not None and mean is not None and np.isclose(mean, value, rtol=1e-9).any():
            said[claim] = text
    return said
