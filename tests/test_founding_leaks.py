"""The founding questions about leaks, audited from their job: each report names its cause."""

from pathlib import Path

import pytest

from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.job import load as jobs
from reportgen.retraining.results import Trained

pytestmark = pytest.mark.tensorflow

JOB = Path(__file__).parents[1] / "configs/founding-leaks.yaml"


@pytest.fixture(scope="module")
def sections():
    """By model, what is found before anything is trained again."""
    diagnostic = suite()["leakage"]
    job = jobs.load(JOB, settings={name: d.settings for name, d in suite().items()})
    found = {}
    for model in job.models:
        case = pipeline.load_case(job, model)
        settings = job.diagnostics.get("leakage") or diagnostic.settings()
        found[model] = pipeline.section(diagnostic, case, settings, lambda declared: Trained({}))
    return found


def told(section):
    return {f.code.partition(".")[2]: f for f in section.findings if f.severity != "info"}


def test_a_scaler_of_test_is_named_by_its_figures(sections):
    finding = told(sections["scaler-of-test"])["preprocessing-saw-test"]
    assert finding.severity == "fail"
    assert finding.evidence["fitted_on"] == ["test"]
    first = finding.evidence["figures"][0]
    assert {f["figure"]: f["stored"] for f in finding.evidence["figures"]}["mean_"] in (8.0, 9.0)
    assert first["stored"] == pytest.approx(first["matching"])


def test_smote_judged_on_its_sources_is_named(sections):
    found = told(sections["smote-and-its-sources"])
    finding = found["resampled-before-split"]
    assert finding.severity == "fail"
    assert "of which one is in test" in finding.message
    assert found["exact-duplicates"].evidence["share"] == 1.0


def test_smote_after_the_split_is_no_leak(sections):
    found = told(sections["smote-after-the-split"])
    assert not {"resampled-before-split", "exact-duplicates", "preprocessing-saw-test"} & set(found)
