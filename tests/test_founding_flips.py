"""The founding question of 0.49 and 0.51, audited from its job: each report names its cause."""

from pathlib import Path

import pytest

from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.job import load as jobs
from reportgen.retraining.results import Trained

pytestmark = pytest.mark.tensorflow

JOB = Path(__file__).parents[1] / "configs/founding-flips.yaml"


@pytest.fixture(scope="module")
def cases():
    job = jobs.load(JOB, settings={name: d.settings for name, d in suite().items()})
    return {model: pipeline.load_case(job, model) for model in job.models}


@pytest.fixture(scope="module")
def sections(cases):
    diagnostic = suite()["sensitivity"]
    return {
        name: pipeline.section(diagnostic, case, diagnostic.settings(), lambda _: Trained({}))
        for name, case in cases.items()
    }


def told(section):
    return {f.code.partition(".")[2]: f for f in section.findings if f.severity != "info"}


def test_as_written_neither_probe_flips_and_one_column_decides(cases, sections):
    probes = cases["as-written"].predict("test")
    assert probes.labels[0] == probes.labels[1]
    assert set(told(sections["as-written"])) == {"single-feature-dominates"}


def test_after_150_epochs_the_probes_flip_because_the_cut_lies_near_them(cases, sections):
    probes = cases["trained-on"].predict("test")
    assert abs(probes.scores[1] - probes.scores[0]) > 0.05
    found = told(sections["trained-on"])
    assert set(found) == {"single-feature-dominates"}
    finding = found["single-feature-dominates"]
    assert finding.subject == "x0"
    assert finding.evidence["turns"] == [pytest.approx(0.5, abs=0.03)]


def test_digits_that_decide_are_told_from_it(sections):
    found = told(sections["by-digits"])
    assert {"flips-under-noise", "brittle-feature"} <= set(found)
    assert found["brittle-feature"].subject == "x0"
    assert found["brittle-feature"].severity == "fail"


def test_three_columns_that_share_the_work_raise_nothing(sections):
    assert sections["three-columns"].verdict == "pass"
