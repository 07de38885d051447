"""One run of a job: the lock, an audit a model in worker processes, the index, ``latest``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.executors.local import Died, run_tasks
from reportgen.pipeline import LOG_FILE, PHASE_FILE, AuditTask, audit, write_unfinished
from reportgen.pipeline.overview import overviews
from reportgen.provenance import fingerprint, versions
from reportgen.render.look import PLAIN, Look
from reportgen.runs.folder import RunFolder, locked, open_run
from reportgen.runs.previous import since
from reportgen.runs.record import AuditRecord, RunRecord
from reportgen.runs.writing import cannot_write, clean_names, write_atomic

if TYPE_CHECKING:
    from reportgen.job.schema import Job

_SERVER_LOG = ".workers.log"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the command line is told while a run goes on; every call is optional to heed."""

    started: Callable[[RunFolder, Sequence[str]], None] = lambda run, models: None
    waiting: Callable[[dict[str, str]], None] = lambda phases: None  # model -> phase
    finished: Callable[[AuditRecord], None] = lambda record: None


@dataclass(frozen=True, slots=True)
class Run:
    """A published run: its folder and its record."""

    folder: Path
    record: RunRecord

    @property
    def exit_code(self) -> int:
        """0 nothing failing, 1 some finding is ``fail``, 3 something could not be completed."""
        outcomes = {a.outcome for a in self.record.audits}
        if "incomplete" in outcomes:
            return 3
        return 1 if "fail" in outcomes else 0


def run(
    job: Job,
    *,
    only: Sequence[str] = (),
    output: Path | None = None,
    workers: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Audit every model of a job (or ``only`` those named) and publish the reports.

    Raises
    ------
    JobError
        if the job's ``templates:`` folder cannot be used.
    OutputError
        if the output folder cannot be written or is locked. A run that is interrupted leaves
        what it has; the next run goes on from there unless ``fresh``.
    """
    progress = progress or Progress()
    place = (output or Path(job.output)).absolute()
    names = [name for name in job.models if not only or name in only]
    folders = clean_names(job.models)
    look = _look(job)
    if "pdf" in job.formats:
        from reportgen.render.system import check

        check()
    with locked(place):
        # A run of some models is another run than one of all of them.
        identity = "\0".join((job.sha256, *names))
        folder = open_run(place, job.name, identity, fresh=fresh)
        progress.started(folder, names)
        records = _audit_all(job, names, folders, folder, workers, progress, look)
        record = RunRecord(
            run_id=folder.run_id,
            job=job.name,
            job_sha256=job.sha256,
            versions=versions(),
            audits=tuple(records[name] for name in names),
        )
        record = since(record, place, folder.staging, job.models)
        pages = overviews(folder.staging, record, job.formats, job.base_url, look)
        for name, text in pages.items():
            write_atomic(folder.staging / name, text)
        write_atomic(folder.staging / "run.json", record.to_json())
        _sweep(folder, names, folders)
        return Run(folder.publish(), record)


def _look(job: Job) -> Look:
    if job.templates is None:
        return PLAIN
    from reportgen.render import branding

    return branding.of_job(job.locate(job.templates), job.line("templates"), job.file)


def _audit_all(
    job: Job,
    names: Sequence[str],
    folders: dict[str, str],
    folder: RunFolder,
    workers: int | None,
    progress: Progress,
    look: Look,
) -> dict[str, AuditRecord]:
    records: dict[str, AuditRecord] = {}
    prints = {name: fingerprint(job, name) + look.digest for name in names}
    tasks: dict[str, AuditTask] = {}
    for name in names:
        stored = folder.done(folders[name], prints[name])
        if stored is not None:
            records[name] = stored
            progress.finished(stored)
        else:
            tasks[name] = AuditTask(job, name, folder.run_id, folder.staging, folders[name], look)
            _emptied(tasks[name].place)

    def tell() -> None:
        progress.waiting({name: phase for name, task in tasks.items() if (phase := _phase(task))})

    log = folder.staging / _SERVER_LOG
    results = run_tasks(
        audit,
        tasks,
        workers=workers or job.executor.workers,
        preload=_preload(job, list(tasks)),
        log=log,
        on_wait=tell,
    )
    for name, result in results:
        record = _lost(tasks[name], result.reason, log) if isinstance(result, Died) else result
        if record.outcome != "incomplete":
            folder.finish(record, prints[name])
        records[name] = record
        progress.finished(record)
    return records


def _lost(task: AuditTask, reason: str, log: Path) -> AuditRecord:
    """Write the report of an audit whose worker died; in a worker too, since it draws."""
    phase = _phase(task)
    sentence = f"{reason}{f', in phase {phase}' if phase else ''}; see {LOG_FILE} beside the report"
    (task.place / PHASE_FILE).unlink(missing_ok=True)
    for _, result in run_tasks(
        write_unfinished, {task.model: (task, sentence)}, workers=1, log=log
    ):
        if not isinstance(result, Died):
            return result
    json_only = replace(task, job=task.job.model_copy(update={"formats": ("json",)}))
    return write_unfinished((json_only, sentence))


def _preload(job: Job, tasks: Sequence[str]) -> list[str]:
    """Modules worth importing once for all workers: what the audits of this run need.

    Polars is not among them: it has threads of its own, which a fork would not take along.
    """
    from reportgen.models.headers import needs_tensorflow

    entries = [job.models[name] for name in tasks]
    modules = ["numpy", "reportgen.pipeline"]
    if any(needs_tensorflow(job, entry) for entry in entries):
        modules += ["tensorflow", "keras"]
    if any(hasattr(part, "sklearn") for e in entries for part in (e.model, *e.preprocess)):
        modules += ["skops.io", "pandas"]
    if len(tasks) > 1:
        modules += ["scipy.stats", "sklearn.ensemble", "sklearn.linear_model", "matplotlib.figure"]
        modules += ["weasyprint"] if "pdf" in job.formats else []
    return modules


def _phase(task: AuditTask) -> str | None:
    try:
        return (task.place / PHASE_FILE).read_text()
    except OSError:
        return None


def _emptied(place: Path) -> None:
    """An interrupted audit's leftovers must not pass for this run's files."""
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(place, error) from error


def _sweep(folder: RunFolder, names: Sequence[str], folders: dict[str, str]) -> None:
    """Only what the contract names is published."""
    (folder.staging / _SERVER_LOG).unlink(missing_ok=True)
    for name in names:
        (folder.staging / folders[name] / PHASE_FILE).unlink(missing_ok=True)
