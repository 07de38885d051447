import pickle

import numpy as np
import pytest

from reportgen.retraining.member import Member, Pool, Stopping


def test_members_of_equal_content_are_one():
    a = Member(1, 2, rows=np.arange(5), overrides=(("learning_rate", 0.1), ("dropout", 0.5)))
    b = Member(1, 2, rows=[0, 1, 2, 3, 4], overrides=[("dropout", 0.5), ("learning_rate", 0.1)])
    assert a == b
    assert hash(a) == hash(b)
    assert len({a, b, pickle.loads(pickle.dumps(a))}) == 1


@pytest.mark.parametrize(
    "other",
    [
        Member(1, 3, rows=np.arange(5)),
        Member(1, 2, rows=np.arange(5)[::-1]),
        Member(1, 2, rows=np.arange(5), labels=np.zeros(5)),
        Member(1, 2, rows=np.arange(5), repeat=1),
        Member(1, 2, rows=np.arange(5), columns=(3,)),
    ],
)
def test_members_that_differ_in_anything_are_two(other):
    assert other != Member(1, 2, rows=np.arange(5))


def test_a_member_cannot_be_changed_by_who_made_it():
    rows = np.arange(5)
    member = Member(rows=rows)
    rows[0] = 9
    assert member.rows.array[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        member.rows.array[0] = 9


def test_labels_and_weights_go_with_rows():
    with pytest.raises(ValueError, match="3 labels for 5 rows"):
        Member(rows=np.arange(5), labels=np.zeros(3))


def test_a_family_is_a_recipe_without_seeds():
    assert Member(1, 2, columns=(3,)).family == Member(5, 6, columns=(3,), repeat=2).family
    assert Member(1, 2).family != Member(1, 2, epochs=3).family


def test_only_what_shapes_a_model_needs_a_model_of_its_own():
    assert Member(overrides=(("learning_rate", 0.1),)).architecture == Member().architecture
    assert Member(overrides=(("dropout", 0.1),)).architecture != Member().architecture
    assert Member(config_patch=(("dense.units", 4),)).architecture != Member().architecture


def test_rows_are_added_at_the_end_of_a_pool():
    pool = Pool((np.zeros((4, 2), np.float32),), np.arange(4), 4, classes=np.arange(4))
    more, rows = pool.with_rows((np.ones((2, 2)),), np.array([7, 8]), np.array([1, 2]))
    assert rows.tolist() == [4, 5]
    assert more.targets.tolist() == [0, 1, 2, 3, 7, 8]
    assert more.inputs[0].dtype == np.float32
    assert more.n_rows(Member()) == 4
    assert len(pool.targets) == 4


@pytest.mark.parametrize(
    ("monitor", "sign"),
    [("val_loss", 1), ("loss", 1), ("val_accuracy", -1), ("val_auc", -1), ("val_mae", 1)],
)
def test_what_is_better_goes_by_name_as_in_keras(monitor, sign):
    assert Stopping(monitor).sign == sign
