from pathlib import Path

from reportgen.results import AuditReport
from reportgen.runs.previous import since
from reportgen.runs.record import AuditRecord, RunRecord
from tests.render import reports


def stored(output: Path, run_id: str, job: str = "j", **audits: AuditReport) -> RunRecord:
    records = []
    for name, report in audits.items():
        folder = output / run_id / f"folder-{name}"
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(report.to_json())
        records.append(AuditRecord(model=name, folder=folder.name, outcome=report.outcome))
    record = RunRecord(run_id=run_id, job=job, job_sha256="", versions={}, audits=tuple(records))
    (output / run_id / "run.json").write_text(record.to_json())
    return record


def test_each_model_is_told_against_its_newest_earlier_audit(tmp_path: Path) -> None:
    stored(tmp_path, "2026-01-01T020000", a=reports.clean(), b=reports.churn())
    stored(tmp_path, "2026-01-02T020000", a=reports.churn(), gone=reports.clean())
    stored(tmp_path, "2026-01-02T030000", "another job", a=reports.clean())
    stored(tmp_path, "2026-01-04T020000", a=reports.clean())  # later: not the past of this one
    (tmp_path / "2026-01-02T235959").mkdir()
    (tmp_path / "2026-01-02T235959" / "run.json").write_text("{")
    now = stored(tmp_path, "2026-01-03T020000", a=reports.churn(), b=reports.clean(),
                 c=reports.clean())  # fmt: skip
    told = since(now, tmp_path, tmp_path / now.run_id, ["a", "b", "c", "not asked for"])
    assert told.previous == "2026-01-02T020000"
    assert told.gone == ("gone",)
    a, b, c = told.audits
    assert (a.before, a.changes) == ("fail", ())
    assert b.before == "fail"
    assert b.changes[0] == "was fail"
    assert (c.before, c.changes) == (None, ("new in this run",))
    assert RunRecord.model_validate_json(told.to_json()) == told


def test_a_first_run_has_no_past(tmp_path: Path) -> None:
    now = stored(tmp_path, "2026-01-03T020000", a=reports.churn())
    assert since(now, tmp_path, tmp_path / now.run_id, ["a"]) == now
    assert since(now, tmp_path / "nowhere", tmp_path / now.run_id, ["a"]) == now
