"""Mistakes in rows, batches, weights, losses and epochs, made with loops and scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import classification_report
from sklearn.utils.class_weight import compute_sample_weight

from reportgen.job.history import of_columns
from reportgen.job.schema import EarlyStopping
from reportgen.reconciliation.batch_numbers import per_batch
from tests.reconciliation.told import (
    binary,
    evidence,
    multiclass,
    numbers,
    regression,
    report,
    told,
    with_loss,
)


def _report(truth, labels, world, digits=3):
    return report(
        classification_report(truth, labels, target_names=world.classes, digits=digits), world
    )


def _loss(world, rows=slice(None), weights=None):
    return metrics.log_loss(
        world.truth[rows],
        np.clip(world.table[rows], 1e-7, 1 - 1e-7),
        labels=range(world.k),
        sample_weight=weights,
    )


def _batches(n: int, size: int):
    return [slice(i, min(i + size, n)) for i in range(0, n, size)]


def test_a_loop_over_batches() -> None:
    world = with_loss(multiclass(np.random.default_rng(1), n=1367))
    values = {
        "loss": (np.mean([_loss(world, b) for b in _batches(world.n, 64)]), 5),
        "accuracy": (
            np.mean([np.mean((world.truth == world.labels)[b]) for b in _batches(world.n, 64)]),
            5,
        ),
    }
    found = told(world, numbers("multiclass", values))
    assert found.named == ["batch-mean"]
    sizes = np.atleast_1d(found.parameters["batch_size"])
    assert 64 in sizes


def test_precision_and_areas_of_batches() -> None:
    world = binary(np.random.default_rng(2), n=1130)
    parts = _batches(world.n, 128)
    values = {
        "precision": (
            np.mean([metrics.precision_score(world.truth[b], world.labels[b]) for b in parts]),
            5,
        ),
        "roc_auc": (
            np.mean([metrics.roc_auc_score(world.truth[b], world.scores[b]) for b in parts]),
            5,
        ),
    }
    assert told(world, numbers("binary", values)).named == ["batch-mean"]


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "f1", "mcc"])
def test_numbers_of_every_batch_are_those_of_a_loop(metric: str) -> None:
    world = binary(np.random.default_rng(3), n=500)
    world = replace(world, scores=np.round(world.scores, 2))  # ties
    (claim,) = numbers("binary", {metric: (0.5, 3)})
    ways = {
        "roc_auc": lambda b: metrics.roc_auc_score(world.truth[b], world.scores[b]),
        "average_precision": lambda b: metrics.average_precision_score(
            world.truth[b], world.scores[b]
        ),
        "f1": lambda b: metrics.f1_score(world.truth[b], world.labels[b]),
        "mcc": lambda b: metrics.matthews_corrcoef(world.truth[b], world.labels[b]),
    }
    expected = [ways[metric](b) for b in _batches(world.n, 33)]
    np.testing.assert_allclose(per_batch(claim, world, 33), expected, atol=1e-12)


def test_only_the_loss_is_a_mean_of_batches() -> None:
    world = with_loss(multiclass(np.random.default_rng(4), n=1367))
    values = {
        "loss": (np.mean([_loss(world, b) for b in _batches(world.n, 32)]), 7),
        "accuracy": (np.mean(world.truth == world.labels), 5),
    }
    found = told(evidence(world, batch_size=32), numbers("multiclass", values))
    assert found.named == ["loss-only-batch-mean"]


def test_running_values_of_batches() -> None:
    world = with_loss(multiclass(np.random.default_rng(5), n=1367))
    ends = [b.stop for b in _batches(world.n, 32)]
    values = {
        "loss": (np.mean([_loss(world, slice(0, e)) for e in ends]), 6),
        "accuracy": (np.mean([np.mean((world.truth == world.labels)[:e]) for e in ends]), 6),
    }
    assert told(world, numbers("multiclass", values)).named == ["cumulative-on-batch"]


def test_a_report_is_averaged_whole_or_not_at_all() -> None:
    """Two numbers of a report that some odd batch size gives, beside others that it does not."""
    world = multiclass(np.random.default_rng(4), n=1367)
    of = {"labels": range(world.k), "average": None, "zero_division": 0}
    recalls = [
        metrics.recall_score(world.truth[b], world.labels[b], **of) for b in _batches(world.n, 47)
    ]
    text = classification_report(
        world.truth, world.labels, target_names=world.classes, digits=3
    ).splitlines()
    row = next(i for i, line in enumerate(text) if line.split()[:1] == [world.classes[1]])
    name, precision, recall, f1, support = text[row].split()
    mean = f"{np.mean(recalls, axis=0)[1]:.3f}"
    assert mean != recall
    text[row] = f"{name:>12} {precision:>10} {mean:>10} {f1:>10} {support:>10}"
    assert "batch-mean" not in told(world, report("\n".join(text), world)).named


def test_the_last_rows_dropped() -> None:
    world = multiclass(np.random.default_rng(6), n=1367)
    kept = slice(0, world.n // 32 * 32)
    claims = _report(world.truth[kept], world.labels[kept], world)
    found = told(evidence(world, batch_size=32), claims)
    assert found.named == ["dropped-remainder"]
    assert found.parameters["rows"] == 1344


def test_a_few_steps_of_no_usual_size() -> None:
    world = multiclass(np.random.default_rng(7), n=1367)
    kept = slice(0, 37 * 29)
    found = told(world, _report(world.truth[kept], world.labels[kept], world))
    assert found.named == ["dropped-remainder"]
    assert found.parameters["rows"] == 37 * 29


def test_even_shards_lose_rows() -> None:
    world = multiclass(np.random.default_rng(8), n=1357)
    kept = slice(0, world.n // 6 * 6)
    found = told(world, _report(world.truth[kept], world.labels[kept], world))
    assert {"replica-remainder", "dropped-remainder"} & set(found.listed)


def test_the_last_batch_alone() -> None:
    world = multiclass(np.random.default_rng(9), n=1367)
    last = slice(world.n // 128 * 128, None)
    found = told(world, _report(world.truth[last], world.labels[last], world))
    assert found.named == ["last-batch-only"]


def test_workers_that_replay_the_stream() -> None:
    world = with_loss(multiclass(np.random.default_rng(10), n=1200))
    rows = np.repeat(np.arange(world.n // 4), 4)
    values = {"accuracy": (np.mean((world.truth == world.labels)[rows]), 6),
              "loss": (_loss(world, rows), 6)}  # fmt: skip
    # Means are those of the first rows alone; only supports tell that these came again.
    found = told(world, numbers("multiclass", values))
    assert set(found.listed) == {"rows-duplicated", "dropped-remainder"}
    claims = _report(world.truth[rows], world.labels[rows], world)
    assert told(world, claims).named == ["rows-duplicated"]


def test_a_last_batch_filled_from_the_start() -> None:
    world = multiclass(np.random.default_rng(11), n=1367)
    rows = np.r_[np.arange(world.n), np.arange(-world.n % 64)]
    found = told(world, _report(world.truth[rows], world.labels[rows], world))
    assert found.named == ["rows-duplicated"]


def test_a_shuffling_loader() -> None:
    rng = np.random.default_rng(12)
    world = multiclass(rng, n=3000)
    order = rng.permutation(world.n)
    found = told(world, _report(world.truth[order], world.labels, world))
    assert found.named == ["shuffled-alignment"]
    (answer,) = found.verdict.answers
    assert answer.explanations[0].candidates[0][0].ranges is not None


def test_a_generator_that_was_not_rewound() -> None:
    world = with_loss(multiclass(np.random.default_rng(13), n=1367))
    moved = np.roll(world.labels, 64), np.roll(world.table, 64, axis=0)
    claims = _report(world.truth, moved[0], world, digits=4)
    loss = metrics.log_loss(world.truth, np.clip(moved[1], 1e-7, 1))
    claims += numbers("multiclass", {"loss": (loss, 5)})
    found = told(world, claims)
    assert found.named == ["prediction-offset"]
    assert found.parameters["lag"] == 64


@pytest.mark.parametrize("lag", [1, 17, 400])
def test_every_lag_of_the_transform_is_that_of_a_loop(lag: int) -> None:
    from reportgen.reconciliation.causes.offsets import _by_lag

    world = multiclass(np.random.default_rng(14), n=401)
    expected = [
        np.sum((world.truth == k) & (np.roll(world.labels, lag) == k)) for k in range(world.k)
    ]
    np.testing.assert_array_equal(_by_lag(world).hits[lag - 1], expected)


def test_two_shapes_that_broadcast() -> None:
    world = with_loss(binary(np.random.default_rng(15), n=5000))
    accuracy = np.mean(world.labels[:, None] == world.truth)
    values = {"accuracy": (accuracy, 6), "loss": (_loss(world), 5)}
    assert told(world, numbers("binary", values)).named == ["broadcast-shape"]
    world = regression(np.random.default_rng(15))
    apart = world.values[:, None] - world.truth
    values = {"mse": (np.mean(apart**2), 3), "mae": (np.mean(np.abs(apart)), 4)}
    assert told(world, numbers("regression", values)).named == ["broadcast-shape"]


def test_weighted_rows() -> None:
    rng = np.random.default_rng(16)
    world = replace(with_loss(binary(rng)), weights=rng.lognormal(0, 1, 1200))
    w = world.weights
    values = {
        "accuracy": (metrics.accuracy_score(world.truth, world.labels, sample_weight=w), 4),
        "f1": (metrics.f1_score(world.truth, world.labels, sample_weight=w), 4),
    }
    assert told(world, numbers("binary", values)).named == ["sample-weighted"]
    loss = _loss(world, weights=w) * w.mean()
    values = {"accuracy": (np.mean(world.truth == world.labels), 4), "loss": (loss, 6)}
    found = told(world, numbers("binary", values))
    assert found.named == ["weights-reach-loss-only"]
    assert found.parameters["divided_by"] == "n"


def test_balanced_classes_in_the_loss() -> None:
    world = with_loss(multiclass(np.random.default_rng(17)))
    w = compute_sample_weight("balanced", world.truth)
    values = {
        "loss": (_loss(world, weights=w), 6),
        "accuracy": (metrics.accuracy_score(world.truth, world.labels, sample_weight=w), 6),
    }
    assert told(world, numbers("multiclass", values)).named == ["class-weighted"]


def test_softmax_twice_and_other_clips() -> None:
    world = with_loss(multiclass(np.random.default_rng(18)))
    twice = np.exp(world.scores)
    twice /= twice.sum(axis=1, keepdims=True)
    values = {"log_loss": (metrics.log_loss(world.truth, twice), 6)}
    assert told(world, numbers("multiclass", values)).named == ["from-logits"]
    sharp = np.where(world.scores == world.scores.max(axis=1, keepdims=True), 1.0, 0.0)
    world = replace(world, scores=sharp)
    wrong = np.mean(world.truth != sharp.argmax(axis=1))
    values = {"log_loss": (-wrong * np.log(1e-7) - (1 - wrong) * np.log(1 - 1e-7), 4)}
    assert "loss-clipping" in told(world, numbers("multiclass", values)).listed


def test_penalties_in_the_loss() -> None:
    world = replace(with_loss(multiclass(np.random.default_rng(19))), penalty=lambda: 0.0731)
    values = {
        "log_loss": (metrics.log_loss(world.truth, world.scores) + 0.0731, 6),
        "accuracy": (np.mean(world.truth == world.labels), 4),
    }
    assert told(world, numbers("multiclass", values)).named == ["penalty-in-loss"]


def _history(world, best=0.51, last=0.55):
    accuracy = float(np.mean(world.truth == world.labels))
    loss = float(_loss(world))
    return of_columns(
        {
            "val_accuracy": [0.7123, 0.8011, accuracy],
            "val_loss": [0.91, loss - 0.02, loss],
            "accuracy": [0.61, 0.83, 0.9312],
        }
    )


def test_the_best_epoch_told_of_the_last_model() -> None:
    world = with_loss(multiclass(np.random.default_rng(20)))
    loss = _loss(world) - 0.02
    values = {"accuracy": (0.8011, 4), "loss": (loss, 6)}
    claims = numbers("multiclass", values, split="validation")
    at_hand = evidence({"validation": world}, history=_history(world))
    found = told(at_hand, claims)
    assert found.named == ["other-epoch"]
    assert found.parameters["epoch"] == 2
    stopping = EarlyStopping(monitor="val_loss", patience=5, restore_best=True)
    found = told(replace(at_hand, stopping=stopping, _kept={}), claims)
    assert found.named == ["restore-best-not-triggered"]


def test_train_numbers_of_fit() -> None:
    world = with_loss(multiclass(np.random.default_rng(21)))
    at_hand = evidence({"train": world}, history=_history(world))
    claims = numbers("multiclass", {"accuracy": (0.9312, 4)}, split="train")
    found = told(at_hand, claims)
    assert "running-epoch-mean" in found.listed


def test_train_and_validation_together() -> None:
    rng = np.random.default_rng(22)
    splits = {name: multiclass(rng, n) for name, n in (("train", 900), ("validation", 310))}
    splits["test"] = multiclass(rng, 400)
    truth = np.r_[splits["train"].truth, splits["validation"].truth]
    labels = np.r_[splits["train"].labels, splits["validation"].labels]
    found = told(splits, _report(truth, labels, splits["test"]))
    assert found.named == ["other-split"]
    assert found.parameters["split"] == "train + validation"


def test_every_batch_comes_from_each_worker() -> None:
    """As many batches as there are, each of the first ones twice, the one in the middle once."""
    world = multiclass(np.random.default_rng(31), n=32 * 22 + 20)
    stream = [b for b in _batches(world.n, 32) for _ in range(2)][: len(_batches(world.n, 32))]
    rows = np.concatenate([np.arange(b.start, b.stop) for b in stream])
    assert np.bincount(rows).min() == 1
    found = told(world, _report(world.truth[rows], world.labels[rows], world))
    assert found.named == ["rows-duplicated"]
    assert (found.parameters["workers"], found.parameters["batch_size"]) == (2, 32)


def test_the_first_batches_are_the_first_rows() -> None:
    world = with_loss(multiclass(np.random.default_rng(32), n=1367))
    for end in (64, 256, 640):
        kept = slice(0, end)
        values = {
            "loss": (_loss(world, kept), 6),
            "accuracy": (np.mean((world.truth == world.labels)[kept]), 5),
        }
        found = told(world, numbers("multiclass", values))
        assert set(found.listed) == {"dropped-remainder"}, end


def test_a_loss_of_batches_beside_an_accuracy_that_is_the_same_either_way() -> None:
    world = with_loss(multiclass(np.random.default_rng(4), n=1367))
    parts = _batches(world.n, 32)
    right = world.truth == world.labels
    by_batch = np.mean([right[b].mean() for b in parts])
    assert round(by_batch, 2) == round(right.mean(), 2)
    values = {
        "loss": (np.mean([_loss(world, b) for b in parts]), 7),
        "accuracy": (by_batch, 2),
    }
    found = told(evidence(world, batch_size=32), numbers("multiclass", values))
    assert set(found.listed) == {"batch-mean", "loss-only-batch-mean"}
