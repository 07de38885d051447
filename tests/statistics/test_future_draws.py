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
    stated = future_draws.power_of_best(n, (of,))[0]
    assert seen == pytest.approx(stated, abs=4 * np.sqrt(stated * (1 - stated) / runs) + 1e-3)


def test_the_power_grows_with_seeds_and_members():
    sizes = (1, 10, 100, 1000)
    few, many = (future_draws.power_of_best(n, sizes) for n in (10, 99))
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
    size = future_draws.smallest_best_of(22)
    chance = future_draws.power_of_best(22, (size - 1, size))
    assert chance[0] < 0.8 <= chance[1]
    assert future_draws.smallest_best_of(3) is None


def test_the_interval_of_a_spread_covers():
    _, _, sd = sample(5, 10, 4000)
    between = [future_draws.spread_interval(s, 10) for s in sd]
    covered = np.mean([low <= 0.2 <= high for low, high in between])
    assert covered == pytest.approx(0.95, abs=0.012)
