"""Sensitivity against closed forms, brute force and scikit-learn's permutation importance."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.sensitivity import brittle, dominated, rows, sound
from reportgen.answers import answers
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.sensitivity import pictures, tabular, texts, verdicts
from reportgen.diagnostics.sensitivity.asking import Replies, Ruler, asked, change
from reportgen.diagnostics.sensitivity.columns import Ask, From, Table
from reportgen.diagnostics.sensitivity.declared import CODES, SensitivitySettings
from reportgen.diagnostics.sensitivity.importance import (
    Shuffle,
    importance_of,
    squared_errors,
)
from reportgen.diagnostics.sensitivity.judge import judged
from reportgen.diagnostics.sensitivity.measure import measured
from reportgen.diagnostics.sensitivity.plan import FIRST, SECOND, planned, sizes
from reportgen.diagnostics.sensitivity.resolution import gini_difference, resolution_of
from reportgen.diagnostics.sensitivity.roles import layout_of
from reportgen.models.preprocess import Preprocess, Scale
from reportgen.retraining.results import Trained
from reportgen.statistics.estimates import Design

SETTINGS = SensitivitySettings()


def found(case, settings=SETTINGS):
    view = case.view("sensitivity", settings)
    return judged(view, measured(view), Trained({}))


def raised(findings):
    return {f.code.split(".")[1] for f in findings.findings if f.severity != "info"}


# --- resolution --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "scale", "unit"),
    [
        (np.random.default_rng(0).normal(size=3000), "continuous", 0.0),
        (np.random.default_rng(0).normal(size=3000).astype(np.float32), "continuous", 0.0),
        (np.random.default_rng(0).integers(0, 100, 500), "grid", 1.0),
        (np.random.default_rng(0).integers(0, 100, 500) * 50, "grid", 50.0),
        (np.random.default_rng(0).normal(20, 5, 500).round(1), "grid", 0.1),
        (np.random.default_rng(0).normal(20, 5, 500).round(1).astype(np.float32), "grid", 0.1),
        ((np.random.default_rng(0).integers(0, 60, 900) - 31.7) / 9.3, "grid", 1 / 9.3),
        (np.random.default_rng(0).choice([1.0, 2, 5, 10, 22.5], 400), "levels", 0.0),
        (np.random.default_rng(0).choice(np.exp([0, 1, 1.3, 2.7]), 400), "levels", 0.0),
        (np.array([0.0, 1.0] * 50), "two values", 0.0),
        (np.full(50, 3.0), "constant", 0.0),
        (np.array([0.1 + 0.2, 0.3] * 30), "constant", 0.0),
        (np.full(9, np.nan), "constant", 0.0),
    ],
)
def test_the_scale_and_the_step_of_a_column_are_read_off_its_values(values, scale, unit):
    resolution = resolution_of(np.asarray(values, dtype=np.float64))
    assert resolution.scale == scale
    assert resolution.unit == pytest.approx(unit, rel=1e-4)


def test_noise_of_a_continuous_column_is_one_percent_of_its_spread():
    values = np.random.default_rng(1).normal(5, 3, 20_000)
    moves = resolution_of(values).noise(values, np.random.default_rng(2)) - values
    assert moves.std() == pytest.approx(0.03, rel=0.05)
    assert moves.mean() == pytest.approx(0, abs=0.001)


def test_noise_of_a_fine_grid_keeps_to_it_and_is_one_percent_of_the_spread():
    values = np.random.default_rng(1).integers(0, 10_000, 5000).astype(float)
    moved = resolution_of(values).noise(values, np.random.default_rng(2))
    assert (moved == np.round(moved)).all()
    assert (moved != values).all()
    assert (moved - values).std() == pytest.approx(0.01 * values.std(), rel=0.1)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).integers(0, 6, 400).astype(float),
        np.random.default_rng(0).normal(2, 1, 400).round(1),
        np.random.default_rng(0).choice([1.0, 3.7, 4.1, 9.3], 400) * np.pi,
    ],
)
def test_noise_gives_valid_values_within_the_range_and_leaves_gaps(values):
    values[::7] = np.nan
    resolution = resolution_of(values)
    moved = resolution.noise(values, np.random.default_rng(3))
    assert np.isnan(moved[::7]).all()
    kept = ~np.isnan(values)
    assert moved[kept].min() >= np.nanmin(values) - 1e-9
    assert moved[kept].max() <= np.nanmax(values) + 1e-9
    assert (np.abs(moved[kept] - values[kept]) > 1e-9).all()
    off = np.abs(moved[kept][:, None] - np.unique(values[kept])[None]).min(axis=1)
    if resolution.scale == "levels":
        assert off.max() == 0
    else:
        steps = (moved[kept] - values[kept]) / resolution.unit
        assert np.abs(steps - np.round(steps)).max() < 1e-6


def test_gini_difference_is_the_mean_over_all_pairs():
    values = np.random.default_rng(0).gamma(1.5, size=60)
    pairs = np.abs(values[:, None] - values[None])
    assert gini_difference(values) == pytest.approx(pairs.sum() / (60 * 59))


@pytest.mark.parametrize("transform", [lambda v: v, np.exp, lambda v: 7 - 2 * v])
def test_coarseness_is_how_often_a_random_cut_is_crossed(transform):
    """Brute force: cuts at values drawn at random, crossed by noise against by another row."""
    values = transform(np.random.default_rng(0).normal(size=3000).round(1))
    rng = np.random.default_rng(1)
    resolution = resolution_of(values)
    moved = resolution.noise(values, rng)
    cuts = rng.choice(values, 4000) + rng.choice([-1e-9, 1e-9], 4000)
    a, b = rng.choice(values, (2, 3000))
    crossed = np.mean([((values > c) != (moved > c)).mean() for c in cuts])
    usual = np.mean([((a > c) != (b > c)).mean() for c in cuts])
    assert resolution.coarse(values) == pytest.approx(crossed / usual, rel=0.06)


# --- columns, groups, swaps --------------------------------------------------------------------


def people_table(n=400):
    X, y = rows.people(np.random.default_rng(0), n)
    return X, y, Table(X, X.columns)


def test_roles_of_a_table_as_it_comes():
    _, _, table = people_table()
    layout = layout_of(table, table, text=False)
    kinds = {role.name: role.kind for role in layout.roles}
    assert kinds == {
        "age": "number", "income": "number", "rooms": "number", "visits": "number",
        "plan": "category", "site": "constant",
    }  # fmt: skip
    coarse = {role.name: role.coarse for role in layout.roles}
    assert coarse["income"] < coarse["age"] < 0.1 < coarse["rooms"]


def test_changed_rows_keep_types_gaps_and_other_columns():
    X, _, table = people_table()
    some = np.array([3, 3, 10])
    given = table.copied([
        Ask(some, {0: np.array([30.0, 31.0, 32.0])}),
        Ask(some, {4: From(np.array([0, 1, 2]))}),
        Ask(some, {1: table.numbers(1, some)}),
    ])  # fmt: skip
    assert given.schema == X.schema
    assert given["age"].to_list() == [30, 31, 32, *X["age"][some].to_list() * 2]
    assert given["plan"].to_list()[3:6] == X["plan"][:3].to_list()
    untouched = given[:3].drop("age")
    assert untouched.equals(X[some].drop("age"))
    assert given[6:].equals(X[some])


def test_changed_rows_of_arrays_keep_their_type():
    X = np.arange(24, dtype=np.float32).reshape(8, 3)
    given = Table(X, ["a", "b", "c"]).copied([Ask(np.array([1, 2]), {2: np.array([9.0, 8.0])})])
    assert given.dtype == np.float32
    assert given.tolist() == [[3, 4, 9], [6, 7, 8]]
    assert X[1, 2] == 5


@pytest.mark.parametrize("standardised", [False, True])
def test_one_hot_columns_are_one_category_and_swaps_are_valid(standardised):
    rng = np.random.default_rng(0)
    hot = np.eye(4)[rng.integers(0, 4, 300)]
    X = np.column_stack([rng.normal(size=300), hot, rng.integers(0, 2, 300)])
    if standardised:
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    table = Table(X, ["x", "k_a", "k_b", "k_c", "k_d", "flag"])
    layout = layout_of(table, table, text=False)
    group = next(r for r in layout.roles if len(r.columns) == 4)
    assert group.name == "k"
    assert group.kind == "category"
    ask = tabular.swapped(table, group, np.arange(300), rng)
    given = table.copied([ask])
    assert {tuple(row) for row in given[:, 1:5]} == {tuple(row) for row in X[:, 1:5]}
    assert (given[:, 1:5] != X[:, 1:5]).any(axis=1).all()
    assert (given[:, [0, 5]] == X[:, [0, 5]]).all()


def test_independent_flags_are_no_group():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (300, 3)).astype(float)
    table = Table(X, ["a", "b", "c"])
    assert all(len(r.columns) == 1 for r in layout_of(table, table, text=False).roles)


def test_a_category_is_never_swapped_for_a_missing_one():
    frame = pl.DataFrame({"plan": ["a", "b", None, "c"] * 30})
    table = Table(frame, ["plan"])
    role = layout_of(table, table, text=False).roles[0]
    given = table.copied([tabular.swapped(table, role, np.arange(120), np.random.default_rng(0))])
    assert given["plan"].null_count() == 0
    assert (given["plan"] != frame["plan"]).drop_nulls().all()


def test_columns_that_go_together_are_shuffled_together():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 500))
    X = np.column_stack([a, np.exp(a), b, b + rng.normal(0, 0.3, 500), rng.normal(size=500)])
    table = Table(X, list("abcde"))
    units = {u.name: u for u in layout_of(table, table, text=False).units}
    assert set(units) == {"a and b", "c and d", "e"}
    assert units["a and b"].one  # a column and its exponential say the same
    assert not units["c and d"].one


def test_a_wide_table_is_taken_in_blocks():
    X = np.random.default_rng(0).normal(size=(60, 900))
    table = Table(X, [f"x{k}" for k in range(900)])
    layout = layout_of(table, table, text=False)
    assert layout.blocks
    assert len(layout.units) <= 400
    assert sorted(j for u in layout.units for j in u.columns) == list(range(900))


def test_a_block_that_changes_answers_names_its_column():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 900))
    X[:, 700] = X[:, 700].round(3)

    def ask(r):
        return rows.expit(2 * r[:, 0] + 4 * rows.scrambled(r[:, 700] * 1000))

    case = case_from_arrays("binary", {"test": (X, (X[:, 0] > 0).astype(int))}, ask,
                            output="probability")  # fmt: skip
    named = [f.subject for f in found(case).findings if f.code == "sensitivity.brittle-feature"]
    assert named == ["x700"]


def test_a_shuffle_leaves_no_row_in_its_place():
    some = np.array([4, 9, 11, 30])
    for seed in range(30):
        other = tabular.deranged(some, np.random.default_rng(seed))
        assert sorted(other) == sorted(some)
        assert (other != some).all()


# --- flips and margins -------------------------------------------------------------------------


def test_a_flip_counts_by_how_far_the_probability_moved():
    before = Replies(np.array([1, 1, 0, 0]), np.array([0.51, 0.95, 0.2, 0.4]), None)
    after = Replies(np.array([0, 0, 0, 1]), np.array([0.49, 0.05, 0.1, 0.6]), None)
    flips, beyond, moved = Ruler(np.ones(1), 0.2).compared(before, after)
    assert flips.tolist() == [1, 1, 0, 1]
    assert beyond == pytest.approx([0.02, 0.9, 0, 0.2])
    assert moved == pytest.approx([0.02, 0.9, 0.1, 0.2])


def test_beyond_margins_is_the_rate_at_which_drawn_labels_change():
    """Labels drawn from both answers with one common number each, counted over flipped rows."""
    rng = np.random.default_rng(0)
    p, q = rng.random((2, 2000))
    before, after = (Replies((s > 0.5).astype(int), s, None) for s in (p, q))
    beyond = Ruler(np.ones(1), 0.2).compared(before, after)[1]
    draws = rng.random((400, 2000))
    drawn = ((draws < p) != (draws < q)).mean(axis=0) * ((p > 0.5) != (q > 0.5))
    assert beyond.mean() == pytest.approx(drawn.mean(), abs=0.005)


def test_values_count_as_changed_from_a_fifth_of_the_targets_spread():
    before = Replies(None, None, np.array([[10.0], [10.0]]))
    after = Replies(None, None, np.array([[10.9], [8.9]]))
    flips, beyond, moved = Ruler(np.array([5.0]), 0.2).compared(before, after)
    assert flips.tolist() == beyond.tolist() == [0, 1]
    assert moved == pytest.approx([0.18, 0.22])


def test_a_step_function_flips_as_its_closed_form_says():
    """A cut at 0 through a normal column, moved by N(0, 0.01): a share of 0.01/π of rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60_000, 3))
    y = (X[:, 0] > 0).astype(int)
    case = case_from_arrays("binary", {"test": (X, y)}, lambda r: (r[:, 0] > 0).astype(float),
                            output="probability").view("sensitivity", SETTINGS)  # fmt: skip
    evidence = measured(case)
    crossed = evidence.changes["noise:0"]
    assert crossed.flips.low <= np.arctan(0.01) / np.pi <= crossed.flips.high
    coarse = evidence.layout.roles[0].coarse
    assert coarse == pytest.approx(0.008 / 2 / np.sqrt(np.pi) * 3, rel=0.1)
    assert evidence.changes["noise:1"].flips.value == 0


def test_rows_asked_more_than_once_count_once():
    X = np.zeros((4, 1))
    case = case_from_arrays("binary", {"test": (X, np.array([0, 1, 0, 1]))},
                            lambda r: np.zeros(len(r)), output="probability")  # fmt: skip
    before = Replies(np.zeros(4, int), np.zeros(4), None)
    given = Replies(np.array([1, 0, 0, 1]), np.array([1.0, 0, 0, 1]), None)
    told = change(Ruler(np.ones(1), 0.2), before, np.array([0, 0, 2, 3]), given,
                  answers(case, "test"))  # fmt: skip
    assert told.rows.tolist() == [0, 2, 3]
    assert told.by_row.tolist() == [0.5, 0, 1]
    assert told.flips.value == pytest.approx(0.5)


# --- importance --------------------------------------------------------------------------------


def test_importance_is_that_of_scikit_learn():
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 4))
    y = X @ [3.0, 1.0, 0.5, 0.0] + rng.normal(0, 1, 1500)
    model = LinearRegression().fit(X, y)
    case = case_from_arrays("regression", {"test": (X, y)}, model).view("sensitivity", SETTINGS)
    ours = measured(case).importance
    theirs = (
        permutation_importance(
            model, X, y, scoring="neg_mean_squared_error", n_repeats=20, random_state=0
        ).importances_mean
        / y.var()
    )
    for k, (rise, value) in enumerate(zip(ours.rises, theirs, strict=True)):
        assert rise.low - 0.01 <= value <= rise.high + 0.01, k
    assert ours.shares[0].value == pytest.approx(9 / 10.25, abs=0.03)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_squared_errors_are_brier_scores(task):
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(0)
    if task == "binary":
        y, p = rng.integers(0, 2, 50), rng.random(50)
        expected = brier_score_loss(y, p)
        given = Replies((p > 0.5).astype(int), p, None)
    elif task == "multiclass":
        y, p = rng.integers(0, 3, 50), rng.dirichlet(np.ones(3), 50)
        expected = ((p - np.eye(3)[y]) ** 2).sum(axis=1).mean() / 2
        given = Replies(p.argmax(axis=1), p, None)
    else:
        y, p = rng.integers(0, 2, (50, 4)), rng.random((50, 4))
        expected = np.mean([brier_score_loss(y[:, k], p[:, k]) for k in range(4)])
        given = Replies((p > 0.5).astype(int), p, None)
    rows_ = np.arange(50)
    assert squared_errors(given, y, rows_, task, np.ones(1), 1).mean() == pytest.approx(expected)


def test_the_interval_of_a_share_covers_it():
    """A linear rule whose weights are known: 9 of 14 parts, and a rise of twice 9."""
    shares, rises = 0, 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(150, 3))
        after = []
        for k, w in enumerate((3.0, 2.0, 1.0)):
            some = []
            for _ in range(3):
                donors = tabular.deranged(np.arange(150), rng)
                some.append(Shuffle((w * (X[donors, k] - X[:, k])) ** 2, donors))
            after.append(some)
        told = importance_of(np.zeros(150), after, Design(150))
        shares += told.shares[0].low <= 9 / 14 <= told.shares[0].high
        rises += told.rises[0].low <= 18 <= told.rises[0].high
    for covered in (shares, rises):
        assert stats.binom.cdf(covered, 400, 0.93) > 0.01, covered
        assert stats.binom.sf(covered, 400, 0.985) > 0.001, covered


# --- verdicts ----------------------------------------------------------------------------------


def test_an_uncertain_model_is_told_from_a_brittle_one():
    """The same wave, as a wobble of 0.01 and as one from no to yes."""
    uncertain = found(sound.undecided_and_rough(np.random.default_rng(0), 2000))
    brittle_one = found(brittle.waves(np.random.default_rng(0), 2000, 3, 0.05, 4))
    assert uncertain.series["joint"]["flips"] > 0.15
    assert raised(uncertain) == set()
    assert "uncertain" in uncertain.headline
    assert {"flips-under-noise", "brittle-feature"} <= raised(brittle_one)


def test_the_brittle_column_is_named_and_no_other():
    told = found(brittle.digits_read(np.random.default_rng(1), 2000, 12, 2, 4))
    named = {f.subject for f in told.findings if f.code == "sensitivity.brittle-feature"}
    assert named == {"x1"}


def test_labels_under_no_change_at_all_raise_nothing_more_often_than_stated():
    """Columns whose excess is nil: the family's p-values under the null, by exact draws."""
    alarms = 0
    settings = SensitivitySettings(warn_over=0.0, alpha=0.05)
    for seed in range(400):
        rng = np.random.default_rng(seed)
        members = []
        for k in range(5):
            hits = (rng.random(200) < 0.1).astype(float)
            case = case_from_arrays("binary", {"test": (np.zeros((200, 1)), np.arange(200) % 2)},
                                    lambda r: np.zeros(len(r)), output="probability")  # fmt: skip
            told = change(
                Ruler(np.ones(1), 0.2), Replies(np.zeros(200, int), np.zeros(200), None),
                np.arange(200), Replies(hits.astype(int), hits, None), answers(case, "test"),
            )  # fmt: skip
            members.append(verdicts.judged_change(f"noise:{k}", told, 0.1))
        alarms += any(t.severity for t in verdicts.family(members, settings))
    assert stats.binom.sf(alarms - 1, 400, 0.05) > 0.001


def test_a_fail_needs_the_whole_interval_past_its_threshold():
    told = found(brittle.digits_read(np.random.default_rng(0), 2000, 6, 2, 4))
    for finding in told.findings:
        if finding.severity == "fail":
            assert finding.evidence["low"] > SETTINGS.fail_over


def test_correlated_columns_that_hold_all_are_no_single_feature():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(800, 1))
    X = np.hstack([base + rng.normal(0, 0.3, (800, 5)), rng.normal(size=(800, 3))])
    y = X[:, :5].sum(axis=1) + rng.normal(0, 0.5, 800)
    case = case_from_arrays("regression", {"test": (X, y)}, lambda r: r[:, :5].sum(axis=1))
    told = found(case)
    assert told.series["importance"][0]["share"] > 0.95
    assert raised(told) == set()


def test_the_founding_rows_name_their_column_and_where_it_turns():
    told = found(dominated.founding(np.random.default_rng(0), 1000, "forest"))
    finding = next(f for f in told.findings if f.code == "sensitivity.single-feature-dominates")
    assert finding.subject == "x0"
    assert finding.evidence["turns"][0] == pytest.approx(0.5, abs=0.03)
    assert "flips-under-noise" not in raised(told)


def test_few_rows_are_too_few_to_tell():
    told = found(brittle.digits_read(np.random.default_rng(0), 40, 4, 2, 4))
    assert raised(told) == set()
    assert "20 rows are too few" in told.headline
    assert {c.status for c in told.checks} == {"not_applicable"}
    assert len(told.checks) == len(CODES)


def test_the_smallest_effect_is_found_as_often_as_said():
    """A model of which a known share of answers is tipped by digits, at the effect it prints."""
    case = brittle.digits_read(np.random.default_rng(0), 800, 3, 2, 4)
    view = case.view("sensitivity", SETTINGS)
    told = measured(view)
    one = verdicts.joint_tested(told, SETTINGS)
    share = verdicts.smallest(one.change, 0.01, SETTINGS, 1)
    hits = 0
    for seed in range(300):
        flipped = (np.random.default_rng(seed).random(one.change.n) < share).astype(float)
        n = one.change.n
        fresh = change(
            Ruler(np.ones(1), 0.2), Replies(np.zeros(len(told.answers.kept), int),
                                            np.zeros(len(told.answers.kept)), None),
            one.change.rows, Replies(flipped.astype(int), flipped, None), told.answers,
        )  # fmt: skip
        assert fresh.n == n
        judged_one = verdicts.family([verdicts.judged_change("joint", fresh, 0.01)], SETTINGS)[0]
        hits += judged_one.severity is not None
    assert stats.binom.cdf(hits, 300, 0.8) > 0.001
    assert hits / 300 < 0.93


# --- what the model is asked -------------------------------------------------------------------


def test_raw_columns_are_changed_and_then_preprocessed():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (400, 3)).astype(float)
    y = (X[:, 0] > 128).astype(int)
    seen = []

    def ask(rows_):
        seen.append(rows_)
        return (rows_[:, 0] > 0.5).astype(float)

    case = case_from_arrays("binary", {"test": (X, y)}, ask, output="probability",
                            preprocess=Preprocess([Scale(255.0)], ["scale: 255"]))  # fmt: skip
    found(case)
    whole = np.concatenate(seen) * 255
    assert np.abs(whole[:, 1:] - np.round(whole[:, 1:])).max() < 1e-9
    assert whole.max() <= 255


def test_the_model_is_asked_in_few_batches_within_the_budget():
    X, y = rows.normal(np.random.default_rng(0), 4000, 10)
    calls = []

    def ask(rows_):
        calls.append(len(rows_))
        return rows.expit(rows_.sum(axis=1))

    case = case_from_arrays("binary", {"test": (X, y)}, ask, output="probability")
    calls.clear()
    told = found(case, SensitivitySettings(rows=10_000))
    asked_for = sum(calls) - 4000  # the split itself
    assert asked_for <= 1.1 * 10_000 + 4 * 33 * 40
    assert len(calls) <= 4
    assert f"{asked_for:,}" in told.method


@pytest.mark.parametrize(("shares", "most"), [(FIRST, 0.09), (SECOND, 0.2)])
@pytest.mark.parametrize("columns", [3, 10, 40])
def test_a_look_keeps_to_its_share_of_the_split_for_each_column(shares, most, columns):
    plan = planned(np.arange(40_000), sizes(40_000, columns, columns, None, shares),
                   np.random.default_rng(0))  # fmt: skip
    used = len(plan.joint) + columns * (len(plan.noise) + len(plan.shuffled) * plan.shuffles)
    assert used + plan.curves <= 1.1 * most * 40_000 * columns


def test_a_suspicion_is_looked_into_and_a_sound_model_is_not_asked_more():
    X = np.random.default_rng(0).normal(size=(2000, 10))
    case = case_from_arrays("binary", {"test": (X, (X.sum(axis=1) > 0).astype(int))},
                            lambda r: rows.expit(r.sum(axis=1)), output="probability")  # fmt: skip
    quiet = measured(case.view("sensitivity", SETTINGS))
    assert quiet.again == ""
    assert quiet.sent <= 1.5 * 2000
    loud = brittle.digits_read(np.random.default_rng(0), 2000, 4, 2, 4)
    looked = measured(loud.view("sensitivity", SETTINGS))
    assert "more answers changed" in looked.again
    assert looked.changes["noise:1"].n == 1000


def test_stored_predictions_cannot_be_asked():
    case = case_from_arrays("binary", {"test": (np.zeros((40, 2)), np.arange(40) % 2)},
                            {"test": np.linspace(0, 1, 40)})  # fmt: skip
    with pytest.raises(NotApplicable, match="stored predictions"):
        found(case)


def test_answers_that_depend_on_the_rows_beside_them_are_not_judged():
    X, y = rows.normal(np.random.default_rng(0), 400, 3)

    def ask(rows_):
        return rows.expit(5 * (rows_[:, 0] - rows_[:, 0].mean() * 1.5) / rows_[:, 0].std() + len(
            rows_) / 1000)  # fmt: skip

    case = case_from_arrays("binary", {"test": (X, y)}, ask, output="probability")
    with pytest.raises(NotApplicable, match="beside changed ones"):
        found(case)


def test_replies_come_back_to_their_questions_across_batches(monkeypatch):
    from reportgen.diagnostics.sensitivity import asking

    monkeypatch.setattr(asking, "BATCH_ROWS", 7)
    X = np.arange(20, dtype=float)[:, None]
    case = case_from_arrays("regression", {"test": (X, X[:, 0])}, lambda r: r[:, 0] * 2)
    table = Table(X, ["x"])
    asks = {str(k): Ask(np.arange(k, k + 5), {}) for k in range(6)}
    given = asked(case, asks, table.copied, 1, "changed rows")
    for k in range(6):
        assert given[str(k)].values[:, 0].tolist() == [2.0 * v for v in range(k, k + 5)]


# --- images, texts, sequences ------------------------------------------------------------------


def test_whole_pixels_move_and_edges_repeat():
    X = np.arange(12.0).reshape(1, 3, 4)
    assert pictures.moved(X, 2, 1).tolist() == [[[0, 0, 1, 2], [4, 4, 5, 6], [8, 8, 9, 10]]]
    assert pictures.moved(X, 1, -1).tolist() == [[[4, 5, 6, 7], [8, 9, 10, 11], [8, 9, 10, 11]]]
    half = pictures.moved(X, 2, 0.5)
    assert half[0, 0].tolist() == [0, 0.5, 1.5, 2.5]


@pytest.mark.parametrize(("size", "by"), [(8, 8 / 28), (28, 1), (40, 1), (56, 2), (224, 8)])
def test_a_shift_is_a_share_of_the_width(size, by):
    assert pictures.distance(size) == pytest.approx(by)


@pytest.mark.parametrize(
    ("dtype", "top", "expected"),
    [(np.uint8, 255, (0, 255)), (np.float32, 1.0, (0, 1)), (np.float64, 16, (0, 16))],
)
def test_changed_images_stay_images(dtype, top, expected):
    rng = np.random.default_rng(0)
    X = (rng.random((30, 20, 20)) * top).astype(dtype)
    X[0, 0, 0], X[0, 0, 1] = 0, top
    span = pictures.range_of(X)
    assert (span.low, span.high) == pytest.approx(expected, abs=0.05)
    ways, _ = pictures.ways_of(X)
    assert set(ways) == set(pictures.WAYS)
    for way in ways:
        given = pictures.copied(X, span, [pictures.Picture(np.arange(30), way, 0)])
        assert given.dtype == X.dtype
        assert given.shape == X.shape
        assert given.min() >= span.low
        assert given.max() <= span.high
        assert (given != X).any(), way


def test_small_images_are_not_compressed():
    _, left_out = pictures.ways_of(np.zeros((5, 8, 8)))
    assert "8 × 8" in left_out["jpeg"]


def test_texts_are_changed_as_said():
    assert texts.other_case("A Fine Day") == "a fine day"
    assert texts.other_case("a fine day") == "A Fine Day"
    assert texts.other_punctuation("Well, done.") == "Well done"
    assert texts.other_punctuation("done") == "done."
    changed, share = texts.with_typos(" ".join(["letters"] * 20), np.random.default_rng(0))
    spoiled = [w for w in changed.split() if w != "letters"]
    assert len(spoiled) == 2
    assert share == pytest.approx(0.1)
    assert all(sorted(w) == sorted("letters") for w in spoiled)
    assert texts.with_typos("a 12 b", np.random.default_rng(0)) == ("a 12 b", 0.0)


def test_missing_and_empty_texts_stay():
    given, _ = texts.changed(np.array(["Yes", None, ""], dtype=object), "case",
                             np.random.default_rng(0))  # fmt: skip
    assert given.tolist() == ["yes", None, ""]


def test_tokens_are_exchanged_and_padding_is_not():
    rng = np.random.default_rng(0)
    X = rng.integers(1, 50, (40, 30))
    X[:, 20:] = 0
    given, share = texts.exchanged(X, rng)
    assert (given[:, 20:] == 0).all()
    assert (given > 0).sum() == (X > 0).sum()
    assert share == pytest.approx(0.1)
    assert ((given != X).sum(axis=1) <= 2).all()


def test_sequences_get_noise_in_their_channels_and_move_by_a_step():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 30, 2)).cumsum(axis=1)
    y = (X[:, :, 0].mean(axis=1) > 0).astype(int)
    sharp = case_from_arrays("binary", {"test": (X, y)},
                             lambda r: rows.expit(50 * r[:, 7, 0] * r[:, 8, 1] % 3 - 1.5),
                             output="probability")  # fmt: skip
    from dataclasses import replace

    sharp = replace(sharp, dataset=replace(sharp.dataset, kind="array"))
    view = sharp.view("sensitivity", SETTINGS)
    evidence = measured(view)
    assert evidence.kind == "sequences"
    assert {"steps", "joint", "noise:0", "noise:1"} <= set(evidence.changes)
    told = judged(view, evidence, Trained({}))
    assert {c.code.split(".")[1]: c.status for c in told.checks}["shift"] != "not_applicable"


@pytest.mark.parametrize("task", ["multilabel", "regression two"])
def test_several_targets_are_taken_together(task):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    if task == "multilabel":
        y = (X[:, :3] > 0).astype(int)
        case = case_from_arrays("multilabel", {"test": (X, y)}, lambda r: rows.expit(4 * r[:, :3]),
                                output="probability")  # fmt: skip
    else:
        y = X[:, :2] * [1.0, 100.0]
        case = case_from_arrays("regression", {"test": (X, y)}, lambda r: r[:, :2] * [1.0, 100.0],
                                target=("a", "b"))  # fmt: skip
    told = found(case)
    assert raised(told) == set()
    assert [u["share"] > 0.2 for u in told.series["importance"]][:2] == [True, True]


def test_a_job_that_abstains_or_cuts_elsewhere_is_judged_by_its_own_labels():
    X, _ = rows.normal(np.random.default_rng(0), 1200, 3)
    y = (X.sum(axis=1) > 0).astype(int)
    case = case_from_arrays("binary", {"test": (X, y)}, lambda r: rows.expit(3 * r.sum(axis=1)),
                            output="probability", decision={"threshold": 0.8})  # fmt: skip
    told = found(case)
    curve = next(c for c in told.series["curves"] if c["name"] == "x0")
    near = np.argsort(np.abs(rows.expit(3 * X.sum(axis=1)) - 0.8))[:40]
    assert curve["turns"] == [pytest.approx(np.median(X[near, 0]), abs=0.2)]


# --- several inputs, labels step by step, parts and words ----------------------------------------


def many_inputs(n=1200):
    """A number whose last digits decide, a column of ids, and a picture that tells a little."""
    rng = np.random.default_rng(0)
    X = {"age": rng.normal(40, 9, n).round(2), "other": rng.normal(size=(n, 2)),
         "face": rng.random((n, 6, 6))}  # fmt: skip

    def ask(r):
        z = 2 * np.asarray(r["other"])[:, 1] + 3 * rows.scrambled(np.asarray(r["age"]) * 100)
        return rows.expit(z + np.asarray(r["face"]).mean(axis=(1, 2)))

    y = (ask(X) > 0.5).astype(int)
    return case_from_arrays("binary", {"test": (X, y)}, ask, output="probability"), X


def test_every_input_is_moved_and_shuffled_by_its_columns():
    case, _ = many_inputs()
    told = found(case)
    assert {"age", "other 0", "other 1", "face"} == {c["name"] for c in told.series["columns"]}
    assert [f.subject for f in told.findings if f.code == "sensitivity.brittle-feature"] == ["age"]
    shares = {u["name"]: u["share"] for u in told.series["importance"]}
    assert shares["age"] + shares["other 1"] > 0.95


def test_changed_inputs_come_back_in_their_own_form():
    from reportgen.diagnostics.sensitivity.inputs import inputs_of

    X = {"age": np.arange(6), "face": np.zeros((6, 3, 3), dtype=np.float32),
         "text": np.array([["a"], ["b"], ["c"], ["d"], ["e"], ["f"]])}  # fmt: skip
    table = inputs_of(X)
    some = np.array([4, 1])
    given = table.copied([Ask(some, {0: np.array([7.0, 8.0])}), Ask(some, {2: From(some[::-1])})])
    assert list(given) == ["age", "face", "text"]
    assert given["age"].tolist() == [7, 8, 4, 1]
    assert given["age"].dtype == X["age"].dtype
    assert given["face"].shape == (4, 3, 3)
    assert given["text"].tolist() == [["e"], ["b"], ["b"], ["e"]]


def test_answers_step_by_step_are_compared_with_those_of_the_same_steps():
    """Each step says the sign of its own number: noise at the cut flips as the closed form says."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 5, 1))
    y = (X[..., 0] > 0).astype(int)
    kept = np.arange(5) < rng.integers(1, 6, 4000)[:, None]
    case = case_from_arrays("binary", {"test": (X, y)}, lambda r: (r[..., 0] > 0).astype(float),
                            output="probability", mask={"test": kept})  # fmt: skip
    view = case.view("sensitivity", SETTINGS)
    evidence = measured(view)
    flips = evidence.changes["noise:0"].flips
    assert flips.low <= np.arctan(0.01) / np.pi <= flips.high
    told = judged(view, evidence, Trained({}))
    assert raised(told) == set()
    assert "each step compared" in told.method
    assert told.series["regions"]["width"] == 5


def test_a_part_of_an_image_that_tells_all_is_found_and_no_other():
    rng = np.random.default_rng(0)
    X = rng.random((900, 16, 16)).astype(np.float32)
    where = (slice(None), slice(8, 10), slice(2, 4))
    y = (X[where].mean(axis=(1, 2)) > 0.5).astype(int)
    case = case_from_arrays("binary", {"train": (X[:100], y[:100]), "test": (X, y)},
                            lambda r: rows.expit(40 * (r[where].mean(axis=(1, 2)) - 0.5)),
                            output="probability")  # fmt: skip
    told = found(case)
    best, *others = told.series["regions"]["leaves"]
    assert best["box"] == [8, 2, 10, 4]
    assert best["low"] > 0.05
    assert max(abs(part["rise"]) for part in others) == 0
    assert best["name"] == "Rows 9 to 10, columns 3 to 4"


def test_what_a_hidden_part_costs_is_the_error_of_the_mean():
    """Hidden, a linear model sees the part's mean: the squared error rises by its variance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 8, 8))
    w = rng.normal(size=(8, 8))
    y = (X * w).sum(axis=(1, 2))
    case = case_from_arrays("regression", {"train": (X, y), "test": (X, y)},
                            lambda r: (r * w).sum(axis=(1, 2)))  # fmt: skip
    told = found(case)
    for part in told.series["regions"]["leaves"]:
        top, left, bottom, right = part["box"]
        rise = (w[top:bottom, left:right] ** 2).sum() / y.var()
        assert part["low"] * 0.8 <= rise <= part["high"] * 1.2


def test_parts_cover_an_image_once():
    from reportgen.diagnostics.sensitivity import regions

    for height, width in ((3, 5), (28, 28), (7, 30), (1, 2)):
        seen = np.zeros((height, width))
        for top, left, bottom, right in regions.grid((0, 0, height, width), 4, 4):
            seen[top:bottom, left:right] += 1
        assert (seen == 1).all()


def test_the_word_that_decides_is_found():
    rng = np.random.default_rng(0)
    filler = ["we", "wrote", "about", "that", "order", "again", "today", "please"]
    texts_ = [" ".join([*rng.choice(filler, 9), "refund" if k % 2 else "thanks"])
              for k in range(600)]  # fmt: skip
    frame = pl.DataFrame({"text": texts_})
    case = case_from_arrays(
        "binary", {"test": (frame, np.arange(600) % 2)},
        lambda r: np.array([0.95 if "refund" in t else 0.3 if "thanks" in t else 0.5
                            for t in r["text"]]), output="probability",
    )  # fmt: skip
    words = found(case).series["words"]
    assert [w["word"] for w in words[:2]] == ["refund", "thanks"]
    assert words[0]["moved"] == pytest.approx(0.45)
    assert words[1]["moved"] == pytest.approx(0.2)
    assert max(w["moved"] for w in words[2:]) == 0
