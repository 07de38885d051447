"""Rows and splits that a diagnostic adds to what members are trained on and asked about."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.cases import case_from_arrays
from reportgen.retraining.added import add_rows, add_split, added_to, with_added
from reportgen.retraining.member import Member, Pool
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds


def drawn(seed=0, n=90):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (X[:, 0] + rng.normal(0, 0.5, n) > 0).astype(np.int64)


@pytest.fixture
def case():
    train, test = drawn(0), drawn(1, 40)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*train)
    return case_from_arrays("binary", {"train": train, "test": test}, model)


def test_clones_train_on_added_rows_and_predict_added_splits(case):
    X, y = drawn(5, 60)
    asked, _ = drawn(6, 25)
    rows = add_rows(case, "smote", X, y)
    assert rows.tolist() == list(range(90, 150))
    assert add_rows(case, "smote", X, y).tolist() == rows.tolist()
    assert add_rows(case, "more", X[:2], y[:2]).tolist() == [150, 151]
    name = add_split(case, "elsewhere", asked)
    old, new = Member(1, 1), Member(1, 1, rows=np.concatenate([np.arange(90), rows]))
    trained = Rounds(case, Budget()).run({"x": [old, new]})
    train = case.split("train")
    for member, fitted_on in (
        (old, (train.X, train.y)),
        (new, (np.vstack([train.X, X]), np.concatenate([train.y, y]))),
    ):
        plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(*fitted_on)
        expected = plain.predict_proba(asked)
        got = trained[member].predictions[name]
        np.testing.assert_allclose(got, expected, atol=1e-12)
    assert set(trained[old].predictions) == {"train", "test", "elsewhere"}


def test_kept_steps_stay_as_they_were_delivered(case):
    fitted = case.predictor.model
    fitted[0].mean_ = fitted[0].mean_ + 3.0  # as if it had seen other rows
    trained = Rounds(case, Budget()).run({"x": [Member(), Member(kept=("standardscaler",))]})
    X, y, test = case.split("train").X, case.split("train").y, case.split("test").X
    anew = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    kept = LogisticRegression().fit(fitted[0].transform(X), y)
    np.testing.assert_allclose(trained[Member()].predictions["test"], anew.predict_proba(test))
    np.testing.assert_allclose(
        trained[Member(kept=("standardscaler",))].predictions["test"],
        kept.predict_proba(fitted[0].transform(test)),
    )


def test_what_does_not_fit_is_refused(case):
    with pytest.raises(ValueError, match="2 rows of inputs for 3 targets"):
        add_rows(case, "a", np.zeros((2, 3)), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match=r"shape \(4,\), where training rows have \(3,\)"):
        add_split(case, "b", np.zeros((2, 4)))
    with pytest.raises(ValueError, match="a split named test"):
        add_split(case, "test", np.zeros((2, 3)))
    assert not added_to(case).rows


def test_weights_of_added_rows_are_theirs_or_one(case):
    add_rows(case, "weighted", np.zeros((2, 3)), np.array([0, 1]), np.array([5.0, 6.0]))
    add_rows(case, "plain", np.ones((1, 3)), np.array([1]))
    add_split(case, "asked", np.full((4, 3), 2.0))
    pool = Pool(
        (case.split("train").X.astype(np.float32),),
        case.split("train").y,
        90,
        weights=np.full(90, 2.0, np.float32),
        classes=case.split("train").y,
        splits={},
    )
    more = with_added(case, pool, lambda x: (np.asarray(x, np.float32),), lambda y: y)
    assert more.weights[88:].tolist() == [2, 2, 5, 6, 1]
    assert more.classes[90:].tolist() == more.targets[90:].tolist() == [0, 1, 1]
    assert more.n_train == 90
    assert more.inputs[0][90:, 0].tolist() == [0, 0, 1]
    assert more.splits["asked"][0].shape == (4, 3)
