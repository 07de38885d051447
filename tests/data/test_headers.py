"""Headers say beforehand what loading finds afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import datasets

from reportgen.data import bundles, headers
from reportgen.data.table import Dataset
from reportgen.errors import DataError
from reportgen.job.schema import Job

Make = Callable[..., Job]


@pytest.fixture
def frame() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    return pl.DataFrame(
        {
            "a": rng.integers(0, 9, 1500),
            "b": rng.choice(["x, y", 'q"', "line\nbreak"], 1500),
            "c": rng.random(1500),
            "y": rng.choice([10, 9, 2], 1500),
        }
    )


@pytest.mark.parametrize("kind", ["csv", "tsv", "utf-16.csv", "parquet", "jsonl"])
def test_headers_agree_with_what_is_loaded(
    kind: str, frame: pl.DataFrame, tmp_path: Path, make_job: Make,
    load_data: Callable[..., Dataset],
) -> None:  # fmt: skip
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    else:
        text = frame.write_csv(separator="\t" if kind == "tsv" else ",")
        path.write_bytes(text.encode("utf-16" if kind.startswith("utf") else "utf-8"))
    job = make_job(task="multiclass", target="y", train=path.name)
    source = job.datasets["d"].train
    assert source is not None
    header = headers.read(job, source)
    data = load_data(task="multiclass", target="y", train=path.name)
    X = data.splits["train"].X
    assert header is not None
    assert isinstance(X, pl.DataFrame)
    assert header.n_rows == 1500
    assert header.features(job.datasets["d"]) == data.features
    assert {name: header.dtypes[name] for name in data.features} == {
        name: str(dtype) for name, dtype in X.schema.items()
    }
    assert headers.distinct(job, source, "y") == data.classes == ("2", "9", "10")
    assert headers.distinct(job, source, "absent") is None
    assert headers.is_empty(job, source) is False


def test_archives_are_outlined_without_being_loaded(tmp_path: Path, make_job: Make) -> None:
    np.savez(tmp_path / "t.npz", X=np.zeros((5, 8, 8, 3), np.uint8), y=["a", "b", "a", "b", "a"])
    job = make_job(task="binary", train="t.npz")
    source = job.datasets["d"].train
    assert source is not None
    header = headers.read(job, source)
    assert header is not None
    assert (header.n_rows, header.X, header.y, header.shapes["X"]) == (5, "X", "y", (8, 8, 3))
    assert headers.distinct(job, source, None) == ("a", "b")
    (tmp_path / "t.npz").write_bytes((tmp_path / "t.npz").read_bytes()[:500])
    with pytest.raises(DataError, match="damaged"):
        headers.read(job, source)
    np.savez(tmp_path / "t.npz", X=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="could run code"):
        headers.read(job, source)


@pytest.mark.parametrize("name", list(bundles.ROWS))
def test_outlines_of_bundles_are_scikit_learns(name: str, make_job: Make) -> None:
    bundle = getattr(datasets, f"load_{name}")()
    job = make_job(task="multiclass", train={"sklearn": name})
    source = job.datasets["d"].train
    assert source is not None
    header = headers.read(job, source)
    assert header is not None
    assert header.features(job.datasets["d"]) == tuple(bundle.feature_names)
    assert header.n_rows == len(bundle.data)
    if name in bundles.N_CLASSES:
        assert headers.distinct(job, source, None) == tuple(map(str, np.unique(bundle.target)))
    if name in bundles.CLASS_NAMES:
        assert bundles.CLASS_NAMES[name] == tuple(bundle.target_names)
    if name == "linnerud":
        assert bundles.targets(name) == tuple(bundle.target_names)


def test_an_empty_split_is_seen(tmp_path: Path, make_job: Make) -> None:
    pl.DataFrame({"a": [], "y": []}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("a,y\n")
    for name in ("t.parquet", "t.csv"):
        job = make_job(task="binary", target="y", train=name)
        assert job.datasets["d"].train is not None
        assert headers.is_empty(job, job.datasets["d"].train) is True


def test_what_would_have_to_run_has_no_header(make_job: Make) -> None:
    for source in ({"python": "never.imported:f"}, {"sql": "sqlite:///no.db", "query": "select 1"}):
        job = make_job(task="binary", target="y", train=source)
        assert job.datasets["d"].train is not None
        assert headers.read(job, job.datasets["d"].train) is None
        assert headers.distinct(job, job.datasets["d"].train, "y") is None


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y\n1,0\n2,1\n")
    pl.DataFrame({"a": [1], "y": [0]}).write_parquet(tmp_path / "t.parquet")
    code = f"""
import sys
from pathlib import Path
from reportgen.data import headers
from reportgen.job.schema import FileSource, Job, SklearnSource
job = Job.model_construct(file=Path({str(tmp_path / "job.yaml")!r}))
files = [FileSource(path="t.csv"), FileSource(path="t.parquet")]
for source in [*files, SklearnSource(sklearn="iris")]:
    headers.read(job, source); headers.distinct(job, source, "y")
heavy = {{"sklearn", "pyarrow", "pandas", "tensorflow", "matplotlib", "scipy", "sqlalchemy"}}
print(heavy & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
