"""Other rows than those named: whole splits, several together, and the tail that Keras cuts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_score, recall_score

from benchmarks.faults.reconciliation import rows, works
from reportgen.job.claims import of_number
from reportgen.reconciliation.from_case import evidence_of
from reportgen.reconciliation.search import explain


def said(y, labels, proba):
    """Five numbers of an evaluation, by scikit-learn."""
    of = {"average": "macro", "zero_division": 0}
    values = {
        "accuracy": accuracy_score(y, labels),
        "precision": precision_score(y, labels, **of),
        "recall": recall_score(y, labels, **of),
        "f1": f1_score(y, labels, **of),
        "log_loss": log_loss(y, proba, labels=list(range(proba.shape[1]))),
    }
    return [of_number(m, f"{v:.4f}", task="multiclass") for m, v in values.items()]


@pytest.fixture(scope="module")
def work():
    return works.classifier(np.random.default_rng(3), rows.UNEQUAL[:1])


@pytest.mark.parametrize(
    ("names", "start", "wanted"),
    [
        (("train",), 0.0, "train"),
        (("train", "validation"), 0.0, "train + validation"),
        (("train",), 0.8, "the last 0.2 of train"),
        (("train",), 0.67, "the last 0.33 of train"),
    ],
)
def test_the_rows_that_give_the_numbers_are_named(work, names, start, wanted):
    X, y = (np.concatenate([work.splits[n][i] for n in names]) for i in (0, 1))
    cut = int(len(y) * start)
    X, y = X[cut:], y[cut:]
    case = work.case(*said(y, work.labels(X), work.proba(X)))
    (answer,) = explain(evidence_of(case), case.claims).answers
    assert answer.kind == "named"
    (explanation,) = answer.explanations
    assert explanation.name == "other-split"
    assert explanation.candidates[0][0].parameters == {"split": wanted}


def test_rows_that_are_no_such_cut_are_not_called_one(work):
    X, y = work.splits["train"]
    kept = np.random.default_rng(1).permutation(len(y))[: len(y) // 5]
    case = work.case(*said(y[kept], work.labels(X[kept]), work.proba(X[kept])))
    (answer,) = explain(evidence_of(case), case.claims).answers
    assert answer.kind == "unexplained"
