"""Causes in which scores became labels otherwise than declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import keras_auc
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, instead, under
from reportgen.reconciliation.label_thresholds import at_limits, limits_of
from reportgen.reconciliation.margins import Margins
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.sweeps import known, of_all_margins, runs, sieve, swept
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics import many_matrices

#: Runs of thresholds that are told, the longest where there are more.
MOST_RUNS = 64


def _other_threshold(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = evidence.world(evaluation.split)
    claims = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    if world.task == "multilabel":
        yield from _for_all_labels(world, evaluation, claims)
        return
    scores = world.positive_scores
    if scores is None or not claims:
        return
    limits, margins = world.keep("thresholds", lambda: _thresholds(world, scores))
    sweep = of_all_margins(claims, margins, world)
    if sweep.nearest is None:
        return
    # A threshold that all rows are above, or none, is no threshold that somebody set.
    inside = sweep.fitting[(sweep.fitting > 0) & (sweep.fitting < len(limits) - 1)]
    if len(sweep.fitting) and not len(inside):
        return
    found = runs(inside) or [(sweep.nearest, sweep.nearest)]
    for run in sorted(sorted(found, key=lambda r: r[0] - r[1])[:MOST_RUNS]):
        yield _at(world, evaluation, limits, run, max(2, sweep.tried))


def _thresholds(world: World, scores: Floats) -> tuple[Floats, Margins]:
    """Every rule, descending, and the margins of its answers by class."""
    positive = world.positive or 0
    limits, cells = many_matrices.at_thresholds(world.truth == positive, scores)
    if positive == 0:
        cells = cells[:, ::-1, ::-1]
    truth, given = cells.sum(2), cells.sum(1)
    hits = np.diagonal(cells, axis1=1, axis2=2)
    hits, truth, given = (np.asfortranarray(part) for part in (hits, truth, given))
    return limits, Margins(hits, truth, given, truth.sum(1), lambda a, b: cells[:, a, b])


def _at(
    world: World, evaluation: Evaluation, limits: Floats, run: tuple[int, int], tried: int
) -> Candidate:
    """The candidate of a run of thresholds; its world stands in the middle of it."""
    first, last = run
    low = float(limits[last])
    high = float(limits[first - 1]) if first > 0 else float(np.inf)
    scores = world.positive_scores
    assert scores is not None
    positive = world.positive or 0
    labels = np.where(scores > limits[(first + last) // 2], positive, 1 - positive)
    shown = [max(low, 0.0), min(high, 1.0)]
    candidate = under(replace(world, labels=labels), evaluation.claims, threshold=shown)
    return replace(candidate, tried=tried)


def _for_all_labels(
    world: World, evaluation: Evaluation, claims: list[Claim]
) -> Iterator[Candidate]:
    """One threshold for all labels of a row."""
    if world.scores is None or world.truth.ndim != 2:
        return
    limits = limits_of(world.scores)
    every = [c for c in claims if c.metric != "support"]
    few = sieve(every, len(limits))
    values, told = known(at_limits(few, world, limits), few)
    if not told:
        return
    sweep = swept(values, told)
    fitting = sweep.fitting
    if len(every) > len(few) and len(fitting):
        values, told = known(at_limits(every, world, limits[fitting]), every)
        fitting = fitting[swept(values, told).fitting]
    for first, last in runs(fitting)[:MOST_RUNS] or [(sweep.nearest or 0,) * 2]:
        labels = (world.scores > limits[(first + last) // 2]).astype(np.int8)
        high = float(limits[first - 1]) if first > 0 else 1.0
        shown = [max(float(limits[last]), 0.0), min(high, 1.0)]
        candidate = under(replace(world, labels=labels), evaluation.claims, threshold=shown)
        yield replace(candidate, tried=max(2, sweep.tried))


def _on_logits(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """0.5 on the logit is sigmoid(0.5) on the probability."""
    world = evidence.world(evaluation.split)
    if world.scores is None or world.task not in ("binary", "multilabel"):
        return
    limit = 1 / (1 + np.exp(-0.5))
    if world.task == "multilabel":
        labels = (world.scores > limit).astype(np.int8)
    else:
        labels = (world.scores > limit).astype(np.int64)
    other = replace(world, labels=labels)
    candidate = under(other, evaluation.claims, threshold=round(float(limit), 4))
    candidate = replace(candidate, likely=_are_logits(world))
    yield candidate
    areas = _areas_of_logits(world, evaluation)
    if areas:
        values = tuple(
            areas.get(c, v) for c, v in zip(evaluation.claims, candidate.values, strict=True)
        )
        more = {**candidate.parameters, "areas": "of logits cut to 0 … 1, 200 thresholds"}
        yield replace(candidate, values=values, parameters=more)


def _are_logits(world: World) -> bool:
    raw = world.raw
    return raw is not None and raw.dtype.kind == "f" and bool(raw.min() < 0 or raw.max() > 1)


def _areas_of_logits(world: World, evaluation: Evaluation) -> dict[Claim, float]:
    """Keras's areas without ``from_logits``: logits are cut to 0 … 1."""
    raw, positive = world.raw, world.positive
    if world.task != "binary" or raw is None or raw.size != world.n or positive is None:
        return {}
    if raw.min() >= 0 and raw.max() <= 1:
        return {}
    logits = np.asarray(raw, dtype=np.float64).reshape(-1)
    if positive == 0:
        logits = -logits
    counts = keras_auc.column(world.truth == positive, logits)
    found = {}
    for claim in evaluation.claims:
        if claim.metric in ("roc_auc", "average_precision") and not claim.weighted:
            curve = "ROC" if claim.metric == "roc_auc" else "PR"
            found[claim] = keras_auc.areas([counts], curve)["Keras, 200 thresholds, interpolation"]
    return found


def _one_column(evidence: Evidence, evaluation: Evaluation) -> Iterable[Candidate]:
    """Argmax of one column is always 0; softmax of one unit is always 1."""
    world = evidence.world(evaluation.split)
    single = world.raw is not None and (world.raw.ndim == 1 or world.raw.shape[-1] == 1)
    if world.task != "binary" or not single:
        return
    for given in (0, 1):
        labels = np.full(world.n, given, dtype=np.int64)
        yield under(replace(world, labels=labels), evaluation.claims, always=world.classes[given])


def _undecided(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """A metric of one's own that compares scores with labels before they are decided."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric != "accuracy" or world.scores is None or world.scores.ndim != 1:
        return
    apart = float(np.abs(world.scores - (world.truth == 1)).mean())
    for value, name in ((apart, "mean |y - p|"), (1 - apart, "1 - mean |y - p|")):
        yield instead(evidence, evaluation, {claim: value}, **{"is": name})


HYPOTHESES = [
    Hypothesis(
        "missing-threshold",
        "A metric called accuracy compared scores with labels, and no threshold decided them.",
        "the mean distance of score and label, or 1 minus it",
        "Decide before comparing, or call the number what it is: a mean absolute error.",
        _undecided,
        wrong="tf.reduce_mean(tf.abs(y_true - y_pred))",
        right="tf.reduce_mean(tf.cast(y_true == tf.cast(y_pred > 0.5, y_true.dtype), tf.float32))",
        scope="number",
        tasks=("binary",),
    ),
    Hypothesis(
        "decision-threshold",
        "The labels were made with another threshold than the declared one.",
        "label = positive when P(positive) > t, for every t that gives all numbers",
        "Write the threshold that was used under `decision: {threshold: …}`, or decide at the "
        "declared one before reporting.",
        _other_threshold,
        wrong="y_pred = scores > 0.3",
        right="y_pred = scores > 0.5   # or the threshold that the job declares",
        free=True,
        cost=1,
        tasks=("binary", "multilabel"),
    ),
    Hypothesis(
        "threshold-on-logits",
        "0.5 was applied to logits, which is a probability of 0.622.",
        "label = positive when P(positive) > 1 / (1 + exp(-0.5))",
        "Apply the sigmoid before 0.5, or compare logits with 0; give the metric "
        "`threshold=0` when outputs are logits.",
        _on_logits,
        wrong="metrics=[keras.metrics.BinaryAccuracy()]   # on logits",
        right="metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]",
        source="keras.metrics.BinaryAccuracy compares y_pred with threshold=0.5 as it is",
        contained_in=("decision-threshold",),
        tasks=("binary", "multilabel"),
    ),
    Hypothesis(
        "argmax-of-one-column",
        "The label was taken by argmax over a single column (always class 0), or by a softmax "
        "over one unit (always class 1).",
        "label = 0 for every row, or 1 for every row",
        "Compare the one column with a threshold, or give the network two outputs.",
        _one_column,
        wrong="y_pred = model.predict(X).argmax(axis=1)",
        right="y_pred = (model.predict(X)[:, 0] > 0.5).astype(int)",
        contained_in=("decision-threshold",),
        tasks=("binary",),
    ),
]
