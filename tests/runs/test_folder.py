"""Runs are staged, locked, published in one move, and gone on with after an interruption."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from reportgen.errors import OutputError
from reportgen.runs.folder import locked, open_run
from reportgen.runs.record import AuditRecord

NOW = datetime(2026, 11, 22, 2, 0, 0)


def _record(outcome: str = "pass") -> AuditRecord:
    return AuditRecord(model="m", folder="m", outcome=outcome)


def test_nothing_is_seen_before_publish_and_latest_follows(tmp_path: Path) -> None:
    run = open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    (run.staging / "m").mkdir()
    assert [p for p in tmp_path.iterdir() if not p.name.startswith(".")] == []
    final = run.publish()
    assert final == tmp_path / "2026-11-22T020000"
    assert (tmp_path / "latest").readlink() == Path("2026-11-22T020000")
    second = open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    assert second.run_id == "2026-11-22T020000-2"
    second.publish()
    assert (tmp_path / "latest").readlink() == Path("2026-11-22T020000-2")


def test_an_interrupted_run_keeps_what_was_complete(tmp_path: Path) -> None:
    run = open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    run.finish(_record(), "inputs")
    again = open_run(tmp_path, "job", "sha", fresh=False)
    assert again.run_id == run.run_id
    kept = again.done("m", "inputs")
    assert kept is not None
    assert kept.resumed
    assert again.done("m", "other inputs") is None
    assert again.done("never", "inputs") is None


def test_an_incomplete_audit_is_done_again(tmp_path: Path) -> None:
    run = open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    run.finish(_record("incomplete"), "inputs")
    assert run.done("m", "inputs") is None


def test_a_torn_record_is_not_trusted(tmp_path: Path) -> None:
    run = open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    run.finish(_record(), "inputs")
    (run.staging / "m" / ".audit.json").write_text('{"fingerprint": "inp')
    assert run.done("m", "inputs") is None


@pytest.mark.parametrize(("sha", "fresh"), [("changed", False), ("sha", True)])
def test_a_changed_job_or_fresh_starts_anew(tmp_path: Path, sha: str, fresh: bool) -> None:
    old = open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    old.finish(_record(), "inputs")
    new = open_run(tmp_path, "job", sha, fresh=fresh, now=datetime(2026, 11, 23, 2))
    assert new.run_id == "2026-11-23T020000"
    assert not old.staging.exists()


def test_another_jobs_interrupted_run_is_left_alone(tmp_path: Path) -> None:
    other = open_run(tmp_path, "other", "sha", fresh=False, now=NOW)
    open_run(tmp_path, "job", "sha", fresh=False, now=NOW)
    assert other.staging.exists()


def test_one_run_at_a_time_has_the_folder(tmp_path: Path) -> None:
    held = (
        "import sys, time; from pathlib import Path; from reportgen.runs.folder import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", held, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(OutputError, match=rf"another run .*process {holder.pid}"),
            locked(tmp_path),
        ):
            pass
        holder.kill()
        holder.wait()
        with locked(tmp_path):  # a holder that was killed holds nothing
            pass


def test_a_file_in_place_of_the_folder_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path / "reports"):
        pass


def test_what_is_in_the_place_of_latest_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(OutputError, match="in the way"):
        open_run(tmp_path, "job", "sha", fresh=False)
    assert [p.name for p in tmp_path.iterdir()] == ["latest"]
