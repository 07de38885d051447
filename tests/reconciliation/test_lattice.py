"""Shares that no count of rows gives are told from those of other answers."""

import numpy as np
import pytest
from sklearn import metrics

from reportgen.job.claims import of_number
from reportgen.reconciliation import digits, lattice
from tests.reconciliation.told import binary, multiclass, multilabel, numbers, told


@pytest.mark.parametrize("places", [2, 3, 4])
def test_a_share_of_rows_is_one_that_some_count_prints(places: int) -> None:
    world = multiclass(np.random.default_rng(71), 130)
    rows = {"accuracy": 130} | {c: int((world.truth == i).sum()) for i, c in
                                enumerate(world.classes)}  # fmt: skip
    seen = set()
    for step in range(0, 10**places, 7):
        text = f"{step / 10**places:.{places}f}"
        for name, n in rows.items():
            metric, label = ("accuracy", None) if name == "accuracy" else ("recall", name)
            claim = of_number(metric, text, task="multiclass", per_class=label)
            printed = any(digits.prints_same(k / n, claim.value) for k in range(n + 1))
            assert lattice.between((claim,), world) is not printed
            seen.add(printed)
    assert seen == {True, False}


def test_precision_and_averages_may_have_any_steps() -> None:
    world = binary(np.random.default_rng(72), 50)
    for name in ("precision", "f1", "f1 macro", "mcc"):
        assert not lattice.between(numbers("binary", {name: (0.123456, 6)}), world)


def test_a_share_of_cells_that_no_rows_give_is_no_accident() -> None:
    world = multilabel(np.random.default_rng(73), 811)
    score = 1 - metrics.hamming_loss(world.truth, world.labels)
    found = told(world, numbers("multilabel", {"accuracy": (score, 7)}))
    assert found.named == ["multilabel-argmax"]


def test_answers_that_were_changed_by_hand_are_still_a_count_of_rows() -> None:
    """So that all that is said of chance among counts is said of them."""
    rng = np.random.default_rng(74)
    for _ in range(20):
        world = binary(rng, int(rng.integers(40, 900)))
        labels = np.where(rng.random(world.n) < 0.3, 1 - world.labels, world.labels)
        said = {
            "accuracy": (metrics.accuracy_score(world.truth, labels), 4),
            "recall": (metrics.recall_score(world.truth, labels), 5),
        }
        assert not lattice.between(numbers("binary", said), world)
