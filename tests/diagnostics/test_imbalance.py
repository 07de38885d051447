"""Thresholds against brute force, classes against scikit-learn, remedies by simulation."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.imbalance import blobs
from reportgen import pipeline
from reportgen.answers import answers
from reportgen.diagnostics import suite
from reportgen.diagnostics.imbalance.remedies import remedies
from reportgen.diagnostics.imbalance.shares import shares
from reportgen.diagnostics.imbalance.synthetic import synthetic
from reportgen.diagnostics.imbalance.thresholds import STRENGTHS, best_strength, best_threshold
from reportgen.diagnostics.imbalance.verdicts import gap_of, missed, recalls
from reportgen.scores.what_ifs import costs, dearest

DIAGNOSTIC = suite()["imbalance"]
SETTINGS = DIAGNOSTIC.settings()


def balanced(truth, given):
    return balanced_accuracy_score(truth, given)


@pytest.mark.parametrize("digits", [1, 2, 8])
def test_the_best_threshold_is_that_of_brute_force(digits):
    rng = np.random.default_rng(digits)
    for _ in range(40):
        truth = rng.random(30) < 0.3
        if truth.all() or not truth.any():
            continue
        scores = np.round(np.clip(0.3 * truth + rng.random(30) * 0.7, 0, 1), digits)
        best = max(balanced(truth, scores > t) for t in [-1.0, *np.unique(scores)])
        move = best_threshold(truth, scores)
        assert balanced(truth, move.labels(scores, 1) == 1) == pytest.approx(best)


def test_one_class_alone_has_no_threshold():
    assert best_threshold(np.ones(5, bool), np.linspace(0, 1, 5)) is None


def test_the_best_strength_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    share = np.array([0.8, 0.15, 0.05])
    y = rng.choice(3, 400, p=share)
    scores = rng.dirichlet(np.ones(3), 400) + 0.6 * np.eye(3)[y] + share
    scores /= scores.sum(axis=1, keepdims=True)
    move = best_strength(y, scores, share)
    all_of_them = [balanced(y, (scores / share**s).argmax(axis=1)) for s in STRENGTHS]
    assert balanced(y, move.labels(scores, None)) == pytest.approx(max(all_of_them))


def delivered(case):
    return answers(case, "test")


def test_classes_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    y = rng.choice(4, 500, p=[0.6, 0.2, 0.15, 0.05])
    given = np.where(rng.random(500) < 0.6, y, rng.choice(4, 500))
    case = case_from_arrays(
        "multiclass", {"test": (np.zeros((500, 1)), y)}, {"test": given}, output="label"
    )
    found = recalls(delivered(case))
    precision, recall, _, support = precision_recall_fscore_support(y, given)
    assert [c.n for c in found] == support.tolist()
    assert [c.recall.value for c in found] == pytest.approx(recall)
    assert [c.precision.value for c in found] == pytest.approx(precision)
    specificity = [np.mean(given[y != k] != k) for k in range(4)]
    assert [c.others.value for c in found] == pytest.approx(specificity)
    assert [c.gmean for c in found] == pytest.approx(np.sqrt(recall * specificity))
    gap = gap_of(delivered(case), found)
    assert gap.gap.value == pytest.approx(np.mean(y == given) - balanced(y, given))


def test_the_interval_of_the_gap_covers():
    """At least 95 %: it leaves the covariance of its parts out, so that it is no narrower."""
    rng = np.random.default_rng(2)
    share, hit, spared = 0.1, 0.4, 0.95
    truth = (share * hit + (1 - share) * spared) - (hit + spared) / 2
    covered = 0
    for _ in range(400):
        y = (rng.random(300) < share).astype(int)
        right = rng.random(300) < np.where(y == 1, hit, spared)
        given = np.where(right, y, 1 - y)
        case = case_from_arrays(
            "binary", {"test": (np.zeros((300, 1)), y)}, {"test": given}, output="label"
        )
        of = delivered(case)
        covered += gap_of(of, recalls(of)).gap.holds(truth)
    assert covered >= 0.93 * 400


def section(case):
    return pipeline.section(DIAGNOSTIC, case, SETTINGS)


def test_remedies_that_cannot_help_are_named_in_few_of_many_draws():
    """Labels are noise: whatever is done, balanced accuracy is a half."""
    raised = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        splits = {
            name: (rng.normal(size=(n, 3)), (rng.random(n) < 0.2).astype(int))
            for name, n in (("train", 400), ("validation", 300), ("test", 300))
        }
        case = case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))
        codes = {f.code for f in section(case).findings}
        raised += bool(codes & {"imbalance.mitigation-helps", "imbalance.threshold-move-helps"})
    # 2.5 % a draw on the one side that counts; 6 of 40 would come once in two thousand.
    assert raised <= 5


def test_no_remedy_is_fitted_on_rows_that_are_judged():
    rng = np.random.default_rng(3)
    splits = {name: blobs(rng, 600, 0.1, 2.0) for name in ("train", "test")}
    case = case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))
    plan = remedies(case.view("imbalance", SETTINGS), shares(case), SETTINGS)
    assert set(plan.tried) == {"class_weight", "oversample", "undersample", "smote", "adasyn"}
    assert len(plan.folds) == 5
    made = {*plan.tried["smote"], *plan.tried["adasyn"]}
    for member in plan.members:
        if member.rows is not None and member not in made:
            assert member.rows.array.max() < 600
    y = splits["train"][1]
    for member in plan.tried["undersample"]:
        assert np.bincount(y[member.rows.array]).tolist() == [60, 60]
    for member in plan.tried["oversample"]:
        assert np.bincount(y[member.rows.array]).tolist() == [540, 540]
    seen = np.sort(np.concatenate(plan.parts))
    assert seen.tolist() == list(range(600))


def test_a_recipe_that_weighs_classes_gets_no_second_remedy():
    rng = np.random.default_rng(4)
    splits = {name: blobs(rng, 600, 0.1, 2.0) for name in ("train", "test")}
    model = LogisticRegression(class_weight="balanced").fit(*splits["train"])
    case = case_from_arrays("binary", splits, model)
    plan = remedies(case.view("imbalance", SETTINGS), shares(case), SETTINGS)
    assert plan.tried == {}
    assert "already" in plan.untold["class_weight"]


def test_stored_predictions_move_their_threshold_on_validation():
    rng = np.random.default_rng(5)
    splits, stored = {}, {}
    for name in ("validation", "test"):
        X, y = blobs(rng, 4000, 0.1, 2.0)
        splits[name] = (X, y)
        odds = np.exp(2.0 * X[:, 0] - 2.0) * 0.1 / 0.9  # of two normals, 2 apart
        stored[name] = odds / (1 + odds)
    found = section(case_from_arrays("binary", splits, stored))
    moved = [f for f in found.findings if f.code == "imbalance.threshold-move-helps"]
    assert len(moved) == 1
    assert moved[0].evidence["threshold"] == pytest.approx(0.1, abs=0.06)
    assert "decision: {threshold:" in moved[0].advice


def test_page_one_is_offered_balanced_accuracy_where_accuracy_misleads():
    rng = np.random.default_rng(6)
    splits = {name: blobs(rng, 3000, 0.05, 1.0) for name in ("train", "test")}
    case = case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))
    found = section(case)
    (step,) = found.series["honest"]
    y = splits["test"][1]
    given = case.predict("test").labels
    assert step["from"] == pytest.approx(np.mean(given == y), abs=1e-5)
    assert step["value"] == pytest.approx(balanced(y, given), abs=1e-5)


def test_synthetic_rows_lie_between_training_rows_of_their_class():
    rng = np.random.default_rng(7)
    splits = {name: blobs(rng, 300, 0.1, 2.0, width=3) for name in ("train", "test")}
    case = case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))
    X, y = splits["train"]
    inputs, codes = synthetic(case, "smote", y, {0: 270, 1: 270}, ("train",), 1)
    assert codes.tolist() == [1] * 240
    own = X[y == 1]
    for row in inputs[:40]:
        a, b = own[:, None, :], own[None, :, :]
        along = ((row - a) * (b - a)).sum(-1) / np.maximum(((b - a) ** 2).sum(-1), 1e-12)
        off = np.linalg.norm(a + along[..., None] * (b - a) - row, axis=-1)
        assert off[(along > -1e-9) & (along < 1 + 1e-9)].min() < 1e-9


def test_synthetic_rows_of_a_table_keep_its_types_and_categories():
    rng = np.random.default_rng(8)
    n = 200
    y = (np.arange(n) < 30).astype(int)
    frame = pl.DataFrame(
        {
            "plan": rng.choice(["a", "b", "c"], n),
            "age": rng.integers(18, 80, n),
            "paid": rng.normal(size=n) + y,
            "active": rng.random(n) < 0.5,
        }
    )
    case = case_from_arrays("binary", {"train": (frame, y), "test": (frame, y)}, lambda X: y / 1.0)
    inputs, codes = synthetic(case, "smote", y, {0: 170, 1: 170}, ("train",), 1)
    assert inputs.schema == frame.schema
    assert len(codes) == inputs.height == 140
    assert set(inputs["plan"]) <= {"a", "b", "c"}
    assert inputs["age"].min() >= frame["age"].min()
    missing = frame.with_columns(
        pl.when(pl.col("age") > 70).then(None).otherwise("age").alias("age")
    )
    gaps = case_from_arrays(
        "binary", {"train": (missing, y), "test": (frame, y)}, lambda X: y / 1.0
    )
    assert "missing" in synthetic(gaps, "smote", y, {0: 170, 1: 170}, ("train",), 1)


def of_many(rng, recall, *, classes=20, large=2000, small=60):
    """One large class and small ones that are found at a rate; the large one nearly always."""
    y = np.repeat(np.arange(classes), [large, *[small] * (classes - 1)])
    right = rng.random(len(y)) < np.where(y == 0, 0.98, recall)
    given = np.where(right, y, np.where(y == 0, 1, 0))
    case = case_from_arrays(
        "multiclass", {"test": (np.zeros((len(y), 1)), y)}, {"test": given}, output="label"
    )
    return recalls(delivered(case))


def test_no_class_of_many_fails_by_the_luck_of_its_rows():
    """Nineteen classes of which half the rows are found: a fail needs fewer than half."""
    rng = np.random.default_rng(9)
    failed = 0
    for _ in range(120):
        found, _ = missed(of_many(rng, 0.5), SETTINGS)
        failed += any(f.severity == "fail" for f in found)
    # Each interval at 95 % alone would let 38 % of the draws fail.
    assert stats.binom.sf(failed - 1, 120, 0.05) > 0.001


def test_many_missed_classes_share_a_finding():
    found, _ = missed(of_many(np.random.default_rng(10), 0.1), SETTINGS)
    assert [f.severity for f in found] == ["fail"] * 5
    assert found[-1].subject == "15 further classes"
    named = [name for f in found for name in f.evidence["classes"]]
    assert sorted(named) == sorted(str(k) for k in range(1, 20))
    assert len(found[-1].message) < 200


def test_what_a_remedy_costs_is_said_where_scores_fall():
    others = {
        "Accuracy": ("score", -0.1),
        "Recall": ("score", 0.3),
        "Precision": ("score", -0.2),
        "F1": ("score", -0.001),
        "Log loss": ("loss", -0.9),
    }
    assert costs(others, 5) == [("Precision", -0.2), ("Accuracy", -0.1)]
    stored = [{"label": k, "unit": u, "change": c} for k, (u, c) in others.items()]
    assert dearest(stored) == "Precision −0.200"
    assert dearest(stored[1:2]) == ""


def test_of_two_like_classes_none_is_small():
    """49 rows to 51, and a model that mostly answers the other one: bad, but not by imbalance."""
    rng = np.random.default_rng(11)
    y = np.repeat([0, 1], [510, 490])
    given = np.where(rng.random(1000) < 0.25, 1, 0)
    rows = {"test": (np.zeros((1000, 1)), y)}
    found = section(case_from_arrays("binary", rows, {"test": given}, output="label"))
    assert not found.findings
    assert found.headline.startswith("No. The classes have like numbers of rows")


def test_what_to_do_about_a_missed_class_follows_from_what_was_tried():
    from reportgen.diagnostics.imbalance.gains import Gains
    from reportgen.diagnostics.imbalance.judge import _class_weights

    told = _class_weights(Gains(None, framework="keras", weights={0: 0.55555, 1: 5.0}))
    assert told == "Train with `model.fit(…, class_weight={0: 0.556, 1: 5})`."
    assert "balanced" in _class_weights(Gains(None, framework="sklearn", weights={0: 0.5, 1: 5.0}))
    many = Gains(None, framework="keras", weights=dict.fromkeys(range(40), 1.0))
    assert "n / (K * count_k)" in _class_weights(many)
