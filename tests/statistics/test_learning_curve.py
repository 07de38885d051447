"""Forecasts of learning curves against curves that are known, and models whose truth is."""

import numpy as np
import pytest
from scipy import stats

from reportgen.statistics import influence
from reportgen.statistics.estimates import Design
from reportgen.statistics.learning_curve import FAMILIES, _fitted, forecast, noise, pow3

SIZES = np.array([0.0625, 0.125, 0.25, 0.5, 1.0])


def power(n, a, b, c):
    return a - b * n**-c


def drawn(rng, truth, spread=0.004, seeds=5):
    return truth(SIZES) + spread * rng.normal(size=(seeds, len(SIZES)))


def test_weights_are_those_of_generalised_least_squares():
    """Against the normal equations of each shape, solved one by one."""
    rng = np.random.default_rng(0)
    scores = drawn(rng, lambda n: power(n, 0.9, 0.05, 0.6))
    rows = 0.02 * rng.normal(size=(5, 200)) + 0.01 * rng.normal(size=200)
    rows -= rows.mean(axis=1, keepdims=True)
    errors = noise(scores, rows / 200, Design(200))
    means = scores.mean(axis=0)
    for shapes in FAMILIES:
        slopes, offsets, chance = _fitted(shapes, SIZES, means, errors)
        assert chance.sum() == pytest.approx(1)
        discrepancy = (0.01 * np.ptp(means)) ** 2 + 1e-10
        slope, level = np.polyfit(np.log(SIZES), np.log(errors.seeds), 1)
        seeds = np.exp(level + slope * np.log(SIZES))
        inverse = np.linalg.inv(errors.rows + np.diag(seeds + discrepancy))
        for j in (0, len(shapes) // 2, len(shapes) - 1):
            curve, at = shapes[j]
            design = np.column_stack([np.ones(5), curve(SIZES, *at)])
            a, b = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ means)
            assert slopes[j] @ means == pytest.approx(b, rel=1e-6)
            assert offsets[j] @ means == pytest.approx(a, rel=1e-6)


def test_rows_that_judge_are_correlated_over_sizes_as_their_answers_are():
    rng = np.random.default_rng(1)
    contributions = rng.normal(size=(3, 500))
    contributions[1] += 2 * contributions[0]
    contributions -= contributions.mean(axis=1, keepdims=True)
    found = noise(np.zeros((4, 3)), contributions, Design(500)).rows
    assert found == pytest.approx(np.cov(contributions) * 500, rel=1e-6)


@pytest.mark.parametrize(("a", "b", "c"), [(0.95, 0.05, 0.5), (0.9, 0.02, 0.9), (0.8, 0.10, 0.3)])
def test_what_is_told_of_twice_the_rows_covers(a, b, c):
    told, held = 0, 0
    truth = float(power(2.0, a, b, c) - power(1.0, a, b, c))
    for seed in range(200):
        rng = np.random.default_rng(seed)
        found = forecast(SIZES, drawn(rng, lambda n: power(n, a, b, c)), 2.0, highest=1.0)
        told += found.covers
        held += found.covers and found.gain.holds(truth)
    assert told >= 180
    assert held >= 0.92 * told


#: A line through ten columns by least squares, on which accuracy or R² is scored: n rows, judged.
LINES = {"classes": (400, 150), "values": (300, 142), "values, many rows": (1200, 500)}


def line(kind, rng, n, signal=1.0):
    X = rng.normal(size=(n, 10))
    y = signal * X[:, 0] + 1.2 * rng.normal(size=n)
    return X, (np.sign(y) if kind == "classes" else y)


def scored(kind, w, X, y):
    given = X @ w
    right = np.sign(given) == y
    return influence.mean(right) if kind == "classes" else influence.r2(y, given)


def forecast_of(kind, seed, signal=1.0):
    """A forecast from one training set and one judged split."""
    rng = np.random.default_rng([seed, len(kind)])
    n, judged = LINES[kind]
    X, y = line(kind, rng, n, signal)
    test = line(kind, rng, judged, signal)
    scores, rows = [], []
    for size in SIZES:
        members = []
        for _ in range(5):
            own = rng.permutation(n)[: round(size * n)]
            w = np.linalg.lstsq(X[own], y[own], rcond=None)[0]
            members.append(scored(kind, w, *test))
        scores.append([m.value for m in members])
        rows.append(np.mean([m.rows for m in members], axis=0))
    return forecast(
        SIZES, np.array(scores).T, 2.0, contributions=np.array(rows), design=Design(judged),
        highest=1.0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def truths():
    """Mean gain of twice the rows, over many training sets, on 20,000 judged rows."""
    found = {}
    rng = np.random.default_rng(99)
    for kind, (n, _) in LINES.items():
        test = line(kind, rng, 20_000)
        gains = []
        for _ in range(80):
            X, y = line(kind, rng, 2 * n)
            fits = [np.linalg.lstsq(X[:m], y[:m], rcond=None)[0] for m in (n, 2 * n)]
            gains.append(scored(kind, fits[1], *test).value - scored(kind, fits[0], *test).value)
        found[kind] = float(np.mean(gains))
    return found


@pytest.mark.parametrize("kind", list(LINES))
def test_the_interval_of_the_gain_covers_what_many_training_sets_give(kind, truths):
    held = told = 0
    for seed in range(100):
        found = forecast_of(kind, seed)
        told += found.covers
        held += found.covers and found.gain.low <= truths[kind] <= found.gain.high
    assert told >= 85
    assert stats.binom.sf(told - held - 1, told, 0.05) > 0.001, f"{held} of {told}"


@pytest.mark.parametrize("kind", list(LINES))
def test_labels_that_are_noise_promise_nothing_of_more_rows(kind):
    """Ten columns that tell nothing: accuracy stays at a half; R² rises to 0 and by under 0.02."""
    promised = 0
    for seed in range(100):
        found = forecast_of(kind, 1000 + seed, signal=0.0)
        promised += found.covers and found.gain.low >= 0.01 and found.gain.value >= 0.02
    # Values: least squares on 300 rows has R² of -0.033, on 600 of -0.017.
    assert promised <= 4


def test_a_flat_curve_promises_nothing():
    promised = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        scores = 0.8 + 0.01 * rng.normal(size=(5, len(SIZES)))
        found = forecast(SIZES, scores, 2.0, highest=1.0)
        promised += found.covers and found.gain.low > 0
    assert stats.binom.sf(promised - 1, 200, 0.025) > 0.001


def test_a_curve_that_turns_is_not_forecast_from_its_first_half():
    rng = np.random.default_rng(0)
    scores = np.array([0.60, 0.70, 0.78, 0.84, 0.70]) + 0.002 * rng.normal(size=(5, 5))
    assert not forecast(SIZES, scores, 2.0).covers


def test_too_few_sizes_or_seeds_tell_nothing():
    assert forecast(np.array([0.25, 0.5, 1.0]), np.ones((5, 3)), 2.0) is None
    assert forecast(SIZES, np.ones((2, 5)), 2.0) is None


def test_no_score_above_the_highest_is_forecast():
    rng = np.random.default_rng(1)
    scores = np.array([0.7, 0.8, 0.9, 0.97, 0.99]) + 0.001 * rng.normal(size=(5, 5))
    found = forecast(SIZES, scores, 8.0, highest=1.0)
    assert found.value.high <= 1.0


def test_families_rise_and_flatten():
    n = np.linspace(0.05, 4, 50)
    for shapes in FAMILIES:
        for curve, at in shapes:
            assert (np.diff(curve(n, *at)) > 0).all()
            beyond = np.diff(curve(np.linspace(1, 4, 30), *at))
            assert (np.diff(beyond) < 1e-12).all()
    assert float(pow3(np.array([2.0]), 1.0)[0]) == -0.5
