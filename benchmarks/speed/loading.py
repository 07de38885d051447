"""Ten million rows of fifty columns: how often do they stand in memory at the worst moment?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.speed.measure import Measured

ROWS, COLUMNS, CHUNK = 10_000_000, 50, 500_000
JOB = """
version: 1
name: large
datasets:
  d: {task: binary, test: test.parquet, target: y}
models:
  m:
    dataset: d
    model: {predictions: {test: test.parquet}}
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


def measured(rows: int = ROWS) -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "test.parquet", rows)
        (folder / "job.yaml").write_text(JOB)
        told = subprocess.run(
            [sys.executable, "-c", LOAD, str(folder / "job.yaml")],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        n, size, before, peak, taken = (float(part) for part in told)
        stored = (folder / "test.parquet").stat().st_size
    ratio = (peak - before) / size
    how = (
        f"{n:,.0f} × {COLUMNS} in {taken:.1f} s: the table is {size / 1e9:.2f} GB, its file "
        f"{stored / 1e9:.2f} GB, the peak {peak / 1e9:.2f} GB"
    )
    yield Measured("copies of a large table while loading", ratio, "times", 3.0, how)


def _write(path: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    names = [*(f"x{k}" for k in range(COLUMNS)), "y"]
    types = [*(pa.float32() for _ in range(COLUMNS)), pa.int8()]
    schema = pa.schema(list(zip(names, types, strict=True)))
    with pq.ParquetWriter(path, schema, compression="none") as writer:
        for _ in range(0, rows, CHUNK):
            n = min(CHUNK, rows)
            values = rng.random((COLUMNS, n), dtype=np.float32)
            arrays = [*(pa.array(v) for v in values), pa.array(rng.integers(0, 2, n, np.int8))]
            writer.write_table(pa.table(arrays, schema=schema))
