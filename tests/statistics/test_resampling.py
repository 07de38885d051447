"""The bootstrap by weights, corrections, power, thinned curves, and speed."""

import time

import numpy as np
import pytest
from scipy import stats

from reportgen.statistics import (
    bootstrap,
    corrections,
    curves,
    estimates,
    influence,
    power,
    ranking,
)
from reportgen.statistics.estimates import Design


def test_bootstrap_of_a_mean_is_the_textbook_interval():
    rng = np.random.default_rng(0)
    values = rng.normal(size=300)
    found = bootstrap.bootstrap(
        lambda w: float(np.average(values, weights=w)), 300, rng,
        contributions=influence.mean(values).rows,
    )  # fmt: skip
    half = 1.96 * values.std() / np.sqrt(300)
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.02
    )


def test_bootstrap_draws_whole_clusters():
    rng = np.random.default_rng(1)
    codes = np.array([0, 0, 1, 2, 2, 2])
    for weights in bootstrap.resamples(6, rng, times=20, codes=codes):
        assert weights[0] == weights[1]
        assert weights[3] == weights[4] == weights[5]


def test_corrections_equal_scipy_and_brute_force():
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.5])
    np.testing.assert_allclose(corrections.benjamini_hochberg(p), stats.false_discovery_control(p))
    np.testing.assert_allclose(corrections.holm(p), [0.04, 0.09, 0.09, 0.025, 0.5])
    assert len(corrections.holm([])) == 0
    assert len(corrections.benjamini_hochberg([])) == 0


def test_an_effect_of_the_stated_size_is_found_in_80_per_cent():
    rng = np.random.default_rng(2)
    effect = power.smallest_effect(1 / np.sqrt(50), 49)
    found = 0
    for _ in range(1500):
        drawn = rng.normal(effect, 1, 50)
        found += stats.ttest_1samp(drawn, 0).pvalue < 0.05
    assert found / 1500 == pytest.approx(0.80, abs=0.035)


def test_thinned_curves_stay_within_the_tolerance():
    rng = np.random.default_rng(3)
    y = rng.random(50_000) < 0.3
    roc = ranking.roc_curve(y, rng.normal(size=50_000) + y)
    x, thinned = curves.thin(roc.fpr, roc.tpr)
    assert len(x) <= 1000
    last = np.r_[roc.fpr[1:] > roc.fpr[:-1], True]  # the upper end of an upright step
    assert np.abs(np.interp(roc.fpr, x, thinned) - roc.tpr)[last].max() <= 0.001
    assert (x[0], x[-1]) == (roc.fpr[0], roc.fpr[-1])


def test_thinning_noise_still_fits():
    rng = np.random.default_rng(4)
    x, y = curves.thin(np.arange(5000.0), rng.random(5000))
    assert len(x) == len(y) <= 1000
    assert len(curves.thin(np.zeros(0), np.zeros(0))[0]) == 0


def test_a_million_rows_take_seconds():
    rng = np.random.default_rng(5)
    n = 1_000_000
    y = (rng.random(n) < 0.3).astype(np.int64)
    scores = rng.normal(size=n) + y
    given = (scores > 0.5).astype(np.int64)
    design = Design(n)
    start = time.process_time()
    estimates.balanced_accuracy(y, given, 2, design)
    estimates.mcc(y, given, 2, design)
    estimates.f1(y, given, 1, design)
    estimates.roc_auc(y, scores, design)
    estimates.average_precision(y, scores, design)
    estimates.of_quantile(scores, 0.5, design, rng)
    assert time.process_time() - start < 10
