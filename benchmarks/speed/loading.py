"""Millions of rows of fifty columns: how often do they stand in memory at the worst moment?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.speed.measure import Measured

COLUMNS, CHUNK = 50, 250_000
#: Text takes minutes to write, and its parts weigh alike at any length.
ROWS = {"parquet": 10_000_000, "csv": 2_000_000, "jsonl": 1_000_000}
JOB = """
version: 1
name: large
datasets:
  d: {task: binary, test: FILE, target: y}
models:
  m:
    dataset: d
    model: {predictions: {test: FILE}}
"""
LOAD = """
import resource, sys, time
from pathlib import Path
from reportgen.data.load import load as load_data
from reportgen.job.load import load
job = load(Path(sys.argv[1]), {})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
dataset = load_data(job, "d")
taken = time.perf_counter() - start
split = dataset.splits["test"]
print(split.n, split.X.estimated_size(), before * 1024,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, taken)
"""


def measured(rows: Mapping[str, int] = ROWS) -> Iterator[Measured]:
    for form, n in rows.items():
        yield _measured(form, n)


def _measured(form: str, rows: int) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / f"test.{form}"
        _write(file, rows)
        (folder / "job.yaml").write_text(JOB.replace("FILE", file.name))
        told = subprocess.run(
            [sys.executable, "-c", LOAD, str(folder / "job.yaml")],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        n, size, before, peak, taken = (float(part) for part in told)
        stored = file.stat().st_size
    ratio = (peak - before) / size
    how = (
        f"{n:,.0f} × {COLUMNS} in {taken:.1f} s: the table is {size / 1e9:.2f} GB, its file "
        f"{stored / 1e9:.2f} GB, the peak {peak / 1e9:.2f} GB"
    )
    return Measured(f"copies of a large table while loading, {form}", ratio, "times", 3.0, how)


def _write(path: Path, rows: int) -> None:
    names = [*(f"x{k}" for k in range(COLUMNS)), "y"]
    types = [*(pa.float32() for _ in range(COLUMNS)), pa.int8()]
    schema = pa.schema(list(zip(names, types, strict=True)))
    if path.suffix == ".jsonl":
        with path.open("wb") as file:
            for table in _tables(rows, schema):
                pl.DataFrame(table).write_ndjson(file)
        return
    opened = (
        pq.ParquetWriter(path, schema, compression="none")
        if path.suffix == ".parquet"
        else csv.CSVWriter(str(path), schema)
    )
    with opened as writer:
        for table in _tables(rows, schema):
            writer.write_table(table)


def _tables(rows: int, schema: pa.Schema) -> Iterator[pa.Table]:
    rng = np.random.default_rng(0)
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        values = rng.random((COLUMNS, n), dtype=np.float32)
        arrays = [*(pa.array(v) for v in values), pa.array(rng.integers(0, 2, n, np.int8))]
        yield pa.table(arrays, schema=schema)
