"""Prediction bounds from N draws: known values, and simulated error rates and power."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from reportgen.statistics import future_draws
from reportgen.statistics.future_draws import Look, looks, procedure


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
    stated = procedure(Look(n, 0.01)).power_of_best((of,))[0]
    assert seen == pytest.approx(stated, abs=4 * np.sqrt(stated * (1 - stated) / runs) + 1e-3)


def test_the_power_grows_with_seeds_and_members():
    sizes = (1, 10, 100, 1000)
    few, many = (procedure(Look(n, 0.01)).power_of_best(sizes) for n in (10, 99))
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
    way = procedure(Look(22, 0.01))
    size = way.smallest_best_of()
    chance = way.power_of_best((size - 1, size))
    assert chance[0] < 0.8 <= chance[1]
    assert procedure(Look(3, 0.01)).smallest_best_of() is None
    assert procedure(Look(1, 0.01)).smallest_lead() == np.inf


def test_looks_go_from_the_suspicion_to_the_verdict_in_equal_ratios():
    at = looks(10, 99, 0.05, 0.01)
    assert [look.n for look in at] == [10, 31, 99]
    assert [look.alpha for look in at] == pytest.approx([0.05, np.sqrt(0.05 * 0.01), 0.01])
    assert [look.n for look in looks(6, 20, 0.05, 0.01)] == [6, 20]
    assert looks(50, 20, 0.05, 0.01) == (Look(50, 0.01),)


@pytest.mark.parametrize("shift", [0.0, 3.5])
@pytest.mark.parametrize("of", [1, 100])
@pytest.mark.parametrize("alpha", [0.01, 0.001])
def test_looks_call_out_as_often_as_stated(of, shift, alpha):
    """The sample grows while the next model is beyond every bound; each look's is in the next."""
    runs = 20_000
    at = looks(8, 60, 0.05, alpha)
    assert len(at) == 3
    rng = np.random.default_rng(of)
    found, grown = 0, np.zeros(len(at))
    for _ in range(20):
        x = rng.normal(3.0, 0.2, size=(runs // 20, 60))
        given = best(rng, of, runs // 20) + 0.2 * shift
        beyond = np.ones(len(given), bool)
        for k, look in enumerate(at):
            beyond &= given > bound(x[:, : look.n], 1 - look.alpha)
            grown[k] += beyond.sum()
        found += beyond.sum()
    way = procedure(*at)
    shifted = future_draws.Procedure(way.edges - shift, way.weights)
    stated = shifted.power_of_best((of,))[0]
    assert found / runs == pytest.approx(stated, abs=4 * np.sqrt(stated * (1 - stated) / runs))
    if of == 1 and not shift:
        assert found / runs < 1.2 * alpha + 0.0005
        assert grown / runs == pytest.approx(way.beyond, abs=0.006)


def bound(x, level):
    return x.mean(axis=1) + future_draws.one_more(x.shape[1], level) * x.std(axis=1, ddof=1)


@pytest.mark.parametrize("grows", [False, True])
def test_the_smallest_lead_is_found_with_its_power(grows):
    at = looks(10, 99 if grows else 0, 0.05, 0.01)
    lead = procedure(*at).smallest_lead(0.8)
    rng = np.random.default_rng(int(grows))
    x = rng.normal(size=(20_000, at[-1].n))
    given = rng.normal(size=20_000) + lead
    found = np.ones(20_000, bool)
    for look in at:
        found &= given > bound(x[:, : look.n], 1 - look.alpha)
    assert np.mean(found) == pytest.approx(0.8, abs=0.015)


def test_growing_in_steps_loses_little_power_and_trains_little():
    sizes = (10, 100, 1000)
    steps, once = procedure(*looks(10, 99, 0.05, 0.01)), procedure(Look(10, 0.05), Look(99, 0.01))
    strict = procedure(Look(10, 0.01), Look(99, 0.01)).power_of_best(sizes)
    whole = procedure(Look(99, 0.01)).power_of_best(sizes)
    assert (whole - steps.power_of_best(sizes) < 0.05).all()
    assert (once.power_of_best(sizes) - steps.power_of_best(sizes) < 0.015).all()
    assert (whole - strict > 0.25)[1:].all()
    trained = 21 * steps.beyond[0] + 68 * steps.beyond[1]
    assert trained < 0.6 * 89 * once.beyond[0]


def test_the_interval_of_a_spread_covers():
    _, _, sd = sample(5, 10, 4000)
    between = [future_draws.spread_interval(s, 10) for s in sd]
    covered = np.mean([low <= 0.2 <= high for low, high in between])
    assert covered == pytest.approx(0.95, abs=0.012)


def test_a_skewed_sample_s_bounds_hold_where_a_normal_s_do_not():
    """Scores that fall short of a ceiling by a gamma: worse ones are far, better ones are near."""
    runs, n, alpha = 4000, 99, 0.001
    rng = np.random.default_rng(70)
    below = {"normal": 0, "skewed": 0}
    above = {"normal": 0, "skewed": 0}
    for _ in range(runs):
        x = 1 - rng.gamma(4.0, size=n)
        mean, sd, skew = x.mean(), x.std(ddof=1), future_draws.skewness(x)
        own = 1 - rng.gamma(4.0, size=20)
        low = future_draws.one_more(n, 1 - alpha) * sd
        high = future_draws.one_more(n, 0.99) * sd
        below["normal"] += np.sum(own < mean - low)
        below["skewed"] += np.sum(own < mean - low * future_draws.lengthened(-skew, alpha))
        above["normal"] += np.sum(own > mean + high)
        above["skewed"] += np.sum(own > mean + high * future_draws.shortened(skew, n, 0.01))
    share = {k: v / (20 * runs) for k, v in below.items()}
    assert share["normal"] > 4 * alpha
    assert share["skewed"] < 2 * alpha
    assert above["normal"] == 0
    assert 0 < above["skewed"] / (20 * runs) < 0.01


def test_skewness_is_scipy_s_and_a_symmetric_sample_s_bounds_are_a_normal_s():
    x = np.random.default_rng(71).gamma(2.0, size=50)
    assert future_draws.skewness(x) == pytest.approx(stats.skew(x))
    assert future_draws.skewness(np.ones(5)) == 0
    assert future_draws.lengthened(0.0, 0.001) == future_draws.lengthened(-1.0, 0.001) == 1
    assert future_draws.shortened(-0.4, 99, 0.01) == future_draws.shortened(2.0, 99, 0.01) == 1


@pytest.mark.parametrize(("n", "k"), [(99, 1), (199, 2), (399, 4)])
def test_the_bound_by_rank_has_the_power_of_its_ranks(n, k):
    """The best of M exceeds the k-th largest of N unless the k largest of all are among the N."""
    assert future_draws.rank(n, 0.01) == k
    assert future_draws.rank(n - 1, 0.01) == k - 1
    for of in (1, 100, 1000):
        missed = np.prod([(n - i) / (n + of - i) for i in range(k)])
        stated = procedure(Look(n, 0.01, "ranked")).power_of_best((of,))[0]
        assert stated == pytest.approx(1 - missed, abs=2e-4)


def test_suspicions_by_rank_or_normal_bound_cost_the_verdict_little():
    at = looks(10, 199, 0.05, 0.01, ranked=True)
    assert [look.n for look in at] == [10, 27, 73, 199]
    assert [look.rank for look in at] == [1, 1, 2, 2]
    sizes = (1, 10, 100, 1000)
    nested = procedure(*at).power_of_best(sizes)
    once = procedure(Look(199, 0.01, "ranked")).power_of_best(sizes)
    assert nested[0] < 0.0102
    assert (once - nested < 0.015).all()
