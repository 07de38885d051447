"""Evaluations of some rows of a split, some of them several times: refuted before they are built.

Margins and sums of rows add up, so that on many rows most numbers of such an evaluation are
differences of running sums. Only where all of these print is the evaluation computed in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.hypothesis import MANY_ROWS, Candidate, kind_of, under
from reportgen.reconciliation.margins import Margins, of_margins, running
from reportgen.reconciliation.quantities import Unknown
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.losses import log_losses

#: Rows from ``start`` to ``stop``, each counted ``times``.
Piece = tuple[int, int, int]


def of_rows(
    world: World, claims: Sequence[Claim], pieces: Sequence[Piece], **parameters: Any
) -> Candidate:
    """The candidate of an evaluation of these pieces of a split, one after the other.

    On many rows it has values of what is cheap alone once these refute it.
    """

    def build() -> World:
        return world.rows(_index(pieces))

    if world.n > MANY_ROWS:
        values = _cheap(world, claims, pieces)
        told = [(v, c) for v, c in zip(values, claims, strict=True) if not c.running]
        if any(v is not None and not digits.prints_same(v, c.value) for v, c in told):
            return Candidate(values, parameters, build=cache(build))
    return under(build(), claims, **parameters)


def _index(pieces: Sequence[Piece]) -> Any:
    if len(pieces) == 1 and pieces[0][2] == 1:
        return slice(*pieces[0][:2])
    return np.concatenate([np.repeat(np.arange(a, b), times) for a, b, times in pieces])


def _cheap(
    world: World, claims: Sequence[Claim], pieces: Sequence[Piece]
) -> tuple[float | None, ...]:
    kept: dict[Any, float | None] = {}
    for claim in claims:
        kind = kind_of(claim)
        if kind not in kept:
            kept[kind] = _value(world, claim, pieces)
    return tuple(kept[kind_of(c)] for c in claims)


def _value(world: World, claim: Claim, pieces: Sequence[Piece]) -> float | None:
    if claim.weighted:
        return None
    sums = row_sums(claim, world)
    if sums is not None:
        total = sum(times * float(sums[b] - sums[a]) for a, b, times in pieces)
        return total / sum(times * (b - a) for a, b, times in pieces)
    if world.labels is None:
        return None
    try:
        value = float(of_margins(claim, margins_of(world, pieces), world))
    except Unknown:
        return None
    return value if np.isfinite(value) else None


def margins_of(world: World, pieces: Sequence[Piece]) -> Margins:
    """Margins of the pieces together, (R,)."""
    m = running(world)
    parts = [(m.at(b) - m.at(a)).times(times) for a, b, times in pieces]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def row_sums(claim: Claim, world: World) -> Floats | None:
    """Sums of the first 0 … n rows of what a number is the mean of, (n + 1,); None without."""
    if claim.metric == "accuracy" and world.truth.ndim == 1:
        return None  # margins say it in whole numbers

    def computed() -> Floats | None:
        rows: NDArray[Any] | None
        if claim.metric == "log_loss":
            known = world.scores is not None and world.truth.min(initial=0) >= 0
            rows = _own_losses(world) if known else None
        else:
            rows = row_values(claim, world)
        return None if rows is None else np.concatenate([[0.0], np.cumsum(rows)])

    found: Floats | None = world.keep(("row sums", kind_of(claim)), computed)
    return found


def _own_losses(world: World) -> Floats:
    return log_losses(world.truth, world.scores, epsilon=world.resolution)  # type: ignore[arg-type]
