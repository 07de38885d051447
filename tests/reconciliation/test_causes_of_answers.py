"""Mistakes in labels, classes and averages, made with scikit-learn and numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import classification_report

from reportgen.job.claims import of_matrix, of_number
from reportgen.reconciliation.label_thresholds import at_limits, limits_of
from tests.reconciliation.told import (
    binary,
    multiclass,
    multilabel,
    numbers,
    regression,
    report,
    told,
)


def _report(truth, labels, world, digits=3, **more):
    text = classification_report(truth, labels, target_names=world.classes, digits=digits, **more)
    return report(text, world)


@pytest.mark.parametrize("seed", range(3))
def test_honest_numbers_reproduce(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for world in (binary(rng), multiclass(rng)):
        assert told(world, _report(world.truth, world.labels, world)).kinds == []


def test_a_default_class_for_uncertain_rows() -> None:
    world = multiclass(np.random.default_rng(1))
    given = np.where(world.scores.max(axis=1) > 0.55, world.scores.argmax(axis=1), 2)
    found = told(world, _report(world.truth, given, world))
    assert found.named == ["default-class"]
    assert found.parameters["default"] == "cat"
    low, high = found.parameters["threshold"]
    assert low <= 0.55 <= high


def test_rows_without_a_class_count_as_wrong() -> None:
    world = binary(np.random.default_rng(2))
    given = np.where(world.table.max(axis=1) > 0.7, world.labels, 2)
    cells = metrics.confusion_matrix(world.truth, given, labels=[0, 1, 2])[:2]
    claims = of_matrix(
        np.vstack([cells, [0, 0, 0]]).tolist(), classes=world.classes, otherwise="unsure"
    )
    world = replace(world, otherwise="unsure")
    found = told(world, claims)
    assert found.named == ["default-class"]


@pytest.mark.parametrize("names", [False, True])
def test_classes_in_the_order_of_their_text(names: bool) -> None:
    world = multiclass(np.random.default_rng(3))
    world = replace(world, classes=("dog", "ant", "cat", "bee"))
    order = np.argsort(world.classes)
    moved = np.argsort(order) if names else order
    truth = moved[world.truth] if names else world.truth
    found = told(world, _report(truth, moved[world.labels], world))
    assert found.named == ["label-order"]
    assert found.parameters["by"].startswith("sorted as text")
    assert found.parameters["of"] == ("names" if names else "answers")


def test_any_order_of_a_few_classes_is_found() -> None:
    world = multiclass(np.random.default_rng(4), k=5)
    order = np.array([2, 0, 4, 1, 3])
    found = told(world, _report(world.truth, order[world.labels], world))
    assert found.named == ["label-order"]
    assert found.parameters["order"] == [world.classes[i] for i in order]


def test_precision_and_recall_of_the_other_class() -> None:
    world = binary(np.random.default_rng(5))
    values = {
        m: (getattr(metrics, f"{m}_score")(world.truth, world.labels, pos_label=0), 4)
        for m in ("precision", "recall", "f1")
    }
    assert told(world, numbers("binary", values)).named == ["positive-class-flipped"]


def test_the_area_of_the_first_column() -> None:
    world = binary(np.random.default_rng(6))
    area = metrics.roc_auc_score(world.truth, world.table[:, 0])
    precision = metrics.average_precision_score(world.truth, world.table[:, 0])
    claims = numbers("binary", {"roc_auc": (area, 5), "average_precision": (precision, 5)})
    assert told(world, claims).named == ["positive-class-flipped"]


def test_arguments_swapped_in_a_report() -> None:
    for world in (binary(np.random.default_rng(7)), multiclass(np.random.default_rng(7))):
        assert told(world, _report(world.labels, world.truth, world)).named == ["swapped-arguments"]


def test_arguments_swapped_in_regression() -> None:
    world = regression(np.random.default_rng(7))
    swapped = metrics.r2_score(world.values, world.truth)
    found = told(world, numbers("regression", {"r2": (swapped, 5)}))
    assert "swapped-arguments" in found.listed


@pytest.mark.parametrize("average", ["weighted", "micro"])
def test_another_average(average: str) -> None:
    world = multiclass(np.random.default_rng(8))
    values = {}
    for metric in ("precision", "recall", "f1"):
        score = getattr(metrics, f"{metric}_score")(world.truth, world.labels, average=average)
        values[f"{metric} macro"] = (score, 4)
    found = told(world, numbers("multiclass", values))
    assert found.named == ["averaging"]
    assert found.parameters["is"] == average
    equivalent = found.parameters.get("equivalent", [])
    assert average == "weighted" or "accuracy" in equivalent  # micro is accuracy: one answer


def test_balanced_accuracy_as_accuracy() -> None:
    world = multiclass(np.random.default_rng(9))
    score = metrics.balanced_accuracy_score(world.truth, world.labels)
    found = told(world, numbers("multiclass", {"accuracy": (score, 6)}))
    assert "averaging" in found.listed


def test_the_area_of_labels() -> None:
    world = binary(np.random.default_rng(10))
    score = metrics.roc_auc_score(world.truth, world.labels)
    found = told(world, numbers("binary", {"roc_auc": (score, 6)}))
    assert found.named == ["auc-of-labels"]


def test_error_rate_and_flipped_labels_are_one_answer() -> None:
    world = binary(np.random.default_rng(11), n=4000)
    wrong = np.mean(world.truth != world.labels)
    found = told(world, numbers("binary", {"accuracy": (wrong, 5)}))
    (answer,) = found.verdict.answers
    assert answer.kind == "ambiguous"
    assert ("error-rate", "label-order") in answer.equivalent


def test_a_percentage_without_its_sign() -> None:
    world = binary(np.random.default_rng(12))
    score = 100 * metrics.accuracy_score(world.truth, world.labels)
    assert told(world, numbers("binary", {"accuracy": (score, 2)})).named == ["percent"]


def test_cut_off_and_quoted_with_digits_it_did_not_have() -> None:
    world = binary(np.random.default_rng(13), n=1237)
    score = metrics.accuracy_score(world.truth, world.labels)
    digits = next(d for d in (5, 4, 3, 6) if np.floor(score * 10**d) / 10**d != round(score, d))
    cut = np.floor(score * 10**digits) / 10**digits
    padded = round(score, 2)
    assert "rounding" in told(world, numbers("binary", {"accuracy": (cut, digits)})).listed
    found = told(world, numbers("binary", {"accuracy": (padded, 5)}))
    assert "rounding" in found.listed


def test_labels_of_a_report_are_a_subset() -> None:
    world = multiclass(np.random.default_rng(14))
    text = classification_report(
        world.truth, world.labels, labels=[1, 2, 3], target_names=world.classes[1:], digits=4
    )
    found = told(world, [c for c in report(text, world) if c.metric != "support"])
    assert found.named == ["report-label-set"]
    assert found.parameters["labels"] == ["bee", "cat", "dog"]


def test_undefined_precision_counts_as_one() -> None:
    world = multiclass(np.random.default_rng(15), n=600)
    labels = np.where(world.labels == 3, 1, world.labels)
    world = replace(world, labels=labels)
    values = {
        f"{m} macro": (
            getattr(metrics, f"{m}_score")(world.truth, labels, average="macro", zero_division=1),
            5,
        )
        for m in ("precision", "f1")
    }
    found = told(world, numbers("multiclass", values))
    assert "report-label-set" in found.listed


def test_top_two_as_accuracy() -> None:
    world = multiclass(np.random.default_rng(16))
    score = metrics.top_k_accuracy_score(world.truth, world.scores, k=2)
    found = told(world, numbers("multiclass", {"accuracy": (score, 6)}))
    assert "top-k" in found.listed


def test_names_of_numbers_exchanged() -> None:
    world = binary(np.random.default_rng(17))
    values = {
        "accuracy": (metrics.roc_auc_score(world.truth, world.scores), 4),
        "roc_auc": (metrics.f1_score(world.truth, world.labels), 4),
        "f1": (metrics.accuracy_score(world.truth, world.labels), 4),
    }
    assert told(world, numbers("binary", values)).named == ["metric-name-permuted"]


def test_cells_and_overlap_of_label_sets() -> None:
    world = multilabel(np.random.default_rng(18))
    ways = {
        "mean over cells": 1 - metrics.hamming_loss(world.truth, world.labels),
        "overlap of label sets": metrics.jaccard_score(
            world.truth, world.labels, average="samples", zero_division=1
        ),
    }
    for name, score in ways.items():
        found = told(world, numbers("multilabel", {"accuracy": (score, 6)}))
        assert "multilabel-argmax" in found.listed
        assert found.parameters["is"] == name


def test_samples_average_of_label_sets() -> None:
    world = multilabel(np.random.default_rng(19))
    values = {
        f"{m} macro": (
            getattr(metrics, f"{m}_score")(
                world.truth, world.labels, average="samples", zero_division=0
            ),
            4,
        )
        for m in ("precision", "recall", "f1")
    }
    assert told(world, numbers("multilabel", values)).named == ["averaging"]


def test_roots_signs_and_scales_of_regression() -> None:
    world = regression(np.random.default_rng(20))
    mse = metrics.mean_squared_error(world.truth, world.values)
    mae = metrics.mean_absolute_error(world.truth, world.values)
    assert told(world, numbers("regression", {"rmse": (mse, 3)})).named == ["root-or-square"]
    assert told(world, numbers("regression", {"mae": (-mae, 4)})).named == ["scorer-sign"]
    scale = world.truth.std()
    scaled = {"rmse": (np.sqrt(mse) / scale, 6), "mae": (mae / scale, 6)}
    assert told(world, numbers("regression", scaled)).named == ["target-scale"]
    squared = np.corrcoef(world.truth, world.values)[0, 1] ** 2
    found = told(world, numbers("regression", {"r2": (squared, 6)}))
    assert "r2-definition" in found.listed


def test_another_models_report_is_not_explained() -> None:
    world = multiclass(np.random.default_rng(21))
    other = multiclass(np.random.default_rng(22)).labels
    moved = np.where(np.random.default_rng(23).random(world.n) < 0.25, other, world.labels)
    assert told(world, _report(world.truth, moved, world)).kinds == ["unexplained"]


def test_percent_signs_are_read() -> None:
    world = binary(np.random.default_rng(24))
    score = metrics.accuracy_score(world.truth, world.labels)
    claims = [of_number("accuracy", f"{100 * score:.2f} %", task="binary")]
    assert told(world, claims).kinds == []


def test_half_of_logits_is_one_threshold_of_few_unless_there_are_logits() -> None:
    """Scores with a gap about 0.622: any threshold in it gives the same labels."""
    rng = np.random.default_rng(41)
    world = binary(rng, n=900)
    coarse = np.round(world.scores * 8) / 8  # 0.5, 0.625, 0.75: nothing lies between
    coarse = np.where(coarse == 0.625, 0.61, coarse)
    world = replace(world, scores=coarse, labels=(coarse > 0.5).astype(np.int64), raw=coarse)
    given = (coarse > 0.65).astype(np.int64)
    claims = _report(world.truth, given, world)
    assert set(told(world, claims).listed) == {"threshold-on-logits", "decision-threshold"}
    logits = replace(world, raw=np.log(np.clip(coarse, 0.01, 0.99) / np.clip(1 - coarse, 0.01, 1)))
    assert told(logits, claims).named == ["threshold-on-logits"]


def test_a_class_that_all_rows_have_is_no_default_class() -> None:
    world = multiclass(np.random.default_rng(42))
    given = np.full(world.n, 3)
    claims = _report(world.truth, given, world, zero_division=0)
    assert "default-class" not in told(world, claims).listed


def test_every_threshold_for_all_labels_as_scikit_learn_counts() -> None:
    world = multilabel(np.random.default_rng(43), n=60)
    world = replace(world, scores=np.round(world.scores, 1))  # ties
    kinds = {"accuracy": {}} | {
        f"{m} {a}": {"average": a, "zero_division": 0}
        for m in ("precision", "recall", "f1")
        for a in ("macro", "micro", "weighted", "samples")
    }
    claims = numbers("multilabel", dict.fromkeys(kinds, (0.5, 3)))
    limits = limits_of(world.scores)
    found = at_limits(claims, world, limits)
    for i, (name, of) in enumerate(kinds.items()):
        score = getattr(metrics, f"{name.split()[0]}_score")
        expected = [score(world.truth, world.scores > t, **of) for t in limits]
        np.testing.assert_allclose(found[i], expected, atol=1e-12, err_msg=name)


def test_another_threshold_for_several_labels() -> None:
    world = multilabel(np.random.default_rng(44))
    given = (world.scores > 0.3).astype(int)
    found = told(world, _report(world.truth, given, world, zero_division=0))
    assert found.named == ["decision-threshold"]
    low, high = found.parameters["threshold"]
    assert low <= 0.3 <= high


def test_of_very_many_thresholds_all_numbers_are_held_against_each() -> None:
    """Six numbers sieve; the run that they leave is wider than the one that prints all."""
    rng = np.random.default_rng(45)
    several = multilabel(rng, n=9_000)
    given = (several.scores > 0.3).astype(int)
    found = told(several, _report(several.truth, given, several, digits=2, zero_division=0))
    assert found.named == ["decision-threshold"]
    two = binary(rng, n=30_000)
    given = (two.scores > 0.31).astype(int)
    # Found, though two digits of so many thresholds are no certainty.
    assert told(two, _report(two.truth, given, two, digits=2)).listed == ["decision-threshold"]


def test_a_number_that_is_off_by_a_unit_may_have_slipped() -> None:
    """What a cause of single numbers meets so may as well be a slip: it is not named."""
    world = multiclass(np.random.default_rng(46))
    accuracy = np.mean(world.truth == world.labels)
    cut = np.floor(accuracy * 1e4) / 1e4
    slipped = cut if round(accuracy, 4) != cut else cut + 1e-4
    found = told(world, numbers("multiclass", {"accuracy": (slipped, 4)}))
    assert found.kinds == ["ambiguous"]
    assert "rounding" in found.listed
