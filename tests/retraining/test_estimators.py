import numpy as np
import polars as pl
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from reportgen.data.table import Dataset
from reportgen.models.tables import named_table
from reportgen.retraining.estimators import Fits, neutral, train
from reportgen.retraining.member import Member


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 120)
    x = rng.standard_normal((120, 4))
    x[:, 0] += y
    return x, y


def fits(estimator, rows, labels=("no", "yes")):
    x, y = rows
    estimator.fit(x[:80], np.asarray(labels)[y[:80]])
    dataset = Dataset("d", "binary", "array", (), ("no", "yes"), 1, {})
    return Fits(estimator, dataset, x[:80], y[:80], 80, {"test": x[80:]})


def test_a_member_is_the_estimator_fitted_anew_with_its_seed(rows):
    forest = RandomForestClassifier(20, random_state=3)
    given = fits(forest, rows)
    before = forest.predict_proba(rows[0][80:])
    members = [Member(1, 1), Member(2, 1), Member(1, 1, repeat=1)]
    trained = train(given, members, jobs=2)
    a, b, c = (trained[m].predictions["test"] for m in members)
    assert a.shape == (40, 2)
    assert not np.array_equal(a, b)
    assert np.array_equal(a, c)
    assert np.array_equal(forest.predict_proba(rows[0][80:]), before)
    assert forest.random_state == 3
    assert trained.way == "loop"


def test_rows_labels_weights_and_columns_change_the_fit_as_they_should(rows):
    x, y = rows
    given = fits(make_pipeline(StandardScaler(), LogisticRegression()), rows)
    some = np.arange(0, 80, 2)
    flipped = Member(labels=1 - y[:80])
    subset, blind = Member(rows=some), Member(columns=(0,))
    trained = train(given, [flipped, subset, blind])
    expected = make_pipeline(StandardScaler(), LogisticRegression()).fit(x[some], y[some])
    np.testing.assert_allclose(
        trained[subset].predictions["test"], expected.predict_proba(x[80:]), atol=1e-12
    )
    whole = make_pipeline(StandardScaler(), LogisticRegression()).fit(x[:80], y[:80])
    np.testing.assert_allclose(
        trained[flipped].predictions["test"][:, 0], whole.predict_proba(x[80:])[:, 1], atol=1e-6
    )
    without = make_pipeline(StandardScaler(), LogisticRegression()).fit(x[:80, 1:], y[:80])
    np.testing.assert_allclose(
        trained[blind].predictions["test"], without.predict_proba(x[80:, 1:]), atol=1e-6
    )


def test_one_that_cannot_be_fitted_is_a_failure_of_its_own(rows):
    given = fits(LogisticRegression(), rows)
    wrong, sound = Member(overrides=(("C", -1.0),)), Member()
    trained = train(given, [wrong, sound])
    assert trained[wrong].status == "failed"
    assert "C" in trained[wrong].error
    assert trained[sound].usable


def mixed_table(n=150):
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, n)
    city = np.where(y == 1, rng.choice(["a", "b"], n), rng.choice(["b", "c"], n)).astype(object)
    city[:5] = None
    return (
        pl.DataFrame(
            {"noise": rng.standard_normal(n), "city": city.tolist(), "age": y + rng.normal(size=n),
             "rooms": rng.integers(1, 5, n)}
        ),
        y,
    )  # fmt: skip


def test_columns_of_tables_are_left_out_by_name_though_the_estimator_orders_them_otherwise():
    X, y = mixed_table()
    pipeline = make_pipeline(
        ColumnTransformer(
            [("levels", OneHotEncoder(handle_unknown="ignore"), ["city"]),
             ("numbers", StandardScaler(), ["age", "rooms"])]
        ),
        LogisticRegression(),
    )  # fmt: skip
    order = ["rooms", "age", "city"]  # not the data set's, and "noise" is not taken
    fed = named_table(X, order, who="test")
    pipeline.fit(fed[:100], np.array(["no", "yes"])[y[:100]])
    dataset = Dataset("d", "binary", "table", tuple(X.columns), ("no", "yes"), 1, {})
    given = Fits(pipeline, dataset, fed[:100], y[:100], 100, {"test": X[100:]})
    columns = {"noise": 0, "city": 1, "age": 2, "rooms": 3}
    members = {name: Member(columns=(k,)) for name, k in columns.items()}
    trained = train(given, [Member(), *members.values()])

    def refitted(**filled):
        changed = fed.assign(**filled)
        fresh = clone(pipeline).fit(changed[:100], np.array(["no", "yes"])[y[:100]])
        return fresh.predict_proba(changed[100:])

    whole = refitted()
    expected = {
        "noise": whole,
        "city": refitted(city="b"),
        "age": refitted(age=float(fed["age"][:100].mean())),
        "rooms": refitted(rooms=int(fed["rooms"][:100].mode()[0])),
    }
    for name, member in members.items():
        assert trained[member].status == "trained", trained[member].error
        np.testing.assert_allclose(
            trained[member].predictions["test"], expected[name], atol=1e-9, err_msg=name
        )
    assert not np.allclose(expected["city"], whole, atol=1e-3)


def test_columns_of_sparse_inputs_are_left_out():
    rng = np.random.default_rng(0)
    X = scipy.sparse.random_array((120, 6), density=0.4, rng=rng, format="csr")
    y = (X[:, [2]].toarray().ravel() > 0.2).astype(int)
    model = LogisticRegression().fit(X[:80], np.array(["no", "yes"])[y[:80]])
    dataset = Dataset("d", "binary", "array", (), ("no", "yes"), 1, {})
    given = Fits(model, dataset, X[:80], y[:80], 80, {"test": X[80:]})
    blind = Member(columns=(2,))
    trained = train(given, [blind])
    dense = X.toarray()
    dense[:, 2] = 0
    expected = LogisticRegression().fit(dense[:80], y[:80]).predict_proba(dense[80:])
    np.testing.assert_allclose(trained[blind].predictions["test"], expected, atol=1e-6)


def test_what_stands_for_a_left_out_column():
    assert neutral(np.array([1.0, np.nan, 3.0])) == 2.0
    assert neutral(np.array([4, 4, 1])) == 4
    assert neutral(np.array(["b", None, "b", "a", float("nan")], dtype=object)) == "b"
    assert neutral(np.array([True, True, False])) is True
    assert neutral(np.array([np.nan])) is None
