"""Causes in which the network had other weights: those it should have, or those of no delivery."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.reconciliation.causes.asked_otherwise import varied
from reportgen.reconciliation.evidence import Evaluation, Evidence, Variation
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, prints, under
from reportgen.reconciliation.quantities import Unknown

#: Relative difference of a checkpoint's validation loss and that of its row in the history.
SAME_LOSS = 1e-4


def _restored(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    for variation, candidate in _checkpoints(evidence, evaluation):
        if _was_meant(evidence, evaluation, variation, candidate):
            yield candidate


def _strangers(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    for variation, candidate in _checkpoints(evidence, evaluation):
        if not _was_meant(evidence, evaluation, variation, candidate):
            yield candidate
    yield from varied(evidence, evaluation, "strangers")


def _checkpoints(
    evidence: Evidence, evaluation: Evaluation
) -> Iterator[tuple[Variation, Candidate]]:
    laboratory = evidence.laboratory
    if laboratory is None or evaluation.split not in evidence.splits:
        return
    for variation in laboratory.variations("weights"):
        world = laboratory.world(evaluation.split, variation)
        if world is not None:
            yield variation, under(world, evaluation.claims, weights=variation.detail)


def _was_meant(
    evidence: Evidence, evaluation: Evaluation, variation: Variation, candidate: Candidate
) -> bool:
    """Whether a checkpoint was to be delivered: the last, or the history's last or best epoch."""
    laboratory, history = evidence.laboratory, evidence.history
    assert laboratory is not None
    if variation == laboratory.variations("weights")[-1]:
        return True
    if history is None or "validation" not in evidence.splits:
        return False
    if not prints(candidate, evaluation.claims):
        return False  # it is not told of, whatever it is
    world = laboratory.world("validation", variation)
    if world is None or world.loss is None:
        return False
    try:
        loss = world.loss(None)
    except Unknown:
        return False
    losses = [float(v) for e in history.epochs if (v := e.values.get("val_loss")) is not None]
    return bool(losses) and any(
        abs(loss - one) <= SAME_LOSS * abs(one) for one in (losses[-1], min(losses))
    )


HYPOTHESES = [
    Hypothesis(
        "restored-weights",
        "The numbers are those of a checkpoint, not of the delivered weights.",
        "the same metrics with the weights of the last checkpoint, or of the one whose validation "
        "loss is the last or the best of the history",
        "Deliver the weights that were evaluated: `restore_best_weights=True`, or load the "
        "checkpoint before saving.",
        _restored,
        wrong="model.save('model.keras')   # after the last epoch",
        right="model.load_weights('best.weights.h5'); model.save('model.keras')",
        source="keras.callbacks.ModelCheckpoint",
        cost=2,
    ),
    Hypothesis(
        "other-weights",
        "The numbers are those of weights that were never to be delivered: an earlier checkpoint, "
        "another member, or the network before training.",
        "the same metrics with the weights of an earlier checkpoint or of a member that the job "
        "lists, or with the initial weights that the job's seed draws",
        "Load the delivered file in the script that scores, and print a checksum of its weights "
        "beside the numbers.",
        _strangers,
        wrong="model = build(); model.evaluate(X_test, y_test)   # load_weights was forgotten",
        right="model = keras.models.load_model('model.keras')",
        source="Keras guide, Save, serialize, and export models",
        cost=2,
    ),
]
