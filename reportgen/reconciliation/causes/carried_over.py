"""Causes that need the live model's past: an index of another day, a state of other rows."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.reconciliation.causes.asked_otherwise import varied
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis


def _indices(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "index")


def _states(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "state")


HYPOTHESES = [
    Hypothesis(
        "index-rebuilt",
        "The index of the tokens was built anew from the evaluated rows, so that ids mean other "
        "words than in training.",
        "the same metrics on ids numbered by frequency, first appearance or sorted value in the "
        "split itself; rebuilt on train as well, numbers are near chance there too",
        "Save the vocabulary with the model (a TextVectorization or StringLookup layer in it), "
        "and look words up in that.",
        _indices,
        wrong="tokenizer.fit_on_texts(test_texts)",
        right="tokenizer = tokenizer_from_json(saved)   # that of training",
        source="keras#4875",
        cost=2,
    ),
    Hypothesis(
        "state-carried-over",
        "Stateful layers went into the evaluation with the state that earlier rows had left: the "
        "same rows asked twice get two answers, and a reset restores the first.",
        "the same metrics without a reset after a split was predicted, or with the state that the "
        "model was saved with",
        "Reset states before every evaluation: `layer.reset_state()` of each stateful layer.",
        _states,
        wrong="model.evaluate(X_train, y_train); model.evaluate(X_test, y_test)",
        right="model.layers[0].reset_state(); model.evaluate(X_test, y_test)",
        source="keras#15232; keras.layers.RNN: stateful",
        cost=2,
    ),
]
