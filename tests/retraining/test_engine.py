"""A whole round: plan, worker, loop, and what goes wrong in between."""

import os
import random
import signal
import time

import numpy as np
import pytest

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.costs import Cost
from reportgen.retraining.engine import Round
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.plan import Budget, Group, Plan, plan
from reportgen.retraining.process import Worker
from tests.retraining import architectures as arch
from tests.retraining.oracle import difference

pytestmark = pytest.mark.tensorflow


class Kept:
    """The session's worker, for a round that must not end it."""

    def __init__(self, worker):
        self.worker = worker
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.worker


@pytest.fixture
def problem(keras, saved):
    x, y = arch.rows("flat")
    file = saved(arch.dense(keras), keras.optimizers.Adam(0.01))
    pool = Pool((x,), y, len(y), splits={"train": (x,), "test": (x[:20],)})
    return Recipe(file, epochs=3, batch_size=16), pool


def carried_out(recipe, pool, worker, groups, **named):
    return Round(recipe, pool, Kept(worker), keep_weights=True, **named).run(Plan(tuple(groups)))


def stack(*members):
    return Group(members, "stacked", "", 1.0)


def loop(*members):
    return Group(members, "loop", "asked for", 1.0)


CHANGED = [
    Member(1, 1),
    Member(2, 1, columns=(0, 3)),
    Member(2, 2, overrides=(("learning_rate", 0.003),)),
    Member(3, 1, epochs=2),
    Member(3, 2, labels=np.random.default_rng(0).permutation(arch.rows("flat")[1])),
    Member(3, 3, weights=np.linspace(0.1, 2, arch.N)),
    Member(3, 4, rows=np.random.default_rng(0).integers(0, arch.N, arch.N)),
]


def test_both_engines_train_the_same_members_to_the_same_models(worker, problem):
    recipe, pool = problem
    seen = []
    one = carried_out(
        recipe, pool, worker, [stack(*CHANGED)], report=lambda *done: seen.append(done)
    )
    other = carried_out(recipe, pool, worker, [loop(*CHANGED)])
    for member in CHANGED:
        a, b = one[member], other[member]
        assert (a.engine, b.engine) == ("stacked", "loop")
        assert a.status == b.status == "trained"
        assert a.epochs == b.epochs == recipe.epochs_of(member)
        assert difference(a.initial_weights, b.initial_weights) == 0
        assert difference(a.weights, b.weights) < 1e-5
        np.testing.assert_allclose(a.losses["loss"], b.losses["loss"], rtol=1e-5)
        for split in ("train", "test"):
            np.testing.assert_allclose(a.predictions[split], b.predictions[split], atol=1e-5)
    weights = [trained.weights[0] for trained in one]
    assert all(np.abs(weights[0] - w).max() > 1e-3 for w in weights[1:])
    assert seen[-1] == (20 + 0, 20)
    assert other.notes == ("7 members were trained one by one: asked for",)
    assert (one.way, other.way) == ("stacked", "loop")


@pytest.mark.parametrize("name", ["dropout", "l2", "units"])
def test_changed_models_train_alike_in_both(worker, keras, saved, name):
    la = keras.layers
    model = keras.Sequential(
        [keras.Input((12,)), la.Dense(8, "relu", name="hidden"), la.Dropout(0.5), la.Dense(4)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = arch.rows("flat")
    recipe = Recipe(saved(model, loss=loss), epochs=2, batch_size=16)
    change = {
        "dropout": {"overrides": (("dropout", 0.0),)},
        "l2": {"overrides": (("dropout", 0.0), ("l2", 0.1))},
        "units": {"overrides": (("dropout", 0.0),), "config_patch": (("hidden.units", 5),)},
    }[name]
    members = [Member(1, 1, **change), Member(2, 1, **change)]
    pool = Pool((x,), y, len(y))
    one = carried_out(recipe, pool, worker, [stack(*members)])
    other = carried_out(recipe, pool, worker, [loop(*members)])
    for member in members:
        assert difference(one[member].weights, other[member].weights) < 1e-5
    assert one[members[0]].weights[0].shape == ((12, 5) if name == "units" else (12, 8))


def test_members_of_a_stack_are_what_they_are_alone(worker, keras, saved):
    la = keras.layers
    model = keras.Sequential(
        [keras.Input((12,)), la.Dense(8, "relu"), la.Dropout(0.3), la.Dense(4, "softmax")]
    )
    x, y = arch.rows("flat")
    recipe = Recipe(saved(model), epochs=3, batch_size=16)
    pool = Pool((x,), y, len(y))
    members = [Member(k, k) for k in range(5)]
    together = carried_out(recipe, pool, worker, [stack(*members)])
    alone = carried_out(recipe, pool, worker, [stack(members[3])])
    assert difference(together[members[3]].weights, alone[members[3]].weights) < 1e-6
    again = carried_out(recipe, pool, worker, [stack(Member(3, 3, repeat=1))])
    assert difference(again[Member(3, 3, repeat=1)].weights, alone[members[3]].weights) == 0


def test_dropout_drops_at_its_rate_and_by_its_own_seed(worker, keras, saved):
    """With one weight fixed at 1 and a loss that is its output, each loss tells the mask."""
    la = keras.layers
    model = keras.Sequential([keras.Input((1000,)), la.Dropout(0.3), la.Dense(
        1, use_bias=False, kernel_initializer="ones")])  # fmt: skip
    file = saved(model, keras.optimizers.SGD(0.0), "mean_absolute_error")
    pool = Pool((np.ones((40, 1000), np.float32),), np.zeros((40, 1), np.float32), 40)
    trained = carried_out(
        Recipe(file, epochs=2, batch_size=8),
        pool,
        worker,
        [stack(*(Member(0, k) for k in range(4)))],
    )
    means = np.array([t.losses["loss"] for t in trained])
    assert len(np.unique(means)) == means.size
    # 40,000 draws an epoch: the mean kept is 1,000 with standard deviation 3.3.
    assert np.abs(means - 1000).max() < 14


@pytest.mark.parametrize("names", [("first", "second"), ("other", "names")])
def test_a_dropout_model_whose_layers_are_named_otherwise_is_stacked_too(
    worker, keras, saved, names
):
    """The same program with other names of arguments is not the one that was kept."""
    la = keras.layers
    dense, drop = names
    layers = [la.Dense(9, "relu", name=dense), la.Dropout(0.3, name=drop), la.Dense(4, "softmax")]
    file = saved(keras.Sequential([keras.Input((6,)), *layers]))
    x, y = np.ones((40, 6), np.float32), np.zeros(40, np.int32)
    for _ in range(2):  # compiled, or found
        pool = Pool((x,), y, 40, splits={"t": (x,)})
        found = carried_out(
            Recipe(file, 2, 16), pool, worker, [stack(*(Member(k) for k in (1, 2)))]
        )
        assert [(t.engine, t.why, t.status) for t in found] == [("stacked", "", "trained")] * 2


def test_one_member_that_diverges_harms_no_other(worker, problem):
    recipe, pool = problem
    wild = Member(5, 5, labels=np.full(arch.N, 3), weights=np.full(arch.N, np.inf))
    sound = Member(1, 1)
    both = carried_out(recipe, pool, worker, [stack(wild, sound)])
    alone = carried_out(recipe, pool, worker, [stack(sound)])
    assert both[wild].status == "diverged"
    assert not both[wild].usable
    assert both[sound].status == "trained"
    assert difference(both[sound].weights, alone[sound].weights) < 1e-6
    looped = carried_out(recipe, pool, worker, [loop(wild)])
    assert looped[wild].status == "diverged"


def test_a_model_that_predicts_otherwise_on_jax_trains_in_tensorflow(worker, problem, keras):
    recipe, pool = problem
    member = Member(1, 1)
    expected = keras.saving.load_model(recipe.file, compile=False).predict(
        pool.inputs[0], verbose=0
    )
    agreed = carried_out(recipe, pool, worker, [stack(member)], delivered={"train": expected})
    assert agreed[member].engine == "stacked"
    other = np.roll(expected, 1, axis=1)
    differing = carried_out(recipe, pool, worker, [stack(member)], delivered={"train": other})
    assert differing[member].engine == "loop"
    assert "predicts otherwise" in differing[member].why
    assert difference(agreed[member].weights, differing[member].weights) < 1e-5


def test_the_loop_leaves_global_states_untouched(worker, problem, keras):
    recipe, pool = problem
    keras.utils.set_random_seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    expected = np.asarray(keras.random.uniform((3,)))
    keras.utils.set_random_seed(7)
    carried_out(recipe, pool, worker, [loop(Member(1, 1))])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert np.array_equal(np.asarray(keras.random.uniform((3,))), expected)


def test_a_model_that_is_known_is_stacked_on_other_rows(problem, tmp_path):
    """Facts of the model are kept from the first worker; the program for these rows is not."""
    recipe, pool = problem
    members = [Member(1, 1), Member(2, 2)]
    for rows in (pool.n_train, pool.n_train - 5):
        fewer = Pool((pool.inputs[0][:rows],), pool.targets[:rows], rows, splits=pool.splits)
        with Worker(root=tmp_path / "cache", cores=2) as fresh:
            trained = carried_out(recipe, fewer, fresh, [stack(*members)])
        assert [trained[m].engine for m in members] == ["stacked", "stacked"], [
            trained[m].why for m in members
        ]


def test_a_worker_that_dies_is_started_again_and_then_done_without(problem, tmp_path):
    recipe, pool = problem
    started = []

    def start():
        worker = Worker(root=tmp_path, cores=1)
        started.append(worker)
        os.kill(worker._process.pid, signal.SIGKILL)
        return worker

    trained = Round(recipe, pool, start).run(Plan((stack(Member(1, 1)),)))[Member(1, 1)]
    assert len(started) == 2
    assert trained.engine == "loop"
    assert "ended" in trained.why
    assert trained.usable


def test_the_clock_stops_a_round_and_changes_no_plan(worker, problem):
    recipe, pool = problem
    groups = [stack(Member(1, 1)), loop(Member(2, 2))]
    late = carried_out(recipe, pool, worker, groups, deadline=time.monotonic() - 1)
    assert [t.status for t in late] == ["stopped", "stopped"]
    assert not late.usable([Member(1, 1)])


def test_a_member_that_cannot_be_built_is_a_failure_of_its_own(worker, problem):
    recipe, pool = problem
    wrong = Member(1, 1, overrides=(("no_such.rate", 0.5),))
    trained = carried_out(recipe, pool, worker, [stack(wrong), stack(Member(1, 1))])
    assert trained[wrong].status == "failed"
    assert "no_such.rate" in trained[wrong].error
    assert trained[Member(1, 1)].usable


def test_costs_of_a_model_and_its_plan(keras, saved):
    model = arch.dense(keras)
    cost = Cost.of(model)
    assert cost.multiply_adds == pytest.approx(12 * 16 + 16 * 8 + 8 * 4, rel=0.2)
    assert cost.trainable == model.count_params()
    file = saved(model)
    assert Blueprint.read(file).unstackable() is None
    pool = Pool((np.zeros((2000, 12), np.float32),), np.zeros(2000), 2000)
    members = [Member(k) for k in range(10)]
    made = plan({"a": members}, Recipe(file, 20), pool, cost, Budget())
    assert [g.way for g in made.groups] == ["stacked"]
