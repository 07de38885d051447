"""Files that are read a block at a time hold what they hold when they are read whole."""

import json
import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reportgen.data import delimited, lines
from reportgen.errors import DataError


@pytest.mark.parametrize(
    "rows",
    [
        ["1,2.5,a\n"] * 40,
        ["1,2,a\n"] * 30 + ["1,2.5,a\n"] * 10,  # a float after whole numbers
        ["1,2,a\n"] * 30 + ["1,x,a\n"] * 10,  # text after numbers
        ["1,,a\n"] * 30 + ["1,7,a\n"] * 10,  # nothing, then numbers
        ["true,2020-01-01,a\n"] * 40,
        ["007, 7,12345678901234567890\n"] * 40,
        ["1,2,NA\n", "NaN, ,None\n"] * 20,
    ],
    ids=["plain", "float", "text", "empty", "dates", "digits", "missing"],
)
def test_a_large_csv_is_read_as_a_small_one(rows, tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("a,b,c\n" + "".join(rows))
    small = delimited.read_delimited(tmp_path / "t.csv", "t.csv")
    monkeypatch.setattr(delimited, "LARGE", 0)
    monkeypatch.setattr(delimited, "_BLOCK", 128)
    large = delimited.read_delimited(tmp_path / "t.csv", "t.csv")
    assert_frame_equal(large.columns, small.columns)
    assert large.columns.height == 40


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_jsonl_in_blocks_is_the_whole(ending, bom, tmp_path, monkeypatch):
    rng = random.Random(4)
    rows = []
    for i in range(300):
        row = {"n": i, "f": i if i < 200 else i / 3, "list": [i, i + 1], "text": "é" * (i % 5)}
        row |= {"late": None if i < 250 else "x", "deep": {"a": [1.5] * (i % 3)}}
        rows.append({key: value for key, value in row.items() if rng.random() < 0.8 or i == 0})
    text = ending.join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "t.jsonl").write_bytes(bom + text.encode())
    monkeypatch.setattr(lines, "_BLOCK", 700)
    assert sum(1 for _ in lines._blocks(tmp_path / "t.jsonl")) > 20
    found = lines.read_lines(tmp_path / "t.jsonl", "t.jsonl")
    assert_frame_equal(
        found,
        pl.read_ndjson(text.encode(), infer_schema_length=None),
        check_column_order=False,
    )


def test_a_kind_that_changes_in_a_later_block_is_told(tmp_path, monkeypatch):
    rows = ['{"a": 1, "b": 2}'] * 100 + ['{"a": 1, "b": {"c": 3}}']
    (tmp_path / "t.jsonl").write_text("\n".join(rows))
    monkeypatch.setattr(lines, "_BLOCK", 200)
    with pytest.raises(DataError) as caught:
        lines.read_lines(tmp_path / "t.jsonl", "t.jsonl")
    problem = caught.value.problems[0]
    assert (problem.line, problem.row, problem.column) == (101, 100, "b")
