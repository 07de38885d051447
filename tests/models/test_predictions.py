from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from reportgen.errors import ModelError
from reportgen.models.load import load
from reportgen.models.outputs import interpret
from tests.models.cases import dataset_of


def data(task="binary", classes=("stay", "leave"), ids=(11, 12, 13), **known):
    y = known.pop("y", np.array([0, 1, 1]))
    roles = {} if ids is None else {"test": {"ids": np.array(ids)}}
    return dataset_of(
        task, {"test": (np.zeros((len(y), 1)), y)}, classes=classes, roles=roles, **known
    )


@pytest.fixture
def stored(tmp_path, make_job):
    def write(table, dataset=None, name="p.csv", task="binary", **entry):
        frame = pl.DataFrame(table)
        path = tmp_path / name
        if name.endswith(".csv"):
            frame.write_csv(path)
        elif name.endswith(".parquet"):
            frame.write_parquet(path)
        elif name.endswith(".jsonl"):
            frame.write_ndjson(path)
        else:
            np.savez(path, **{c: frame[c].to_numpy() for c in frame.columns})
        declared = {"task": task, "train": "t.csv", "target": "y", "id": "id"}
        job = make_job({"predictions": {"test": name}}, data=declared, **entry)
        return load(job, "m", dataset or data())[0]

    return write


@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "p.jsonl", "p.npz"])
def test_rows_are_aligned_by_id(stored, name):
    table = {"id": [13, 11, 12], "stay": [0.3, 0.9, 0.2], "leave": [0.7, 0.1, 0.8]}
    predictor = stored(table, name=name)
    raw = predictor.predict_split("test")
    assert raw[:, 1].tolist() == [0.1, 0.8, 0.7]
    assert predictor.output.kind == "probability"
    assert predictor.predict_split("train") is None
    with pytest.raises(ModelError, match="stored predictions only"):
        predictor.predict(np.zeros((1, 1)))


def test_prediction_is_a_label_when_its_values_are_classes(stored):
    assert stored({"id": [11, 12, 13], "prediction": ["stay", "leave", "leave"]}).output.kind == (
        "label"
    )
    numbers = data(classes=("0", "1"))
    assert stored({"id": [11, 12, 13], "prediction": [0.0, 1.0, 1.0]}, numbers).output.kind == (
        "label"
    )
    scores = stored({"id": [11, 12, 13], "prediction": [0.25, 1.0, 0.0]}, numbers)
    assert scores.output.kind == "probability"
    got = interpret(scores.predict_split("test"), scores.output, numbers, None, split_name="test")
    assert got.scores.tolist() == [0.25, 1, 0]


def test_one_column_of_scores_may_be_either_class(stored):
    one = stored({"id": [11, 12, 13], "leave": [0.1, 0.8, 0.7]})
    other = stored({"id": [11, 12, 13], "stay": [0.9, 0.2, 0.3]})
    np.testing.assert_allclose(one.predict_split("test"), other.predict_split("test"))
    assert any("1 −" in note for note in other.notes)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([11, 12, 14], "1 of 3 rows of test have no prediction (ids 13)"),
        ([11, 12, 12], "1 ids stand more than once in the file (12)"),
        ([11, None, 13], "1 rows of the file have no id"),
        ([11, 12], "1 of 3 rows of test have no prediction (ids 13)"),
        ([11, 12, 13, 99], "1 predictions are for ids that test does not have (99)"),
    ],
)
def test_ids_that_differ_are_refused_with_examples(stored, ids, words):
    with pytest.raises(ModelError) as error:
        stored({"id": ids, "leave": [0.5] * len(ids)})
    assert words in str(error.value)


def test_without_ids_the_length_must_be_equal(stored):
    by_order = stored({"leave": [0.1, 0.8, 0.7]})
    assert by_order.predict_split("test").tolist() == [0.1, 0.8, 0.7]
    assert any("in the order" in note for note in by_order.notes)
    with pytest.raises(ModelError, match="2 predictions for the 3 rows"):
        stored({"leave": [0.1, 0.8]}, data(ids=None))


def test_several_classes_and_targets(stored):
    three = data("multiclass", ("1", "2", "3"), positive=None)
    table = {"id": [11, 12, 13], "3": [0.0, 0.1, 1.0], "1": [1.0, 0.1, 0.0], "2": [0.0, 0.8, 0.0]}
    raw = stored(table, three, task="multiclass").predict_split("test")
    assert raw.argmax(axis=1).tolist() == [0, 1, 2]
    two = data("regression", (), y=np.zeros((3, 2)), target=("a", "b"), positive=None)
    table = {"id": [13, 12, 11], "b": [1.0, 2, 3], "a": [4.0, 5, 6]}
    raw = stored(table, two, task="regression").predict_split("test")
    assert raw.tolist() == [[6, 3], [5, 2], [4, 1]]
    with pytest.raises(ModelError, match="neither a column for each class"):
        stored({"id": [11, 12, 13], "1": [0.0, 0.1, 1.0]}, three, task="multiclass")


def test_texts_and_gaps_among_scores_are_refused(stored):
    with pytest.raises(ModelError, match="not numbers"):
        stored({"id": [11, 12, 13], "leave": ["a", "b", "c"]})
    with pytest.raises(ModelError, match="1 of 3 predictions are missing"):
        stored({"id": [11, 12, 13], "leave": [0.1, None, 0.3]})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.csv", None, "no such file"),
        ("empty.csv", b"", "empty"),
        ("cut.parquet", b"PAR1cut", "cannot be read"),
        ("odd.xlsx", b"x", "not a file of predictions"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, make_job, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        load(make_job({"predictions": {"test": name}}), "m", data())
