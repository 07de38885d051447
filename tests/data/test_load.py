"""Roles, splits and targets: against scikit-learn's own cuts and against what was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import train_test_split

from reportgen.data.table import Dataset
from reportgen.errors import DataError
from reportgen.job.schema import Job

Load = Callable[..., Dataset]
Refused = Callable[..., DataError]
Write = Callable[..., str]


@pytest.fixture
def people(tmp_path: Path) -> str:
    """120 rows with every role."""
    rng = np.random.default_rng(5)
    n = 120
    frame = pl.DataFrame(
        {
            "customer": [f"c{i:03}" for i in range(n)],
            "age": rng.integers(18, 90, n),
            "plan": rng.choice(["basic", "plus"], n),
            "house": rng.integers(0, 30, n),
            "day": [f"{d:02}-{m:02}-2024" for d, m in zip(rng.integers(1, 28, n),
                                                          rng.integers(1, 12, n), strict=True)],
            "w": rng.random(n) + 0.1,
            "churned": rng.choice(["stay", "leave"], n, p=[0.7, 0.3]),
        }
    )  # fmt: skip
    frame.write_csv(tmp_path / "people.csv")
    return "people.csv"


ROLES: dict[str, Any] = {
    "task": "binary", "target": "churned", "id": "customer", "group": "house", "time": "day",
    "weight": "w",
}  # fmt: skip


def test_every_column_has_its_role(people: str, load_data: Load, tmp_path: Path) -> None:
    data = load_data(train=people, classes=["stay", "leave"], **ROLES)
    split, written = data.splits["train"], pd.read_csv(tmp_path / people)
    assert (data.kind, data.features, data.classes) == ("table", ("age", "plan"), ("stay", "leave"))
    assert data.positive == 1
    assert split.y is not None
    assert split.y.dtype == np.int64
    assert [data.classes[c] for c in split.y] == written["churned"].tolist()
    assert split.ids is not None
    assert split.ids.tolist() == written["customer"].tolist()
    assert split.groups is not None
    assert split.groups.tolist() == written["house"].tolist()
    np.testing.assert_array_equal(split.weights, written["w"])
    days = pd.to_datetime(written["day"], format="%d-%m-%Y").to_numpy()
    np.testing.assert_array_equal(split.times, days)
    assert split.source == people


def test_columns_without_a_role_are_kept_in_the_order_of_their_split(
    people: str, load_data: Load, tmp_path: Path
) -> None:
    written = pd.read_csv(tmp_path / people)
    named = {"task": "binary", "target": "churned", "features": ["age"], "group": "house"}
    data = load_data(train=people, split={"test": 0.3, "method": "random"}, **named)
    for split in data.splits.values():
        assert split.unused is not None
        assert split.unused.columns == ["customer", "plan", "day", "w"]
        assert split.unused["customer"].to_list() == written["customer"][split.rows].tolist()
    assert load_data(train=people, **ROLES).splits["train"].unused is None


def test_classes_are_sorted_and_the_last_is_positive(people: str, load_data: Load) -> None:
    data = load_data(train=people, **ROLES)
    assert data.classes == ("leave", "stay")
    assert data.positive == 1
    assert load_data(train=people, **ROLES, positive="leave").positive == 0


@pytest.mark.parametrize("stratified", [False, True])
def test_cuts_are_train_test_split_with_the_seed(
    stratified: bool, people: str, load_data: Load, tmp_path: Path
) -> None:
    method = "stratified" if stratified else "random"
    data = load_data(
        train=people,
        split={"test": 0.3, "method": method},
        validation={"from": "train", "fraction": 0.25, "method": method},
        classes=["stay", "leave"],
        seed=7,
        **ROLES,
    )
    table = pd.read_csv(tmp_path / people)
    rest, test = train_test_split(
        table, test_size=0.3, random_state=7, stratify=table["churned"] if stratified else None
    )
    train, validation = train_test_split(
        rest, test_size=0.25, random_state=7, stratify=rest["churned"] if stratified else None
    )
    assert tuple(data.splits) == ("train", "validation", "test")
    for name, expected in (("train", train), ("validation", validation), ("test", test)):
        split = data.splits[name]
        assert split.rows.tolist() == expected.index.tolist()
        assert isinstance(split.X, pl.DataFrame)
        assert split.X["age"].to_list() == expected["age"].tolist()
        assert split.ids is not None
        assert split.ids.tolist() == expected["customer"].tolist()


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.3, 0.33, 0.7])
def test_tail_is_the_cut_that_keras_makes(fraction: float, people: str, load_data: Load) -> None:
    data = load_data(
        train=people, validation={"from": "train", "fraction": fraction, "method": "tail"}, **ROLES
    )
    at = int(120 * (1 - fraction))
    assert data.splits["train"].rows.tolist() == list(range(at))
    assert data.splits["validation"].rows.tolist() == list(range(at, 120))


def test_a_group_is_on_one_side(people: str, load_data: Load) -> None:
    data = load_data(train=people, split={"test": 0.3, "method": "group"}, **ROLES)
    train, test = data.splits["train"].groups, data.splits["test"].groups
    assert train is not None
    assert test is not None
    assert not set(train.tolist()) & set(test.tolist())
    assert len(train) + len(test) == 120


def test_time_holds_out_the_latest_rows(people: str, load_data: Load) -> None:
    data = load_data(train=people, split={"test": 0.25, "method": "time"}, **ROLES)
    train, test = data.splits["train"].times, data.splits["test"].times
    assert train is not None
    assert test is not None
    assert train.max() <= test.min()
    assert len(test) == 30
    assert data.splits["test"].rows.tolist() == sorted(data.splits["test"].rows.tolist())


@pytest.mark.parametrize(
    ("method", "role", "word"),
    [("group", "group", "`group: COLUMN`"), ("time", "time", "`time: COLUMN`")],
)
def test_a_cut_without_its_role(
    method: str, role: str, word: str, people: str, refused: Refused
) -> None:
    roles = {k: v for k, v in ROLES.items() if k != role}
    assert word in str(refused(train=people, split={"test": 0.3, "method": method}, **roles))


def test_splits_named_by_a_column(write: Write, load_data: Load, refused: Refused) -> None:
    rows = "x,y,part\n1,0,train\n2,1,Test\n3,1,train \n4,0,validation\n5,1,train\n"
    data = load_data(
        task="binary", target="y", train=write("t.csv", rows), split={"column": "part"}
    )
    assert {k: s.rows.tolist() for k, s in data.splits.items()} == {
        "train": [0, 2, 4], "validation": [3], "test": [1],
    }  # fmt: skip
    assert data.features == ("x",)
    write("t.csv", rows.replace("Test", "exam"))
    error = refused(task="binary", target="y", train="t.csv", split={"column": "part"})
    assert (error.problems[0].row, error.problems[0].column) == (1, "part")


def test_a_source_is_read_once(
    people: str, make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.data import declared
    from reportgen.data import load as module

    calls = []
    read = declared.read_source
    monkeypatch.setattr(
        declared, "read_source", lambda *args, **kw: (calls.append(1), read(*args, **kw))[1]
    )
    data = module.load(make_job(train=people, test=people, validation=people, **ROLES), "d")
    assert len(calls) == 1
    assert len(data.splits) == 3


def test_bundles_give_scikit_learns_values(load_data: Load) -> None:
    data = load_data(task="binary", train={"sklearn": "breast_cancer"}, split={"test": 0.3})
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=20)
    for name, features, target in (("train", X_train, y_train), ("test", X_test, y_test)):
        split = data.splits[name]
        assert isinstance(split.X, pl.DataFrame)
        np.testing.assert_array_equal(split.X.to_numpy(), features)
        np.testing.assert_array_equal(split.y, target)
    assert data.features == tuple(load_breast_cancer().feature_names)


def test_a_bundle_in_the_order_of_its_class_names(load_data: Load) -> None:
    classes = ["class_2", "class_0", "class_1"]
    data = load_data(task="multiclass", train={"sklearn": "wine"}, classes=classes)
    assert data.splits["train"].y is not None
    names = load_wine().target_names[load_wine().target]
    assert [classes[c] for c in data.splits["train"].y] == names.tolist()


# --- what differs between splits -------------------------------------------------------------


def test_columns_follow_train(write: Write, load_data: Load, refused: Refused) -> None:
    train = write("train.csv", "a,b,y\n1,2,0\n3,4,1\n")
    data = load_data(
        task="binary", target="y", train=train, test=write("t.csv", "y,b,a\n1,20,10\n")
    )
    assert isinstance(data.splits["test"].X, pl.DataFrame)
    assert data.splits["test"].X.row(0, named=True) == {"a": 10, "b": 20}
    error = refused(task="binary", target="y", train=train, test=write("t.csv", "y,a,c\n1,10,2\n"))
    assert "without 'b' and with 'c' besides" in str(error)
    data = load_data(task="binary", target="y", train=train, test="t.csv", features=["a"])
    assert data.features == ("a",)
    error = refused(task="binary", target="Y", train=train)
    assert "Did you mean 'y'?" in str(error)
    error = refused(task="binary", target="y", train=train, test=write("t.csv", "a,b\n1,2\n"))
    assert "'y', which the job names as target" in str(error)
    assert error.problems[0].file == "t.csv"
    assert error.problems[0].key == "datasets.d"


def test_text_in_train_is_text_everywhere(write: Write, load_data: Load) -> None:
    train = write("train.csv", "zip,y\n00123,0\nA12,1\n")
    data = load_data(
        task="binary", target="y", train=train, test=write("t.csv", "zip,y\n00123,1\n")
    )
    assert isinstance(data.splits["test"].X, pl.DataFrame)
    assert data.splits["test"].X["zip"].to_list() == ["00123"]


def test_text_where_train_has_numbers_is_refused(write: Write, refused: Refused) -> None:
    train = write("train.csv", "a,y\n1,0\n2,1\n")
    error = refused(task="binary", target="y", train=train, test=write("t.csv", "a,y\n1,0\n?,1\n"))
    problem = error.problems[0]
    assert (problem.file, problem.column, problem.row, problem.got) == ("t.csv", "a", 1, "'?'")


def test_missing_is_spelled_as_pandas_reads_it(write: Write, load_data: Load) -> None:
    rows = "a,b,y\nNA,?,0\nx, ,NA\n,None,0\n"
    data = load_data(task="binary", target="y", train=write("t.csv", rows), classes=["0", "NA"])
    frame = data.splits["train"].X
    assert isinstance(frame, pl.DataFrame)
    assert frame["a"].to_list() == [None, "x", None]
    assert frame["b"].to_list() == ["?", " ", None]
    assert data.splits["train"].y is not None
    assert data.splits["train"].y.tolist() == [0, 1, 0]


def test_row_numbers_are_no_feature(write: Write, load_data: Load) -> None:
    train = write("t.csv", ",a,y\n0,5,0\n1,6,1\n")
    data = load_data(task="binary", target="y", train=train)
    assert data.features == ("a",)
    assert any("'Unnamed: 0' is no feature" in note for note in data.notes)
    chosen = load_data(task="binary", target="y", train=train, features=["Unnamed: 0", "a"])
    assert chosen.features == ("Unnamed: 0", "a")


# --- targets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "task", "more", "row", "words"),
    [
        ("x,y\n1,0\n2,\n3,1\n4,\n", "binary", {}, 1, "missing in 2 of 4 rows"),
        ("x,y\n1,0\n2,0\n", "binary", {}, None, "exactly two classes"),
        ("x,y\n1,0\n2,1\n3,2\n", "binary", {}, None, "multiclass"),
        ("x,y\n1,a\n2,b\n3,c\n", "multiclass", {"classes": ["a", "b"]}, 2, "`classes` of the job"),
        ("x,y\n1,1.5\n2,inf\n3,2\n", "regression", {}, 1, "no finite numbers"),
        ("x,y\n1,1.5\n2,\n3,2\n", "regression", {}, 1, "missing in 1 of 3 rows"),
        ("x,y\n1,1.5\n2,many\n3,2\n", "regression", {}, 1, "'many'"),
        ("x,y,z\n1,0,1\n2,1,2\n", "multilabel", {"target": ["y", "z"]}, 1, "neither 0 nor 1"),
        ("x,y,z\n1,0,1\n2,1,1\n", "multiclass", {"target": ["y", "z"]}, 1, "exactly one class"),
    ],
)
def test_targets_that_do_not_suit(
    rows: str, task: str, more: dict[str, Any], row: int | None, words: str,
    write: Write, refused: Refused,
) -> None:  # fmt: skip
    error = refused(**{"task": task, "target": "y", "train": write("t.csv", rows), **more})
    assert error.problems[0].row == row
    assert words in str(error)


def test_a_label_unseen_in_train_is_refused_with_its_row(write: Write, refused: Refused) -> None:
    train = write("train.csv", "x,y\n1,a\n2,b\n")
    test = write("test.csv", "x,y\n1,a\n2,new\n3,new\n")
    error = refused(task="binary", target="y", train=train, test=test)
    problem = error.problems[0]
    assert (problem.file, problem.column, problem.row) == ("test.csv", "y", 1)
    assert "2 of 3 rows" in problem.message
    assert problem.got == "'new'"


def test_a_label_that_a_cut_leaves_to_test_alone_is_a_class(write: Write, load_data: Load) -> None:
    train = write("t.csv", "x,y\n1,b\n2,c\n3,b\n4,a\n")
    rule = {"test": 0.25, "method": "tail"}
    data = load_data(task="multiclass", target="y", train=train, split=rule)
    assert data.classes == ("a", "b", "c")
    assert "No row of train is of class 'a'." in data.notes


def test_a_column_the_job_names_stands_once(write: Write, refused: Refused) -> None:
    train = write("t.csv", "x,y,y\n1,0,1\n2,1,1\n")
    assert "several columns are called 'y'" in str(refused(task="binary", target="y", train=train))


def test_one_class_or_one_row_in_test_is_said_not_refused(write: Write, load_data: Load) -> None:
    train = write("train.csv", "x,y\n1,a\n2,b\n")
    data = load_data(task="binary", target="y", train=train, test=write("t.csv", "x,y\n1,b\n"))
    assert data.splits["test"].n == 1
    assert "No row of test is of class 'a'." in data.notes


def test_a_column_without_any_value(write: Write, load_data: Load) -> None:
    data = load_data(task="binary", target="y", train=write("t.csv", "a,b,y\n1,,0\n2,,1\n"))
    frame = data.splits["train"].X
    assert isinstance(frame, pl.DataFrame)
    assert frame["b"].dtype == pl.Float64
    assert "No row of train has a value in 'b'." in data.notes


@pytest.mark.parametrize("labels", ["0\n1\n", "0.0\n1.0\n", "False\nTrue\n", "no\nyes\n"])
def test_labels_of_any_type(labels: str, write: Write, load_data: Load) -> None:
    no, yes = labels.split()
    rows = f"x,y\n1,{yes}\n2,{no}\n3,{yes}\n"
    data = load_data(task="binary", target="y", train=write("t.csv", rows))
    assert data.splits["train"].y is not None
    assert data.splits["train"].y.tolist() == [1, 0, 1]


def test_several_targets(write: Write, load_data: Load) -> None:
    rows = "x,u,v\n1,0,1\n2,1,1\n3,0,0\n"
    data = load_data(task="multilabel", target=["u", "v"], train=write("t.csv", rows))
    y = data.splits["train"].y
    assert y is not None
    assert (y.dtype, y.tolist()) == (np.int8, [[0, 1], [1, 1], [0, 0]])
    assert data.classes == ("u", "v")
    data = load_data(task="regression", target=["u", "v"], train="t.csv")
    y = data.splits["train"].y
    assert y is not None
    assert (y.dtype, y.shape, data.target) == (np.float64, (3, 2), ("u", "v"))
    data = load_data(
        task="multiclass", target=["v", "u"], train=write("t.csv", "x,u,v\n1,0,1\n2,1,0\n")
    )
    assert data.splits["train"].y is not None
    assert data.splits["train"].y.tolist() == [0, 1]
    assert data.classes == ("v", "u")


def test_weights_must_be_weights(write: Write, refused: Refused) -> None:
    train = write("t.csv", "x,w,y\n1,1,0\n2,-1,1\n")
    error = refused(task="binary", target="y", weight="w", train=train)
    assert (error.problems[0].column, error.problems[0].row) == ("w", 1)


def test_a_role_without_a_value_is_refused(write: Write, refused: Refused) -> None:
    train = write("t.csv", "x,g,y\n1,a,0\n2,,1\n")
    error = refused(task="binary", target="y", group="g", train=train)
    assert (error.problems[0].column, error.problems[0].row) == ("g", 1)


def test_too_few_rows_to_cut(write: Write, refused: Refused) -> None:
    train = write("t.csv", "x,y\n1,0\n2,1\n3,1\n")
    rule = {"test": 0.4, "method": "stratified"}
    assert "cannot be held out" in str(refused(task="binary", target="y", train=train, split=rule))


def test_free_text_is_text(write: Write, load_data: Load) -> None:
    rows = 'y,words\nham,"well, come at noon"\nspam,WIN a prize now NA\nham,\n'
    data = load_data(task="binary", target="y", train=write("t.csv", rows))
    assert data.kind == "text"
    assert isinstance(data.splits["train"].X, pl.DataFrame)
    assert data.splits["train"].X["words"].to_list()[2] == ""
