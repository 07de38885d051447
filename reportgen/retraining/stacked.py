"""Many members trained as one: Keras on JAX, whole runs of epochs compiled, members mapped.

Runs in the worker alone. The state of K members has a leading axis of K everywhere; ``vmap`` maps
one member's epochs over members, and ``shard_map`` spreads the members over the cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec as Spec

from reportgen.retraining.computation import Computation
from reportgen.retraining.cores import Cores
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Network, Weights
from reportgen.retraining.programs import Programs
from reportgen.retraining.supplies import Supplies, of_length

Tree = Any
#: Orders of this many numbers at most are sent to the device at a time.
ORDER_NUMBERS = 20_000_000
#: Activations of a prediction or evaluation chunk stay within this many numbers, all members.
CHUNK_NUMBERS = 30_000_000


@dataclass
class StackResult:
    """Of K members: losses ``{name: (epochs, K)}``; weights with a leading axis of K; epochs
    trained, whether to the end, and best epoch, each ``(K,)``; predictions by split
    ``(K, n, ...)``; seconds by phase.
    """

    losses: dict[str, np.ndarray]
    trained_epochs: np.ndarray
    finished: np.ndarray
    best_epoch: np.ndarray
    predictions: dict[str, np.ndarray]
    trainable: list[np.ndarray]
    other: list[np.ndarray]
    initial: list[Weights]
    seconds: dict[str, float]


class Stack:
    """Members of one architecture, batch size and number of rows, trained together."""

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        pool: Pool,
        members: Sequence[Member],
        *,
        cores: int = 1,
        programs: Path | None = None,
    ) -> None:
        self.network, self.recipe, self.pool = network, recipe, pool
        self.members = list(members)
        self.model: Any = network.model
        self.cores = Cores(cores, len(members))
        padded = self.members + self.members[:1] * self.cores.spare
        self.supplies = Supplies(network, recipe, pool, padded)
        self.computation = Computation(self.supplies)
        self._programs = Programs(programs, self._key())

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by phase."""
        return self.cores.seconds

    def _key(self) -> str | None:
        """What tracing looks at but for the shapes of arguments; None where that is not known."""
        blueprint, member, supplies = self.network.blueprint, self.members[0], self.supplies
        if blueprint.foreign:
            return None
        settings = (
            supplies.n, supplies.batch, supplies.uneven, self.recipe.stopping, member.architecture
        )  # fmt: skip
        devices = [str(d) for d in self.cores.devices]
        return "\0".join((blueprint.digest, repr(settings), repr(devices), str(self.cores.maps)))

    def train(
        self,
        progress: Callable[[int], None] = lambda epochs: None,
        deadline: float | None = None,
    ) -> StackResult:
        """Train all members and predict every split.

        Parameters
        ----------
        progress : called with the number of epochs that are done.
        deadline : ``time.monotonic()`` after which no further epochs are begun.
        """
        started = time.perf_counter()
        state, initial = self.supplies.state()
        state = self.cores.placed(state, by_member=True)
        own = self.cores.placed(self.supplies.own(), by_member=True)
        shared = self.cores.placed(self.supplies.shared(), by_member=False)
        self.cores.spent("place", time.perf_counter() - started)
        longest = max(self.recipe.epochs_of(m) for m in self.members)
        chunk = self._chunk(longest)
        members, all_, second = Spec("members"), Spec(), Spec(None, "members")
        streams = self.supplies.orders(longest + chunk)
        program, losses, done = None, [], 0
        while done < longest:
            drawn = [[next(s) for s in streams] for _ in range(chunk)]
            positions = self.cores.placed(np.array(drawn), by_member=True, axis=1)
            first = self.cores.placed(np.int32(done), by_member=False)
            if program is None:
                program = self.cores.compiled(
                    self._programs, "epochs", self.computation.epochs,
                    ((0, 0, None, 1, None), (members, members, all_, second, all_), 0),
                    ((0, 1), (members, second)),
                    state, own, shared, positions, first,
                )  # fmt: skip
                started = time.perf_counter()
            state, seen = program(state, own, shared, positions, first)
            losses.append(jax.tree.map(np.asarray, seen))
            done = min(done + chunk, longest)
            progress(done)
            if np.asarray(state["stop"]["done"]).all():
                break
            if deadline is not None and time.monotonic() > deadline:
                break
        self.cores.spent("epochs", time.perf_counter() - started)
        final = state.get("best", state) if self.supplies.restores else state
        weights = (final["tv"], final["ntv"])
        k = len(self.members)
        predictions = self._predictions(weights, own, shared)
        return StackResult(
            losses={name: np.concatenate([c[name] for c in losses])[:, :k] for name in losses[0]},
            trained_epochs=np.asarray(state["stop"]["epochs"])[:k],
            finished=np.asarray(state["stop"]["done"] | (state["stop"]["epochs"] >= own["length"]))[
                :k
            ],
            best_epoch=np.asarray(state["stop"]["best_epoch"])[:k],
            predictions=predictions,
            trainable=[np.asarray(a)[:k] for a in weights[0]],
            other=[np.asarray(a)[:k] for a in weights[1]],
            initial=initial[:k],
            seconds=self.cores.seconds,
        )

    def _chunk(self, longest: int) -> int:
        """Epochs a call: few calls, but orders that fit, and early stopping that is seen."""
        most = max(1, ORDER_NUMBERS // (self.supplies.n * len(self.supplies.members)))
        if self.recipe.stopping is not None:
            most = min(most, max(5, self.recipe.stopping.patience))
        calls = -(-longest // min(most, 250))
        return -(-longest // calls)

    def _predictions(self, weights: Tree, own: Tree, shared: Tree) -> dict[str, np.ndarray]:
        """Raw outputs of every member for each split, ``(K, n, ...)``."""
        splits = self.pool.splits or {}
        if not splits:
            return {}
        joined = tuple(
            np.concatenate([arrays[i] for arrays in splits.values()])
            for i in range(len(self.pool.inputs))
        )
        outputs = self._predicted(weights, own, shared, joined)
        ends = np.cumsum([len(arrays[0]) for arrays in splits.values()])
        parts = np.split(outputs, ends[:-1], axis=1)
        return {name: part[: len(self.members)] for name, part in zip(splits, parts, strict=True)}

    def _predicted(
        self, weights: Tree, own: Tree, shared: Tree, x: tuple[np.ndarray, ...]
    ) -> np.ndarray:
        n, numbers = len(x[0]), activations(self.model) * len(self.supplies.members)
        chunk = max(1, min(n, CHUNK_NUMBERS // max(1, numbers)))
        chunk = -(-n // -(-n // chunk))
        program, outputs = None, []
        kept = {"keep": own["keep"]} if "keep" in own else {}
        fill = {"fill": shared["fill"]} if "fill" in shared else {}
        for start in range(0, n, chunk):
            part = tuple(of_length(a[start : start + chunk], chunk) for a in x)
            part = self.cores.placed(part, by_member=False)
            if program is None:
                members, all_ = Spec("members"), Spec()
                program = self.cores.compiled(
                    self._programs, "predict", self.computation.predict,
                    ((0, 0, None, None), (members, members, all_, all_), ()),
                    (0, members),
                    weights, kept, fill, part,
                )  # fmt: skip
                started = time.perf_counter()
            outputs.append(np.asarray(program(weights, kept, fill, part)))
        self.cores.spent("predict", time.perf_counter() - started)
        return np.concatenate(outputs, axis=1)[:, :n]

    def delivered(self, x: tuple[np.ndarray, ...]) -> np.ndarray:
        """The delivered model's raw outputs on this backend, ``(n, ...)``."""
        weights = self.network.delivered
        packed = self.computation.packed(tuple(jnp.asarray(a) for a in x))
        call = jax.jit(
            lambda tv, ntv, rows: self.model.stateless_call(tv, ntv, rows, training=False)[0]
        )
        return np.asarray(call(weights.trainable, weights.other, packed))


def activations(model: Any) -> int:
    """Numbers that one row's largest few activations take, at least."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        shape = getattr(getattr(layer, "output", None), "shape", None) if layer.built else None
        if shape is not None:
            total += int(np.prod([s or 1 for s in shape[1:]]))
    return max(total, 1)
