"""The report of one audit: of its sections and numbers, or of why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.diagnosis.causes import causes
from reportgen.diagnosis.headline import headline
from reportgen.diagnosis.walk import honest_score
from reportgen.diagnosis.words import first_line
from reportgen.diagnostics import suite
from reportgen.results import (
    AuditReport,
    HonestScore,
    Restated,
    Section,
    Setting,
    Subject,
    outcome_of,
)

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.job.schema import Job
    from reportgen.pipeline.task import AuditTask


def assemble(
    task: AuditTask, sections: Sequence[Section], restated: tuple[Restated, ...], case: Case
) -> AuditReport:
    """All sections and numbers as one report."""
    score = honest_score(case.task, sections, restated)
    return AuditReport(
        job=task.job.name,
        run_id=task.run_id,
        model=task.model,
        dataset=case.dataset.name,
        task=case.task,
        outcome=outcome_of(sections),
        headline=headline(score, sections, restated),
        subject=_subject(case),
        honest_score=score,
        diagnosis=causes(sections, score, restated),
        reported=restated,
        sections=tuple(sections),
        settings=_settings(task.job),
        not_covered=_not_covered(task, case),
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
            else first_line(reason),
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
        headline=headline(HonestScore(), (), (), error=reason),
        sections=sections,
        settings=_settings(job),
        provenance=provenance(job, task.model),
        error=reason,
    )


def _subject(case: Case) -> Subject:
    output = case.output
    words = f"{output.kind.capitalize()}, read from {output.origin}."
    notes = [output.note or "", *case.predictor.notes, *case.preprocess.notes, *case.dataset.notes]
    for name in case.splits:
        notes += [f"{name}: {note}" for note in case.predict(name).notes]
    rows = {name: split.rows_of_all for name, split in case.dataset.splits.items()}
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
        if used is None:  # switched off: nothing of it was in force
            continue
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


def _not_covered(task: AuditTask, case: Case) -> tuple[str, ...]:
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
    if task.job.diagnostics.get("reconciliation") is None:
        said.append("Why a reported number differs from the recomputed one.")
    said.append("Fairness between groups of people.")
    return tuple(said)
