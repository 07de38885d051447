"""A model that was never delivered is not taken for a threshold of the one that was."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from reportgen.job.claims import of_report
from reportgen.reconciliation import rivals
from reportgen.reconciliation.world import World
from tests.reconciliation.told import binary, multiclass, multilabel, numbers, report, told


def another(rng: np.random.Generator, world: World) -> World:
    """A model of about that skill: it sees the rows a little otherwise, and cuts elsewhere."""
    scores = np.asarray(world.scores)
    logits = np.log(scores / (1 - scores))
    logits = logits + 10 ** rng.uniform(-2, 0.5) * rng.normal(size=world.n) + rng.normal(0, 1)
    other = 1 / (1 + np.exp(-logits))
    return replace(world, scores=other, labels=(other > 0.5).astype(np.int64))


def printed(world: World, digits: int = 3) -> str:
    return str(
        classification_report(
            world.truth, world.labels, digits=digits, zero_division=0, target_names=world.classes
        )
    )


def false_positives(world: World) -> int:
    return int(((world.truth == 0) & (world.labels == 1)).sum())


@pytest.mark.parametrize("n", [50, 120, 300, 1_000])
def test_reports_of_models_that_rank_alike_are_not_called_a_threshold(n: int) -> None:
    rng = np.random.default_rng([61, n])
    fitting = 0
    for _ in range(25):
        world = binary(rng, n)
        found = told(world, report(printed(another(rng, world)), world))
        assert found.named == []
        fitting += "decision-threshold" in found.listed
    assert fitting > 0, "no draw was a hard one"


@pytest.mark.parametrize("n", [60, 240, 1_000])
def test_the_chance_is_no_less_than_another_model_meets_a_cut(n: int) -> None:
    """Counted by sorting: as many rows called positive, as many of them falsely."""
    rng = np.random.default_rng([62, n])
    met, said = [], []
    for _ in range(150):
        world = binary(rng, n)
        other = another(rng, world)
        called = int(np.sum(other.labels == 1))
        if not 0 < called < n or np.array_equal(other.labels, world.labels):
            continue
        ordered = np.argsort(-np.asarray(world.scores))
        labels = np.zeros(n, dtype=np.int64)
        labels[ordered[:called]] = 1
        cut = replace(world, labels=labels)
        met.append(false_positives(cut) == false_positives(other))
        claims = of_report(printed(cut, 6), classes=world.classes, split="test")
        said.append(rivals.met(cut, claims, (), [(0.0, 1.0)]))
    error = 2 * np.std(met) / np.sqrt(len(met))
    # Rivals here are alike on a scale of logarithms all of them, in life one in four.
    assert np.mean(said) >= rivals.ALIKE * (np.mean(met) - error)
    assert np.mean(said) < 1


def test_what_no_threshold_changes_tells_it_from_another_model() -> None:
    rng = np.random.default_rng(63)
    world = binary(rng, 1_500)
    labels = (np.asarray(world.scores) > 0.3).astype(np.int64)
    cut = report(printed(replace(world, labels=labels), 4), world)
    alone = told(world, cut)
    assert (alone.kinds, alone.listed) == (["ambiguous"], ["decision-threshold"])
    area = roc_auc_score(world.truth, world.scores)
    loss = log_loss(world.truth, world.scores)
    one = told(world, [*labelled(world, labels), *numbers("binary", {"roc_auc": (area, 6)})])
    both = {"roc_auc": (area, 6), "log_loss": (loss, 6)}
    two = told(world, [*labelled(world, labels), *numbers("binary", both)])
    assert one.named == two.named == ["decision-threshold"]
    first, second = (t.verdict.answers[0].explanations[0].accident for t in (one, two))
    assert second <= first < alone.verdict.answers[0].explanations[0].accident


def labelled(world: World, labels: np.ndarray) -> list:  # type: ignore[type-arg]
    """Accuracy, precision and recall as single numbers, which are of one evaluation."""
    hits = float(((labels == 1) & (world.truth == 1)).sum())
    return numbers(
        "binary",
        {
            "accuracy": (float((labels == world.truth).mean()), 6),
            "precision": (hits / float((labels == 1).sum()), 6),
            "recall": (hits / float((world.truth == 1).sum()), 6),
        },
    )


def test_a_round_threshold_in_a_narrow_interval_is_no_accident() -> None:
    wide = rivals._written([(0.28, 0.35)])
    narrow = rivals._written([(0.2999, 0.3002)])
    odd = rivals._written([(0.2962, 0.2965)])
    assert narrow == pytest.approx(3 * 0.0003 / 0.1)
    assert narrow < wide <= odd == 1


def test_weak_answers_for_few_rows_are_not_called_shuffled() -> None:
    """Several labels: a model near chance prints what shuffled answers may print."""
    rng = np.random.default_rng(64)
    for _ in range(12):
        world = multilabel(rng, 50)
        weak = (rng.random((50, 4)) < [0.6, 0.2, 0.02, 0.3]) | (
            (np.asarray(world.truth) == 1) & (rng.random((50, 4)) < 0.05)
        )
        text = classification_report(
            world.truth, weak.astype(int), zero_division=0, target_names=world.classes
        )
        assert told(world, report(str(text), world)).named == []


@pytest.mark.parametrize("name", ["precision", "recall", "accuracy"])
def test_two_digits_of_another_number_do_not_settle_that_names_were_exchanged(name: str) -> None:
    """No matrix about the delivered one prints them as F1, so that none of those is counted."""
    world = binary(np.random.default_rng(66), 10_000)
    value = {
        "precision": precision_score(world.truth, world.labels),
        "recall": recall_score(world.truth, world.labels),
        "accuracy": accuracy_score(world.truth, world.labels),
    }[name]
    assert told(world, numbers("binary", {"f1": (value, 2)})).named == []


def test_numbers_of_the_other_class_are_as_rare_as_those_of_the_first() -> None:
    """Matrices that print them lie about the fit turned over, and are counted there."""
    world = binary(np.random.default_rng(67), 10_000)
    other = {
        "precision": (precision_score(world.truth, world.labels, pos_label=0), 4),
        "recall": (recall_score(world.truth, world.labels, pos_label=0), 4),
    }
    assert told(world, numbers("binary", other)).named == ["positive-class-flipped"]


def test_a_model_that_always_says_one_class_is_no_other_scale_of_inputs() -> None:
    """Numbers of labels are the same for all such models; a loss is not."""
    world = multiclass(np.random.default_rng(68), 400)
    constant = replace(world, labels=np.full(world.n, 2))
    off = report(printed(constant, 4), world)
    assert rivals.of_one_class(constant, off) == rivals.ONE_CLASS
    assert rivals.of_one_class(world, off) == 0
    loss = numbers("multiclass", {"log_loss": (1.2345, 4)})
    assert rivals.of_one_class(constant, [*off, *loss]) == 0
