"""What ends when the time is over, and which weights rows enter a training with."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reportgen.data.table import Dataset, Split
from reportgen.job.schema import Training
from reportgen.models.training import train_weights, weighted_fit
from reportgen.pipeline.sections import Asked, examined
from reportgen.pipeline.task import PHASE_FILE, Clock
from reportgen.retraining.estimators import Fits, train
from reportgen.retraining.member import Member, Stopping
from reportgen.retraining.patience import Patience
from reportgen.retraining.results import Trained, TrainedMember

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 120)
X = RNG.standard_normal((120, 3)) + Y[:, None] * [1, 0, 0]
WEIGHTS = RNG.uniform(0.1, 5, 120)


def dataset(weights):
    split = Split("train", X, Y, np.arange(120), "train", "", weights=weights)
    return Dataset("d", "binary", "array", (), ("no", "yes"), 1, {"train": split})


def fits(estimator):
    estimator.fit(X, np.asarray(["no", "yes"])[Y])
    given = dataset(WEIGHTS)
    return Fits(estimator, given, X, Y, 120, {"t": X}, train_weights(given, None))


def test_the_weight_column_weights_trainings_unless_the_job_says_otherwise():
    given = dataset(WEIGHTS)
    assert np.array_equal(train_weights(given, None), WEIGHTS)
    assert np.array_equal(train_weights(given, Training(epochs=1)), WEIGHTS)
    assert train_weights(given, Training(epochs=1, sample_weight=False)) is None
    assert train_weights(dataset(None), None) is None


def test_the_held_out_rows_weights_come_along_where_they_are_trained_on():
    held = replace(dataset(WEIGHTS).splits["train"], name="validation", weights=WEIGHTS + 1)
    given = dataset(WEIGHTS)
    both = replace(given, splits={**given.splits, "validation": held})
    told = train_weights(both, Training(epochs=1, include_validation=True))
    assert np.array_equal(told, np.concatenate([WEIGHTS, WEIGHTS + 1]))


@pytest.mark.parametrize("piped", [False, True])
def test_clones_are_fitted_with_the_rows_weights(piped):
    made = LogisticRegression()
    estimator = make_pipeline(StandardScaler(), made) if piped else made
    name = "logisticregression__sample_weight" if piped else "sample_weight"
    one = train(fits(estimator), [Member()])[Member()]
    assert one.usable, one.error
    fresh = LogisticRegression()
    expected = make_pipeline(StandardScaler(), fresh) if piped else fresh
    expected.fit(X, Y, **{name: WEIGHTS})
    np.testing.assert_allclose(one.predictions["t"], expected.predict_proba(X), atol=1e-10)
    unweighted = expected.fit(X, Y).predict_proba(X)
    assert np.abs(one.predictions["t"] - unweighted).max() > 0.01


def test_an_estimator_that_takes_no_weights_is_fitted_without_and_a_member_with_some_fails():
    assert weighted_fit(KNeighborsClassifier(), WEIGHTS) == {}
    plain, weighted = Member(), Member(weights=WEIGHTS)
    found = train(fits(KNeighborsClassifier()), [plain, weighted])
    assert found[plain].usable
    assert found[weighted].status == "failed"
    assert "takes no sample weights" in found[weighted].error


def test_no_clone_is_begun_after_the_time_allowed():
    seen = []
    members = [Member(k) for k in range(3)]
    late = train(
        fits(LogisticRegression()), members, deadline=time.monotonic() - 1,
        report=lambda *told: seen.append(told),
    )  # fmt: skip
    assert {t.status for t in late} == {"stopped"}
    assert late.notes == ("3 members were stopped: the time allowed was over",)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_section_whose_members_the_clock_stopped_has_failed_and_another_has_not():
    stopped, done = Member(1), Member(2)
    trained = Trained({stopped: TrainedMember(stopped, "stopped"),
                       done: TrainedMember(done, "trained", "stacked")})  # fmt: skip

    def examine(*_):
        raise ValueError("it was examined")

    diagnostic = SimpleNamespace(name="d", examine=examine)
    late = examined(Asked(diagnostic, object(), required=[stopped, done]), trained)
    assert (late.status, late.reason) == ("failed", "budget")
    other = examined(Asked(diagnostic, object(), required=[done]), trained)
    assert "it was examined" in other.reason
    grown = examined(
        Asked(diagnostic, object(), members=[stopped], declared=[done, stopped], required=[done]),
        trained,
    )
    assert "it was examined" in grown.reason


@pytest.mark.parametrize(
    ("engines", "way"),
    [(("stacked", "vectorised"), "stacked"), (("loop",), "loop"), (("stacked", "loop"), "both"),
     (("clone",), "loop"), ((None,), None)],
)  # fmt: skip
def test_the_way_that_was_gone_is_told(engines, way):
    members = {Member(k): TrainedMember(Member(k), "trained", e) for k, e in enumerate(engines)}
    assert Trained(members).told_way == way


def test_patience_is_each_members_own_and_keras_rules():
    patience = Patience(Stopping("val_loss", patience=2, restore_best=True), 3)
    losses = np.array([[5, 5, 5], [4, 6, np.nan], [3, 7, np.nan], [2, 1, 1]], float)
    kept = []
    for epoch, row in enumerate(losses):
        kept.append(patience.watch({"val_loss": row}, epoch, ~patience.done).tolist())
    assert patience.done.tolist() == [False, True, True]
    assert patience.epochs.tolist() == [4, 3, 3]
    assert patience.best_epoch.tolist() == [3, 0, 0]
    assert kept == [[True] * 3, [True, False, False], [True, False, False], [True, False, False]]


def test_progress_tells_epochs_of_all_members_and_the_time_left(tmp_path, monkeypatch):
    now = iter([100.0, 110.0, 400.0, 410.0, 415.0])
    monkeypatch.setattr("reportgen.pipeline.task.time.monotonic", lambda: next(now))
    clock, told = Clock(tmp_path), []
    for done, total in ((0, 400), (100, 400), (200, 1000), (400, 400), (3, 5)):
        clock.retraining(done, total)
        told.append((tmp_path / PHASE_FILE).read_text())
    assert told == [
        "retrain .................... 0 of 400 epochs",
        "retrain #####............... 100 of 400 epochs, 30 s left",
        "retrain ####................ 200 of 1,000 epochs, 20 min left",
        "retrain #################### 400 of 400 epochs",
        "retrain ############........ 3 of 5 epochs",
    ]
