"""Causes that need the live model: it was given other inputs, or asked in another state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from reportgen.reconciliation import digits, other_matrices
from reportgen.reconciliation.evidence import Evaluation, Evidence, Variation
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, is_off, under
from reportgen.reconciliation.quantities import of_labels, possible
from reportgen.reconciliation.world import World

#: Evaluations in training mode that are simulated for the range of each number.
DRAWS = 12
#: Numbers of an evaluation that move apart from one another, at most.
APART = 3

Candidates = Callable[[Evidence, Evaluation], Iterator[Candidate]]


def _inputs(*details: str) -> Candidates:
    """The model given other inputs, each in turn."""

    def candidates(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
        yield from varied(evidence, evaluation, "inputs", details)

    return candidates


def varied(
    evidence: Evidence, evaluation: Evaluation, kind: str, details: tuple[str, ...] = ()
) -> Iterator[Candidate]:
    """The model asked in every way of a kind, or in those of these names."""
    laboratory = evidence.laboratory
    if laboratory is None or evaluation.split not in evidence.splits:
        return
    for variation in laboratory.variations(kind):
        if details and variation.detail not in details:
            continue
        world = laboratory.world(evaluation.split, variation)
        if world is not None:
            yield under(world, evaluation.claims, **{kind: variation.detail})


def _partly(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "partly")


def _averages(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "averages")


def _precision(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "precision")


def _rescaled(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "rescaled")


def _training_mode(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from _in_training(evidence, evaluation, "mode")


def _augmented(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from _in_training(evidence, evaluation, "augmented")


def _in_training(evidence: Evidence, evaluation: Evaluation, kind: str) -> Iterator[Candidate]:
    """Exact where only batch statistics are used; a simulated range where layers draw."""
    laboratory = evidence.laboratory
    if laboratory is None or evaluation.split not in evidence.splits:
        return
    for variation in laboratory.variations(kind):
        first = laboratory.world(evaluation.split, variation)
        if first is None:
            continue
        candidate = under(first, evaluation.claims, mode=variation.detail)
        if laboratory.is_random(variation):
            candidate = _simulated(evidence, evaluation, variation, candidate)
        yield candidate


def _simulated(
    evidence: Evidence, evaluation: Evaluation, variation: Variation, candidate: Candidate
) -> Candidate:
    from scipy.stats import t

    laboratory = evidence.laboratory
    assert laboratory is not None
    worlds: list[World] = []
    for draw in range(DRAWS):
        world = laboratory.world(evaluation.split, variation, draw)
        if world is not None:
            worlds.append(world)
    ranges: list[tuple[float, float] | None] = []
    values: list[float | None] = []
    told: list[list[float]] = []
    rooms: list[float] = []
    # 99 % for all numbers together, not for each; those of one report go together.
    tail = 0.005 / min(max(1, sum(is_off(evidence, c) for c in evaluation.claims)), APART)
    wide = float(t.ppf(1 - tail, len(worlds) - 1)) * float(np.sqrt(1 + 1 / len(worlds)))
    for claim in evaluation.claims:
        drawn = [v for v in (possible(claim, w) for w in worlds) if v is not None]
        if len(drawn) < len(worlds):
            ranges.append(None)
            values.append(None)
            continue
        middle, spread = float(np.mean(drawn)), float(np.std(drawn, ddof=1))
        ranges.append((middle - wide * spread, middle + wide * spread))
        values.append(middle)
        if spread > 0 and not claim.running:
            told.append(drawn)
            rooms.append(max(digits.width(claim.value), of_labels(claim) / worlds[0].n))
    logs = 0.0
    if told:
        logs, _ = other_matrices.conditional(np.array(told), np.array(rooms), APART)
    exactly = float(np.exp(-logs))
    return replace(
        candidate,
        values=tuple(values),
        ranges=tuple(ranges),
        claims=evaluation.claims,
        exactly=exactly,
    )


HYPOTHESES = [
    Hypothesis(
        "preprocessing-missing",
        "The evaluation gave the model inputs without the preprocessing that it was trained with.",
        "the same metrics on raw features, or on standardised ones where the job declares none",
        "Put the preprocessing into the model or into one function that training and scoring "
        "share, and write it under `preprocess:`.",
        _inputs("raw", "standardised by train", "scaled to 0-1 by train"),
        wrong="model.evaluate(X_test, y_test)",
        right="model.evaluate(scaler.transform(X_test), y_test)",
        cost=2,
    ),
    Hypothesis(
        "preprocessing-doubled",
        "The inputs were preprocessed twice.",
        "the same metrics with the preprocessing applied to its own result",
        "Preprocess once: either in the model or before it.",
        _inputs("preprocessed twice"),
        wrong="model.predict(scaler.transform(scaler.transform(X)))",
        right="model.predict(scaler.transform(X))",
        cost=2,
    ),
    Hypothesis(
        "preprocessing-other-scale",
        "The inputs were on another scale than in training: 0 to 255, 0 to 1, or -1 to 1.",
        "the same metrics on inputs times 255, divided by 255, or moved to -1 to 1",
        "Rescale inputs in one place, best by a Rescaling layer in the model.",
        _inputs("divided by 255", "multiplied by 255", "scaled to -1 to 1"),
        wrong="model.predict(images)             # 0-255",
        right="model.predict(images / 255.0)     # as in training",
        source="keras.layers.Rescaling; tensorflow#42506",
        cost=2,
    ),
    Hypothesis(
        "scaler-refit",
        "The scaler was fitted again on the evaluated split, instead of using train's.",
        "the same metrics with mean and spread taken from the split itself",
        "Call `transform` on every split but train, never `fit_transform`.",
        _inputs("refit on the split", "standardised by the split"),
        wrong="X_test = scaler.fit_transform(X_test)",
        right="X_test = scaler.transform(X_test)",
        source="scikit-learn, Common pitfalls: inconsistent preprocessing",
        cost=2,
    ),
    Hypothesis(
        "channel-order",
        "The colour channels of the images were reversed: BGR for RGB.",
        "the same metrics on images with their last axis reversed",
        "Read images in the order of training; OpenCV reads BGR.",
        _inputs("channels reversed"),
        wrong="image = cv2.imread(path)",
        right="image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)",
        cost=2,
    ),
    Hypothesis(
        "training-mode",
        "The model was evaluated in training mode: dropout was active, or batch normalisation "
        "used the statistics of each batch.",
        "the metrics of model(x, training=True)",
        "Evaluate with `model.evaluate` or `model.predict`, or call it with `training=False`.",
        _training_mode,
        wrong="p = model(X_test, training=True)",
        right="p = model(X_test, training=False)",
        source="keras.Model.__call__: the argument training",
        cost=3,
    ),
    Hypothesis(
        "augmented-evaluation",
        "The network's random layers, which augment its inputs in training, were active.",
        "the metrics of model(x, training=True), where only Random… layers differ in training",
        "Evaluate with `model.evaluate` or `model.predict`, or augment outside the network, on "
        "train alone.",
        _augmented,
        wrong="p = model(X_test, training=True)",
        right="p = model(X_test, training=False)",
        source="keras.layers.RandomFlip: active in training alone",
        cost=3,
    ),
    Hypothesis(
        "preprocessing-in-model",
        "The inputs were rescaled, and the network rescales them by itself.",
        "the same metrics on inputs * scale + offset of the network's own Rescaling layer",
        "Give the network what it was trained on: its first layer rescales.",
        _rescaled,
        wrong="model.predict(images / 255)   # the network begins with Rescaling(1 / 255)",
        right="model.predict(images)",
        source="tensorflow#42506, tensorflow#48412",
        cost=2,
    ),
    Hypothesis(
        "weights-partly-loaded",
        "The delivered network took only some layers of the checkpoint that was evaluated: the "
        "others are as they were made.",
        "the same metrics with all weights of a checkpoint, of which the delivered network has "
        "some layers to the last bit, and others with a bias of exactly zero",
        "Load the checkpoint without `skip_mismatch` or `by_name`, and read what it warns of.",
        _partly,
        wrong="model.load_weights('best.h5', by_name=True)   # a layer was renamed",
        right="model.load_weights('best.weights.h5')",
        source="keras#10265, keras#17486",
        cost=2,
    ),
    Hypothesis(
        "averaged-weights",
        "The evaluation used averaged weights, and the raw ones were delivered.",
        "the same metrics with the mean of the last checkpoints, or with the optimizer's moving "
        "averages",
        "Deliver the averages: save inside `SwapEMAWeights`, or after `set_weights(mean)`.",
        _averages,
        wrong="model.save('model.keras')   # inside fit, before the averages are put in place",
        right="callbacks=[keras.callbacks.SwapEMAWeights(), ModelCheckpoint('model.keras')]",
        source="keras#18949; Izmailov et al. 2018, Averaging Weights Leads to Wider Optima",
        cost=2,
    ),
    Hypothesis(
        "numeric-precision",
        "The evaluation ran in half precision: answers differ in near ties alone.",
        "the same metrics from float16 inputs and outputs",
        "Evaluate in float32, or report fewer digits.",
        _precision,
        at_most="info",
        cost=2,
    ),
]
