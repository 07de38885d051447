"""Confusion matrices that another model of these rows may have, and how many print the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits, lattice
from reportgen.reconciliation.quantities import of_matrices
from reportgen.reconciliation.world import Floats, World

DRAWS = 600
#: Rows that a wrong explanation's rates are known to: they scatter by about a tenth.
CONCENTRATION = 8.0
#: Steps to each side of a matrix within which binary matrices are counted.
SIDE = 64
ROOT_TAU = float(np.sqrt(2 * np.pi))


def of_sets(claims: Sequence[Claim], world: World, wide: Mapping[Claim, float]) -> float:
    """Several labels a row: what is printed of a label is two whole numbers, given its support.

    Averages over labels are functions of the same, and those over rows all but, so that there is
    never more to be counted than two numbers a label, those that tell most.
    """
    kinds = {(c.metric, c.per_class, c.average): c for c in claims if c.metric != "support"}
    labels: dict[str | None, list[float]] = {}
    for claim in kinds.values():
        p = min(max(float(claim.value), 0.01), 0.99)
        spread = float(np.sqrt(p * (1 - p) / CONCENTRATION))
        step = 0.0 if lattice.between((claim,), world) else 1 / max(world.n, 1)
        room = max(digits.width(claim.value), step, wide.get(claim, 0.0))
        log = min(0.0, float(np.log(room / (spread * ROOT_TAU))))
        labels.setdefault(claim.per_class, []).append(log)
    averages = sorted(labels.pop(None, []))
    told = [log for own in labels.values() for log in sorted(own)[:2]]
    # Averages tell of the labels of which nothing else is said.
    open_ = max(0, 2 * (len(world.classes) - len(labels)))
    return float(np.exp(sum(told) + sum(averages[: min(open_, _independent(len(averages)))])))


def _independent(averages: int) -> int:
    """How many of so many averages tell something of their own: two in three."""
    return max(1, 2 * averages // 3)


def _rates(cells: Floats) -> Floats:
    """Rates of each row, a little towards those of all rows."""
    overall = cells.sum(0) + 0.5
    return np.asarray((cells + 0.5 * overall / overall.sum()) / (cells.sum(1, keepdims=True) + 0.5))


def drawn(cells: Floats) -> Floats:
    """Confusion matrices of other models on these rows, (DRAWS, R, R)."""
    rng = np.random.default_rng(20)
    size = len(cells)
    drawn = np.empty((DRAWS, size, size))
    for r, share in enumerate(_rates(cells)):
        rates = rng.dirichlet(np.maximum(CONCENTRATION * share, 1e-3), size=DRAWS)
        rates /= rates.sum(1, keepdims=True)
        drawn[:, r] = rng.multinomial(int(cells[r].sum()), rates)
    return drawn


def step(claim: Claim, world: World) -> float:
    """The smallest change that one row can make."""
    if claim.metric in ("cell", "support"):
        return 1.0
    cells = world.matrix
    rng = np.random.default_rng(21)
    full = np.argwhere(cells > 0)
    full = full[rng.permutation(len(full))[:20]]
    moved = np.repeat(cells[None], len(full), axis=0)
    index = np.arange(len(full))
    moved[index, full[:, 0], full[:, 1]] -= 1
    moved[index, full[:, 0], (full[:, 1] + 1) % len(cells)] += 1
    change = np.abs(of_matrices(claim, moved, world) - of_matrices(claim, cells, world))
    return float(min((m for m in np.ravel(change) if m > 0), default=0.0))


def conditional(
    values: NDArray[np.float64], rooms: NDArray[np.float64], most: int | None = None
) -> tuple[float, NDArray[np.float64]]:
    """Minus the log-probability of hitting all rooms at once, and the whitened basis.

    ``values`` (m, S), ``rooms`` (m,). The number that tells most is taken first; the others
    count for the spread that is left once it is known (Gram–Schmidt on the draws). Columns of the
    basis, (m, r), turn differences of the numbers into independent standard units.
    ``most`` numbers are taken where there are few draws, which leave too little after each.
    """
    m = len(values)
    left = values - values.mean(1, keepdims=True)
    maps = np.eye(m)
    open_, total = list(range(m)), 0.0
    columns: list[NDArray[np.float64]] = []
    while open_ and (most is None or len(columns) < most):
        spread = left[open_].std(1)
        gains = np.log(np.maximum(spread * ROOT_TAU / rooms[open_], 1.0))
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        total += float(gains[best])
        taken = open_.pop(best)
        sd = float(left[taken].std())
        columns.append(maps[taken] / sd)
        slopes = left @ left[taken] / (left[taken] @ left[taken])
        slopes[taken] = 0.0
        left = left - np.outer(slopes, left[taken])
        maps = maps - np.outer(slopes, maps[taken])
    return total, np.array(columns).T if columns else np.zeros((m, 0))


def log_matrices(cells: Floats) -> float:
    """Log of how many matrices with these row totals are within the spread, roughly."""
    total = 0.0
    for row, share in zip(cells, _rates(cells), strict=True):
        share = share / share.sum()
        spread = row.sum() * np.sqrt(share * (1 - share) / (CONCENTRATION + 1))
        total += float(np.sort(np.log(np.maximum(spread * ROOT_TAU, 1.0)))[:-1].sum())
    return total


def counted(claims: Sequence[Claim], world: World, fit: Floats) -> float | None:
    """Two classes: the probability of all matrices with these row totals that print the same.

    They lie together about ``fit``, within straight lines, since every number is a quotient of
    linear terms of the cells; a grid about it is widened until they stand inside. None where
    there are other classes, or where the fit prints the numbers under other names only (precision
    given as F1), so that those that print them do not lie about it.
    """
    cells = world.matrix
    if cells.shape != (2, 2) or fit.shape != (2, 2):
        return None
    totals = fit.sum(1)
    steps = np.ones(2)
    if not _printing(claims, world, fit, totals, steps)[SIDE, SIDE]:
        return None
    while True:
        same = _printing(claims, world, fit, totals, steps)
        border = (same[0].any() or same[-1].any(), same[:, 0].any() or same[:, -1].any())
        outside = SIDE * steps >= totals
        wider: NDArray[np.bool_] = np.array(border) & ~outside
        if not wider.any():
            break
        steps = np.where(wider, 2 * steps, steps)
    count = max(float(same.sum()) * float(steps.prod()), 1.0)
    spread = [
        max(n * float(np.sqrt(r[0] * r[1] / (CONCENTRATION + 1))), 0.5)
        for n, r in zip(totals, _rates(cells), strict=True)
    ]
    return float(min(1.0, count / (spread[0] * spread[1] * ROOT_TAU**2)))


def _printing(
    claims: Sequence[Claim], world: World, fit: Floats, totals: Floats, steps: Floats
) -> NDArray[np.bool_]:
    """Which matrices of a grid about ``fit`` print all claims, (2 SIDE + 1, 2 SIDE + 1)."""
    offsets = np.arange(-SIDE, SIDE + 1.0)
    false = (fit[0, 1] + steps[0] * offsets)[:, None] + np.zeros(len(offsets))
    missed = (fit[1, 0] + steps[1] * offsets)[None, :] + np.zeros((len(offsets), 1))
    whole = np.stack(
        [np.stack([totals[0] - false, false], -1), np.stack([missed, totals[1] - missed], -1)], -2
    )
    same = (whole >= 0).all((-2, -1))
    for claim in claims:
        with np.errstate(invalid="ignore"):
            same &= digits.same(np.asarray(of_matrices(claim, whole, world)), claim.value)
    return np.asarray(same)
