"""A whole round of a case: nothing outside it changes, and it says what was really done."""

import random

import numpy as np
import pytest

from reportgen.retraining.member import Member
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds
from tests.retraining import architectures as arch
from tests.retraining.test_case import case_of

pytestmark = pytest.mark.tensorflow
MEMBERS = [Member(k, k) for k in range(3)]


def drawn(keras):
    """What every global generator gives next."""
    import tensorflow as tf

    return (
        random.random(), np.random.random(),  # noqa: NPY002
        np.asarray(keras.random.uniform((3,))).tolist(),
        np.asarray(tf.random.uniform((3,))).tolist(),
        np.asarray(keras.layers.Dense(2).kernel_initializer((3, 2))).tolist(),
    )  # fmt: skip


def test_model_optimizer_and_global_seeds_come_back_untouched(keras, tmp_path):
    model = arch.dense(keras)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    x, y = arch.rows("flat")
    keras.utils.set_random_seed(11)
    model.fit(x, y, verbose=0)
    weights = [w.copy() for w in model.get_weights()]
    moments = [np.array(v) for v in model.optimizer.variables]
    step, compiled = int(model.optimizer.iterations), model.get_compile_config()
    case = case_of(model, {"epochs": 1, "batch_size": 16}, splits=("train", "test"))
    for name in case.splits:
        case.predict(name)
    keras.utils.set_random_seed(7)
    expected = drawn(keras)
    keras.utils.set_random_seed(7)
    rounds = Rounds(case, Budget(), folder=tmp_path)
    trained = rounds.run({"a": MEMBERS})
    assert drawn(keras) == expected
    assert all(t.usable for t in trained)
    assert rounds.told["members"] == 3
    assert rounds.told["way"] == "loop"
    assert rounds.told["why"] == [
        "3 members were trained one by one: a loop is estimated to be no slower"
    ]
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
    after = [np.array(v) for v in model.optimizer.variables]
    assert all(np.array_equal(a, b) for a, b in zip(moments, after, strict=True))
    assert int(model.optimizer.iterations) == step == 3
    assert model.get_compile_config() == compiled
    assert list(tmp_path.iterdir()) == []


def test_a_round_that_is_too_late_says_so(keras, tmp_path):
    model = arch.dense(keras)
    model.compile("adam", "sparse_categorical_crossentropy")
    case = case_of(model, {"epochs": 1, "batch_size": 16}, splits=("train", "test"))
    rounds = Rounds(case, Budget(seconds=0.0), folder=tmp_path)
    trained = rounds.run({"a": MEMBERS})
    assert {t.status for t in trained} == {"stopped"}
    assert trained.out_of_time(MEMBERS)
    assert rounds.told == {
        "members": 3,
        "way": None,
        "why": ["3 members were stopped: the time allowed was over"],
        "cut": [],
    }
