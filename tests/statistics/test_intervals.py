"""Closed forms against other sources, and coverage by simulation.

A simulated coverage of a nominal 95 % interval over R draws must lie in the binomial band of it;
score intervals may cover more near a bound, so there only the lower side is held.
"""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from reportgen.statistics import clusters, estimates, influence, intervals, matrix, paired
from reportgen.statistics.estimates import Design

R = 800
LOWEST = stats.binom.ppf(0.0005, R, 0.935) / R  # an interval that covers 93.5 % passes


def coverage(draw, truth, times=R):
    hits = 0
    for _ in range(times):
        found = draw()
        hits += found.low <= truth <= found.high
    return hits / times


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 20), (99, 100), (50, 50), (811, 1000)])
def test_proportions_equal_scipy(k, n):
    test = stats.binomtest(k, n)
    for ours, name in ((intervals.wilson, "wilson"), (intervals.clopper_pearson, "exact")):
        expected = test.proportion_ci(method=name)
        found = ours(k, n)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_newcombe_of_his_own_example():
    # Newcombe 1998, table II, method 10: cells 36, 12, 2, 0 -> 0.20 (0.0569 to 0.3404)
    found = intervals.newcombe(36, 12, 2, 50)
    assert found.value == pytest.approx(0.20)
    assert (found.low, found.high) == pytest.approx((0.0569, 0.3404), abs=2e-4)


def _delong_slowly(y, scores):
    """O(n^2), from the definition of DeLong's structural components."""
    a, b = scores[y], scores[~y]
    wins = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
    return wins.mean(), wins.mean(1).var(ddof=1) / len(a) + wins.mean(0).var(ddof=1) / len(b)


def test_delong_from_its_definition():
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.4
    scores = (rng.normal(size=400) + y).round(1)
    value, variance = _delong_slowly(y, scores)
    found = intervals.delong(y, scores)
    assert found.value == pytest.approx(value)
    assert found.se**2 == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize(
    "metric",
    [
        lambda y, p, s, w: influence.of_labels(
            matrix.mcc(matrix.confusion_matrix(y, p, 2, w)), y, p, 2, w
        ),
        lambda y, p, s, w: influence.of_labels(
            matrix.macro_f1(matrix.confusion_matrix(y, p, 2, w)), y, p, 2, w
        ),
        lambda y, p, s, w: influence.of_labels(
            matrix.balanced_accuracy(matrix.confusion_matrix(y, p, 2, w)), y, p, 2, w
        ),
        lambda y, p, s, w: influence.of_labels(
            matrix.averaged(matrix.confusion_matrix(y, p, 2, w), "precision", "weighted"),
            y, p, 2, w,
        ),
        lambda y, p, s, w: influence.roc_auc(y, s, w),
        lambda y, p, s, w: influence.average_precision(y, s, w),
        lambda y, p, s, w: influence.rmse(y, s, w),
        lambda y, p, s, w: influence.r2(y, s, w),
    ],
    ids=["mcc", "f1", "balanced", "precision", "auc", "ap", "rmse", "r2"],
)  # fmt: skip
def test_contributions_are_derivatives(metric):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 60)
    scores = (rng.random(60) + 0.3 * y).round(1)
    p = (scores > 0.6).astype(int)
    weight = rng.random(60) + 0.5
    whole = metric(y, p, scores, weight)
    assert whole.rows.sum() == pytest.approx(0, abs=1e-12)
    for row in range(0, 60, 7):
        more = weight.copy()
        more[row] *= 1 + 1e-6
        slope = (metric(y, p, scores, more).value - whole.value) / 1e-6
        assert slope == pytest.approx(whole.rows[row], abs=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_one_sort_serves_both_scores_of_a_ranking(weighted):
    rng = np.random.default_rng(11)
    y = rng.integers(0, 2, 400)
    scores = (rng.random(400) + 0.3 * y).round(2)
    weight = rng.random(400) + 0.5 if weighted else None
    area, precision = influence.ranking(y, scores, weight)
    assert area.value == pytest.approx(roc_auc_score(y, scores, sample_weight=weight))
    assert precision.value == pytest.approx(
        average_precision_score(y, scores, sample_weight=weight)
    )
    np.testing.assert_array_equal(area.rows, influence.roc_auc(y, scores, weight).rows)
    np.testing.assert_array_equal(
        precision.rows, influence.average_precision(y, scores, weight).rows
    )


@pytest.mark.parametrize("a", [0.7, 0.9, 0.99])
@pytest.mark.parametrize("n", [40, 150])
def test_coverage_of_scores_of_labels(a, n):
    rng = np.random.default_rng(2)
    cells = np.array([0.7, 0.3])[:, None] * np.array([[a, 1 - a], [1 - a, a]])

    def rows():
        drawn = rng.choice(4, n, p=cells.ravel())
        return drawn // 2, drawn % 2, 2, Design(n)

    for method, metric in (
        (estimates.balanced_accuracy, matrix.balanced_accuracy),
        (estimates.macro_f1, matrix.macro_f1),
        (estimates.mcc, matrix.mcc),
    ):
        truth = metric(cells).value
        assert coverage(lambda m=method: m(*rows()), truth) >= LOWEST - 0.02
    share = coverage(lambda: estimates.proportion(rng.random(n) < a, Design(n)), a)
    assert share >= stats.binom.ppf(0.001, R, 0.91) / R  # Wilson's own least at a = 0.99


@pytest.mark.parametrize(("area", "n", "share"), [
    (0.8, 100, 0.5), (0.95, 40, 0.5), (0.99, 40, 0.5), (0.99, 200, 0.1),
])  # fmt: skip
def test_coverage_of_auc(area, n, share):
    rng = np.random.default_rng(3)
    shift = np.sqrt(2) * stats.norm.ppf(area)

    def draw():
        y = rng.random(n) < share
        y[:2], y[-2:] = True, False
        return intervals.delong(y, rng.normal(size=n) + shift * y)

    assert coverage(draw, area) >= LOWEST


def test_perfect_scores_have_a_width():
    y = np.arange(40) % 2 == 0
    assert 0.7 < intervals.delong(y, y.astype(float)).low < 0.97
    assert estimates.proportion(y | True, Design(40)).low < 0.95
    assert estimates.mcc(y.astype(int), y.astype(int), 2, Design(40)).low < 0.97
    assert estimates.average_precision(y, y.astype(float), Design(40)).low < 0.97


@pytest.mark.parametrize("n", [30, 200])
def test_coverage_of_errors(n):
    rng = np.random.default_rng(4)

    def numbers():
        x = rng.normal(size=n)
        return x + rng.normal(size=n), x

    def r2():
        return estimates.r2(influence.r2(*numbers()), Design(n))

    def rmse():
        return estimates.positive_mean(influence.rmse(*numbers()), Design(n))

    assert coverage(r2, 0.5) >= LOWEST - 0.02
    assert coverage(rmse, 1.0) >= LOWEST - 0.02
    middle = coverage(
        lambda: estimates.of_quantile(np.abs(rng.normal(size=n)), 0.5, Design(n), rng),
        stats.norm.ppf(0.75),
    )
    assert middle >= LOWEST


@pytest.mark.parametrize("groups", [5, 10, 40])
def test_coverage_with_groups(groups):
    """Where the rows of a group share their error rate; the group bootstrap covers 84 % at 5."""
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(groups), 12)

    def draw():
        rate = rng.beta(4, 1, groups)[codes]
        return estimates.proportion(rng.random(len(codes)) < rate, Design(len(codes), None, codes))

    assert coverage(draw, 0.8) >= LOWEST


def test_copies_do_not_shrink_an_interval():
    rng = np.random.default_rng(6)
    right = rng.random(100) < 0.8
    alone = estimates.proportion(right, Design(100))
    copied = estimates.proportion(np.tile(right, 5), Design(500, None, np.tile(np.arange(100), 5)))
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, rel=0.05)


def test_no_difference_is_found_where_there_is_none():
    rng = np.random.default_rng(7)
    found = {"proportions": 0, "auc": 0, "rmse": 0}
    n, times = 120, 600
    for _ in range(times):
        y = rng.random(n) < 0.4
        a, b = (rng.normal(size=n) + y for _ in range(2))
        design = Design(n)
        same = {
            "proportions": paired.of_proportions((a > 0.5) == y, (b > 0.5) == y, design),
            "auc": paired.difference(influence.roc_auc(y, a), influence.roc_auc(y, b), design),
            "rmse": paired.difference(influence.rmse(y, a), influence.rmse(y, b), design),
        }
        for name, test in same.items():
            found[name] += not test.interval.holds(0)
    for name, count in found.items():
        assert count <= stats.binom.ppf(0.999, times, 0.055), name


def test_p_values_agree_with_other_sources():
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=80), rng.normal(size=80) + 0.2
    found = paired.difference(influence.mean(a), influence.mean(b), Design(80))
    assert found.p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    exact = stats.binomtest(6, 20).pvalue
    assert paired.mcnemar(6, 14) == pytest.approx(exact - stats.binom.pmf(6, 20, 0.5))
    assert paired.mcnemar(0, 0) == 1


def test_clusters_join_groups_and_copies():
    codes = clusters.clusters(np.array(["a", "a", "b", "c"]), np.array([0, 1, 1, 2]))
    assert codes is not None
    assert codes[0] == codes[1] == codes[2] != codes[3]
    assert clusters.clusters(np.arange(4), None) is None


def test_copies_are_told_from_honest_repeats():
    rng = np.random.default_rng(9)
    few_values = rng.integers(0, 3, (400, 4)).astype(float)
    assert clusters.copied_rows(few_values) is None
    fresh = rng.normal(size=(400, 4))
    assert clusters.copied_rows(fresh) is None
    copied = clusters.copied_rows(np.vstack([fresh, fresh[:50]]))
    assert copied is not None
    assert len(np.unique(copied)) == 400


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_rows_of_another_split_are_known_again(kind):
    rng = np.random.default_rng(10)
    train, test = rng.normal(size=(400, 4)), rng.normal(size=(100, 4))
    test[[3, 50]] = train[[7, 8]]
    made = pl.DataFrame if kind == "frame" else np.asarray
    assert np.flatnonzero(clusters.stands_in(made(test), made(train))).tolist() == [3, 50]
    assert clusters.stands_in(made(test[:3]), made(train)) is None
    few_values = rng.integers(0, 3, (500, 4)).astype(float)
    assert clusters.stands_in(made(few_values[:100]), made(few_values[100:])) is None
    assert clusters.stands_in(made(test), made(train[:, :3])) is None


def test_categories_are_known_again_by_their_text():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 40))
    words = np.array(["a", "b", "c"])[rng.integers(0, 3, 40)]
    train = pl.DataFrame({"x": x, "y": y, "z": pl.Series(words, dtype=pl.Categorical)})
    swapped = pl.Series(words[::-1][:5], dtype=pl.Categorical)  # other codes for the same texts
    test = pl.DataFrame({"x": x[::-1][:5], "y": y[::-1][:5], "z": swapped})
    assert clusters.stands_in(test, train).all()


def test_an_unknown_interval_is_said_to_be_so():
    assert not intervals.delong(np.ones(3, bool), np.arange(3.0)).known
    assert not intervals.quantile(np.arange(3.0), 0.5).known
    assert not estimates.proportion(np.zeros(0), Design(0)).known
