"""The worker as the audit sees it: started early, asked group by group, ended with the audit."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.connection import Pipe as pipe
from pathlib import Path
from types import TracebackType
from typing import Any

from reportgen.errors import ReportgenError
from reportgen.retraining import cache
from reportgen.retraining.member import Pool
from reportgen.retraining.messages import Answer, Progress, Refused, Train, UsePool

#: Seconds in which the worker must have imported what it needs, on a busy machine.
START = 300.0


class WorkerDied(ReportgenError):
    """The worker ended without an answer."""


class Worker:
    """A process with Keras on JAX. Starting returns at once; it imports while others work.

    Parameters
    ----------
    cores : over which members are spread.
    root : folder of what is kept between nights; the user's cache folder by default.
    log : file for what the worker writes to its standard streams.
    """

    def __init__(
        self,
        *,
        cores: int | None = None,
        root: Path | None = None,
        log: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.cores = cores or len(os.sched_getaffinity(0))
        root = root or cache.cache_root()
        self.programs = cache.folder(root, self.cores)
        cache.prune(root, self.programs, time.time())
        self._connection, theirs = pipe()
        words = [str(theirs.fileno()), str(self.cores), str(self.programs), str(os.getpid())]
        with contextlib.ExitStack() as stack:
            out: Any = subprocess.DEVNULL
            if log is not None:
                out = stack.enter_context(log.open("ab"))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "reportgen.retraining.worker", *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_path(), **(environment or {})},
            )
        theirs.close()
        self._ready = False
        self._pool: Pool | None = None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended and has not been ended."""
        return not self._connection.closed and self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until it has imported everything; ``WorkerDied`` when it cannot."""
        if not self._ready:
            self._receive(START)
            self._ready = True

    def train(
        self,
        pool: Pool,
        order: Train,
        progress: Callable[[int], None] = lambda epochs: None,
        limit: float | None = None,
    ) -> Answer | Refused:
        """Train a group; blocks until it is done.

        Raises
        ------
        WorkerDied
            The process ended, or said nothing for ``limit`` seconds.
        """
        self.wait_ready()
        if pool is not self._pool:
            self._send(UsePool(pool))
            self._receive(START)
            self._pool = pool
        self._send(order)
        while True:
            reply = self._receive(limit)
            if not isinstance(reply, Progress):
                assert isinstance(reply, (Answer, Refused))
                return reply
            progress(reply.epochs)

    def _send(self, message: Any) -> None:
        try:
            self._connection.send(message)
        except OSError as error:
            raise self._died() from error

    def _receive(self, seconds: float | None) -> Any:
        connection: Connection[Any, Any] = self._connection
        try:
            if not connection.poll(seconds):
                self.close()
                raise WorkerDied(f"the retraining worker said nothing for {seconds:.0f} seconds")
            return connection.recv()
        except (EOFError, OSError) as error:
            raise self._died() from error

    def _died(self) -> WorkerDied:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        code = self._process.poll()
        self.close()
        return WorkerDied(f"the retraining worker ended with exit code {code}")

    def close(self) -> None:
        """End the process, whatever it does."""
        self._connection.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _path() -> dict[str, str]:
    """The worker finds this package where the audit did."""
    here = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([here, known] if known else [here])}
