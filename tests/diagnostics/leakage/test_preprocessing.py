"""Whose rows the fitted figures are those of, and what honest preprocessing would give."""

from functools import partial

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage import preprocessing as cases
from reportgen.diagnostics import suite
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.fitted.arrays import again, standardised
from reportgen.diagnostics.leakage.fitted.whose import RowSet, distance, row_sets, told
from reportgen.diagnostics.leakage.questions.preprocessing import look
from reportgen.fitted.parts import parts
from reportgen.models.preprocess import Preprocess, SklearnTransform
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds

RNG = np.random.default_rng


def scaled(scaler, train, test, y, **splits):
    """A case whose preprocessing is this fitted scaler."""
    model = LogisticRegression().fit(scaler.transform(train), y)
    return case_from_arrays(
        "binary",
        {"train": (train, y), "test": (test, RNG(9).integers(0, 2, len(test))), **splits},
        model,
        preprocess=Preprocess((SklearnTransform(scaler, "s.skops"),), ("s.skops",)),
        output="probability",
    )


@pytest.fixture
def rows():
    rng = RNG(3)
    X = rng.normal(50, [1, 10, 100], size=(300, 3))
    return X[:200], X[200:], (X[:200, 0] > 50).astype(np.int64)


def whose(case):
    (part,) = parts(case)
    one = told(case, part, row_sets(case, "test"))
    return None if one.rows is None else one.rows.splits


def test_figures_given_in_closed_form_are_told_from_each_other(rows):
    train, test, y = rows
    both = np.vstack([train, test])
    for seen, name in ((train, ("train",)), (test, ("test",)), (both, ("train", "test"))):
        scaler = StandardScaler().fit(seen)
        # As somebody computes them in float32, rows in another order.
        scaler.mean_ = np.float32(seen[::-1]).mean(axis=0, dtype=np.float64)
        scaler.var_ = np.float32(seen[::-1]).var(axis=0, dtype=np.float64)
        scaler.scale_ = np.sqrt(scaler.var_)
        assert whose(scaled(scaler, train, test, y)) == name


def test_rows_that_are_not_here_match_nothing(rows):
    train, test, y = rows
    for elsewhere in (train[:190], train[20:], np.vstack([train, test[:99]]), train + 0.01):
        assert whose(scaled(StandardScaler().fit(elsewhere), train, test, y)) is None


def test_test_rows_that_equal_train_are_no_evidence(rows):
    train, _, y = rows
    assert whose(scaled(StandardScaler().fit(train), train, train.copy(), y)) == ("train",)
    inside = train[np.argsort(train[:, 0])[50:150]]
    everything = MinMaxScaler().fit(np.vstack([train, train]))
    assert whose(scaled(everything, train, inside, y)) == ("train",)


def test_the_number_of_rows_seen_alone_is_a_warning(rows):
    train, test, y = rows
    scaler = StandardScaler().fit(np.vstack([train, test]) * 1.01)
    looked = look(scaled(scaler, train, test, y), "test")
    (leak,) = looked.leaks
    assert leak.severity == "warn"
    assert "300 rows, as many as train and test together have" in leak.message
    assert look(scaled(StandardScaler().fit(train * 1.01), train, test, y), "test").leaks == ()


@pytest.mark.parametrize("both", [True, False])
def test_validation_is_no_test_row(both):
    training = {"epochs": 1, "include_validation": both}
    draw = partial(cases.stepped, cases.plain, "standard", ("train", "validation"))
    case = draw(RNG(0), validation=True, training=training)
    assert look(case, "test").leaks == ()
    assert look(case, "validation").leaks != ()  # when it is validation that is believed


def test_categories_that_only_test_has_are_named():
    y = np.arange(60) % 2
    from sklearn.preprocessing import OneHotEncoder

    table = pl.DataFrame({"city": ["a", "b"] * 30})
    later = pl.DataFrame({"city": ["a", "zebra"] * 10})
    for seen, named in ((table, []), (pl.concat([table, later]), ["zebra"])):
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(seen.to_pandas())
        leaks = look(scaled(encoder, table.to_pandas(), later.to_pandas(), y), "test").leaks
        assert [list(leak.evidence["unseen"]) for leak in leaks] == ([named] if named else [])
        assert all(leak.severity == "warn" and "“zebra”" in leak.message for leak in leaks)


def test_honest_inputs_are_those_of_a_scaler_of_train(rows):
    train, test, y = rows
    case = scaled(StandardScaler().fit(np.vstack([train, test])), train, test, y)
    (leak,) = look(case, "test").leaks
    honest = StandardScaler().fit(train)
    np.testing.assert_allclose(leak.cure.inputs["train"], honest.transform(train), atol=1e-12)
    np.testing.assert_allclose(leak.cure.inputs["test"], honest.transform(test), atol=1e-12)


@pytest.mark.parametrize("way", ["standard", "frame", "limits", "robust"])
@pytest.mark.parametrize("single", [True, False])
def test_arrays_standardised_again_are_what_train_alone_gives(way, single):
    case = cases.arrived(cases.plain, way, cases.ALL, RNG(1), single=single)
    X, _ = cases.plain(RNG(1))
    splits = cases.parts_of(X, np.zeros(len(X)), False)
    tables = {n: np.asarray(case.split(n).X, np.float64) for n in ("train", "test")}
    found = standardised(case, tables, row_sets(case, "test"))
    assert found.rows == RowSet(("train", "test"), False, False)
    kind = {"frame": "standard"}.get(way, way)
    honest = cases.transformer(kind).fit(splits["train"][0]).transform(splits["test"][0])
    got = again(found, tables["test"], tables["train"])
    np.testing.assert_allclose(got, honest, rtol=2e-3 if way == "frame" else 1e-4, atol=1e-3)
    honest_case = cases.arrived(cases.plain, way, ("train",), RNG(1), single=single)
    tables = {n: np.asarray(honest_case.split(n).X, np.float64) for n in ("train", "test")}
    assert standardised(honest_case, tables, row_sets(honest_case, "test")) is None


@pytest.mark.parametrize("decimals", [0, 1, 2, 12])
def test_honest_columns_between_0_and_1_were_not_scaled(decimals):
    hits = 0
    for seed in range(20):
        rng = RNG(seed)
        X = np.round(rng.beta(0.7, 0.7, size=(250, 8)), decimals)
        X[rng.random(X.shape) < 0.02] = 0.0
        y = rng.integers(0, 2, 250)
        case = case_from_arrays(
            "binary",
            {"train": (X[:150], y[:150]), "test": (X[150:], y[150:])},
            {"train": np.full(150, 0.5), "test": np.full(100, 0.5)},
        )
        hits += bool(look(case, "test").leaks)
    assert hits == 0


def clock(n, *periods):
    """Sine and cosine of times of so many steps."""
    angle = 2 * np.pi * np.arange(n)[:, None] / np.array(periods)
    return np.column_stack([np.sin(angle), np.cos(angle)])


def each_by_itself(rng):
    who = np.repeat(np.arange(40), 10)
    X = rng.normal(size=(40, 10, 4))
    return ((X - X.mean(1, keepdims=True)) / X.std(1, keepdims=True)).reshape(400, 4), who


ROUND = {
    "times of day, whole days": lambda r: clock(1344, 24, 168, 96),
    "times of day alone, spread 1": lambda r: np.sqrt(2) * clock(1344, 24, 168),
    "sines alone": lambda r: clock(1344, 24, 168, 96)[:, :3],
    "shares with few zeros and ones": lambda r: np.clip(
        r.uniform(-0.002, 1.002, size=(500, 6)), 0, 1
    ),
    "an empty and a full row": lambda r: np.vstack(
        [np.zeros((1, 6)), np.ones((1, 6)), r.random((498, 6))]
    ),
    "ranks": lambda r: np.column_stack([1 + r.permutation(300) for _ in range(5)]) / 300,
    "saturated": lambda r: np.tanh(3 * r.normal(size=(400, 8))),
    "pixels": lambda r: r.integers(0, 256, (300, 30)) / 255,
    "rows of length 1": lambda r: (
        (X := r.normal(size=(400, 8))) / np.linalg.norm(X, axis=1, keepdims=True)
    ),
    "rows standardised": lambda r: (
        ((X := r.normal(size=(400, 5))) - X.mean(1, keepdims=True)) / X.std(1, keepdims=True)
    ),
    "rounded to halves": lambda r: np.round(2 * r.normal(size=(60, 4))) / 2,
    "rectified": lambda r: np.maximum(r.normal(size=(400, 12)), 0),
}


@pytest.mark.parametrize("name", ROUND)
def test_columns_that_are_round_by_nature_were_not_scaled(name):
    for seed in range(60, 66):
        rng = RNG(seed)
        X = rng.permutation(ROUND[name](rng))
        y, n = rng.integers(0, 2, len(X)), round(0.7 * len(X))
        case = case_from_arrays(
            "binary",
            {"train": (X[:n], y[:n]), "test": (X[n:], y[n:])},
            {"train": np.full(n, 0.5), "test": np.full(len(X) - n, 0.5)},
        )
        assert look(case, "test").leaks == (), seed


def test_groups_that_were_standardised_each_by_itself_say_nothing_of_the_split():
    X, who = each_by_itself(RNG(1))
    # some of each group's rows in both splits, and some groups in one alone
    for train in (np.arange(400) % 10 < 7, who < 28):
        y = RNG(2).integers(0, 2, 400)
        kept = {"train": np.full(train.sum(), 0.5), "test": np.full((~train).sum(), 0.5)}
        splits = {"train": (X[train], y[train]), "test": (X[~train], y[~train])}
        case = case_from_arrays(
            "binary", splits, kept, groups={"train": who[train], "test": who[~train]}
        )
        assert look(case, "test").leaks == ()


@pytest.mark.parametrize("way", ["standard", "limits", "robust"])
def test_scaled_columns_are_told_beside_times_of_day(way):
    rng = RNG(70)
    X, y = cases.plain(rng)
    X = cases.transformer(way).fit_transform(X)
    X = np.column_stack([X, rng.permutation(clock(len(X), 20, 100))])
    case = case_from_arrays(
        "binary",
        {"train": (X[:500], y[:500]), "test": (X[500:], y[500:])},
        {"train": np.full(500, 0.5), "test": np.full(len(X) - 500, 0.5)},
    )
    (leak,) = look(case, "test").leaks
    assert leak.evidence["columns_total"] == 6


def test_selecting_columns_on_all_rows_fails_by_its_worth():
    diagnostic = suite()["leakage"]
    draw = partial(cases.stepped, partial(cases.noise, 240, 3000), "selection", cases.ALL)
    for pipeline in (False, True):
        case = draw(RNG(4), pipeline=pipeline).view("leakage", LeakageSettings())
        prepared = diagnostic.prepare(case)
        trained = Rounds(case, Budget()).run({"x": diagnostic.retrainings(case, prepared)})
        found = diagnostic.examine(case, prepared, trained)
        (finding,) = [f for f in found.findings if f.code == cases.SAW]
        assert finding.severity == "fail"
        assert finding.evidence["with_leak"] > 0.65
        # Nothing is to be learnt from noise: honest preprocessing ends at chance.
        assert abs(finding.evidence["without"] - 0.5) < 0.15  # three standard errors


def test_figures_that_do_not_compare_are_infinitely_far():
    assert distance({"mean_": np.zeros(3)}, {"mean_": np.zeros(2)}, None) == np.inf
    assert distance({"mean_": np.zeros(3)}, {}, None) == np.inf
    assert (
        distance({"mean_": np.array([1.0, np.nan])}, {"mean_": np.array([1.0, np.nan])}, None) == 0
    )


@pytest.mark.tensorflow
def test_a_normalization_layer_that_saw_test_is_cured_by_other_inputs():
    import keras

    from reportgen.models.keras_read import of_live_model

    rng = RNG(0)
    X = (rng.normal(size=(240, 3)) * [1, 20, 5] + [0, 100, 7]).astype(np.float32)
    X[160:] += [3, 0, 0]
    y = (X[:, 1] > 100).astype(np.int64)
    layer = keras.layers.Normalization()
    layer.adapt(X)
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    case = case_from_arrays(
        "binary",
        {"train": (X[:160], y[:160]), "test": (X[160:], y[160:])},
        of_live_model(model, "binary"),
        training={"epochs": 3, "batch_size": 32},
    ).view("leakage", LeakageSettings(ablation_members=3))
    (leak,) = look(case, "test").leaks
    assert leak.evidence["fitted_on"] == ["train", "test"]
    honest = (X[160:] - X[:160].mean(axis=0)) / X[:160].std(axis=0)
    np.testing.assert_allclose(layer(leak.cure.inputs["test"]), honest, atol=1e-4)
    diagnostic = suite()["leakage"]
    prepared = diagnostic.prepare(case)
    members = diagnostic.retrainings(case, prepared)
    trained = Rounds(case, Budget()).run({"x": members})
    found = diagnostic.examine(case, prepared, trained)
    (worth,) = [w for w in found.series["worth"] if w["code"] == cases.SAW]
    assert worth["members"] == 3
    # A cured member is what the same network gives for rows that are standardised honestly.
    cured = next(m for m in members if m.rows is not None)
    assert cured.rows.array.tolist() == list(range(160, 320))
    name = "test, preprocessing refitted"
    assert np.asarray(trained[cured].predictions[name]).shape == (80, 1)


def test_a_clean_headline_says_what_was_compared_and_what_could_not_be_asked():
    diagnostic = suite()["leakage"]
    case = cases.arrived(cases.plain, "standard", ("train",), RNG(5))
    case = case.view("leakage", LeakageSettings())
    prepared = diagnostic.prepare(case)
    found = diagnostic.examine(case, prepared, Rounds(case, Budget()).run({"x": []}))
    assert "480 rows of train and 320 of test" in found.headline
    untold = [c for one in prepared.looked.values() for c in one.untold if "validation" not in c]
    assert ("Could not be asked" in found.headline) == bool(untold)
    assert "validation" not in found.headline  # there is none to ask about
