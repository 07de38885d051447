"""One retraining worker for the session, and models saved by TensorFlow."""

import os

import pytest

from reportgen.retraining.process import Worker


def pytest_collection_modifyitems(items):
    if os.environ.get("REPORTGEN_ALL_TESTS"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="set REPORTGEN_ALL_TESTS=1 to run it"))


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    with Worker(root=tmp_path_factory.mktemp("cache"), cores=2) as worker:
        yield worker


@pytest.fixture(scope="session")
def keras(worker):
    """Keras on TensorFlow, imported while the worker imports its own."""
    import keras

    assert keras.backend.backend() == "tensorflow"
    return keras


@pytest.fixture
def saved(keras, tmp_path):
    """Compile and save a model; the file."""

    def save(model, optimizer="adam", loss="sparse_categorical_crossentropy", **compiled):
        file = tmp_path / "model.keras"
        model.compile(optimizer=optimizer, loss=loss, **compiled)
        model.save(file)
        keras.backend.clear_session()
        return str(file)

    return save
