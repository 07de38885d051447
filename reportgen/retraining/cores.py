"""The cores: members spread over them, programs compiled for them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as Spec

from reportgen.retraining.convolutions import as_matrices
from reportgen.retraining.programs import Programs

Tree = Any
#: Less optimisation by LLVM than usual compiles a fifth faster and runs no slower.
COMPILER = {"xla_backend_optimization_level": 1}


class Cores:
    """Devices over which the members of a stack are spread.

    ``seconds`` holds what tracing and compiling took.
    """

    def __init__(self, cores: int, members: int) -> None:
        self.devices = jax.devices()[: max(1, min(cores, members))]
        self.mesh = Mesh(np.array(self.devices), ("members",))
        #: Members more that leave no core idle: cheaper than that, and dropped in the end.
        self.spare = -members % len(self.devices)
        #: A member alone is not mapped, and its convolutions stay what they are.
        self.maps = members + self.spare > 1
        self.seconds: dict[str, float] = {}

    def placed(self, tree: Tree, *, by_member: bool, axis: int = 0) -> Tree:
        """Arrays on the devices, split along the member axis or everywhere whole."""
        spec = Spec(*([None] * axis), "members") if by_member else Spec()
        return jax.device_put(tree, NamedSharding(self.mesh, spec))

    def compiled(
        self,
        programs: Programs,
        name: str,
        function: Callable[..., Any],
        specs: Any,
        out: Any,
        *args: Any,
    ) -> Any:
        """The function mapped over members, spread over cores, compiled for these arguments."""

        def mapped() -> Any:
            over = jax.vmap(function, in_axes=specs[0], out_axes=out[0])
            if len(self.devices) == 1:
                return over
            return jax.shard_map(
                over, mesh=self.mesh, in_specs=specs[1], out_specs=out[1], check_vma=False
            )

        started = time.perf_counter()
        with as_matrices() if self.maps else contextlib.nullcontext():
            program, _ = programs.get(name, mapped, args)
            lowered = jax.jit(program, donate_argnums=specs[2]).lower(*args)
        traced = time.perf_counter()
        compiled = lowered.compile(COMPILER)
        self.spent("trace", traced - started)
        self.spent("compile", time.perf_counter() - traced)
        return compiled

    def spent(self, phase: str, seconds: float) -> None:
        """Note seconds of a phase."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds
