"""Dropout masks that are cheap to compile.

JAX's own generator, threefry, takes twenty rounds for each number, which XLA writes out wherever
a mask is used, forward and backward: a net with one dropout layer took twice as long to compile.
A mask needs no cryptography. Here a place's bits are its number, mixed twice with keys that are
mixed of the generator's seed and of how often it was used: the finaliser is "lowbias32" of Chris
Wellons' search for integer hashes (nullprogram.com, "Prospecting for Hash Functions", 2018).
A member's masks follow from its order seed, the layer and the step alone, as before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_ODD = 0x9E3779B9


def mixed(x: Any) -> Any:
    """Each of these uint32 (numpy's or JAX's) becomes another one; one bit changes half of all."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def bits(seed: Any, places: Any) -> Any:
    """32 random bits for each place.

    Parameters
    ----------
    seed : uint32 of shape (2,), a seed and how often it was used.
    places : uint32 numbers of the places.
    """
    one = mixed(seed[0:1] + np.uint32(_ODD))
    first = mixed(one ^ seed[1:2])
    second = mixed(first + one)
    return mixed(mixed(places + first) ^ second)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """As ``keras.backend.random.dropout``, on JAX."""
    import jax.numpy as jnp
    from jax import lax
    from keras.src.backend.jax import random

    if rate in (0.0, 1.0):
        return inputs if rate == 0.0 else jnp.zeros_like(inputs)
    state = random.jax_draw_seed(seed).astype(np.uint32)
    shape = random._get_concrete_noise_shape(inputs, noise_shape)
    places = lax.iota(np.uint32, int(np.prod(shape)))
    kept = bits(state, places) < np.uint32(round((1.0 - rate) * 2**32))
    kept = jnp.broadcast_to(kept.reshape(shape), inputs.shape)
    return jnp.where(kept, inputs / (1.0 - rate), jnp.zeros_like(inputs))


def install() -> None:
    """Make Keras in this process draw its dropout masks so."""
    from keras.src.backend.jax import random

    random.dropout = dropout
