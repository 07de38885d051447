"""The founding questions about classes of unlike size: each report names its cause."""

from pathlib import Path

import pytest

from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.job import load as jobs
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds

pytestmark = pytest.mark.tensorflow

JOB = Path(__file__).parents[1] / "configs/founding-classes.yaml"
SETTINGS = {name: d.settings for name, d in suite().items()}


def told(model, *names):
    """Codes above info of these diagnostics, with their findings; trained for real."""
    job = jobs.load(JOB, settings=SETTINGS)
    case = pipeline.load_case(job, model)
    found = {}
    for name in names:
        rounds = Rounds(case, Budget())
        made = pipeline.section(
            suite()[name], case, job.diagnostics.get(name) or SETTINGS[name](), rounds.run
        )
        found |= {f.code: f for f in made.findings if f.severity != "info"}
    return found


def test_noise_with_nine_zeros_to_a_one_has_an_accuracy_that_says_nothing():
    found = told("nine-to-one", "performance", "imbalance")
    for code in (
        "performance.below-baseline",
        "imbalance.accuracy-misleading",
        "imbalance.minority-missed",
    ):
        assert found[code].severity == "fail"
    assert found["imbalance.minority-missed"].subject == "1"
    assert found["imbalance.minority-missed"].evidence["recall"] == 0


def test_whether_class_weights_help_is_measured_where_there_are_none():
    without = told("unweighted", "imbalance")
    helps = without["imbalance.mitigation-helps"].evidence
    assert helps["effect_metric"] == "balanced_accuracy"
    assert helps["effect_low"] > 0.1
    assert without["imbalance.accuracy-misleading"].severity == "fail"
    weighted = told("weighted", "imbalance")
    assert "imbalance.accuracy-misleading" not in weighted
    assert "imbalance.mitigation-helps" not in weighted
