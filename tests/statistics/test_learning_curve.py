"""Forecasts of learning curves against curves that are known."""

import numpy as np
import pytest

from reportgen.statistics.learning_curve import FAMILIES, forecast, pow3

SIZES = np.array([0.0625, 0.125, 0.25, 0.5, 1.0])


def drawn(rng, truth, noise=0.004, seeds=5):
    return truth(SIZES) + noise * rng.normal(size=(seeds, len(SIZES)))


def test_a_family_fits_its_own_curve():
    truth = pow3(SIZES, 0.9, 0.05, 0.6)
    fit = FAMILIES[0].fitted(SIZES, truth)
    assert fit.at(2.0) == pytest.approx(float(pow3(np.array([2.0]), 0.9, 0.05, 0.6)[0]), abs=2e-3)


@pytest.mark.parametrize(("a", "b", "c"), [(0.95, 0.05, 0.5), (0.9, 0.02, 0.9), (0.8, 0.10, 0.3)])
def test_what_is_told_of_twice_the_rows_covers(a, b, c):
    """Of forecasts that passed their own test, nine in ten hold the truth, or are off by little."""
    told, held = 0, 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        found = forecast(SIZES, drawn(rng, lambda n: pow3(n, a, b, c)), 2.0, rng, highest=1.0)
        if not found.covers:
            continue
        told += 1
        truth = float(pow3(np.array([2.0]), a, b, c)[0])
        held += found.value.low - 0.003 <= truth <= found.value.high + 0.003
    assert told >= 6
    assert held >= 0.8 * told


def test_a_flat_curve_promises_nothing():
    promised = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        scores = 0.8 + 0.01 * rng.normal(size=(5, len(SIZES)))
        found = forecast(SIZES, scores, 2.0, rng, highest=1.0)
        gain = found.value.value - scores[:, -1].mean()
        whole = found.value.low - scores[:, -1].mean() > 0
        promised += found.covers and whole and gain >= 0.02
    assert promised <= 1


def test_a_curve_that_turns_is_not_forecast_from_its_first_half():
    rng = np.random.default_rng(0)
    scores = np.array([0.60, 0.70, 0.78, 0.84, 0.70]) + 0.002 * rng.normal(size=(5, 5))
    assert not forecast(SIZES, scores, 2.0, rng).covers


def test_too_few_sizes_or_seeds_tell_nothing():
    rng = np.random.default_rng(0)
    assert forecast(np.array([0.25, 0.5, 1.0]), np.ones((5, 3)), 2.0, rng) is None
    assert forecast(SIZES, np.ones((2, 5)), 2.0, rng) is None


def test_no_score_above_the_highest_is_forecast():
    rng = np.random.default_rng(1)
    scores = np.array([0.7, 0.8, 0.9, 0.97, 0.99]) + 0.001 * rng.normal(size=(5, 5))
    found = forecast(SIZES, scores, 8.0, rng, highest=1.0)
    assert found.value.high <= 1.0
