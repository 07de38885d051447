"""Causes in which a number is a mean over batches in place of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.batch_formula import CONVENTIONS
from reportgen.reconciliation.batch_search import COUNTS, searched
from reportgen.reconciliation.batch_tables import (
    OF_ROWS,
    USUAL,
    mean_of_batches,
    mean_of_running,
    means,
)
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, declared, is_off, under
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.row_values import row_values


def _batch_mean(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from searched(evidence, evaluation, mean_of_batches)


def _whole(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """As :func:`_batch_mean`; where the loss alone is off, metrics must come out of batches too."""
    metrics = [c for c in evaluation.claims if c.metric in OF_ROWS and c.metric != "loss"]
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
        prints &= digits.same(means(rows, sizes)[:, column], claim.value)
    return bool(prints.any())


def _loss_alone(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """The loss as a mean of batch means beside metrics that come out."""
    off = [c for c in evaluation.claims if is_off(evidence, c)]
    exact = [c for c in evaluation.claims if c not in off and declared(evidence, c) is not None]
    if len(off) == 1 and off[0].metric == "loss" and exact:
        yield from searched(evidence, evaluation, mean_of_batches)


def _cumulative(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    off = [c for c in evaluation.claims if is_off(evidence, c) and c.metric not in COUNTS]
    if all(c.metric in OF_ROWS for c in off):
        yield from searched(evidence, evaluation, mean_of_running)


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
