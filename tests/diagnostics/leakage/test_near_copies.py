"""Near copies against known originals, and against honest neighbours."""

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage import near_copies as planted
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.questions import near_copies
from reportgen.diagnostics.leakage.rows import neighbours, pictures
from reportgen.diagnostics.leakage.rows.cells import cells
from reportgen.diagnostics.leakage.rows.nearness import nearness
from reportgen.diagnostics.leakage.rows.pictures import points as picture_points
from reportgen.diagnostics.leakage.rows.space import space
from reportgen.diagnostics.leakage.rows.texts import near_texts


def looked(case, **settings):
    settings = LeakageSettings(ablation_members=0, **settings)
    return near_copies.look(case.view("leakage", settings), "test")


def test_nearest_rows_are_those_of_brute_force():
    rng = np.random.default_rng(0)
    base, queries = (rng.normal(size=(n, 5)).astype(np.float32) for n in (400, 50))
    found = neighbours.Base(base).nearest(queries, 4)
    apart = cdist(queries.astype(float), base.astype(float))
    assert np.array_equal(found.rows, np.argsort(apart, axis=1)[:, :4])
    assert np.allclose(found.distances, np.sort(apart, axis=1)[:, :4], rtol=1e-9)
    assert found.recall == 1.0


def test_a_search_by_cells_finds_near_rows_and_says_what_it_misses(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT_WORK", 0)
    rng = np.random.default_rng(1)
    base = rng.normal(size=(6000, 8)).astype(np.float32)
    queries = base[:500] + np.float32(1e-3) * rng.normal(size=(500, 8)).astype(np.float32)
    found = neighbours.Base(base).nearest(queries, 3)
    assert np.array_equal(found.rows[:, 0], np.arange(500))
    far = neighbours.Base(base).nearest(rng.normal(size=(300, 8)).astype(np.float32), 3)
    assert 0.8 < far.recall <= 1.0


def test_distances_do_not_lose_their_last_digits():
    base = np.full((20, 3), 3000.0, dtype=np.float32)
    base[:, 0] += np.arange(20, dtype=np.float32)
    found = neighbours.Base(base).nearest(base[:1] + np.float32([[0.01, 0, 0]]), 2)
    assert found.distances[0, 0] == pytest.approx(0.01, rel=0.03)


def test_honest_rows_are_seldom_nearer_than_chance():
    """The probability of a row's ratio is no smaller than it says, in three dimensions."""
    rng = np.random.default_rng(2)
    low = []
    for _ in range(10):
        X = rng.random((1500, 3))
        distances = np.sort(cdist(X[:300], X[300:]), axis=1)[:, :12]
        told = nearness(distances, np.inf, np.full(300, 6))
        assert 2.3 < told.dimension < 3.7
        low += told.by_chance.tolist()
    for level in (0.1, 0.01):
        assert np.mean(np.array(low) <= level) < 1.3 * level


def test_words_must_be_equal_and_gaps_too():
    train = pl.DataFrame({"a": [1.0, 2.0, 3.0, None], "w": ["x", "y", "x", "x"]})
    test = pl.DataFrame({"a": [1.0, 1.0, None, 2.0], "w": ["x", "y", "x", "y"]})
    axes = space(cells(train))
    one, other = axes.exact(cells(test)), axes.exact(cells(train))
    assert (one[:, None] == other[None, :]).tolist() == [
        [True, False, True, False],
        [False, True, False, False],
        [False, False, False, True],
        [False, True, False, False],
    ]
    points = axes.points(cells(train))
    assert np.isfinite(points).all()
    assert np.linalg.norm(points[0] - points[1]) > 0.5


def test_near_rows_are_shown_with_the_columns_that_moved():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(900, 10))
    y = (X[:, 0] > 0).astype(int)
    test = X[600:].copy()
    test[:30] = X[:30]
    test[:30, 4] += 0.02
    case = planted.case((X[:600], y[:600]), (test, y[600:]))
    found = looked(case)
    (leak,) = found.leaks
    assert leak.severity == "fail"
    assert set(leak.evidence["example_rows"].tolist()) <= set(range(30))
    assert leak.evidence["rows"] == 30
    assert np.array_equal(leak.evidence["example_rows"], leak.evidence["train_rows"])
    assert found.tables[0]["head"][1][0] == "x4"
    series = found.series
    assert np.sum(series["across"]) == pytest.approx(1)
    assert len(series["edges"]) == len(series["within"]) + 1


def test_a_smaller_distance_finds_less():
    case = planted.nearly(planted.fine, 0.05, 0.03)(np.random.default_rng(4))
    assert looked(case).leaks
    assert not looked(case, near_duplicate_distance=0.01).leaks


def test_pictures_are_the_same_shifted_and_brighter():
    rng = np.random.default_rng(5)
    pictures = np.zeros((20, 28, 28))
    pictures[:, 8:20, 8:20] = rng.integers(30, 200, (20, 12, 12))
    moved = np.roll(pictures, (3, -2), axis=(1, 2)) * 1.2 + 10
    assert np.abs(picture_points(pictures) - picture_points(moved)).max() < 1e-4
    others = cdist(picture_points(pictures), picture_points(pictures))
    assert others[~np.eye(20, dtype=bool)].min() > 0.1


def test_near_texts_are_those_of_the_exact_jaccard_distance():
    def shingles(text):
        return {text[k : k + 5] for k in range(len(text) - 4)}

    there = ["the quick brown fox jumps over the lazy dog near the river", "nothing of the kind"]
    here = ["The quick, brown fox jumps over the lazy dog near the river!", there[0] + " bank", "x"]
    found, apart = near_texts(here, there, 0.2)
    assert found.tolist() == [0, 0, -1]
    a, b = shingles(there[0]), shingles(there[0] + " bank")
    assert apart[:2] == pytest.approx([0.0, 1 - len(a & b) / len(a | b)])


def test_texts_and_pictures_through_the_question():
    rng = np.random.default_rng(6)
    assert looked(planted.texts(rng, 0.05)).leaks[0].severity == "fail"
    assert not looked(planted.texts(rng, 0.0)).leaks
    (leak,) = looked(planted.pictures(rng, 0.05, shift=2)).leaks
    assert 15 <= leak.evidence["rows"] <= 31


def test_rows_of_words_alone_are_not_asked():
    frame = pl.DataFrame({"a": ["x", "y"] * 20, "b": ["u", "v", "w", "u"] * 10})
    y = np.arange(40) % 2
    case = planted.case_from_arrays(
        "binary", {"train": (frame, y), "test": (frame, y)}, {"test": np.full(40, 0.5)}
    )
    assert planted.NEAR in looked(case).untold


UNDONE = {
    "upside down": lambda X: X[:, ::-1],
    "mirrored and coded": lambda X: X[:, :, ::-1],
    "turned by a quarter": lambda X: np.rot90(X, -1, axes=(1, 2)),
}


@pytest.mark.parametrize("change", UNDONE)
def test_photos_that_come_back_are_found_beside_their_originals(change):
    rng = np.random.default_rng(8)
    case = planted.photos(rng, change)
    (leak,) = looked(case).leaks
    assert leak.severity == "fail"
    assert leak.evidence["rows"] >= 15  # of 20
    assert all(
        how.startswith(change.removesuffix(" and coded")) for how in leak.evidence["changed"]
    )
    train, test = (np.asarray(case.split(s).X, dtype=float) for s in ("train", "test"))
    turned = UNDONE[change](test)
    for i, k in zip(leak.evidence["example_rows"], leak.evidence["train_rows"], strict=True):
        apart = np.abs(turned[i] - train).mean(axis=(1, 2, 3))
        assert int(apart.argmin()) == k


def test_photos_that_were_turned_a_little_are_found():
    (leak,) = looked(planted.photos(np.random.default_rng(12), "turned by 8 degrees")).leaks
    assert leak.severity == "fail"
    assert leak.evidence["rows"] >= 8  # of 20
    assert "turned or zoomed a little" in leak.evidence["changed"]


def test_pictures_that_all_stand_in_train_have_no_near_copies():
    X = np.random.default_rng(14).integers(0, 255, (60, 12, 12)).astype(np.uint8)
    y = np.arange(60) % 2
    splits = {"train": (X, y), "test": (X[:20], y[:20])}
    found = looked(case_from_arrays("binary", splits, {"test": np.full(20, 0.5)}))
    assert not found.leaks
    assert found.untold


def test_turning_by_nothing_leaves_a_picture_as_it_is():
    X = np.random.default_rng(13).integers(0, 255, (3, 20, 24)).astype(float)
    assert pictures.slanted(X, 0, 1.0) == pytest.approx(X, abs=1e-3)
    bars = np.zeros((1, 21, 21))
    bars[:, 10] = 1.0
    assert pictures.slanted(bars, 90, 1.0)[0, :, 10] == pytest.approx(1.0, abs=1e-5)


def test_pictures_moved_by_whole_pixels_alone_are_near_copies():
    """Their points coincide, though the pictures differ."""
    rng = np.random.default_rng(9)
    X = np.zeros((300, 20, 20), dtype=np.uint8)
    X[:, 5:15, 5:15] = rng.integers(30, 250, (300, 10, 10))
    X[200:210] = np.roll(X[:10], (2, -3), axis=(1, 2))
    y = np.arange(300) % 2
    case = case_from_arrays(
        "binary",
        {"train": (X[:200], y[:200]), "test": (X[200:], y[200:])},
        {"test": rng.random(100)},
    )
    (leak,) = looked(case).leaks
    assert sorted(leak.evidence["example_rows"].tolist()) == list(range(10))
    assert sorted(leak.evidence["train_rows"].tolist()) == list(range(10))


def test_customers_of_one_plan_are_no_near_copies_of_each_other():
    for seed in range(3):
        assert looked(planted.contracts(np.random.default_rng(seed))).leaks == ()
