"""The command line as a user meets it: exit codes, what goes where, signals, odd inputs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
SLOW = """
import time


def build():
    time.sleep(60)
"""


def reportgen(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reportgen", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )  # fmt: skip


def write_job(folder: Path, models: dict[str, Any], **dataset: Any) -> Path:
    rows = "".join(f"{i % 7},{i % 3},{'yes' if i % 7 > 3 else 'no'}\n" for i in range(60))
    (folder / "test.csv").write_text("a,b,label\n" + rows)
    scores = "".join(f"{(i % 7) / 7:.3f}\n" for i in range(60))
    (folder / "scores.csv").write_text("prediction\n" + scores)
    job = {
        "version": 1,
        "name": "cli",
        "formats": ["json"],
        "datasets": {"d": {"task": "binary", "test": "test.csv", "target": "label", **dataset}},
        "models": models,
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(job, sort_keys=False, allow_unicode=True))
    return folder / "job.yaml"


STORED = {"dataset": "d", "model": {"predictions": {"test": "scores.csv"}}}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "Usage: "),
        (("run",), 2, "Missing argument"),
        (("run", "gone.yaml"), 2, "no such job file"),
        (("run", "job.yaml", "--workers", "0"), 2, "--workers"),
        (("run", "job.yaml", "--only", "m", "--only", "n"), 2, "'n'"),
        (("render", "job.yaml"), 2, "not a report.json"),
        (("render", "gone.json"), 2, "cannot be read"),
        (("render", "gone.json", "--format", "docx"), 2, "html, pdf, markdown, junit"),
        (("explain", "no.such"), 2, "no finding has the code"),
        (("bogus",), 2, "No such command"),
        (("validate", "."), 2, "directory"),
        (("init", "job.yaml"), 2, "exists already"),
    ],
)
def test_misuse_is_told_on_stderr_alone(
    arguments: tuple[str, ...], code: int, words: str, tmp_path: Path
) -> None:
    write_job(tmp_path, {"m": STORED})
    done = reportgen(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stderr.startswith("reportgen: Usage")


def test_what_is_noted_by_the_way_is_a_line(tmp_path: Path) -> None:
    """A figure that cannot be drawn is told without a traceback, and costs no page."""
    job = write_job(tmp_path, {"m": STORED})
    assert reportgen("run", job, "--quiet", cwd=tmp_path).returncode < 2
    stored = tmp_path / "reports" / "latest" / "m" / "report.json"
    report = json.loads(stored.read_text())
    section = next(s for s in report["sections"] if s["diagnostic"] == "performance")
    section["series"] = dict.fromkeys(section["series"], 5)
    stored.write_text(json.dumps(report))
    done = reportgen("render", stored, "--format", "html", cwd=tmp_path)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "performance" in done.stderr
    assert all(line.startswith("reportgen: ") for line in done.stderr.splitlines())
    assert "Sign-off" in stored.with_suffix(".html").read_text()


def test_debug_shows_where(tmp_path: Path) -> None:
    done = reportgen("validate", "gone.yaml", "--debug", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_a_locale_without_dashes_lists_all_the_same(tmp_path: Path) -> None:
    done = reportgen("list", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "performance" in done.stdout


def test_run_quiet_and_relative_output(tmp_path: Path) -> None:
    job = write_job(tmp_path, {"m": STORED, "\x1b[31mred\ttab": STORED})
    place = tmp_path / "elsewhere"
    place.mkdir()
    done = reportgen("run", job, "--quiet", "--output", "out", cwd=place)
    assert done.stderr == ""
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [len(line) for line in lines] == [3, 3]
    assert "\x1b" not in done.stdout
    for outcome, _, path in lines:
        assert json.loads(Path(path).read_text())["outcome"] == outcome
        assert Path(path).is_relative_to(place / "out")


def test_validate_tells_the_line_of_the_job_and_the_file(tmp_path: Path) -> None:
    job = write_job(tmp_path, {"m": STORED}, weight="w")
    line = next(i for i, row in enumerate(job.read_text().splitlines(), 1) if "weight" in row)
    done = reportgen("validate", "job.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert f"job.yaml:{line}: datasets.d.weight: test.csv: column 'w'" in done.stderr


def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    for name in ("pipe.csv", "pipe.keras", "pipe.txt"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    sources = [{"keras": "pipe.keras"}, {"keras": "loop.csv"}, {"keras": "/dev/zero"},
               {"predictions": {"test": "pipe.csv"}}]  # fmt: skip
    models: dict[str, Any] = {f"m{i}": {"dataset": "d", "model": s} for i, s in enumerate(sources)}
    models["log"] = {**STORED, "reported": [{"keras_log": "pipe.txt"}]}
    write_job(tmp_path, models, train="pipe.csv")
    checked = reportgen("validate", "job.yaml", cwd=tmp_path)
    assert checked.returncode == 2
    assert checked.stderr.count("this is a pipe") == 4
    assert "this is a device" in checked.stderr
    assert "symbolic links" in checked.stderr
    ran = reportgen("run", "job.yaml", cwd=tmp_path)
    assert ran.returncode == 3
    assert len(ran.stdout.splitlines()) == len(models)


@pytest.mark.parametrize(
    ("number", "word"), [(signal.SIGINT, "Interrupted"), (signal.SIGTERM, "SIGTERM")]
)
def test_an_interrupted_run_says_so_and_goes_on(
    number: signal.Signals, word: str, tmp_path: Path
) -> None:
    (tmp_path / "slow_build.py").write_text(SLOW)
    slow = {"dataset": "d", "model": {"python": "slow_build:build"}}
    write_job(tmp_path, {"m": STORED, "slow": slow})
    command = [sys.executable, "-m", "reportgen", "run", "job.yaml"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(
        tmp_path.glob("reports/.*.partial/*/.audit.json")
    ):
        time.sleep(0.1)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert out == ""
    assert word in err
    (tmp_path / "slow_build.py").write_text("def build():\n    raise OSError('down')\n")
    again = reportgen("run", "job.yaml", cwd=tmp_path)
    assert again.returncode == 3
    assert "kept from the interrupted run" in again.stderr
    assert "down" in again.stderr


def test_the_schema_accepts_the_example_jobs(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    done = reportgen("schema", cwd=tmp_path)
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in CONFIGS.glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def test_init_lists_what_is_left_to_settle(tmp_path: Path) -> None:
    write_job(tmp_path, {"m": STORED})
    done = reportgen("init", "new.yaml", "--train", "test.csv", "--target", "label", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "valid" in done.stderr
    short = "prediction\n0.1\n0.2\n"
    (tmp_path / "short.csv").write_text(short)
    done = reportgen(
        "init", "odd.yaml", "--model", "short.csv", "--test", "test.csv", "--target", "label",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "left to you" in done.stderr
    assert "2 predictions for the 60 rows" in done.stderr
    assert (tmp_path / "odd.yaml").is_file()


def test_one_run_id_gives_the_same_bytes(tmp_path: Path) -> None:
    """As a run that was killed before its first audit, and gone on with: the id is the first's."""
    from sklearn.linear_model import SGDClassifier
    from skops.io import dump

    job = write_job(tmp_path, {"stored": STORED}, train="test.csv")
    X = [[i % 7, i % 3] for i in range(60)]
    y = ["yes" if i % 7 > 3 else "no" for i in range(60)]
    dump(SGDClassifier(loss="log_loss", random_state=3).fit(X, y), tmp_path / "m.skops")
    formats = {"json": "json", "html": "html", "pdf": "pdf", "markdown": "md", "junit": "junit.xml"}
    content = yaml.safe_load(job.read_text()) | {"formats": list(formats)}
    content["models"]["fitted"] = {"dataset": "d", "model": {"sklearn": "m.skops"}}
    content["diagnostics"] = {"seed_ensemble": {"members": 3}}
    job.write_text(yaml.safe_dump(content, sort_keys=False))
    first = reportgen("run", job, "--output", "one", cwd=tmp_path, env={"PYTHONHASHSEED": "1"})
    run_id = (tmp_path / "one" / "latest").readlink()
    record = json.loads((tmp_path / "one" / "latest" / "run.json").read_text())
    assert next(a for a in record["audits"] if a["model"] == "fitted")["members"] >= 3
    staging = tmp_path / "two" / f".{run_id}.partial"
    staging.mkdir(parents=True)
    identity = "\0".join((record["job_sha256"], "stored", "fitted"))
    (staging / ".run-state.json").write_text(json.dumps({"job": "cli", "job_sha256": identity}))
    again = reportgen(
        "run", job, "--output", "two", "--workers", "2", cwd=tmp_path, env={"PYTHONHASHSEED": "2"}
    )
    assert first.returncode == again.returncode < 2, first.stderr + again.stderr
    assert (tmp_path / "two" / "latest").readlink() == run_id
    for model in ("stored", "fitted"):
        for form in formats.values():
            one, two = (tmp_path / o / run_id / model / f"report.{form}" for o in ("one", "two"))
            assert one.read_bytes() == two.read_bytes(), (model, form)
    _rendered_from_json_are_the_same_bytes(tmp_path, tmp_path / "one" / run_id, formats)


def _rendered_from_json_are_the_same_bytes(
    place: Path, run: Path, formats: Mapping[str, str]
) -> None:
    drawn = ",".join(form for form in formats if form != "json")
    for model in ("stored", "fitted"):
        done = reportgen(
            "render", run / model / "report.json", "--format", drawn, "--output", place / model,
            cwd=place, env={"PYTHONHASHSEED": "3", "TZ": "UTC-9"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        names = sorted(Path(line).name for line in done.stdout.splitlines())
        assert names == sorted(f"report.{s}" for f, s in formats.items() if f != "json")
        for name in names:
            assert (place / model / name).read_bytes() == (run / model / name).read_bytes(), name
    done = reportgen(
        "render",
        run / "run.json",
        "--format",
        "html,markdown,junit",
        "--output",
        "again",
        cwd=place,
    )
    assert done.returncode == 0, done.stderr
    for name in ("index.html", "summary.md", "junit.xml"):
        assert (place / "again" / name).read_bytes() == (run / name).read_bytes(), name


def test_a_look_of_ones_own_is_checked_first_and_costs_no_audit_its_report(tmp_path: Path) -> None:
    job = write_job(tmp_path, {"m": STORED})
    content = yaml.safe_load(job.read_text()) | {"formats": ["html"], "templates": "look"}
    job.write_text(yaml.safe_dump(content, sort_keys=False))
    look = tmp_path / "look"
    look.mkdir()
    (look / "pageone.html.j2").write_text("")
    for command in ("run", "validate"):
        done = reportgen(command, "job.yaml", cwd=tmp_path)
        assert done.returncode == 2
        assert "job.yaml:" in done.stderr
        assert "look/pageone.html.j2: it is no part of a report" in done.stderr
        assert "Did you mean 'page_one.html.j2'?" in done.stderr
    assert not (tmp_path / "reports").exists()
    (look / "pageone.html.j2").unlink()
    (look / "closing.html.j2").write_text("<p>ours</p>\n{{ report.no.such }}")
    done = reportgen("run", "job.yaml", "--quiet", cwd=tmp_path)
    assert done.returncode == 3
    run = tmp_path / "reports" / "latest"
    page = (run / "m" / "report.html").read_text()
    assert "This is the default layout" in page
    assert "Sign-off" in page
    assert "closing.html.j2:2" in json.loads((run / "run.json").read_text())["audits"][0]["error"]
    assert (run / "index.html").is_file()
    (look / "closing.html.j2").write_text("<p>ours</p>")
    done = reportgen(
        "render", run / "m" / "report.json", "--format", "html", "--templates", "look", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "<p>ours</p>" in (run / "m" / "report.html").read_text()
