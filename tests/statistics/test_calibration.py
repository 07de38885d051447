"""Calibration statistics against closed forms, other libraries, and simulation."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from reportgen.statistics import calibration as cal
from reportgen.statistics import label_errors, recalibration


def logits(rng, n, k, lean=0.0):
    z = rng.normal(0, 2, (n, k))
    z[:, 0] += lean
    return z - z.max(axis=1, keepdims=True)


def draw(rng, z):
    return (z + rng.gumbel(size=z.shape)).argmax(axis=1)


def event(rng, n, k, lean=0.0, factor=1.0):
    """(p, y) of a model that says ``factor`` times the logits that are true."""
    z = logits(rng, n, k, lean)
    y = draw(rng, z)
    said = np.exp(recalibration.log_softmax(factor * z))
    if k == 2:
        return said[:, 1], y
    top = said.argmax(axis=1)
    return said.max(axis=1), (top == y).astype(int)


def judged(rng, p, y, draws=300, **more):
    bins = cal.bins_of(p, y, cal.mass_bins(p))
    return bins, cal.consistency(p, y, bins, rng, draws=draws, **more)


def test_bins_have_equal_mass_and_keep_equal_values_together():
    rng = np.random.default_rng(0)
    p = rng.random(3000)
    assert set(np.bincount(cal.mass_bins(p))) == {200}
    coarse = np.round(p, 1)
    bins = cal.mass_bins(coarse)
    for value in np.unique(coarse):
        assert len(np.unique(bins[coarse == value])) == 1
    assert np.bincount(cal.mass_bins(p[:50])).min() >= 20
    assert np.array_equal(cal.mass_bins(np.full(100, 0.3)), np.zeros(100))


def test_bins_agree_with_scikit_learn():
    rng = np.random.default_rng(1)
    p, y = event(rng, 3000, 2)
    bins = cal.bins_of(p, y, cal.mass_bins(p))
    observed, forecast = calibration_curve(y, p, n_bins=15, strategy="quantile")
    assert bins.observed == pytest.approx(observed, abs=0.01)
    assert bins.forecast == pytest.approx(forecast, abs=0.01)


def test_corp_is_isotonic_regression_and_adds_up():
    rng = np.random.default_rng(2)
    p, y = event(rng, 500, 2, factor=1.7)
    p = np.round(p, 2)  # ties
    parts = cal.corp(p, y)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(p, y).predict(p)
    best = np.mean((fitted - y) ** 2)
    assert parts.score == pytest.approx(np.mean((p - y) ** 2))
    assert parts.miscalibration == pytest.approx(parts.score - best)
    assert parts.discrimination == pytest.approx(y.var() - best)
    assert parts.uncertainty == pytest.approx(y.var())
    assert parts.score == pytest.approx(
        parts.miscalibration - parts.discrimination + parts.uncertainty
    )
    assert parts.miscalibration >= 0
    assert parts.discrimination >= 0


def test_spiegelhalter_by_hand():
    p, y = np.array([0.9, 0.2, 0.6]), np.array([1, 0, 0])
    top = (1 - 0.9) * (1 - 1.8) + (0 - 0.2) * (1 - 0.4) + (0 - 0.6) * (1 - 1.2)
    below = 0.64 * 0.09 + 0.36 * 0.16 + 0.04 * 0.24
    assert cal.spiegelhalter(p, y) == pytest.approx(top / np.sqrt(below))
    assert np.isnan(cal.spiegelhalter(np.array([0.0, 1.0, 0.5]), np.array([0, 1, 0])))


@pytest.mark.parametrize("n", [50, 200, 1000, 5000])
@pytest.mark.parametrize(("k", "lean"), [(2, 0.0), (2, 4.0), (3, 0.0), (10, 2.0)])
def test_calibrated_models_are_refuted_no_more_often_than_stated(n, k, lean):
    rng = np.random.default_rng([n, k, int(lean)])
    tries = 150 if n < 5000 else 80
    p_values = np.array([judged(rng, *event(rng, n, k, lean))[1].p_value for _ in range(tries)])
    for alpha in (0.05, 0.01):
        # two and a half standard errors above the nominal rate; sixteen such cells are tested
        assert np.mean(p_values < alpha) <= alpha + 2.6 * np.sqrt(alpha * (1 - alpha) / tries)
    assert (p_values > 0.0005).mean() >= 1 - 1.5 / tries


@pytest.mark.parametrize(("n", "factor", "least"), [(1000, 1.5, 0.9), (500, 2.0, 0.95)])
def test_temperatures_are_found(n, factor, least):
    rng = np.random.default_rng(3)
    found = [judged(rng, *event(rng, n, 2, factor=factor))[1].p_value < 0.01 for _ in range(60)]
    assert np.mean(found) >= least


def test_drawing_in_cells_gives_the_same_null_as_drawing_rows():
    rng = np.random.default_rng(4)
    p, y = event(rng, 4000, 2, 2.0)
    by_rows = judged(rng, p, y, draws=2000, cells=4000)[1]
    by_cells = judged(rng, p, y, draws=2000, cells=500)[1]
    assert by_cells.expected == pytest.approx(by_rows.expected, rel=0.03)
    assert by_cells.bound == pytest.approx(by_rows.bound, rel=0.05)


@pytest.mark.parametrize("factor", [1.0, 1.3, 2.0])
@pytest.mark.parametrize("n", [200, 2000])
def test_the_debiased_error_is_unbiased_and_its_interval_covers(n, factor):
    rng = np.random.default_rng([n, int(10 * factor)])
    values, truths, covered = [], [], 0
    for _ in range(400):
        z = rng.normal(0, 2, n)
        p, q = expit(factor * z), expit(z)
        y = (rng.random(n) < q).astype(int)
        bins = cal.bins_of(p, y, cal.mass_bins(p))
        found = cal.squared_error(bins)
        truth = bins.weight @ (np.bincount(bins.of, weights=q - p) / bins.n) ** 2
        values.append(found.value)
        truths.append(truth)
        covered += found.low <= truth <= found.high
    se = np.std(np.subtract(values, truths)) / 20
    assert abs(np.mean(values) - np.mean(truths)) < 3.5 * se
    assert covered / 400 > 0.9
    if factor == 1.0:
        assert min(values) < 0  # never clipped


def test_clusters_widen_the_null():
    rng = np.random.default_rng(5)
    refuted = 0
    for _ in range(80):
        p, y = event(rng, 200, 2)
        at = np.repeat(np.arange(200), 8)
        effect = cal.design_effect((y - p)[at], at)
        assert effect == pytest.approx(8)
        refuted += judged(rng, p[at], y[at], effect=effect)[1].p_value < 0.05
    assert refuted / 80 < 0.11


def test_tails_beyond_the_draws_are_carried_on():
    rng = np.random.default_rng(6)
    null = np.sqrt(rng.chisquare(10, 4000))
    beyond = np.sqrt(40.0)  # p = 1.7e-5
    assert 2e-6 < cal.tail_probability(null, beyond) < 2e-4
    assert cal.tail_probability(null, np.sqrt(18.307)) == pytest.approx(0.05, abs=0.012)


# --- recalibration ------------------------------------------------------------------------------


def test_temperature_and_shift_agree_with_logistic_regression():
    rng = np.random.default_rng(7)
    z = rng.normal(0, 2, 2000)
    y = (rng.random(2000) < expit(0.6 * z + 0.5)).astype(int)
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(z[:, None], y)
    found = recalibration.fit(recalibration.grounded(z), y, shift=True)
    assert 1 / found.temperature == pytest.approx(oracle.coef_[0, 0], rel=1e-3)
    assert found.shift[1] - found.shift[0] == pytest.approx(oracle.intercept_[0], abs=2e-3)


@pytest.mark.parametrize("k", [2, 5])
def test_temperature_and_random_labels_are_told_apart(k):
    rng = np.random.default_rng(8)
    z = 3 * logits(rng, 8000, k)
    y = draw(rng, z)
    flipped = rng.random(8000) < 0.06
    y[flipped] = rng.integers(0, k, flipped.sum())
    found = recalibration.fit(recalibration.grounded(2 * z), y, noise=True)
    assert found.temperature == pytest.approx(2, rel=0.15)
    assert found.noise == pytest.approx(0.06, abs=0.015)


def test_no_random_labels_are_found_where_there_are_none():
    rng = np.random.default_rng(9)
    small = 0
    for _ in range(60):
        z = logits(rng, 800, 3)
        y = draw(rng, z)
        fits = [recalibration.fit(z, y, noise=noise) for noise in (False, True)]
        small += recalibration.likelihood_ratio(*fits, at_bound=True) < 0.05
    assert small / 60 < 0.13


def test_no_row_mends_itself():
    rng = np.random.default_rng(10)
    z = 2 * logits(rng, 1000, 3)
    y = draw(rng, z / 2)
    folds = np.arange(1000) % 5
    used = recalibration.crossed_temperature(z, y, folds)
    for fold in range(5):
        alone = recalibration.useful_temperature(z[folds != fold], y[folds != fold])
        assert used[folds == fold] == pytest.approx(alone)
        assert alone == pytest.approx(2, rel=0.15)


def test_stray_rows_do_not_decide_the_temperature_but_a_useful_one_is_given():
    rng = np.random.default_rng(12)
    z = logits(rng, 4000, 2)
    y = draw(rng, z)
    stray = rng.choice(4000, 20, replace=False)
    said = z.copy()
    said[stray, 1 - y[stray]] = said[stray].max(axis=1) + 12
    robust, plain = recalibration.useful_temperature(said, y), recalibration.fit(said, y)
    assert robust == pytest.approx(1, abs=0.1)
    assert plain.temperature > 1.2
    # Sure of half of the rows and wrong in a fifth of these: noise and sharper outputs explain it
    # best, which alone would cost more than it mends.
    sure = rng.random(4000) < 0.5
    said = np.where(sure[:, None], 4 * z, z)
    y = np.where(sure & (rng.random(4000) < 0.2), 1 - said.argmax(axis=1), y)
    mended = recalibration.useful_temperature(said, y)
    before, after = (
        -recalibration.log_softmax(said / t)[np.arange(4000), y].mean() for t in (1.0, mended)
    )
    assert after < before


# --- confident learning -------------------------------------------------------------------------


def test_confident_learning_by_hand():
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.98, 0.02]])
    y = np.array([0, 0, 1, 1, 1])
    least = label_errors.thresholds(scores, y)
    assert least == pytest.approx([0.85, (0.7 + 0.8 + 0.02) / 3])
    assert label_errors.confident_class(scores, least).tolist() == [0, -1, 1, 1, 0]
    found = label_errors.suspects(scores, y, scores)
    assert found.rows.tolist() == [4]
    assert found.suggested.tolist() == [0]
    # of the sure rows only row 4 has a class below 5 %
    assert found.expected == pytest.approx(0.02)


def test_hard_but_honest_labels_are_not_more_than_expected():
    rng = np.random.default_rng(11)
    excess = []
    for _ in range(40):
        z = logits(rng, 2000, 4)
        p = np.exp(recalibration.log_softmax(z))
        found = label_errors.suspects(p, draw(rng, z), p)
        excess.append(found.excess)
        assert found.p_value > 0.0005
    assert abs(np.mean(excess)) < 3.5 * np.std(excess) / np.sqrt(40)
