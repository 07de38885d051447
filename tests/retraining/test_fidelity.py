"""What a member may change, and what a model may be, against plain Keras told the same."""

import json

import numpy as np
import pytest

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.engine import Round
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.plan import Group, Plan
from reportgen.retraining.rows import neutral
from tests.retraining import architectures as arch
from tests.retraining.oracle import batches, difference, fit

pytestmark = pytest.mark.tensorflow


def carried_out(worker, recipe, pool, *members, way="stacked"):
    round_ = Round(recipe, pool, lambda: worker, keep_weights=True)
    return round_.run(Plan((Group(members, way, "", 1.0),)))


def test_columns_left_out_are_their_mean_everywhere(worker, keras, saved):
    x, y = arch.rows("flat")
    pool = Pool((x,), y, len(y), splits={"test": (x[:9] + 1,)})
    recipe = Recipe(saved(arch.dense(keras)), epochs=2, batch_size=16)
    blind, seeing = Member(1, 1, columns=(0, 5)), Member(1, 1)
    found = carried_out(worker, recipe, pool, blind, seeing)
    filled, asked = x.copy(), x[:9] + 1
    for column in (0, 5):
        filled[:, column] = asked[:, column] = x[:, column].mean()
    np.testing.assert_allclose(neutral(pool)[[0, 5]], x[:, [0, 5]].mean(axis=0), rtol=1e-6)
    one = found[blind]
    final, _, model = fit(recipe.file, one.initial_weights, filled, y, recipe=recipe, order_seed=1)
    assert difference(one.weights, final) < 2e-6
    np.testing.assert_allclose(one.predictions["test"], model.predict(asked, verbose=0), atol=1e-5)
    assert difference(one.weights, found[seeing].weights) > 1e-3


def test_repeats_are_the_same_training_told_apart(worker, keras, saved):
    x, y = arch.rows("flat")
    pool = Pool((x,), y, len(y), splits={"test": (x,)})
    recipe = Recipe(saved(arch.dense(keras)), epochs=2, batch_size=16)
    first, again, other = Member(1, 1), Member(1, 1, repeat=1), Member(1, 2)
    found = carried_out(worker, recipe, pool, first, again, other)
    assert len(found) == 3
    assert difference(found[first].weights, found[again].weights) == 0
    assert difference(found[first].weights, found[other].weights) > 1e-3


def test_class_weights_go_by_the_labels_that_a_member_is_given(worker, keras, saved):
    x, y = arch.rows("flat")
    changed = np.random.default_rng(3).permutation(y)
    recipe = Recipe(saved(arch.dense(keras)), 2, 16, class_weight=((0, 4.0), (1, 0.25)))
    pool = Pool((x,), y, len(y), classes=y)
    member = Member(1, 1, labels=changed)
    one = carried_out(worker, recipe, pool, member)[member]
    weights = np.array([4.0, 0.25, 1.0, 1.0], np.float32)[changed]
    final, _, _ = fit(
        recipe.file, one.initial_weights, x, changed, recipe=recipe, order_seed=1, weights=weights
    )
    assert difference(one.weights, final) < 2e-6


def two_inputs(keras):
    la = keras.layers
    a, b = keras.Input((12,), name="flat"), keras.Input((6, 5), name="series")
    h = la.Concatenate()([la.Dense(8, "relu")(a), la.GlobalAveragePooling1D()(b)])
    out = la.Dense(4, "softmax")(h)
    return keras.Model({"series": b, "flat": a}, out)


@pytest.mark.parametrize("way", ["stacked", "loop"])
def test_several_inputs_reach_the_model_by_name(worker, keras, saved, way):
    """``fit`` is told them by name; the engine in the order of ``model.inputs``."""
    (a, y), (b, _) = arch.rows("flat"), arch.rows("series", seed=4)
    file = saved(two_inputs(keras), keras.optimizers.Adam(0.02))
    names = [tensor.name for tensor in keras.saving.load_model(file, compile=False).inputs]
    by_name = {"flat": a, "series": b}
    x = tuple(by_name[name] for name in names)
    pool, recipe = Pool(x, y, len(y), splits={"test": x}), Recipe(file, 3, 16)
    member = Member(1, 2)
    one = carried_out(worker, recipe, pool, member, Member(2, 2), way=way)[member]
    final, history, model = fit(file, one.initial_weights, by_name, y, recipe=recipe, order_seed=2)
    assert one.engine == way, one.why
    np.testing.assert_allclose(one.losses["loss"], history["loss"], rtol=1e-5)
    assert difference(one.weights, final) < 5e-6
    np.testing.assert_allclose(
        one.predictions["test"], model.predict(by_name, verbose=0), atol=1e-5
    )


def as_texts(keras, *layers):
    return tuple(json.dumps(keras.saving.serialize_keras_object(layer)) for layer in layers)


@pytest.mark.parametrize("way", ["stacked", "loop"])
def test_batches_are_augmented_and_predictions_are_not(worker, keras, saved, way):
    x, y = arch.rows("image")
    file = saved(arch.convolution(keras), keras.optimizers.SGD(0.05))
    augment = as_texts(keras, keras.layers.Rescaling(0.5, offset=0.1))
    member = Member(1, 1, augment=augment)
    pool, recipe = Pool((x,), y, len(y), splits={"test": (x,)}), Recipe(file, 2, 16)
    one = carried_out(worker, recipe, pool, member, way=way)[member]
    changed = (x * 0.5 + 0.1).astype(np.float32)
    final, _, model = fit(file, one.initial_weights, changed, y, recipe=recipe, order_seed=1)
    assert one.engine == way, one.why
    assert difference(one.weights, final) < 3e-6
    np.testing.assert_allclose(one.predictions["test"], model.predict(x, verbose=0), atol=1e-5)


def test_preprocessing_inside_the_model_is_stacked_and_stays_as_it_was_adapted(
    worker, keras, saved
):
    la = keras.layers
    x, y = arch.rows("flat")
    measured = la.Normalization()
    measured.adapt(3 * x + 2)
    model = arch._model(keras, "flat", la.Rescaling(3.0, offset=2.0), measured, la.Dense(8, "tanh"))
    pool, recipe = Pool((x,), y, len(y), splits={"test": (x,)}), Recipe(saved(model), 2, 16)
    one = carried_out(worker, recipe, pool, Member(1, 1))[Member(1, 1)]
    assert one.engine == "stacked", one.why
    final, _, plain = fit(recipe.file, one.initial_weights, x, y, recipe=recipe, order_seed=1)
    assert difference(one.weights, final) < 3e-6
    np.testing.assert_allclose(one.predictions["test"], plain.predict(x, verbose=0), atol=1e-5)
    kept = [w for w in one.weights if w.shape == (12,)]
    assert any(np.allclose(w, (3 * x + 2).mean(axis=0), atol=1e-4) for w in kept)


@pytest.mark.parametrize("way", ["stacked", "loop"])
def test_random_augmentation_is_drawn_anew_for_each_batch_and_by_the_order_seed(
    worker, keras, saved, way
):
    """A loss that is the mean output of a fixed weight tells what was added to the inputs."""
    la = keras.layers
    model = keras.Sequential([keras.Input((400,)), la.Dense(
        1, use_bias=False, kernel_initializer="ones")])  # fmt: skip
    file = saved(model, keras.optimizers.SGD(0.0), "mean_absolute_error")
    pool = Pool((np.full((40, 400), 10, np.float32),), np.zeros((40, 1), np.float32), 40)
    augment = as_texts(keras, la.GaussianNoise(1.0))
    members = [Member(0, 1, augment=augment), Member(0, 2, augment=augment)]
    again = Member(0, 1, augment=augment, repeat=1)
    found = carried_out(worker, Recipe(file, 3, 8), pool, *members, again, way=way)
    losses = np.array([found[m].losses["loss"] for m in members])
    assert {t.engine for t in found} == {way}
    assert len(np.unique(losses)) == 6
    # 40 rows x 400 values of standard deviation 1: an epoch's mean has sd 20 / sqrt(40) = 3.2.
    assert np.abs(losses - 4000).max() < 14
    assert np.abs(losses - 4000).max() > 0.1
    np.testing.assert_array_equal(found[again].losses["loss"], losses[0])


class Stepped:
    """A model with a training step of its own, built as a job's Python does it."""

    def __init__(self, keras):
        import tensorflow as tf

        class Halved(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden = keras.layers.Dense(8, "tanh")
                self.out = keras.layers.Dense(4, "softmax")

            def call(self, x):
                return self.out(self.hidden(x))

            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    loss = 0.5 * self.compute_loss(x, y, self(x, training=True))
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply(gradients, self.trainable_variables)
                return {"loss": loss}

        self.kind, self.keras = Halved, keras

    def __call__(self):
        model = self.kind()
        model.compile(self.keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        return model


def test_a_live_model_with_its_own_step_is_looped_by_that_step(keras, tmp_path):
    from reportgen.models.keras_read import of_live_model
    from reportgen.retraining.origin import origin_of

    x, y = arch.rows("flat")
    build = Stepped(keras)
    delivered = build()
    delivered(x[:2])
    before = [w.copy() for w in delivered.get_weights()]
    predictor = of_live_model(delivered, "multiclass", build=build)
    origin = origin_of(predictor, tmp_path, (x[:2],))
    assert "a class of its own (Halved)" in origin.blueprint.unstackable()
    pool = Pool((x,), y, len(y), splits={"test": (x,)})
    round_ = Round(
        Recipe("", epochs=2, batch_size=16), pool, None, network=origin.network,
        unmappable=origin.blueprint.unmappable(), keep_weights=True,
    )  # fmt: skip
    members = (Member(1, 1), Member(2, 1))
    why = origin.blueprint.unstackable()
    found = round_.run(Plan((Group(members, "loop", why, 1.0),)))
    for member in members:
        one = found[member]
        assert (one.status, one.engine, one.why) == ("trained", "loop", why), one.error
        model = build()
        model(x[:2])
        model.set_weights(one.initial_weights)
        model.fit(
            batches((x, y), 1, 2, 16, shuffle=True),
            epochs=2, steps_per_epoch=5, shuffle=False, verbose=0,
        )  # fmt: skip
        assert difference(one.weights, model.get_weights()) < 1e-6
        assert difference(one.weights, one.initial_weights) > 1e-2
        np.testing.assert_allclose(one.predictions["test"], model.predict(x, verbose=0), atol=1e-6)
    assert difference(found[members[0]].initial_weights, found[members[1]].initial_weights) > 0.1
    assert all(np.array_equal(a, b) for a, b in zip(before, delivered.get_weights(), strict=True))


@pytest.mark.parametrize("name", ["muon", "own"])
def test_an_optimizer_whose_state_crosses_weights_is_looped(keras, saved, name):
    """One that scales every step by the length of all gradients so far."""

    @keras.saving.register_keras_serializable("tests")
    class Total(keras.optimizers.SGD):
        def build(self, variables):
            super().build(variables)
            self.total = self.add_variable((), name="total")

        def apply(self, grads, trainable_variables=None):
            if not self.built:
                self.build(trainable_variables)
            norm = keras.ops.sqrt(sum(keras.ops.sum(g * g) for g in grads))
            self.total.assign_add(norm)
            super().apply([g / self.total for g in grads], trainable_variables)

    x, y = arch.rows("flat")
    optimizer = Total(0.1) if name == "own" else keras.optimizers.Muon(0.01)
    file = saved(arch.dense(keras), optimizer)
    why = Blueprint.read(file).unstackable()
    assert "keeps state across weights" in why
    assert Blueprint.read(file).unmappable() == why
    recipe, pool = Recipe(file, 2, 16), Pool((x,), y, len(y))
    members = (Member(1, 1), Member(2, 2))
    found = carried_out(None, recipe, pool, *members, way="loop")
    for member in members:
        one = found[member]
        assert one.usable, one.error
        final, _, _ = fit(
            file, one.initial_weights, x, y, recipe=recipe, order_seed=member.order_seed
        )
        assert difference(one.weights, final) < 1e-6
        assert difference(one.weights, one.initial_weights) > 1e-3


def test_inputs_of_ragged_rows_are_not_stacked(keras, saved):
    la = keras.layers
    inputs = keras.Input((None, 3), ragged=True, name="steps")
    file = saved(keras.Model(inputs, la.Dense(4, "softmax")(la.GlobalAveragePooling1D()(inputs))))
    why = Blueprint.read(file).unstackable()
    assert why == "the input 'steps' takes rows of different lengths"
    assert Blueprint.read(file).unmappable() == why
