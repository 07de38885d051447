"""Variance over seeds without the test rows' noise, and by source: against simulated truths."""

import numpy as np
import pytest

from reportgen.statistics.seed_variance import components, crossed, seed_variance


def right(rng, k, n, wobble=0.0, p=0.85):
    """Whether K members are right on n rows; ``wobble`` is the sd of their true accuracy."""
    rows = np.clip(p + 0.1 * rng.normal(size=n), 0.02, 0.98)
    shift = wobble * rng.normal(size=(k, 1))
    return rng.random((k, n)) < np.clip(rows + shift, 0, 1)


def measured(hits):
    return seed_variance(hits.mean(axis=1), hits / hits.shape[1])


def test_it_is_jordan_s_formula():
    hits = right(np.random.default_rng(0), 10, 300)
    share = hits.mean(axis=0)
    expected = (share * (1 - share)).sum() * 10 / 9 / 300**2
    found = measured(hits)
    assert found.expected == pytest.approx(expected)
    assert found.distribution == pytest.approx(hits.mean(axis=1).var(ddof=1) - expected)


@pytest.mark.parametrize("wobble", [0.0, 0.03])
def test_it_is_unbiased(wobble):
    rng = np.random.default_rng(1)
    found = [measured(right(rng, 10, 400, wobble)).distribution for _ in range(600)]
    se = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(wobble**2, abs=4 * se)


def test_equally_good_members_are_told_apart_as_seldom_as_stated():
    rng = np.random.default_rng(2)
    p = [measured(right(rng, 10, 300)).p for _ in range(1000)]
    assert np.mean(np.array(p) < 0.01) < 0.02
    assert np.mean(np.array(p) < 0.5) == pytest.approx(0.5, abs=0.06)


def test_the_spread_of_members_is_not_the_sampling_error():
    # Members that agree on every row have no spread, however few the rows.
    hits = np.repeat(right(np.random.default_rng(3), 1, 100), 10, axis=0)
    found = measured(hits)
    assert found.observed == 0
    assert found.p == 1.0


def test_the_smallest_spread_is_found_with_its_power():
    rng = np.random.default_rng(7)
    alike = [measured(right(rng, 10, 400)) for _ in range(200)]
    wobble = np.mean([found.smallest(0.01) for found in alike])
    p = [measured(right(rng, 10, 400, wobble)).p for _ in range(600)]
    assert np.mean(np.array(p) < 0.01) == pytest.approx(0.8, abs=0.06)


def cells(rng, a=4, b=4, n=1, weights=1.0, order=0.5, both=0.25):
    return (
        np.sqrt(weights) * rng.normal(size=(a, 1, n))
        + np.sqrt(order) * rng.normal(size=(1, b, n))
        + np.sqrt(both) * rng.normal(size=(a, b, n))
    )


def test_components_are_unbiased():
    rng = np.random.default_rng(4)
    found = np.array([components(cells(rng)) for _ in range(4000)])
    se = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - [1.0, 0.5, 0.25]) < 4 * se).all()


def test_shares_over_many_rows_come_out():
    found = crossed(cells(np.random.default_rng(5), n=4000))
    assert found.shares == pytest.approx((1 / 1.75, 0.5 / 1.75, 0.25 / 1.75), abs=0.03)
    for share, low, high in zip(found.shares, found.low, found.high, strict=True):
        assert low <= share <= high


def test_one_factor_at_a_time_would_not_add_up():
    # All in the interaction: each factor alone, the other held, gives the whole variance.
    made = cells(np.random.default_rng(6), n=4000, weights=0.0, order=0.0, both=1.0)
    alone = made[:, 0].var(axis=0, ddof=1).mean()
    assert alone == pytest.approx(1.0, abs=0.05)
    assert crossed(made).shares[2] > 0.95


def test_too_small_a_design_is_refused():
    with pytest.raises(ValueError, match="3 × 3"):
        crossed(np.zeros((2, 4)))
