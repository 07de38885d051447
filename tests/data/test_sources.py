"""Each kind of source, whole and damaged."""

from __future__ import annotations

import io
import sqlite3
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from reportgen.data.raw import sha256_of_rows
from reportgen.data.table import Dataset
from reportgen.errors import DataError

Load = Callable[..., Dataset]
Refused = Callable[..., DataError]
Write = Callable[..., str]


def _y(data: Dataset, split: str = "train") -> list[Any]:
    y = data.splits[split].y
    assert y is not None
    return y.tolist()  # type: ignore[no-any-return]


# --- files -------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_names_the_nearest(write: Write, refused: Refused) -> None:
    write("train.csv", "x,y\n1,0\n")
    error = refused(task="binary", target="y", train="tain.csv")
    assert "Did you mean train.csv?" in str(error)
    assert "not read" in str(refused(task="binary", target="y", train=write("t.xlsx", "PK")))
    assert "a folder" in str(refused(task="binary", target="y", train="."))
    assert "0 bytes" in str(refused(task="binary", target="y", train=write("t.parquet", b"")))
    assert "null byte" in str(refused(task="binary", target="y", train="a\0b.csv"))


def test_parquet_keeps_types(tmp_path: Path, load_data: Load) -> None:
    frame = pl.DataFrame(
        {
            "f": pl.Series([1.5, None, 2.5], dtype=pl.Float32),
            "c": pl.Series(["a", "b", None], dtype=pl.Categorical),
            "b": [True, None, False],
            "d": pl.Series(["2024-01-01", None, "2024-05-01"]).str.to_date(),
            "money": pl.Series(["1.10", "2.20", "3.30"]).cast(pl.Decimal(10, 2)),
            "ключ": ["é", "🙂", ""],
            "y": [0, 1, 1],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    data = load_data(task="binary", target="y", train="t.parquet")
    X = data.splits["train"].X
    assert isinstance(X, pl.DataFrame)
    assert X.drop("money").equals(frame.drop("y", "money"))
    assert X["money"].to_list() == [1.1, 2.2, 3.3]
    assert X.schema["c"] == pl.Categorical


def test_a_pandas_index_is_no_feature(tmp_path: Path, load_data: Load) -> None:
    table = pd.DataFrame({"a": [1, 2], "y": [0, 1]}, index=[5, 9])
    table.to_parquet(tmp_path / "t.parquet")
    assert load_data(task="binary", target="y", train="t.parquet").features == ("a",)


@pytest.mark.parametrize("cut", [4, 100, -10])
def test_parquet_cut_short(cut: int, tmp_path: Path, refused: Refused) -> None:
    pl.DataFrame({"x": range(100), "y": [0, 1] * 50}).write_parquet(tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[:cut])
    assert "damaged, cut short" in str(refused(task="binary", target="y", train="t.parquet"))


def test_json_lines_with_sequences(write: Write, load_data: Load) -> None:
    lines = '{"t": [[1, 2], [3, 4], [5, 6]], "y": 1}\n\n{"y": 0, "t": [[7, 8], [9, 0], [1, 2]]}\n'
    data = load_data(task="binary", target="y", train=write("t.jsonl", "\ufeff" + lines))
    X = data.splits["train"].X
    assert isinstance(X, np.ndarray)
    assert (data.kind, X.shape) == ("array", (2, 3, 2))
    assert X[1].tolist() == [[7, 8], [9, 0], [1, 2]]
    assert _y(data) == [1, 0]


def test_json_lines_with_ragged_lists_and_a_table(write: Write, load_data: Load) -> None:
    lines = '{"t": [1, 2], "u": 1, "y": "a"}\n{"t": [3], "u": null, "y": "b"}\n'
    data = load_data(task="binary", target="y", train=write("t.jsonl", lines))
    X = data.splits["train"].X
    assert isinstance(X, pl.DataFrame)
    assert X["t"].to_list() == [[1, 2], [3]]
    assert X["u"].to_list() == [1, None]


def test_labels_in_lists(write: Write, load_data: Load, refused: Refused) -> None:
    lines = '{"x": 1, "y": ["b", "a"]}\n{"x": 2, "y": []}\n{"x": 3, "y": ["c"]}\n'
    data = load_data(task="multilabel", target="y", train=write("t.jsonl", lines))
    assert data.classes == ("a", "b", "c")
    assert _y(data) == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    error = refused(task="multilabel", target="y", train="t.jsonl", classes=["a", "b"])
    assert error.problems[0].row == 2
    indicators = '{"x": 1, "y": [0, 1]}\n{"x": 2, "y": [1, 1]}\n'
    data = load_data(task="multilabel", target="y", train=write("t.jsonl", indicators))
    assert _y(data) == [[0, 1], [1, 1]]


@pytest.mark.parametrize(
    ("last", "words"),
    [('{"x": 2, "y"', "no JSON"), ("[1, 2]", "not an object"), ('{"x": [2], "y": 1}', "kinds")],
)
def test_json_lines_that_are_damaged(last: str, words: str, write: Write, refused: Refused) -> None:
    error = refused(
        task="binary", target="y", train=write("t.jsonl", f'{{"x": 1, "y": 0}}\n{last}\n')
    )
    assert words in str(error)
    assert error.problems[0].line == 2


# --- arrays ------------------------------------------------------------------------------------


def _save(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return path.name


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((4, 28, 28), "images"),
        ((4, 16, 16, 3), "images"),
        ((4, 100, 3), "array"),
        ((4, 5), "array"),
    ],
)
def test_arrays_stay_as_they_are(
    shape: tuple[int, ...], kind: str, tmp_path: Path, load_data: Load
) -> None:
    X = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    data = load_data(task="binary", train=_save(tmp_path / "t.npz", X=X, y=[0, 1, 1, 0]))
    assert isinstance(data.splits["train"].X, np.ndarray)
    assert data.splits["train"].X.dtype == np.uint8
    np.testing.assert_array_equal(data.splits["train"].X, X)
    assert (data.kind, _y(data)) == (kind, [0, 1, 1, 0])


def test_the_archive_that_keras_users_have(tmp_path: Path, load_data: Load) -> None:
    name = _save(tmp_path / "m.npz", x_train=np.eye(3), y_train=[0, 1, 2], x_test=np.ones((1, 3)),
                 y_test=[2])  # fmt: skip
    data = load_data(task="multiclass", train=name, test=name)
    assert data.splits["train"].n == 3
    assert data.splits["test"].n == 1
    assert _y(data, "test") == [2]


def test_named_arrays_and_roles(tmp_path: Path, load_data: Load) -> None:
    name = _save(
        tmp_path / "t.npz", pixels=np.zeros((3, 9, 9)), label=np.array([b"a", b"b", b"a"]),
        who=[7, 8, 9], meta=np.zeros((3, 2)),
    )  # fmt: skip
    data = load_data(task="binary", train=name, target="label", id="who", features=["pixels"])
    assert isinstance(data.splits["train"].X, np.ndarray)
    assert data.splits["train"].X.shape == (3, 9, 9)
    assert data.splits["train"].ids is not None
    assert data.splits["train"].ids.tolist() == [7, 8, 9]
    several = load_data(task="binary", train=name, target="label", id="who").splits["train"].X
    assert isinstance(several, dict)
    assert set(several) == {"pixels", "meta"}


def test_columns_of_an_array_may_have_names(tmp_path: Path, load_data: Load) -> None:
    X = np.arange(6.0).reshape(2, 3)
    name = _save(tmp_path / "t.npz", X=X, y=[0, 1], feature_names=["a", "b", "c"])
    assert load_data(task="binary", train=name).features == ("a", "b", "c")
    chosen = load_data(task="binary", train=name, features=["c", "a"]).splits["train"].X
    assert isinstance(chosen, np.ndarray)
    assert chosen.tolist() == [[2, 0], [5, 3]]


@pytest.mark.parametrize(
    ("y", "task", "expected"),
    [
        ([[0, 1], [1, 0], [0, 1]], "binary", [1, 0, 1]),
        ([[0.0], [1.0], [1.0]], "binary", [0, 1, 1]),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], "multiclass", [1, 0, 2]),
        ([[0, 1], [1, 1], [0, 0]], "multilabel", [[0, 1], [1, 1], [0, 0]]),
        ([[0.5, 1], [1, 2], [3, 4]], "regression", [[0.5, 1], [1, 2], [3, 4]]),
    ],
)
def test_shapes_of_targets(
    y: list[list[float]], task: str, expected: list[Any], tmp_path: Path, load_data: Load
) -> None:
    name = _save(tmp_path / "t.npz", X=np.zeros((3, 2)), y=np.array(y))
    assert _y(load_data(task=task, train=name)) == expected


def test_python_objects_are_not_unpickled(tmp_path: Path, refused: Refused) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    np.savez(tmp_path / "t.npz", X=np.array([Bomb()], dtype=object), y=[0])
    assert "could run code" in str(refused(task="binary", train="t.npz"))
    assert not (tmp_path / "ran").exists()


def test_damaged_archives(tmp_path: Path, write: Write, refused: Refused) -> None:
    _save(tmp_path / "t.npz", X=np.zeros((100, 10)), y=np.zeros(100))
    whole = (tmp_path / "t.npz").read_bytes()
    flipped = bytearray(whole)
    flipped[300] ^= 255
    single = io.BytesIO()
    np.save(single, np.zeros(3))
    for content in (whole[:2000], b"no archive", bytes(flipped), single.getvalue()):
        write("t.npz", content)
        assert "arch" in str(refused(task="binary", train="t.npz"))
    _save(tmp_path / "t.npz", X=np.zeros((5, 2)), y=np.zeros(4))
    assert "X has 5, y has 4" in str(refused(task="binary", train="t.npz"))


def test_arrays_of_the_splits_must_be_alike(tmp_path: Path, refused: Refused) -> None:
    train = _save(tmp_path / "a.npz", X=np.zeros((4, 3)), y=[0, 1, 0, 1])
    test = _save(tmp_path / "b.npz", X=np.zeros((4, 2)), y=[0, 1, 0, 1])
    assert "(n, 2)" in str(refused(task="binary", train=train, test=test))


# --- images ------------------------------------------------------------------------------------


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for label in ("round", "edgy"):
        (tmp_path / "shapes" / label).mkdir(parents=True)
        for i in range(2):
            pixels = rng.integers(0, 255, (6, 5, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "shapes" / label / f"{i}.png")
    return tmp_path / "shapes"


def test_a_folder_a_class(shapes: Path, load_data: Load) -> None:
    (shapes / "edgy" / ".DS_Store").write_text("x")
    (shapes / "edgy" / "notes.md").write_text("x")
    data = load_data(task="binary", train={"images": "shapes"})
    split = data.splits["train"]
    assert isinstance(split.X, np.ndarray)
    assert (data.kind, split.X.shape, split.X.dtype) == ("images", (4, 6, 5, 3), np.uint8)
    assert data.classes == ("edgy", "round")
    assert _y(data) == [0, 0, 1, 1]
    assert split.ids is not None
    assert split.ids.tolist() == ["edgy/0.png", "edgy/1.png", "round/0.png", "round/1.png"]
    np.testing.assert_array_equal(split.X[2], np.asarray(Image.open(shapes / "round" / "0.png")))
    assert "shapes: 1 files that are no images were left out." in data.notes


def test_grey_images_have_one_channel(shapes: Path, load_data: Load) -> None:
    for path in shapes.rglob("*.png"):
        Image.open(path).convert("L").save(path)
    X = load_data(task="binary", train={"images": "shapes"}).splits["train"].X
    assert isinstance(X, np.ndarray)
    assert X.shape == (4, 6, 5, 1)


@pytest.mark.parametrize("allowed", [False, True])  # what other libraries may have set
def test_images_that_cannot_be_used(
    shapes: Path, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", allowed)
    odd = shapes / "round" / "1.png"
    Image.new("RGB", (9, 9)).save(odd)
    error = str(refused(task="binary", train={"images": "shapes"}))
    assert "shapes/round/1.png" in error
    assert "9 × 9 pixels" in error
    odd.write_bytes((shapes / "edgy" / "0.png").read_bytes()[:60])
    assert "shapes/round/1.png" in str(refused(task="binary", train={"images": "shapes"}))
    assert "not there" in str(refused(task="binary", train={"images": "shape"}))
    (tmp_path / "flat").mkdir()
    assert "folder for each class" in str(refused(task="binary", train={"images": "flat"}))


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_decompression_bombs_are_refused(side: int, shapes: Path, refused: Refused) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    png = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    (shapes / "round" / "1.png").write_bytes(png)
    assert "fill the memory" in str(refused(task="binary", train={"images": "shapes"}))


def test_postscript_in_disguise_is_not_run(shapes: Path, refused: Refused) -> None:
    (shapes / "round" / "1.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 6\n")
    assert "cannot be read" in str(refused(task="binary", train={"images": "shapes"}))


# --- Python ------------------------------------------------------------------------------------

PYTHON = """
import sys
import numpy as np, pandas as pd, polars as pl
def arrays(): return np.arange(8.0).reshape(4, 2), [0, 1, 1, 0]
def frames(): return pd.DataFrame({"a": [1, 2], "c": pd.Categorical(["u", "v"])}), named()
def named(): return pd.Series(["n", "p"], name="goal")
def pandas(): return pd.DataFrame({"a": [1.5, None], "m": ["x", None], "y": [0, 1]}, index=[4, 2])
def polars(): print("loading"); return pl.DataFrame({"a": [1, 2], "y": [0, 1]})
def columns(): return {"a": [1, 2], "y": [0, 1]}
def inputs(): return [np.zeros((3, 2)), np.ones((3, 4))], np.array([0, 1, 1])
def texts(): return ["how are you today", "win a big prize now"], [0, 1]
def fails():
    return helper()
def helper():
    raise KeyError("no such thing")
def leaves(): sys.exit(3)
def nothing(): return 5
number = 3
"""


@pytest.fixture
def module(write: Write) -> str:
    """A module with a name of its own, for Python imports a name but once."""
    module.count = getattr(module, "count", 0) + 1  # type: ignore[attr-defined]
    name = f"own_data_{module.count}"  # type: ignore[attr-defined]
    write(f"{name}.py", PYTHON)
    return name


@pytest.mark.parametrize(
    ("function", "features", "y"),
    [
        ("arrays", ("x0", "x1"), [0, 1, 1, 0]),
        ("frames", ("a", "c"), [0, 1]),
        ("pandas", ("a", "m"), [0, 1]),
        ("polars", ("a",), [0, 1]),
        ("columns", ("a",), [0, 1]),
        ("inputs", (), [0, 1, 1]),
        ("texts", ("text",), [0, 1]),
    ],
)
def test_what_functions_return(
    function: str, features: tuple[str, ...], y: list[int], module: str, load_data: Load,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = list(sys.path)
    data = load_data(task="binary", target="y", train={"python": f"{module}:{function}"})
    assert (data.features, _y(data)) == (features, y)
    assert sys.path == path
    assert capsys.readouterr().out == ""
    if function == "frames":
        assert data.classes == ("n", "p")
    if function == "texts":
        assert data.kind == "text"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("fails", "KeyError: 'no such thing'"),
        ("leaves", "SystemExit: 3"),
        ("nothing", "neither (X, y) nor a table"),
        ("absent", "has no 'absent'"),
        ("number", "not a function"),
    ],
)
def test_functions_that_fail(function: str, words: str, module: str, refused: Refused) -> None:
    error = refused(task="binary", target="y", train={"python": f"{module}:{function}"})
    assert words in str(error)
    if function == "fails":
        line = PYTHON.splitlines().index('    raise KeyError("no such thing")') + 1
        assert error.problems[0].line == line
        assert str(error.problems[0].file).endswith(f"{module}.py")


def test_modules_that_fail(write: Write, refused: Refused) -> None:
    write("broken_module.py", "x = 1\nthis is no python\n")
    error = refused(task="binary", target="y", train={"python": "broken_module:f"})
    assert error.problems[0].line == 2
    assert "no Python module 'absent_module'" in str(
        refused(task="binary", target="y", train={"python": "absent_module:f"})
    )


# --- databases -------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> str:
    connection = sqlite3.connect(tmp_path / "d.db")
    connection.execute("create table t (a real, b text, y integer)")
    connection.executemany(
        "insert into t values (?, ?, ?)", [(1.5, "12:30", 0), (None, "x:y", 1), (3.0, None, 1)]
    )
    connection.commit()
    connection.close()
    return "sqlite:///d.db"


def test_rows_of_a_query(database: str, load_data: Load) -> None:
    query = "select * from t where b is null or b != ':c' order by y"
    data = load_data(task="binary", target="y", train={"sql": database, "query": query})
    X = data.splits["train"].X
    assert isinstance(X, pl.DataFrame)
    assert X["a"].to_list() == [1.5, None, 3.0]
    assert X["b"].to_list() == ["12:30", "x:y", None]
    assert _y(data) == [0, 1, 1]


def test_a_query_cannot_write(database: str, tmp_path: Path, refused: Refused) -> None:
    for query in ("delete from t returning y", "drop table t"):
        refused(task="binary", target="y", train={"sql": database, "query": query})
    connection = sqlite3.connect(tmp_path / "d.db")
    assert connection.execute("select count(*) from t").fetchone() == (3,)
    connection.close()
    absent = {"sql": "sqlite:///none.db", "query": "select 1"}
    assert "not there" in str(refused(task="binary", target="y", train=absent))
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+nodriver://me:hunter2@host/db",
        "sqlite:///d.db?password=hunter2",
        "mysql://me:hunter2@host/db",
        "://me:hunter2@host",
    ],
)
def test_passwords_are_never_shown(url: str, database: str, refused: Refused) -> None:
    error = refused(task="binary", target="y", train={"sql": url, "query": "select nothing"})
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(error)


# --- hashes ------------------------------------------------------------------------------------


def test_rows_hash_alike_in_every_process() -> None:
    frame = "pl.DataFrame({'a': [1, None], 'b': ['x', 'é'], 'c': [[1.5], []]})"
    code = (
        "import polars as pl, numpy as np; from reportgen.data.raw import sha256_of_rows;"
        f"print(sha256_of_rows({frame}, np.arange(6).reshape(2, 3)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = sha256_of_rows(
        pl.DataFrame({"a": [1, None], "b": ["x", "é"], "c": [[1.5], []]}),
        np.arange(6).reshape(2, 3),
    )
    assert run.stdout.strip() == here
    assert here != sha256_of_rows(
        pl.DataFrame({"a": [1, None], "b": ["x", "e"], "c": [[1.5], []]}),
        np.arange(6).reshape(2, 3),
    )
