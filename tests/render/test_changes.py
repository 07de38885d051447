import pytest

from reportgen.render.changes import NEW, changes, direction
from reportgen.results import HonestScore, Section
from tests.render import reports


def test_the_same_is_no_change():
    assert changes(reports.churn(run_id="b"), reports.churn(run_id="a")) == ()
    assert changes(reports.churn(), None) == (NEW,)


def test_outcome_findings_and_score():
    now, before = reports.churn(), reports.clean()
    assert changes(now, before) == (
        "was pass",
        "new or worse: imbalance.weak-segment, leakage.weak-segment, overfit.weak-segment "
        "and 2 more",
        "accuracy +0.032, was 0.857",
        "reported 0.953, was 0.857",
    )
    back = changes(before, now)
    assert back[0] == "was fail"
    assert back[1].startswith("gone or better: imbalance.weak-segment")
    assert back[2] == "accuracy −0.032, was 0.889"


def test_a_warning_that_became_a_failure_is_worse_and_back_is_better():
    def one(severity):
        found = reports.findings("leakage", severity)
        return reports.churn(sections=(Section.completed("leakage", found),))

    assert changes(one("fail"), one("warn")) == ("new or worse: leakage.weak-segment",)
    assert changes(one("warn"), one("fail")) == ("gone or better: leakage.weak-segment",)


def test_an_audit_that_could_not_run_says_nothing_of_findings():
    told = changes(reports.all_failed(), reports.churn())
    assert told == ("was fail",)
    assert changes(reports.churn(), reports.all_failed()) == ("was incomplete",)


def test_another_metric_is_no_difference_of_scores():
    steps = reports.churn().honest_score.steps
    other = reports.churn(honest_score=HonestScore(steps=steps[3:]))
    assert changes(other, reports.churn()) == ("told in balanced accuracy, was in accuracy",)


@pytest.mark.parametrize(
    ("now", "before", "way"),
    [("fail", "pass", 1), ("pass", "warn", -1), ("incomplete", "warn", 1), ("fail", "fail", 0),
     ("fail", None, 0)],
)  # fmt: skip
def test_directions(now, before, way):
    assert direction(now, before) == way
