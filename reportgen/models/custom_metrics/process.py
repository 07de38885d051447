"""The audit's side: starts the process, asks it, and ends it when it takes too long or too much."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.connection import Pipe as pipe
from pathlib import Path
from typing import Any, Literal

from reportgen.job.python_names import imported
from reportgen.models.custom_metrics.messages import Call, Load, Loaded, Reply

#: What a metric's module needs: nothing of Keras, Keras on numpy, or TensorFlow.
Needs = Literal["python", "keras", "tensorflow"]
#: Seconds in which a module must have been imported: TensorFlow takes long on a busy machine.
IMPORT = {"python": 60.0, "keras": 120.0, "tensorflow": 300.0}
#: In the environment of a metric's process, and of what it starts.
MARK = "REPORTGEN_METRIC"
#: That a metric may leave running: a pool of workers.
MOST_PROCESSES = 64
#: Of an answer: a line a call.
MOST_BYTES = 16 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")


class Ended(Exception):
    """The process is no more; the reason in words, as what a metric did."""


@dataclass(frozen=True)
class Limits:
    """Of one exchange: seconds, and gigabytes of resident memory."""

    seconds: float = 30.0
    memory_gb: float = 4.0


def needs_of(name: str, folder: Path) -> Needs:
    """What the text of ``pkg.mod:function`` says that it needs; nothing is run."""
    modules = imported(name, folder)
    if modules & {"tensorflow", "tf_keras", "tensorflow_addons"}:
        return "tensorflow"
    return "keras" if modules & {"keras", "keras_hub", "keras_cv", "keras_nlp"} else "python"


@dataclass
class Process:
    """One process; used for one metric after the other until it has to be ended."""

    needs: Needs
    _mark: str = field(init=False)
    _popen: subprocess.Popen[bytes] = field(init=False)
    _connection: Connection[Any, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        self._connection, theirs = pipe()
        here = str(Path(__file__).parents[3])
        known = os.environ.get("PYTHONPATH")
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([here, known] if known else [here]),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **dict([self._mark.split("=")]),
        }
        if self.needs != "python":
            environment["KERAS_BACKEND"] = "numpy" if self.needs == "keras" else "tensorflow"
        self._popen = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                f"{__package__}.worker",
                str(theirs.fileno()),
                str(os.getpid()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env=environment,
            start_new_session=True,
        )
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def ask(self, order: Any, limits: Limits) -> Any:
        """One exchange.

        Raises
        ------
        Ended
            when the process ended, or was ended for the time or memory that it took.
        """
        try:
            self._connection.send(order)
            end = time.monotonic() + limits.seconds
            while not self._connection.poll(0.1):
                if time.monotonic() > end:
                    self.close()
                    raise Ended(f"it takes more than {limits.seconds:g} seconds")
                if self._resident() > limits.memory_gb * 1e9:
                    self.close()
                    raise Ended(f"it takes more than {limits.memory_gb:g} GB of memory")
            said = self._connection.recv_bytes(MOST_BYTES)
            if len(self._others()) > MOST_PROCESSES:
                self.close()
                raise Ended(f"it leaves more than {MOST_PROCESSES} processes running")
            return json.loads(said)
        except ValueError as error:  # bytes that are none of the worker's
            self.close()
            raise Ended("it writes into what the audit reads") from error
        except (EOFError, OSError) as error:
            code = self._left()
            raise Ended(f"it ends its process ({code})") from error

    def _resident(self) -> float:
        """Bytes of memory that it holds; 0 where that cannot be read."""
        try:
            text = Path(f"/proc/{self._popen.pid}/statm").read_text()
            return float(text.split()[1]) * PAGE
        except (OSError, ValueError, IndexError):
            return 0.0

    def _left(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(10)
        code = self._popen.poll()
        self.close()
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"

    def close(self) -> None:
        """End it and whatever it started."""
        self._connection.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        for pid in self._others():  # those that left its group
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(10)

    def _others(self) -> list[int]:
        """What it started and still runs, wherever it went: told by a mark in the environment."""
        found = []
        mark = self._mark.encode()
        for entry in Path("/proc").glob("[0-9]*") if Path("/proc/self/environ").exists() else ():
            pid = int(entry.name)
            if pid <= self._popen.pid:  # older than it is
                continue
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes():
                    found.append(pid)
        return found


#: Processes at hand, by what they need; ended with this one.
_AT_HAND: dict[tuple[int, Needs], Process] = {}


def _process(needs: Needs) -> Process:
    key = (os.getpid(), needs)
    found = _AT_HAND.get(key)
    if found is None or not found.alive:
        found = _AT_HAND[key] = Process(needs)
    return found


def close_all() -> None:
    """End the processes that this one has started."""
    for key in [k for k in _AT_HAND if k[0] == os.getpid()]:
        _AT_HAND.pop(key).close()


atexit.register(close_all)


class CustomMetric:
    """A metric of the job's, wherever it runs; one that ended its process is not called again.

    Parameters
    ----------
    name : ``pkg.mod:function``.
    folder : the job file's.
    """

    def __init__(self, name: str, folder: Path, limits: Limits | None = None) -> None:
        self.name, self.folder = name, folder
        self.limits = limits or Limits()
        self.needs = needs_of(name, folder)
        self._process: Process | None = None
        self.loaded = Loaded(error="it was not loaded")
        self.ended: str | None = None

    def load(self) -> Loaded:
        """Import it. Where its process ends over this, that is the error."""
        process = _process(self.needs)
        limits = Limits(IMPORT[self.needs], self.limits.memory_gb)
        try:
            said = process.ask(Load(self.name, str(self.folder)), limits)
            self.loaded = _loaded(said, process)
        except Ended as ended:
            self.loaded = Loaded(error=str(ended))
        else:
            self._process = process
        return self.loaded

    def __call__(self, calls: Sequence[Call]) -> list[Reply]:
        """The replies, in order; one error for all when the process had to be ended."""
        if self.ended is not None:
            return [Reply(error=self.ended)] * len(calls)
        if self._process is None or not self._process.alive:
            self.load()
        if self.loaded.error is not None or self._process is None:
            return [Reply(error=self.loaded.error)] * len(calls)
        try:
            said = self._process.ask(list(calls), self.limits)
            return _replies(said, len(calls), self._process)
        except Ended as ended:
            self._process, self.ended = None, str(ended)
            return [Reply(error=self.ended)] * len(calls)


def _loaded(said: Any, process: Process) -> Loaded:
    """What the worker said of an import; raises as :func:`_replies`."""
    try:
        return Loaded(**said)
    except TypeError:
        process.close()
        raise Ended("it writes into what the audit reads") from None


def _replies(said: Any, n: int, process: Process) -> list[Reply]:
    """What the worker said, where it is what a worker says.

    Raises
    ------
    Ended
        where a metric answered in its place; the process is ended then.
    """
    try:
        if isinstance(said, list) and len(said) == n:
            return [Reply(**one) for one in said]
    except TypeError:
        pass
    process.close()
    raise Ended("it writes into what the audit reads")
