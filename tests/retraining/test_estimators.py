import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reportgen.data.table import Dataset
from reportgen.retraining.estimators import Fits, train
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
