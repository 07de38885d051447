"""Prediction bounds from N draws: known values, and simulated error rates and power."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from reportgen.statistics import future_draws


def sample(seed, n, runs):
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 0.2, size=(runs, n))
    return rng, x.mean(axis=1), x.std(axis=1, ddof=1)


def best(rng, of, runs):
    """The best of many normal draws, drawn at once."""
    return 3.0 + 0.2 * ndtri(rng.uniform(size=runs) ** (1 / of))


def test_the_bound_is_student_s():
    assert future_draws.one_more(10, 0.975) == pytest.approx(2.262157 * np.sqrt(1.1), abs=1e-5)
    assert future_draws.one_more(1) == np.inf


@pytest.mark.parametrize("n", [3, 10, 30])
@pytest.mark.parametrize("level", [0.99, 0.999])
def test_one_more_draw_passes_the_bound_as_seldom_as_stated(n, level):
    runs = 100_000
    rng, mean, sd = sample(n, n, runs)
    above = np.mean(rng.normal(3.0, 0.2, runs) > mean + future_draws.one_more(n, level) * sd)
    assert stats.binomtest(int(above * runs), runs, 1 - level).pvalue > 1e-3
    assert future_draws.best_above(future_draws.one_more(n, level), n) == pytest.approx(
        1 - level, rel=0.05
    )


@pytest.mark.parametrize(("n", "of"), [(10, 10), (10, 1000), (22, 100), (99, 1000)])
def test_power_against_the_best_of_many_seeds(n, of):
    runs = 40_000
    rng, mean, sd = sample(n + of, n, runs)
    seen = np.mean(best(rng, of, runs) > mean + future_draws.one_more(n) * sd)
    stated = future_draws.procedure(n).power_of_best((of,))[0]
    assert seen == pytest.approx(stated, abs=4 * np.sqrt(stated * (1 - stated) / runs) + 1e-3)


def test_the_power_grows_with_seeds_and_members():
    sizes = (1, 10, 100, 1000)
    few, many = (future_draws.procedure(n).power_of_best(sizes) for n in (10, 99))
    assert (np.diff(few) > 0).all()
    assert (many > few - 1e-4).all()
    assert few[0] == pytest.approx(0.01, abs=1e-4)


@pytest.mark.parametrize("n", [10, 99])
def test_the_best_of_a_thousand_stays_below_its_reach(n):
    runs = 40_000
    rng, mean, sd = sample(7 * n, n, runs)
    bound = future_draws.best_bound(n)
    above = np.mean(best(rng, 1000, runs) > mean + bound * sd)
    assert above == pytest.approx(0.05, abs=0.005)


def test_ten_members_allow_a_thousand_seeds_5_6_deviations():
    assert future_draws.best_bound(10) == pytest.approx(5.6, abs=0.05)


def test_the_smallest_selection_that_is_found():
    way = future_draws.procedure(22)
    size = way.smallest_best_of()
    chance = way.power_of_best((size - 1, size))
    assert chance[0] < 0.8 <= chance[1]
    assert future_draws.procedure(3).smallest_best_of() is None
    assert future_draws.procedure(1).smallest_lead() == np.inf


@pytest.mark.parametrize("shift", [0.0, 3.5])
@pytest.mark.parametrize("of", [1, 100])
def test_two_looks_call_out_as_often_as_stated(of, shift):
    """Ten members, grown to 60 where the eleventh model is suspect; the looks share members."""
    runs, first, grown = 20_000, 10, 60
    rng = np.random.default_rng(of)
    found = 0
    for _ in range(20):
        x = rng.normal(3.0, 0.2, size=(runs // 20, grown))
        given = best(rng, of, runs // 20) + 0.2 * shift
        suspect = given > bound(x[:, :first], 0.95)
        found += np.sum(suspect & (given > bound(x, 0.99)))
    way = future_draws.procedure(first, grown=grown)
    if shift:
        shifted = future_draws.Procedure(way.edges - shift, way.weights)
        stated = shifted.power_of_best((of,))[0]
    else:
        stated = way.power_of_best((of,))[0]
    assert found / runs == pytest.approx(stated, abs=4 * np.sqrt(stated * (1 - stated) / runs))
    if of == 1 and not shift:
        assert found / runs < 0.012


def bound(x, level):
    return x.mean(axis=1) + future_draws.one_more(x.shape[1], level) * x.std(axis=1, ddof=1)


@pytest.mark.parametrize("grown", [0, 99])
def test_the_smallest_lead_is_found_with_its_power(grown):
    way = future_draws.procedure(10, grown=grown)
    rng = np.random.default_rng(grown)
    x = rng.normal(size=(20_000, max(10, grown)))
    given = rng.normal(size=20_000) + way.smallest_lead(0.8)
    found = (given > bound(x[:, :10], 0.95 if grown else 0.99)) & (given > bound(x, 0.99))
    assert np.mean(found) == pytest.approx(0.8, abs=0.015)


def test_growing_on_a_light_suspicion_loses_no_power():
    sizes = (100, 1000)
    light = future_draws.procedure(10, grown=99, suspicion=0.95).power_of_best(sizes)
    strict = future_draws.procedure(10, grown=99, suspicion=0.99).power_of_best(sizes)
    whole = future_draws.procedure(99).power_of_best(sizes)
    assert (whole - light < 0.05).all()
    assert (whole - strict > 0.25).all()


def test_the_interval_of_a_spread_covers():
    _, _, sd = sample(5, 10, 4000)
    between = [future_draws.spread_interval(s, 10) for s in sd]
    covered = np.mean([low <= 0.2 <= high for low, high in between])
    assert covered == pytest.approx(0.95, abs=0.012)
