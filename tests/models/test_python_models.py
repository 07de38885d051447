from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reportgen.errors import ModelError
from reportgen.models import headers
from reportgen.models.load import load

ESTIMATORS = """
from sklearn.linear_model import LogisticRegression

def build():
    return LogisticRegression()

def number():
    return 3

def broken():
    raise RuntimeError("no data today")
"""
NETS = """
import keras

def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    return model
"""


def test_an_unfitted_estimator_is_fitted_on_train(blobs, make_job, tmp_path):
    (tmp_path / "est_models.py").write_text(ESTIMATORS)
    job = make_job({"python": "est_models:build"})
    predictor, _ = load(job, "m", blobs)
    train, test = blobs.splits["train"], blobs.splits["test"]
    wanted = LogisticRegression().fit(train.X, train.y).predict_proba(test.X)
    np.testing.assert_allclose(predictor.predict(test.X), wanted)
    assert any("120 rows of train" in note for note in predictor.notes)
    weighted = make_job(
        {"python": "est_models:build"}, training={"epochs": 1, "class_weight": {"yes": 3}}
    )
    wanted = LogisticRegression(class_weight={1: 3}).fit(train.X, train.y).predict_proba(test.X)
    np.testing.assert_allclose(load(weighted, "m", blobs)[0].predict(test.X), wanted)


def test_what_user_code_raises_names_file_and_line(blobs, make_job, tmp_path):
    (tmp_path / "est_models.py").write_text(ESTIMATORS)
    with pytest.raises(ModelError) as error:
        load(make_job({"python": "est_models:broken"}), "m", blobs)
    assert error.value.problems[0].file.endswith("est_models.py")
    assert error.value.problems[0].line == 11
    with pytest.raises(ModelError, match="gave int"):
        load(make_job({"python": "est_models:number"}), "m", blobs)
    with pytest.raises(ModelError, match="has no 'gone'"):
        load(make_job({"python": "est_models:gone"}), "m", blobs)
    with pytest.raises(ModelError, match="no Python module 'nowhere_at_all'"):
        load(make_job({"python": "nowhere_at_all:f"}), "m", blobs)


def test_whether_tensorflow_is_needed_is_read_from_the_text(make_job, tmp_path):
    (tmp_path / "est_models.py").write_text(ESTIMATORS)
    (tmp_path / "net_models.py").write_text(NETS)
    for module, needed in (("est_models", False), ("net_models", True), ("elsewhere", False)):
        job = make_job({"python": f"{module}:build"})
        assert headers.needs_tensorflow(job, job.models["m"]) is needed


@pytest.mark.tensorflow
def test_a_network_without_weights_is_trained_by_the_recipe(keras, blobs, make_job, tmp_path):
    (tmp_path / "net_models.py").write_text(NETS)
    recipe = {"epochs": 3, "batch_size": 16, "seed": 7, "class_weight": "balanced"}
    job = make_job({"python": "net_models:build"}, training=recipe)
    predictor, _ = load(job, "m", blobs)
    train, test = blobs.splits["train"], blobs.splits["test"]
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.fit(train.X, train.y, epochs=3, batch_size=16, class_weight={0: 1.0, 1: 1.0}, verbose=0)
    np.testing.assert_allclose(
        predictor.predict(test.X), model.predict(test.X, verbose=0), atol=1e-6
    )
    assert predictor.loss(test.X, test.y) == pytest.approx(
        model.evaluate(test.X, test.y, verbose=0), abs=1e-6
    )
    model.save_weights(tmp_path / "w.weights.h5")
    given = make_job({"python": "net_models:build", "weights": "w.weights.h5"}, training=recipe)
    np.testing.assert_allclose(
        load(given, "m", blobs)[0].predict(test.X), model.predict(test.X, verbose=0), atol=1e-6
    )
    stop = {**recipe, "early_stopping": {"restore_best": True}}
    with pytest.raises(ModelError, match="no validation split"):
        load(make_job({"python": "net_models:build"}, training=stop), "m", blobs)
