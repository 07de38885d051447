"""Whether splits are told apart: the test's level, copies, groups, and what it does to a score."""

from functools import partial

import numpy as np
import polars as pl
import pytest
from scipy import stats

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage import splits as cases
from reportgen.answers import answers
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.questions.splits import look
from reportgen.diagnostics.leakage.shift.apart import apart, means, ranked
from reportgen.diagnostics.leakage.shift.clumps import clumps
from reportgen.diagnostics.leakage.shift.columns import new_values, of_counts
from reportgen.diagnostics.leakage.shift.harm import harm
from reportgen.diagnostics.leakage.shift.rows import Compared, compared
from reportgen.scores.followed import followed

RNG = np.random.default_rng


def rows_of(table, judged, units=None, grouped=False):
    d = table.shape[1]
    n = np.arange(len(judged))
    return Compared(table, (), np.zeros(d, bool), judged, units, grouped, (n[~judged], n[judged]))


def test_rows_drawn_alike_are_told_apart_as_often_as_the_level_says():
    low = 0
    for seed in range(60):
        rng = RNG(seed)
        table = rng.normal(size=(220, 3)) ** 3
        found = apart(rows_of(table, rng.random(220) < 0.4), rng, 1e-3)
        low += found.p < 0.1
    assert stats.binom.sf(low - 1, 60, 0.1) > 0.01


def recordings(rng, subjects=300, each=6, d=10, noise=0.01):
    who = np.repeat(np.arange(subjects), each)
    X = rng.normal(size=(subjects, d))[who] + noise * rng.normal(size=(len(who), d))
    return X, who


def test_recordings_of_one_subject_are_one_draw_though_nobody_says_so():
    told = 0
    for seed in range(6):
        rng = RNG(800 + seed)
        X, who = recordings(rng)
        y = (rng.random(300) < 0.5).astype(int)[who]
        codes = clumps(X)
        assert len(np.unique(codes)) == 300
        assert len(np.unique(codes * 300 + who)) == 300
        for shift in (0.0, 1.2):
            moved = X + shift * (who >= 200)[:, None]
            kept = {"train": np.full(1200, 0.5), "test": np.full(600, 0.5)}
            splits = {"train": (moved[:1200], y[:1200]), "test": (moved[1200:], y[1200:])}
            case = case_from_arrays("binary", splits, kept)
            leaks = look(case.view("leakage", LeakageSettings()), "test").leaks
            told += any(leak.severity != "info" for leak in leaks) != bool(shift)
    assert told == 0


@pytest.mark.parametrize(
    "draw",
    [
        lambda r: r.normal(size=(900, 2)),
        lambda r: r.normal(size=(900, 20)),
        lambda r: np.sin(10 * r.random((1500, 1)) * np.arange(1, 9)),  # along one curve
        lambda r: r.standard_cauchy(size=(900, 5)),
        lambda r: r.integers(0, 4, size=(900, 5)).astype(float),
        lambda r: np.round(r.normal(size=(900, 3)), 1),
    ],
)
def test_rows_that_were_drawn_one_by_one_are_no_clumps(draw):
    assert all(clumps(draw(RNG(seed))) is None for seed in range(5))


def test_copies_on_both_sides_stay_in_one_half():
    rng = RNG(0)
    table = np.repeat(rng.normal(size=(150, 3)), 2, axis=0)
    judged = np.tile([False, True], 150)
    units = np.repeat(np.arange(150), 2)
    found = apart(rows_of(table, judged, units), rng, 1e-3)
    assert found.auc == pytest.approx(0.5)  # a copy is ranked with its original
    assert found.p > 0.3


def test_whole_groups_are_one_draw_each():
    alarms = 0
    for seed in range(12):
        rng = RNG(seed)
        level = rng.normal(0, 2, size=(100, 2))
        of = np.repeat(np.arange(100), 8)
        table = level[of] + 0.1 * rng.normal(size=(800, 2))
        judged = np.isin(of, rng.choice(100, 45, replace=False))
        by_rows = apart(rows_of(table, judged), RNG(1), 1e-3)
        by_groups = apart(rows_of(table, judged, of, True), RNG(1), 1e-3)
        assert by_rows.p < 1e-6  # rows of a group are alike: the naive test is fooled
        alarms += by_groups.p < 0.01
    assert alarms <= 1


def test_ranks_are_those_of_mann_and_whitney_and_units_are_means():
    values = np.array([1.0, 2, 3, 4, 5, 6])
    judged = np.array([False, False, True, False, True, True])
    auc, p = ranked(values, judged, None)
    assert auc == pytest.approx(8 / 9)
    assert p == pytest.approx(stats.mannwhitneyu([3, 5, 6], [1, 2, 4], alternative="greater",
                                                 method="asymptotic").pvalue)  # fmt: skip
    mean, side = means(values, judged, np.array([0, 0, 1, 1, 1, 2]))
    assert mean.tolist() == [1.5, 4, 4, 6]
    assert side.tolist() == [False, False, True, True]


def test_weighting_undoes_a_shift_that_is_known():
    """Test has the hard half three times as often: weighted by the true odds it scores as train."""
    rng = RNG(0)
    n = 6000
    hard = {"train": rng.random(n) < 0.25, "test": rng.random(n) < 0.75}
    y = {s: rng.integers(0, 2, n) for s in hard}
    right = {s: rng.random(n) < np.where(hard[s], 0.6, 0.95) for s in hard}
    scores = {s: np.where(right[s], y[s], 1 - y[s]).astype(float) for s in hard}
    case = case_from_arrays(
        "binary",
        {s: (np.column_stack([hard[s], rng.normal(size=n)]).astype(float), y[s]) for s in hard},
        scores,
    )
    delivered = answers(case, "test")
    head = next(f for f in followed(delivered) if f.name == "accuracy")
    odds = np.where(hard["test"], 0.75 / 0.25, 0.25 / 0.75)  # P(test) to P(train), given the row
    found = harm(delivered, head, odds / (1 + odds), np.arange(n))
    expected = 0.25 * 0.6 + 0.75 * 0.95
    assert found.like_train == pytest.approx(expected, abs=0.02)
    assert found.lost.low < expected - delivered.right.mean() < found.lost.high
    weight = 1 / odds
    assert found.effective == pytest.approx(weight.sum() ** 2 / (weight**2).sum(), rel=1e-6)
    one_row = np.r_[0.001, np.full(n - 1, 0.999)]  # it would carry a third of all weight
    assert harm(delivered, head, one_row, np.arange(n)) is None
    look_alike = look(case.view("leakage", LeakageSettings()), "test")
    (leak,) = [one for one in look_alike.leaks if one.subject == "features"]
    assert leak.severity == "warn"
    assert leak.evidence["like_train"] == pytest.approx(expected, abs=0.03)


def test_rare_values_lead_to_new_ones_and_a_new_value_in_number_does_not():
    rng = RNG(0)
    tail = rng.zipf(1.5, 3000).astype(str)
    train, test = (pl.DataFrame({"city": tail[s]}) for s in (slice(0, 2000), slice(2000, None)))
    assert all(c.p > 0.01 for c in new_values(train, test))
    few = test.with_columns(
        city=pl.when(pl.int_range(pl.len()) < 400).then(pl.lit("Ω")).otherwise(pl.col("city"))
    )
    (found,) = new_values(train, few)
    assert found.p < 1e-9
    assert "“Ω”" in found.of_judged


def test_counts_are_tested_as_fisher_and_pearson_do():
    table = np.array([[10, 20], [25, 9]])
    assert of_counts(table) == pytest.approx(stats.fisher_exact(table).pvalue)
    wide = np.array([[20, 30, 40], [35, 25, 15]])
    assert of_counts(wide) == pytest.approx(stats.chi2_contingency(wide).pvalue)
    assert of_counts(np.array([[5, 0], [7, 0]])) == 1.0


@pytest.mark.parametrize(
    ("draw", "subject", "word"),
    [
        (partial(cases.gaps_in_test, 0.3), "missing values", "age"),
        (partial(cases.new_city, 0.1), "new values", "elsewhere"),
        (partial(cases.other_prior, 0.4), "target", "of train"),
        (partial(cases.drifting, 3.0, 1500), "features", "x0"),
    ],
)
def test_what_differs_is_named(draw, subject, word):
    case = draw(RNG(7)).view("leakage", LeakageSettings())
    found = {leak.subject: leak for leak in look(case, "test").leaks}
    assert found[subject].severity == "warn"
    assert word in found[subject].message


def test_images_are_compared_in_parts_and_lists_of_inputs_not_at_all():
    X = RNG(0).integers(0, 255, size=(40, 28, 28), dtype=np.uint8)
    y = np.arange(40) % 2
    case = case_from_arrays(
        "binary", {"train": (X, y), "test": (X, y)}, {"train": y * 1.0, "test": y * 1.0}
    ).view("leakage", LeakageSettings())
    made = compared(case, "test")
    assert made.table.shape == (80, 81)
    np.testing.assert_allclose(made.table[0, 0], X[0, :3, :3].mean())
