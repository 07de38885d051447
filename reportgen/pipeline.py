"""One audit, as the recipe it is: load, predict once, prepare, train once, examine, render.

Runs in a worker process. Whatever goes wrong ends in a report that says so.
"""

from __future__ import annotations

import contextlib
import resource
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from reportgen.retraining.member import Member
    from reportgen.retraining.plan import Budget
    from reportgen.retraining.results import Trained

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


def audit(task: AuditTask) -> AuditRecord:
    """Audit one model and write its reports.

    Never raises for what a model, a data set or a diagnostic does wrong: the record then has
    outcome ``incomplete`` and says why, and the log stays beside the report.
    """
    started = time.perf_counter()
    task.place.mkdir(parents=True, exist_ok=True)
    clock = _Clock(task.place)
    told: dict[str, Any] = {}
    log = task.place / LOG_FILE
    with streams_to(log):
        try:
            report = _audited(task, clock, told)
        except (Exception, SystemExit) as error:  # the boundary: a broken model is a report
            traceback.print_exc()
            report = unfinished(task, in_words(error))
        problem = report.error or _failed(report)
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
        members=told.get("members", 0),
        retraining=told.get("retraining"),
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        error=problem,
    )


def _failed(report: AuditReport) -> str | None:
    """Which sections could not be completed, and why, in a line each."""
    failed = [s for s in report.sections if s.status == "failed"]
    lines = [f"{s.diagnostic}: {diagnosis.first_line(s.reason or 'failed')}" for s in failed]
    return "\n".join(lines) or None


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


def _audited(task: AuditTask, clock: _Clock, told: dict[str, Any]) -> AuditReport:
    """The report; ``told`` receives what ``run.json`` alone says of the retrainings."""
    from reportgen.provenance import provenance
    from reportgen.restated import restate
    from reportgen.retraining.rounds import Rounds

    job = task.job
    with clock.phase("load"):
        case = load_case(job, task.model)
    with clock.phase("predict"):
        for name in case.splits:
            case.predict(name)
        restated = restate(case, job)
    with clock.phase("examine"):
        asked = [
            _prepared(diagnostic, case, job.diagnostics.get(name))
            for name, diagnostic in suite().items()
        ]
    with clock.phase("retrain"):
        rounds = Rounds(
            case,
            retraining_budget(job),
            log=task.place / LOG_FILE,
            report=lambda done, total: clock.say(f"retrain {done:,} of {total:,} epochs"),
        )
        trained = _trained(asked, rounds.run)
    with clock.phase("examine"):
        sections = [_examined(one, trained) for one in asked]
    round_ = rounds.told
    told.update(members=round_["members"], retraining=trained.way if trained else None)
    hashes = {name: split.sha256 for name, split in case.dataset.splits.items()}
    return assemble(task, sections, restated, case).model_copy(
        update={
            "plan": round_,
            "provenance": provenance(
                job, task.model, framework=case.predictor.framework, data_sha256=hashes
            ),
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
    from reportgen.models.members import load as load_members

    entry = job.models[name]
    dataset = load_data(job, entry.dataset)
    predictor, preprocess = load_model(job, name, dataset)
    settings = job.diagnostics.get("seed_ensemble")
    return Case(
        name,
        entry,
        dataset,
        predictor,
        preprocess,
        job.seed,
        members=load_members(job, name, dataset),
        ensemble_size=getattr(settings, "members", 0),
        folder=job.file.parent,
    )


def retraining_budget(job: Job) -> Budget:
    """What the job allows the retrainings of one audit."""
    from reportgen.retraining.plan import Budget

    memory = job.budget.memory_gb
    return Budget(
        seconds=60 * job.budget.minutes, memory=None if memory is None else int(memory * 2**30)
    )


@dataclass
class _Asked:
    """A diagnostic after its preparation: what it wants trained, or its section already."""

    diagnostic: Diagnostic
    view: Case | None = None
    prepared: Any = None
    members: list[Member] = field(default_factory=list)
    section: Section | None = None

    def ends(self, error: BaseException) -> Section:
        """Its section is what went wrong; the boundary: it costs no other its section."""
        name = self.diagnostic.name
        self.members = []
        if isinstance(error, NotApplicable):
            self.section = Section(diagnostic=name, status="not_applicable", reason=str(error))
        else:
            traceback.print_exception(error)
            self.section = Section(diagnostic=name, status="failed", reason=in_words(error))
        return self.section


Train = Callable[[Mapping[str, Sequence["Member"]]], "Trained"]


def section(
    diagnostic: Diagnostic, case: Case, settings: Settings | None, train: Train | None = None
) -> Section:
    """One diagnostic's section, as if it were alone; its crash is its own.

    ``train`` carries out its retrainings; by default as an audit does.
    """
    from reportgen.retraining.plan import Budget
    from reportgen.retraining.rounds import Rounds

    asked = _prepared(diagnostic, case, settings)
    return _examined(asked, _trained([asked], train or Rounds(case, Budget()).run))


def _prepared(diagnostic: Diagnostic, case: Case, settings: Settings | None) -> _Asked:
    asked = _Asked(diagnostic)
    if settings is None:
        reason = "switched off in the job"
        asked.section = Section(diagnostic=diagnostic.name, status="not_applicable", reason=reason)
        return asked
    try:
        asked.view = case.view(diagnostic.name, settings)
        asked.prepared = diagnostic.prepare(asked.view)
        asked.members = diagnostic.retrainings(asked.view, asked.prepared)
    except (Exception, SystemExit) as error:
        asked.ends(error)
    return asked


def _trained(asked: Sequence[_Asked], train: Train) -> Trained:
    """One round for everything that was declared, and more members where one asks for them."""
    from reportgen.retraining.results import Trained
    from reportgen.retraining.rounds import joined

    trained = Trained({})
    for further in (False, True):
        wanted = [one for one in asked if one.members]
        if further:
            wanted = [one for one in wanted if _wants_more(one, trained)]
        if not wanted:
            continue
        try:
            trained = joined(trained, train({o.diagnostic.name: o.members for o in wanted}))
        except (Exception, SystemExit) as error:  # no recipe: those that need it say so
            for one in wanted:
                one.ends(error)
    return trained


def _wants_more(one: _Asked, trained: Trained) -> bool:
    assert one.view is not None
    try:
        one.members = one.diagnostic.further(one.view, one.prepared, trained)
    except (Exception, SystemExit) as error:
        one.ends(error)
    return bool(one.members)


def _examined(one: _Asked, trained: Trained) -> Section:
    if one.section is not None:
        return one.section
    assert one.view is not None
    try:
        found = one.diagnostic.examine(one.view, one.prepared, trained)
        return Section.completed(one.diagnostic.name, found)
    except (Exception, SystemExit) as error:
        return one.ends(error)


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
