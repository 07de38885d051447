"""The process's random state and number format, left as they were found."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_KERAS_SEED, _KERAS_GENERATOR = "global_random_seed", "global_seed_generator"
_ABSENT = object()


@contextmanager
def untouched() -> Iterator[None]:
    """Restores Python's, numpy's, Keras's and TensorFlow's global seeds, and Keras's floatx.

    Loading or building a Keras model draws from Python's generator, and training seeds them all.
    What is drawn afterwards is what would have been drawn without the block.
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 - the global state is what is kept
    floats, seeds, eager = _floats(), _keras_seeds(), _tensorflow_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
        _restore_floats(floats)
        _restore_keras_seeds(seeds)
        _restore_tensorflow(eager)


def _floats() -> dict[str, str]:
    state: dict[str, str] = {}
    for name in ("keras", "tf_keras"):
        module = sys.modules.get(name)
        if module is not None and hasattr(module, "backend"):
            state[name] = module.backend.floatx()
    return state


def _restore_floats(state: dict[str, str]) -> None:
    for name, floatx in state.items():
        backend = sys.modules[name].backend
        if backend.floatx() != floatx:
            if hasattr(backend, "set_floatx"):
                backend.set_floatx(floatx)
            else:
                sys.modules[name].config.set_floatx(floatx)


def _keras_seeds() -> tuple[Any, Any, Any]:
    """The global seed, the global generator, and how far that has drawn."""
    kept = sys.modules.get("keras.src.backend.common.global_state")
    if kept is None:
        return None, None, None
    generator = kept.get_global_attribute(_KERAS_GENERATOR)
    drawn = None if generator is None else np.asarray(generator.state)
    return kept.get_global_attribute(_KERAS_SEED), generator, drawn


def _restore_keras_seeds(state: tuple[Any, Any, Any]) -> None:
    kept = sys.modules.get("keras.src.backend.common.global_state")
    if kept is None:
        return
    seed, generator, drawn = state
    kept.set_global_attribute(_KERAS_SEED, seed)
    kept.set_global_attribute(_KERAS_GENERATOR, generator)
    if generator is not None and not np.array_equal(np.asarray(generator.state), drawn):
        generator.state.assign(drawn)


def _tensorflow_state() -> dict[str, Any]:
    """The eager context's seed, and the generator that gives each operation its own."""
    if "tensorflow" not in sys.modules:
        return {}
    from tensorflow.python.eager import context

    eager = vars(context.context())
    generator = eager.get("_rng")
    drawn = None if generator is None else generator.getstate()
    return {"_seed": eager.get("_seed", _ABSENT), "_rng": eager.get("_rng", _ABSENT), "at": drawn}


def _restore_tensorflow(state: dict[str, Any]) -> None:
    if "tensorflow" not in sys.modules:
        return
    from tensorflow.python.eager import context

    eager = context.context()
    if not state:  # imported in the block: as it comes
        eager._seed, eager._rng = None, random.Random()
        return
    for name in ("_seed", "_rng"):
        if state[name] is not _ABSENT:
            setattr(eager, name, state[name])
        elif name in vars(eager):
            delattr(eager, name)
    if state["at"] is not None:
        state["_rng"].setstate(state["at"])
