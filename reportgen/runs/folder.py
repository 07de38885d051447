"""The output folder of a job: one run at a time, staged, published in one move.

A run is staged in ``.RUN_ID.partial`` and renamed to ``RUN_ID`` when all of its audits have a
report. An interrupted run leaves its staging folder; the next run of the same job goes on
with it and keeps the audits that were complete.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from reportgen.errors import OutputError, Problem
from reportgen.runs.record import AuditRecord
from reportgen.runs.writing import cannot_write, write_atomic

_STATE = ".run-state.json"
_DONE = ".audit.json"
_PARTIAL = ".partial"


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Hold the output folder for one run; the lock goes with the process, however it ends.

    Raises
    ------
    OutputError
        if the folder cannot be made or written, or another run holds it.
    """
    lock = output / ".lock"
    try:
        output.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(output, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 64, 0).decode(errors="replace").strip()
            raise OutputError(
                Problem(
                    "another run is writing here" + (f" (process {holder})" if holder else ""),
                    file=str(output),
                    advice="Wait for it to end, or give this run another folder with --output.",
                )
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class RunFolder:
    """A run that is being written. ``staging`` holds it until :meth:`publish`."""

    output: Path
    run_id: str
    job: str

    @property
    def staging(self) -> Path:
        return self.output / f".{self.run_id}{_PARTIAL}"

    @property
    def final(self) -> Path:
        return self.output / self.run_id

    def done(self, folder: str, fingerprint: str) -> AuditRecord | None:
        """The record of an audit that an interrupted run had finished on these inputs."""
        try:
            stored = json.loads((self.staging / folder / _DONE).read_bytes())
            record = AuditRecord.model_validate(stored["record"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None  # never finished, or the file is torn: audit it again
        if stored.get("fingerprint") != fingerprint or record.outcome == "incomplete":
            return None
        return record.model_copy(update={"resumed": True})

    def finish(self, record: AuditRecord, fingerprint: str) -> None:
        """Remember that an audit is complete, for a run that is interrupted later."""
        content = {"fingerprint": fingerprint, "record": record.model_dump(mode="json")}
        write_atomic(self.staging / record.folder / _DONE, json.dumps(content))

    def publish(self) -> Path:
        """Move the run into place and point ``latest`` at it.

        Returns
        -------
        the final folder.
        """
        for marker in self.staging.glob(f"*/{_DONE}"):
            marker.unlink()
        (self.staging / _STATE).unlink(missing_ok=True)
        try:
            self.staging.rename(self.final)
            link = self.output / f".latest.{os.getpid()}"
            link.unlink(missing_ok=True)
            link.symlink_to(self.run_id)
            link.replace(self.output / "latest")
        except OSError as error:
            raise cannot_write(self.final, error) from error
        return self.final


def open_run(
    output: Path, job: str, job_sha256: str, *, fresh: bool, now: datetime | None = None
) -> RunFolder:
    """A new run, or the interrupted one of the same job; call while :func:`locked`.

    Interrupted runs of an earlier version of the job file cannot be gone on with and are
    removed; those of other jobs stay.

    Raises
    ------
    OutputError
        if the folder cannot be written, or ``latest`` in it is somebody's own.
    """
    _require_link(output / "latest")
    for partial in sorted(output.glob(f".*{_PARTIAL}"), reverse=True):
        state = _state(partial)
        if state.get("job") != job:
            continue
        run_id = partial.name[1 : -len(_PARTIAL)]
        if not fresh and state.get("job_sha256") == job_sha256:
            return RunFolder(output, run_id, job)
        shutil.rmtree(partial, ignore_errors=True)
    run = RunFolder(output, _free_id(output, now or datetime.now()), job)
    write_atomic(run.staging / _STATE, json.dumps({"job": job, "job_sha256": job_sha256}))
    return run


def _require_link(latest: Path) -> None:
    """Told before the run: afterwards its reports would be there, and their address not."""
    if latest.exists() and not latest.is_symlink():
        raise OutputError(
            Problem(
                "it is in the way of the link to the newest run",
                file=str(latest),
                expected="a link that a run has made, or nothing",
                advice="Move it away, or give this run another folder with --output.",
            )
        )


def _free_id(output: Path, now: datetime) -> str:
    stamp = now.strftime("%Y-%m-%dT%H%M%S")
    candidate, number = stamp, 2
    while (output / candidate).exists() or (output / f".{candidate}{_PARTIAL}").exists():
        candidate = f"{stamp}-{number}"
        number += 1
    return candidate


def _state(partial: Path) -> dict[str, str]:
    try:
        state = json.loads((partial / _STATE).read_bytes())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}
