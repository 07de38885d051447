"""Many alternatives at once: the values of every number under each, and which print them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.quantities import Unknown, of_matrices
from reportgen.reconciliation.world import Floats, World

#: Alternatives count as tried where they print about the same, this far from what was reported.
NEAR = 0.15
#: Cells of matrices that are held at once.
MOST_CELLS = 20_000_000


#: Numbers that a search over very many alternatives is sieved by; the rest judge what is left.
SIEVE = 6
MANY = 20_000


def sieve(claims: Sequence[Claim], alternatives: int) -> list[Claim]:
    """The numbers with the most digits, where there are many alternatives; else all."""
    if alternatives <= MANY or len(claims) <= SIEVE:
        return list(claims)
    return sorted(claims, key=lambda c: digits.width(c.value))[:SIEVE]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a search over one parameter found.

    ``fitting``: indices of the alternatives that print all numbers. ``tried``: how many distinct
    alternatives printed about the same. ``nearest``: the best one, or None when nothing is known.
    """

    fitting: NDArray[np.int64]
    tried: int
    nearest: int | None


def swept(values: Any, claims: Sequence[Claim]) -> Sweep:
    """``values`` (claims, alternatives), NaN where an alternative says nothing."""
    table = np.asarray(values, dtype=np.float64)
    if table.size == 0:
        return Sweep(np.zeros(0, dtype=np.int64), 1, None)
    right = np.zeros(table.shape[1], dtype=np.int64)
    near = np.ones(table.shape[1], dtype=bool)
    distance = np.zeros(table.shape[1])
    printed = np.zeros(table.shape)
    for i, claim in enumerate(claims):
        value = float(claim.value)
        apart = np.nan_to_num(np.abs(table[i] - value), nan=np.inf)
        right += digits.same(table[i], claim.value)
        near &= apart <= NEAR * max(1.0, abs(value))
        distance = np.maximum(distance, apart)
        printed[i] = np.round(np.nan_to_num(table[i]) / max(digits.width(claim.value), 1e-300))
    tried = distinct(printed[:, near]) if near.any() else 1
    nearest = int(np.lexsort((distance, -right))[0])
    return Sweep(np.flatnonzero(right == len(claims)), max(1, tried), nearest)


def distinct(columns: Floats) -> int:
    """Number of distinct columns."""
    if columns.shape[0] == 1:
        return len(np.unique(columns[0]))
    rng = np.random.default_rng(0)
    return len(np.unique(rng.normal(size=columns.shape[0]) @ columns))


def of_label_claims(claims: Sequence[Claim], cells: Floats, world: World) -> Floats:
    """Numbers of labels from many matrices (m, R, R), (claims, m); NaN where there is none."""
    found = np.full((len(claims), len(cells)), np.nan)
    for i, claim in enumerate(claims):
        try:
            found[i] = of_matrices(claim, cells, world)
        except Unknown:
            continue
    return found


def known(values: Floats, claims: Sequence[Claim]) -> tuple[Floats, list[Claim]]:
    """Without the claims of which some alternative says nothing."""
    rows = np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()
    return values[rows], [claims[i] for i in rows]


def prefix_matrices(truth: Any, labels: Any, k: int, ends: Any) -> Floats:
    """Confusion matrices of the first ``ends[i]`` rows, (m, R, R); ``ends`` ascending.

    Codes outside 0 .. k-1 share one more row and column, which is there when needed.
    """
    cells, size = cell_codes(truth, labels, k)
    place = np.searchsorted(ends, np.arange(1, len(cells) + 1))
    inside = place < len(ends)
    counts = np.bincount(
        place[inside] * size * size + cells[inside], minlength=len(ends) * size * size
    )
    return np.cumsum(counts.reshape(len(ends), size, size), axis=0, dtype=np.float64)


def cell_codes(truth: Any, labels: Any, k: int) -> tuple[NDArray[np.int64], int]:
    """Each row's cell of the matrix as truth · R + answer, and R."""
    a, b = np.asarray(truth, dtype=np.int64), np.asarray(labels, dtype=np.int64)
    stray = bool(((a < 0) | (a >= k) | (b < 0) | (b >= k)).any())
    if not stray:
        return a * k + b, k
    a = np.where((a < 0) | (a >= k), k, a)
    b = np.where((b < 0) | (b >= k), k, b)
    return a * (k + 1) + b, k + 1
