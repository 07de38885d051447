"""Forms of a number that Keras computes in float32 or float16, against Keras itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.faults import harness, reconciliation
from reportgen.reconciliation.causes.loss_forms import _in_float32

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize("classes", [2, 4])
def test_row_losses_of_saturated_probabilities(classes):
    import keras

    rng = np.random.default_rng(5)
    y = rng.integers(0, classes, 500)
    if classes == 2:
        scores = 1 / (1 + np.exp(-rng.normal(0, 15, 500)))
        given = keras.losses.binary_crossentropy(
            y[:, None].astype("float32"), scores[:, None].astype("float32")
        )
    else:
        z = rng.normal(0, 15, (500, classes))
        scores = np.exp(z - z.max(1, keepdims=True))
        scores /= scores.sum(1, keepdims=True)
        given = keras.losses.categorical_crossentropy(np.eye(classes)[y], scores.astype("float32"))
    ours = _in_float32(SimpleNamespace(scores=scores, truth=y, n=len(y)))
    np.testing.assert_allclose(ours, np.asarray(given), rtol=2e-6, atol=2e-6)
    assert ours.max() > 15.9


def named_of(question_name, seed):
    question = next(
        q for q in (*reconciliation.PLANTED, *reconciliation.MORE) if q.name == question_name
    )
    from reportgen.reconciliation.from_case import evidence_of
    from reportgen.reconciliation.laboratory import Asked
    from reportgen.reconciliation.search import explain

    case = question.draw(harness.generator("reconciliation", question_name, seed))
    (answer,) = explain(evidence_of(case, Asked(case)), case.claims).answers
    return {e.name for e in answer.explanations}, answer


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("float16", "numeric-precision"),
        ("batch normalisation in training mode", "training-mode"),
        ("loss of clipped probabilities", "loss-clipping"),
    ],
)
def test_the_mistake_is_among_what_explains_it(question, code):
    names, answer = named_of(question, 1)
    assert code in names, answer


def test_sums_of_float32_come_near_a_printed_number_and_no_nearer_than_they_can():
    from reportgen.job.printed import Printed
    from reportgen.reconciliation import digits

    six, far = Printed("0.917533"), Printed("0.917538")
    assert digits.prints_same(digits.as_float32(0.91753244, six), six)
    assert digits.as_float32(0.91753244, far) == 0.91753244
    four = Printed("0.9175")
    assert digits.as_float32(0.91762, four) == 0.91762
