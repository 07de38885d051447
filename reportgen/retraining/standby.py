"""The worker of one audit: started while its data and model are read, kept from round to round."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType

from reportgen.retraining.process import Worker


class Standby:
    """At most one worker, which ends with this at the latest.

    Importing JAX and Keras takes a worker seconds. Nothing of the case is needed for that, so it
    may begin with the audit.

    Parameters
    ----------
    log : file for what a worker writes; none by default.
    folder : where a worker's own files are; the system's by default.
    """

    def __init__(self, *, log: Path | None = None, folder: Path | None = None) -> None:
        self._log, self._parent = log, folder
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._worker: Worker | None = None

    @property
    def started(self) -> bool:
        """Whether a worker was begun, and is still wanted."""
        return self._worker is not None

    def start(self) -> None:
        """Begin; returns at once."""
        self.worker()

    def worker(self) -> Worker:
        """The one that runs, or another one where it has ended."""
        if self._worker is None or not self._worker.alive:
            self._end()
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix=".worker-", dir=self._parent)
            self._worker = Worker(log=self._log, environment={"TMPDIR": self._folder.name})
        return self._worker

    def close(self) -> None:
        """End the worker, whatever it does, and remove its files."""
        self._end()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def __enter__(self) -> Standby:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
