"""Mistakes really made with Keras and scikit-learn, named by the live model's other answers."""

from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from sklearn.datasets import load_breast_cancer  # noqa: E402
from sklearn.metrics import classification_report  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from benchmarks.faults.cases import case_from_arrays  # noqa: E402
from reportgen.job.claims import of_number, of_report  # noqa: E402
from reportgen.models import training_mode  # noqa: E402
from reportgen.models.keras_read import of_live_model  # noqa: E402
from reportgen.models.preprocess import Preprocess, SklearnTransform  # noqa: E402
from reportgen.reconciliation.from_case import evidence_of, world_of  # noqa: E402
from reportgen.reconciliation.laboratory import Asked  # noqa: E402
from reportgen.reconciliation.search import explain  # noqa: E402

CLASSES = ("malignant", "benign")


class Trained:
    """A small network on standardised rows, with what its evaluation is told by Keras itself."""

    def __init__(self):
        X, y = load_breast_cancer(return_X_y=True)
        self.a, self.b, self.ya, self.yb = train_test_split(
            X.astype(np.float32), y, test_size=0.5, random_state=0, stratify=y
        )
        self.scaler = StandardScaler().fit(self.a)
        keras.utils.set_random_seed(1)
        la = keras.layers
        self.model = keras.Sequential(
            [keras.Input((30,)), la.Dense(16, "relu", kernel_regularizer="l2"),
             la.BatchNormalization(), la.Dropout(0.4), la.Dense(1, "sigmoid")]
        )  # fmt: skip
        self.model.compile("adam", "binary_crossentropy")
        self.model.fit(self.x(self.a), self.ya, epochs=2, batch_size=32, verbose=0)
        self.early = self.model.get_weights()
        self.model.fit(self.x(self.a), self.ya, epochs=4, batch_size=32, verbose=0)

    def x(self, rows):
        return self.scaler.transform(rows).astype(np.float32)

    def case(self, claims=(), checkpoints=()):
        case = case_from_arrays(
            "binary", {"train": (self.a, self.ya), "test": (self.b, self.yb)},
            of_live_model(self.model, "binary"), classes=CLASSES, positive=1,
            preprocess=Preprocess((SklearnTransform(self.scaler, "sc.skops"),), ("sc.skops",)),
        )  # fmt: skip
        return replace(case, claims=tuple(claims), checkpoints=tuple(checkpoints))

    def told(self, inputs):
        """What evaluate and classification_report say of these inputs."""
        p = self.model.predict(inputs, verbose=0)[:, 0]
        text = classification_report(
            self.yb, (p > 0.5).astype(int), digits=4, target_names=CLASSES, zero_division=0
        )
        loss = float(np.ravel(self.model.evaluate(inputs, self.yb, verbose=0))[0])
        return [
            *of_report(text, classes=CLASSES),
            of_number("loss", f"{loss:.4f}", task="binary", origin="report:1"),
        ]


@pytest.fixture(scope="module")
def trained():
    return Trained()


def causes_of(case):
    """The causes that remain, of which one alone is asked here: certainty is chance's matter."""
    verdict = explain(evidence_of(case, Asked(case)), case.claims)
    (answer,) = verdict.answers
    assert answer.kind in ("named", "ambiguous")
    return [h.name for e in answer.explanations for h in e.causes]


def test_inputs_that_were_not_preprocessed(trained):
    assert causes_of(trained.case(trained.told(trained.b))) == ["preprocessing-missing"]


def test_inputs_that_were_preprocessed_twice(trained):
    claims = trained.told(trained.x(trained.x(trained.b)))
    assert causes_of(trained.case(claims)) == ["preprocessing-doubled"]


def test_a_scaler_fitted_on_the_test_split(trained):
    claims = trained.told(StandardScaler().fit_transform(trained.b))
    assert causes_of(trained.case(claims)) == ["scaler-refit"]


def test_an_earlier_checkpoint(trained, tmp_path):
    final = trained.model.get_weights()
    trained.model.set_weights(trained.early)
    trained.model.save_weights(tmp_path / "early.weights.h5")
    claims = trained.told(trained.x(trained.b))
    trained.model.set_weights(final)
    case = trained.case(claims, [tmp_path / "early.weights.h5"])
    assert causes_of(case) == ["restored-weights"]


def test_correct_numbers_need_no_laboratory(trained):
    case = trained.case(trained.told(trained.x(trained.b)))
    asked = Asked(case)
    verdict = explain(evidence_of(case, asked), case.claims)
    assert not verdict.answers
    assert not asked._worlds


def test_losses_of_rows_are_those_of_evaluate(trained):
    world = world_of(trained.case(), "test")
    told = trained.model.evaluate(trained.x(trained.b), trained.yb, verbose=0)
    rows, penalty = world.row_losses(), world.penalty()
    assert penalty > 0
    assert float(rows.mean()) + penalty == pytest.approx(float(np.ravel(told)[0]), abs=1e-5)
    first = trained.model.evaluate(trained.x(trained.b)[:50], trained.yb[:50], verbose=0)
    assert world.rows(np.arange(50)).loss(None) == pytest.approx(
        float(np.ravel(first)[0]), abs=1e-5
    )


def test_training_mode_is_that_of_keras_and_leaves_no_trace(trained):
    predictor = of_live_model(trained.model, "binary")
    inputs = trained.x(trained.b)
    before = [w.copy() for w in trained.model.get_weights()]
    drawn = [training_mode.answers(predictor, inputs, 64, seed)[:, 0] for seed in (1, 1, 2)]
    for a, b in zip(before, trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.abs(drawn[0] - drawn[2]).max() > 1e-3
    assert training_mode.is_random(trained.model)
    assert training_mode.is_batched(trained.model)


def test_training_mode_is_named_or_listed_as_statistical(trained):
    keras.utils.set_random_seed(5)
    before = trained.model.get_weights()
    x = trained.x(trained.b)
    p = np.concatenate(
        [np.asarray(trained.model(x[i : i + 32], training=True)) for i in range(0, len(x), 32)]
    )[:, 0]
    trained.model.set_weights(before)
    text = classification_report(trained.yb, (p > 0.5).astype(int), digits=4, target_names=CLASSES)
    assert "training-mode" in causes_of(trained.case(of_report(text, classes=CLASSES)))
