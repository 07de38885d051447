"""The verdict on an answer of known story, and that stories are told by the printed text alone."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, classification_report, f1_score

from benchmarks.faults import harness, reconciliation
from benchmarks.faults.harness import Outcome
from benchmarks.faults.reconciliation import said, verdicts, works
from benchmarks.faults.reconciliation.questions import named


def answered(*codes, listed=(), question="q", planted=True, alarms=()):
    def whole(names):
        return tuple(f"reconciliation.{c}" for c in names)

    return Outcome(
        "reconciliation", question, 0, planted, codes=whole(codes), listed=whole(listed),
        alarms=whole(alarms),
    )  # fmt: skip


ONE = named("q", "top-k", None, equal=("averaging",))
TWO = named("q", ("top-k", "percent"), None, kind="two")
NONE = named("q", "unexplained", None, kind="unanswerable")


@pytest.mark.parametrize(
    ("question", "outcome", "wanted"),
    [
        (ONE, answered("top-k"), verdicts.ALONE),
        (ONE, answered("averaging", "reproduced"), verdicts.ALONE),
        (ONE, answered("running-epoch-mean", "top-k"), verdicts.ALONE),
        (ONE, answered("top-k", "percent"), verdicts.FALSE),
        (ONE, answered("percent"), verdicts.FALSE),
        (ONE, answered("ambiguous", listed=("top-k", "averaging")), verdicts.ALONE),
        (ONE, answered("ambiguous", listed=("top-k", "percent")), verdicts.LISTED),
        (ONE, answered("ambiguous", listed=("percent", "rounding")), verdicts.OTHERS),
        (ONE, answered("unexplained"), verdicts.NONE),
        (ONE, answered("reproduced"), verdicts.QUIET),
        (TWO, answered("top-k", "percent"), verdicts.ALONE),
        (TWO, answered("top-k"), verdicts.FALSE),
        (TWO, answered("top-k", "unexplained"), verdicts.NONE),
        (TWO, answered("ambiguous", listed=("percent", "top-k", "averaging")), verdicts.LISTED),
        (NONE, answered("unexplained"), verdicts.NONE),
        (NONE, answered("ambiguous", listed=("top-k",)), verdicts.OTHERS),
        (NONE, answered("top-k"), verdicts.FALSE),
    ],
)
def test_verdicts(question, outcome, wanted):
    assert verdicts.verdict(outcome, question) == wanted


def test_the_table_counts():
    outcomes = [
        answered("top-k"), answered("percent"), answered("unexplained", question="n"),
        answered(question="clean", planted=False),
        answered(question="clean", planted=False, alarms=("percent",)),
    ]  # fmt: skip
    text = verdicts.summary(outcomes, {"q": ONE, "n": NONE})
    assert "right cause alone            1/2" in text
    assert "false cause named alone      1/3" in text
    assert "controls clean               1/2" in text
    assert "of those alone, named: 1/2" in text
    assert "unanswerable called so       1/1" in text
    assert "false alone: q, seed 0: top-k; said percent" in text


def test_lists_of_equals_are_told_apart_from_names():
    outcomes = [
        answered("top-k"),
        answered("ambiguous", listed=("top-k", "averaging")),
        answered("ambiguous", listed=("top-k",)),
    ]
    text = verdicts.summary(outcomes, {"q": ONE})
    assert "right cause alone            3/3" in text
    assert "of those alone, named: 1/3" in text
    assert "met as well: 1/3" in text
    assert "one of equals: 1/3" in text


def test_each_question_is_asked_under_a_name_of_its_own():
    names = [q.name for q in (*reconciliation.PLANTED, *reconciliation.MORE, *reconciliation.CLEAN)]
    assert len(set(names)) == len(names)
    assert len(names) >= 140


def test_the_same_seed_draws_the_same_claims():
    question = next(q for q in reconciliation.PLANTED if q.name == "weighted for macro")
    first, again = (
        question.draw(harness.generator("reconciliation", question.name, 3)) for _ in range(2)
    )
    other = question.draw(harness.generator("reconciliation", question.name, 4))
    assert first.claims == again.claims
    np.testing.assert_array_equal(first.split("test").X, again.split("test").X)
    assert other.claims != first.claims


def test_what_was_said_keeps_the_digits_that_scikit_learn_prints():
    work = works.unequal(np.random.default_rng(0))
    y, given = work.y(), work.labels()
    claims = said.report(y, given, work.classes, digits=3, target_names=work.classes)
    text = classification_report(y, given, digits=3, target_names=work.classes, zero_division=0)
    for claim in claims:
        line = next(row for row in text.splitlines() if claim.value.text in row)
        assert line.split()[0] in (*work.classes, "accuracy", "macro", "weighted")
    accuracy = next(c for c in claims if c.metric == "accuracy")
    assert accuracy.value.text == f"{accuracy_score(y, given):.3f}"
    weighted = next(c for c in claims if c.metric == "f1" and c.average == "weighted")
    assert weighted.value.text == f"{f1_score(y, given, average='weighted'):.3f}"
