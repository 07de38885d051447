"""Mean and spread over all orders of the truth, against every order or very many of them."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from sklearn import metrics

from reportgen.job.claims import of_number
from reportgen.reconciliation.causes.offsets import _correlated, _rolled
from reportgen.reconciliation.permuted import linear, moments
from reportgen.reconciliation.quantities import possible
from reportgen.reconciliation.world import World
from tests.reconciliation.told import binary, multiclass, multilabel, numbers, told, with_loss

NAMES = {
    "binary": ("roc_auc", "log_loss", "brier", "loss"),
    "multiclass": ("roc_auc macro", "roc_auc weighted", "log_loss", "brier", "loss"),
}


def claim_of(name: str, task: str, label: str | None = None):
    metric, _, average = name.partition(" ")
    return of_number(metric, "0.5", task=task, average=average or None, per_class=label)


def reordered(world: World, order) -> World:
    return with_loss(replace(world, truth=world.truth[order], loss=None, row_losses=None))


@pytest.mark.parametrize(("task", "name"), [(t, n) for t, names in NAMES.items() for n in names])
def test_every_order_of_a_few_rows(task: str, name: str) -> None:
    make = binary if task == "binary" else multiclass
    world = make(np.random.default_rng(3), 7)
    truth = np.array([0, 1, 0, 1, 1, 0, 1]) if task == "binary" else np.array([0, 1, 2, 3, 1, 0, 1])
    scores = np.round(world.scores, 1)  # some are equal
    if task == "multiclass":
        scores = (scores + 0.05) / (scores + 0.05).sum(1, keepdims=True)
    world = with_loss(replace(world, truth=truth, scores=np.clip(scores, 0.02, 0.98),
                              ranking=None, loss=None, row_losses=None))  # fmt: skip
    claim = claim_of(name, task)
    found = moments(claim, world)
    assert found is not None
    values = [possible(claim, reordered(world, list(o))) for o in permutations(range(7))]
    assert found == pytest.approx((np.mean(values), np.std(values)), rel=1e-9)


@pytest.mark.parametrize("label", ["ant", "cat"])
def test_orders_of_many_rows_that_are_drawn(label: str) -> None:
    rng = np.random.default_rng(4)
    world = multiclass(rng, 300)
    claim = claim_of("roc_auc", "multiclass", label)
    mean, spread = moments(claim, world)
    drawn = [possible(claim, reordered(world, rng.permutation(300))) for _ in range(800)]
    assert mean == pytest.approx(np.mean(drawn), abs=4 * spread / np.sqrt(800))
    assert spread == pytest.approx(np.std(drawn), rel=0.12)


def test_what_is_no_sum_over_rows_has_none() -> None:
    rng = np.random.default_rng(5)
    assert moments(claim_of("average_precision", "binary"), binary(rng, 50)) is None
    assert moments(claim_of("log_loss", "multilabel"), multilabel(rng, 50)) is None


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "loss"])
def test_every_lag_of_the_transform_is_that_of_a_loop(name: str) -> None:
    world = with_loss(binary(np.random.default_rng(6), 90))
    claim = claim_of(name, "binary")
    found = linear(claim, world)
    assert found is not None
    for index, value in enumerate(_correlated(found, world)):
        assert value == pytest.approx(possible(claim, _rolled(world, index + 1)), rel=1e-9)


def test_a_lag_among_many_with_as_many_right_rows_is_found_by_the_scores() -> None:
    world = binary(np.random.default_rng(7), 4_000)
    late = np.roll(np.arange(world.n), 1_234)
    labels, scores = world.labels[late], world.scores[late]
    said = {
        "accuracy": (metrics.accuracy_score(world.truth, labels), 4),
        "f1": (metrics.f1_score(world.truth, labels), 4),
        "log_loss": (metrics.log_loss(world.truth, scores), 6),
        "roc_auc": (metrics.roc_auc_score(world.truth, scores), 6),
    }
    found = told(world, numbers("binary", said))
    assert "prediction-offset" in [*found.named, *found.listed]
    (answer,) = found.verdict.answers
    offset = next(e for e in answer.explanations if e.name == "prediction-offset")
    assert [c.parameters["lag"] for c in offset.candidates[0]] == [1_234]
