"""Which numbers are shares of counted rows, and whether any count of them prints the digits.

A share that no count gives is no number of other answers for these rows: it is a mean of batches,
of weights or of cells, or of other rows, which have no such steps.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.quantities import Unknown, code, positive
from reportgen.reconciliation.world import World

#: Counts are compared with bounds that carry the rounding of a product.
NOISE = 1e-6


def between(claims: Iterable[Claim], world: World) -> bool:
    """Whether some number lies between two counts of rows, so that no answers print it."""
    return any(not _is_printed(claim, world) for claim in claims)


def _is_printed(claim: Claim, world: World) -> bool:
    rows = _rows(claim, world)
    if not rows:
        return True
    low, high = (bound * rows for bound in digits.interval(claim.value))
    return bool(np.ceil(low - NOISE) <= np.floor(high + NOISE))


def _rows(claim: Claim, world: World) -> int | None:
    """How many rows a number is a share of, where every count of them is possible."""
    if claim.weighted or world.task == "regression":
        return None
    if claim.metric == "accuracy":
        return world.n
    several = world.truth.ndim == 2
    if claim.metric not in ("precision", "recall", "f1"):
        return None
    if claim.average == "micro" and not several:
        return world.n
    if claim.metric != "recall":
        return None
    if several and claim.average == "micro":
        return int((world.truth == 1).sum())
    try:
        if claim.per_class is not None:
            k = code(claim.per_class, world)
        elif claim.average == "binary":
            k = positive(world)
        else:
            return None
    except Unknown:
        return None
    return int((world.truth[:, k] == 1).sum() if several else (world.truth == k).sum())
