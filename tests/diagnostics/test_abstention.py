"""Models that leave rows open: judged on what they decide, and shown with how much that is."""

import numpy as np
import pytest

from benchmarks.faults.cases import case_from_arrays
from reportgen.diagnostics import suite
from reportgen.retraining.results import Trained
from reportgen.statistics.intervals import wilson

DIAGNOSTIC = suite()["performance"]
UNSURE = {"threshold": 0.8, "otherwise": "unsure"}


def examined(p, y, decision=UNSURE, train_y=None):
    """Findings on stored P(class 1); features tell nothing."""
    X = np.random.default_rng(9).normal(size=(len(y), 2))
    train_y = y if train_y is None else train_y
    splits = {"train": (X[: len(train_y)], train_y), "test": (X, y)}
    case = case_from_arrays("binary", splits, {"test": p, "train": p}, decision=decision)
    view = case.view("performance", DIAGNOSTIC.settings(simple_models=False))
    return DIAGNOSTIC.examine(view, DIAGNOSTIC.prepare(view), Trained({}))


def metric(found, name):
    return next((m for m in found.metrics if m.name == name and m.split == "test"), None)


def raised(found):
    return {f.code.partition(".")[2]: f for f in found.findings}


def truth(n=4000, positives=0.3, seed=0):
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-(rng.normal(0, 2, n) + np.log(positives / (1 - positives)))))
    return p, (rng.random(n) < p).astype(np.int64)


def test_coverage_and_accuracy_among_decided_rows_have_wilsons_intervals():
    p, y = truth()
    found = examined(p, y)
    decided = np.maximum(p, 1 - p) > 0.8
    right = (p > 0.5) == y
    for name, hits, n in (
        ("coverage", decided.sum(), len(y)),
        ("selective_accuracy", right[decided].sum(), decided.sum()),
        ("accuracy", right[decided].sum(), len(y)),
    ):
        by_hand = wilson(int(hits), int(n))
        seen = metric(found, name)
        assert (seen.value, seen.low, seen.high, seen.n) == pytest.approx(
            (by_hand.value, by_hand.low, by_hand.high, n)
        )
    assert "unsure" in metric(found, "accuracy").label
    assert f"{100 * decided.mean():.1f}" in found.headline


def test_the_baseline_is_met_on_decided_rows():
    p, y = truth()
    found = examined(p, y)
    decided = np.maximum(p, 1 - p) > 0.8
    here = ((p > 0.5) == y)[decided].mean() - (y == 0)[decided].mean()
    lead = metric(found, "lead_over_Always “0”")
    assert lead.value == pytest.approx(here)
    assert lead.n == decided.sum()
    # On all rows, undecided ones counted as wrong, it is below: abstention alone is no fault.
    assert metric(found, "accuracy").value < (y == 0).mean()
    assert "below-baseline" not in raised(found)


def test_the_wrong_way_round_fails_and_says_on_which_rows():
    p, y = truth()
    finding = raised(examined(1 - p, y))["below-baseline"]
    assert finding.severity == "fail"
    assert f"on the {(np.maximum(p, 1 - p) > 0.8).sum():,} decided rows" in finding.message


def test_one_answer_for_easy_rows_is_worth_something():
    rng = np.random.default_rng(3)
    easy = rng.random(3000) < 0.6
    y = (rng.random(3000) < np.where(easy, 0.03, 0.45)).astype(np.int64)
    found = raised(examined(np.where(easy, 0.03, 0.45), y))
    assert found["below-baseline"].severity == "info"
    assert "tells which rows are easy" in found["below-baseline"].message


def test_one_answer_for_rows_drawn_by_lot_is_worth_nothing():
    rng = np.random.default_rng(4)
    y = (rng.random(3000) < 0.25).astype(np.int64)
    found = raised(examined(np.where(rng.random(3000) < 0.6, 0.1, 0.4), y))
    assert found["below-baseline"].severity == "fail"
    assert found["class-never-predicted"].severity == "fail"


def test_nothing_decided_is_said_as_such():
    p, y = truth()
    found = examined(0.5 + (p - 0.5) * 0.1, y)
    check = next(c for c in found.checks if c.code == "performance.below-baseline")
    assert check.reason == "every row is left “unsure”: nothing is decided"
    assert raised(found)["class-never-predicted"].severity == "fail"
    assert "No row of test is decided" in found.headline
    assert metric(found, "selective_accuracy").reason


def test_a_label_that_is_a_class_is_an_answer():
    p, y = truth()
    found = examined(p, y, {"threshold": 0.8, "otherwise": "0"})
    assert metric(found, "coverage") is None
    assert "unsure" not in metric(found, "accuracy").label


def test_classes_of_which_hardly_a_row_is_decided_are_not_called_blind_spots():
    rng = np.random.default_rng(5)
    y = np.r_[np.zeros(900, np.int64), np.ones(100, np.int64)]
    p = np.where(y == 1, 0.5, 0.1)
    p[-2:] = 0.1  # two of a hundred are decided, and missed
    order = rng.permutation(1000)
    finding = raised(examined(p[order], y[order]))["class-never-predicted"]
    assert finding.severity == "info"
    assert "So few of them are decided" in finding.message
