"""The appendix says what was audited: the job as read, without its passwords."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from reportgen.job.load import load
from reportgen.provenance import fingerprint, provenance, sha256_of

JOB = """
version: 1
name: nightly
datasets:
  d:
    task: binary
    train: {sql: "postgresql://me:s3cret@db/x", query: "select 1"}
    test: test.csv
    target: y
    validation: {from: train, fraction: 0.2, method: random}
models:
  m:
    dataset: d
    model: {predictions: {test: scores.csv}}
    reported:
      - {metric: accuracy, value: 0.950}
      - {metric: f1, value: 91.30 %}
"""


def _job(folder: Path) -> Path:
    (folder / "job.yaml").write_text(JOB)
    (folder / "test.csv").write_text("x,y\n1,0\n")
    (folder / "scores.csv").write_text("prediction\n0.5\n")
    return folder / "job.yaml"


def test_the_job_as_read_keeps_digits_and_hides_passwords(tmp_path: Path) -> None:
    told = provenance(load(_job(tmp_path), {}), "m")
    assert "value: 0.950" in told.job
    assert "91.30 %" in told.job
    assert "s3cret" not in told.model_dump_json()
    read = yaml.safe_load(told.job)
    assert read["datasets"]["d"]["test"] == "test.csv"
    assert read["datasets"]["d"]["validation"] == {
        "from": "train",
        "fraction": 0.2,
        "method": "random",
    }
    assert told.files == {"predictions test": "scores.csv", "test": "test.csv"}
    assert told.job_sha256 == hashlib.sha256(JOB.encode()).hexdigest()


def test_an_audit_is_done_again_when_a_file_it_reads_has_changed(tmp_path: Path) -> None:
    job = load(_job(tmp_path), {})
    before = fingerprint(job, "m")
    assert fingerprint(job, "m") == before
    (tmp_path / "scores.csv").write_text("prediction\n0.25\n")
    after = fingerprint(job, "m")
    assert after != before
    (tmp_path / "test.csv").unlink()
    assert fingerprint(job, "m") not in (before, after)


def test_a_folders_hash_depends_on_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"1")
    first = sha256_of(tmp_path)
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    assert sha256_of(tmp_path) != first
    assert sha256_of(tmp_path / "nowhere") is None
    assert sha256_of(tmp_path / "a" / "y") == hashlib.sha256(b"1").hexdigest()


def test_an_audit_is_done_again_when_its_python_has_changed(tmp_path: Path) -> None:
    path = _job(tmp_path)
    model = "model: {predictions: {test: scores.csv}}"
    assert model in JOB
    path.write_text(JOB.replace(model, "model: {python: 'hooks:build'}"))
    (tmp_path / "hooks.py").write_text("from neighbour import build\n")
    (tmp_path / "neighbour.py").write_text("def build(): ...\n")
    job = load(path, {})
    before = fingerprint(job, "m")
    (tmp_path / "neighbour.py").write_text("def build(): raise OSError\n")
    assert fingerprint(job, "m") != before
