"""Draws, agreement, blueprints and the cache, without a backend."""

import json
import os
import time
import zipfile

import numpy as np
import pytest
from scipy import stats

from reportgen.errors import ModelError
from reportgen.retraining import cache
from reportgen.retraining.agreement import disagreement
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import dropout_state, fans, orders, stream
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.rows import neutral, row_weights
from reportgen.retraining.store import Store


def layer(kind, name, **settings):
    return {"class_name": kind, "module": "keras.layers", "config": {"name": name, **settings}}


def written(path, *layers, optimizer="Adam", loss="mse", **settings):
    config = {
        "class_name": "Sequential",
        "module": "keras",
        "config": {"name": "s", "layers": list(layers)},
        "compile_config": {
            "loss": loss,
            "optimizer": {
                "class_name": optimizer,
                "config": {"learning_rate": 0.001, **settings},
            },
        },
    }
    with zipfile.ZipFile(path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    return Blueprint.read(path / "m.keras")


def test_each_epoch_is_a_permutation_of_its_own_and_the_seed_decides():
    one = list(orders(3, 50, 4, shuffle=True))
    assert all(sorted(order) == list(range(50)) for order in one)
    assert len({tuple(order) for order in one}) == 4
    assert np.array_equal(one, list(orders(3, 50, 4, shuffle=True)))
    assert not np.array_equal(one, list(orders(4, 50, 4, shuffle=True)))
    assert np.array_equal(next(orders(3, 5, 1, shuffle=False)), np.arange(5))


def test_longer_trainings_begin_as_shorter_ones():
    assert np.array_equal(
        list(orders(1, 9, 7, shuffle=True))[:3], list(orders(1, 9, 3, shuffle=True))
    )


def test_streams_are_apart():
    first = [stream("weights", k, 0).standard_normal() for k in range(500)]
    assert stats.kstest(first, "norm").pvalue > 0.01
    assert len({tuple(dropout_state(k, 1)) for k in range(100)}) == 100


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((7, 5), (7, 5)), ((3, 3, 4, 8), (36, 72)), ((6,), (6, 6)), ((), (1, 1))],
)
def test_fans_are_counted_as_in_keras(shape, expected):
    assert fans(shape) == expected


def test_agreement_is_by_the_spread_and_labels_but_for_ties():
    expected = np.array([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]])
    assert disagreement(expected + 1e-6, expected) is None
    assert "otherwise" in disagreement(expected + 1e-3, expected)
    tie = expected + np.array([[0, 0], [0, 0], [1e-6, 0]])
    assert disagreement(tie, expected) is None
    assert "finite" in disagreement(np.full_like(expected, np.nan), expected)
    assert disagreement(np.ones((4, 1)), np.ones((4, 1))) is None


@pytest.mark.parametrize(
    ("layers", "optimizer", "settings", "why"),
    [
        ([layer("Dense", "a")], "Adam", {}, None),
        ([layer("TextVectorization", "t")], "Adam", {}, "TensorFlow alone"),
        ([layer("Dense", "a")], "Muon", {}, "Muon"),
        ([layer("Dense", "a")], "Adam", {"use_ema": True}, "average"),
        ([layer("Embedding", "e")], "Adam", {}, None),
        ([layer("Embedding", "e")], "Adamax", {}, "embedding"),
        ([layer("Embedding", "e")], "Adam", {"clipnorm": 1.0}, "embedding"),
        ([layer("Embedding", "e")], "SGD", {"clipnorm": None}, None),
    ],
)
def test_what_cannot_be_stacked_says_why(tmp_path, layers, optimizer, settings, why):
    found = written(tmp_path, *layers, optimizer=optimizer, **settings).unstackable()
    assert found is None if why is None else why in found


def test_rows_meet_in_penalties_masks_and_some_normalisation(tmp_path):
    dense = layer("Dense", "a")
    assert written(tmp_path, dense).rowwise
    assert written(tmp_path, dense, layer("BatchNormalization", "b", axis=-1)).rowwise
    assert not written(tmp_path, dense, layer("BatchNormalization", "b", axis=1)).rowwise
    assert not written(tmp_path, dense, layer("BatchNormalization", "b", renorm=True)).rowwise
    assert not written(tmp_path, layer("Dense", "a", activity_regularizer={"l2": 1})).rowwise
    assert not written(tmp_path, layer("Embedding", "e", mask_zero=True)).rowwise
    total = {"module": "keras.losses", "class_name": "M", "config": {"reduction": "sum"}}
    assert not written(tmp_path, dense, loss=total).rowwise


def test_patches_change_a_copy_and_unknown_keys_are_refused(tmp_path):
    blueprint = written(tmp_path, layer("Dense", "a", units=8), layer("Dropout", "d", rate=0.5))
    changes = Member(
        overrides=(("dropout", 0.1), ("learning_rate", 0.5)), config_patch=(("a.units", 3),)
    )
    patched = blueprint.patched(changes)
    first, second = patched["config"]["layers"]
    assert (first["config"]["units"], second["config"]["rate"]) == (3, 0.1)
    assert patched["compile_config"]["optimizer"]["config"]["learning_rate"] == 0.5
    assert blueprint.config["config"]["layers"][0]["config"]["units"] == 8
    with pytest.raises(ValueError, match=r"'a\.size'"):
        blueprint.patched(Member(config_patch=(("a.size", 3),)))


def test_a_file_without_a_configuration_is_told(tmp_path):
    (tmp_path / "m.keras").write_bytes(b"no zip")
    with pytest.raises(ModelError, match="architecture cannot be read"):
        Blueprint.read(tmp_path / "m.keras")


def test_weights_are_the_rows_times_the_classes():
    pool = Pool(
        (np.zeros((4, 1)),), np.arange(4), 4,
        weights=np.array([1, 2, 3, 4], np.float32), classes=np.array([0, 1, 1, 0]),
    )  # fmt: skip
    recipe = Recipe("f", 1, class_weight=((1, 10.0),))
    assert row_weights(recipe, pool, Member()).tolist() == [1, 20, 30, 4]
    assert row_weights(recipe, pool, Member(rows=[2, 2, 0])).tolist() == [30, 30, 1]
    assert row_weights(recipe, pool, Member(weights=[1, 1, 1, 0])).tolist() == [1, 10, 10, 0]
    assert row_weights(Recipe("f", 1), Pool((np.zeros((4, 1)),), np.arange(4), 4), Member()) is None


def test_a_column_left_out_holds_what_is_neutral():
    assert neutral(Pool((np.array([[1.0, 4], [3, 8], [9, 9]]),), np.zeros(3), 2)).tolist() == [2, 6]
    assert neutral(Pool((np.array([[5, -1], [5, 2], [7, 2]]),), np.zeros(3), 3)).tolist() == [5, 2]


def test_the_cache_has_a_folder_for_each_machine_and_version(tmp_path, monkeypatch):
    one = cache.folder(tmp_path, 2)
    assert one == cache.folder(tmp_path, 2)
    assert one != cache.folder(tmp_path, 3)
    monkeypatch.setattr(cache, "_processor", lambda: "another")
    assert one != cache.folder(tmp_path, 2)
    monkeypatch.setattr(cache, "version", lambda name: "99")
    assert cache.folder(tmp_path, 2).parent == one.parent


def test_entries_are_whole_or_missing_and_those_long_unused_go(tmp_path):
    used = cache.folder(tmp_path, 2)
    store = Store(used)
    for name in ("kept", "broken", "unused"):
        store.put({"of": name}, "facts", name)
    assert store.get("facts", "kept") == {"of": "kept"}
    assert store.get("facts", "other") is None
    broken = store._file("facts", ("broken",))
    broken.write_bytes(broken.read_bytes()[:-1])
    assert store.get("facts", "broken") is None
    assert not broken.exists()
    for name in ("kept", "unused"):
        os.utime(store._file("facts", (name,)), (0, 0))
    store.get("facts", "kept")
    cache.prune(tmp_path, used, time.time())
    assert [store.get("facts", name) is None for name in ("kept", "unused")] == [False, True]
    assert Store(None).get("facts", "kept") is None


def test_old_folders_go_and_cleared_ones_are_gone(tmp_path):
    used, old = cache.folder(tmp_path, 2), tmp_path / "programs" / "old"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    cache.prune(tmp_path, used, time.time())
    assert used.is_dir()
    assert not old.exists()
    (used / "entry").write_bytes(b"x")
    cache.clear(used)
    assert not used.exists()
    cache.clear(used)
