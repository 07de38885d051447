"""One audit, as the recipe it is: load, predict once, examine, put together, render.

Runs in a worker process. Whatever goes wrong ends in a report that says so.
"""

from __future__ import annotations

import contextlib
import resource
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen import diagnosis
from reportgen.diagnostic import Diagnostic, NotApplicable
from reportgen.diagnostics import suite
from reportgen.errors import ReportgenError
from reportgen.results import (
    AuditReport,
    HonestScore,
    Restated,
    Section,
    Setting,
    Subject,
    outcome_of,
)
from reportgen.runs.record import AuditRecord, Phases
from reportgen.runs.streams import streams_to
from reportgen.runs.writing import write_atomic

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.job.schema import Job, Settings

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
class _Clock:
    """Seconds by phase; tells the waiting command line which phase it is."""

    place: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        with contextlib.suppress(OSError):  # progress is a courtesy
            (self.place / PHASE_FILE).write_text(name)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed


def audit(task: AuditTask) -> AuditRecord:
    """Audit one model and write its reports.

    Never raises for what a model, a data set or a diagnostic does wrong: the record then has
    outcome ``incomplete`` and says why, and the log stays beside the report.
    """
    started = time.perf_counter()
    task.place.mkdir(parents=True, exist_ok=True)
    clock = _Clock(task.place)
    log = task.place / LOG_FILE
    with streams_to(log):
        try:
            report = _audited(task, clock)
        except Exception as error:  # the boundary: a broken model is a report, not a crash
            traceback.print_exc()
            report = unfinished(task, in_words(error))
        problem = report.error
        with clock.phase("render"):
            problem = _write(report, task) or problem
    (task.place / PHASE_FILE).unlink(missing_ok=True)
    outcome = report.outcome if problem is None else "incomplete"
    if outcome != "incomplete":
        log.unlink(missing_ok=True)
    return AuditRecord(
        model=task.model,
        folder=task.folder,
        outcome=outcome,
        headline=report.headline,
        seconds=time.perf_counter() - started,
        phases=Phases(**clock.seconds),
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        error=problem,
    )


def write_unfinished(task_and_reason: tuple[AuditTask, str]) -> AuditRecord:
    """The report of an audit whose worker died: outcome ``incomplete``, with the reason."""
    task, reason = task_and_reason
    report = unfinished(task, reason)
    problem = _write(report, task)
    return AuditRecord(
        model=task.model,
        folder=task.folder,
        outcome="incomplete",
        headline=report.headline,
        error=reason if problem is None else f"{reason}\n{problem}",
    )


def _audited(task: AuditTask, clock: _Clock) -> AuditReport:
    from reportgen.provenance import provenance
    from reportgen.restated import restate

    job = task.job
    with clock.phase("load"):
        case = load_case(job, task.model)
    with clock.phase("predict"):
        for name in case.splits:
            case.predict(name)
        restated = restate(case, job)
    with clock.phase("examine"):
        sections = [
            section(diagnostic, case, job.diagnostics.get(name))
            for name, diagnostic in suite().items()
        ]
    hashes = {name: split.sha256 for name, split in case.dataset.splits.items()}
    return assemble(task, sections, restated, case).model_copy(
        update={
            "provenance": provenance(
                job, task.model, framework=case.predictor.framework, data_sha256=hashes
            )
        }
    )


def load_case(job: Job, name: str) -> Case:
    """The evidence for one model of a job.

    Raises
    ------
    ReportgenError
        if its data or its model cannot be used.
    """
    from reportgen.data.load import load as load_data
    from reportgen.evidence import Case
    from reportgen.models.load import load as load_model

    entry = job.models[name]
    dataset = load_data(job, entry.dataset)
    predictor, preprocess = load_model(job, name, dataset)
    return Case(name, entry, dataset, predictor, preprocess, job.seed)


def section(diagnostic: Diagnostic, case: Case, settings: Settings | None) -> Section:
    """One diagnostic's section; its crash is its own."""
    name = diagnostic.name
    if settings is None:
        return Section(diagnostic=name, status="not_applicable", reason="switched off in the job")
    try:
        view = case.view(name, settings)
        prepared = diagnostic.prepare(view)
        return Section.completed(name, diagnostic.examine(view, prepared))
    except NotApplicable as reason:
        return Section(diagnostic=name, status="not_applicable", reason=str(reason))
    except Exception as error:  # the boundary: one diagnostic's crash costs no other its section
        traceback.print_exc()
        return Section(diagnostic=name, status="failed", reason=in_words(error))


def assemble(
    task: AuditTask, sections: Sequence[Section], restated: tuple[Restated, ...], case: Case
) -> AuditReport:
    """All sections and numbers as one report."""
    score = diagnosis.honest_score(case.task, sections, restated)
    return AuditReport(
        job=task.job.name,
        run_id=task.run_id,
        model=task.model,
        dataset=case.dataset.name,
        task=case.task,
        outcome=outcome_of(sections),
        headline=diagnosis.headline(score, sections, restated),
        subject=_subject(case),
        honest_score=score,
        diagnosis=diagnosis.causes(sections),
        reported=restated,
        sections=tuple(sections),
        settings=_settings(task.job),
        not_covered=_not_covered(case),
    )


def unfinished(task: AuditTask, reason: str) -> AuditReport:
    """A report for an audit that could not be done; every diagnostic appears all the same."""
    from reportgen.provenance import provenance

    job = task.job
    entry = job.models[task.model]
    dataset = job.datasets.get(entry.dataset)
    sections = tuple(
        Section(
            diagnostic=name,
            status="not_applicable" if job.diagnostics.get(name) is None else "failed",
            reason="switched off in the job"
            if job.diagnostics.get(name) is None
            else diagnosis.first_line(reason),
        )
        for name in suite()
    )
    return AuditReport(
        job=job.name,
        run_id=task.run_id,
        model=task.model,
        dataset=entry.dataset,
        task=dataset.task if dataset else None,
        outcome="incomplete",
        headline=diagnosis.headline(HonestScore(), (), (), error=reason),
        sections=sections,
        settings=_settings(job),
        provenance=provenance(job, task.model),
        error=reason,
    )


def in_words(error: BaseException) -> str:
    """An error as the reader of a report needs it: no traceback, but the kind of a surprise."""
    if isinstance(error, ReportgenError):
        return str(error)
    if isinstance(error, MemoryError):
        return "it ran out of memory"
    return f"{type(error).__name__}: {error}"


def _write(report: AuditReport, task: AuditTask) -> str | None:
    """Write the report in the job's formats; the JSON first, since it cannot fail to draw.

    Returns
    -------
    what went wrong, in words, or None.
    """
    problems = []
    for name in ("json", *(f for f in ("html", "pdf") if f in task.job.formats)):
        try:
            write_atomic(task.place / f"report.{name}", rendered(report, name))
        except Exception as error:  # the boundary: a PDF that fails leaves the HTML
            traceback.print_exc()
            problems.append(f"report.{name}: {in_words(error)}")
    return "\n".join(problems) or None


def rendered(report: AuditReport, form: str) -> str | bytes:
    """A report as ``json``, ``html`` or ``pdf``."""
    if form == "json":
        return report.to_json()
    if form == "html":
        from reportgen.render.html import render_html

        return render_html(report)
    from reportgen.render.pdf import render_pdf

    return render_pdf(report)


def _subject(case: Case) -> Subject:
    output = case.output
    words = f"{output.kind.capitalize()}, read from {output.origin}."
    notes = [output.note or "", *case.predictor.notes, *case.preprocess.notes, *case.dataset.notes]
    for name in case.splits:
        notes += [f"{name}: {note}" for note in case.predict(name).notes]
    rows = {name: split.n for name, split in case.dataset.splits.items()}
    counts = [f"{n:,} {name}" for name, n in rows.items()]
    return Subject(
        model=case.predictor.description,
        data=f"{', '.join(counts)} rows{_shares(case)}.",
        output=words,
        rows=rows,
        notes=tuple(dict.fromkeys(note for note in notes if note)),
    )


def _shares(case: Case) -> str:
    """``; 21.0 % leave`` for binary tasks, ``; 10 classes`` and the like for others."""
    import numpy as np

    if case.task == "regression":
        return ""
    if case.task != "binary" or case.dataset.positive is None or not case.splits:
        return f"; {len(case.classes)} {'labels' if case.task == 'multilabel' else 'classes'}"
    name = "test" if "test" in case.splits else case.splits[-1]
    share = float(np.mean(case.split(name).y == case.dataset.positive))
    return f"; {100 * share:.1f}\N{THIN SPACE}% {case.classes[case.dataset.positive]}"


def _settings(job: Job) -> tuple[Setting, ...]:
    rows = []
    for name, diagnostic in suite().items():
        used = job.diagnostics.get(name)
        for key, info in diagnostic.settings.model_fields.items():
            rows.append(
                Setting(
                    diagnostic=name,
                    name=key,
                    default=info.get_default(call_default_factory=True),
                    used=getattr(used, key, None),
                    meaning=info.description or "",
                )
            )
    return tuple(rows)


def _not_covered(case: Case) -> tuple[str, ...]:
    """What a reader might think this audit has looked at, and it has not."""
    splits = case.dataset.splits
    said = []
    if case.predictor.framework == "predictions":
        said.append("The model itself: only its stored predictions were given.")
    else:
        said.append("Serving code: the model was called from Python, on the rows of the job.")
    if "train" not in splits:
        said.append("Anything that needs training rows: no train split was given.")
    if all(split.groups is None for split in splits.values()):
        said.append("Groups that belong together: no group column is declared.")
    if all(split.times is None for split in splits.values()):
        said.append("Change over time: no time column is declared.")
    said.append("Why a reported number differs from the recomputed one.")
    said.append("Fairness between groups of people.")
    return tuple(said)
