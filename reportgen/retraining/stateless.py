"""TensorFlow's optimizers applied to tensors instead of variables.

Keras refuses ``stateless_apply`` on TensorFlow, because distribution strategies need variables.
There are none here, so the backend-free methods take the place of those that TensorFlow adds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any


def applied(
    optimizer: Any, state: Sequence[Any], gradients: Sequence[Any], weights: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """New weights and new values of the optimizer's variables, after one step.

    Gradients may be slices (an embedding's), in which a row may stand twice: the optimizer's
    arithmetic sees them as in ``fit``, and what is added to a weight adds up.
    """
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    with _of_tensors(optimizer, BaseOptimizer):
        tv, ov = BaseOptimizer.stateless_apply(optimizer, list(state), gradients, list(weights))
    return list(tv), list(ov)


@contextlib.contextmanager
def _of_tensors(optimizer: Any, base: Any) -> Iterator[None]:
    import tensorflow as tf

    keys = {id(v): optimizer._var_key(v) for v in optimizer._trainable_variables}

    def updated(sign: int) -> Callable[[Any, Any], None]:
        def update(variable: Any, value: Any) -> None:
            now = variable.value
            variable.assign(now + sign * tf.convert_to_tensor(tf.cast(value, now.dtype)))

        return update

    def assign(variable: Any, value: Any) -> None:
        variable.assign(tf.cast(tf.convert_to_tensor(value), variable.value.dtype))

    changed: dict[str, Any] = {
        "assign": assign,
        "assign_add": updated(1),
        "assign_sub": updated(-1),
        "_var_key": lambda variable: keys[id(variable)],
    }
    # Of the class that TensorFlow adds: an optimizer's own methods call them as their parents'.
    backend = next(c for c in type(optimizer).__mro__ if c.__name__ == "TFOptimizer")
    replaced = {
        name: vars(backend)[name] for name in ("_backend_update_step", "_apply_weight_decay")
    }
    for name in replaced:
        setattr(backend, name, getattr(base, name))
    for name, function in changed.items():
        object.__setattr__(optimizer, name, function)
    try:
        yield
    finally:
        for name, function in replaced.items():
            setattr(backend, name, function)
        for name in changed:
            object.__delattr__(optimizer, name)
