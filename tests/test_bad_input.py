"""Bad input gets an error in words; one audit's failure leaves the others' reports whole.

One job of many broken models runs once through the command line, as a scheduler would run it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

SOUND = "sound"
NAMES = {
    "../../escape": "-..-escape",
    "<script>alert(1)</script>": "-script-alert-1-script-",
    "n" * 300: "n" * 80,
    "🙂": "-",
    "a/b": "a-b",
    "a b": "a-b-2",
}

HOOKS = """
import os
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Raising(ClassifierMixin, BaseEstimator):
    classes_ = np.array(["no", "yes"])
    fitted_ = True

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X):
        raise RuntimeError("the feature store is down")


class Aborting(Raising):
    def predict_proba(self, X):
        os.abort()


def build_raising():
    return Raising()


def build_aborting():
    return Aborting()


def build_broken():
    return undefined_name
"""


def _table(path: Path, n: int = 60, *, seed: int = 0, labels: Any = None) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    y = np.where(x[:, 0] + rng.normal(size=n) > 0, "yes", "no") if labels is None else labels
    rows = "\n".join(f"{a:.4f},{b:.4f},{c}" for (a, b), c in zip(x, y, strict=True))
    path.write_text(f"a,b,label\n{rows}\n")


def _scores(path: Path, n: int = 60, *, bad: str | None = None) -> None:
    rng = np.random.default_rng(1)
    values = [f"{v:.4f}" for v in rng.uniform(0.01, 0.99, n)]
    if bad is not None:
        values[7] = bad
    path.write_text("prediction\n" + "\n".join(values) + "\n")


def _job(folder: Path) -> dict[str, Any]:
    (folder / "hooks_of_bad_input.py").write_text(HOOKS)
    for name, seed in (("train.csv", 2), ("test.csv", 3)):
        _table(folder / name, seed=seed)
    _scores(folder / "scores.csv")
    _scores(folder / "short.csv", 59)
    _scores(folder / "nan.csv", bad="nan")
    _scores(folder / "inf.csv", bad="inf")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "header.csv").write_text("a,b,label\n")
    (folder / "truncated.parquet").write_bytes(b"PAR1" + b"\0" * 40)
    (folder / "binary.csv").write_bytes(b"a,b,label\n\xff\xfe\x00\x81,1,yes\n")
    (folder / "truncated.keras").write_bytes(b"PK\x03\x04" + b"\0" * 30)
    (folder / "pickle.skops").write_bytes(b"\x80\x04N.")
    _table(folder / "one_row.csv", 1)
    _scores(folder / "one_row_scores.csv", 1)
    _table(folder / "one_class.csv", labels=["no"] * 60)
    _table(folder / "unseen.csv", labels=["no", "yes", "maybe"] * 20)
    (folder / "all_nan.csv").write_text("a,b,label\n" + ",1.0,yes\n,2.0,no\n" * 30)

    def dataset(test: str, **more: Any) -> dict[str, Any]:
        return {"task": "binary", "test": test, "target": "label", "classes": ["no", "yes"], **more}

    def predictions(data: str, file: str = "scores.csv") -> dict[str, Any]:
        return {"dataset": data, "model": {"predictions": {"test": file}}}

    def python(function: str) -> dict[str, Any]:
        return {"dataset": "good", "model": {"python": f"hooks_of_bad_input:{function}"}}

    files = ("missing.csv", "empty.csv", "header.csv", "truncated.parquet", "binary.csv",
             "one_row.csv", "one_class.csv", "unseen.csv", "all_nan.csv")  # fmt: skip
    datasets = {file.replace(".", "-"): dataset(file) for file in files}
    datasets["good"] = dataset("test.csv", train="train.csv")
    datasets["no-column"] = dataset("test.csv", features=["a", "zebra"])
    models = {SOUND: predictions("good")}
    models |= {f"data {name}": predictions(name) for name in datasets if name != "good"}
    models["data one_row-csv"] = predictions("one_row-csv", "one_row_scores.csv")
    models |= {f"scores {f}": predictions("good", f) for f in ("short.csv", "nan.csv", "inf.csv")}
    models |= {f"hook {f}": python(f) for f in ("build_raising", "build_aborting", "build_broken")}
    models["missing model"] = {"dataset": "good", "model": {"sklearn": "nowhere.skops"}}
    models["truncated model"] = {"dataset": "good", "model": {"keras": "truncated.keras"}}
    models["untrusted pickle"] = {"dataset": "good", "model": {"sklearn": "pickle.skops"}}
    models |= {name: predictions("good") for name in NAMES}
    return {"version": 1, "name": "bad <b>input</b>", "datasets": datasets, "models": models}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("bad-input")
    job = _job(folder)
    job["formats"] = ["html", "json"]
    (folder / "job.yaml").write_text(yaml.safe_dump(job, allow_unicode=True, sort_keys=False))
    command = [sys.executable, "-m", "reportgen", "run", str(folder / "job.yaml")]
    command += ["--output", str(folder / "out"), "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=540, check=False)
    return done, folder / "out" / "latest"


@pytest.fixture(scope="module")
def audits(ran: tuple[subprocess.CompletedProcess[str], Path]) -> dict[str, dict[str, Any]]:
    record = json.loads((ran[1] / "run.json").read_text())
    return {audit["model"]: audit for audit in record["audits"]}


def test_the_run_ends_with_3_and_no_traceback(
    ran: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _ = ran
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "Traceback" not in done.stdout


def test_every_audit_has_a_line_and_reports(
    ran: tuple[subprocess.CompletedProcess[str], Path], audits: dict[str, dict[str, Any]]
) -> None:
    done, latest = ran
    lines = done.stdout.splitlines()
    assert len(lines) == len(audits)
    for line, audit in zip(lines, audits.values(), strict=True):
        outcome, _, path = line.split("\t")
        assert outcome == audit["outcome"]
        assert Path(path).is_file()
        report = json.loads((latest / audit["folder"] / "report.json").read_text())
        assert report["outcome"] == outcome
        names = [s["diagnostic"] for s in report["sections"]]
        assert len(names) == len(set(names)) > 0
    assert (latest / "index.html").is_file()


def test_the_sound_model_is_audited_as_if_alone(audits: dict[str, dict[str, Any]]) -> None:
    assert audits[SOUND]["outcome"] in ("pass", "warn", "fail")
    assert audits[SOUND]["error"] is None


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("data missing-csv", ["missing.csv"]),
        ("data empty-csv", ["empty.csv", "empty"]),
        ("data header-csv", ["header.csv", "row"]),
        ("data truncated-parquet", ["truncated.parquet"]),
        ("data unseen-csv", ["maybe"]),
        ("data no-column", ["zebra"]),
        ("scores short.csv", ["59", "60"]),
        ("scores nan.csv", ["1", "row 7"]),
        ("scores inf.csv", ["1", "row 7"]),
        ("hook build_raising", ["the feature store is down"]),
        ("hook build_aborting", ["SIGABRT"]),
        ("hook build_broken", ["undefined_name"]),
        ("missing model", ["nowhere.skops"]),
        ("truncated model", ["truncated.keras"]),
        ("untrusted pickle", ["trusted"]),
    ],
)
def test_what_is_broken_is_told_in_words(
    audits: dict[str, dict[str, Any]], model: str, words: list[str]
) -> None:
    audit = audits[model]
    assert audit["outcome"] == "incomplete"
    for word in words:
        assert word in audit["error"]


@pytest.mark.parametrize(
    "model", ["data one_row-csv", "data one_class-csv", "data all_nan-csv", "data binary-csv"]
)
def test_thin_data_are_judged_or_refused_in_words(
    audits: dict[str, dict[str, Any]], model: str
) -> None:
    error = audits[model]["error"] or ""
    # A surprise would be told as "TypeError: ..."; a refusal is a sentence.
    assert "Error:" not in error


def test_names_cannot_leave_the_folder_or_enter_the_page(
    ran: tuple[subprocess.CompletedProcess[str], Path], audits: dict[str, dict[str, Any]]
) -> None:
    _, latest = ran
    assert {name: audits[name]["folder"] for name in NAMES} == NAMES
    for name in NAMES:
        page = (latest / audits[name]["folder"] / "report.html").read_text()
        assert "<script>alert(1)" not in page
        assert "<b>input</b>" not in page
    assert "<script>alert(1)" not in (latest / "index.html").read_text()
    here = {p.name for p in latest.resolve().parent.iterdir()}
    assert here == {latest.resolve().name, "latest", ".lock"}
