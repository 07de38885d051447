"""Stacked members train as plain ``fit`` does, layer by layer and optimizer by optimizer."""

import numpy as np
import pytest

from reportgen.retraining.member import Member, Pool, Recipe, Stopping
from reportgen.retraining.messages import Answer, Train
from tests.retraining import architectures as arch
from tests.retraining.oracle import difference, fit

pytestmark = pytest.mark.tensorflow
MEMBERS = (Member(0, 0), Member(1, 2), Member(1, 3))


def stacked(worker, pool, recipe, members=MEMBERS):
    answer = worker.train(pool, Train(recipe, tuple(members), keep_weights=True))
    assert isinstance(answer, Answer), answer
    return answer


def compare(worker, file, pool, recipe, members=MEMBERS, which=1, validation=None, weights=None):
    """The largest difference between a stacked member's weights and plain ``fit``'s."""
    answer = stacked(worker, pool, recipe, members)
    member = members[which]
    initial = [a[which] for a in answer.initial_weights]
    final, history, _ = fit(
        file, initial, pool.inputs[0], pool.targets,
        recipe=recipe, order_seed=member.order_seed, validation=validation, weights=weights,
        epochs=member.epochs,
    )  # fmt: skip
    losses = answer.losses["loss"][:, which]
    np.testing.assert_allclose(losses[np.isfinite(losses)], history["loss"], rtol=3e-5)
    moved = difference(initial, final)
    assert moved > 1e-3
    return difference([a[which] for a in answer.weights], final), answer, history


ALL = pytest.mark.slow
LAYERS = [
    (arch.dense, "adam", 2e-6, ()),
    (arch.penalised, "momentum", 2e-6, ()),
    (arch.normalised, "sgd", 2e-6, ()),
    (arch.convolution, "momentum", 3e-6, ()),
    (arch.lstm, "adam", 2e-5, ()),
    (arch.embedding, "adam", 2e-6, ()),
    (arch.layer_normalised, "adam", 2e-5, ALL),
    (arch.pooled, "momentum", 3e-6, ()),
    (arch.separable, "momentum", 3e-6, ALL),
    (arch.convolution_1d, "momentum", 3e-6, ALL),
    (arch.gru, "adam", 2e-5, ALL),
    (arch.bidirectional, "sgd", 2e-6, ALL),
    (arch.masked, "adam", 2e-5, ALL),
    (arch.attention, "sgd", 2e-6, ALL),
    (arch.attention, "adam", 1e-4, ALL),
]


@pytest.mark.parametrize(
    ("build", "optimizer", "tolerance"),
    [pytest.param(b, o, t, marks=m, id=f"{b.__name__}-{o}") for b, o, t, m in LAYERS],
)
def test_layers(worker, keras, saved, build, optimizer, tolerance):
    x, y = arch.rows(arch.KINDS[build])
    if optimizer == "momentum":
        optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    file = saved(build(keras), optimizer)
    worst, _, _ = compare(
        worker, file, Pool((x,), y, len(y)), Recipe(file, epochs=3, batch_size=16)
    )
    assert worst < tolerance


def _schedule(o):
    return o.Adam(o.schedules.ExponentialDecay(0.01, 4, 0.7))


OPTIMIZERS = {
    "clip-global": (lambda o: o.Adam(0.01, global_clipnorm=0.3), arch.dense, ()),
    "schedule": (_schedule, arch.dense, ()),
    "rmsprop-embedding": (lambda o: o.RMSprop(0.01), arch.embedding, ()),
    "adamw": (lambda o: o.AdamW(0.01, weight_decay=0.01), arch.dense, ALL),
    "rmsprop": (lambda o: o.RMSprop(0.01, momentum=0.5), arch.dense, ALL),
    "clip": (lambda o: o.SGD(0.1, clipnorm=0.1), arch.dense, ALL),
    "clip-value": (lambda o: o.SGD(0.1, clipvalue=0.01), arch.dense, ALL),
    "cosine": (lambda o: o.SGD(o.schedules.CosineDecay(0.1, 12)), arch.dense, ALL),
    "nadam": (lambda o: o.Nadam(0.01), arch.dense, ALL),
    "adamax": (lambda o: o.Adamax(0.01), arch.dense, ALL),
    "adagrad": (lambda o: o.Adagrad(0.05), arch.dense, ALL),
    "adadelta": (lambda o: o.Adadelta(1.0), arch.dense, ALL),
    "lion": (lambda o: o.Lion(0.001), arch.dense, ALL),
    "ftrl": (lambda o: o.Ftrl(0.1), arch.dense, ALL),
    "adafactor": (lambda o: o.Adafactor(0.01), arch.dense, ALL),
    "lamb": (lambda o: o.Lamb(0.01), arch.dense, ALL),
    "adamw-embedding": (lambda o: o.AdamW(0.01), arch.embedding, ALL),
    "nadam-embedding": (lambda o: o.Nadam(0.01), arch.embedding, ALL),
    "adagrad-embedding": (lambda o: o.Adagrad(0.05), arch.embedding, ALL),
    "amsgrad-embedding": (lambda o: o.Adam(0.01, amsgrad=True), arch.embedding, ALL),
    "sgd-embedding": (lambda o: o.SGD(0.1, momentum=0.9), arch.embedding, ALL),
    "lion-embedding": (lambda o: o.Lion(0.001), arch.embedding, ALL),
}


@pytest.mark.parametrize("name", [pytest.param(n, marks=m) for n, (_, _, m) in OPTIMIZERS.items()])
def test_optimizers(worker, keras, saved, name):
    make, build, _ = OPTIMIZERS[name]
    x, y = arch.rows(arch.KINDS[build])
    file = saved(build(keras), make(keras.optimizers))
    worst, _, _ = compare(
        worker, file, Pool((x,), y, len(y)), Recipe(file, epochs=3, batch_size=16)
    )
    assert worst < 1e-5


def test_class_and_sample_weights(worker, keras, saved):
    x, y = arch.rows("flat")
    file = saved(arch.dense(keras))
    sample = np.random.default_rng(5).uniform(0.2, 2, len(y)).astype(np.float32)
    pool = Pool((x,), y, len(y), weights=sample, classes=y)
    recipe = Recipe(file, epochs=3, batch_size=16, class_weight=((0, 2.0), (3, 0.5)))
    whole = sample * np.array([2.0, 1.0, 1.0, 0.5], np.float32)[y]
    worst, _, _ = compare(worker, file, pool, recipe, weights=whole)
    assert worst < 1e-5


@pytest.mark.parametrize("outputs", [1, arch.CLASSES])
def test_rows_answered_wrongly_beyond_doubt_still_have_a_gradient(worker, keras, saved, outputs):
    """Their probability is far below 1e-7: ``fit`` finds the logits behind it."""
    x, y = arch.rows("flat")
    x, la = x * 200, keras.layers
    binary = outputs == 1
    y = (y > 1).astype(np.float32)[:, None] if binary else y
    last = la.Dense(outputs, activation="sigmoid" if binary else "softmax")
    loss = "binary_crossentropy" if binary else "sparse_categorical_crossentropy"
    sgd = keras.optimizers.SGD(2.0**-12)
    file = saved(keras.Sequential([keras.Input((12,)), last]), sgd, loss)
    worst, answer, _ = compare(
        worker, file, Pool((x,), y, len(y)), Recipe(file, epochs=3, batch_size=16)
    )
    assert answer.losses["loss"][0, 1] > -np.log(1e-7)  # the mean: most rows are beyond
    assert worst < 1e-5


@pytest.mark.parametrize(("build", "optimizer"), [(arch.dense, "adam"), (arch.normalised, "sgd")])
def test_members_of_different_numbers_of_rows(worker, keras, saved, build, optimizer):
    x, y = arch.rows("flat")
    file = saved(build(keras), optimizer)
    pool, recipe = Pool((x,), y, len(y)), Recipe(file, epochs=3, batch_size=16)
    counts = [75, 74, 64, 41]
    members = tuple(Member(k, k, rows=np.arange(n)[::-1]) for k, n in enumerate(counts))
    answer = stacked(worker, pool, recipe, members)
    for k, n in enumerate(counts):
        initial = [a[k] for a in answer.initial_weights]
        rows = np.arange(n)[::-1]
        final, history, _ = fit(file, initial, x[rows], y[rows], recipe=recipe, order_seed=k)
        np.testing.assert_allclose(answer.losses["loss"][:, k], history["loss"], rtol=3e-5)
        assert difference([a[k] for a in answer.weights], final) < 2e-6


@pytest.mark.parametrize(
    "stopping",
    [
        Stopping("val_loss", patience=1, restore_best=True),
        pytest.param(Stopping("val_loss", patience=2), marks=ALL),
        pytest.param(Stopping("loss", patience=1, min_delta=0.05), marks=ALL),
        Stopping("val_accuracy", patience=2, restore_best=True),
    ],
    ids=lambda s: f"{s.monitor}-{s.patience}-{s.restore_best}",
)
def test_early_stopping_stops_each_member_where_fit_does(worker, keras, saved, stopping):
    x, y = arch.rows("flat")
    held = arch.rows("flat", seed=9)
    file = saved(arch.dense(keras), keras.optimizers.Adam(0.05), metrics=["accuracy"])
    pool = Pool((x,), y, len(y), validation=((held[0],), held[1], None))
    recipe = Recipe(file, epochs=30, batch_size=16, stopping=stopping)
    ended = []
    for which in range(len(MEMBERS)):
        worst, answer, history = compare(worker, file, pool, recipe, which=which, validation=held)
        assert worst < 2e-4
        done = len(history["loss"])
        assert answer.epochs[which] == done
        ended.append(done)
        seen = answer.losses["val_loss"][:done, which]
        np.testing.assert_allclose(seen, history["val_loss"], rtol=1e-4)
    assert min(ended) < 30
