"""The founding questions about metrics, audited from their job: each report names its cause."""

from pathlib import Path

import pytest

from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.job import load as jobs
from reportgen.retraining.results import Trained

JOB = Path(__file__).parents[1] / "configs/founding-metrics.yaml"


@pytest.fixture(scope="module")
def sections():
    """By model, what is found before anything is trained again."""
    diagnostic = suite()["metrics"]
    job = jobs.load(JOB, settings={name: d.settings for name, d in suite().items()})
    found = {}
    for model in job.models:
        case = pipeline.load_case(job, model)
        settings = job.diagnostics.get("metrics") or diagnostic.settings()
        found[model] = pipeline.section(diagnostic, case, settings, lambda declared: Trained({}))
    return found


def told(section):
    return {(f.subject, f.code.partition(".")[2]): f for f in section.findings}


def test_the_missing_threshold_is_named_on_rows_that_do_not_show_it(sections):
    finding = told(sections["missing-threshold"])["accuracy", "missing-threshold"]
    assert finding.severity == "fail"
    assert finding.evidence["value"] == finding.evidence["reference"] == 0.5
    assert "by accident" in finding.message


def test_the_missing_threshold_is_named_on_rows_that_show_it(sections):
    finding = told(sections["on-more-rows"])["accuracy", "missing-threshold"]
    assert finding.evidence["value"] < 0.35
    assert finding.evidence["reference"] > 0.8


def test_an_auc_that_is_too_high_is_shown_with_rows_that_it_ranks_wrongly(sections):
    finding = told(sections["on-more-rows"])["auc", "disagrees-with-reference"]
    example = finding.evidence["example"]
    assert finding.evidence["value"] > finding.evidence["reference"]
    assert example["says"] > example["reference"]
    assert len(example["rows"]) <= 6


def test_the_corrected_metric_is_what_its_name_says(sections):
    assert sections["thresholded"].verdict == "pass"
    assert sections["thresholded"].series["metrics"][0]["verdict"] == "right"
