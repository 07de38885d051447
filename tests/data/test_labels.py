from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.data.labels import encode, label_text, sorted_labels


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 0], ["1", "0"]),
        (np.array([1.0, -0.0, np.nan]), ["1", "0", None]),
        (np.array([0.1, 2.5], dtype=np.float32), ["0.1", "2.5"]),
        (np.array([2.0], dtype=np.float16), ["2"]),
        (np.array([True, False]), ["true", "false"]),
        (["True", " 1.0 ", "1.10", "007", "", None], ["true", "1", "1.10", "007", "", None]),
        (np.array([b"ham", b"sp\xc3\xa4m"]), ["ham", "späm"]),
        (pl.Series(["a", None, "b"], dtype=pl.Categorical), ["a", None, "b"]),
        (pl.Series([3, None, 1]), ["3", None, "1"]),
        (pd.Series(["x", "y"]), ["x", "y"]),
        (np.array([1, "1.0", None, 2.0], dtype=object), ["1", "1", None, "2"]),
        ([], []),
        (pl.Series([None, None]), [None, None]),
    ],
)
def test_text_of_labels_is_canonical(values: object, texts: list[str | None]) -> None:
    assert label_text(values).tolist() == texts


def test_the_same_class_has_the_same_code_however_it_is_written() -> None:
    classes = ("0", "1")
    expected = [0, 1, 1, -1]
    for values in (
        np.array([0, 1, 1, 7]),
        np.array([0.0, 1.0, 1.0, np.nan]),
        ["0", "1.0", " 1", "one"],
        pl.Series([0, 1, 1, None]),
    ):
        assert encode(values, classes).tolist() == expected


def test_labels_sort_as_scikit_learn_sorts_them() -> None:
    from sklearn.preprocessing import LabelEncoder

    for values in (
        np.array([10, 9, 2, 10]),
        np.array(["10", "9", "2", "é", "Z", "a"]),
        np.array([0.5, -1.0, 10.0]),
        np.array([True, False]),
    ):
        expected = [label_text([v])[0] for v in LabelEncoder().fit(values).classes_]
        assert sorted_labels(values) == tuple(expected)


@given(st.lists(st.one_of(st.integers(-5, 5), st.text(max_size=3), st.none()), max_size=30))
def test_codes_lead_back_to_the_text(values: list[object]) -> None:
    texts = label_text(values)
    classes = tuple(dict.fromkeys(t for t in texts.tolist() if t is not None))
    codes = encode(values, classes)
    back = [classes[code] if code >= 0 else None for code in codes.tolist()]
    assert back == texts.tolist()
