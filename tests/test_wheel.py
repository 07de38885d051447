"""The built wheel, installed elsewhere, finds its templates, configs and fonts."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults.cases import case_from_arrays
from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.results import AuditReport, outcome_of

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Another environment with the wheel in it, and this one's packages in reach."""
    place = tmp_path_factory.mktemp("elsewhere")
    venv.create(place / "env", with_pip=False, symlinks=True)
    python = place / "env/bin/python"
    (site,) = (place / "env/lib").glob("python*/site-packages")
    # A path in a .pth file is not searched for more of them: this checkout stays out of reach.
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    else:
        command = [shutil.which("uv"), "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True)
    return place


def run(installed, *command):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [installed / "env/bin" / command[0], *command[1:]],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_wheel_holds_what_is_read_at_run_time_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, packed in (
        ("templates", "reportgen/_templates"),
        ("configs", "reportgen/_configs"),
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{packed}/{path.relative_to(ROOT / folder)}" in names
    for path in (ROOT / "reportgen").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert str(path.relative_to(ROOT)) in names
    assert {name.partition("/")[0] for name in names} == {"reportgen", "reportgen-0.1.0.dist-info"}
    assert "reportgen-0.1.0.dist-info/licenses/LICENSE" in names


def test_it_runs_from_where_it_was_installed(installed):
    where = run(installed, "python", "-c", "import reportgen; print(reportgen.__file__)")
    assert Path(where.strip()).is_relative_to(installed)
    assert "run" in run(installed, "reportgen", "--help")
    listed = run(installed, "reportgen", "list")
    for name in suite():
        assert name in listed
    assert "datasets" in run(installed, "reportgen", "schema")


def test_a_stored_report_is_rendered(installed):
    rng = np.random.default_rng(0)
    X, p = rng.normal(size=(200, 2)), rng.uniform(size=200)
    y = (rng.uniform(size=200) < p).astype(int)
    case = case_from_arrays("binary", {"test": (X, y)}, {"test": p})
    sections = tuple(pipeline.section(d, case, d.settings()) for d in suite().values())
    report = AuditReport(
        job="wheel",
        run_id="2026-01-01T000000",
        model="m",
        dataset="d",
        task="binary",
        outcome=outcome_of(sections),
        headline="A stored report.",
        sections=sections,
    )
    (installed / "stored.json").write_text(report.to_json())
    run(installed, "reportgen", "render", "stored.json")
    page = (installed / "stored.html").read_text()
    assert "A stored report." in page
    assert "font/woff2" in page
    assert (installed / "stored.pdf").read_bytes().startswith(b"%PDF-")
