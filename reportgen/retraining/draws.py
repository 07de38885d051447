"""What seeds decide, drawn with numpy: every backend gets the same weights and the same orders.

Keras's own initialisers run on the backend, compile a kernel for each shape there, and draw
other numbers on each backend. These draw from the same distributions.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def stream(*words: int | str) -> np.random.Generator:
    """A random stream of its own for these words."""
    digest = hashlib.sha256("\0".join(map(str, words)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def orders(order_seed: int, n: int, epochs: int, *, shuffle: bool) -> Iterator[np.ndarray]:
    """For each epoch the positions 0..n-1 in the order they are trained in, int32."""
    rng = stream("order", order_seed)
    for _ in range(epochs):
        positions = np.arange(n, dtype=np.int32)
        if shuffle:
            rng.shuffle(positions)
        yield positions


def dropout_state(order_seed: int, index: int) -> np.ndarray:
    """A seed generator's initial state, uint32 of shape (2,)."""
    return np.array([stream("masks", order_seed, index).integers(1, 2**31), 0], dtype=np.uint32)


@contextlib.contextmanager
def recorded_initializers(cheap: bool = True) -> Iterator[dict[int, Any]]:
    """Within it, layers that are built tell which initialiser each variable has.

    Yields a mapping ``id(variable) -> initializer``. With ``cheap`` the variables themselves are
    zeros made by numpy, so that building a model compiles nothing; draw their values afterwards.
    """
    import keras

    found: dict[int, Any] = {}
    layer = keras.layers.Layer
    original: Callable[..., Any] = layer.add_weight

    def add_weight(self: Any, *args: Any, **named: Any) -> Any:
        asked = named.get("initializer")
        if asked is None and len(args) > 1:
            asked, args = args[1], (args[0], *args[2:])
        dtype = named.get("dtype") or self.variable_dtype
        if asked is None:
            asked = "glorot_uniform" if "float" in str(dtype) else "zeros"
        initializer = keras.initializers.get(asked)
        named["initializer"] = _zeros if cheap else initializer
        variable = original(self, *args, **named)
        found[id(variable)] = initializer
        return variable

    layer.add_weight = add_weight
    try:
        yield found
    finally:
        layer.add_weight = original


def _zeros(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
    return np.zeros(shape, dtype=str(dtype or "float32"))


@contextlib.contextmanager
def without_kernels() -> Iterator[None]:
    """Within it, Keras's variables are made and filled without a kernel for each of their shapes.

    JAX compiles one to make zeros, and one more to take over an array of numpy's: a sixth of what
    a cold night compiles.
    """
    import keras

    if keras.backend.backend() != "jax":
        yield
        return
    import jax
    from keras.src.backend.jax import core

    zeros, convert = keras.initializers.Zeros, core.convert_to_tensor
    original = zeros.__call__

    def converted(x: Any, dtype: Any = None, **named: Any) -> Any:
        if isinstance(x, np.ndarray):
            x = jax.device_put(np.asarray(x, core.standardize_dtype(dtype or x.dtype)))
        return convert(x, dtype=dtype, **named)

    zeros.__call__ = lambda self, shape, dtype=None: _zeros(shape, dtype)
    core.convert_to_tensor = converted
    try:
        yield
    finally:
        zeros.__call__, core.convert_to_tensor = original, convert


def draw(initializer: Any, shape: tuple[int, ...], dtype: str, seed: int, index: int) -> np.ndarray:
    """Initial values of one variable.

    Parameters
    ----------
    initializer : a Keras initialiser or any callable ``(shape, dtype=)``.
    seed, index : the member's ``weight_seed`` and the variable's place in the model. An
        initialiser that was given a seed of its own in the model gives every member the same.
    """
    fixed = getattr(initializer, "_init_seed", None)
    rng = stream("weights", seed if fixed is None else f"fixed {fixed}", index)
    kind = type(initializer).__name__
    if kind == "Zeros":
        values = np.zeros(shape)
    elif kind == "Ones":
        values = np.ones(shape)
    elif kind == "Constant" and np.isscalar(initializer.value):
        values = np.full(shape, initializer.value)
    elif kind == "RandomNormal":
        values = initializer.mean + initializer.stddev * rng.standard_normal(shape)
    elif kind == "RandomUniform":
        values = rng.uniform(initializer.minval, initializer.maxval, shape)
    elif kind == "TruncatedNormal":
        values = initializer.mean + initializer.stddev * _truncated(rng, shape)
    elif all(hasattr(initializer, name) for name in ("scale", "mode", "distribution")):
        values = _scaled(initializer, shape, rng)
    elif kind in ("Orthogonal", "OrthogonalInitializer"):
        values = initializer.gain * _orthogonal(rng, shape)
    else:
        values = _asked(initializer, shape, dtype, int(rng.integers(1, 2**31)))
    return np.ascontiguousarray(values, dtype=dtype)


def _truncated(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers, those beyond two drawn again."""
    values = rng.standard_normal(shape)
    while (far := np.abs(values) > 2).any():
        values[far] = rng.standard_normal(int(far.sum()))
    return values


def _scaled(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """``VarianceScaling`` and its kin (Glorot, He, LeCun)."""
    fan_in, fan_out = fans(shape)
    fan: float = {"fan_in": fan_in, "fan_out": fan_out}.get(
        initializer.mode, (fan_in + fan_out) / 2
    )
    scale = float(initializer.scale) / max(1.0, fan)
    if initializer.distribution == "uniform":
        limit = np.sqrt(3.0 * scale)
        values: np.ndarray = rng.uniform(-limit, limit, shape)
    elif initializer.distribution == "truncated_normal":
        # 0.8796... is the standard deviation of a standard normal truncated at two.
        values = np.sqrt(scale) / 0.87962566103423978 * _truncated(rng, shape)
    else:
        values = np.sqrt(scale) * rng.standard_normal(shape)
    return values


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Fan in and fan out of a kernel, as Keras counts them: inputs and outputs come last."""
    if len(shape) < 1:
        return 1.0, 1.0
    if len(shape) == 1:
        return float(shape[0]), float(shape[0])
    field = float(np.prod(shape[:-2]))
    return shape[-2] * field, shape[-1] * field


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)


def _asked(initializer: Any, shape: tuple[int, ...], dtype: str, seed: int) -> np.ndarray:
    """The values that an initialiser of somebody's own gives, reseeded where it can be."""
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    if "seed" in config and config["seed"] is None:
        initializer = type(initializer).from_config({**config, "seed": seed})
    return np.asarray(initializer(shape, dtype=dtype))
