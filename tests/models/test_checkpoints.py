"""Checkpoints are found and checked before the run, and give the network they were saved from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.errors import ModelError
from reportgen.job.schema import Job
from reportgen.models import checkpoints


def job(folder: Path, *files: str, model: dict[str, Any] | None = None) -> Job:
    return Job.model_validate(
        {
            "version": 1,
            "name": "n",
            "datasets": {"d": {"task": "binary", "train": "a.csv", "target": "y"}},
            "models": {
                "m": {
                    "dataset": "d",
                    "model": model or {"keras": "m.keras"},
                    "checkpoints": list(files),
                }
            },
            "file": folder / "job.yaml",
        }
    )


def test_every_problem_is_told_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "good.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    (tmp_path / "bad.weights.h5").write_bytes(b"\x80\x04pickled")
    assert checkpoints.located(job(tmp_path, "good.weights.h5"), "m") == (
        tmp_path / "good.weights.h5",
    )
    with pytest.raises(ModelError) as caught:
        checkpoints.located(job(tmp_path, "gone.h5", "good.weights.h5", "bad.weights.h5"), "m")
    problems = caught.value.problems
    assert [p.key for p in problems] == ["models.m.checkpoints[0]", "models.m.checkpoints[2]"]
    assert "no such file" in problems[0].message
    assert problems[1].got == "a pickle"


def test_only_networks_have_checkpoints(tmp_path: Path) -> None:
    from reportgen.job.rules.model import problems

    made = job(tmp_path, "a.weights.h5", model={"sklearn": "m.skops"})
    entry = made.models["m"]
    told = [problem.message for path, problem in problems(entry, made.datasets["d"])]
    assert told == ["only a Keras model has checkpoints"]


@pytest.mark.tensorflow
def test_the_network_with_the_weights_of_a_checkpoint(tmp_path: Path) -> None:
    import keras

    from reportgen.models.keras_read import of_live_model

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)).astype("float32")
    y = (X[:, 0] > 0).astype(int)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy")
    model.fit(X, y, epochs=1, verbose=0)
    early = model.predict(X, verbose=0)
    early_loss = model.evaluate(X, y, verbose=0)
    model.save_weights(tmp_path / "early.weights.h5")
    model.save(tmp_path / "early.keras")
    (tmp_path / "early.bin").write_bytes((tmp_path / "early.weights.h5").read_bytes())
    model.fit(X, y, epochs=3, verbose=0)
    delivered = of_live_model(model, "binary")
    late = delivered.predict(X)
    assert not np.allclose(early, late, atol=1e-3)
    for file in ("early.weights.h5", "early.keras", "early.bin"):
        again = checkpoints.with_weights(delivered, tmp_path / file)
        np.testing.assert_allclose(again.predict(X), early, atol=1e-6)
        assert again.loss(X, y) == pytest.approx(early_loss, abs=1e-6)
        assert again.output == delivered.output
    np.testing.assert_array_equal(delivered.predict(X), late)

    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ModelError, match="do not fit the model"):
        checkpoints.with_weights(delivered, tmp_path / "other.weights.h5")


@pytest.mark.tensorflow
def test_averages_and_layers_that_were_not_loaded(tmp_path: Path) -> None:
    import keras

    from reportgen.models.keras_read import of_live_model

    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 4)).astype("float32")
    y = (X[:, 0] > 0).astype(int)
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01, use_ema=True), "binary_crossentropy")
    kept = []
    for epoch in range(3):
        model.fit(X, y, epochs=1, verbose=0)
        model.save_weights(tmp_path / f"{epoch}.weights.h5")
        kept.append(model.get_weights())
    delivered = of_live_model(model, "binary")
    others = [
        checkpoints.with_weights(delivered, tmp_path / f"{epoch}.weights.h5") for epoch in (1, 2)
    ]
    mean = checkpoints.mean_of(delivered, others).model.get_weights()
    for got, second, third in zip(mean, kept[1], kept[2], strict=True):
        np.testing.assert_allclose(got, (second + third) / 2, atol=1e-7)

    # fit ends with the averages in place; they stay with the optimizer when others are set.
    model.set_weights(kept[0])
    averaged = checkpoints.moving_averages(delivered)
    assert averaged is not None
    for got, wanted in zip(averaged.model.get_weights(), kept[2], strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-7)
    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    plain.compile("adam", "mse")
    assert checkpoints.moving_averages(of_live_model(plain, "regression")) is None

    full, other_epoch = others[1].model, others[0].model
    partly = keras.models.clone_model(model)
    partly.layers[0].set_weights(full.layers[0].get_weights())
    assert checkpoints.untrained_layers(partly, full) == (partly.layers[1].name,)
    assert checkpoints.untrained_layers(other_epoch, full) == ()
    assert checkpoints.untrained_layers(full, full) == ()
    assert checkpoints.untrained_layers(keras.models.clone_model(model), full) == ()
