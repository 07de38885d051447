"""Jobs in a temporary folder and tiny models, made once a process."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reportgen.data.table import Dataset
from reportgen.job.schema import Job
from tests.models.cases import dataset_of, job_of


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    return lambda model, **entry: job_of(tmp_path, model, **entry)


@pytest.fixture(scope="session")
def blobs() -> Dataset:
    """Two overlapping clouds of four columns, 120 rows of train and 60 of test."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 90)
    X = rng.normal(size=(180, 4)) + y[:, None] * 1.5
    return dataset_of(
        "binary", {"train": (X[:120], y[:120]), "test": (X[120:], y[120:])}, classes=("no", "yes")
    )


@pytest.fixture(scope="session")
def keras() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

    return keras


@pytest.fixture(scope="session")
def tf_keras(keras: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("tf_keras")


@pytest.fixture(scope="session")
def nets(keras: Any, blobs: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keras files and what plain Keras says of them, on the test split of ``blobs``."""
    folder = tmp_path_factory.mktemp("nets")
    layers = keras.layers
    train, test = blobs.splits["train"], blobs.splits["test"]
    keras.utils.set_random_seed(1)
    binary = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.L2(0.05)),
            layers.Dense(1, "sigmoid"),
        ]
    )
    binary.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    binary.fit(train.X, train.y, epochs=2, verbose=0)
    logits = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(2)])
    logits.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    one_hot = keras.Sequential([keras.Input((4,)), layers.Dense(2), layers.Activation("softmax")])
    one_hot.compile("sgd", "categorical_crossentropy")
    made = {"binary": binary, "logits": logits, "one_hot": one_hot}
    for name, model in made.items():
        model.save(folder / f"{name}.keras")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save(folder / f"{name}.h5")
    targets = {"binary": test.y, "logits": test.y, "one_hot": np.eye(2)[test.y]}
    return SimpleNamespace(
        folder=folder,
        models=made,
        predicted={n: m.predict(test.X, verbose=0) for n, m in made.items()},
        losses={
            n: float(np.ravel(m.evaluate(test.X, targets[n], verbose=0))[0])
            for n, m in made.items()
        },
    )
