"""Columns that know the answer: strengths against scikit-learn, verdicts on what was planted."""

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.preprocessing import TargetEncoder
from sklearn.tree import DecisionTreeRegressor

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage.columns import (
    calendar,
    caused,
    cloud,
    honest_gaps,
    households,
    post_outcome,
    weighted,
)
from benchmarks.faults.leakage.honest import SETS, audited, bundled, customers, gaussian
from reportgen.diagnostics.leakage.alone import identity
from reportgen.diagnostics.leakage.alone.combined import combinations
from reportgen.diagnostics.leakage.alone.effect import place
from reportgen.diagnostics.leakage.alone.measured import measured
from reportgen.diagnostics.leakage.alone.origin import remains
from reportgen.diagnostics.leakage.alone.rest import explained_by_rest
from reportgen.diagnostics.leakage.alone.strength import auc_of_bins, bins, cuts, goal, strength
from reportgen.diagnostics.leakage.alone.values import Column, columns, of_series
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.found import Effect
from reportgen.diagnostics.leakage.questions import columns as question
from reportgen.diagnostics.leakage.questions import combinations as combined_question
from reportgen.diagnostics.leakage.questions import missingness
from reportgen.statistics.intervals import Interval


def rng(seed=0):
    return np.random.default_rng(seed)


def stored(X, y, task="binary", cut=0.7, **more):
    """A case whose model is never asked."""
    n = round(cut * len(y))
    width = (len(np.unique(y)),) if task == "multiclass" else ()
    kept = {
        "train": np.full((n, *width), 1 / max(*width, 2) if width else 0.5),
        "test": np.full((len(y) - n, *width), 1 / max(*width, 2) if width else 0.5),
    }
    case = case_from_arrays(
        task, {"train": (X[:n], y[:n]), "test": (X[n:], y[n:])}, kept,
        output="value" if task == "regression" else "probability", **more,
    )  # fmt: skip
    return case.view("leakage", LeakageSettings())


def levelled(n=3000):
    """A column of numbers with gaps and one of levels, and three classes."""
    r = rng(1)
    y = r.integers(0, 3, n)
    x = np.round(y + r.normal(size=n), 1)
    x[r.random(n) < 0.1] = np.nan
    names = np.array(["a", "b", "c", "d"])[np.clip(y + r.integers(0, 2, n), 0, 3)].astype(object)
    return pl.DataFrame({"x": x, "level": names.tolist()}), y


def test_strength_of_levels_is_that_of_scikit_learns_target_means_out_of_fold():
    X, y = levelled()
    case = stored(X, y, "multiclass")
    aim = goal(case, "test")
    level = next(c for c in columns(case, "test") if c.name == "level")
    found = strength("level", *bins(level), aim)
    n = aim.n_train
    onehot = aim.y
    splitter = PredefinedSplit(aim.fold)
    codes = level.levels[:, None]
    given = np.empty((n, 3))
    for k in range(3):
        encoder = TargetEncoder(smooth=0.5, target_type="continuous")
        for seen, unseen in splitter.split():
            encoder.fit(codes[:n][seen], onehot[:n][seen, k])
            given[unseen, k] = encoder.transform(codes[:n][unseen])[:, 0]
    # shares of all classes: residual squares over squares about the training folds' means
    about = np.empty((n, 3))
    for seen, unseen in splitter.split():
        about[unseen] = onehot[:n][seen].mean(axis=0)
    expected = 1 - ((onehot[:n] - given) ** 2).sum() / ((onehot[:n] - about) ** 2).sum()
    assert found.train == pytest.approx(expected, abs=2e-3)


def test_strength_of_numbers_is_near_a_trees():
    r = rng(2)
    x = r.normal(size=4000)
    y = np.sin(2 * x) + 0.3 * r.normal(size=4000)
    case = stored(x[:, None], y, "regression")
    aim = goal(case, "test")
    column = next(columns(case, "test"))
    found = strength("x", *bins(column), aim)
    tree = DecisionTreeRegressor(min_samples_leaf=40, random_state=0)
    n = aim.n_train
    given = cross_val_predict(tree, x[:n, None], y[:n], cv=PredefinedSplit(aim.fold))
    assert found.train == pytest.approx(r2_score(y[:n], given), abs=0.02)
    assert found.judged == pytest.approx(found.train, abs=0.04)


def test_area_from_bins_is_scikit_learns():
    r = rng(3)
    scores = r.integers(0, 9, 400) / 8
    y = (r.random(400) < scores).astype(int)
    order = np.unique(scores)
    positives = np.array([y[scores == s].sum() for s in order], float)
    counts = np.array([(scores == s).sum() for s in order], float)
    assert auc_of_bins(order, positives, counts - positives) == pytest.approx(
        roc_auc_score(y, scores)
    )


def test_a_value_that_many_rows_have_is_a_bin_of_its_own():
    r = rng(4)
    values = np.where(r.random(5000) < 0.6, -1.0, r.lognormal(size=5000))
    values[r.random(5000) < 0.2] = 999.0
    column = Column("v", 5000, values, None, np.isnan(values))
    found, n = bins(column)
    for alone in (-1.0, 999.0):
        mine = np.unique(found[values == alone])
        assert len(mine) == 1
        assert set(values[found == mine[0]]) == {alone}
    assert n <= 2 * 64 + 70
    assert list(cuts(np.array([3.0, 1.0, 2.0] * 50))) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "kind", "gone"),
    [
        (["1", "2.5", " 3 ", "?", None], "numbers", 2),
        (["a", "b", "Unknown", "", "a"], "levels", 2),
        ([True, False, None, True, False], "numbers", 1),
        ([1.0, float("nan"), 2.0, None, 3.0], "numbers", 2),
    ],
)
def test_gaps_are_seen_however_they_are_spelled(values, kind, gone):
    series = pl.Series("v", values, strict=False)
    found = of_series(series, series)
    assert getattr(found, kind) is not None
    assert int(found.absent.sum()) == 2 * gone


def test_dates_are_numbers_and_lists_are_no_columns():
    dates = pl.Series("d", ["2024-01-01", "2024-01-03", None]).str.to_date()
    found = of_series(dates, dates)
    assert np.nanmax(found.numbers) - np.nanmin(found.numbers) == 2
    nested = pl.Series("l", [[1], [2, 3], []])
    assert of_series(nested, nested) is None


def test_ids_are_told_from_honest_numbers():
    r = rng(5)
    n = 1000
    place = np.arange(n, dtype=float)

    def of(values):
        numbers = np.asarray(values, dtype=float)
        return identity.of(Column("v", n, numbers, None, np.isnan(numbers)), place)

    assert of(np.arange(n) + 17)[1]
    assert of(r.permutation(n) * 3) == ("whole numbers of which no two are equal", False)
    assert of(r.normal(size=n)) == ("", False)
    assert of(r.integers(0, 80, n)) == ("", False)
    assert of(r.integers(0, 5_000_000, n)) == ("", False)  # by chance no two are equal
    keys = tuple(f"{v:08x}" for v in range(n))
    levels = np.arange(n)
    assert identity.of(Column("k", n, None, levels, levels < 0, keys), place)[0]


def test_a_copy_on_honest_data_fails_and_honest_data_says_nothing():
    for name in ("breast cancer", "iris", "wine", "digits"):
        data = SETS[name](rng(7))
        honest = audited(data, rng(8)).view("leakage", LeakageSettings())
        assert question.look(honest, "test").leaks == (), name
        words = np.array([f"c{k}" for k in range(20)], dtype=object)[data.y]
        leaky = audited(data.with_column("note", words), rng(8))
        leaks = question.look(leaky.view("leakage", LeakageSettings()), "test").leaks
        assert [leak.subject for leak in leaks] == ["note"], name
        assert leaks[0].cure.columns == ("note",)
        assert leaks[0].evidence["relabelled"]


def test_setosa_is_known_by_its_petals_and_that_is_no_leak():
    X, y = bundled("iris")(rng(0)).X, bundled("iris")(rng(0)).y
    case = stored(X, (y == 0).astype(int))
    petals = max(measured(case, "test"), key=lambda m: m.alone.least)
    assert petals.alone.least > 0.8
    assert question.look(case, "test").leaks == ()


def test_noise_on_the_target_goes_with_no_other_column_and_causes_do():
    r = rng(9)
    X = r.normal(size=(1500, 6))
    z = 4 * X[:, 0] + X[:, 1] + X[:, 2]
    y = (z > 0).astype(int)
    note = y + 0.2 * r.normal(size=1500)
    case = stored(np.column_stack([X, note]), y)
    left = remains(case, "test")
    assert left.related("x6").independent
    assert not left.related("x0").independent
    # what the others explain is what a regression on them explains
    rest = explained_by_rest(case, "test", ("x0", "x6"))
    assert 0.0 < rest < 0.3


def test_clouds_whose_columns_know_nothing_of_each_other_are_no_leak():
    for seed in range(6):
        X, y = make_blobs(300, 4, centers=3, random_state=seed)
        leaks = question.look(stored(X, y, "multiclass"), "test").leaks
        assert [leak for leak in leaks if leak.severity == "fail"] == []
        r = rng(seed)
        y = r.integers(0, 2, 500)
        X = r.normal(size=(500, 5)) + y[:, None] * np.array([3.5, 1.0, 0.8, 0.6, 0.0])
        leaks = question.look(stored(X, y), "test").leaks
        assert [leak for leak in leaks if leak.severity == "fail"] == []


def test_numbers_that_never_repeat_are_no_relabelling():
    r = rng(23)
    X = np.exp(r.normal(size=(500, 6)))
    y = X[:, 0] + X[:, 1] + 2 * r.lognormal(size=500)
    for leak in question.look(stored(X, y, "regression"), "test").leaks:
        assert leak.severity == "warn"
    rounded = np.round(y)
    leaky = stored(np.column_stack([X, 3 * rounded + 1]), rounded, "regression")
    (leak,) = question.look(leaky, "test").leaks
    assert (leak.severity, leak.subject) == ("fail", "x6")
    assert leak.evidence["relabelled"]


HONEST = (
    caused(2.0), caused(4.0), cloud((2.5, 1.0, 0.8, 0.6, 0.0)), cloud((1.6, 0.5, 0.5, 0.4), 1500),
    cloud((2.0, 0.3, 0.3, 0.3, 0.3), 1500), weighted((3.0, 1.0, 1.0), 0.0),
    weighted((3.0, 1.0, 1.0), 2.0), weighted((3.0, 2.0, 1.0), 0.5), weighted((1.0,), 1.0),
    households(),
)  # fmt: skip


def test_honest_columns_far_ahead_of_the_others_are_told_but_not_asked_about():
    told, asked = 0, 0
    for draw in HONEST:
        for seed in range(8):
            data = draw(rng(700 + seed))
            leaks = question.look(stored(data.X, data.y, data.task), "test").leaks
            told += sum(leak.severity == "info" for leak in leaks)
            asked += sum(leak.severity != "info" for leak in leaks)
            assert all(leak.cure is None for leak in leaks if leak.severity == "info")
    assert told >= 20
    assert asked <= 2  # of 80, at 1 %


def test_what_is_known_too_late_among_columns_that_go_with_each_other_is_asked_about():
    asked = []
    for seed in range(12):
        case = post_outcome(households())(rng(700 + seed)).view("leakage", LeakageSettings())
        for leak in question.look(case, "test").leaks:
            asked.append(leak.subject)
            assert leak.severity == "warn"
            assert leak.message.endswith("is it known when a prediction is made?")
    assert asked.count("duration") == len(asked) >= 11


def test_effects_go_with_effects_and_causes_explain_each_other_away():
    r = rng(31)
    n = 4000
    causes = r.normal(size=(n, 4))
    y = (causes @ np.ones(4) + r.logistic(size=n) > 0).astype(int)
    effects = r.normal(size=(n, 2)) + y[:, None] * np.array([2.0, 0.7])
    case = stored(np.column_stack([causes, effects]), y)
    of_cause = place(case, "test", "x0", {"x4", "x5"})
    assert of_cause.beyond < -5
    assert abs(of_cause.together) < 4
    of_effect = place(case, "test", "x4", {"x5"})
    assert of_effect.odd
    assert of_effect.together > 5
    assert of_effect.others_beyond < -5
    # among effects, the second one takes the others' side
    both = stored(effects @ np.array([[1, 0, 1], [0, 1, 0.2]]) + 0.5 * r.normal(size=(n, 3)), y)
    assert not place(both, "test", "x0", ()).odd


def test_the_hour_is_known_beforehand():
    case = audited(calendar(rng(1)), rng(2)).view("leakage", LeakageSettings())
    hour = next(m for m in measured(case, "test") if m.name == "x0")
    assert hour.regular
    assert hour.alone.least > 0.5
    assert question.look(case, "test").leaks == ()


def effect(lost, low, skill_of):
    whole = Interval(lost, low, lost + (lost - low), "t")
    return Effect(whole, whole, 0.5 + skill_of, 0.5 + skill_of - lost, 0.5, 5, "roc_auc", "AUC",
                  "score", 1)  # fmt: skip


def test_a_leak_that_the_model_makes_nothing_of_is_no_fail():
    r = rng(3)
    X = r.normal(size=(900, 5))
    y = (X[:, 1] + X[:, 2] + r.logistic(size=900) > 0).astype(int)
    case = stored(np.column_stack([X, y + 0.1 * r.normal(size=900)]), y)
    (leak,) = question.look(case, "test").leaks
    assert leak.severity == "fail"
    assert leak.weigh(leak, None)[0] == "fail"
    assert leak.weigh(leak, effect(0.3, 0.25, 0.4))[0] == "fail"
    assert leak.weigh(leak, effect(0.0, -0.02, 0.4))[0] == "warn"


def test_gaps_that_tell_and_gaps_that_do_not():
    r = rng(11)
    data = customers(1500)(r)
    there = (data.y == 1) & (r.random(1500) < 0.95)
    for spelling in (None, "?", "-1"):
        values = zip(r.integers(1, 60, 1500), there, strict=True)
        given = [str(v) if t else spelling for v, t in values]
        case = audited(data.with_column("closed", given), rng(1), boosted=False)
        (leak,) = missingness.look(case.view("leakage", LeakageSettings()), "test").leaks
        assert leak.subject == "closed"
        assert leak.severity == "fail"
        assert question.look(case.view("leakage", LeakageSettings()), "test").leaks == ()
    for honest in (data, honest_gaps(r)):
        case = audited(honest, rng(1)).view("leakage", LeakageSettings())
        assert missingness.look(case, "test").leaks == ()


def test_sums_products_and_thresholds_are_found_and_written_down():
    r = rng(12)
    X = np.exp(r.normal(size=(400, 9)))
    told = {
        "“x2” + “x5”": X[:, 2] + X[:, 5],
        "“x2” − “x5”": X[:, 2] - X[:, 5],
        "“x1” × “x4”": X[:, 1] * X[:, 4],
        "“x1” ÷ “x4”": np.round(X[:, 1] / X[:, 4], 2),
    }
    for words, y in told.items():
        (one,) = combinations(stored(X, y, "regression"), "test")
        assert one.words in (words, " ÷ ".join(reversed(words.split(" ÷ "))))
        assert one.exact
    z = X[:, 3] - X[:, 6]
    (one,) = combinations(stored(X, (z > 0.2).astype(int)), "test")
    assert set(one.names) == {"x3", "x6"}


def test_regressions_and_separable_classes_of_the_world_are_no_combinations():
    r = rng(13)
    X = r.normal(size=(300, 6))
    assert combinations(stored(X, X @ r.normal(size=6) + r.normal(size=300), "regression"),
                        "test") == ()  # fmt: skip
    assert combinations(stored(X, 3 * X[:, 0] + 1, "regression"), "test") == ()
    iris = bundled("iris")(rng(0))
    two = iris.y < 2
    assert combinations(stored(iris.X[two][:, :2], iris.y[two]), "test") == ()
    many = gaussian(300, 200, strength=2.0)(rng(0))
    assert combinations(stored(many.X, many.y), "test") == ()
    assert combined_question.look(stored(many.X, many.y), "test").untold == {}


def test_a_pixel_that_gives_the_class_is_named():
    r = rng(14)
    y = r.integers(0, 3, 400)
    X = r.integers(0, 255, (400, 8, 8)).astype(np.uint8)
    X[:, 2:6, 2:6] = np.clip(X[:, 2:6, 2:6] // 2 + 40 * y[:, None, None], 0, 255)
    assert question.look(stored(X, y, "multiclass"), "test").leaks == ()
    X[:, 0, 7] = 100 * y + 5
    (leak,) = question.look(stored(X, y, "multiclass"), "test").leaks
    assert leak.subject == "pixel 0, 7"
    assert leak.cure is None


def test_a_word_that_gives_the_label_is_named_and_honest_words_are_not():
    r = rng(20)
    y = r.integers(0, 2, 500)
    words = np.array(["offer", "meeting", "report", "lunch", "prize", "thanks", "call", "today"])
    texts = []
    for label in y:
        weights = np.where(np.isin(words, ["offer", "prize"]), 2.0 if label else 1.0, 1.5)
        texts.append(" ".join(r.choice(words, 9, p=weights / weights.sum())))
    honest = stored(pl.DataFrame({"text": texts}), y)
    object.__setattr__(honest.dataset, "kind", "text")
    assert question.look(honest, "test").leaks == ()
    marked = [f"{t} xfolder{label}" for t, label in zip(texts, y, strict=True)]
    leaky = stored(pl.DataFrame({"text": marked}), y)
    object.__setattr__(leaky.dataset, "kind", "text")
    leaks = question.look(leaky, "test").leaks
    assert {leak.subject for leak in leaks} == {"“xfolder0”", "“xfolder1”"}
    assert missingness.look(leaky, "test").untold


def test_several_labels_are_judged_one_by_one():
    r = rng(21)
    X = r.normal(size=(600, 6))
    y = (X[:, :3] + r.logistic(size=(600, 3)) > 0).astype(int)
    leaky = np.column_stack([X, y[:, 2] * 3.0])
    kept = {"train": np.full((420, 3), 0.5), "test": np.full((180, 3), 0.5)}

    def of(X):
        splits = {"train": (X[:420], y[:420]), "test": (X[420:], y[420:])}
        case = case_from_arrays("multilabel", splits, kept, classes=("red", "green", "blue"))
        return case.view("leakage", LeakageSettings())

    assert question.look(of(X), "test").leaks == ()
    (leak,) = question.look(of(leaky), "test").leaks
    assert leak.subject == "x6"
    assert "(blue)" in leak.message
    assert combined_question.look(of(X), "test").untold


def test_sequences_say_why_they_have_no_columns():
    r = rng(22)
    X, y = r.normal(size=(200, 50, 2)), r.integers(0, 2, 200)
    case = stored(X, y)
    object.__setattr__(case.dataset, "kind", "array")
    looked = question.look(case, "test")
    assert looked.leaks == ()
    assert "steps" in looked.untold["leakage.target-column"]
