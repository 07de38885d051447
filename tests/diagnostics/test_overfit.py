"""The gap by simulation; what is trained, by hand; losses by epoch that rise and do not."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier

from benchmarks.faults import overfit as faults
from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.overfit import networks
from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.diagnostics.overfit.losses import _of_members
from reportgen.diagnostics.overfit.what_ifs import plan
from reportgen.scores.what_ifs import same_steps

DIAGNOSTIC = suite()["overfit"]
SETTINGS = DIAGNOSTIC.settings()


def section(case, settings=SETTINGS):
    return pipeline.section(DIAGNOSTIC, case, settings)


def test_the_gap_covers_the_truth():
    """Right with 0.9 on train and 0.8 on test: independent rows, stored answers."""
    off = DIAGNOSTIC.settings(what_if_members=0)
    covered = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        splits, stored = {}, {}
        for name, n, right in (("train", 400, 0.9), ("test", 150, 0.8)):
            y = rng.integers(0, 2, n)
            splits[name] = (rng.normal(size=(n, 1)), y)
            stored[name] = np.where(rng.random(n) < right, y, 1 - y)
        case = case_from_arrays("binary", splits, stored, output="label")
        gap = section(case, off).series["gap"]
        covered += gap["low"] <= 0.1 <= gap["high"]
    assert covered >= 0.9 * 150


def test_no_member_sees_a_row_that_is_judged():
    rng = np.random.default_rng(0)
    splits = {"train": faults.rows(rng, 200, 0.2), "test": faults.rows(rng, 100, 0.2)}
    case = case_from_arrays("binary", splits, LogisticRegression().fit(*splits["train"]))
    made = plan(case.view("overfit", SETTINGS), SETTINGS)
    assert set(made.curve) == {0.125, 0.25, 0.5}  # a sixteenth of 200 rows is too few
    for members in made.curve.values():
        for member in members:
            assert member.rows.array.max() < 200
    sizes = [made.curve[s][0].rows.array for s in sorted(made.curve)]
    assert all(set(a) <= set(b) for a, b in pairwise(sizes))
    labels = splits["train"][1]
    assert abs(labels[sizes[-1]].mean() - labels.mean()) < 0.02
    assert np.sort(made.labels).tolist() == np.sort(labels).tolist()
    assert {w.words for w in made.what_ifs} == {"C 0.1 for 1", "C 10 for 1"}


def test_a_full_tree_fits_noise_as_well_as_anything():
    rng = np.random.default_rng(1)
    splits = {"train": faults.rows(rng, 200, 0.5), "test": faults.rows(rng, 400, 0.5)}
    model = DecisionTreeClassifier(random_state=0).fit(*splits["train"])
    found = section(case_from_arrays("binary", splits, model))
    assert found.series["memory"] == {"permuted": 1.0, "real": 1.0}
    assert found.series["gap"]["train"] == 1.0
    assert "overfit.memorises" in {f.code for f in found.findings}


def members(rng, curve, k=5, noise=0.01):
    """Validation losses of k members around one curve."""
    return np.asarray(curve) + noise * rng.normal(size=(k, len(curve)))


@pytest.mark.parametrize("rise", [0.0, 0.3])
def test_a_rise_is_told_and_a_settled_loss_is_not(rise):
    told = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        epochs = np.arange(30)
        curve = 0.4 + 0.5 * np.exp(-epochs / 4) + rise * np.maximum(epochs - 12, 0) / 18
        validation = members(rng, curve)
        told += _of_members(validation, validation, False, 0.05).tells
    assert told == 60 if rise else told <= 2


def test_restored_weights_have_not_risen():
    rng = np.random.default_rng(2)
    validation = members(rng, np.r_[np.linspace(1, 0.4, 10), np.linspace(0.4, 0.8, 10)])
    found = _of_members(validation, validation, True, 0.05)
    assert not found.tells
    assert found.delivered == found.best


def test_nothing_trained_says_why():
    rng = np.random.default_rng(3)
    splits = {"train": faults.rows(rng, 100, 0.1), "test": faults.rows(rng, 100, 0.1)}
    stored = {name: y for name, (_, y) in splits.items()}
    found = section(case_from_arrays("binary", splits, stored, output="label"))
    reasons = {c.code: c.reason for c in found.checks if c.status == "not_applicable"}
    assert "predictions only" in reasons["overfit.memorises"]
    assert "predictions only" in reasons["overfit.regularisation-helps"]


def entry(epochs, batch):
    training = {"epochs": epochs, "batch_size": batch}
    rng = np.random.default_rng(4)
    splits = {"train": faults.rows(rng, 100, 0.1), "test": faults.rows(rng, 100, 0.1)}
    ask = {name: y / 1.0 for name, (_, y) in splits.items()}
    return case_from_arrays("binary", splits, ask, training=training)


@pytest.mark.parametrize(
    ("epochs", "batch", "before", "after", "expected"),
    [
        (2000, 32, 20, 5, 2000),  # a batch is all there is, before and after
        (10, 32, 128, 64, 20),
        (10, 32, 100, 60, 20),  # four steps an epoch, then two
        (4, 32, 3200, 32, 40),  # at most ten times the epochs
        (3, 32, 64, 640, 1),
    ],
)
def test_fewer_rows_take_as_many_steps(epochs, batch, before, after, expected):
    assert same_steps(entry(epochs, batch), before, after) == expected


def test_few_rows_have_a_curve_of_closer_parts():
    rng = np.random.default_rng(5)
    splits = {}
    for name, n in (("train", 20), ("test", 200)):
        x = rng.uniform(0, 10, n)
        splits[name] = (x[:, None], 3 * x + rng.normal(size=n))
    case = case_from_arrays("regression", splits, Ridge().fit(*splits["train"]))
    made = plan(case.view("overfit", SETTINGS), SETTINGS).curve
    sizes = {size: len(members[0].rows) for size, members in made.items()}
    assert [round(s, 3) for s in sizes] == [0.25, 0.354, 0.5, 0.707]
    assert list(sizes.values()) == [5, 7, 10, 14]
    asked = DIAGNOSTIC.settings(sizes=(0.25, 0.5))  # what the job asks for stays as it is
    assert plan(case.view("overfit", asked), asked).curve == {}
    found = section(case).series
    assert found["curve"]["rows"] == [5, 7, 10, 14, 20]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("draw", "better"), [(networks.moved, True), (networks.in_place, False)]
)  # fmt: skip
def test_moved_pictures_help_where_figures_stand_anywhere_and_harm_where_place_counts(draw, better):
    settings = DIAGNOSTIC.settings(what_if_members=3, sizes=())
    found = section(draw(np.random.default_rng(6)), settings)
    moved = next(
        w for w in found.series["what_ifs"] if w["name"] == "shifted and turned images"
    )  # fmt: skip
    assert moved["low"] > 0 if better else moved["gain"] < 0
    named = [f.subject for f in found.findings if f.code == "overfit.regularisation-helps"]
    assert ("shifted and turned images" in named) == better


@pytest.mark.parametrize("copied", [0, 150, 290])
def test_rows_that_train_has_do_not_hide_that_a_tree_memorised(copied):
    """Of 300 judged rows some are training rows: the gap is that of the others, or untold."""
    rng = np.random.default_rng(5)
    train, test = faults.rows(rng, 400, 0.3), faults.rows(rng, 300, 0.3)
    X, y = (np.concatenate([a[:copied], b[copied:]]) for a, b in zip(train, test, strict=True))
    tree = DecisionTreeClassifier(random_state=0).fit(*train)
    off = DIAGNOSTIC.settings(what_if_members=0)
    found = section(case_from_arrays("binary", {"train": train, "test": (X, y)}, tree), off)
    if copied == 290:
        assert found.headline.startswith("Cannot be told: 290 of 300 rows of test stand in train.")
        untold = next(c for c in found.checks if c.code == "overfit.train-test-gap")
        assert (untold.status, untold.reason) == (
            "not_applicable", "290 of 300 rows of test stand in train",
        )  # fmt: skip
        return
    alone = float(np.mean(tree.predict(X[copied:]) == y[copied:]))
    assert found.series["gap"]["judged"] == pytest.approx(alone, abs=1e-6)
    assert {f.code for f in found.findings} == {"overfit.train-test-gap"}
    assert ("that train has not" in found.headline) == (copied > 0)
