"""One audit, as the recipe it is: load, predict once, prepare, train once, examine, render.

Runs in a worker process. Whatever goes wrong ends in a report that says so.
"""

from __future__ import annotations

import resource
import time
import traceback
from typing import TYPE_CHECKING, Any

from reportgen.diagnosis.words import first_line
from reportgen.diagnostics import suite
from reportgen.errors import in_words
from reportgen.pipeline.output import rendered, write
from reportgen.pipeline.report import assemble, unfinished
from reportgen.pipeline.sections import examined, prepared, section, trained
from reportgen.pipeline.task import LOG_FILE, PHASE_FILE, AuditTask, Clock
from reportgen.runs.record import AuditRecord, Phases
from reportgen.runs.streams import streams_to

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.job.schema import Job
    from reportgen.results import AuditReport
    from reportgen.retraining.plan import Budget

__all__ = [
    "LOG_FILE",
    "PHASE_FILE",
    "AuditTask",
    "audit",
    "load_case",
    "rendered",
    "retraining_budget",
    "section",
    "write_unfinished",
]


def audit(task: AuditTask) -> AuditRecord:
    """Audit one model and write its reports.

    Never raises for what a model, a data set or a diagnostic does wrong: the record then has
    outcome ``incomplete`` and says why, and the log stays beside the report.
    """
    started = time.perf_counter()
    task.place.mkdir(parents=True, exist_ok=True)
    clock = Clock(task.place)
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
            problem = write(report, task) or problem
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
    lines = [f"{s.diagnostic}: {first_line(s.reason or 'failed')}" for s in failed]
    return "\n".join(lines) or None


def write_unfinished(task_and_reason: tuple[AuditTask, str]) -> AuditRecord:
    """The report of an audit whose worker died: outcome ``incomplete``, with the reason."""
    task, reason = task_and_reason
    report = unfinished(task, reason)
    problem = write(report, task)
    return AuditRecord(
        model=task.model,
        folder=task.folder,
        outcome="incomplete",
        headline=report.headline,
        error=reason if problem is None else f"{reason}\n{problem}",
    )


def _audited(task: AuditTask, clock: Clock, told: dict[str, Any]) -> AuditReport:
    """The report; ``told`` receives what ``run.json`` alone says of the retrainings."""
    from reportgen.provenance import provenance
    from reportgen.restated import restate
    from reportgen.retraining.rounds import Rounds
    from reportgen.retraining.standard import why_not
    from reportgen.retraining.standby import Standby

    job = task.job
    with Standby(log=task.place / LOG_FILE, folder=task.place) as standby:
        if trains_a_network(job, task.model):
            standby.start()  # it imports while data and model are read
        with clock.phase("load"):
            case = load_case(job, task.model)
        if why_not(case) is not None:
            standby.close()
        with clock.phase("predict"):
            for name in case.splits:
                case.predict(name)
            restated = restate(case)
        with clock.phase("examine"):
            asked = [
                prepared(diagnostic, case, job.diagnostics.get(name))
                for name, diagnostic in suite().items()
            ]
        with clock.phase("retrain"):
            rounds = Rounds(
                case,
                retraining_budget(job),
                standby=standby,
                folder=task.place,
                report=clock.retraining,
            )
            training = trained(asked, rounds.run)
    with clock.phase("examine"):
        sections = [examined(one, training) for one in asked]
    round_ = rounds.told
    told.update(members=round_["members"], retraining=training.way if training else None)
    hashes = {name: split.sha256 for name, split in case.dataset.splits.items()}
    return assemble(task, sections, restated, case).model_copy(
        update={
            "plan": round_,
            "provenance": provenance(
                job, task.model, framework=case.predictor.framework, data_sha256=hashes
            ),
        }
    )


def trains_a_network(job: Job, name: str) -> bool:
    """Whether, as far as the job tells, a Keras model of it is going to be trained again."""
    from reportgen.diagnostic import none
    from reportgen.job.schema import KerasModel

    entry = job.models[name]
    if not isinstance(entry.model, KerasModel) or entry.training is None:
        return False
    return any(
        job.diagnostics.get(diagnostic) is not None and declared.retrainings is not none
        for diagnostic, declared in suite().items()
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
    from reportgen.job.reported import claims, history_of
    from reportgen.models import checkpoints
    from reportgen.models.load import load as load_model
    from reportgen.models.members import load as load_members

    entry = job.models[name]
    dataset = load_data(job, entry.dataset)
    predictor, preprocess = load_model(job, name, dataset)
    settings = job.diagnostics.get("seed_ensemble")
    heads = {d.head or "": (d.task, d.classes) for d in (dataset, *dataset.heads.values())}
    claimed = claims(job, entry, dataset.task, dataset.classes, heads if dataset.heads else None)
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
        claims=claimed,
        history=history_of(job, name),
        checkpoints=checkpoints.located(job, name),
    )


def retraining_budget(job: Job) -> Budget:
    """What the job allows the retrainings of one audit."""
    from reportgen.retraining.plan import Budget

    memory = job.budget.memory_gb
    return Budget(
        seconds=60 * job.budget.minutes, memory=None if memory is None else int(memory * 2**30)
    )
