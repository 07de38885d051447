"""Two groups of vectors: against brute force, its error rate, and what it finds."""

from itertools import combinations

import numpy as np
import pytest

from reportgen.statistics.two_groups import compare


def groups(seed, a=5, b=10, n=60, spread=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    core = rng.normal(size=n)
    own = core + shift + spread * rng.normal(size=(a, n))
    return own, core + rng.normal(size=(b, n)), rng


def distance(x, y):
    return np.sqrt(np.mean((x - y) ** 2))


def test_distances_are_those_of_all_pairs():
    own, other, rng = groups(0, a=3, b=4)
    found = compare(own, other, rng)
    pairs = [distance(x, y) for x, y in combinations(own, 2)]
    assert found.within_first == pytest.approx(np.mean(pairs))
    pairs = [distance(x, y) for x, y in combinations(other, 2)]
    assert found.within_second == pytest.approx(np.mean(pairs))
    assert found.between == pytest.approx(np.mean([distance(x, y) for x in own for y in other]))
    far = compare(*groups(0, a=3, b=4, shift=9.0))
    assert far.p == pytest.approx(2 / 35)  # of 35 ways to divide them, two statistics


@pytest.mark.parametrize(("a", "b"), [(4, 6), (8, 12)])
def test_alike_groups_are_told_apart_as_seldom_as_stated(a, b):
    p = np.array([compare(*groups(s, a=a, b=b, n=20)).p for s in range(400)])
    assert np.mean(p <= 0.05) < 0.08
    assert np.mean(p <= 0.5) == pytest.approx(0.5, abs=0.08)


def test_another_spread_and_another_place_are_found():
    assert compare(*groups(1, spread=1.5)).p <= 0.002
    assert compare(*groups(2, shift=0.8)).p <= 0.002


def test_one_vector_is_no_group():
    with pytest.raises(ValueError, match="at least two"):
        compare(np.zeros((1, 3)), np.zeros((4, 3)), np.random.default_rng(0))
