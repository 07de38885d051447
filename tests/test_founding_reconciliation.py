"""The founding questions about numbers that differ: the command line names the cause of each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow

JOB = Path(__file__).parents[1] / "configs/founding-reconciliation.yaml"
CAUSES = {
    "argmax": ("reproduced", "pass"),
    "threshold": ("default-class", "fail"),
    "balanced": ("averaging", "fail"),
    "scaler": ("scaler-refit", "fail"),
    "trained-on": ("other-split", "fail"),
    "two-evaluations": ("dropped-remainder", "fail"),
    "custom-metric": ("missing-threshold", "fail"),
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """By model, the outcome on stdout and the section."""
    folder = tmp_path_factory.mktemp("founding")
    (folder / "job.yaml").write_text(_job())
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "run", "job.yaml", "--output", "out", "--quiet"],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    told = {}
    for line in done.stdout.splitlines():
        outcome, model, path = line.split("\t")
        report = json.loads(Path(path).with_name("report.json").read_text())
        section = next(s for s in report["sections"] if s["diagnostic"] == "reconciliation")
        told[model] = (outcome, section)
    return told


def _job() -> str:
    """The job, written where a test may, and without pages, which other tests read."""
    text = JOB.read_text().replace("../sample_data", str(JOB.parents[1] / "sample_data"))
    return text.replace("seed: 1\n", "seed: 1\nformats: [json]\n", 1)


@pytest.mark.parametrize("model", CAUSES)
def test_the_one_cause_is_named(reports, model):
    cause, outcome = CAUSES[model]
    told, section = reports[model]
    assert told == outcome
    assert {f["code"] for f in section["findings"]} == {f"reconciliation.{cause}"}


def test_a_shuffling_generator_is_the_one_cause_left(reports):
    """A weak model's report could be one of no skill: it is told, and not beyond doubt."""
    _, section = reports["shuffled"]
    (finding,) = section["findings"]
    if finding["code"] == "reconciliation.ambiguous":
        codes = [c["code"] for c in finding["evidence"]["candidates"]]
        assert codes == ["reconciliation.shuffled-alignment"]
        assert "a model without skill" in finding["message"]
    else:
        assert finding["code"] == "reconciliation.shuffled-alignment"


def test_the_threshold_is_given_in_the_interval_that_fits(reports):
    (finding,) = reports["threshold"][1]["findings"]
    low, high = finding["evidence"]["parameters"]["threshold"]
    assert low <= 0.8 <= high
    assert finding["evidence"]["parameters"]["default"] == "2"
