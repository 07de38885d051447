"""What the worker does with a message. Imported there alone, after the backend was chosen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.retraining import cache, masks
from reportgen.retraining.agreement import disagreement
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.derivatives import as_in_tensorflow
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.messages import Answer, Progress, Refused, Train, UsePool
from reportgen.retraining.network import Unstackable
from reportgen.retraining.remembered import Remembered
from reportgen.retraining.stacked import Stack, StackResult
from reportgen.retraining.store import Store


class Server:
    """Trains groups; keeps the pool, and the networks that were loaded."""

    def __init__(self, cores: int, programs: Path | None = None) -> None:
        as_in_tensorflow()
        masks.install()
        self.cores, self.store = cores, Store(programs)
        self.pool: Pool | None = None
        self._networks: dict[Any, Remembered] = {}
        self._agree: dict[Any, str | None] = {}
        self._reused = False

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
        except (BrokenPipeError, EOFError):
            raise  # nobody listens any more
        except Exception:
            if not self._reused:
                raise
            # A program from another night may be to blame: once more, from source.
            if self.store.folder is not None:
                cache.clear(self.store.folder)
            self._networks.clear()
            return self._train(message, self.pool, send)

    def _train(self, message: Train, pool: Pool, send: Callable[[Any], None]) -> Answer | Refused:
        started = time.perf_counter()
        recipe, members = message.recipe, message.members
        stack = self._stack(recipe, pool, members)
        stack.seconds["load"] = time.perf_counter() - started - stack.seconds["place"]
        stack.start()
        self._reused = stack.reuses
        why = None if message.check is None else self._checked(stack, *message.check)
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

    def _stack(self, recipe: Recipe, pool: Pool, members: Sequence[Member]) -> Stack:
        network = self._network(recipe.file, members[0])
        return Stack(network, recipe, pool, members, cores=self.cores, store=self.store)

    def _checked(
        self, stack: Stack, rows: tuple[np.ndarray, ...], expected: np.ndarray
    ) -> str | None:
        """Why the delivered model does not predict here what it does in TensorFlow, or None."""
        key = (_state(stack.recipe.file), hashlib.sha256(expected.tobytes()).digest())
        if key not in self._agree:
            if stack.members[0].architecture[:2] != ((), ()):
                # The members' model is another one than the delivered one.
                stack = self._stack(stack.recipe, stack.pool, (Member(),))
            self._agree[key] = disagreement(stack.delivered(rows), expected)
        return self._agree[key]

    def _network(self, file: str, member: Member) -> Remembered:
        key = (_state(file), member.architecture[:2])
        if key not in self._networks:
            self._networks[key] = Remembered(Blueprint.read(file), member, self.store)
        return self._networks[key]


def _state(file: str) -> tuple[str, int, int]:
    """A file and what tells that it was written again."""
    now = Path(file).stat()
    return file, now.st_mtime_ns, now.st_size


def _initial(result: StackResult) -> list[np.ndarray]:
    rows = [[*weights.trainable, *weights.other] for weights in result.initial]
    return [np.stack(arrays) for arrays in zip(*rows, strict=True)]
