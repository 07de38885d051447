"""Text tables: against pandas where it agrees, and by hand where it does not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from reportgen.data.delimited import read_delimited
from reportgen.errors import DataError

TABLE = "alter,größe,stadt,ja\n31,1.75,Köln,1\n45,1.6,Ürümqi,0\n28,,Łódź,1\n"


def _read(tmp_path: Path, content: str | bytes, **options: object) -> pl.DataFrame:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delimited(path, "t.csv", **options).columns  # type: ignore[arg-type]


def _refused(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(DataError) as caught:
        _read(tmp_path, content)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_line_ends_and_delimiters_give_the_same_table(
    tmp_path: Path, encoding: str, newline: str, delimiter: str
) -> None:
    text = TABLE.replace(",", delimiter).replace("\n", newline)
    frame = _read(tmp_path, text.encode(encoding))
    expected = pl.from_pandas(pd.read_csv(io.StringIO(TABLE)))
    assert frame.equals(expected)


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("name,y\nJosé,1\nAñez,0\n".encode("latin-1"))
    raw = read_delimited(path, "t.csv")
    assert raw.columns["name"].to_list() == ["José", "Añez"]
    assert any("line 2" in note and "Windows-1252" in note for note in raw.notes)


def test_utf_8_that_breaks_is_damage_not_another_encoding(tmp_path: Path) -> None:
    message = _refused(tmp_path, "name,y\nJosé,1\n".encode() + b"A\xf1ez,0\n")
    assert "t.csv:3" in message
    assert "damaged" in message


def test_columns_have_the_types_that_pandas_gives(tmp_path: Path) -> None:
    text = (
        "i,f,gap,s,mark,b,date,blank\n"
        "1,1.5,3,x,?,True,2024-01-31,\n"
        "2,-1e5,,NA,5,False,2024-02-01,\n"
        "3,inf,7,,?,True,2024-03-01,\n"
    )
    frame = _read(tmp_path, text)
    expected = pd.read_csv(io.StringIO(text))
    assert frame.schema == {
        "i": pl.Int64, "f": pl.Float64, "gap": pl.Int64, "s": pl.String, "mark": pl.String,
        "b": pl.Boolean, "date": pl.String, "blank": pl.Float64,
    }  # fmt: skip
    for name in ("i", "f", "gap", "blank"):
        np.testing.assert_array_equal(
            frame[name].cast(pl.Float64).to_numpy(), expected[name].to_numpy(dtype=float)
        )
    for name in ("mark", "b", "date"):
        assert frame[name].to_list() == expected[name].to_list()
    assert frame["s"].to_list() == ["x", "NA", ""]  # spelled out only when roles are known


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=500) * 10.0 ** np.arange(-250, 250)
    frame = _read(tmp_path, "x,k\n" + "".join(f"{v!r},1\n" for v in values.tolist()))
    np.testing.assert_array_equal(frame["x"].to_numpy(), values)


def test_long_ids_stay_exact(tmp_path: Path) -> None:
    frame = _read(tmp_path, "id,y\n12345678901234567890123,1\n12345678901234567890124,0\n")
    assert frame["id"].n_unique() == 2


@pytest.mark.parametrize("cells", [[" ", "5", "7.5"], ["  ", " 5", "7.5 "], ["NA", "5", "7.5"]])
def test_a_number_column_with_blanks_is_numbers(tmp_path: Path, cells: list[str]) -> None:
    frame = _read(tmp_path, "x,k\n" + "".join(f"{cell},1\n" for cell in cells))
    assert frame["x"].to_list() == [None, 5.0, 7.5]


def test_blanks_and_question_marks_in_text_stay(tmp_path: Path) -> None:
    frame = _read(tmp_path, 'x,k\n?,1\n ,2\n"a ""b"", c",3\n" pad ",4\n')
    assert frame["x"].to_list() == ["?", " ", 'a "b", c', " pad "]


def test_quoted_line_breaks(tmp_path: Path) -> None:
    text = 'x,y\n"one\ntwo, three",1\r\nfour,2\n'
    assert _read(tmp_path, text)["x"].to_list() == ["one\ntwo, three", "four"]


def test_a_stray_quote_is_a_character(tmp_path: Path) -> None:
    assert _read(tmp_path, 'x,y\n5" pipe,1\nrod,2\n')["x"].to_list() == ['5" pipe', "rod"]


def test_decimal_commas(tmp_path: Path) -> None:
    assert _read(tmp_path, "x;y\n1,5;2\n-0,25;3\n")["x"].to_list() == [1.5, -0.25]


def test_duplicate_names_become_what_pandas_calls_them(tmp_path: Path) -> None:
    text = "a,b,a,,a\n1,2,3,4,5\n6,7,8,9,10\n"
    frame = _read(tmp_path, text)
    assert frame.columns == pd.read_csv(io.StringIO(text)).columns.to_list()


def test_row_names_without_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for header in ('"","a","b"\n', '"a","b"\n'):  # R's write.csv and write.table
        path.write_text(header + '"1",2,x\n"2",3,y\n')
        raw = read_delimited(path, "t.csv")
        assert raw.index_like == ("Unnamed: 0",)
        assert raw.columns["a"].to_list() == [2, 3]


def test_rows_that_end_in_a_delimiter(tmp_path: Path) -> None:
    frame = _read(tmp_path, "a,b\n1,x,\n2,y,\n")
    assert frame["a"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("6,148,72,1\n1,85,66,0\n", False),
        ("39,State-gov,77516\n50,Private,83311\n", False),
        ("country,2019,2020\nPL,3,4\nDE,5,6\n", True),
        ("0,1,2,3\n6,148,72,1\n1,85,66,0\n", True),
        ("name,city\nAnn,Rome\n", True),
        ("a,b\n", True),
    ],
)
def test_a_missing_header_is_noticed(tmp_path: Path, text: str, header: bool) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    if text == "a,b\n":
        assert "no row" in _refused(tmp_path, text)
        return
    raw = read_delimited(path, "t.csv")
    assert raw.n == text.count("\n") - header
    assert any("no header" in note for note in raw.notes) is not header


def test_a_column_the_job_names_makes_a_line_a_header(tmp_path: Path) -> None:
    assert _read(tmp_path, "2019,2020\n3,4\n", known=["2020"]).columns == ["2019", "2020"]


def test_short_and_long_rows_are_refused_with_their_line(tmp_path: Path) -> None:
    cut = "a,b,c\n" + "1,2,3\n" * 50 + "1,2"
    message = _refused(tmp_path, cut)
    assert "t.csv:52" in message
    assert "row 50" in message
    assert "too few fields" in message
    assert "cut short" in message
    message = _refused(tmp_path, "1.5,2\n" * 3 + "1.5\n")
    assert "t.csv:4" in message
    assert "row 3" in message
    message = _refused(tmp_path, "a,b\n1,2\n1,2,3\n4,5\n6,7,8\n")
    assert "t.csv:3" in message
    assert "too many fields (2 such rows)" in message


def test_a_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    message = _refused(tmp_path, 'a,b\n1,x\n2,"cut\n3,y\n')
    assert "t.csv:3" in message
    assert "never closed" in message


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "empty" in _refused(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PAR1" + b"\0" * 50, "Parquet"),
        (b"PK\x03\x04" + b"\0" * 50, "zip"),
        (b"\x1f\x8b\x08\0" * 20, "gzip"),
        (bytes(range(256)) * 4, "NUL"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, word: str) -> None:
    assert word in _refused(tmp_path, content)


def test_a_large_file_agrees_with_pandas(tmp_path: Path, make_table: Callable[..., str]) -> None:
    text = make_table(30_000)
    frame = _read(tmp_path, text)
    expected = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values={"x": [""]})
    assert frame["s"].to_list() == expected["s"].to_list()
    np.testing.assert_array_equal(frame["x"].to_numpy(), expected["x"].to_numpy())
    assert frame["late"].to_list() == expected["late"].astype(str).to_list()


@pytest.fixture
def make_table() -> Callable[[int], str]:
    """A column that turns out to be text only in its last row."""

    def make(n: int) -> str:
        rng = np.random.default_rng(1)
        x, s = rng.integers(0, 1000, n), rng.choice(["é", 'q"q', "a,b", ""], n)
        cells = ['"' + v.replace('"', '""') + '"' for v in s.tolist()]
        late = [str(i) for i in range(n - 1)] + ["end"]
        rows = (f"{a},{b},{c}\n" for a, b, c in zip(x.tolist(), cells, late, strict=True))
        return "x,s,late\n" + "".join(rows)

    return make
