"""What the section says: of one candidate, of several, of none, and of what was chosen."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from reportgen.diagnostics.reconciliation import words
from reportgen.diagnostics.reconciliation.advice import more_numbers
from reportgen.diagnostics.reconciliation.parameters import bracketed
from reportgen.reconciliation.search import explain
from tests.reconciliation.told import binary, evidence, multiclass, numbers


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, ""),
        ({"threshold": [0.31, 0.33]}, " (threshold 0.31 to 0.33)"),
        ({"is": "weighted"}, " (weighted)"),
        ({"is": "balanced_accuracy", "equivalent": ["balanced_accuracy"]}, " (balanced_accuracy)"),
        ({"is": {"f1": "recall"}}, " (f1 as recall)"),
        ({"rows": 672, "of": 1_700, "batch_size": None}, " (672 rows; of 1,700)"),
        ({"rows": "weighted", "divided_by": "n"}, " (rows weighted; divided by n)"),
        ({"lag": -1}, " (a shift of -1 row)"),
        ({"order": ["b", "a"], "by": "reversed", "of": "names"},
         " (outputs read as b, a; reversed; of names)"),
    ],
)  # fmt: skip
def test_what_was_chosen_in_words(parameters, said):
    assert bracketed(parameters) == said


def answer_of(world, said):
    (answer,) = explain(evidence(world), numbers(world.task, said)).answers
    return answer


def test_one_candidate_says_why_it_is_not_certain_and_what_would_settle_it():
    world = binary(np.random.default_rng(81), 900)
    given = (np.asarray(world.scores) > 0.37).astype(int)
    answer = answer_of(world, {"accuracy": (accuracy_score(world.truth, given), 4),
                               "f1": (f1_score(world.truth, given), 4)})  # fmt: skip
    assert answer.kind == "ambiguous"
    assert answer.sole is not None
    said = words.ambiguous(answer)
    assert said.startswith("Not certain, but only decision-threshold (threshold 0.3")
    assert f"{100 * answer.sole.accident:.2g} %" in said
    assert "`decision:`" in more_numbers(answer)
    told = "\n".join(words.lines(answer))
    assert "wrong  y_pred = scores > 0.37" in told


def test_several_candidates_are_each_listed():
    world = multiclass(np.random.default_rng(82), 60)
    answer = answer_of(world, {"accuracy": (0.5, 1)})
    assert answer.sole is None
    said = words.ambiguous(answer)
    assert said.count(",") + said.count(" and ") >= min(len(answer.explanations), 4) - 1
    assert "explanations give the accuracy of 0.5" in said


def test_a_number_that_nothing_gives_says_what_came_closest():
    world = binary(np.random.default_rng(83), 900)
    answer = answer_of(world, {"accuracy": (0.123456, 6), "f1": (0.98765, 5)})
    assert answer.kind == "unexplained"
    said = words.unexplained(answer)
    assert "reported as 0.123456, but" in said
    assert answer.misses[0].cause.name in said
