"""Every score equals scikit-learn's, with and without weights."""

import numpy as np
import pytest
from sklearn import metrics as reference

from reportgen.statistics import classification, losses, ranking, regression

RNG = np.random.default_rng(0)
N = 300


@pytest.fixture(params=[False, True], ids=["counts", "weights"])
def weight(request):
    return np.random.default_rng(1).random(N) if request.param else None


@pytest.mark.parametrize("k", [2, 3, 7])
def test_scores_of_labels(k, weight):
    rng = np.random.default_rng(k)
    y, given = rng.integers(0, k, N), rng.integers(0, k, N)
    options = {"sample_weight": weight}
    assert classification.accuracy(y, given, weight) == pytest.approx(
        reference.accuracy_score(y, given, **options)
    )
    assert classification.balanced_accuracy(y, given, k, weight) == pytest.approx(
        reference.balanced_accuracy_score(y, given, **options)
    )
    assert classification.mcc(y, given, k, weight) == pytest.approx(
        reference.matthews_corrcoef(y, given, **options)
    )
    np.testing.assert_allclose(
        classification.confusion_matrix(y, given, k, weight),
        reference.confusion_matrix(y, given, **options),
    )
    for average in ("macro", "micro", "weighted", None):
        expected = reference.precision_recall_fscore_support(y, given, average=average, **options)
        found = classification.precision_recall_f1(y, given, k, average, sample_weight=weight)
        for ours, theirs in zip(found[:3], expected[:3], strict=True):
            np.testing.assert_allclose(ours, theirs)


def test_binary_average_is_of_the_positive_class(weight):
    rng = np.random.default_rng(3)
    y, given = rng.integers(0, 2, N), rng.integers(0, 2, N)
    for positive in (0, 1):
        expected = reference.precision_recall_fscore_support(
            y, given, average="binary", pos_label=positive, sample_weight=weight
        )
        found = classification.precision_recall_f1(
            y, given, 2, "binary", positive=positive, sample_weight=weight
        )
        np.testing.assert_allclose(found[:3], expected[:3])


@pytest.mark.parametrize("average", ["macro", "micro", "weighted", "samples", None])
def test_scores_of_label_sets(average, weight):
    rng = np.random.default_rng(4)
    y, given = rng.integers(0, 2, (N, 4)), rng.integers(0, 2, (N, 4))
    given[:3], y[:3] = 0, [0, 1, 1, 1]
    expected = reference.precision_recall_fscore_support(
        y, given, average=average, sample_weight=weight, zero_division=0
    )
    found = classification.precision_recall_f1(y, given, 4, average, sample_weight=weight)
    for ours, theirs in zip(found[:3], expected[:3], strict=True):
        np.testing.assert_allclose(ours, theirs)
    assert classification.accuracy(y, given, weight) == pytest.approx(
        reference.accuracy_score(y, given, sample_weight=weight)
    )


def test_a_label_that_is_no_class_is_wrong():
    y, given = np.array([0, 0, 1, 1]), np.array([0, -1, 2, 1])
    cells = classification.confusion_matrix(y, given, 2)
    assert cells.shape == (3, 3)
    assert classification.accuracy(y, given) == 0.5
    assert classification.balanced_accuracy(y, given, 2) == 0.5
    assert len(classification.per_class(y, given, 2).recall) == 2


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_with_ties(k, weight):
    rng = np.random.default_rng(5)
    y, scores = rng.integers(0, 4, N), rng.random((N, 4)).round(1)
    assert classification.top_k_accuracy(y, scores, k, weight) == pytest.approx(
        reference.top_k_accuracy_score(y, scores, k=k, sample_weight=weight)
    )


@pytest.mark.parametrize("digits", [1, 6], ids=["ties", "no ties"])
def test_scores_of_an_order(digits, weight):
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, N)
    scores = (rng.random(N) + y / 3).round(digits)
    assert ranking.roc_auc(y, scores, weight) == pytest.approx(
        reference.roc_auc_score(y, scores, sample_weight=weight)
    )
    assert ranking.average_precision(y, scores, weight) == pytest.approx(
        reference.average_precision_score(y, scores, sample_weight=weight)
    )
    fpr, tpr, _ = reference.roc_curve(y, scores, sample_weight=weight, drop_intermediate=False)
    ours = ranking.roc_curve(y, scores, weight)
    np.testing.assert_allclose(ours.fpr, fpr, atol=1e-12)
    np.testing.assert_allclose(ours.tpr, tpr, atol=1e-12)
    precision, recall, _ = reference.precision_recall_curve(y, scores, sample_weight=weight)
    found = ranking.pr_curve(y, scores, weight)
    np.testing.assert_allclose(found.precision, precision[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(found.recall, recall[:-1][::-1], atol=1e-12)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_auc_of_many_classes(average):
    rng = np.random.default_rng(7)
    y, scores = rng.integers(0, 4, N), rng.dirichlet(np.ones(4), N)
    assert ranking.roc_auc_ovr(y, scores, average) == pytest.approx(
        reference.roc_auc_score(y, scores, multi_class="ovr", average=average)
    )


def test_no_auc_without_both_classes():
    assert np.isnan(ranking.roc_auc(np.ones(5, bool), np.arange(5.0)))
    assert np.isnan(ranking.average_precision(np.zeros(5, bool), np.arange(5.0)))


def test_losses(weight):
    rng = np.random.default_rng(8)
    y, p = rng.integers(0, 2, N), rng.random(N)
    p[:2] = 0, 1
    codes, scores = rng.integers(0, 5, N), rng.dirichlet(np.ones(5), N)
    for truth, given in ((y, p), (codes, scores)):
        assert losses.log_loss(truth, given, weight) == pytest.approx(
            reference.log_loss(truth, given, sample_weight=weight)
        )
        assert losses.brier(truth, given, weight) == pytest.approx(
            reference.brier_score_loss(truth, given, sample_weight=weight)
        )


@pytest.mark.parametrize("shape", [(N,), (N, 3)], ids=["one target", "three"])
def test_errors_of_numbers(shape, weight):
    rng = np.random.default_rng(9)
    y = rng.normal(size=shape)
    given = y + rng.normal(size=shape)
    for ours, theirs in (
        (regression.mse, reference.mean_squared_error),
        (regression.rmse, reference.root_mean_squared_error),
        (regression.mae, reference.mean_absolute_error),
        (regression.r2, reference.r2_score),
        (regression.median_absolute_error, reference.median_absolute_error),
    ):
        assert ours(y, given, weight) == pytest.approx(theirs(y, given, sample_weight=weight))


def test_r2_of_a_constant_target():
    y = np.ones(4)
    assert regression.r2(y, y) == reference.r2_score(y, y) == 1
    assert regression.r2(y, y + 1) == reference.r2_score(y, y + 1) == 0
    assert np.isnan(regression.r2(y[:1], y[:1]))
