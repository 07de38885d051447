"""Causes in which some rows of the split were counted several times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.reconciliation import digits
from reportgen.reconciliation.batch_tables import USUAL
from reportgen.reconciliation.causes.row_counts import MOST_WORLDS, WORKERS
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.row_sets import Piece, of_rows
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.world import Floats, World


def _duplicated(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Streams that workers replay, and last batches filled up from the start."""
    world = detailed(evidence, evaluation.split)
    n = world.n
    ways: dict[tuple[str, int], tuple[list[Piece], dict[str, object]]] = {}
    for workers in WORKERS:
        first = -(-n // workers)
        times = workers if n % workers == 0 else 1
        ways["replayed", first] = ([(0, first, times)], {"workers": workers, "rows": first})
    size = evidence.batch_size
    for batch in (*([size] if size else []), *USUAL, *WORKERS):
        extra = -n % batch
        if 0 < extra < n and ("filled", extra) not in ways:
            more: dict[str, object] = {"batch_size": batch}
            ways["filled", extra] = ([(0, n, 1), (0, extra, 1)], {"twice": extra, **more})
            last: list[Piece] = [(0, n, 1), (n - 1, n, extra)]
            ways["repeated", extra] = (last, {"last_row_more": extra, **more})
    batched = _batches_again(world, evaluation, size)
    tried = len(ways) + len(batched)
    for pieces, parameters in (*ways.values(), *_likely(world, evaluation, batched)):
        candidate = of_rows(world, evaluation.claims, pieces, **parameters)
        yield replace(candidate, tried=tried)


#: Workers, batch size, rows that all of them see, rows that are seen at all.
Again = tuple[int, int, int, int]


def _batches_again(world: World, evaluation: Evaluation, size: int | None) -> list[Again]:
    """Evaluations that end after as many batches as there are, each of which comes w times.

    The last batch comes as often as steps are left. Those whose number of rows is not that of the
    evaluation are left out where it is said; where it is not, those in which all rows come equally
    often, which are the first rows alone.
    """
    said = [c for c in evaluation.claims if c.metric == "support" and c.per_class is None]
    found: dict[tuple[int, int, int], Again] = {}
    for batch in (*([size] if size else []), *USUAL):
        steps = -(-world.n // batch)
        if steps < 2:
            continue
        for workers in WORKERS:
            whole = min(steps // workers * batch, world.n)
            more = min(whole + batch, world.n) if steps % workers else whole
            rows = workers * whole + (steps % workers) * (more - whole)
            if whole == 0 or (more == whole and not said):
                continue
            if said and not digits.prints_same(float(rows), said[0].value):
                continue
            found.setdefault((whole, more, workers), (workers, batch, whole, more))
    return list(found.values())


def _likely(
    world: World, evaluation: Evaluation, batched: list[Again]
) -> Iterator[tuple[list[Piece], dict[str, object]]]:
    """The rows of those that print the accuracy, or of the first few where none is said."""
    said = next((c for c in evaluation.claims if c.metric == "accuracy" and not c.weighted), None)
    right = None if said is None else row_values(said, world)
    if said is not None and right is not None:
        means = _means(np.r_[0.0, np.cumsum(right)], batched)
        batched = [batched[i] for i in np.flatnonzero(digits.same(means, said.value))]
    for workers, batch, whole, more in batched[:MOST_WORLDS]:
        left = -(-world.n // batch) % workers
        pieces: list[Piece] = [(0, whole, workers)]
        if left and more > whole:
            pieces.append((whole, more, left))
        yield pieces, {"workers": workers, "batch_size": batch, "rows": more}


def _means(sums: Floats, batched: list[Again]) -> Floats:
    """Means over the rows that are seen, each as often; ``sums`` are those of prefixes."""
    n = len(sums) - 1
    found = []
    for workers, batch, whole, more in batched:
        left = -(-n // batch) % workers
        rows = workers * whole + left * (more - whole)
        found.append((workers * sums[whole] + left * (sums[more] - sums[whole])) / rows)
    return np.array(found)


HYPOTHESES = [
    Hypothesis(
        "rows-duplicated",
        "Some rows were evaluated several times: workers replayed one stream, or the last batch "
        "was filled up from the start.",
        "the numbers of the first n / workers rows, of as many batches as there are with each of "
        "the first w times, or of all rows and the first (or the last) once more",
        "Give each worker its own rows, and cut predictions to n before they are scored.",
        _duplicated,
        wrong="model.evaluate(generator, workers=4, use_multiprocessing=True)",
        right="model.evaluate(keras.utils.PyDataset)   # indexed: each row once",
        source="keras#12945",
        free=True,
        cost=1,
    ),
]
