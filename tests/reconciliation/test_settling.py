"""What the report asks for to be certain: whoever brings it gets the cause named."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from reportgen.diagnostics.reconciliation.advice import more_numbers
from tests.reconciliation.told import binary, multiclass, multilabel, numbers, report, told


@pytest.fixture
def rng():
    return np.random.default_rng(4100)


def settled(given, claims, truth):
    """The verdict once the first number that is asked for stands among the claims.

    ``truth``: that number to all digits, computed by scikit-learn as the mistake does.
    """
    (answer,) = told(given, claims).verdict.answers
    assert answer.kind == "ambiguous"
    one = answer.settling[0]
    places = len(one.claim.value.text.partition(".")[2])
    assert one.claim.value.text == f"{truth:.{places}f}"
    assert one.claim.value.text in more_numbers(answer)
    kept = [c for c in claims if replace(c, value=one.claim.value) != one.claim]
    return told(given, [*kept, one.claim])


def test_one_more_digit_of_a_loss(rng):
    world = multiclass(rng, 1400)
    twice = np.exp(world.scores) / np.exp(world.scores).sum(axis=1, keepdims=True)
    truth = metrics.log_loss(world.truth, twice)
    accuracy = metrics.accuracy_score(world.truth, world.labels)
    claims = numbers(world.task, {"log_loss": (truth, 3), "accuracy": (accuracy, 4)})
    assert settled(world, claims, truth).named == ["from-logits"]


def test_the_area_of_the_model_where_only_a_threshold_is_at_stake(rng):
    world = binary(rng, 3000)
    labels = (world.scores > 0.37).astype(int)
    text = metrics.classification_report(world.truth, labels, digits=3)
    claims = report(text, world)
    (answer,) = told(world, claims).verdict.answers
    assert [e.name for e in answer.explanations] == ["decision-threshold"]
    assert answer.settling
    for one in answer.settling:
        with_it = told(world, [*claims, replace(one.claim, origin="report.txt:20")])
        assert with_it.named in (["decision-threshold"], []), one
    areas = [s for s in answer.settling if s.claim.metric == "roc_auc"]
    assert all(
        s.under["decision-threshold"]
        == pytest.approx(metrics.roc_auc_score(world.truth, world.scores))
        for s in areas
    )


def test_the_same_number_of_another_split_where_rows_are_too_few_for_more_digits(rng):
    splits = {"test": multilabel(rng, 2000), "train": multilabel(rng, 8000)}

    def by_argmax(world):
        return float(np.mean(world.truth.argmax(1) == world.scores.argmax(1)))

    claims = numbers("multilabel", {"accuracy": (by_argmax(splits["test"]), 4)})
    (answer,) = told(splits, claims).verdict.answers
    assert answer.kind == "ambiguous"
    (one,) = [s for s in answer.settling if s.claim.split == "train"]
    assert one.under == {"multilabel-argmax": pytest.approx(by_argmax(splits["train"]))}
    other = numbers("multilabel", {"accuracy": (by_argmax(splits["train"]), 4)}, split="train")
    assert set(told(splits, [*claims, *other]).named) == {"multilabel-argmax"}


def test_a_match_by_ranges_is_settled_by_no_digit(rng):
    world = multiclass(rng, 400)
    labels = world.labels[np.random.default_rng(1).permutation(400)]
    claims = numbers(world.task, {"accuracy": (metrics.accuracy_score(world.truth, labels), 2)})
    for answer in told(world, claims).verdict.answers:
        if answer.sole is not None and answer.sole.by_ranges:
            assert "repeat it" in more_numbers(answer)
        assert not (answer.sole is not None and answer.sole.by_ranges and answer.settling)


def test_a_report_over_some_classes_with_its_row_totals(rng):
    world = multiclass(rng, 2000)
    text = metrics.classification_report(world.truth, world.labels, labels=[0, 1, 2], digits=3,
                                         target_names=world.classes[:3])  # fmt: skip
    found = told(world, report(text, world))
    assert found.named == ["report-label-set"]
    assert found.parameters["labels"] == list(world.classes[:3])


def test_macro_averages_at_another_threshold(rng):
    world = binary(rng, 20_000)
    labels = (world.scores > 0.3).astype(int)
    of = {"average": "macro", "zero_division": 0}
    claims = numbers(
        world.task,
        {
            "precision": (metrics.precision_score(world.truth, labels, **of), 4),
            "recall": (metrics.recall_score(world.truth, labels, **of), 4),
            "f1": (metrics.f1_score(world.truth, labels, **of), 4),
            "accuracy": (metrics.accuracy_score(world.truth, labels), 4),
        },
    )
    (answer,) = told(world, claims).verdict.answers
    assert [h.name for h in answer.explanations[0].causes] == ["averaging", "decision-threshold"]
    found = [c.parameters["threshold"] for c in answer.explanations[0].candidates[0]]
    assert any(low <= 0.3 <= high for low, high in found)
