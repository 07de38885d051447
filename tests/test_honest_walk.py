"""The whole walk of page one on a table with copies and a small class, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier

from benchmarks.faults.cases import case_from_arrays
from reportgen.diagnosis.walk import honest_score
from reportgen.diagnostics import suite
from reportgen.diagnostics.leakage.arms import arms
from reportgen.results import Section
from reportgen.retraining.estimators import seeded
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds
from reportgen.retraining.standard import ensemble

NAMES = ("seed_ensemble", "imbalance", "leakage")


def table(copied: float):
    """Train, test and a tree on them: a fifth of the rows is of the small class."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(1400, 5)).round(4)
    y = (X[:, 0] + X[:, 1] + rng.normal(size=1400) > 1.5).astype(np.int64)
    test = np.arange(1400) >= 800
    again = np.flatnonzero(test)[rng.random(test.sum()) < copied]
    order = rng.permutation(np.concatenate([np.flatnonzero(~test), again]))
    return X[order], y[order], X[test], y[test]


@pytest.fixture(scope="module")
def audited():
    """The case, its sections and what was trained."""
    X, y, X_test, y_test = table(0.3)
    model = DecisionTreeClassifier(random_state=0, max_features=3).fit(X, y)
    case = case_from_arrays("binary", {"train": (X, y), "test": (X_test, y_test)}, model)
    views = {name: case.view(name, suite()[name].settings()) for name in NAMES}
    prepared = {name: suite()[name].prepare(view) for name, view in views.items()}
    rounds = Rounds(case, Budget())
    trained = rounds.run(
        {name: suite()[name].retrainings(views[name], prepared[name]) for name in NAMES}
    )
    sections = [
        Section.completed(name, suite()[name].examine(views[name], prepared[name], trained))
        for name in NAMES
    ]
    return views["leakage"], prepared["leakage"], model, sections


def test_every_step_is_what_scikit_learn_gives_and_goes_on_from_the_one_before(audited):
    view, prepared, model, sections = audited
    X, y, X_test, y_test = table(0.3)
    score = honest_score("binary", sections, [])
    assert [(s.step, s.metric) for s in score.steps] == [
        ("recomputed", "accuracy"),
        ("without_leaks", "accuracy"),
        ("imbalance_aware", "balanced_accuracy"),
        ("mean_over_seeds", "balanced_accuracy"),
    ]

    def of(members, metric):
        """Mean of the metric over trees that are trained here, by the members' seeds and rows."""
        found = []
        for member in members:
            rows = slice(None) if member.rows is None else member.rows.array
            tree = seeded(DecisionTreeClassifier(max_features=3), member)
            found.append(metric(y_test, tree.fit(X[rows], y[rows]).predict(X_test)))
        return np.mean(found)

    (arm,) = arms(view, prepared.leaks, prepared.delivered.n).by_cured.values()
    having, cured = [team[0] for team in arm.having], [team[0] for team in arm.cured]
    by_step = {s.step: s for s in score.steps}
    expected = {}
    for metric, step in (
        (accuracy_score, "without_leaks"),
        (balanced_accuracy_score, "imbalance_aware"),
    ):
        lost = of(having, metric) - of(cured, metric)
        expected[step] = metric(y_test, model.predict(X_test)) - lost
        expected["mean_over_seeds"] = of(ensemble(view), metric) - lost
        assert by_step[step].value == pytest.approx(expected[step], abs=1e-5)
    assert by_step["mean_over_seeds"].value == pytest.approx(expected["mean_over_seeds"], abs=1e-5)
    assert by_step["without_leaks"].told
    assert by_step["without_leaks"].change < -0.02
    for step in score.steps:
        assert step.low <= step.value <= step.high


def test_the_copies_are_a_cause_whose_effect_is_the_step(audited):
    _, _, _, sections = audited
    step = next(s for s in honest_score("binary", sections, []).steps if s.step == "without_leaks")
    (copies,) = [f for s in sections for f in s.findings if f.code == "leakage.exact-duplicates"]
    assert copies.evidence["effect"] == pytest.approx(-step.change, abs=1e-5)
    assert copies.evidence["effect_metric"] == "accuracy"
    assert (copies.evidence["effect_low"], copies.evidence["effect_high"]) == pytest.approx(
        (-step.change_high, -step.change_low), abs=1e-5
    )
