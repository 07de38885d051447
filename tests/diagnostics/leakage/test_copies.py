"""Copied rows against brute force, and against honest rows that are equal by chance."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from benchmarks.faults.leakage import copies as planted
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.questions import copies
from reportgen.diagnostics.leakage.rows import streamed
from reportgen.diagnostics.leakage.rows.cells import cells
from reportgen.diagnostics.leakage.rows.chance import chance
from reportgen.diagnostics.leakage.rows.coded import coded
from reportgen.diagnostics.leakage.rows.counters import numbering
from reportgen.diagnostics.leakage.rows.twins import repeated, twins


def hashed(X):
    found = cells(X)
    assert found is not None
    return found.rows()


def looked(case):
    return copies.look(case.view("leakage", LeakageSettings(ablation_members=0)), "test")


def codes(case):
    return {leak.code: leak.severity for leak in looked(case).leaks if leak.severity != "info"}


def test_equal_rows_are_those_that_python_finds_equal():
    rng = np.random.default_rng(0)
    here, there = rng.integers(0, 3, (300, 4)), rng.integers(0, 3, (200, 4))
    found = twins(hashed(here), hashed(there))
    count = Counter(map(tuple, there.tolist()))
    assert found.count.tolist() == [count[tuple(row)] for row in here.tolist()]
    for row, first in zip(here.tolist(), found.first, strict=True):
        assert first == (there.tolist().index(row) if row in there.tolist() else -1)
    mine = set(map(tuple, here.tolist()))
    assert found.others.tolist() == [tuple(row) in mine for row in there.tolist()]
    earlier = [tuple(row) in set(map(tuple, here[:i].tolist())) for i, row in enumerate(here)]
    assert repeated(hashed(here)).tolist() == earlier


def test_rows_that_sum_alike_are_not_equal():
    rng = np.random.default_rng(1)
    X = (rng.random((4000, 60)) < 0.2).astype(float)
    assert len(np.unique(hashed(X))) == len(np.unique(X, axis=0))
    swapped = X[:, ::-1]
    same = (swapped == X).all(axis=1)
    assert np.array_equal(hashed(X) == hashed(swapped), same)


@pytest.mark.parametrize("width", [5, 300])
def test_wide_rows_are_hashed_whole(width):
    X = np.random.default_rng(2).integers(0, 2, (50, width)).astype(np.uint8)
    other = X.copy()
    other[7, width - 1] ^= 1
    assert np.flatnonzero(hashed(X) != hashed(other)).tolist() == [7]


def test_values_compare_whatever_their_type():
    one = pl.DataFrame({"a": [1, 2, None], "b": ["x", None, "z"], "c": [0.0, 1.5, float("nan")]})
    other = one.with_columns(pl.col("a").cast(pl.Float64), pl.col("b").cast(pl.Categorical))
    assert np.array_equal(hashed(one), hashed(other))
    assert np.array_equal(hashed(np.array([[0.0], [-0.0]]))[:1], hashed(np.array([[-0.0]])))
    large = pl.DataFrame({"id": [2**60, 2**60 + 1]})
    assert len(set(hashed(large).tolist())) == 2


def test_columns_that_follow_from_others_say_nothing():
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 4, 500)
    hot = (kind[:, None] == np.arange(4)).astype(float)
    X = np.column_stack([kind, kind * 10 + 1, rng.integers(0, 3, 500), np.ones(500), hot])
    rows = cells(X)
    at = np.arange(500)
    assert {c.name for c in coded(rows, rows, at[:100], at)} == {"x0", "x2"} or len(
        coded(rows, rows, at[:100], at)
    ) == 2


def judged(X, cut, seed=0):
    here, there = cells(X[cut:]), cells(X[:cut])
    return chance(here, there, twins(here.rows(), there.rows()), np.random.default_rng(seed))


@pytest.mark.parametrize("source", [planted.survey, planted.one_hot, planted.mostly_empty])
def test_as_many_rows_are_equal_by_chance_as_was_expected(source):
    """Honest repeats: what is expected is near what there is, and nothing is raised."""
    ratios = []
    for seed in range(6):
        X, _ = source(np.random.default_rng(seed))
        found = judged(X, 1400)
        assert not found.copies
        ratios.append(found.seen / max(found.expected, 1.0))
    assert 0.5 < np.mean(ratios) < 1.3


def test_copies_in_measurements_are_told_from_chance():
    X, _ = planted.measured(np.random.default_rng(5))
    assert not judged(X, 1400).copies
    X[1400:1410] = X[:10]
    found = judged(X, 1400)
    assert found.copies
    assert found.seen == 10
    assert found.expected < 1


def test_one_column_of_numbers_is_judged_by_its_own_repeats():
    rng = np.random.default_rng(6)
    whole = rng.integers(0, 50, (1000, 1)).astype(float)
    assert not judged(whole, 700).copies
    fine = rng.random((1000, 1))
    fine[700:720] = fine[:20]
    assert judged(fine, 700).copies


def test_a_counter_is_known_and_measurements_are_not():
    n = 200
    rng = np.random.default_rng(7)
    frame = pl.DataFrame(
        {
            "row": np.arange(n) + 1000,
            "weight": rng.normal(70, 10, n),
            "income": rng.choice(10**6, n, replace=False),
            "client_id": rng.choice(10**6, n, replace=False),
            "hash": [f"{v:08x}" for v in rng.choice(2**31, n, replace=False)],
            "remark": [f"seen on day {i} by us" for i in range(n)],
        }
    )
    rows = cells(frame)
    names = [frame.columns[j] for j in numbering(rows, rows)]
    assert names == ["row", "client_id", "hash"]


def test_copies_are_found_under_a_column_that_numbers_the_rows():
    case = planted.full_of_copies(np.random.default_rng(8), numbered=True)
    found = looked(case)
    leak = found.leaks[0]
    assert leak.severity == "fail"
    assert leak.evidence["hidden_by"] == "x0"
    X, _ = case.split("test").X, case.split("test").y
    train = set(map(tuple, case.split("train").X[:, 1:].tolist()))
    n = sum(tuple(row) in train for row in X[:, 1:].tolist())
    assert leak.evidence["rows"] == n
    assert f"{n:,} of 240 rows" in leak.message
    table = found.tables[0]
    assert table["rows"][0][0].startswith("test row")
    assert table["rows"][0][2:] == table["rows"][1][2:]


def test_copies_leave_train_and_one_of_each_carries_the_leak():
    case = planted.copied(planted.measured, 0.1)(np.random.default_rng(9))
    (leak,) = [leak for leak in looked(case).leaks if leak.cure is not None]
    train, test = case.split("train").X, case.split("test").X
    twins_of = {tuple(row) for row in test.tolist()} & {tuple(row) for row in train.tolist()}
    out = leak.cure.rows["train"]
    assert {tuple(row) for row in train[out].tolist()} == twins_of
    assert (leak.cure.carriers["train"] <= out).all()
    assert leak.cure.reached.sum() == leak.evidence["rows"]


def test_conflicts_are_counted_by_row_and_by_group():
    X, y = planted.measured(np.random.default_rng(10), 400)
    test = X[300:].copy(), y[300:].copy()
    test[0][:20], test[1][:20] = X[:20], y[:20]
    test[1][:8] = 1 - test[1][:8]
    case = planted.case((X[:300], y[:300]), test)
    (leak,) = [leak for leak in looked(case).leaks if leak.code == planted.CONFLICTING]
    assert (leak.severity, leak.evidence["rows"], leak.evidence["groups"]) == ("warn", 8, 8)


def test_few_valued_rows_with_other_labels_are_noise_of_the_label():
    case = planted.copied(planted.survey, 0.0)(np.random.default_rng(11))
    assert codes(case) == {}
    told = [leak for leak in looked(case).leaks if leak.code == planted.CONFLICTING]
    assert told[0].severity == "info"


@pytest.mark.parametrize(("share", "shuffled"), [(1.0, True), (0.3, True), (0.2, False)])
def test_validation_that_is_training(share, shuffled):
    case = planted.validated_on_train(np.random.default_rng(12), share, shuffled)
    assert codes(case) == {planted.VALIDATION: "fail"}


def test_the_head_of_train_is_known_where_rows_repeat_by_chance():
    X, y = planted.survey(np.random.default_rng(13))
    head = planted.case((X[:1000], y[:1000]), (X[1000:], y[1000:]), validation=(X[:200], y[:200]))
    assert codes(head) == {planted.VALIDATION: "fail"}
    own = planted.case(
        (X[:800], y[:800]), (X[1000:], y[1000:]), validation=(X[800:1000], y[800:1000])
    )
    assert codes(own) == {}


def test_pictures_and_texts():
    rng = np.random.default_rng(14)
    pictures = rng.integers(0, 255, (60, 8, 8), dtype=np.uint8)
    pictures[40:44] = pictures[:4]
    pictures[4:6] = pictures[44:46] = 0
    y = rng.integers(0, 2, 60)
    case = planted.case_from_arrays(
        "binary",
        {"train": (pictures[:40], y[:40]), "test": (pictures[40:], y[40:])},
        {"test": rng.random(20)},
    )
    (leak,) = [x for x in looked(case).leaks if x.code == planted.EXACT]
    assert (leak.severity, leak.evidence["rows"]) == ("fail", 6)
    assert leak.evidence["expected_by_chance"] == 1  # the empty picture


def streamed_pair():
    rng = np.random.default_rng(15)
    return [
        pl.DataFrame({"a": rng.integers(0, 30, n), "b": rng.choice(["x", "y", "z"], n)})
        for n in (700, 900)
    ]


def test_streamed_rows_give_what_memory_gives(tmp_path):
    here, there = streamed_pair()
    sides = ((hashed(part) for part in frame.iter_slices(100)) for frame in (here, there))
    n = streamed.shared_rows(*sides, tmp_path, parts=3)
    assert n == here.join(there.unique(), on=["a", "b"], how="semi").height
    assert not list(tmp_path.iterdir())


def test_rows_that_are_held_meet_their_equals_in_a_stream():
    here, there = streamed_pair()
    there = there.with_columns(y=pl.int_range(there.height) % 2)
    label = np.arange(here.height) % 2

    def stream():
        for part in there.iter_slices(100):
            rows = hashed(part.select("a", "b"))
            told = rows + part.get_column("y").to_numpy().astype(np.uint64)
            yield rows, told, part.row

    rows = hashed(here)
    found = streamed.met(rows, rows + label.astype(np.uint64), stream())
    for i, (a, b) in enumerate(here.iter_rows()):
        equal = [k for k, row in enumerate(there.iter_rows()) if row[:2] == (a, b)]
        assert found.count[i] == len(equal)
        assert found.place[i] == (equal[0] if equal else -1)
        assert found.same[i] == sum(there["y"][k] == label[i] for k in equal)
    assert all(there.row(k) == row for k, row in found.rows.items())
    assert set(found.rows) <= set(found.place.tolist())


def test_the_judged_share_is_what_chance_does_not_explain():
    for case, verdict in (
        (planted.copied(planted.survey, 0.0), "pass"),
        (planted.copied(planted.SETS["one decimal, 4 columns"], 0.05), "fail"),
        (planted.copied(planted.SETS["breast cancer"], 0.2), "fail"),
    ):
        found = looked(case(np.random.default_rng(11)))
        by_name = {m.name: m for m in found.metrics}
        judged = [m for m in found.metrics if m.verdict is not None]
        assert [m.verdict for m in judged] == [verdict]
        assert (judged[0].value > judged[0].threshold) == (verdict == "fail")
        share = by_name["duplicate_share"].value
        leak = next(leak for leak in found.leaks if leak.code == planted.EXACT)
        assert share == leak.evidence["share"] >= judged[0].value


def test_one_row_that_stands_there_over_and_over_is_told_as_one():
    rng = np.random.default_rng(21)
    X = rng.normal(size=(1000, 4))
    X[rng.random(1000) < 0.3] = -0.78
    y = rng.integers(0, 2, 1000)
    case = planted.case((X[:700], y[:700]), (X[700:], y[700:]))
    (leak,) = [leak for leak in looked(case).leaks if leak.code == planted.EXACT]
    n = int((X[700:, 0] == -0.78).sum())
    assert leak.severity == "info"
    assert f"They are one row, which stands {n} times in test" in leak.message
