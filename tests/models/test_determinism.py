"""Which seed calls fix what, in TensorFlow: the facts that the seed ensemble reports."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults.cases import case_from_arrays
from reportgen.models.determinism import Untold
from reportgen.models.keras_read import of_live_model

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def network():
    import keras

    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return of_live_model(model, "regression")


def seen(network, folder=None, **training):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 3)).astype(np.float32), rng.normal(size=64)
    splits = {"train": (X, y), "test": (X[:8], y[:8])}
    recipe = {"epochs": 1, "batch_size": 16, **training}
    case = case_from_arrays("regression", splits, network, training=recipe)
    return replace(case, folder=folder or Path()).determinism()


def test_set_random_seed_fixes_everything(network):
    found = seen(network, seed=3, seed_call="keras.utils.set_random_seed")
    assert found.where is None
    assert (found.weights, found.batch_same, found.step) == (0.0, True, 0.0)
    assert not found.seed_fails


def test_tensorflow_s_call_leaves_initial_weights_open(network):
    found = seen(network, seed=3, seed_call="tf.random.set_seed")
    assert found.where == "initial weights"
    assert found.weights > 0
    assert found.batch_same
    assert found.seed_fails


def test_without_a_seed_nothing_is_fixed(network):
    found = seen(network)
    assert found.seed is None
    assert found.where == "initial weights"
    assert not found.seed_fails


def test_rows_in_their_order_need_no_seed(network):
    assert seen(network, shuffle=False).batch_same


def test_the_model_and_the_random_state_stay_as_they_were(network):
    import random

    before = [w.copy() for w in network.model.get_weights()]
    random.seed(5)
    state = random.getstate()
    seen(network, seed=3, seed_call="keras.utils.set_random_seed")
    assert random.getstate() == state
    for a, b in zip(before, network.model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_calls_that_are_not_there_are_not_judged(network):
    found = seen(network, seed=3, seed_call="keras.utils.sow_the_seed")
    assert found == Untold("there is no keras.utils.sow_the_seed to seed with")


def test_a_call_of_the_job_s_own_is_found_beside_the_job_file(network, tmp_path):
    (tmp_path / "own_seeds.py").write_text(
        "def unused(seed):\n    pass\n\n\n"
        "def right(seed):\n    import keras\n\n    keras.utils.set_random_seed(seed)\n"
    )
    unused = seen(network, tmp_path, seed=3, seed_call="own_seeds:unused")
    assert (unused.where, unused.seed_fails) == ("initial weights", True)
    right = seen(network, tmp_path, seed=3, seed_call="own_seeds:right")
    assert (right.where, right.seed_fails) == (None, False)


def test_seeds_in_the_layers_are_declared_seeds():
    import keras

    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=11)),
            keras.layers.Dropout(0.5, seed=12),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    assert seen(of_live_model(model, "regression")).in_model == (11, 12)
