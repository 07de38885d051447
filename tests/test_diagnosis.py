"""Page one is put together from what sections measured, and claims nothing else."""

from __future__ import annotations

from reportgen.diagnosis import causes, first_sentence, headline, honest_score
from reportgen.results import Finding, Metric, Restated, Section


def _section(*findings: Finding, status: str = "completed", **fields: object) -> Section:
    return Section(diagnostic="performance", status=status, findings=findings, **fields)


ACCURACY = Metric(
    name="accuracy", value=0.938, low=0.929, high=0.946, split="test", n=3000, interval="Wilson"
)
WRONG = Restated(metric="accuracy", split="test", reported="0.953", recomputed=0.938, agrees=False)
RIGHT = Restated(metric="accuracy", split="test", reported="0.938", recomputed=0.938, agrees=True)


def test_steps_are_what_was_reported_and_what_comes_out_with_its_interval() -> None:
    score = honest_score("binary", [_section(metrics=(ACCURACY,))], [WRONG])
    assert [s.step for s in score.steps] == ["reported", "recomputed"]
    assert (score.steps[0].value, score.steps[0].printed) == (0.953, "0.953")
    assert (score.steps[1].value, score.steps[1].low, score.steps[1].high) == (0.938, 0.929, 0.946)


def test_a_percentage_is_a_fraction_and_keeps_its_print() -> None:
    said = Restated(
        metric="f1, macro", split="test", reported="91.3 %", recomputed=0.9, agrees=False
    )
    step = honest_score("binary", [], [said]).steps[0]
    assert (step.value, step.printed) == (0.913, "91.3 %")


def test_without_reported_numbers_only_the_recomputed_step_stands() -> None:
    score = honest_score("multiclass", [_section(metrics=(ACCURACY,))], [])
    assert [s.step for s in score.steps] == ["recomputed"]


def test_numbers_of_other_splits_do_not_head_the_page() -> None:
    train = RIGHT.model_copy(update={"split": "train", "metric": "f1, macro"})
    score = honest_score("binary", [], [train, WRONG])
    assert {s.metric for s in score.steps} == {"accuracy"}


def test_the_headline_says_what_is_so() -> None:
    sections = [_section(metrics=(ACCURACY,))]
    clean = headline(honest_score("binary", sections, [RIGHT]), sections, [RIGHT])
    assert clean == "Nothing is wrong. Reported accuracy 0.938 comes out to the digit."
    off = headline(honest_score("binary", sections, [WRONG]), sections, [WRONG])
    assert off == "Reported accuracy 0.953 comes out as 0.938."
    f1 = WRONG.model_copy(update={"metric": "f1", "reported": "0.83"})
    second = headline(honest_score("binary", sections, [RIGHT, f1]), sections, [RIGHT, f1])
    assert second == (
        "Reported accuracy 0.938 comes out to the digit. "
        "Reported F1 on test, 0.83, does not come out."
    )
    found = [
        _section(
            Finding(code="performance.weak-segment", severity="warn", subject="x", message="W."),
            Finding(code="performance.below-baseline", severity="fail", subject="x", message="F."),
        )
    ]
    assert headline(honest_score("binary", found, []), found, []) == "F."
    failed = [_section(status="failed", reason="boom")]
    assert "performance could not run" in headline(honest_score("binary", failed, []), failed, [])


def test_failures_stand_before_warnings_and_info_is_no_cause() -> None:
    finding = Finding(code="a.b", severity="warn", subject="x", message="W.")
    found = _section(
        finding.model_copy(update={"severity": "info"}),
        finding,
        finding.model_copy(update={"severity": "fail", "message": "F."}),
    )
    assert [(c.severity, c.sentence, c.effect) for c in causes([found])] == [
        ("fail", "F.", None),
        ("warn", "W.", None),
    ]


def test_a_headline_takes_one_sentence_of_a_finding() -> None:
    message = "14 rows of data.v2.csv carry 23.7 % of the loss. Without them it is 0.5385."
    assert first_sentence(message) == "14 rows of data.v2.csv carry 23.7 % of the loss."
    assert first_sentence("One only") == "One only"


def test_counts_of_a_matrix_do_not_head_the_page() -> None:
    cell = RIGHT.model_copy(update={"metric": "cell, a as b", "reported": "12"})
    assert {s.metric for s in honest_score("binary", [], [cell, WRONG]).steps} == {"accuracy"}


def _offer(**changed: object) -> Section:
    offer = {"step": "mean_over_seeds", "metric": "accuracy", "from": 0.938, "value": 0.921,
             "low": 0.91, "high": 0.932, "why": "Mean of 10 models."}  # fmt: skip
    return _section(series={"honest": [{**offer, **changed}]})


def test_the_walk_ends_with_the_mean_over_seeds_of_the_same_metric() -> None:
    score = honest_score("binary", [_section(metrics=(ACCURACY,)), _offer()], [WRONG])
    assert [s.step for s in score.steps] == ["reported", "recomputed", "mean_over_seeds"]
    last = score.steps[-1]
    assert (last.value, last.low, last.high) == (0.921, 0.91, 0.932)
    other = honest_score("binary", [_section(metrics=(ACCURACY,)), _offer(metric="f1")], [WRONG])
    assert [s.step for s in other.steps] == ["reported", "recomputed"]


def test_steps_are_cumulative_and_one_that_starts_elsewhere_is_absent() -> None:
    leak = _offer(step="without_leaks", value=0.88)
    leaky, clean = _offer(), _offer(**{"from": 0.88, "value": 0.87})
    measured = _section(metrics=(ACCURACY,))
    score = honest_score("binary", [measured, leaky, leak], [])
    assert [s.step for s in score.steps] == ["recomputed", "without_leaks"]
    score = honest_score("binary", [measured, leaky, clean, leak], [])
    assert [(s.step, s.value) for s in score.steps][1:] == [
        ("without_leaks", 0.88),
        ("mean_over_seeds", 0.87),
    ]


def test_a_step_may_change_the_metric_and_the_next_goes_on_in_it() -> None:
    changed = _offer(step="imbalance_aware", metric="balanced_accuracy", from_metric="accuracy",
                     value=0.7)  # fmt: skip
    mean = _offer(metric="balanced_accuracy", **{"from": 0.7, "value": 0.69})
    score = honest_score("binary", [_section(metrics=(ACCURACY,)), changed, mean, _offer()], [])
    assert [(s.step, s.metric) for s in score.steps] == [
        ("recomputed", "accuracy"),
        ("imbalance_aware", "balanced_accuracy"),
        ("mean_over_seeds", "balanced_accuracy"),
    ]


def test_causes_are_ranked_by_what_they_cost_and_unmeasured_ones_follow() -> None:
    def finding(code: str, severity: str, **evidence: float) -> Finding:
        return Finding(code=code, severity=severity, subject="x", message="M.", evidence=evidence)

    found = _section(
        finding("a.unmeasured", "fail"),
        finding("a.small", "fail", effect=0.01, effect_low=0.0, effect_high=0.02),
        finding("a.large", "warn", effect=0.07, effect_low=0.05, effect_high=0.09),
        finding("a.gain", "warn", effect=-0.03),
    )
    ranked = causes([found])
    assert [c.code for c in ranked] == ["a.large", "a.gain", "a.small", "a.unmeasured"]
    assert (ranked[0].effect, ranked[0].low, ranked[0].high) == (0.07, 0.05, 0.09)
    assert ranked[-1].effect is None
