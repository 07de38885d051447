"""The process's random state and number format, left as they were found."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def untouched() -> Iterator[None]:
    """Restores Python's, numpy's, Keras's and TensorFlow's global seeds, and Keras's floatx.

    Loading or building a Keras model draws from Python's generator, and training seeds them all.
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 - the global state is what is kept
    keras_before = _keras_state()
    tensorflow_before = _tensorflow_seed()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
        _restore_keras(keras_before)
        if "tensorflow" in sys.modules and _tensorflow_seed() != tensorflow_before:
            _restore_tensorflow(tensorflow_before)


def _keras_state() -> dict[str, Any]:
    state: dict[str, Any] = {}
    for name in ("keras", "tf_keras"):
        module = sys.modules.get(name)
        if module is not None and hasattr(module, "backend"):
            state[name] = module.backend.floatx()
    return state


def _restore_keras(state: dict[str, Any]) -> None:
    for name, floatx in state.items():
        backend = sys.modules[name].backend
        if backend.floatx() != floatx:
            if hasattr(backend, "set_floatx"):
                backend.set_floatx(floatx)
            else:
                sys.modules[name].config.set_floatx(floatx)


def _tensorflow_seed() -> int | None:
    if "tensorflow" not in sys.modules:
        return None
    from tensorflow.python.eager import context

    seed: int | None = context.global_seed()
    return seed


def _restore_tensorflow(seed: int | None) -> None:
    import tensorflow as tf

    if seed is not None:
        tf.random.set_seed(seed)
        return
    from tensorflow.python.eager import context

    context.context()._seed = None
    context.context()._rng = random.Random()
