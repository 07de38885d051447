"""What changed since earlier runs of the same job in the same output folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from reportgen.render.changes import changes
from reportgen.results import AuditReport
from reportgen.runs.record import AuditRecord, RunRecord

MOST = 60  # folders that are looked at, newest first


def since(record: RunRecord, output: Path, folder: Path, models: Collection[str]) -> RunRecord:
    """A run's record with what changed, each audit against the newest earlier one of its model.

    Parameters
    ----------
    output : folder of the runs; folder : that of this run's reports.
    models : all names of the job; others that the run before audited are ``gone``.
    """
    earlier = list(_earlier(output, record.job, record.run_id))
    if not earlier:
        return record
    audits = tuple(_compared(audit, folder, earlier) for audit in record.audits)
    _, newest = earlier[0]
    gone = tuple(a.model for a in newest.audits if a.model not in models)
    return record.model_copy(update={"previous": newest.run_id, "audits": audits, "gone": gone})


def _earlier(output: Path, job: str, run_id: str) -> Iterator[tuple[Path, RunRecord]]:
    """Folder and record of earlier runs, newest first; what cannot be read is passed over."""
    try:
        names = sorted((p.name for p in output.iterdir() if p.name[:1].isdigit()), reverse=True)
    except OSError:
        return
    for name in [n for n in names if n < run_id][:MOST]:
        try:
            record = RunRecord.model_validate_json((output / name / "run.json").read_bytes())
        except (OSError, ValueError):
            continue
        if record.job == job:
            yield output / name, record


def _compared(
    audit: AuditRecord, folder: Path, earlier: list[tuple[Path, RunRecord]]
) -> AuditRecord:
    now = _report(folder / audit.folder)
    if now is None:
        return audit
    for run, record in earlier:
        for other in record.audits:
            if other.model == audit.model and (before := _report(run / other.folder)) is not None:
                told = changes(now, before)
                return audit.model_copy(update={"before": before.outcome, "changes": told})
    return audit.model_copy(update={"changes": changes(now, None)})


def _report(folder: Path) -> AuditReport | None:
    try:
        return AuditReport.from_json((folder / "report.json").read_bytes())
    except (OSError, ValueError):
        return None
