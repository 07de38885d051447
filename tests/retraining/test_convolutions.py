"""Convolutions as matrix products and pools as comparisons, against XLA's own and their gradients.

In a process of its own: XLA's options are those of the first who asks.
"""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
import jax, jax.numpy as jnp, numpy as np
from jax import lax
from reportgen.retraining.convolutions import largest, patches_times_matrix
jax.config.update("jax_enable_x64", True)
NAMES = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}
worst = {}
for n, space, window, strides, dilation, padding in json.loads(sys.argv[1]):
    rank, rng = len(space), np.random.default_rng(len(worst))
    x = rng.standard_normal((2, n, *space, 3))
    kernel = rng.standard_normal((2, *window, 3, 4))

    def ours(x, kernel):
        return patches_times_matrix(x, kernel, tuple(strides), padding, tuple(dilation))

    def theirs(x, kernel):
        return lax.conv_general_dilated(
            x, kernel, strides, padding.upper(), rhs_dilation=dilation,
            dimension_numbers=NAMES[rank],
        )

    def pooled(x):
        return largest(x, tuple(window), tuple(strides))

    def pooled_theirs(x):
        shape = (1, *window, 1), (1, *strides, 1)
        return lax.reduce_window(x, -jnp.inf, lax.max, *shape, "VALID")

    pairs = [(ours, theirs, (x, kernel)), (pooled, pooled_theirs, (x,))]
    for mine, other, args in pairs:
        def both(f):
            def one(*a):
                y = f(*a)
                return jnp.sum(jnp.sin(y)), y
            return jax.vmap(jax.value_and_grad(one, tuple(range(len(args))), has_aux=True))(*args)
        found, known = both(mine), both(other)
        gaps = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), found, known)
        worst[f"{mine.__name__} {len(worst)}"] = max(jax.tree.leaves(gaps))
print(json.dumps(worst))
"""
GIVEN = [
    [2, [7, 6], [3, 3], [1, 1], [1, 1], "valid"],
    [32, [7, 6], [3, 2], [2, 1], [1, 1], "same"],
    [33, [7, 6], [3, 2], [2, 1], [1, 1], "same"],
    [5, [9, 8], [2, 3], [1, 1], [2, 2], "same"],
    [40, [9, 8], [2, 3], [1, 1], [3, 2], "valid"],
    [1, [5, 5], [5, 5], [1, 1], [1, 1], "valid"],
    [4, [11], [4], [3], [1], "same"],
    [4, [11], [3], [1], [2], "valid"],
    [3, [4, 5, 6], [2, 3, 2], [1, 2, 1], [1, 1, 1], "same"],
]


@pytest.fixture(scope="module")
def gaps():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(GIVEN)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("which", ["ours", "pooled"])
def test_values_and_gradients_are_those_of_xlas_own(gaps, which):
    told = {name: gap for name, gap in gaps.items() if name.startswith(which)}
    assert len(told) == len(GIVEN)
    assert max(told.values()) < 1e-11, told
