"""What the worker does with a message. Imported there alone, after the backend was chosen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.retraining.agreement import disagreement
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.derivatives import as_in_tensorflow
from reportgen.retraining.member import Member, Pool
from reportgen.retraining.messages import Answer, Progress, Refused, Train, UsePool
from reportgen.retraining.network import Network, Unstackable
from reportgen.retraining.stacked import Stack, StackResult


class Server:
    """Trains groups; keeps the pool, and the networks that were loaded."""

    def __init__(self, cores: int, programs: Path | None = None) -> None:
        as_in_tensorflow()
        self.cores, self.programs = cores, programs
        self.pool: Pool | None = None
        self._networks: dict[Any, Network] = {}
        self._agree: dict[Any, str | None] = {}

    def answer(self, message: Any, send: Callable[[Any], None]) -> Answer | Refused | str:
        """The reply to a message; progress is sent as it comes."""
        if isinstance(message, UsePool):
            self.pool = message.pool
            return "ready"
        if not isinstance(message, Train) or self.pool is None:
            raise TypeError(f"not a message for a worker: {type(message).__name__}")
        try:
            return self._train(message, self.pool, send)
        except Unstackable as reason:
            return Refused(str(reason))

    def _train(self, message: Train, pool: Pool, send: Callable[[Any], None]) -> Answer | Refused:
        started = time.perf_counter()
        recipe, members = message.recipe, message.members
        network = self._network(recipe.file, members[0])
        loaded = time.perf_counter()
        stack = Stack(network, recipe, pool, members, cores=self.cores, programs=self.programs)
        stack.seconds["load"] = loaded - started
        if message.check is not None:
            rows, expected = message.check
            key = (_state(recipe.file), hashlib.sha256(expected.tobytes()).digest())
            if key not in self._agree:
                self._agree[key] = disagreement(stack.delivered(rows), expected)
            why = self._agree[key]
            if why is not None:
                return Refused(why)
        deadline = None if message.seconds is None else time.monotonic() + message.seconds
        result = stack.train(lambda epochs: send(Progress(epochs)), deadline)
        return Answer(
            losses=result.losses,
            epochs=result.trained_epochs,
            finished=result.finished,
            best_epoch=result.best_epoch,
            predictions=result.predictions,
            weights=[*result.trainable, *result.other] if message.keep_weights else None,
            initial_weights=_initial(result) if message.keep_weights else None,
            seconds=result.seconds,
        )

    def _network(self, file: str, member: Member) -> Network:
        key = (_state(file), member.architecture[:2])
        if key not in self._networks:
            self._networks[key] = Network(Blueprint.read(file), member)
        return self._networks[key]


def _state(file: str) -> tuple[str, int, int]:
    """A file and what tells that it was written again."""
    now = Path(file).stat()
    return file, now.st_mtime_ns, now.st_size


def _initial(result: StackResult) -> list[np.ndarray]:
    rows = [[*weights.trainable, *weights.other] for weights in result.initial]
    return [np.stack(arrays) for arrays in zip(*rows, strict=True)]
