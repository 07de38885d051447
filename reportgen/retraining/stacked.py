"""Many members trained as one: Keras on JAX, whole runs of epochs compiled, members mapped.

Runs in the worker alone. The state of K members has a leading axis of K everywhere; ``vmap`` maps
one member's epochs over members, and ``shard_map`` spreads the members over the cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

import jax
import numpy as np

from reportgen.retraining.computation import Computation
from reportgen.retraining.cores import Cores, Mapped
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Weights
from reportgen.retraining.predicting import Predicting
from reportgen.retraining.programs import Programs
from reportgen.retraining.remembered import Remembered
from reportgen.retraining.store import Store
from reportgen.retraining.supplies import Supplies

Tree = Any
#: Orders of this many numbers at most are sent to the device at a time.
ORDER_NUMBERS = 20_000_000


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
    """Members of one architecture, batch size and number of rows, trained together.

    Its programs are fetched, or traced and compiled, from the first moment on: what does not need
    them is done meanwhile.
    """

    def __init__(
        self,
        network: Remembered,
        recipe: Recipe,
        pool: Pool,
        members: Sequence[Member],
        *,
        cores: int = 1,
        store: Store | None = None,
    ) -> None:
        self.network, self.recipe, self.pool = network, recipe, pool
        self.members = list(members)
        self.cores = Cores(cores, len(members))
        padded = self.members + self.members[:1] * self.cores.spare
        self.supplies = Supplies(network, recipe, pool, padded)
        lengths = {recipe.epochs_of(m) for m in self.members}
        self._longest = max(lengths)
        self._chunk = self._epochs_a_call()
        exact = len(lengths) == 1 and self._longest % self._chunk == 0
        settled = exact and recipe.stopping is None
        self.computation = Computation(self.supplies, settled=settled)
        self._programs = Programs(store or Store(None), self._key())
        started = time.perf_counter()
        state, self._initial = self.supplies.state()
        self._state = self.cores.placed(state, by_member=True)
        self._own = self.cores.placed(self.supplies.own(), by_member=True)
        self._shared = self.cores.placed(self.supplies.shared(), by_member=False)
        self.cores.spent("place", time.perf_counter() - started)
        self._predicting = Predicting(self.cores, self.computation, self._predicted_rows())
        self._epochs: Future[Any] | None = None

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by phase."""
        return self.cores.seconds

    @property
    def reuses(self) -> bool:
        """Whether a program is from another night."""
        return self._programs.reused > 0

    def _positions(self, batches: Iterator[Tree]) -> Tree:
        """Those of a call's epochs, placed: ``(E, S, K, B)``."""
        drawn = list(islice(batches, self._chunk))
        stacked = jax.tree.map(lambda *epochs: np.stack(epochs), *drawn)
        return self.cores.placed(stacked, by_member=True, axis=2)

    def _like_positions(self) -> Tree:
        """What stands for them."""
        one = next(self.supplies.batches(1))
        return jax.tree.map(
            lambda a: self.cores.shaped((self._chunk, *a.shape), a.dtype, axis=2), one
        )

    def _key(self) -> str | None:
        """What tracing looks at but for the shapes of arguments; None where that is not known."""
        blueprint, member, supplies = self.network.blueprint, self.members[0], self.supplies
        if blueprint.foreign:
            return None
        settings = (
            supplies.n, supplies.batch, supplies.uneven, self.recipe.stopping, member.architecture,
            bool(jax.config.jax_enable_x64), self.computation.settled,
        )  # fmt: skip
        devices = [str(d) for d in self.cores.devices]
        return "\0".join((blueprint.digest, repr(settings), repr(devices)))

    def start(self, *, epochs: bool = True) -> None:
        """Have the programs fetched or compiled; without ``epochs`` the one that predicts."""
        if epochs and self._epochs is None:
            self._epochs = self.cores.program(
                self._programs,
                "epochs",
                Mapped(
                    self.computation.epochs,
                    (0, 0, None, 2, None),
                    (0, 1),
                    (0,),
                    self.computation.built,
                ),
                self._state,
                self._own,
                self._shared,
                self._like_positions(),
                self.cores.shaped((), np.int32, None),
            )
        if not self._predicting.started:
            weights = (self._state["tv"], self._state["ntv"])
            self._predicting.start(
                self._programs, weights, self._own, self._shared, self.pool.inputs
            )

    def train(
        self,
        progress: Callable[[int], None] = lambda epochs: None,
        deadline: float | None = None,
    ) -> StackResult:
        """Train all members and predict every split; once.

        Parameters
        ----------
        progress : called with the number of epochs that are done.
        deadline : ``time.monotonic()`` after which no further epochs are begun.
        """
        self.start()
        assert self._epochs is not None
        batches = self.supplies.batches(self._longest + self._chunk)
        state, losses, done = self._state, [], 0
        while done < self._longest:
            positions = self._positions(batches)
            first = self.cores.placed(np.int32(done), by_member=False)
            program = self.cores.awaited(self._epochs)
            started = time.perf_counter()
            state, seen = program(state, self._own, self._shared, positions, first)
            losses.append(jax.tree.map(np.asarray, seen))
            self.cores.spent("epochs", time.perf_counter() - started)
            done = min(done + self._chunk, self._longest)
            progress(done)
            if np.asarray(state["stop"]["done"]).all():
                break
            if deadline is not None and time.monotonic() > deadline:
                break
        self._state = {}  # its memory was given away
        return self._result(state, losses)

    def _result(self, state: Tree, losses: list[dict[str, np.ndarray]]) -> StackResult:
        final = state["best"] if self.supplies.restores else state
        weights = (final["tv"], final["ntv"])
        k = len(self.members)
        stop = jax.tree.map(np.asarray, state["stop"])
        return StackResult(
            losses={name: np.concatenate([c[name] for c in losses])[:, :k] for name in losses[0]},
            trained_epochs=stop["epochs"][:k],
            finished=(stop["done"] | (stop["epochs"] >= np.asarray(self._own["length"])))[:k],
            best_epoch=stop["best_epoch"][:k],
            predictions=self._predictions(weights),
            trainable=[
                a[:k]
                for a in self.network.layout.parted([np.asarray(a) for a in weights[0]], leading=1)
            ],
            other=[np.asarray(a)[:k] for a in weights[1]],
            initial=self._initial[:k],
            seconds=self.cores.seconds,
        )

    def _epochs_a_call(self) -> int:
        """Few calls, but orders that fit, and early stopping that is seen."""
        most = max(1, ORDER_NUMBERS // (self.supplies.n * len(self.supplies.members)))
        if self.recipe.stopping is not None:
            most = min(most, max(5, self.recipe.stopping.patience))
        calls = -(-self._longest // min(most, 250))
        return -(-self._longest // calls)

    def _predicted_rows(self) -> int:
        splits = (self.pool.splits or {}).values()
        return sum(len(arrays[0]) for arrays in splits) or self.pool.n_train

    def _predictions(self, weights: Tree) -> dict[str, np.ndarray]:
        """Raw outputs of every member for each split, ``(K, n, ...)``."""
        splits = self.pool.splits or {}
        if not splits:
            return {}
        joined = tuple(
            np.concatenate([arrays[i] for arrays in splits.values()])
            for i in range(len(self.pool.inputs))
        )
        outputs = self._predicting.predicted(weights, joined)
        ends = np.cumsum([len(arrays[0]) for arrays in splits.values()])
        parts = np.split(outputs, ends[:-1], axis=1)
        return {name: part[: len(self.members)] for name, part in zip(splits, parts, strict=True)}

    def delivered(self, x: tuple[np.ndarray, ...]) -> np.ndarray:
        """The delivered model's raw outputs on this backend, ``(n, ...)``: by the members' own
        program, given the delivered weights for each.
        """
        self.start(epochs=False)
        return self._predicting.by_one(self.network.delivered, x)
