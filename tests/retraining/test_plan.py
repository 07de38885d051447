import numpy as np

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
        result = planned(declared, Budget(seconds=whole * share), unstackable="custom")
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
    result = planned({"a": SEEDS}, unstackable="a custom train_step")
    assert [(g.way, g.why) for g in result.groups] == [("loop", "a custom train_step")]
    one = planned({"a": [Member(epochs=1)]})
    assert one.groups[0].way == "loop"
    assert "loop" in one.groups[0].why
