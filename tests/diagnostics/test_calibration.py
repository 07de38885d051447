"""The calibration diagnostic: what it says of known faults, of sound models, of odd inputs."""

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks.faults import calibration as faults
from benchmarks.faults.cases import case_from_arrays
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics import suite
from reportgen.diagnostics.calibration import CODES, CalibrationSettings
from reportgen.diagnostics.calibration.losses import worst_rows
from reportgen.diagnostics.calibration.measure import measured
from reportgen.diagnostics.calibration.rows import read_rows
from reportgen.retraining.results import Trained
from reportgen.statistics.recalibration import Fit

CALIBRATION = suite()["calibration"]


def view(case, **settings):
    return case.view("calibration", CalibrationSettings(**settings))


def examine(case, **settings):
    seen = view(case, **settings)
    return CALIBRATION.examine(seen, CALIBRATION.prepare(seen), Trained({}))


def alarms(found):
    return {f.code.split(".")[1] for f in found.findings if f.severity != "info"}


def finding(found, code):
    return next(f for f in found.findings if f.code == f"calibration.{code}")


def metric(found, name):
    return next(m for m in found.metrics if m.name == name)


def check(found, code):
    return next(c for c in found.checks if c.code == f"calibration.{code}")


def drawn(seed, n=2000, k=2, spread=1.5, **more):
    rng = np.random.default_rng(seed)
    return faults.case(rng, faults.logits(rng, n, k, spread), **more)


# --- what is measured agrees with other sources ----------------------------------------------


@pytest.mark.parametrize("k", [2, 4])
def test_scores_agree_with_scikit_learn(k):
    case = drawn(0, k=k)
    found = examine(case)
    y, scores = case.split("test").y, case.predict("test").scores
    assert metric(found, "log_loss").value == pytest.approx(log_loss(y, scores), rel=1e-9)
    if k == 2:
        assert metric(found, "brier_event").value == pytest.approx(brier_score_loss(y, scores))
    parts = [metric(found, m).value for m in ("miscalibration", "discrimination", "uncertainty")]
    assert metric(found, "brier_event").value == pytest.approx(parts[0] - parts[1] + parts[2])


def test_the_temperature_that_was_planted_is_found_and_confirmed_on_test():
    case = drawn(1, n=6000, k=4, spread=2.0, bend=faults.sharpened(2.0), validation=True)
    found = examine(case)
    over = finding(found, "overconfident")
    assert over.evidence["temperature"] == pytest.approx(2.0, rel=0.08)
    assert over.evidence["temperature_fitted_on"].startswith("validation")
    # The gain is a mean over test rows, so it can be recomputed outright.
    z = np.log(case.predict("test").scores)
    y = case.split("test").y
    before = -faults.log_softmax(z)[np.arange(len(y)), y].mean()
    after = -faults.log_softmax(z / over.evidence["temperature"])[np.arange(len(y)), y].mean()
    assert over.evidence["gain"][0] == pytest.approx(before - after, abs=1e-5)
    assert over.evidence["gain"][1] > 0


def test_without_validation_the_temperature_is_fitted_across_test():
    found = examine(drawn(2, bend=faults.sharpened(2.0)))
    said = finding(found, "overconfident").evidence["temperature_fitted_on"]
    assert "in turn" in said
    assert said in found.method


def test_logits_are_read_where_there_are_any():
    z = np.array([[0.0, 40.0], [0.0, -30.0]] * 100)
    y = np.array([1, 1] * 100)
    case = case_from_arrays(
        "binary", {"test": (np.arange(200.0)[:, None], y)}, {"test": z[:, 1]}, output="logit"
    )
    found = examine(case)
    assert metric(found, "log_loss").value == pytest.approx(15.0, rel=1e-6)
    assert metric(found, "log_loss_clipped").value == pytest.approx(16.118096 / 2, rel=1e-5)


def test_the_worst_rows_expectation_agrees_with_draws():
    case = drawn(3, n=1500, k=3, spread=2.0)
    (rows,) = read_rows(view(case), "test")
    honest = Fit(1.0, np.zeros(3), 0.0, 0.0, rows.n)
    worst = worst_rows(rows, honest, 1.0)
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(400):
        y = faults.draw(rng, rows.z)
        losses = np.sort(-rows.log_scores[np.arange(rows.n), y])[::-1]
        seen.append(losses[:15].sum() / losses.sum())
    assert worst.expected == pytest.approx(np.mean(seen), abs=0.012)
    assert worst.p_value > 0.001


# --- what is said -------------------------------------------------------------------------------


def test_flipped_labels_are_listed_with_their_rows_and_ids():
    rng = np.random.default_rng(4)
    z = faults.logits(rng, 3000, 3, 5.0)
    y = faults.draw(rng, z)
    flipped = rng.choice(3000, size=150, replace=False)
    y[flipped] = (y[flipped] + 1) % 3
    case = case_from_arrays(
        "multiclass",
        {"test": (rng.normal(size=(3000, 2)), y)},
        {"test": np.exp(faults.log_softmax(z))},
        ids={"test": np.array([f"id{i}" for i in range(3000)])},
    )
    found = finding(examine(case), "suspected-label-errors")
    rows = [r["row"] for r in found.evidence["rows"]]
    assert np.isin(rows, flipped).mean() > 0.9
    assert found.evidence["ids"] == [f"id{r}" for r in rows]
    confidence = [r["self_confidence"] for r in found.evidence["rows"]]
    assert confidence == sorted(confidence)


def test_suspected_labels_are_not_looked_for_on_training_rows():
    rng = np.random.default_rng(5)
    z = faults.logits(rng, 2000, 2, 4.0)
    y = faults.flipped(0.1)(rng, faults.draw(rng, z), 2)
    p = np.exp(faults.log_softmax(z))[:, 1]
    found = examine(case_from_arrays("binary", {"train": (rng.normal(size=(2000, 2)), y)},
                                     {"train": p}))  # fmt: skip
    assert check(found, "suspected-label-errors").status == "not_applicable"
    assert "training" in check(found, "suspected-label-errors").reason


def test_saturation_by_unscaled_inputs_names_the_column():
    found = examine(faults.unscaled(np.random.default_rng(6)))
    message = finding(found, "saturated").message
    assert "'x2'" in message
    assert "16.118" in message
    assert "Standardise" in finding(found, "saturated").advice


@pytest.mark.parametrize(("part", "severity"), [(0.02, "info"), (0.10, "warn")])
def test_near_ties_warn_from_five_per_cent(part, severity):
    rng = np.random.default_rng(7)
    found = examine(faults.case(rng, faults.logits(rng, 3000, 4, 4.0), bend=faults._tied(part)))
    assert finding(found, "near-ties").severity == severity


def test_near_ties_are_measured_from_the_declared_threshold():
    rng = np.random.default_rng(8)
    p = np.where(rng.random(1000) < 0.3, 0.2001, 0.6)
    y = (rng.random(1000) < p).astype(int)
    for threshold, expected in ((0.5, None), (0.2, "warn")):
        found = examine(
            case_from_arrays("binary", {"test": (rng.normal(size=(1000, 2)), y)}, {"test": p},
                             decision={"threshold": threshold})
        )  # fmt: skip
        seen = [f.severity for f in found.findings if f.code == "calibration.near-ties"]
        assert seen == ([expected] if expected else [])


def test_copies_count_once():
    rng = np.random.default_rng(9)
    quiet = [examine(faults.repeated(rng)) for _ in range(10)]
    assert not any(alarms(f) for f in quiet)
    assert "300 clusters" in quiet[0].method


def test_confidence_that_tells_nothing_is_not_cured_by_a_temperature():
    over = finding(examine(drawn(15, n=1500, bend=faults.at_random)), "overconfident")
    assert "tells nothing of whether it is right" in over.message
    assert "at which all classes are about as likely" in over.message
    assert "Divide" not in over.advice


def test_few_groups_are_too_few_to_tell():
    rng = np.random.default_rng(10)
    z = faults.logits(rng, 2000, 2, 1.5)
    case = case_from_arrays(
        "binary", {"test": (rng.normal(size=(2000, 2)), faults.draw(rng, z))},
        {"test": np.exp(faults.log_softmax(3 * z))[:, 1]},
        groups={"test": np.arange(2000) % 6},
    )  # fmt: skip
    found = examine(case)
    assert not alarms(found)
    assert "too few to tell" in check(found, "overconfident").reason
    assert "too few" in found.headline


def test_labels_are_judged_apart_and_told_together():
    found = examine(faults.multilabel(np.random.default_rng(11), bad=3))
    over = finding(found, "overconfident")
    assert "3 of 8 labels" in over.subject
    assert set(over.evidence["labels"]) == {"label0", "label1", "label2"}


def test_a_huge_set_does_not_make_a_trifle_a_warning():
    found = examine(drawn(12, n=200_000, bend=faults.sharpened(1.05)))
    assert not alarms(found)
    assert found.headline.startswith("Yes, nearly")


def test_what_would_have_been_found_is_found_about_as_often_as_said():
    rng = np.random.default_rng(13)
    seen, tries = 0, 60
    case = drawn(14, n=1000)
    limit = measured(view(case)).events[0].reach.over
    assert limit is not None
    for _ in range(tries):
        z = faults.logits(rng, 1000, 2, 1.5)
        y = faults.draw(rng, z / limit)
        case = case_from_arrays(
            "binary", {"test": (rng.normal(size=(1000, 2)), y)},
            {"test": np.exp(faults.log_softmax(z))[:, 1]},
        )  # fmt: skip
        seen += "overconfident" in alarms(examine(case))
    assert seen / tries > 0.65


# --- odd inputs: no crash, no warning (warnings are errors here) ---------------------------------


def odd(task, y, raw, **more):
    n = len(raw)
    return case_from_arrays(
        task, {"test": (np.arange(2.0 * n).reshape(n, 2), np.asarray(y))},
        {"test": np.asarray(raw)}, **more,
    )  # fmt: skip


RNG = np.random.default_rng(15)
ODD = {
    "one row": odd("binary", [1], [0.7]),
    "two rows": odd("binary", [1, 0], [0.7, 0.1]),
    "one class": odd("binary", [1] * 60, RNG.random(60)),
    "no class 1": odd("binary", [0] * 300, RNG.random(300)),
    "all certain and right": odd("binary", [0, 1] * 100, [0.0, 1.0] * 100),
    "all certain, half wrong": odd("binary", [0, 1, 1, 0] * 50, [0.0, 1.0] * 100),
    "constant": odd("binary", [0, 1] * 100, [0.3] * 200),
    "constant half": odd("binary", [0, 1] * 100, [0.5] * 200),
    "two hundred classes": odd(
        "multiclass", RNG.integers(0, 200, 400), RNG.dirichlet(np.ones(200), 400)
    ),
    "constant classes": odd("multiclass", RNG.integers(0, 3, 200), [[0.2, 0.3, 0.5]] * 200),
    "logits of a million": odd(
        "multiclass", RNG.integers(0, 3, 200), RNG.choice([-1e6, 0, 1e6], (200, 3)),
        output="logit",
    ),
    "binary logits of a million": odd(
        "binary", RNG.integers(0, 2, 200), RNG.choice([-1e6, 1e6], 200), output="logit"
    ),
    "unknown labels": odd("multiclass", [-1, 0, 2] * 50, RNG.dirichlet(np.ones(3), 150)),
    "tiny probabilities": odd("binary", RNG.integers(0, 2, 100), [1e-300] * 100),
    "empty labels": odd("multilabel", np.zeros((80, 3), int), RNG.random((80, 3))),
    "one label": odd("multilabel", RNG.integers(0, 2, (80, 1)), RNG.random((80, 1))),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_inputs_are_answered(name):
    found = examine(ODD[name])
    assert found.headline
    assert {c.code for c in found.checks} == {c.code for c in CODES}
    assert len(found.checks) == len(CODES)
    assert CALIBRATION.plots(found)
    type(found).model_validate_json(found.model_dump_json())


def test_one_row_is_too_few_to_tell():
    assert not alarms(examine(ODD["one row"]))
    assert "too few" in examine(ODD["one row"]).headline


def test_certain_and_wrong_is_refuted_by_a_single_row():
    assert "saturated" in alarms(examine(ODD["all certain, half wrong"]))
    assert "saturated" not in alarms(examine(ODD["all certain and right"]))


def test_rows_without_a_known_label_are_left_out_and_said():
    assert "50 rows with a label that is no class" in examine(ODD["unknown labels"]).method


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (odd("regression", [0.5] * 30, [0.4] * 30), "regression"),
        (odd("binary", [0, 1] * 20, ["0", "1"] * 20), "labels, not probabilities"),
        (odd("multiclass", [-1] * 20, RNG.dirichlet(np.ones(3), 20), classes=("a", "b", "c")),
         "no row of test"),
    ],
)  # fmt: skip
def test_where_it_does_not_apply_it_says_why(case, words):
    with pytest.raises(NotApplicable, match=words):
        measured(view(case))


def test_tables_are_read_as_well_as_arrays():
    rng = np.random.default_rng(16)
    y = rng.integers(0, 2, 300)
    frame = pl.DataFrame({"a": rng.normal(size=300), "b": ["x", "y", None] * 100})
    case = case_from_arrays("binary", {"test": (frame, y)}, {"test": rng.random(300)})
    assert examine(case).headline


# --- verdicts that were wrong once -----------------------------------------------------------


def noisy_halves(seed, n=1600):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = (X[:, 0] + rng.normal(0, 0.9, n) > 0).astype(np.int64)
    return X[: n // 2], y[: n // 2], X[n // 2 :], y[n // 2 :]


@pytest.mark.parametrize("seed", range(3))
def test_votes_that_agree_are_too_sure_and_no_wrong_labels(seed):
    X, y, X_test, y_test = noisy_halves(seed)
    model = KNeighborsClassifier(5).fit(X, y)
    found = examine(case_from_arrays("binary", {"train": (X, y), "test": (X_test, y_test)}, model))
    assert alarms(found) == {"overconfident"}
    assert "exactly 0 is taken for 0.05" in found.method
    assert "log probabilities" in finding(found, "overconfident").advice or "not one of" in (
        finding(found, "overconfident").advice
    )


def test_votes_that_deny_flipped_labels_are_heard():
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    a, b = order[:900], order[900:]
    y_test = y[b].copy()
    flipped = rng.choice(len(b), 45, replace=False)
    y_test[flipped] = (y_test[flipped] + 1 + rng.integers(0, 8, 45)) % 10
    model = RandomForestClassifier(100, random_state=0).fit(X[a], y[a])
    found = examine(case_from_arrays("multiclass", {"train": (X[a], y[a]), "test": (X[b], y_test)},
                                     model))  # fmt: skip
    listed = {r["row"] for r in finding(found, "suspected-label-errors").evidence["rows"]}
    assert len(listed & set(flipped.tolist())) > 0.8 * len(listed)


@pytest.mark.parametrize(("n_train", "alarm"), [(300, False), (30_000, True)])
def test_rates_learned_from_few_rows_may_be_off_by_chance(n_train, alarm):
    rng = np.random.default_rng(3)
    z = faults.logits(rng, 4000, 2, 1.5)
    y = faults.draw(rng, z + np.array([0.0, 0.25]))
    train = rng.normal(size=(n_train, 2)), rng.integers(0, 2, n_train)
    said = {"train": np.full(n_train, 0.5), "test": 1 / (1 + np.exp(-z[:, 1]))}
    splits = {"train": train, "test": (rng.normal(size=(4000, 2)), y)}
    found = examine(case_from_arrays("binary", splits, said, output="probability"))
    assert ("wrong-base-rate" in alarms(found)) == alarm


def test_as_many_wrong_one_way_as_the_other_are_no_wrong_rate():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 1000)
    said = np.where(rng.random(1000) < 0.2, 1 - y, y).astype(float)
    found = examine(
        case_from_arrays("binary", {"test": (rng.normal(size=(1000, 2)), y)}, {"test": said},
                         output="probability")
    )  # fmt: skip
    assert "wrong-base-rate" not in alarms(found)
    assert "saturated" in alarms(found)


def test_a_rate_that_is_too_low_is_not_called_too_high():
    rng = np.random.default_rng(5)
    z = faults.logits(rng, 3000, 2, 1.5)
    y = faults.draw(rng, z)
    found = examine(
        case_from_arrays("binary", {"test": (z, y)},
                         {"test": 1 / (1 + np.exp(-(z[:, 1] - 1.2)))}, classes=("no", "yes"),
                         output="probability")
    )  # fmt: skip
    assert "wrong-base-rate" in alarms(found)
    if not alarms(found) & {"overconfident", "underconfident"}:
        assert "hold “yes” to be less frequent than it is" in found.headline


def test_networks_and_estimators_get_their_own_advice():
    X, y, X_test, y_test = noisy_halves(9)
    splits = {"train": (X, y), "test": (X_test, y_test)}
    model = DecisionTreeClassifier(random_state=0).fit(X, y)
    found = examine(case_from_arrays("binary", splits, model))
    assert "from_logits" not in finding(found, "saturated").advice
    found = examine(case_from_arrays("binary", splits, model.predict_proba))
    assert "from_logits" in finding(found, "saturated").advice


@pytest.mark.parametrize(("n", "severity"), [(60, "info"), (600, "warn")])
def test_a_handful_of_near_ties_is_no_warning(n, severity):
    p = np.linspace(0.05, 0.95, n)
    p[:: n // 6] = 0.502
    y = (np.random.default_rng(0).random(n) < p).astype(np.int64)
    if n == 600:
        p[1:601:15] = 0.502
    case = case_from_arrays("binary", {"test": (np.arange(n)[:, None], y)}, {"test": p},
                            output="probability")  # fmt: skip
    assert finding(examine(case), "near-ties").severity == severity
