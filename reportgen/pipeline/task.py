"""One model of a job as a task for a worker, and how far its audit is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.render.look import PLAIN, Look

if TYPE_CHECKING:
    from reportgen.job.schema import Job

PHASE_FILE = ".phase"
#: Characters of the bar that shows how far retrainings are.
BAR = 20
LOG_FILE = "worker.log"


@dataclass(frozen=True, slots=True)
class AuditTask:
    """One model of a job, to be audited into ``staging / folder``."""

    job: Job
    model: str
    run_id: str
    staging: Path
    folder: str
    look: Look = PLAIN

    @property
    def place(self) -> Path:
        return self.staging / self.folder


@dataclass
class Clock:
    """Seconds by phase; tells the waiting command line which phase it is."""

    place: Path
    seconds: dict[str, float] = field(default_factory=dict)
    _began: tuple[float, int] | None = None
    _done: int = 0

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        self.say(name)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed

    def retraining(self, done: int, total: int) -> None:
        """Tells how far the retrainings are: epochs of all members, and the time left."""
        now = time.monotonic()
        if self._began is None or done < self._done:
            self._began, self._done = (now, done), done
        began, before = self._began
        self._done = done
        filled = BAR * done // max(total, 1)
        words = f"retrain {'#' * filled}{'.' * (BAR - filled)} {done:,} of {total:,} epochs"
        if before < done < total:
            words += f", {_said((now - began) * (total - done) / (done - before))} left"
        self.say(words)

    def say(self, words: str) -> None:
        """Tells the phase, or how far it is."""
        with contextlib.suppress(OSError):  # progress is a courtesy
            (self.place / PHASE_FILE).write_text(words)


def _said(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
