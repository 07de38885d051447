"""Causes in which a number is a mean over batches in place of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.batch_formula import CONVENTIONS, formula
from reportgen.reconciliation.batch_numbers import per_batch, per_batch_of_labels
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    declared,
    instead,
    is_off,
    kind_of,
    under,
)
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.sweeps import NEAR, distinct, hashed
from reportgen.reconciliation.world import Floats, World

#: Sizes that people use; the job's own comes before them.
USUAL = (
    8,
    10,
    16,
    20,
    25,
    32,
    40,
    50,
    64,
    100,
    128,
    200,
    250,
    256,
    500,
    512,
    1000,
    1024,
    2048,
    4096,
)
#: Sizes that nobody uses are believed this much less.
UNUSUAL = 10
#: More sizes are a scan over all of them.
MOST_USUAL = len(USUAL) + 1
#: Of numbers that are no mean of rows: the largest size of a scan, how many batches it has in all
#: sizes together, and for areas, which sort each batch, rows times sizes.
LARGEST = 1024
MOST_BATCHES = 5_000_000
MOST_ROWS = 10_000_000
#: Share of printable numbers that unusual sizes may meet before a match is none.
MOST_COVERED = 0.1

#: Fewer batches are no mean of batches; without the partial one it is the first rows alone.
LEAST_BATCHES = 3


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


def _batch_mean(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from _searched(evidence, evaluation, _mean_of_batches)


def _cumulative(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    off = [c for c in evaluation.claims if is_off(evidence, c) and c.metric not in _COUNTS]
    if all(c.metric in _OF_ROWS for c in off):
        yield from _searched(evidence, evaluation, _mean_of_running)


@dataclass(frozen=True, slots=True)
class _Values:
    """A number by size and convention, (sizes, conventions)."""

    table: Floats
    names: tuple[str, ...]


Way = Callable[
    [Evidence, Claim, World, NDArray[np.int64], NDArray[np.bool_]],
    _Values | None,
]
#: Means over rows: their sums of prefixes say every batch size at once.
_OF_ROWS = ("accuracy", "loss", "log_loss", "brier", "mse", "mae", "top_k_accuracy")


def _searched(evidence: Evidence, evaluation: Evaluation, way: Way) -> Iterator[Candidate]:
    """The numbers that are off under one batch size, and those that the same loop has averaged.

    Others, which come out, stay as they are: a loss may be averaged where an accuracy counts rows.
    """
    world = detailed(evidence, evaluation.split)
    wrong = [c for c in evaluation.claims if is_off(evidence, c) and c.metric not in _COUNTS]
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


_COUNTS = ("cell", "support")


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
    if claim.metric in _COUNTS or claim.metric in ("roc_auc", "average_precision"):
        return claim.metric
    if claim.metric in _OF_ROWS:
        return "share" if claim.metric in ("accuracy", "top_k_accuracy") else "loss"
    return "labels"


def _alive(
    evidence: Evidence, off: list[Claim], world: World, sizes: NDArray[np.int64], way: Way
) -> list[_Values] | None:
    """Each number by size, of those sizes that earlier numbers did not refute.

    None where a number cannot be computed, and where no size is left before the last one.
    """
    alive = np.ones(len(sizes), dtype=bool)
    found: dict[Claim, _Values] = {}
    kinds: dict[object, _Values] = {}
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
    return claim.metric in _OF_ROWS or (world.task != "regression" and world.truth.ndim == 1)


def _costly(claim: Claim) -> int:
    """Means of rows are told at once, areas size by size."""
    return 0 if claim.metric in _OF_ROWS else 1 + (claim.metric in _AREAS)


_AREAS = ("roc_auc", "average_precision")


def _saturated(evidence: Evidence, off: list[Claim], found: list[_Values]) -> bool:
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
    off: list[Claim], found: list[_Values]
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
    return fits, close, max(1, distinct(codes[near]))


def _candidate(
    evidence: Evidence,
    evaluation: Evaluation,
    off: list[Claim],
    found: list[_Values],
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
        rows = row_values(claim, world) if claim.metric in _OF_ROWS else None
        text = None if rows is None else formula(rows, size, convention)
        mean = None if rows is None else _means(rows, np.array([size]))[0]
        if text is not None and mean is not None and np.isclose(mean, value, rtol=1e-9).any():
            said[claim] = text
    return said


def _mean_of_batches(
    evidence: Evidence,
    claim: Claim,
    world: World,
    sizes: NDArray[np.int64],
    alive: NDArray[np.bool_],
) -> _Values | None:
    rows = evidence.keep(("rows of", kind_of(claim)), lambda: row_values(claim, world))
    if rows is not None:
        return _Values(_means(rows, sizes), CONVENTIONS)
    if claim.metric in _AREAS:
        return _of_areas(claim, world, sizes, alive)
    return _of_labels(claim, world, sizes, alive)


def _of_labels(
    claim: Claim, world: World, sizes: NDArray[np.int64], alive: NDArray[np.bool_]
) -> _Values | None:
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
    return _Values(table, CONVENTIONS) if said or not len(index) else None


def _within(index: NDArray[np.int64], sizes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Of the sizes, the largest whose batches are MOST_BATCHES together; in their order."""
    largest = index[np.argsort(-sizes[index], kind="stable")]
    return np.sort(largest[np.cumsum(-(-n // sizes[largest])) <= MOST_BATCHES])


def _of_areas(
    claim: Claim, world: World, sizes: NDArray[np.int64], alive: NDArray[np.bool_]
) -> _Values | None:
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
    return _Values(table, CONVENTIONS)


def _means(rows: Floats, sizes: NDArray[np.int64]) -> Floats:
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


def _mean_of_running(
    evidence: Evidence,
    claim: Claim,
    world: World,
    sizes: NDArray[np.int64],
    alive: NDArray[np.bool_],
) -> _Values | None:
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
    return _Values(table, ("mean of running means", "mean of running means of full batches"))


def _loss_alone(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """The loss as a mean of batch means beside metrics that come out."""
    off = [c for c in evaluation.claims if is_off(evidence, c)]
    exact = [c for c in evaluation.claims if c not in off and declared(evidence, c) is not None]
    if len(off) == 1 and off[0].metric == "loss" and exact:
        yield from _searched(evidence, evaluation, _mean_of_batches)


def _whole(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """As :func:`_batch_mean`; where the loss alone is off, metrics must come out of batches too."""
    metrics = [c for c in evaluation.claims if c.metric in _OF_ROWS and c.metric != "loss"]
    off = [c for c in evaluation.claims if is_off(evidence, c)]
    alone = len(off) == 1 and off[0].metric == "loss" and bool(metrics)
    for candidate in _batch_mean(evidence, evaluation):
        if not alone or _also(evidence, evaluation.split, metrics, candidate):
            yield candidate


def _also(evidence: Evidence, split: str, claims: list[Claim], candidate: Candidate) -> bool:
    """Whether means of the same batches print these numbers."""
    world = detailed(evidence, split)
    sizes = np.atleast_1d(np.asarray(candidate.parameters["batch_size"], dtype=np.int64))
    column = CONVENTIONS.index(candidate.parameters["last_batch"])
    prints = np.ones(len(sizes), dtype=bool)
    for claim in claims:
        rows = row_values(claim, world)
        if rows is None:
            return False
        prints &= digits.same(_means(rows, sizes)[:, column], claim.value)
    return bool(prints.any())


def _last_batch(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = detailed(evidence, evaluation.split)
    starts: dict[int, list[int]] = {}
    own = [evidence.batch_size] if evidence.batch_size else []
    for size in dict.fromkeys([*own, *USUAL]):
        if size < world.n:
            starts.setdefault((world.n - 1) // size * size, []).append(size)
    for start, sizes in starts.items():
        shown = sizes[0] if len(sizes) == 1 else sizes
        candidate = under(
            world.rows(slice(start, None)), evaluation.claims, batch="last", batch_size=shown
        )
        yield replace(candidate, tried=1 if evidence.batch_size in sizes else len(starts))


HYPOTHESES = [
    Hypothesis(
        "batch-mean",
        "The number is a mean of the values of batches, in which a partial last batch counts as "
        "much as a full one, or a quantity is averaged that is no mean of rows.",
        "(Σ over batches of the batch's value) / number of batches",
        "Collect all predictions and compute the number once, or weight each batch by its rows.",
        _whole,
        wrong="np.mean([accuracy_score(y, predict(x)) for x, y in loader])",
        right="accuracy_score(all_labels, all_predictions)",
        source="tensorflow#27993",
        free=True,
        cost=1,
    ),
    Hypothesis(
        "loss-only-batch-mean",
        "The loss is a mean of the losses of batches; the metrics beside it are of all rows.",
        "loss = (Σ over batches of the batch's mean loss) / number of batches",
        "Weight each batch's loss by its rows, or let `evaluate` compute it.",
        _loss_alone,
        wrong="loss = sum(batch_losses) / len(batch_losses)",
        right="loss = sum(l * len(x) for l, x in batches) / n",
        source="tensorflow#27993",
        free=True,
        cost=1,
    ),
    Hypothesis(
        "cumulative-on-batch",
        "The number is a mean of values that each already covered all rows so far.",
        "the mean over batches of the mean of rows 1 … end of batch",
        "Reset metrics before each batch (`reset_metrics()`), or take the last value alone.",
        _cumulative,
        wrong="np.mean([model.test_on_batch(x, y)[1] for x, y in batches])",
        right="model.evaluate(X, y)",
        source="keras#13780",
        free=True,
        cost=1,
    ),
    Hypothesis(
        "last-batch-only",
        "The last batch was evaluated in place of all.",
        "the number of the last rows from k · batch size on",
        "Evaluate all batches; a variable that a loop leaves behind holds only the last.",
        _last_batch,
        wrong="for x, y in loader: y_pred = model(x)\nprint(accuracy(y, y_pred))",
        right="print(accuracy(np.concatenate(ys), np.concatenate(y_preds)))",
        source="keras#13780",
        free=True,
        cost=1,
    ),
]
