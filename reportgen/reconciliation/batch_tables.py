"""A number as a mean over batches, for every batch size and convention at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.batch_formula import CONVENTIONS
from reportgen.reconciliation.batch_numbers import per_batch, per_batch_of_labels
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.hypothesis import kind_of
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.world import Floats, World

#: Sizes that people use; the job's own comes before them.
USUAL = (
    8, 10, 16, 20, 25, 32, 40, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1000, 1024, 2048, 4096,
)  # fmt: skip
#: More sizes are a scan over all of them.
MOST_USUAL = len(USUAL) + 1
#: Of numbers that are no mean of rows: the largest size of a scan, how many batches it has in all
#: sizes together, and for areas, which sort each batch, rows times sizes.
LARGEST = 1024
MOST_BATCHES = 5_000_000
MOST_ROWS = 10_000_000
#: Fewer batches are no mean of batches; without the partial one it is the first rows alone.
LEAST_BATCHES = 3
#: Means over rows: their sums of prefixes say every batch size at once.
OF_ROWS = ("accuracy", "loss", "log_loss", "brier", "mse", "mae", "top_k_accuracy")
AREAS = ("roc_auc", "average_precision")


@dataclass(frozen=True, slots=True)
class Values:
    """A number by size and convention, (sizes, conventions)."""

    table: Floats
    names: tuple[str, ...]


def mean_of_batches(
    evidence: Evidence,
    claim: Claim,
    world: World,
    sizes: NDArray[np.int64],
    alive: NDArray[np.bool_],
) -> Values | None:
    rows = evidence.keep(("rows of", kind_of(claim)), lambda: row_values(claim, world))
    if rows is not None:
        return Values(means(rows, sizes), CONVENTIONS)
    if claim.metric in AREAS:
        return _of_areas(claim, world, sizes, alive)
    return _of_labels(claim, world, sizes, alive)


def _of_labels(
    claim: Claim, world: World, sizes: NDArray[np.int64], alive: NDArray[np.bool_]
) -> Values | None:
    """Means over batches of a number of labels, for all sizes that are left."""
    table = np.full((len(sizes), len(CONVENTIONS)), np.nan)
    index = np.flatnonzero(alive)
    if len(sizes) > MOST_USUAL:
        index = _within(index[sizes[index] <= LARGEST], sizes, world.n)
    said = False
    for places, starts, values in per_batch_of_labels(claim, world, sizes[index]):
        said = True
        at = index[places]
        totals = np.add.reduceat(values, starts)
        counts = np.diff(np.r_[starts, len(values)])
        whole = world.n // sizes[at]
        partial = (whole > 0) & (counts > whole)
        last = values[starts + counts - 1]
        table[at, 0] = totals / counts
        table[at[partial], 1] = (totals - last)[partial] / whole[partial]
    return Values(table, CONVENTIONS) if said or not len(index) else None


def _within(index: NDArray[np.int64], sizes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Of the sizes, the largest whose batches are MOST_BATCHES together; in their order."""
    largest = index[np.argsort(-sizes[index], kind="stable")]
    return np.sort(largest[np.cumsum(-(-n // sizes[largest])) <= MOST_BATCHES])


def _of_areas(
    claim: Claim, world: World, sizes: NDArray[np.int64], alive: NDArray[np.bool_]
) -> Values | None:
    """Means over batches of an area, size by size: each has its own order of rows."""
    table = np.full((len(sizes), len(CONVENTIONS)), np.nan)
    most = min(LARGEST, MOST_ROWS // world.n) if len(sizes) > MOST_USUAL else len(sizes)
    for i in np.flatnonzero(alive)[:most].tolist():
        values = per_batch(claim, world, int(sizes[i]))
        if values is None:
            return None
        table[i, 0] = values.mean() if len(values) else np.nan
        whole = world.n // int(sizes[i])
        table[i, 1] = values[:whole].mean() if whole and len(values) > whole else np.nan
    return Values(table, CONVENTIONS)


def means(rows: Floats, sizes: NDArray[np.int64]) -> Floats:
    """Means of batch means for all sizes, (sizes, conventions): sums of prefixes say them all."""
    n = len(rows)
    sums = np.r_[0.0, np.cumsum(rows)]
    full = n // sizes
    left = n - full * sizes
    inside = sums[full * sizes] / sizes
    last = np.divide(sums[-1] - sums[full * sizes], left, out=np.zeros(len(sizes)), where=left > 0)
    partial = left > 0
    found = np.full((len(sizes), 3), np.nan)
    found[:, 0] = (inside + last) / (full + partial)
    found[:, 2] = sums[-1] / ((full + partial) * sizes)
    found[full + partial < LEAST_BATCHES] = np.nan
    return found


def mean_of_running(
    evidence: Evidence,
    claim: Claim,
    world: World,
    sizes: NDArray[np.int64],
    alive: NDArray[np.bool_],
) -> Values | None:
    """Means over batches of the mean of all rows so far."""
    rows = evidence.keep(("rows of", kind_of(claim)), lambda: row_values(claim, world))
    if rows is None:
        return None
    n = len(rows)
    running = np.cumsum(rows) / np.arange(1, n + 1)
    table = np.full((len(sizes), 2), np.nan)
    enough = -(-n // sizes) >= LEAST_BATCHES
    for i in np.flatnonzero(alive & enough & (sizes <= USUAL[-1])).tolist():
        inside = running[sizes[i] - 1 :: sizes[i]]
        if n % sizes[i] == 0:
            table[i, 0] = inside.mean()
        else:
            table[i, 0] = (inside.sum() + running[-1]) / (len(inside) + 1)
            table[i, 1] = inside.mean()
    return Values(table, ("mean of running means", "mean of running means of full batches"))
