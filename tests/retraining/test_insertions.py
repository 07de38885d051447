"""Dropout put into a model, against the model built with it by hand in plain Keras."""

import json
import zipfile

import numpy as np
import pytest

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.insertions import with_dropout
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.messages import Answer, Train
from tests.retraining import architectures as arch

pytestmark = [pytest.mark.tensorflow]
RATE = 0.4
INSERTED = (("inserted_dropout", RATE),)


def in_line(keras, dropout):
    la = keras.layers
    some, again = ([la.Dropout(RATE)] if dropout else [] for _ in range(2))
    return keras.Sequential([
        keras.Input((12,)), la.Dense(16), la.BatchNormalization(), la.ReLU(), *some,
        la.Dense(8, "relu"), *again,
        la.Dense(4, "softmax"),
    ])  # fmt: skip


def in_graph(keras, dropout):
    """Two branches that one hidden layer feeds, joined again."""
    la = keras.layers

    def behind(x):
        return la.Dropout(RATE)(x) if dropout else x

    inputs = keras.Input((12,))
    x = behind(la.Dense(16, "relu")(inputs))
    left = behind(la.Dense(8, "relu")(x))
    joined = la.Concatenate()([left, x])
    return keras.Model(inputs, la.Dense(4, "softmax")(joined))


BUILT = {"in line": in_line, "in graph": in_graph}


def flow(config):
    """Each layer's kind and what it is called on, by place: names apart."""
    layers = config["config"]["layers"]
    names = [la["config"]["name"] for la in layers]
    told = []
    for layer in layers:
        text = json.dumps(layer.get("inbound_nodes", []))
        sources = sorted(k for k, name in enumerate(names) if f'"{name}"' in text)
        told.append((layer["class_name"], layer["config"].get("rate"), sources))
    return told


@pytest.mark.parametrize("kind", list(BUILT))
def test_the_configuration_is_that_of_the_model_with_dropout(keras, saved, kind):
    whole = Blueprint.read(saved(BUILT[kind](keras, True))).config
    plain = Blueprint.read(saved(BUILT[kind](keras, False)))
    patched = plain.patched(Member(overrides=INSERTED))
    assert flow(patched) == flow(whole)
    assert not any(la["class_name"] == "Dropout" for la in plain.layers)
    keras.saving.deserialize_keras_object(patched)


@pytest.mark.parametrize("kind", list(BUILT))
def test_it_trains_as_the_model_with_dropout_does(worker, keras, saved, kind):
    """The same seeds, weights and masks: dropout that is there, and dropout that is put in."""
    x, y = arch.rows("flat")
    pool = Pool((x,), y, len(y))
    told = {}
    for dropout in (True, False):
        recipe = Recipe(saved(BUILT[kind](keras, dropout)), epochs=3, batch_size=16)
        members = [Member(k, k, overrides=() if dropout else INSERTED) for k in (1, 2)]
        answer = worker.train(pool, Train(recipe, tuple(members), keep_weights=True))
        assert isinstance(answer, Answer), answer
        told[dropout] = answer
    np.testing.assert_allclose(told[True].losses["loss"], told[False].losses["loss"], rtol=1e-5)
    recipe = Recipe(saved(BUILT[kind](keras, False)), epochs=3, batch_size=16)
    without = worker.train(pool, Train(recipe, (Member(1, 1), Member(2, 2)), keep_weights=True))
    assert np.abs(without.losses["loss"] - told[False].losses["loss"]).max() > 1e-3


def config_of(keras, *layers):
    model = keras.Sequential([keras.Input((12,)), *layers])
    return json.loads(json.dumps(keras.saving.serialize_keras_object(model)))


def test_an_output_layer_gets_none_nor_one_that_has_it(keras):
    la = keras.layers
    assert not with_dropout(config_of(keras, la.Dense(4), la.Activation("softmax")), RATE)
    config = config_of(keras, la.Dense(8), la.ReLU(), la.Dropout(0.1), la.Dense(1))
    assert not with_dropout(config, RATE)
    assert not with_dropout(config_of(keras, la.LayerNormalization()), RATE)


def test_a_name_that_is_taken_is_not_taken_again(keras):
    la = keras.layers
    config = config_of(keras, la.Dense(8, name="inserted_dropout_1"), la.Dense(1))
    assert with_dropout(config, RATE)
    names = [layer["config"]["name"] for layer in config["config"]["layers"]]
    assert len(set(names)) == len(names)


def test_a_model_without_a_hidden_layer_says_so(tmp_path, keras, saved):
    file = saved(keras.Sequential([keras.Input((12,)), keras.layers.Dense(4, "softmax")]))
    with zipfile.ZipFile(file) as archive:
        assert "Dropout" not in archive.read("config.json").decode()
    with pytest.raises(ValueError, match="inserted_dropout"):
        Blueprint.read(file).patched(Member(overrides=INSERTED))
