"""Padding that counted, against what plain Keras and numpy say of the same sequences."""

from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from benchmarks.faults.reconciliation.steps import Sequences  # noqa: E402
from reportgen.job.claims import of_number  # noqa: E402
from reportgen.reconciliation.from_case import evidence_of, world_of  # noqa: E402
from reportgen.reconciliation.laboratory import Asked  # noqa: E402
from reportgen.reconciliation.search import explain  # noqa: E402


@pytest.fixture(scope="module", params=["masking", "plain"])
def work(request):
    return Sequences(request.param, np.random.default_rng(77))


def crossentropies(work):
    """The cross-entropy of every step in float64, (n, T)."""
    p = work.model.predict(work.X, verbose=0).astype(np.float64)
    own = np.take_along_axis(p, work.y[..., None], -1)[..., 0]
    return -np.log(np.clip(own, 1e-7, 1 - 1e-7))


def test_the_loss_of_real_steps(work):
    case = work.case()
    world = world_of(case, "test")
    expected = crossentropies(work)[work.real]
    assert world.row_losses() == pytest.approx(expected, rel=1e-4)
    masks_itself = work.model.layers[0].mask_zero
    if masks_itself:  # evaluate averages over the steps of each batch
        assert world.loss(None) == pytest.approx(
            work.model.evaluate(work.X, work.y, verbose=0)[0], rel=1e-6
        )
    else:
        assert world.loss(None) == pytest.approx(expected.mean(), rel=1e-5)


def test_every_way_of_counting_padding(work):
    losses, real = crossentropies(work), work.real
    right = work.given() == work.y
    told = {
        ("of all steps", "of all steps"): (right.mean(), losses.mean()),
        ("of real steps over all", "of real steps over all"): (
            (right * real).mean(),
            (losses * real).mean(),
        ),
        ("of all steps", "of real steps over all"): (right.mean(), (losses * real).mean()),
        ("of real steps", "of real steps over all"): (right[real].mean(), (losses * real).mean()),
    }
    for (metrics, loss), (accuracy, crossentropy) in told.items():
        claims = (
            of_number("accuracy", f"{accuracy:.5f}", task="multiclass"),
            of_number("loss", f"{crossentropy:.4f}", task="multiclass"),
        )
        case = replace(work.case(), claims=claims)
        (answer,) = explain(evidence_of(case, Asked(case)), claims).answers
        assert [e.name for e in answer.explanations] == ["padding-counted"]
        chosen = answer.explanations[0].candidates[0][0].parameters
        if right[~real].any():  # else padding that counts as wrong is padding that counts
            assert (chosen["metrics"], chosen["loss"]) == (metrics, loss)
        assert chosen["padded_steps"] == int((~real).sum())


def test_real_steps_come_out(work):
    accuracy = (work.given() == work.y)[work.real].mean()
    claim = of_number("accuracy", f"{accuracy:.5f}", task="multiclass")
    case = replace(work.case(), claims=(claim,))
    assert not explain(evidence_of(case, Asked(case)), (claim,)).answers
