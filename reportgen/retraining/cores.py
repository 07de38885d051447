"""The cores: members spread over them, programs compiled for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as Spec

from reportgen.retraining.convolutions import as_matrices
from reportgen.retraining.programs import Programs

Tree = Any
#: A cold night is mostly compilation. Less optimisation by LLVM than usual, kernels written by
#: XLA's older emitters instead of through MLIR, and one module instead of 32 halve it or better.
COMPILER = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}


def nothing() -> None:
    """Nothing is to be built before a function is traced."""


@dataclass(frozen=True)
class Mapped:
    """A function of all members, and along which axis each argument and result has them.

    None: the same for all. ``gives`` lists the results', ``donated`` the arguments whose memory
    may be used again. ``before`` is called before the function is traced: what it builds lazily
    must not be built in a trace, where arrays have no values.
    """

    function: Callable[..., Any]
    takes: tuple[int | None, ...]
    gives: tuple[int, ...] | int
    donated: tuple[int, ...] = ()
    before: Callable[[], object] = nothing


class Cores:
    """Devices over which the members of a stack are spread.

    ``seconds`` holds what tracing took, and waiting for the compiler.
    """

    def __init__(self, cores: int, members: int) -> None:
        self.devices = jax.devices()[: max(1, min(cores, members))]
        self.mesh = Mesh(np.array(self.devices), ("members",))
        #: Members more that leave no core idle: cheaper than that, and dropped in the end.
        self.spare = -members % len(self.devices)
        self.seconds: dict[str, float] = {}
        self._compilers = ThreadPoolExecutor(2, "compiler")

    def placed(self, tree: Tree, *, by_member: bool, axis: int = 0) -> Tree:
        """Arrays on the devices, split along the member axis or everywhere whole."""
        return jax.device_put(tree, self._sharding(axis if by_member else None))

    def shaped(self, shape: tuple[int, ...], dtype: Any, axis: int | None) -> Any:
        """What stands for an array that is placed later."""
        return jax.ShapeDtypeStruct(shape, dtype, sharding=self._sharding(axis))

    def _sharding(self, axis: int | None) -> NamedSharding:
        return NamedSharding(self.mesh, _spec(axis))

    def program(self, programs: Programs, name: str, mapped: Mapped, *args: Any) -> Future[Any]:
        """The function for all members and these arguments, kept from before or compiled now.

        The compiler works in a thread of its own, so that the next program can be traced.
        """
        started = time.perf_counter()
        found = programs.find(name, args, self.devices)
        ready: Future[Any] = Future()
        if found is not None:
            ready.set_result(found)
            self.spent("fetch", time.perf_counter() - started)
            return ready
        mapped.before()
        with as_matrices():
            function = jax.jit(self._spread(mapped), donate_argnums=mapped.donated)
            lowered = function.lower(*args)
        self.spent("trace", time.perf_counter() - started)

        return self._compilers.submit(
            programs.compiled, name, args, self.devices, lowered, COMPILER
        )

    def _spread(self, mapped: Mapped) -> Callable[..., Any]:
        if len(self.devices) == 1:
            return mapped.function
        gives = mapped.gives
        spread: Callable[..., Any] = jax.shard_map(
            mapped.function,
            mesh=self.mesh,
            in_specs=tuple(_spec(axis) for axis in mapped.takes),
            out_specs=tuple(map(_spec, gives)) if isinstance(gives, tuple) else _spec(gives),
            check_vma=False,
        )
        return spread

    def awaited(self, program: Future[Any]) -> Any:
        """The program, when the compiler is done with it."""
        started = time.perf_counter()
        ready = program.result()
        self.spent("compile", time.perf_counter() - started)
        return ready

    def spent(self, phase: str, seconds: float) -> None:
        """Note seconds of a phase."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds


def _spec(axis: int | None) -> Spec:
    return Spec() if axis is None else Spec(*([None] * axis), "members")
