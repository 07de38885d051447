"""``run.json``: what a run did, for machines."""

from __future__ import annotations

from typing import Literal

from reportgen.results import Frozen, Outcome


class Phases(Frozen):
    """Wall seconds of an audit by phase."""

    load: float = 0.0
    predict: float = 0.0
    retrain: float = 0.0
    examine: float = 0.0
    render: float = 0.0


class AuditRecord(Frozen):
    """One audit of a run: how it ended, how long it took, where its report is."""

    model: str
    folder: str
    outcome: Outcome
    headline: str = ""
    seconds: float = 0.0
    phases: Phases = Phases()
    members: int = 0
    retraining: Literal["stacked", "loop"] | None = None
    peak_memory_mb: float | None = None
    error: str | None = None
    resumed: bool = False
    before: Outcome | None = None  # of the newest earlier audit of this model
    changes: tuple[str, ...] = ()  # since then, in words


class RunRecord(Frozen):
    """The whole run. ``job`` is the job's name; ``versions`` of what took part."""

    schema_version: int = 1
    run_id: str
    job: str
    job_sha256: str
    versions: dict[str, str]
    audits: tuple[AuditRecord, ...]
    previous: str | None = None  # the run that changes are told against
    gone: tuple[str, ...] = ()  # models that it audited and the job no longer names

    def to_json(self) -> str:
        return self.model_dump_json(indent=1) + "\n"
