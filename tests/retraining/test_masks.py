"""The bits of dropout masks, by numpy: uniform, and without a trace of place, step or seed."""

import numpy as np
import pytest
from scipy import stats

from reportgen.retraining.masks import bits


def drawn(seed, used, n):
    return bits(np.array([seed, used], np.uint32), np.arange(n, dtype=np.uint32))


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_bits_are_uniform_and_every_one_of_them_is_fair(seed):
    found = drawn(seed, 3, 200_000)
    assert stats.kstest(found / 2**32, "uniform").pvalue > 1e-3
    ones = [int(((found >> np.uint32(b)) & 1).sum()) for b in range(32)]
    # Binomial with standard deviation 224; the largest of 32 within 4.5 of them.
    assert np.abs(np.array(ones) - 100_000).max() < 4.5 * 224


def test_neighbours_steps_and_seeds_are_uncorrelated():
    n = 40_000
    kept = {
        (s, u): (drawn(s, u, n) < 0.7 * 2**32).astype(float) for s in range(6) for u in range(6)
    }
    masks = np.array(list(kept.values()))
    between = np.corrcoef(masks)[np.triu_indices(len(masks), 1)]
    # 630 correlations of standard deviation 1/sqrt(n): their squares times n are chi-squared.
    assert stats.chi2.sf(n * float(between @ between), len(between)) > 1e-3
    lagged = [np.corrcoef(m[:-lag], m[lag:])[0, 1] for m in masks for lag in (1, 2, 8, 32, 64)]
    assert stats.chi2.sf(n * float(np.dot(lagged, lagged)), len(lagged)) > 1e-3


def test_counts_of_kept_ones_in_rows_are_binomial():
    rows = (drawn(11, 0, 64 * 20_000) < 2**31).reshape(-1, 64).sum(axis=1)
    seen = np.bincount(rows, minlength=65)
    expected = 20_000 * stats.binom.pmf(np.arange(65), 64, 0.5)
    common = expected > 10
    missing = expected[~common].sum()
    parts = np.append(seen[common], seen[~common].sum()), np.append(expected[common], missing)
    assert stats.chisquare(*parts).pvalue > 1e-3


def test_places_do_not_depend_on_how_many_there_are():
    assert np.array_equal(drawn(5, 9, 100), drawn(5, 9, 1000)[:100])
    assert len({tuple(drawn(s, u, 4)) for s in range(50) for u in range(50)}) == 2500
