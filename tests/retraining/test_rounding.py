"""Where float32 rounds too much, or masks differ by backend, equality is shown another way."""

import numpy as np
import pytest

from reportgen.retraining.masks import bits
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.messages import Answer, Train
from reportgen.retraining.process import Worker
from tests.retraining import architectures as arch
from tests.retraining.oracle import batches, difference, fit

pytestmark = [pytest.mark.tensorflow]
RATE = 0.4


def stacked(worker, pool, recipe, *members):
    answer = worker.train(pool, Train(recipe, members, keep_weights=True))
    assert isinstance(answer, Answer), answer
    return answer


def test_dropout_given_its_masks_trains_as_plain_fit(worker, keras, saved):
    """A step's mask follows from (seed, number of the step): plain Keras is given the same."""
    import tensorflow as tf

    class Given(keras.layers.Layer):
        def __init__(self, masks):
            super().__init__()
            self.masks, self.step = tf.constant(masks), tf.Variable(0, trainable=False)

        def call(self, x, training=None):
            if not training:
                return x
            mask = self.masks[self.step.assign_add(1) - 1]
            return x * mask[: tf.shape(x)[0]] / (1 - RATE)

    la = keras.layers
    x, y = arch.rows("flat")
    file = saved(arch._model(keras, "flat", la.Dense(8, "relu"), la.Dropout(RATE)))
    pool, recipe = Pool((x,), y, len(y)), Recipe(file, epochs=3, batch_size=16)
    answer = stacked(worker, pool, recipe, Member(0, 0), Member(1, 2))
    *initial, state = [a[1] for a in answer.initial_weights]
    places = np.arange(16 * 8, dtype=np.uint32)
    drawn = [bits(np.array([state[0], step], np.uint32), places) for step in range(15)]
    masks = np.array(drawn).reshape(15, 16, 8) < (1 - RATE) * 2**32
    model = arch._model(keras, "flat", la.Dense(8, "relu"), Given(masks.astype(np.float32)))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.set_weights(initial)
    history = model.fit(
        batches((x, y), 2, 3, 16, shuffle=True),
        epochs=3, steps_per_epoch=5, shuffle=False, verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(answer.losses["loss"][:, 1], history.history["loss"], rtol=1e-5)
    final = [a[1] for a in answer.weights][: len(initial)]
    assert difference(final, model.get_weights()) < 2e-6
    assert difference(final, initial) > 1e-3


@pytest.fixture(scope="module")
def exact(keras, tmp_path_factory):
    """A worker that computes in float64, and Keras here too."""
    keras.backend.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    settings = {"REPORTGEN_RETRAINING_FLOAT64": "1"}
    try:
        with Worker(root=tmp_path_factory.mktemp("c"), cores=1, environment=settings) as worker:
            yield worker
    finally:
        keras.backend.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def biased_then_normalised(keras):
    la = keras.layers
    return keras.Sequential([
        keras.Input((12,)), la.Dense(16), la.BatchNormalization(momentum=0.75, epsilon=2**-10),
        la.ReLU(), la.Dense(4, "softmax"),
    ])  # fmt: skip


#: Weights without a gradient but rounding, which Adam makes steps of: a bias before batch
#: normalisation with the mean that takes it out again, and the bias of attention's keys.
FREE = {biased_then_normalised: (1, 6), arch.attention: (3,)}


@pytest.mark.slow
@pytest.mark.parametrize("build", FREE)
def test_what_rounding_hides_in_float32_is_equal_in_float64(exact, keras, saved, build):
    x, y = arch.rows("flat" if build is biased_then_normalised else "series")
    adam = keras.optimizers.Adam(2**-7, beta_1=0.75, beta_2=0.9375, epsilon=2**-20)
    file = saved(build(keras), adam)
    pool, recipe = Pool((x.astype(np.float64),), y, len(y)), Recipe(file, 3, 16)
    answer = stacked(exact, pool, recipe, Member(0, 0), Member(1, 2))
    initial, ours = ([a[1] for a in all_] for all_ in (answer.initial_weights, answer.weights))
    assert {a.dtype.name for a in initial} == {"float64"}
    final, history, _ = fit(file, initial, pool.inputs[0], y, recipe=recipe, order_seed=2)
    np.testing.assert_allclose(answer.losses["loss"][:, 1], history["loss"], rtol=1e-7)
    for place, (mine, theirs) in enumerate(zip(ours, final, strict=True)):
        assert difference([mine], [theirs]) < (1e-2 if place in FREE[build] else 2e-7)
    assert difference(initial, final) > 1e-2
