"""Many alternatives at once: the values of every number under each, and which print them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.margins import Margins, of_margins
from reportgen.reconciliation.quantities import Unknown, of_matrices
from reportgen.reconciliation.world import Floats, World

#: Alternatives count as tried where they print about the same, this far from what was reported.
NEAR = 0.15
#: With more alternatives than this, those that print about the same are counted by SIEVE numbers,
#: and the nearest is looked for on a grid and about its best point.
SIEVE = 6
MANY = 20_000
#: Points of that grid.
GRID = 4_000
#: With more numbers than this, distinct alternatives among many are not told apart.
FEW = 12

Values = Callable[[Claim, NDArray[np.int64] | None], Floats | None]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a search over one parameter found.

    ``fitting``: indices of the alternatives that print all numbers. ``tried``: how many distinct
    alternatives printed about the same; counted only where one fits, as nothing else asks, and 2
    otherwise. ``nearest``: the best one, or None when nothing is known.
    """

    fitting: NDArray[np.int64]
    tried: int
    nearest: int | None


NOTHING = Sweep(np.zeros(0, dtype=np.int64), 2, None)


def sieve(claims: Sequence[Claim], alternatives: int) -> list[Claim]:
    """The numbers with the most digits, where there are many alternatives; else all."""
    if alternatives <= MANY or len(claims) <= SIEVE:
        return list(claims)
    return sorted(claims, key=lambda c: digits.width(c.value))[:SIEVE]


def swept(table: Any, claims: Sequence[Claim]) -> Sweep:
    """``table`` (claims, alternatives), NaN where an alternative says nothing."""
    values = np.asarray(table, dtype=np.float64)
    if values.size == 0:
        return NOTHING
    rows = dict(zip(claims, values, strict=True))
    return sifted(lambda c, at: rows[c] if at is None else rows[c][at], claims, values.shape[1])


def of_all_margins(claims: Sequence[Claim], margins: Margins, world: World) -> Sweep:
    """The sweep over alternatives of margins (m, R), each number computed where it is needed."""
    return sifted(
        _of(margins, world), claims, len(margins.rows), lambda at: _of(margins.at(at), world)
    )


def near_margins(claims: Sequence[Claim], margins: Margins, world: World) -> int:
    """How many distinct alternatives print about the same."""
    m = len(margins.rows)
    return _tried(_of(margins, world), claims, m)


def _of(margins: Margins, world: World) -> Values:
    def values(claim: Claim, at: NDArray[np.int64] | None) -> Floats | None:
        try:
            found = of_margins(claim, margins if at is None else margins.at(at), world)
        except Unknown:
            return None
        return np.asarray(found, dtype=np.float64)

    return values


def sifted(
    values: Values,
    claims: Sequence[Claim],
    m: int,
    some: Callable[[NDArray[np.int64]], Values] | None = None,
) -> Sweep:
    """The sweep over m alternatives: each number is asked only of those that are left.

    Parameters
    ----------
    values : the numbers of some alternatives, or of all for None; None where nothing is said of a
        claim, NaN where nothing is said of it by an alternative.
    some : the numbers of chosen alternatives alone, where that spares choosing them once a claim.
    """
    if m == 0:
        return NOTHING
    left: NDArray[np.int64] | None = None
    for claim in sorted(claims, key=_soonest):
        found = values(claim, left)
        if found is None:
            continue
        right = digits.same(found, claim.value)
        left = np.flatnonzero(right) if left is None else left[right]
        if not len(left):
            break
    if left is None:
        return NOTHING
    if not len(left):
        return Sweep(left, 2, _nearest(some or _chosen(values), claims, m))
    return Sweep(left, _tried(values, claims, m), int(left[0]))


def _soonest(claim: Claim) -> tuple[float, bool, bool]:
    """What refutes most first, and of alike ones what costs least: a class before all of them."""
    places = round(float(np.log10(digits.width(claim.value))), 3)
    return places, claim.metric == "mcc", claim.per_class is None


def _tried(values: Values, claims: Sequence[Claim], m: int) -> int:
    """How many alternatives print distinct numbers that are about the reported ones.

    Of many alternatives and many numbers, those are counted that are about one of the numbers: a
    bound that costs one pass, where so many digits speak that more freedom changes nothing.
    """
    if m > MANY and len(claims) > FEW:
        for claim in claims:
            found = values(claim, None)
            if found is not None:
                return max(1, int(np.count_nonzero(_near(found, claim))))
    near: NDArray[np.int64] | None = None
    codes = np.zeros(m, dtype=np.uint64)
    rng = np.random.default_rng(0)
    for claim in sieve(claims, m):
        found = values(claim, near)
        if found is None:
            continue
        close = _near(found, claim)
        found = found[close]
        codes = codes[close]
        near = np.flatnonzero(close) if near is None else near[close]
        codes += hashed(found, digits.width(claim.value), rng)
    return max(1, distinct(codes))


def _near(values: Floats, claim: Claim) -> NDArray[np.bool_]:
    value = float(claim.value)
    return np.asarray(np.abs(values - value) <= NEAR * max(1.0, abs(value)))


def distinct(codes: NDArray[np.uint64]) -> int:
    """How many different codes there are; a sort is faster than numpy's hashing."""
    ordered = np.sort(codes, axis=None)
    return len(ordered) and 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def hashed(values: Floats, width: float, rng: np.random.Generator) -> NDArray[np.uint64]:
    """Printed numbers times an odd factor: sums of these tell columns of numbers apart."""
    factor = np.uint64(rng.integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1))
    steps = np.round(np.nan_to_num(values) / max(width, 1e-300))
    return np.asarray(np.clip(steps, -(2.0**62), 2.0**62).astype(np.int64).view(np.uint64) * factor)


def _chosen(values: Values) -> Callable[[NDArray[np.int64]], Values]:
    return lambda at: lambda claim, index: values(claim, at if index is None else at[index])


def _nearest(
    some: Callable[[NDArray[np.int64]], Values], claims: Sequence[Claim], m: int
) -> int | None:
    """The alternative that prints most numbers, and of those the one that is least off."""
    if m <= MANY:
        return _best(some, claims, np.arange(m))
    grid = np.unique(np.linspace(0, m - 1, GRID).astype(np.int64))
    first = _best(some, claims, grid)
    if first is None:
        return None
    wide = m // GRID + 1
    about = np.arange(max(0, first - wide), min(m, first + wide + 1))
    return _best(some, claims, about)


def _best(
    some: Callable[[NDArray[np.int64]], Values], claims: Sequence[Claim], index: NDArray[np.int64]
) -> int | None:
    values = some(index)
    right = np.zeros(len(index), dtype=np.int64)
    distance = np.zeros(len(index))
    said = False
    for claim in claims:
        found = values(claim, None)
        if found is None:
            continue
        said = True
        right += digits.same(found, claim.value)
        apart = np.nan_to_num(np.abs(found - float(claim.value)), nan=np.inf)
        distance = np.maximum(distance, apart)
    return int(index[np.lexsort((distance, -right))[0]]) if said else None


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


def runs(index: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last of each run of consecutive integers, ascending."""
    if not len(index):
        return []
    breaks = np.flatnonzero(np.diff(index) > 1)
    starts, ends = index[np.r_[0, breaks + 1]], index[np.r_[breaks, len(index) - 1]]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
