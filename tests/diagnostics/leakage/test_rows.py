"""Ids, order, time and groups: kept against closed forms, scikit-learn and what was planted."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage import rows as planted
from benchmarks.faults.leakage.honest import SETS, customers, gaussian
from reportgen.diagnostics import suite
from reportgen.diagnostics.leakage.arms import arms
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.keyed import tokens
from reportgen.diagnostics.leakage.keyed.dates import dates
from reportgen.diagnostics.leakage.keyed.folds import of_groups, of_times
from reportgen.diagnostics.leakage.keyed.grouping import agreement, intraclass
from reportgen.diagnostics.leakage.keyed.sources import Source
from reportgen.diagnostics.leakage.questions import groups, ids, order, times
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds


def rng(seed=0):
    return np.random.default_rng(seed)


def seen(case):
    return case.view("leakage", LeakageSettings())


def test_agreement_of_pairs_is_cohens_kappa():
    r = rng(1)
    g = r.integers(0, 12, 200)
    codes = (g % 3 + (r.random(200) < 0.3)).astype(int) % 3
    pairs = [
        (codes[i], codes[j]) for i in range(200) for j in range(200) if i != j and g[i] == g[j]
    ]
    share = np.bincount(codes) / 200
    same = np.mean([a == b for a, b in pairs])
    expected = (same - (share**2).sum()) / (1 - (share**2).sum())
    assert agreement(g, np.eye(3)[codes], codes) == pytest.approx(expected)
    # pairs drawn from all rows have the marginals of all rows only roughly
    a, b = zip(*pairs, strict=True)
    assert expected == pytest.approx(cohen_kappa_score(a, b), abs=0.05)
    assert agreement(g, np.eye(2)[g % 2], g % 2) == pytest.approx(1.0)


def test_intraclass_correlation_is_that_of_its_model():
    r = rng(2)
    g = np.repeat(np.arange(3000), 4)
    x = 1.5 * r.normal(size=3000)[g] + r.normal(size=len(g))
    assert intraclass(g, x) == pytest.approx(1.5**2 / (1.5**2 + 1), abs=0.02)
    assert abs(intraclass(g, r.normal(size=len(g)))) < 0.03


@pytest.mark.parametrize(
    ("texts", "reading"),
    [
        (["phon_R01_S01_1", "phon_R01_S01_2", "phon_R01_S02_1"], [0, 0, 1]),
        (["subj12rec3", "subj12rec10", "subj4rec1"], [0, 0, 1]),
        (["a.7.png", "a.8.png", "b.7.png"], [0, 0, 1]),
    ],
)
def test_keys_are_read_from_the_parts_of_texts(texts, reading):
    found = [tokens.codes(key).tolist() for _, key in tokens.keys(texts)]
    assert reading in found


def test_shared_groups_leave_in_parts_that_cover_all_judged_rows_and_share_nothing():
    case = seen(planted.shared_groups(planted.subjects(30, 6), 1.0)(rng(3)))
    train, test = case.split("train"), case.split("test")
    cure = of_groups(case, lambda name: np.asarray(case.split(name).groups), "test", rng())
    assert len(cure.folds) == 3
    asked = np.sum([fold.judged for fold in cure.folds], axis=0)
    assert (asked == 1).all()
    for fold in cure.folds:
        left = train.groups[~fold.rows["train"]]
        assert not set(left) & set(test.groups[fold.judged])
        assert fold.rows["train"].mean() < 0.5


def test_the_later_half_is_judged_by_what_was_known_before():
    case = seen(planted.in_time(1.0)(rng(4)))
    when = {name: case.split(name).times.astype(np.int64) for name in ("train", "test")}
    cure = of_times(case, when.__getitem__, "test")
    for fold in cure.folds:
        assert when["train"][~fold.rows["train"]].max() < when["test"][fold.judged].min()
    asked = np.sum([fold.judged for fold in cure.folds], axis=0)
    assert asked.max() == 1
    assert 0.4 < asked.mean() < 0.6


def test_what_a_group_leak_is_worth_is_what_group_wise_training_gives_by_hand():
    data = planted.subjects(30, 8)(rng(5))
    test = rng(6).random(len(data.y)) < 0.3
    model = KNeighborsClassifier(1).fit(data.X[~test], data.y[~test])
    case = case_from_arrays(
        "binary",
        {"train": (data.X[~test], data.y[~test]), "test": (data.X[test], data.y[test])},
        model,
        groups={"train": data.groups[~test], "test": data.groups[test]},
    )
    view = case.view("leakage", LeakageSettings(ablation_members=3))
    rule = suite()["leakage"]
    prepared = rule.prepare(view)
    (leak,) = [leak for leak in prepared.leaks if leak.code == "leakage.group-overlap"]
    rounds = Rounds(view, Budget())
    trained = rounds.run({"leakage": rule.retrainings(view, prepared)})
    found = rule.examine(view, prepared, trained)
    finding = next(f for f in found.findings if f.code == "leakage.group-overlap")
    right = np.zeros(test.sum(), dtype=bool)
    for fold in leak.cure.folds:
        kept = ~fold.rows["train"]
        again = KNeighborsClassifier(1).fit(data.X[~test][kept], data.y[~test][kept])
        mine = fold.judged
        right[mine] = again.predict(data.X[test][mine]) == data.y[test][mine]
    assert finding.evidence["without"] == pytest.approx(right.mean(), abs=1e-6)
    assert finding.severity == "fail"
    assert finding.evidence["effect"] > 0.1
    # every team of the arm has a member a fold, with and without
    (arm,) = [
        a
        for c, a in arms(view, prepared.leaks, prepared.delivered.n).by_cured.items()
        if len(c) == 1
    ]
    assert {len(team) for team in (*arm.having, *arm.cured)} == {3}


def test_groups_that_are_apart_are_clean_and_a_hidden_subject_is_named():
    apart = seen(planted.apart(planted.subjects())(rng(7)))
    looked = groups.look(apart, "test")
    assert looked.leaks == ()
    assert looked.metrics[0].value == 0
    case = seen(planted.in_a_name("phon_R01_S{who:02d}_{k}")(rng(8)))
    (leak,) = groups.look(case, "test").leaks
    assert leak.evidence["groups"] == 40
    assert "first 3 parts" in leak.message
    assert leak.severity == "warn"
    assert groups.look(seen(planted.clean(planted.households)(rng(9))), "test").leaks == ()
    assert groups.look(seen(planted.clean(planted.with_keys)(rng(9))), "test").leaks == ()


def test_pairs_in_the_wrong_order_are_counted_as_by_brute_force():
    r = rng(10)
    a, b = r.integers(0, 40, 60), r.integers(10, 50, 45)
    assert times.later(a, b) == pytest.approx((a[:, None] > b[None, :]).mean())
    assert times.later(np.arange(5), np.arange(4, 9)) == 0.0


def test_times_that_are_right_say_nothing_and_one_straggler_is_a_warning():
    case = seen(planted.in_time(0.0)(rng(11)))
    assert times.look(case, "test").leaks == ()
    train = case.split("train")
    late = train.times.copy()
    late[0] = np.datetime64("2031-01-01")
    splits = {**case.dataset.splits, "train": replace(train, times=late)}
    odd = replace(case, dataset=replace(case.dataset, splits=splits), _memory={})
    (leak,) = times.look(odd, "test").leaks
    assert leak.severity == "warn"
    assert leak.evidence["training_rows_later"] == 1


def test_only_plain_dates_are_dates():
    def read(values):
        series = pl.Series("d", values)
        return dates(Source("d", "unused", series, series))

    assert read([f"0{k}-01-2011" for k in range(1, 9)]) is not None
    assert read([f"2011-01-0{k}" for k in range(1, 9)]) is not None
    assert read([f"1.0.{k}" for k in range(8)]) is None
    assert read([f"code {k}" for k in range(8)]) is None
    assert read(list(range(20110101, 20110109))) is None


def test_a_counter_in_a_sorted_file_fails_and_the_sorted_file_alone_does_not():
    for name in ("digits", "diabetes"):
        data = planted.ordered(SETS[name])
        (leak,) = order.look(seen(planted.counted(data)(rng(12))), "test").leaks
        assert (leak.severity, leak.subject) == ("fail", "x64" if name == "digits" else "x10")
        (leak,) = order.look(seen(planted.clean(data)(rng(12))), "test").leaks
        assert leak.severity == "info"
    shuffled = seen(planted.clean(gaussian(300, 5))(rng(13)))
    assert order.look(shuffled, "test").leaks == ()


def test_an_unshuffled_training_on_a_sorted_file_is_a_warning():
    data = planted.ordered(gaussian(300, 5))(rng(14))
    test = np.arange(300) % 3 == 0
    model = LogisticRegression().fit(data.X[~test], data.y[~test])
    case = case_from_arrays(
        "binary",
        {"train": (data.X[~test], data.y[~test]), "test": (data.X[test], data.y[test])},
        model,
        training={"epochs": 3, "shuffle": False},
    )
    (leak,) = order.look(seen(case), "test").leaks
    assert leak.severity == "warn"
    assert "shuffle" in leak.message


def test_keys_that_tell_are_found_in_whatever_way_they_are_read():
    by_value = seen(planted.numbered(gaussian(500, 8), 3.0)(rng(15)))
    (leak,) = ids.look(by_value, "test").leaks
    assert leak.subject == "x8"
    in_text = seen(planted.numbered(customers(), 3.0, "CU-{k}-x")(rng(15)))
    (leak,) = ids.look(in_text, "test").leaks
    assert leak.evidence["read"] == "its last number"
    by_prefix = seen(planted.prefixed(rng(15)))
    (leak,) = ids.look(by_prefix, "test").leaks
    assert leak.evidence["read"] == "its first part"
    assert leak.severity == "warn"
    assert ids.look(seen(planted.clean(planted.with_keys)(rng(16))), "test").leaks == ()
