"""Page one is put together from what sections measured, and claims nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.diagnosis.causes import causes
from reportgen.diagnosis.headline import headline
from reportgen.diagnosis.walk import honest_score
from reportgen.diagnosis.words import first_sentence
from reportgen.render.score_walk import shown
from reportgen.results import Finding, HonestScore, Metric, Restated, Section, Step


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
    assert [(c.severity, c.sentence, c.effect) for c in causes([found], HonestScore())] == [
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


def _finding(code: str, severity: str, **evidence: object) -> Finding:
    return Finding(code=code, severity=severity, subject="x", message="M.", evidence=evidence)


def test_causes_are_ranked_by_what_they_cost_and_unmeasured_ones_follow() -> None:
    found = _section(
        _finding("a.unmeasured", "fail"),
        _finding("a.small", "fail", effect=0.01, effect_low=0.005, effect_high=0.02),
        _finding("a.large", "warn", effect=0.07, effect_low=0.05, effect_high=0.09),
        _finding("a.gain", "warn", effect=-0.03),
    )
    ranked = causes([found], HonestScore())
    assert [c.code for c in ranked] == ["a.large", "a.gain", "a.small", "a.unmeasured"]
    assert (ranked[0].effect, ranked[0].low, ranked[0].high) == (0.07, 0.05, 0.09)
    assert ranked[-1].effect is None


def test_an_effect_that_may_be_none_is_no_cause_and_says_between_what_it_lies() -> None:
    found = _section(
        _finding("a.none", "fail", effect=0.05, effect_low=-0.01, effect_high=0.11),
        _finding("a.told", "warn", effect=0.01, effect_low=0.005, effect_high=0.02),
    )
    first, last = causes([found], HonestScore())
    assert (first.code, last.code) == ("a.told", "a.none")
    assert (last.effect, last.low, last.high) == (None, -0.01, 0.11)


def test_effects_are_ranked_within_a_metric_that_of_the_reported_number_first() -> None:
    sections = [_section(metrics=(ACCURACY,)), _offer(step="imbalance_aware", value=0.7,
                metric="balanced_accuracy", from_metric="accuracy")]  # fmt: skip
    score = honest_score("binary", sections, [WRONG])
    ends = {"effect_low": 0.001, "effect_high": 0.4}
    found = _section(
        _finding("a.fair", "warn", effect=0.3, effect_metric="balanced_accuracy", **ends),
        _finding("a.other", "warn", effect=0.2, effect_metric="roc_auc", **ends),
        _finding("a.own", "warn", effect=0.01, effect_metric="accuracy", **ends),
    )
    assert [c.code for c in causes([found], score)] == ["a.own", "a.fair", "a.other"]


def test_a_named_cause_of_the_reported_number_costs_what_was_counted() -> None:
    number = {"metric": "accuracy", "split": "test", "reported": "0.953", "explained": 0.953}
    named = _finding("reconciliation.averaging", "fail", certificate=[{}], numbers=[number])
    guess = _finding("reconciliation.ambiguous", "fail", numbers=[number])
    sections = [_section(named, guess, metrics=(ACCURACY,))]
    score = honest_score("binary", sections, [WRONG])
    ranked = causes(sections, score, [WRONG])
    assert [(c.code, c.effect is None) for c in ranked] == [
        ("reconciliation.averaging", False),
        ("reconciliation.ambiguous", True),
    ]
    assert ranked[0].effect == pytest.approx(0.015)
    assert (ranked[0].low, ranked[0].high, ranked[0].metric) == (None, None, "accuracy")
    both = named.model_copy(
        update={"evidence": {**named.evidence, "composed_with": ["reconciliation.x"]}}
    )
    assert causes([_section(both)], score, [WRONG])[0].effect is None


def test_changes_of_the_walk_are_differences_and_say_whether_they_can_be_told() -> None:
    leak = _offer(step="without_leaks", value=0.88, change_low=-0.07, change_high=-0.046)
    mean = _offer(**{"from": 0.88, "value": 0.879}, change_low=-0.01, change_high=0.008)
    score = honest_score("binary", [_section(metrics=(ACCURACY,)), leak, mean], [WRONG])
    reported, recomputed, without, over = score.steps
    assert reported.change is None
    for before, after in ((reported, recomputed), (recomputed, without), (without, over)):
        assert after.change == after.value - before.value
    assert [s.told for s in score.steps] == [False, True, True, False]


def test_a_step_that_nobody_wants_is_not_taken() -> None:
    leak = _offer(step="without_leaks", value=0.88)
    aware = {"step": "imbalance_aware", "metric": "balanced_accuracy", "from_metric": "accuracy"}
    offered = _offer(**aware, **{"from": 0.88, "value": 0.8, "wanted": False})
    sections = [_section(metrics=(ACCURACY,)), leak, offered]
    assert [s.step for s in honest_score("binary", sections, []).steps][1:] == ["without_leaks"]
    asked = _offer(**aware, value=0.85)  # from the score with the leak in it
    steps = honest_score("binary", [*sections, asked], []).steps
    assert [(s.step, s.value) for s in steps][1:] == [
        ("without_leaks", 0.88),
        ("imbalance_aware", 0.8),
    ]


def test_the_headline_goes_from_what_was_reported_to_what_to_expect() -> None:
    leak = _offer(step="without_leaks", value=0.889, change_low=-0.06, change_high=-0.04,
                  once="training has not seen copies of the test rows")  # fmt: skip
    aware = _offer(step="imbalance_aware", metric="balanced_accuracy", from_metric="accuracy",
                   **{"from": 0.889, "value": 0.805})  # fmt: skip
    mean = _offer(metric="balanced_accuracy", change_low=-0.026, change_high=-0.002,
                  **{"from": 0.805, "value": 0.791})  # fmt: skip
    found = _section(
        Finding(code="leakage.exact-duplicates", severity="fail", subject="x", message="Copies."),
        metrics=(ACCURACY,),
    )
    sections = [found, leak, aware, mean]
    assert headline(honest_score("binary", sections, [WRONG]), sections, [WRONG]) == (
        "Reported accuracy 0.953 is 0.889 once training has not seen copies of the test rows. "
        "From a new seed, expect balanced accuracy 0.791."
    )
    untold = _offer(metric="balanced_accuracy", **{"from": 0.805, "value": 0.803})
    sections = [found, leak, aware, untold]
    assert headline(honest_score("binary", sections, [WRONG]), sections, [WRONG]) == (
        "Reported accuracy 0.953 is 0.889 once training has not seen copies of the test rows; "
        "with each class counted alike, balanced accuracy is 0.805."
    )


def test_one_answer_to_all_rows_stands_beside_a_score_that_is_hardly_above_it() -> None:
    aware = _offer(step="imbalance_aware", metric="balanced_accuracy", from_metric="accuracy",
                   **{"from": 0.938, "value": 0.6})  # fmt: skip
    scores = {"constant": [{"answer": "always “stay”", "metric": "accuracy", "value": 0.91}]}
    misleads = Finding(code="imbalance.accuracy-misleading", severity="fail", subject="test",
                       message="Always answering “stay” would have accuracy 0.91.")  # fmt: skip
    sections = [_section(misleads, metrics=(ACCURACY,), series=scores), aware]
    score = honest_score("binary", sections, [RIGHT])
    assert (score.chance, score.chance_label) == (0.91, "always “stay”")
    assert headline(score, sections, [RIGHT]) == (
        "Reported accuracy 0.938 comes out to the digit, where always “stay” has 0.910; "
        "with each class counted alike, balanced accuracy is 0.600."
    )


def test_a_cause_that_is_the_whole_of_a_step_has_the_number_under_its_bar() -> None:
    from reportgen.render.cause_rows import rows
    from reportgen.results import Cause
    from tests.render.reports import churn

    steps = (
        Step(step="recomputed", metric="r2", value=0.4926),
        Step(step="without_leaks", metric="r2", value=0.3822, change=-0.1104, told=True),
    )
    leak = Cause(code="leakage.exact-duplicates", severity="fail", metric="r2", effect=0.1104,
                 low=0.09, high=0.13, sentence="Copies.", advice="Drop them.")  # fmt: skip
    part = leak.model_copy(update={"effect": 0.0704})
    report = churn(honest_score=HonestScore(steps=steps))
    assert [r.lost for r in rows(report, [leak, part], {})] == ["0.111", "0.070"]


def _number(text: str) -> float:
    """A number as the page has it, read back by a rule of its own."""
    value = text.replace("\N{MINUS SIGN}", "-").replace("+", "").replace(",", "")
    if value.endswith("%"):
        return float(value[:-1].strip()) / 100
    return float(value)


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "rmse"])
@pytest.mark.parametrize("printed", ["0.95", "95.3 %", "0.95313", None])
def test_the_numbers_of_the_chart_add_up_as_they_are_written(
    metric: str, printed: str | None
) -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        scale = 1.0 if metric == "accuracy" else 10 ** rng.uniform(-2, 4)
        values = (scale * rng.uniform(0.5, 1, size=4)).tolist()
        steps = [
            Step(step=name, metric=metric, value=value, told=True)
            for name, value in zip(
                ("recomputed", "without_leaks", "x", "mean_over_seeds"), values, strict=True
            )
        ]
        if printed is not None:
            steps.insert(0, Step(step="reported", metric=metric, value=_number(printed),
                                 printed=printed))  # fmt: skip
        written = shown(steps)
        total = _number(written[0].score)
        for one in written[1:]:
            total += _number(one.change) if one.change else 0.0
            assert total == pytest.approx(_number(one.score), abs=1e-9)


def test_a_cause_is_cut_after_a_clause_and_never_before_a_but() -> None:
    from reportgen.render.cause_rows import advice_words, cause_words
    from reportgen.results import Cause

    long = "Five causes would give the accuracy of 0.913 to the digit: " + "a cause, " * 12 + "z."
    sure = Cause(code="a.b", severity="fail", sentence=long, advice="Ask, " * 40)
    assert cause_words(sure).startswith("Five causes would give the accuracy of 0.913 to the digit")
    assert len(cause_words(sure)) <= 121
    assert len(advice_words(sure)) <= 106
    unsure = "Averaging would give the F1 of 0.754 to the digit, but a wrong cause could by chance."
    told = sure.model_copy(update={"sentence": unsure + " More (0.1 to 0.2)."})
    assert cause_words(told) == unsure
    between = sure.model_copy(update={"sentence": "Gains 0.05 (+0.03 to +0.07) on test."})
    assert cause_words(between) == "Gains 0.05 on test."
    shares = sure.model_copy(
        update={"sentence": "56.0\u202f% (53.1\u202f% to 58.8\u202f%) differ."}
    )
    assert cause_words(shares) == "56.0\u202f% differ."


def test_where_only_leakage_ran_the_walk_starts_from_its_own_score() -> None:
    leak = _offer(step="without_leaks", value=0.88, change_low=-0.07, change_high=-0.046)
    steps = honest_score("binary", [leak], []).steps
    assert [(s.step, s.value) for s in steps] == [("recomputed", 0.938), ("without_leaks", 0.88)]
    assert honest_score("regression", [leak], []).steps == ()


@pytest.mark.parametrize(
    ("ends", "told", "between"),
    [((16.14, 110.03), "63", "16 to 110"), ((0.0612, 0.0652), "0.0632", "0.0612 to 0.0652"),
     ((1600.0, 240000.0), "120,800", "1,600 to 240,000")],
)  # fmt: skip
def test_effects_in_units_of_the_target_have_the_digits_that_their_interval_supports(
    ends: tuple[float, float], told: str, between: str
) -> None:
    from reportgen.render.cause_rows import between_words, effect_words
    from reportgen.results import Cause

    cause = Cause(code="a.b", severity="fail", effect=sum(ends) / 2, low=ends[0], high=ends[1],
                  metric="rmse")  # fmt: skip
    assert (effect_words(cause, "target"), between_words(cause, "target")) == (told, between)
    score = cause.model_copy(update={"metric": "accuracy"})
    assert between_words(score, "score") == f"{ends[0]:,.3f} to {ends[1]:,.3f}"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.01, 0.02, "nothing that was tried moves it by more than chance"),
     (0.001, 0.02, "nothing that was tried makes it better by enough to matter")],
)  # fmt: skip
def test_a_clean_headline_says_what_came_of_the_changes_that_were_tried(
    low: float, high: float, words: str
) -> None:
    change = {"name": "x", "metric": "accuracy", "gain": 0.01, "low": low, "high": high}
    sections = [_section(metrics=(ACCURACY,), series={"tried": [change]})]
    said = headline(honest_score("binary", sections, [RIGHT]), sections, [RIGHT])
    assert said == f"Nothing is wrong. Reported accuracy 0.938 comes out to the digit, and {words}."


@pytest.mark.parametrize("measured", [0, 1])
def test_one_fault_that_two_sections_name_is_one_cause(measured: int) -> None:
    same = {"fault": "scaled by its own figures: test"}
    found = [
        Finding(code="leakage.preprocessing-saw-test", severity="warn", subject="x", message="L.",
                evidence=dict(same)),
        Finding(code="preprocessing.refit-per-split", severity="fail", subject="x", message="P.",
                evidence=dict(same)),
        Finding(code="preprocessing.refit-per-split", severity="fail", subject="v", message="V.",
                evidence={"fault": "scaled by its own figures: validation"}),
    ]  # fmt: skip
    found[measured].evidence.update(effect=0.02, effect_low=0.01, effect_high=0.03,
                                    effect_metric="accuracy")  # fmt: skip
    score = honest_score("binary", [_section(metrics=(ACCURACY,))], [RIGHT])
    told = causes([_section(found[0]), _section(found[1], found[2])], score)
    assert [c.sentence for c in told] == [found[measured].message, "V."]
    assert told[0].severity == "fail"
    assert told[0].effect == 0.02


def test_findings_without_a_common_fault_stay_apart() -> None:
    found = [Finding(code=f"a.{k}", severity="warn", subject="x", message="W.") for k in "bc"]
    assert len(causes([_section(*found)], HonestScore())) == 2


@pytest.mark.parametrize(("named", "left"), [(["w"], 1), (["w", "h"], 2), ([], 2)])
def test_a_shift_that_a_change_of_scale_explains_is_no_cause_of_its_own(
    named: list[str], left: int
) -> None:
    covered = {"code": "leakage.splits-differ", "columns": ["w"]}
    scale = Finding(
        code="preprocessing.scale-mismatch", severity="fail", subject="w", message="S.",
        evidence={"covers": covered},
    )  # fmt: skip
    apart = Finding(
        code="leakage.splits-differ", severity="warn", subject="test", message="A.",
        evidence={"columns": [{"column": c} for c in named]},
    )  # fmt: skip
    told = causes([_section(apart), _section(scale)], HonestScore())
    assert len(told) == left
    assert told[0].sentence == "S."
