"""Churn, ambiguity, kappa: against brute force over pairs, and simulated coverage."""

from itertools import combinations

import numpy as np
import pytest

from reportgen.statistics import agreement as agree


def members(seed, k=6, n=80, classes=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=n)
    other = rng.integers(classes, size=(k, n))
    return np.where(rng.random((k, n)) < 0.3, other, truth)


def brute_churn(labels):
    return np.mean([labels[i] != labels[j] for i, j in combinations(range(len(labels)), 2)], axis=0)


def test_churn_is_that_of_all_pairs():
    labels = members(0)
    counts = agree.votes(labels, 3)
    assert agree.row_churn(counts) == pytest.approx(brute_churn(labels))
    assert agree.excess(labels, None).value == pytest.approx(brute_churn(labels).mean())


@pytest.mark.parametrize("size", [2, 3, 5])
def test_ambiguity_is_that_of_all_subsets(size):
    labels = members(1)
    apart = [
        (labels[list(chosen)] != labels[chosen[0]]).any(axis=0).mean()
        for chosen in combinations(range(6), size)
    ]
    counts = agree.votes(labels, 3)
    assert agree.ambiguity(counts, size) == pytest.approx(np.mean(apart))


def test_ambiguity_grows_with_members_but_not_at_fixed_size():
    few, many = members(2, k=6, n=4000), members(2, k=40, n=4000)
    counts = [agree.votes(m, 3) for m in (few, many)]
    assert agree.ambiguity(counts[1], 40) > agree.ambiguity(counts[0], 6) + 0.1
    assert agree.ambiguity(counts[1], 5) == pytest.approx(agree.ambiguity(counts[0], 5), abs=0.03)
    assert np.isnan(agree.ambiguity(counts[0], 7))


def test_fleiss_s_example():
    # Fleiss 1971's data as it stands in textbooks: 14 raters, 10 subjects, 5 categories: 0.210.
    table = np.array(
        [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
         [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]
    )  # fmt: skip
    assert agree.fleiss_kappa(table) == pytest.approx(0.210, abs=5e-4)


def test_labels_outside_the_classes_are_a_label_of_their_own():
    counts = agree.votes(np.array([[0, 3], [0, -1], [1, 1]]), 2)
    assert counts.tolist() == [[2, 1, 0], [0, 1, 2]]


def test_margins_announce_churn_of_members_that_draw_their_labels():
    rng = np.random.default_rng(3)
    p = np.repeat(rng.random((1, 5000)), 10, axis=0)
    labels = (rng.random(p.shape) < p).astype(int)
    found = agree.excess(labels, p)
    assert found.low <= 0 <= found.high
    wide = np.stack([1 - p, p], axis=2)
    assert agree.row_margins(wide) == pytest.approx(agree.row_margins(p))


def test_sure_members_announce_nothing():
    labels = members(4, classes=2)
    scores = np.where(labels == 1, 1 - 1e-6, 1e-6)
    found = agree.excess(labels, scores)
    assert found.value == pytest.approx(brute_churn(labels).mean(), abs=1e-5)


def test_the_interval_covers_over_members_and_rows():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(300):
        # Members differ in how often they leave the truth; rows in how hard they are.
        leaves = rng.uniform(0.05, 0.15, size=(10, 1)) * rng.choice([0.5, 1.5], size=(1, 200))
        labels = (rng.random((10, 200)) < leaves).astype(int)
        found = agree.excess(labels, None)
        mean, square = 0.1, 0.1**2 * (1 + 0.25)  # of a leave, and of two of one row
        covered += found.low <= 2 * (mean - square) <= found.high
    assert covered / 300 > 0.93


def test_values_differ_beyond_a_step():
    values = np.array([[0.0, 0.0], [0.3, 0.1], [1.0, 0.0]])
    found = agree.differing(values, 0.2)
    assert found.value == pytest.approx(0.5)
