"""A diagnostic is four new files and no edits: one is added to a copy of the tree and found."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MODULE = """
from reportgen.diagnostic import Code, Diagnostic
from reportgen.job.schema import Settings
from reportgen.results import Check, Finding, Findings, Metric


def examine(case, prepared, trained):
    n = case.split("test").n
    finding = Finding(
        code="row-parity.odd", severity="warn", subject="test", message=f"{n} rows are odd.",
        advice="Drop one.",
    )
    odd = bool(n % 2)
    return Findings(
        headline=f"There are {n} rows.",
        findings=(finding,) if odd else (),
        metrics=(Metric(name="rows", value=n, unit="count"),),
        series={"rows": [n]},
        checks=(Check(code="row-parity.odd", status="raised" if odd else "clear"),),
        method="Counted.",
    )


DIAGNOSTIC = Diagnostic(
    name="row_parity",
    title="Row parity",
    question="Is the number of rows even?",
    position=99,
    settings=Settings,
    codes=(Code("row-parity.odd", "warn", "It is odd.", "By division.", "Drop a row."),),
    examine=examine,
    plots=lambda found: [],
)
"""
TEMPLATE = """{% extends "section.html.j2" %}
{% block after_metrics %}<p>Counted twice by the new partial.</p>{% endblock %}
"""
TEST = """
from benchmarks.faults.row_parity import CLEAN
from reportgen.diagnostics import suite


def test_it_counts():
    import numpy as np

    case = CLEAN[0].draw(np.random.default_rng(0))
    assert suite()["row_parity"].examine(case, None, None).findings == ()
"""
FAULTS = """
from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays


def rows(n):
    def draw(rng):
        y = rng.normal(size=n)
        return case_from_arrays("regression", {"test": (y[:, None], y)}, {"test": y})

    return draw


PLANTED = (FaultCase("seven rows", "row-parity.odd", rows(7)),)
CLEAN = (CleanCase("eight rows", rows(8)),)
"""
FILES = {
    "reportgen/diagnostics/row_parity.py": MODULE,
    "templates/diagnostics/row_parity.html.j2": TEMPLATE,
    "tests/diagnostics/test_row_parity.py": TEST,
    "benchmarks/faults/row_parity.py": FAULTS,
}
CRASHING = MODULE.replace("row_parity", "row_crash").replace("row-parity", "row-crash")
CRASHING = CRASHING.replace('n = case.split("test").n', 'raise RuntimeError("made to crash")')


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    place = tmp_path_factory.mktemp("tree")
    for folder in ("reportgen", "templates", "configs", "sample_data", "benchmarks"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        assert not (place / name).exists()
        (place / name).write_text(text)
    return place


FOUND = 1  # the example's model misses most rows of a small class, which is a fail


def python(tree, *arguments, code=0):
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def report_of_a_run(tree, code):
    command = ("-m", "reportgen", "run", "configs/minimal.yaml", "--quiet", "--output", "out")
    written = Path(python(tree, *command, "--fresh", code=code).rstrip().split("\t")[2])
    stored = json.loads(written.with_name("report.json").read_text())
    return {s["diagnostic"]: s for s in stored["sections"]}, written.read_text()


def test_the_command_line_lists_and_explains_it(tree):
    assert "row_parity — Is the number of rows even?" in python(tree, "-m", "reportgen", "list")
    assert "By division." in python(tree, "-m", "reportgen", "explain", "row-parity.odd")
    assert "row_parity" in python(tree, "-m", "reportgen", "schema")


def test_a_run_reports_it(tree):
    sections, page = report_of_a_run(tree, code=FOUND)
    assert {"performance", "calibration", "row_parity"} <= set(sections)
    assert sections["row_parity"]["status"] == "completed"
    assert sections["row_parity"]["headline"] == "There are 1200 rows."
    assert "Is the number of rows even?" in page
    assert "Counted twice by the new partial." in page


def test_the_harness_runs_its_cases(tree):
    printed = python(tree, "-m", "benchmarks.faults", "--only", "row_parity", "--seeds", "2")
    assert "found 2/2  seven rows" in printed
    assert "quiet 2/2  eight rows" in printed


def test_its_own_test_runs(tree):
    arguments = ("-m", "pytest", "-q", "tests/diagnostics/test_row_parity.py")
    assert "1 passed" in python(tree, *arguments)


def test_one_that_crashes_leaves_the_others_whole(tree):
    before, _ = report_of_a_run(tree, code=FOUND)
    (tree / "reportgen/diagnostics/row_crash.py").write_text(CRASHING)
    after, page = report_of_a_run(tree, code=3)
    assert after.pop("row_crash")["status"] == "failed"
    assert after == before
    assert "made to crash" in page
