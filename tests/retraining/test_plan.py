import numpy as np
import pytest

from reportgen.retraining.costs import Cost
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.plan import Budget, plan

RECIPE = Recipe("m.keras", epochs=20, batch_size=32)
POOL = Pool((np.zeros((1000, 8), np.float32),), np.zeros(1000, np.int32), 1000)
COST = Cost(multiply_adds=5_000, activations=100, weights=5_000, trainable=5_000)
SEEDS = [Member(k, k) for k in range(10)]
WITHOUT = [Member(k, k, columns=(2,)) for k in range(10)]


def planned(declared, budget=None, **named):
    return plan(declared, RECIPE, POOL, COST, budget or Budget(), **named)


def test_equal_members_train_once_and_one_architecture_is_one_group():
    result = planned({"seed_ensemble": SEEDS, "leakage": [*SEEDS, *WITHOUT]})
    assert [len(group.members) for group in result.groups] == [20]
    assert result.told() == {"members": 20, "way": "stacked", "cut": []}


def test_members_of_other_shapes_or_sizes_train_apart():
    small = Member(config_patch=(("dense.units", 4),))
    fewer = Member(rows=np.arange(500))
    kinds = [*SEEDS, small, fewer, Member(backend="tensorflow")]
    result = planned({"a": kinds})
    assert sorted(len(group.members) for group in result.groups) == [1, 1, 1, 10]
    assert [g.way for g in result.groups if g.members[0].backend == "tensorflow"] == ["loop"]


def test_another_rate_is_another_model_only_under_a_schedule():
    faster = [*SEEDS, Member(overrides=(("learning_rate", 0.1),))]
    assert len(planned({"a": faster}).groups) == 1
    assert len(planned({"a": faster}, schedule=True).groups) == 2


def test_families_are_cut_in_fixed_steps_and_it_is_said():
    declared = {"seed_ensemble": SEEDS, "leakage": WITHOUT}
    whole = planned(declared).estimate
    kept = []
    for share in (1.0, 0.9, 0.5, 0.1):
        result = planned(
            declared, Budget(seconds=whole * share), unstackable="custom", unmappable="custom"
        )
        kept.append(len(result.members))
    assert kept[-1] == 6
    assert set(kept) <= {20, 10, 6}
    result = planned(declared, Budget(seconds=0.1))
    assert result.over
    assert result.notes == (
        "seed_ensemble: 3 of 10 retrainings, to fit the time allowed",
        "leakage: 3 of 10 retrainings, to fit the time allowed",
    )
    assert result.members[:3] == tuple(SEEDS[:3])
    assert len(result.cut) == 14


def test_a_plan_is_the_same_every_time():
    assert planned({"a": SEEDS}) == planned({"a": SEEDS})


def test_groups_are_split_to_fit_the_memory():
    each = COST.member_bytes(32, 0, 1)
    shared = 2 * (POOL.inputs[0].nbytes + POOL.targets.nbytes)
    result = planned({"a": SEEDS}, Budget(memory=shared + 4 * each))
    assert [len(group.members) for group in result.groups] == [4, 4, 2]
    alone = planned({"a": SEEDS}, Budget(memory=10))
    assert {group.way for group in alone.groups} == {"loop"}
    assert "memory" in alone.groups[0].why


def test_what_cannot_be_stacked_and_what_does_not_pay_is_looped():
    own = "a custom train_step"
    result = planned({"a": SEEDS}, unstackable=own, unmappable=own)
    assert [(g.way, g.why) for g in result.groups] == [("loop", own)]
    assert result.told() == {"members": 10, "way": "loop", "cut": []}
    one = planned({"a": [Member(epochs=1)]})
    assert one.groups[0].way == "loop"
    assert "loop" in one.groups[0].why


def test_what_jax_cannot_do_is_stacked_in_tensorflow_unless_that_cannot_either():
    result = planned({"a": SEEDS}, unstackable="the layer Hashing")
    assert [(g.way, g.why, len(g.members)) for g in result.groups] == [
        ("vectorised", "the layer Hashing", 10)
    ]
    assert result.told()["way"] == "stacked"
    slow = planned({"a": SEEDS}, unstackable="the layer Hashing", unmappable="recurrent")
    assert [(g.way, g.why) for g in slow.groups] == [("loop", "the layer Hashing; recurrent")]


def test_members_of_other_row_counts_stack_together_only_where_rows_never_meet():
    kinds = [Member(k, k, rows=np.arange(n)) for k, n in enumerate((1000, 900, 800, 513))]
    together = planned({"a": kinds}, rowwise=True)
    assert [len(group.members) for group in together.groups] == [4]
    apart = planned({"a": kinds}, rowwise=False)
    assert [len(group.members) for group in apart.groups] == [1, 1, 1, 1]
    mapped = planned({"a": kinds}, rowwise=True, unstackable="text")
    assert [len(group.members) for group in mapped.groups] == [1, 1, 1, 1]


@pytest.mark.parametrize("memory", [2**20, 2**22, 2**30])
def test_no_group_takes_more_memory_than_there_is(memory):
    wide = Cost(multiply_adds=1e6, activations=2_000, weights=20_000, trainable=20_000)
    given = plan({"a": SEEDS}, RECIPE, POOL, wide, Budget(memory=memory))
    shared = 2 * (POOL.inputs[0].nbytes + POOL.targets.nbytes)
    for group in given.groups:
        if group.way == "stacked":
            assert len(group.members) * wide.member_bytes(32, 0, 1) + shared <= memory
    assert sorted(m.weight_seed for m in given.members) == list(range(10))
    assert {g.way for g in given.groups} == ({"loop"} if memory == 2**20 else {"stacked"})


def test_a_plan_reads_no_clock(monkeypatch):
    def forbidden():
        raise AssertionError("a clock was read")

    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(f"time.{name}", forbidden)
    assert len(planned({"a": SEEDS}, Budget(seconds=0.1)).members) == 3


def test_a_worker_is_started_for_what_is_worth_it_together():
    short = Recipe("m.keras", epochs=1)
    few = [Member(k, k) for k in range(3)]
    rates = [Member(k, k, overrides=(("dropout", r),)) for k in range(3) for r in (0.1, 0.2, 0.3)]
    alone = plan({"a": few}, short, POOL, COST, Budget())
    assert [(g.way, g.why) for g in alone.groups] == [
        ("loop", "a loop is estimated to be no slower")
    ]
    together = plan({"a": few, "b": rates}, short, POOL, COST, Budget())
    assert [(g.way, len(g.members)) for g in together.groups] == [("stacked", 3)] * 4


@pytest.mark.parametrize(("k", "way"), [(1, "loop"), (3, "loop"), (4, "stacked"), (10, "stacked")])
def test_where_steps_are_work_a_loop_has_all_cores_and_a_core_of_a_stack_whole_members(k, way):
    wide = Cost(multiply_adds=4.3e6, activations=4_000, weights=4_300_000, trainable=4_300_000)
    members = {"a": [Member(i, i) for i in range(k)]}
    assert [g.way for g in plan(members, RECIPE, POOL, wide, Budget()).groups] == [way]


def test_convolutions_that_are_mostly_work_are_left_to_tensorflow():
    images = Cost(8e6, 60_000, weights=200_000, trainable=200_000, convolved=8e6)
    small = Cost(4e4, 600, weights=7_000, trainable=7_000, convolved=4e4)
    ways = [plan({"a": SEEDS}, RECIPE, POOL, c, Budget()).groups[0].way for c in (images, small)]
    assert ways == ["loop", "stacked"]


@pytest.mark.parametrize(
    ("epochs", "unmappable", "second"),
    [(100, None, "vectorised"), (100, "recurrent", "loop"), (15, None, "loop")],
)
def test_where_a_stack_turns_out_not_to_be_possible_the_estimate_chooses_again(
    epochs, unmappable, second
):
    members = [Member(i, i, overrides=(("dropout", r),)) for i in range(3) for r in (0.1, 0.2)]
    recipe = Recipe("m.keras", epochs=epochs)
    made = plan({"a": members}, recipe, POOL, COST, Budget(), unmappable=unmappable)
    assert [(g.way, g.second) for g in made.groups] == [("stacked", second)] * 2
