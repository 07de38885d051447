"""Derivatives where there are two: Keras on JAX made to choose as TensorFlow does.

The derivative of |x| at 0 is 1 in JAX and 0 in TensorFlow, and a bias with an L1 penalty starts
exactly there.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


@jax.custom_jvp  # type: ignore[untyped-decorator]
def absolute(x: Any) -> Any:
    """The absolute value of x, its derivative the sign of x."""
    return jnp.abs(x)


@absolute.defjvp  # type: ignore[untyped-decorator]
def _absolute_jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (x,), (t,) = primals, tangents
    return jnp.abs(x), t * jnp.sign(x)


def as_in_tensorflow() -> None:
    """Make Keras in this process use these."""
    from keras.src.backend.jax import numpy as backend

    original = backend.absolute

    def chosen(x: Any) -> Any:
        x = jnp.asarray(x)
        return absolute(x) if jnp.issubdtype(x.dtype, jnp.floating) else original(x)

    backend.absolute = chosen
    backend.abs = chosen
