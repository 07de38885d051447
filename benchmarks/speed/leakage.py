"""``python -m benchmarks.speed.leakage``: copies found beside deepchecks and cleanlab, in one run.

At each size, four rows in five are train, fifty columns of measurements, one test row in a hundred
a copy and one in a hundred a near copy. Ours: exact copies with the judgement by near misses, and
near copies; theirs: deepchecks' TrainTestSamplesMix, and cleanlab's near_duplicate on both splits
together (standardised, as its users must). Each peer runs in an environment of its own, made on
first use under ``--cache``, in a process of its own with a limit of time; what it cannot do is
said. Ours run in processes of their own too; peaks are of the whole process. Last, how processor
time grows with the rows.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = 50
SIZES = (10**4, 10**5, 10**6)
PEERS = {
    "deepchecks": ["deepchecks==0.19.1", "scikit-learn==1.3.2", "pandas==2.1.4", "numpy==1.26.4",
                   "plotly==5.24.1", "setuptools<81"],
    "cleanlab": ["cleanlab[datalab]"],
}  # fmt: skip
DATA = """
import numpy as np
def data(n, d, planted=0.01):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 10), dtype=np.float32)
    X = X @ rng.standard_normal((10, d), dtype=np.float32)
    X += rng.standard_normal((n, d), dtype=np.float32)
    cut = n * 4 // 5
    m = int(planted * (n - cut))
    X[cut:cut + m] = X[:m]
    X[cut + m:cut + 2 * m] = X[m:2 * m] + 1e-3 * rng.standard_normal((m, d), dtype=np.float32)
    return X[:cut], X[cut:]
"""
RUN = """
import json, resource, sys, time
n, d = int(sys.argv[1]), int(sys.argv[2])
train, test = data(n, d)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
setup()
start = time.perf_counter()
cpu = time.process_time()
found = work(train, test)
taken = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"s": taken, "cpu": time.process_time() - cpu, "mb": peak, "data_mb": before,
                  "found": found}))
"""
OURS_EXACT = """
def setup():
    global cells, twins, chance
    from reportgen.diagnostics.leakage.rows.cells import cells
    from reportgen.diagnostics.leakage.rows.twins import twins
    from reportgen.diagnostics.leakage.rows.chance import chance
def work(train, test):
    start = time.process_time()
    here, there = cells(test), cells(train)
    found = twins(here.rows(), there.rows())
    compared = time.process_time() - start
    told = chance(here, there, found, np.random.default_rng(0))
    return f"{found.n} copies in {compared:.2f} s of it, chance explains {told.expected:.2g}"
"""
OURS_NEAR = """
def setup():
    global look, case, settings
    from benchmarks.faults.cases import case_from_arrays as case
    from reportgen.diagnostics.leakage.declared import LeakageSettings as settings
    from reportgen.diagnostics.leakage.questions.near_copies.measure import measured as look
def work(train, test):
    y = [np.arange(len(X)) % 2 for X in (train, test)]
    splits = {"train": (train, y[0]), "test": (test, y[1])}
    scores = {"test": np.full(len(test), .5)}
    one = case("binary", splits, scores, diagnostic="leakage", settings=settings())
    found = look(one, "test", 0.1)
    n = int(found.near.sum())
    return f"{n} near copies, {found.looked} rows looked at, recall {found.recall:.3f}"
"""
OURS_STREAMED = """
def setup():
    global shared_rows, pl, Path, folder
    from pathlib import Path
    import polars as pl, tempfile
    from reportgen.diagnostics.leakage.rows.cells import cells
    from reportgen.diagnostics.leakage.rows.streamed import shared_rows
    folder = Path(sys.argv[3])
    def hashes(split):
        frames = pl.scan_parquet(folder / split / "*.parquet").collect_batches(chunk_size=262_144)
        return (cells(frame).rows() for frame in frames)
    globals()["hashes"] = hashes
def work(train, test):
    return f"{shared_rows(hashes('test'), hashes('train'), folder)} copies"
def data(n, d):
    return None, None
"""
DEEPCHECKS = """
def setup():
    global pd, Dataset, Check
    import pandas as pd
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import TrainTestSamplesMix as Check
def work(train, test):
    names = [f"x{j}" for j in range(train.shape[1])]
    sets = [Dataset(pd.DataFrame(X, columns=names), cat_features=[]) for X in (train, test)]
    found = Check(n_to_show=1).run(*sets).value
    return f"{found['ratio'] * len(test):.0f} copies"
"""
CLEANLAB = """
def setup():
    global Datalab
    from cleanlab import Datalab
def work(train, test):
    X = np.vstack([train, test])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    lab = Datalab(data={"i": np.arange(len(X))}, verbosity=0)
    lab.find_issues(features=X, issue_types={"near_duplicate": {}})
    issues = lab.get_issues("near_duplicate")["is_near_duplicate_issue"].to_numpy()
    return f"{int(issues[len(train):].sum())} of test in some pair"
"""


def python_of(peer: str, cache: Path) -> Path | str:
    """The peer's own interpreter; or why there is none, in words."""
    folder = cache / peer
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"making an environment for {peer} ...", file=sys.stderr, flush=True)
        try:
            venv.EnvBuilder(with_pip=True, clear=True).create(folder)
            command = [str(python), "-m", "pip", "install", "--quiet", *PEERS[peer]]
            done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        except (subprocess.SubprocessError, OSError) as error:
            return f"cannot be installed: {type(error).__name__}"
        if done.returncode:
            return f"cannot be installed: {done.stderr.strip().splitlines()[-1][:100]}"
        (folder / "ready").touch()
    return python


def run(code: str, n: int, python: Path | str, limit: float, *more: str) -> dict[str, Any] | str:
    """What a process of its own took; or why it did not finish."""
    command = [str(python), "-W", "ignore", "-c", DATA + code + RUN, str(n), str(COLUMNS), *more]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return f"over {limit:.0f} s"
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"signal {-done.returncode}"]
        return f"failed: {said[-1][:100]}"
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def show(n: int, what: str, told: dict[str, Any] | str, ours: dict[str, Any] | str | None) -> None:
    if isinstance(told, str):
        print(f"{n:>11,}  {what:34} {told}", flush=True)
        return
    ratio = ""
    if isinstance(ours, dict):
        wall, cpu = told["s"] / ours["s"], told["cpu"] / ours["cpu"]
        ratio = f"{wall:.1f} x ours (cpu {cpu:.1f} x)  "
    print(
        f"{n:>11,}  {what:34} {told['s']:8.2f} s  cpu {told['cpu']:8.2f} s  "
        f"peak {told['mb']:6,.0f} MB (data {told['data_mb']:5,.0f})  {ratio}"
        f"{told['found']}  load {os.getloadavg()[0]:.0f}",
        flush=True,
    )


def growth(label: str, times: dict[int, float]) -> None:
    """Exponents of processor time by rows: 1 is linear."""
    sizes = sorted(times)
    parts = [
        f"{a:,} to {b:,} rows: n^{np.log(times[b] / times[a]) / np.log(b / a):.2f}"
        for a, b in itertools.pairwise(sizes)
    ]
    if parts:
        print(f"{label}, growth of processor time: {', '.join(parts)}", flush=True)


def streamed(n: int, limit: float) -> dict[str, Any] | str:
    """Copies between two files that are never whole in memory."""
    import polars as pl

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(0)
        for split, rows in (("train", n * 4 // 5), ("test", n - n * 4 // 5)):
            parts = folder / split
            parts.mkdir()
            for k, start in enumerate(range(0, rows, 500_000)):
                size = min(500_000, rows - start)
                values = rng.random((10, size), dtype=np.float32)
                frame = pl.DataFrame({f"x{j}": column for j, column in enumerate(values)})
                if split == "train" and k == 0:
                    first = frame.head(1000)
                if split == "test" and k == 0:
                    frame = pl.concat([first, frame.slice(1000)])
                frame.write_parquet(parts / f"{k}.parquet")
        return run(OURS_STREAMED, n, sys.executable, limit, str(folder))


def main() -> int:
    """0 when near copies of a million rows take two minutes at most."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed.leakage", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--limit", type=float, default=300, help="seconds for a peer, at one size")
    parser.add_argument("--large", type=int, default=10**7, help="rows of the exact copies, last")
    cache = Path.home() / ".cache" / "reportgen-bench"
    parser.add_argument("--cache", type=Path, default=cache, help="environments of the peers")
    given = parser.parse_args()
    kept = True
    pythons = {peer: python_of(peer, given.cache) for peer in PEERS}
    stopped: dict[str, str] = {}
    times: dict[str, dict[int, float]] = {}

    def told_of(n: int, label: str, told: dict[str, Any] | str, ours: Any = None) -> None:
        show(n, label, told, ours)
        if isinstance(told, dict):
            times.setdefault(label, {})[n] = max(told["cpu"], 1e-3)

    for n in given.sizes:
        exact = run(OURS_EXACT, n, sys.executable, 600)
        told_of(n, "reportgen, copies", exact)
        near = run(OURS_NEAR, n, sys.executable, 600)
        told_of(n, "reportgen, near copies", near)
        kept &= isinstance(near, dict) and near["s"] <= 120
        for peer, code, ours in (
            ("deepchecks", DEEPCHECKS, exact),
            ("cleanlab", CLEANLAB, near),
        ):
            python = pythons[peer]
            told: dict[str, Any] | str
            if isinstance(python, str):
                told = python
            elif peer in stopped:
                told = f"not run: {stopped[peer]} at fewer rows"
            else:
                told = run(code, n, python, given.limit)
                if isinstance(told, str):
                    stopped[peer] = told
            label = "TrainTestSamplesMix" if peer == "deepchecks" else "near_duplicate"
            told_of(n, f"{peer}, {label}", told, ours)
    for label, by_size in times.items():
        growth(label, by_size)
    if given.large:
        show(given.large, "reportgen, copies, streamed files", streamed(given.large, 900), None)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
