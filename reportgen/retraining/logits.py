"""Cross-entropies of what a softmax or a sigmoid was given, as ``fit`` takes them in TensorFlow.

There Keras finds the logits behind the probabilities, so that a row answered with 1e-9 still has a
gradient; on JAX it takes the logarithm of probabilities clipped at 1e-7, whose gradient is nought.
It is also a third fewer kernels to compile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

#: Losses of a softmax's probabilities.
OF_SOFTMAX = ("categorical_crossentropy", "sparse_categorical_crossentropy")


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Within it, losses of a softmax's or sigmoid's own output are computed from its input."""
    import jax
    from keras.src.backend.jax import nn

    names = ("softmax", "sigmoid", "binary_crossentropy", *OF_SOFTMAX)
    originals: dict[str, Any] = {name: getattr(nn, name) for name in names}
    known: dict[str, dict[int, tuple[Any, Any]]] = {"softmax": {}, "sigmoid": {}}

    def remembering(name: str) -> Callable[..., Any]:
        def activation(x: Any, *args: Any, **named: Any) -> Any:
            output = originals[name](x, *args, **named)
            known[name][id(output)] = output, x  # kept, so that no other gets its number
            return output

        return activation

    def of_logits(name: str) -> Callable[..., Any]:
        def loss(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
            found = known["softmax"].get(id(output))
            if found is not None:
                output, from_logits = found[1], True
            return originals[name](target, output, from_logits=from_logits, axis=axis)

        return loss

    def binary(target: Any, output: Any, from_logits: bool = False) -> Any:
        found = known["sigmoid"].get(id(output))
        if found is None:
            return originals["binary_crossentropy"](target, output, from_logits=from_logits)
        return jax.nn.softplus(found[1]) - found[1] * target

    replaced = {name: remembering(name) for name in known}
    replaced |= {name: of_logits(name) for name in OF_SOFTMAX}
    replaced["binary_crossentropy"] = binary
    for name, function in replaced.items():
        setattr(nn, name, function)
    try:
        yield
    finally:
        for name, function in originals.items():
            setattr(nn, name, function)
