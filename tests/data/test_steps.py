"""Labels step by step: which rows count, what they are called, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.data.steps import Steps
from reportgen.data.table import Dataset
from reportgen.errors import DataError, ModelError

Load = Callable[..., Dataset]
Refused = Callable[..., DataError]
Y = np.array([[2, 3, 0, 0], [1, 1, 2, 0], [3, 0, 0, 0], [2, 1, 3, 3]])


@pytest.fixture
def tagged(tmp_path: Path) -> str:
    real = (Y > 0).astype("int8")
    X = np.arange(16).reshape(4, 4)
    group = np.array(["a", "b", "b", "c"])
    np.savez(tmp_path / "tags.npz", X=X, y=Y, real=real, house=group, odd=real + 1, w=real[:, :3])
    return "tags.npz"


def test_rows_are_the_steps_that_are_no_padding(tagged: str, load_data: Load) -> None:
    by_label = load_data(train=tagged, test=tagged, task="multiclass", mask={"label": 0})
    by_array = load_data(
        train=tagged, test=tagged, task="multiclass", mask={"array": "real"}, group="house"
    )
    first, other = by_label.splits["test"], by_array.splits["test"]
    assert by_label.classes == ("0", "1", "2", "3")  # codes of a network's outputs
    assert by_array.classes == ("1", "2", "3")
    assert first.y is not None
    assert other.y is not None
    assert [by_label.classes[c] for c in first.y] == [str(v) for v in Y[Y > 0]]
    assert [by_array.classes[c] for c in other.y] == [str(v) for v in Y[Y > 0]]
    assert first.rows.tolist() == [0, 0, 1, 1, 1, 2, 3, 3, 3, 3]
    assert other.groups is not None
    assert other.groups.tolist() == ["a", "a", "b", "b", "b", "b", "c", "c", "c", "c"]
    assert first.groups is None
    assert first.units is not None
    assert first.units.tolist() == first.rows.tolist()
    assert np.shape(first.X) == (4, 4)
    assert any("10 of 16 steps of test count" in note for note in by_label.notes)


def test_a_cut_goes_by_sequences(tagged: str, load_data: Load) -> None:
    cut = {"test": 0.5, "method": "tail"}
    data = load_data(train=tagged, task="multiclass", mask={"label": 0}, split=cut)
    assert data.splits["train"].n == 5
    assert data.splits["test"].rows.tolist() == [2, 3, 3, 3, 3]


def test_padding_has_no_class_where_no_output_can_be_its(tmp_path: Path, load_data: Load) -> None:
    y = np.where(Y > 0, Y, -100)
    np.savez(tmp_path / "ignored.npz", X=Y, y=y)
    data = load_data(
        train="ignored.npz", test="ignored.npz", task="multiclass", mask={"label": -100}
    )
    assert data.classes == ("1", "2", "3")
    assert data.splits["test"].steps is not None
    assert (data.splits["test"].steps.truth == np.where(Y > 0, Y - 1, -1)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mask": {"array": "rael"}}, "no array 'rael'"),
        ({"mask": {"array": "odd"}}, "values other than 0 and 1"),
        ({"mask": {"array": "w"}}, "does not fit the labels"),
        ({"mask": {"label": 0}, "target": "house"}, "the target is none"),
    ],
)
def test_a_mask_that_does_not_fit_is_told(
    tagged: str, refused: Refused, options: dict[str, Any], words: str
) -> None:
    error = refused(train=tagged, test=tagged, task="multiclass", **options)
    assert words in str(error)


def test_outputs_must_be_one_a_step() -> None:
    steps = Steps(Y > 0, Y)
    grid = np.arange(32.0).reshape(4, 4, 2)
    assert steps.rows(grid, split_name="test").tolist() == grid[Y > 0].tolist()
    with pytest.raises(ModelError, match="one prediction a step"):
        steps.rows(np.zeros((4, 2)), split_name="test")
