"""Keras files against plain Keras: predictions, losses, headers, and what is refused."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import polars as pl
import pytest

from reportgen.errors import ModelError
from reportgen.models import headers, keras_config
from reportgen.models.load import load
from tests.models.cases import dataset_of

pytestmark = pytest.mark.tensorflow


def copied(source, target):
    target.write_bytes(source.read_bytes())
    return target.name


@pytest.mark.parametrize("name", ["binary", "logits", "one_hot"])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_predictions_and_loss_equal_plain_keras(nets, blobs, make_job, tmp_path, name, suffix):
    # The extension lies on purpose: the bytes decide.
    wrong = {".keras": ".h5", ".h5": ".keras"}[suffix]
    file = copied(nets.folder / f"{name}{suffix}", tmp_path / f"m{wrong}")
    predictor, preprocess = load(make_job({"keras": file}), "m", blobs)
    test = blobs.splits["test"]
    raw = predictor.predict(preprocess(test.X))
    np.testing.assert_allclose(raw, nets.predicted[name], atol=1e-6)
    assert predictor.loss(test.X, test.y) == pytest.approx(nets.losses[name], abs=1e-6)
    assert predictor.output.kind == ("logit" if name == "logits" else "probability")
    assert not predictor.model.compiled


def test_weighted_loss_equals_evaluate(nets, blobs, make_job, tmp_path):
    file = copied(nets.folder / "binary.keras", tmp_path / "m.keras")
    predictor, _ = load(make_job({"keras": file}), "m", blobs)
    test = blobs.splits["test"]
    weight = np.linspace(0, 3, test.n)
    model = nets.models["binary"]
    wanted = model.evaluate(test.X, test.y, sample_weight=weight, batch_size=test.n, verbose=0)
    assert predictor.loss(test.X, test.y, weight) == pytest.approx(wanted[0], abs=1e-6)


def test_description_and_header_agree(nets, blobs, make_job, tmp_path):
    job = make_job({"keras": copied(nets.folder / "binary.keras", tmp_path / "m.keras")})
    header = headers.read(job, job.models["m"])
    assert (header.framework, header.n_outputs, header.n_inputs) == ("keras", 1, 4)
    assert (header.last_activation, header.loss, header.optimizer) == (
        "sigmoid", "binary_crossentropy", "Adam",
    )  # fmt: skip
    assert header.metrics == ("accuracy",)
    assert headers.needs_tensorflow(job, job.models["m"])
    predictor, _ = load(job, "m", blobs)
    assert predictor.description == "Keras network, 4 inputs, one hidden layer, 49 weights."
    assert predictor.n_weights == 49


def test_reading_a_header_does_not_import_tensorflow(nets):
    code = (
        "import sys, pathlib; from reportgen.models import headers, keras_config;"
        f"[keras_config.read_config(pathlib.Path({str(nets.folder)!r}) / f)"
        " for f in ('binary.keras', 'binary.h5')];"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_loading_leaves_the_global_state_alone(keras, nets, blobs, make_job, tmp_path):
    file = copied(nets.folder / "binary.keras", tmp_path / "m.keras")
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    predictor, _ = load(make_job({"keras": file}), "m", blobs)
    predictor.loss(blobs.splits["test"].X, blobs.splits["test"].y)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert keras.backend.floatx() == "float32"


def test_batches_give_what_one_pass_gives(nets, blobs, make_job, tmp_path, monkeypatch):
    file = copied(nets.folder / "binary.keras", tmp_path / "m.keras")
    predictor, _ = load(make_job({"keras": file}), "m", blobs)
    monkeypatch.setattr(predictor, "_batch", 7)
    monkeypatch.setattr("reportgen.models.keras.FEED_BYTES", 4 * 4 * 20)
    frame = pl.DataFrame(blobs.splits["test"].X)
    np.testing.assert_allclose(predictor.predict(frame), nets.predicted["binary"], atol=1e-6)


def test_inputs_that_do_not_fit_are_told_before_the_whole_is_predicted(nets, make_job, tmp_path):
    file = copied(nets.folder / "binary.keras", tmp_path / "m.keras")
    job = make_job({"keras": file})
    y = np.array([0, 1])
    wide = dataset_of("binary", {"test": (np.zeros((2, 5)), y)}, classes=("no", "yes"))
    with pytest.raises(ModelError) as error:
        load(job, "m", wide)
    assert (error.value.problems[0].expected[0], error.value.problems[0].got) == ("4", "5")
    frame = pl.DataFrame({"a": [1.0, 2], "b": ["x", "y"], "c": [1, 2], "d": ["u", "v"]})
    texts = dataset_of("binary", {"test": (frame, y)}, classes=("no", "yes"))
    with pytest.raises(ModelError, match="'b', 'd' are not"):
        load(job, "m", texts)


def test_missing_values_pass_and_are_noted(nets, blobs, make_job, tmp_path):
    file = copied(nets.folder / "binary.keras", tmp_path / "m.keras")
    predictor, _ = load(make_job({"keras": file}), "m", blobs)
    X = blobs.splits["test"].X.copy()
    X[3, 1] = np.nan
    predictor.predict(X)  # TensorFlow's relu makes 0 of NaN: the answers look like any other
    assert any(note.startswith("1 rows reached the model") for note in predictor.notes)


def test_several_inputs_by_name_and_by_order(keras, make_job, tmp_path):
    a, b = keras.Input((2,), name="left"), keras.Input((3,), name="right")
    joined = keras.layers.Concatenate()([a, b])
    model = keras.Model([a, b], keras.layers.Dense(1, "sigmoid")(joined))
    model.save(tmp_path / "m.keras")
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(9, 2)), rng.normal(size=(9, 3))
    wanted = model.predict([left, right], verbose=0)
    y = np.tile([0, 1, 1], 3)
    for X in ({"right": right, "left": left}, [left, right], {"x": left, "z": right}):
        dataset = dataset_of("binary", {"test": (X, y)}, classes=("no", "yes"))
        predictor, _ = load(make_job({"keras": "m.keras"}), "m", dataset)
        np.testing.assert_allclose(predictor.predict(X), wanted, atol=1e-6)
    with pytest.raises(ModelError, match="2 inputs: left, right"):
        predictor.predict(left)
    two = keras.Model([a, b], [keras.layers.Dense(1)(joined), keras.layers.Dense(2)(joined)])
    two.save(tmp_path / "two.keras")
    with pytest.raises(ModelError, match="2 outputs"):
        load(make_job({"keras": "two.keras"}), "m", dataset)


def test_images_get_their_channel_and_flat_pixels_their_shape(keras, make_job, tmp_path):
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(),
         keras.layers.Dense(3, "softmax")]
    )  # fmt: skip
    model.save(tmp_path / "m.keras")
    X = np.random.default_rng(0).integers(0, 256, (6, 4, 4), dtype=np.uint8)
    wanted = model.predict(X[..., None] / np.float32(255), verbose=0)
    y = np.arange(6) % 3
    job = make_job({"keras": "m.keras"}, preprocess={"scale": 255})
    for rows in (X, X[..., None], X.reshape(6, 16)):
        dataset = dataset_of("multiclass", {"test": (rows, y)}, classes=("a", "b", "c"))
        predictor, preprocess = load(job, "m", dataset)
        np.testing.assert_allclose(predictor.predict(preprocess(rows)), wanted, atol=1e-6)
    assert any("4 × 4 × 1" in note for note in predictor.notes)


def test_keras_2_files_go_through_tf_keras(tf_keras, blobs, make_job, tmp_path, monkeypatch):
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [tf_keras.Input((4,)), layers.Dense(3, "relu", kernel_regularizer="l2"),
         layers.Dense(1, "sigmoid")]
    )  # fmt: skip
    model.compile("adam", "binary_crossentropy")
    test = blobs.splits["test"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / "m.h5")
    job = make_job({"keras": "m.h5"})
    predictor, _ = load(job, "m", blobs)
    assert predictor.framework == "tf_keras"
    np.testing.assert_allclose(
        predictor.predict(test.X), model.predict(test.X, verbose=0), atol=1e-6
    )
    wanted = model.evaluate(test.X, test.y, verbose=0)
    assert predictor.loss(test.X, test.y) == pytest.approx(wanted, abs=1e-6)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"reportgen\[keras2\]"):
        headers.read(job, job.models["m"])


def test_a_saved_model_is_asked_through_its_signature(nets, blobs, make_job, tmp_path):
    nets.models["binary"].export(tmp_path / "sm", verbose=False)
    predictor, _ = load(make_job({"savedmodel": "sm"}), "m", blobs)
    test = blobs.splits["test"]
    np.testing.assert_allclose(predictor.predict(test.X), nets.predicted["binary"], atol=1e-6)
    assert predictor.output.kind == "probability"
    assert not hasattr(predictor, "loss")


def test_a_saved_model_that_writes_files_is_not_run(keras, blobs, make_job, tmp_path):
    import tensorflow as tf

    target = tmp_path / "written"

    class Writer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32)])
        def __call__(self, x):
            tf.io.write_file(str(target), "x")
            return x[:, :1]

    module = Writer()
    tf.saved_model.save(module, str(tmp_path / "sm"), signatures=module.__call__)
    with pytest.raises(ModelError, match="WriteFile"):
        load(make_job({"savedmodel": "sm"}), "m", blobs)
    assert not target.exists()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_lambda_layer_is_refused_in_words(keras, blobs, make_job, tmp_path, suffix):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / f"m{suffix}")
    job = make_job({"keras": f"m{suffix}"})
    for attempt in (lambda: headers.read(job, job.models["m"]), lambda: load(job, "m", blobs)):
        with pytest.raises(ModelError, match="Lambda layer"):
            attempt()


def test_foreign_classes_must_be_named_by_the_job(keras, blobs, make_job, tmp_path):
    (tmp_path / "own_layers.py").write_text(
        "import keras\n\n"
        "@keras.saving.register_keras_serializable('mine')\n"
        "class Twice(keras.layers.Layer):\n"
        "    def call(self, x):\n        return 2 * x\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        from own_layers import Twice
    finally:
        sys.path.remove(str(tmp_path))
    model = keras.Sequential([keras.Input((4,)), Twice(), keras.layers.Dense(1, "sigmoid")])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="mine>Twice"):
        load(make_job({"keras": "m.keras"}), "m", blobs)
    named = make_job({"keras": "m.keras", "custom_objects": ["own_layers:Twice"]})
    predictor, _ = load(named, "m", blobs)
    test = blobs.splits["test"]
    np.testing.assert_allclose(
        predictor.predict(test.X), model.predict(test.X, verbose=0), atol=1e-6
    )


def test_a_file_without_loss_says_so(keras, blobs, make_job, tmp_path):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")]).save(
        tmp_path / "m.keras"
    )
    predictor, _ = load(make_job({"keras": "m.keras"}), "m", blobs)
    with pytest.raises(ModelError, match="keeps no loss"):
        predictor.loss(blobs.splits["test"].X, blobs.splits["test"].y)


def test_weights_without_architecture_and_damage_are_told_apart(nets, blobs, make_job, tmp_path):
    nets.models["binary"].save_weights(tmp_path / "w.weights.h5")
    whole = (nets.folder / "binary.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut.h5").write_bytes((nets.folder / "binary.h5").read_bytes()[:4000])
    for file, words in (
        ("w.weights.h5", "weights without an architecture"),
        ("cut.keras", "cut short"),
        ("cut.h5", "cut short"),
    ):
        with pytest.raises(ModelError, match=words):
            load(make_job({"keras": file}), "m", blobs)


def test_vocabulary_files_and_file_operations_in_a_config_are_refused(tmp_path):
    def config(layer):
        return keras_config.KerasConfig("f", "2.9.0", {"config": {"layers": [layer]}}, None)

    reads = {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    writes = {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}
    adds = {"class_name": "TFOpLambda", "config": {"function": "math.add"}}
    assert "/etc/passwd" in keras_config.unsafe_parts(config(reads))[0]
    assert "tf.io.write_file" in keras_config.unsafe_parts(config(writes))[0]
    assert keras_config.unsafe_parts(config(adds)) == ()


def test_a_config_that_names_a_foreign_module_imports_nothing(nets, blobs, make_job, tmp_path):
    # CVE-2025-1550: a config may name any module and function.
    file = tmp_path / "evil.keras"
    with zipfile.ZipFile(nets.folder / "binary.keras") as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                layer = config["config"]["layers"][1]
                layer |= {"module": "os", "class_name": "system", "registered_name": "system"}
                content = json.dumps(config).encode()
            new.writestr(name, content)
    with pytest.raises(ModelError, match="not Keras's own: system"):
        load(make_job({"keras": "evil.keras"}), "m", blobs)
