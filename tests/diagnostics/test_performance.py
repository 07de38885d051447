"""The performance diagnostic on small real cases, degenerate ones, and planted ones."""

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_linnerud
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import f1_score, r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.faults import performance as faults
from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.harness import generator
from reportgen.charts.canvas import to_svg
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics import suite
from reportgen.diagnostics.performance.inputs import learn
from reportgen.results import Findings
from reportgen.retraining.results import Trained

DIAGNOSTIC = suite()["performance"]


def found_in(case, **settings):
    view = case.view("performance", DIAGNOSTIC.settings(**settings))
    found = DIAGNOSTIC.examine(view, DIAGNOSTIC.prepare(view), Trained({}))
    assert Findings.model_validate_json(found.model_dump_json()) == found
    assert [c.code for c in found.checks] == [c.code for c in DIAGNOSTIC.codes]
    for check in found.checks:
        assert (check.status == "raised") == any(f.code == check.code for f in found.findings)
        assert (check.status == "not_applicable") == (check.reason is not None)
    assert found.headline.endswith(".")
    assert found.tried
    assert found.result
    assert found.detectable
    for chart in DIAGNOSTIC.plots(found):
        assert chart.alt
        assert to_svg(chart.figure, chart.name).startswith("<svg")
    return found


def codes(found, least="info"):
    order = ["info", "warn", "fail"]
    return {f.code for f in found.findings if order.index(f.severity) >= order.index(least)}


def metric(found, name, split="test"):
    return next(m for m in found.metrics if m.name == name and m.split == split)


def halves(X, y, seed=0):
    order = np.random.default_rng(seed).permutation(len(X))
    a, b = order[: len(X) // 2], order[len(X) // 2 :]
    return {"train": (X[a], y[a]), "test": (X[b], y[b])}


def breast_cancer():
    X, y = load_breast_cancer(return_X_y=True)
    splits = halves(X, y)
    model = ExtraTreesClassifier(60, random_state=0).fit(*splits["train"])
    return splits, model


def test_a_good_binary_model_is_clean_and_its_scores_are_right():
    splits, model = breast_cancer()
    found = found_in(case_from_arrays("binary", splits, model, classes=["bad", "good"]))
    assert not codes(found, "warn")
    X, y = splits["test"]
    assert metric(found, "roc_auc").value == pytest.approx(
        roc_auc_score(y, model.predict_proba(X)[:, 1]), abs=1e-6
    )
    assert metric(found, "f1").value == pytest.approx(f1_score(y, model.predict(X)), abs=1e-6)
    assert metric(found, "accuracy", "train").value == 1
    for m in found.metrics:
        if m.low is not None:
            assert m.low <= m.value <= m.high
            assert m.interval
    names = {c.name for c in DIAGNOSTIC.plots(found)}
    assert {"confusion", "roc", "pr", "compared"} <= names


def test_positive_class_first_gives_the_same_auc():
    splits, model = breast_cancer()
    last = found_in(case_from_arrays("binary", splits, model))
    first = found_in(case_from_arrays("binary", splits, model, positive=0))
    assert metric(first, "roc_auc").value == pytest.approx(metric(last, "roc_auc").value)
    assert metric(first, "recall").value != metric(last, "recall").value


def test_two_column_outputs_and_labels_alone():
    splits, model = breast_cancer()
    labels = {"test": np.array(["0", "1"])[model.predict(splits["test"][0])]}
    found = found_in(case_from_arrays("binary", splits, labels))
    assert not any(m.name == "roc_auc" for m in found.metrics)
    assert metric(found, "accuracy").value > 0.9


def test_digits_have_a_matrix_and_recalls():
    X, y = load_digits(return_X_y=True)
    splits = halves(X, y)
    model = ExtraTreesClassifier(60, random_state=0).fit(*splits["train"])
    found = found_in(case_from_arrays("multiclass", splits, model))
    assert not codes(found, "warn")
    assert np.trace(found.series["confusion"]["counts"]) == round(
        metric(found, "accuracy").value * len(splits["test"][1])
    )
    assert {c.name for c in DIAGNOSTIC.plots(found)} == {"confusion", "recall", "compared"}


def test_regression_with_one_and_with_three_targets():
    X, y = load_diabetes(return_X_y=True)
    splits = halves(X, y)
    model = RandomForestRegressor(40, min_samples_leaf=4, random_state=0).fit(*splits["train"])
    found = found_in(case_from_arrays("regression", splits, model))
    assert metric(found, "r2").value == pytest.approx(
        r2_score(splits["test"][1], model.predict(splits["test"][0])), abs=1e-6
    )
    X, y = load_linnerud(return_X_y=True)
    splits = {"train": (X[:12], y[:12]), "test": (X[12:], y[12:])}
    three = found_in(case_from_arrays("regression", splits, Ridge().fit(*splits["train"])))
    assert len([c for c in DIAGNOSTIC.plots(three) if c.name.startswith("residuals")]) == 3


def test_multilabel():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    y = (X[:, :3] + 0.5 * rng.normal(size=(400, 3)) > [0, 0.5, 1]).astype(int)
    splits = halves(X, y)
    model = ExtraTreesClassifier(50, random_state=0).fit(*splits["train"])
    found = found_in(case_from_arrays("multilabel", splits, model, classes=["a", "b", "c"]))
    assert not codes(found, "warn")
    assert len(found.series["per_class"]) == 3


def test_a_simple_model_is_never_told_that_a_simple_model_is_as_good():
    splits, _ = breast_cancer()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*splits["train"])
    found = found_in(case_from_arrays("binary", splits, model))
    check = next(c for c in found.checks if c.code.endswith("simple-model-as-good"))
    assert check.status == "not_applicable"
    assert check.reason == "the model is that simple itself"


QUICK = [c for c in faults.PLANTED if not {"digits", "file"} & set(c.name.split())]


@pytest.mark.parametrize("case", QUICK, ids=lambda c: c.name)
def test_planted(case):
    found = found_in(case.draw(np.random.default_rng(11)))
    assert set(case.codes) <= codes(found, case.at_least), found.findings


@pytest.mark.parametrize("name", ["table, 9,000 rows", "12 test rows", "groups and weights",
                                  "noise that grows", "weighted for 6 % positives"])  # fmt: skip
def test_clean(name):
    case = next(c for c in faults.CLEAN if c.name == name)
    assert not codes(found_in(case.draw(np.random.default_rng(12))), "warn")


def test_segments_speak_of_the_features():
    case = next(c for c in faults.PLANTED if c.name == "weak plan, wholly")
    found = found_in(case.draw(np.random.default_rng(13)))
    weak = [f for f in found.findings if f.code.endswith("weak-segment")]
    assert any("plan is “gold”" in f.subject for f in weak)


def test_groups_widen_the_interval():
    splits, model = breast_cancer()
    n = len(splits["test"][1])
    right = model.predict(splits["test"][0]) == splits["test"][1]
    groups = np.where(right, np.arange(n) % 30, 100)  # all errors come from one group
    alone = metric(found_in(case_from_arrays("binary", splits, model)), "accuracy")
    grouped = metric(
        found_in(case_from_arrays("binary", splits, model, groups={"test": groups})), "accuracy"
    )
    assert grouped.value == alone.value
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


def test_validation_and_train_are_judged_for_want_of_test():
    splits, model = breast_cancer()
    found = found_in(case_from_arrays("binary", {"train": splits["train"]}, model))
    assert "for want of test rows" in found.headline
    assert {m.split for m in found.metrics} == {"train"}


def test_nothing_to_judge():
    splits, model = breast_cancer()
    X, y = splits["test"]
    unknown = {"test": (X, np.full(len(y), -1))}
    with pytest.raises(NotApplicable, match="known target"):
        found_in(case_from_arrays("binary", unknown, model))
    with pytest.raises(NotApplicable, match="no split"):
        found_in(case_from_arrays("binary", {"test": (X, None), "train": splits["train"]},
                                  {"test": model.predict_proba(X)}))  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 6])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "multilabel"])
def test_few_rows(task, n):
    rng = np.random.default_rng(0)
    y = {
        "binary": np.arange(n) % 2,
        "multiclass": np.arange(n) % 3,
        "regression": rng.normal(size=n),
        "multilabel": rng.integers(0, 2, (n, 2)),
    }[task]
    X = rng.normal(size=(n, 1))
    raw = {
        "binary": rng.random(n),
        "multiclass": rng.dirichlet(np.ones(3), n),
        "regression": rng.normal(size=n),
        "multilabel": rng.random((n, 2)),
    }[task]
    classes = {"multiclass": ["a", "b", "c"]}.get(task)
    splits = {"train": (X, y), "test": (X, y)}
    found = found_in(case_from_arrays(task, splits, {"test": raw, "train": raw}, classes=classes))
    assert "fail" not in {f.severity for f in found.findings}
    if n == 1:
        assert "too few to tell" in found.headline


def test_one_class_constant_predictions_and_strange_labels():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(80, 2)), np.arange(80) % 2
    train = (X, y)
    one = found_in(case_from_arrays(
        "binary", {"train": train, "test": (X, np.ones(80, int))}, {"test": rng.random(80)}
    ))  # fmt: skip
    assert metric(one, "roc_auc").reason
    constant = found_in(
        case_from_arrays("binary", {"train": train, "test": train}, {"test": np.full(80, 0.7)})
    )
    assert "performance.class-never-predicted" in codes(constant, "fail")
    strange = y.copy()
    strange[:7] = -1
    left_out = found_in(
        case_from_arrays("binary", {"train": train, "test": (X, strange)}, {"test": rng.random(80)})
    )
    assert metric(left_out, "accuracy").n == 73
    assert "7 rows" in left_out.method
    flat = found_in(case_from_arrays(
        "regression", {"train": (X, y * 1.0), "test": (X, np.ones(80))}, {"test": np.ones(80)}
    ))  # fmt: skip
    assert metric(flat, "r2").value is None or metric(flat, "r2").reason


def test_two_hundred_classes():
    rng = np.random.default_rng(2)
    y = np.r_[np.arange(200), rng.integers(0, 200, 800)]
    scores = rng.dirichlet(np.ones(200), 1000)
    scores[np.arange(1000), y] += 0.02
    scores /= scores.sum(axis=1, keepdims=True)
    X = rng.normal(size=(1000, 3))
    splits = {"train": (X, y), "test": (X, y)}
    found = found_in(case_from_arrays("multiclass", splits, {"test": scores}))
    assert "counts" not in found.series["confusion"]
    assert "more than 20 classes" in found.method
    assert len(found.model_dump_json()) < 150_000


def test_tables_of_every_kind_of_column_become_numbers():
    frame = pl.DataFrame(
        {
            "n": [1, None, 3],
            "f": [0.5, float("nan"), float("inf")],
            "b": [True, False, None],
            "d": ["2026-01-01", "2026-01-02", None],
            "t": ["2026-01-01 10:00", None, "2026-01-03 11:00"],
            "s": ["x", None, "y"],
        }
    ).with_columns(pl.col("d").str.to_date(), pl.col("t").str.to_datetime())
    encoder = learn(frame, frame.columns)
    assert encoder is not None
    assert encoder.encode(frame).shape == (3, len(encoder.columns))
    assert [c.level for c in encoder.columns if c.name == "s"] == ["x", "y"]


def test_images_and_texts_have_simple_models():
    rng = np.random.default_rng(3)
    y = np.arange(120) % 2
    images = (rng.random((120, 28, 28, 1)) * 50 + 100 * y[:, None, None, None]).astype(np.uint8)
    words = np.array([("good fine " if k else "bad poor ") + f"w{i}" for i, k in enumerate(y)])
    for X in (images, words):
        splits = {"train": (X[:60], y[:60]), "test": (X[60:], y[60:])}
        raw = {"test": rng.random(60)}
        found = found_in(case_from_arrays("binary", splits, raw))
        assert "performance.simple-model-as-good" in codes(found, "warn")


def test_linear_regression_on_codes_keeps_its_words():
    X, y = load_diabetes(return_X_y=True)
    splits = halves(X, y)
    found = found_in(
        case_from_arrays("regression", splits, LinearRegression().fit(*splits["train"]))
    )
    assert "RMSE" in found.result
    assert not codes(found, "warn")


# --- verdicts that were wrong once -----------------------------------------------------------


def finding(found, code):
    return next(f for f in found.findings if f.code == f"performance.{code}")


def separated(seed, n, share, strength):
    """Rows, truths and P(1) of a sound model: logit = strength x0 + const."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    shifts = np.linspace(-20, 20, 4001)
    means = [(1 / (1 + np.exp(-(strength * X[:2000, 0] + s)))).mean() for s in shifts]
    p = 1 / (1 + np.exp(-(strength * X[:, 0] + shifts[np.searchsorted(means, share)])))
    return X, (rng.random(n) < p).astype(np.int64), p


def test_rare_positives_are_hard_by_their_score_and_are_no_weak_segment():
    alarms = 0
    for seed in range(12):
        X, y, p = separated(seed, 9000, 0.03, 3.0)
        case = case_from_arrays("binary", {"test": (X, y)}, {"test": p})
        view = case.view("performance", DIAGNOSTIC.settings())
        alarms += bool(
            codes(DIAGNOSTIC.examine(view, DIAGNOSTIC.prepare(view), Trained({})), "warn")
        )
    assert alarms <= 1


@pytest.mark.parametrize("seed", [102, 115])
def test_class_weights_move_the_odds_and_make_no_segment_weak(seed):
    case = next(c for c in faults.CLEAN if c.name == "weighted for 6 % positives")
    found = found_in(case.draw(generator("performance", case.name, seed)))
    assert not codes(found, "warn")


@pytest.mark.parametrize("flipped", [False, True])
def test_labels_alone_are_hard_where_a_simple_model_hesitates(flipped):
    X, y, p = separated(7, 3000, 0.5, 4.0)
    given = p > 0.5
    if flipped:
        given = np.where(X[:, 1] > 0.8, ~given, given)
    labels = np.array(["0", "1"])[given.astype(int)]
    splits = {"train": (X[:1500], y[:1500]), "test": (X[1500:], y[1500:])}
    answers = {"train": labels[:1500], "test": labels[1500:]}
    found = found_in(case_from_arrays("binary", splits, answers, classes=["0", "1"]))
    assert ("performance.weak-segment" in codes(found, "warn")) == flipped


def test_scores_that_rank_are_told_from_a_constant():
    X, y, p = separated(3, 4000, 0.08, 0.9)
    splits = {"train": (X[:2000], y[:2000]), "test": (X[2000:], y[2000:])}
    answers = {"train": p[:2000], "test": p[2000:]}
    found = found_in(case_from_arrays("binary", splits, answers))
    below = finding(found, "below-baseline")
    assert "ROC-AUC" in below.message
    assert below.severity == ("warn" if (p[2000:] <= 0.5).all() else "info")
    # A constant that ranks nothing fails; so does a threshold that costs accuracy.
    constant = {name: np.full(2000, 0.08) for name in answers}
    found = found_in(case_from_arrays("binary", splits, constant))
    assert finding(found, "below-baseline").severity == "fail"
    assert finding(found, "class-never-predicted").severity == "fail"


def test_too_few_of_another_class_are_no_verdict():
    y = np.zeros(200, dtype=int)
    y[:3] = 1
    X = np.random.default_rng(0).normal(size=(200, 2))
    found = found_in(case_from_arrays("binary", {"test": (X, y)}, {"test": np.full(200, 0.1)}))
    assert codes(found) == {"performance.below-baseline", "performance.class-never-predicted"}
    assert not codes(found, "warn")


def test_sentences_name_rivals_within_quotes_once():
    X, y, p = separated(5, 600, 0.3, 2.0)
    case = case_from_arrays("binary", {"test": (X, y)}, {"test": 1 - p}, classes=["no", "yes"])
    found = found_in(case)
    said = finding(found, "below-baseline").message
    assert "that of always “no”; lead" in said
    assert "““" not in said
    assert "””" not in said
    X, y = load_diabetes(return_X_y=True)
    splits = halves(X, y)
    found = found_in(case_from_arrays("regression", splits, Ridge(0.1).fit(*splits["train"])))
    assert "its RMSE is" in found.headline
    assert "below that of the mean of train." in found.headline


def test_one_class_on_test_is_said():
    X = np.arange(40.0)[:, None]
    splits = {"train": (X, np.arange(40) % 2), "test": (X, np.ones(40, dtype=int))}
    answers = {name: np.full(40, 0.9) for name in splits}
    found = found_in(case_from_arrays("binary", splits, answers))
    assert "all rows are of one class" in found.headline
