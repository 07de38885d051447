"""One model of a job as a task for a worker, and how far its audit is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.job.schema import Job

PHASE_FILE = ".phase"
LOG_FILE = "worker.log"


@dataclass(frozen=True, slots=True)
class AuditTask:
    """One model of a job, to be audited into ``staging / folder``."""

    job: Job
    model: str
    run_id: str
    staging: Path
    folder: str

    @property
    def place(self) -> Path:
        return self.staging / self.folder


@dataclass
class Clock:
    """Seconds by phase; tells the waiting command line which phase it is."""

    place: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        self.say(name)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed

    def say(self, words: str) -> None:
        """Tells the phase, or how far it is."""
        with contextlib.suppress(OSError):  # progress is a courtesy
            (self.place / PHASE_FILE).write_text(words)
