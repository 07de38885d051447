"""Rows between two others: found where they were made, not where chance or rounding put them."""

from functools import partial

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage import resampled as cases
from reportgen.diagnostics.leakage.arms import _placebo
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.questions.resampled import look
from reportgen.diagnostics.leakage.resampled.between import between
from reportgen.diagnostics.leakage.resampled.columns import columns_of
from reportgen.diagnostics.leakage.resampled.made import repeated

RNG = np.random.default_rng


def test_each_made_row_is_named_with_the_two_it_came_from():
    rng = RNG(0)
    X = rng.normal(size=(60, 4))
    a, b = rng.choice(60, 25), rng.choice(60, 25)
    b = np.where(a == b, (b + 1) % 60, b)
    t = rng.uniform(0.1, 0.9, 25)[:, None]
    rows = np.vstack([X, X[a] + t * (X[b] - X[a])])
    every = np.arange(85)
    found = between(columns_of(rows), every, every)
    assert found.rows.tolist() == list(range(60, 85))
    for row, first, second in zip(found.rows, found.first, found.second, strict=True):
        u, v = rows[first] - rows[row], rows[second] - rows[row]
        assert u @ v / np.linalg.norm(u) / np.linalg.norm(v) == pytest.approx(-1, abs=1e-9)
    one = dict(zip(found.rows.tolist(), zip(found.first, found.second, strict=True), strict=True))
    hit = sum({int(x) for x in one[60 + k]} == {int(a[k]), int(b[k])} for k in range(25))
    assert hit >= 23  # others lie on a line with a row made from the same two


@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_rounded_rows_lie_between_others_by_chance(scale):
    grid = np.array([[x, y] for x in range(12) for y in range(12)]) * 0.1 * scale
    rows = np.vstack([grid, RNG(1).choice(grid, 60)])
    every = np.arange(len(rows))
    assert len(between(columns_of(rows), every, every).rows) == 0


def test_rows_of_columns_that_follow_from_one_are_on_lines_and_not_made():
    x = RNG(2).normal(size=400)
    rate = RNG(3).choice([1.1, 1.3, 1.7], 400)
    for table in (np.column_stack([x, 2 * x + 1]), np.column_stack([x, rate * x, rate])):
        columns = columns_of(table)
        if columns is not None:
            assert len(between(columns, np.arange(400), np.arange(400)).rows) == 0


@pytest.mark.parametrize("decimals", [0, 1, 2])
@pytest.mark.parametrize("width", [2, 3, 6])
def test_honest_data_of_any_rounding_stay_quiet(decimals, width):
    for seed in range(3):
        draw = partial(cases.blobs, 500, width, 0.3, decimals=decimals)
        case = cases.after(draw, None, RNG(100 + seed)).view("leakage", LeakageSettings())
        assert look(case, "test").leaks == ()


def test_rows_made_of_train_alone_are_no_leak_until_a_source_is_judged():
    X, y = cases.blobs(600, 4, 0.1, RNG(0))
    train, test = (X[200:], y[200:]), (X[:200], y[:200])
    made = SMOTE(random_state=0).fit_resample(*train)
    scores = {"train": np.full(len(made[1]), 0.5), "test": np.full(200, 0.5)}
    case = case_from_arrays("binary", {"train": made, "test": test}, scores)
    assert look(case, "test").leaks == ()
    # The same rows, judged on what they were made from.
    judged = (train[0][:150], train[1][:150])
    case = case_from_arrays("binary", {"train": made, "test": judged}, {
        "train": scores["train"], "test": np.full(150, 0.5)})  # fmt: skip
    (leak,) = look(case, "test").leaks
    assert leak.severity == "fail"
    assert "of which one is in test" in leak.message
    assert not leak.cure.rows["train"][:150].any() or leak.cure.rows["train"][400:].any()


def test_many_columns_of_few_whole_numbers_tell_what_few_do_not():
    made = {}
    for d in (5, 20):
        data = partial(cases.whole, 700, d, 10)
        case = cases.before(data, "SMOTE", RNG(4)).view("leakage", LeakageSettings())
        made[d] = [leak.severity for leak in look(case, "test").leaks]
        honest = cases.after(data, None, RNG(5)).view("leakage", LeakageSettings())
        assert not look(honest, "test").leaks
    assert made == {5: [], 20: ["fail"]}


def test_the_cure_takes_out_what_judged_rows_came_from():
    case = cases.before(cases.eight, "SMOTE", RNG(5))
    (leak,) = look(case, "test").leaks
    train, test = case.split("train"), case.split("test")
    assert leak.cure.rows["train"].shape == (train.n,)
    assert set(train.y[leak.cure.rows["train"]]) == {1}
    assert set(test.y[leak.cure.reached]) == {1}
    assert leak.evidence["share"] == pytest.approx(leak.evidence["rows"] / test.n)
    assert "every class has exactly" in leak.message


def test_repeats_of_one_class_alone_are_oversampling():
    y = np.array([0] * 60 + [1] * 30)
    honest = np.arange(90)
    once = np.concatenate([np.arange(60), np.arange(60, 70), np.arange(60, 70), np.arange(60, 70)])
    both = np.concatenate([np.arange(30), np.arange(30), once[60:]])
    assert repeated(honest, y) == []
    assert repeated(both, y) == []
    (made,) = repeated(once, y)
    assert (made.code, made.rows.tolist()) == (1, list(range(70, 90)))
    assert repeated(None, y) == []


def test_other_tasks_say_so():
    X = RNG(0).normal(size=(40, 3))
    case = case_from_arrays(
        "regression",
        {"train": (X, X[:, 0]), "test": (X, X[:, 0])},
        {"train": X[:, 0], "test": X[:, 0]},
    )
    assert "no classes" in look(case, "test").untold["leakage.resampled-before-split"]


def test_a_placebo_leaves_as_many_rows_of_each_class():
    rng = RNG(0)
    strata = np.array([0] * 60 + [1] * 40)
    leaving = np.zeros(100, dtype=bool)
    leaving[60:90] = True
    kept = _placebo(leaving, leaving, strata, rng)  # all that leaves carries the leak
    assert np.bincount(strata[kept]).tolist() == [60, 10]
    assert not np.isin(np.arange(90, 100), kept).any()  # those that carry nothing leave first
    few = np.zeros(100, dtype=bool)
    few[[1, 65]] = True
    kept = _placebo(few, few, strata, rng)
    assert np.bincount(strata[kept]).tolist() == [59, 39]
    assert np.isin([1, 65], kept).all()


def test_the_largest_class_was_not_oversampled_however_often_its_rows_repeat():
    """Rows of the common class that repeat by chance, as where few values are measured."""
    y = np.array([0] * 100 + [1] * 20)
    copies = np.array([k % 50 for k in range(100)] + list(range(100, 120)))
    assert repeated(copies, y) == []
    fewer = np.where(y == 1, 0, 1)  # the same rows, and the class that repeats is the rarer one
    more = np.concatenate([copies, np.arange(200, 400)]), np.concatenate([fewer, np.full(200, 0)])
    (made,) = repeated(*more)
    assert made.code == 1
    assert len(made.rows) == 50
