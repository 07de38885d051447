"""Members stacked in TensorFlow train as ``fit`` does, or not at all."""

import numpy as np
import pytest

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.engine import Round
from reportgen.retraining.member import Member, Pool, Recipe, Stopping
from reportgen.retraining.plan import Group, Plan
from tests.retraining import architectures as arch
from tests.retraining.oracle import difference, fit

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def own(keras):
    """Layers of somebody's own: one that computes in TensorFlow, one that counts on the side."""
    import tensorflow as tf

    @keras.saving.register_keras_serializable("tests")
    class Softened(keras.layers.Layer):
        def build(self, shape):
            self.sharpness = self.add_weight(shape=(shape[-1],), initializer="ones")

        def call(self, x):
            return tf.math.softplus(x * tf.convert_to_tensor(self.sharpness))

    @keras.saving.register_keras_serializable("tests")
    class Counting(keras.layers.Layer):
        def __init__(self, **named):
            super().__init__(**named)
            self.calls = tf.Variable(0.0, trainable=False)

        def call(self, x):
            return x + self.calls.assign_add(1.0)

    return Softened, Counting


def no_worker():
    raise AssertionError("a worker was started")


def trained(recipe, pool, members, way="vectorised", **named):
    round_ = Round(recipe, pool, no_worker, keep_weights=True, **named)
    return round_.run(Plan((Group(tuple(members), way, "asked for", 1.0),)))


def softened(keras, own):
    la = keras.layers
    return arch._model(keras, "flat", la.Dense(8), own[0](), la.Dropout(0.3), la.Dense(8, "tanh"))


CHANGED = [
    Member(1, 1),
    Member(2, 2, columns=(0, 3)),
    Member(3, 3, overrides=(("learning_rate", 0.003),)),
    Member(4, 4, epochs=2),
    Member(5, 5, labels=np.random.default_rng(0).permutation(arch.rows("flat")[1])),
    Member(6, 6, weights=np.linspace(0.1, 2, arch.N)),
    Member(7, 7, rows=np.random.default_rng(0).integers(0, arch.N, arch.N)),
]


def test_mapped_and_looped_members_are_the_same_masks_included(keras, own, saved):
    x, y = arch.rows("flat")
    file = saved(softened(keras, own), keras.optimizers.Adam(0.01))
    assert "Softened" in Blueprint.read(file).unstackable()
    assert Blueprint.read(file).unmappable() is None
    pool = Pool((x,), y, len(y), classes=y, splits={"train": (x,), "test": (x[:20],)})
    recipe = Recipe(file, epochs=3, batch_size=16, class_weight=((0, 2.0), (2, 0.5)))
    mapped = trained(recipe, pool, CHANGED)
    looped = trained(recipe, pool, CHANGED, "loop")
    assert {t.engine for t in mapped} == {"vectorised"}
    assert mapped.told_way == "stacked"
    assert mapped.notes == ("7 members were stacked in TensorFlow: asked for",)
    for member in CHANGED:
        a, b = mapped[member], looped[member]
        assert a.epochs == b.epochs == recipe.epochs_of(member)
        assert difference(a.initial_weights, b.initial_weights) == 0
        assert difference(a.weights, b.weights) < 1e-5
        assert difference(a.weights, a.initial_weights) > 1e-3
        np.testing.assert_allclose(a.losses["loss"], b.losses["loss"], rtol=1e-5)
        for split in ("train", "test"):
            np.testing.assert_allclose(a.predictions[split], b.predictions[split], atol=1e-5)


@pytest.mark.parametrize(
    ("build", "optimizer"),
    [
        (arch.embedding, "Adam"),
        pytest.param(arch.dense, "AdamW", marks=pytest.mark.slow),
        pytest.param(arch.normalised, "SGD", marks=pytest.mark.slow),
        pytest.param(arch.convolution, "RMSprop", marks=pytest.mark.slow),
        pytest.param(arch.attention, "SGD", marks=pytest.mark.slow),
        pytest.param(arch.penalised, "Nadam", marks=pytest.mark.slow),
    ],
)
def test_mapped_members_train_as_plain_fit(keras, saved, build, optimizer):
    x, y = arch.rows(arch.KINDS[build])
    made = getattr(keras.optimizers, optimizer)(0.01, global_clipnorm=0.5)
    file = saved(build(keras), made)
    pool, recipe = Pool((x,), y, len(y)), Recipe(file, epochs=3, batch_size=16)
    members = [Member(0, 0), Member(1, 2), Member(1, 3)]
    found = trained(recipe, pool, members)
    for member in members[1:]:
        one = found[member]
        assert one.engine == "vectorised", one.why
        final, history, _ = fit(
            file, one.initial_weights, x, y, recipe=recipe, order_seed=member.order_seed
        )
        np.testing.assert_allclose(one.losses["loss"], history["loss"], rtol=1e-5)
        assert difference(one.weights, final) < 1e-5
        assert difference(one.initial_weights, final) > 1e-3


def test_each_mapped_member_stops_where_fit_does_and_has_its_best_weights(keras, saved):
    x, y = arch.rows("flat")
    held = arch.rows("flat", seed=9)
    file = saved(arch.dense(keras), keras.optimizers.Adam(0.05))
    pool = Pool((x,), y, len(y), validation=((held[0],), held[1], None))
    recipe = Recipe(file, 30, 16, stopping=Stopping("val_loss", 2, restore_best=True))
    members = [Member(k, k) for k in range(4)]
    found = trained(recipe, pool, members)
    ended = set()
    for member in members:
        one = found[member]
        final, history, _ = fit(
            file, one.initial_weights, x, y,
            recipe=recipe, order_seed=member.order_seed, validation=held,
        )  # fmt: skip
        assert one.engine == "vectorised", one.why
        assert one.epochs == len(history["loss"])
        assert one.best_epoch == int(np.argmin(history["val_loss"]))
        np.testing.assert_allclose(one.losses["val_loss"], history["val_loss"], rtol=1e-4)
        assert difference(one.weights, final) < 2e-4
        ended.add(one.epochs)
    assert max(ended) < 30


def test_a_layer_that_keeps_state_on_the_side_is_looped_and_it_is_said(keras, own, saved):
    x, y = arch.rows("flat")
    file = saved(arch._model(keras, "flat", own[1]()))
    pool, recipe = Pool((x,), y, len(y)), Recipe(file, epochs=1, batch_size=16)
    found = trained(recipe, pool, [Member(k, k) for k in range(3)])
    assert [t.engine for t in found] == ["loop"] * 3
    assert all(t.usable and t.why.startswith("asked for; ") for t in found)


def test_one_mapped_member_that_diverges_harms_no_other(keras, saved):
    x, y = arch.rows("flat")
    pool, recipe = Pool((x,), y, len(y)), Recipe(saved(arch.dense(keras)), 2, 16)
    wild = Member(5, 5, weights=np.full(arch.N, np.inf))
    sound = [Member(1, 1), Member(2, 2)]
    both = trained(recipe, pool, [*sound, wild])
    alone = trained(recipe, pool, sound, "loop")
    assert both[wild].engine == "vectorised"
    assert both[wild].status == "diverged"
    for member in sound:
        assert both[member].usable
        assert difference(both[member].weights, alone[member].weights) < 1e-5
