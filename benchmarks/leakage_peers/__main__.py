"""``python -m benchmarks.leakage_peers``: planted leaks and clean data before three tools.

Each peer runs in an environment of its own, made on first use under ``--environments`` by pip.
Ours has to raise the planted case's code; a peer has found it when a check of it that speaks of
such a fault fails (``NAMED``), and has said something when any check fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.faults import harness
from benchmarks.leakage_peers.cases import written

HERE = Path(__file__).parent
PEERS = {
    "deepchecks": ["deepchecks==0.19.1", "scikit-learn==1.3.2", "pandas==2.1.4", "numpy==1.26.4",
                   "plotly==5.24.1", "setuptools<81", "pyarrow<21"],
    "evidently": ["evidently==0.7.23", "pandas<3", "pyarrow<21"],
}  # fmt: skip
#: A peer's checks (by the beginning of their names) that speak of a fault.
NAMED: dict[str, tuple[str, ...]] = {
    "exact-duplicates": ("TrainTestSamplesMix",),
    "near-duplicates": ("TrainTestSamplesMix",),
    "conflicting-duplicates": ("ConflictingLabels",),
    "target-column": ("FeatureLabelCorrelation", "IdentifierLabelCorrelation"),
    "target-combination": ("FeatureLabelCorrelation",),
    "missingness": ("FeatureLabelCorrelation",),
    "id-column": ("IdentifierLabelCorrelation", "FeatureLabelCorrelation"),
    "time-order": ("DateTrainTestLeakage",),
    "group-overlap": ("IndexTrainTestLeakage",),
    "splits-differ": ("FeatureDrift", "MultivariateDrift", "LabelDrift", "NewCategory",
                      "NewLabel", "Value Drift", "Share of Drifted", "Drifted",
                      "Share of missing", "Missing", "Values out"),
}  # fmt: skip


def environment(name: str, folder: Path) -> Path:
    """A peer's python; its environment is made when it is not there."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        print(f"making an environment for {name} in {folder / name}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS[name]], check=True)
    return python


def asked(name: str, python: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """What a peer says of every case, by the case's folder."""
    done = subprocess.run(
        [str(python), str(HERE / f"{name}_side.py"), str(folder)],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["case"]: line for line in lines}


def named(code: str, said: list[str]) -> bool:
    """Whether one of a peer's failing checks speaks of such a fault."""
    return any(s.startswith(NAMED.get(code, ())) for s in said)


def main() -> int:
    """Print, a code: planted, and what each tool says; then what they say of clean data."""
    parser = argparse.ArgumentParser(prog="benchmarks.leakage_peers", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, metavar="N")
    parser.add_argument("--first-seed", type=int, default=500, metavar="N")
    parser.add_argument(
        "--environments", type=Path, default=Path.home() / ".cache" / "reportgen-peers"
    )
    parser.add_argument("--every", type=int, default=1, metavar="K", help="each K-th case alone")
    given = parser.parse_args()
    planted, clean = harness.drawn_from("leakage")
    ours: dict[str, harness.Outcome] = {}
    codes: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for is_planted, cases in ((True, planted), (False, clean)):
            for index in range(0, len(cases), given.every):
                for seed in range(given.first_seed, given.first_seed + given.seeds):
                    case: Any = cases[index]
                    key = f"{'planted' if is_planted else 'clean'}-{index:03d}-{seed}"
                    drawn = case.draw(harness.generator("leakage", case.name, seed))
                    if not written(drawn, Path(scratch) / key):
                        continue
                    ours[key] = harness.run_one("leakage", is_planted, index, seed)
                    codes[key] = case.codes[0].partition(".")[2] if is_planted else ""
        theirs = {
            name: asked(name, environment(name, given.environments), Path(scratch))
            for name in PEERS
        }
    print(table(ours, codes, theirs))
    return 0


def table(
    ours: Mapping[str, harness.Outcome],
    codes: Mapping[str, str],
    theirs: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> str:
    """Rows by code: cases, ours found, and of each peer found, and said anything."""
    head = ["planted", "cases", "reportgen", *(f"{n}: named" for n in theirs),
            *(f"{n}: said anything" for n in theirs)]  # fmt: skip
    rows = [head]
    for code in sorted({c for c in codes.values() if c}):
        keys = [k for k, c in codes.items() if c == code]
        said = {n: [theirs[n].get(k, {}).get("said", []) for k in keys] for n in theirs}
        rows.append([
            code, str(len(keys)), str(sum(ours[k].right for k in keys)),
            *(str(sum(named(code, s) for s in said[n])) for n in theirs),
            *(str(sum(bool(s) for s in said[n])) for n in theirs),
        ])  # fmt: skip
    keys = [k for k, c in codes.items() if not c]
    said = {n: [theirs[n].get(k, {}).get("said", []) for k in keys] for n in theirs}
    alarms = [f"{sum(bool(s) for s in said[n])} alarms" for n in theirs]
    quiet = f"{sum(bool(ours[k].alarms) for k in keys)} alarms"
    rows.append(["none: clean", str(len(keys)), quiet, *("" for _ in theirs), *alarms])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    for name, answers in theirs.items():
        crashed = [k for k, a in answers.items() if a["error"]]
        seconds = sum(a["seconds"] for a in answers.values()) / max(1, len(answers))
        lines.append(f"{name}: {seconds:.1f} s a case; crashed on {len(crashed)}"
                     + (f" ({answers[crashed[0]]['error'][:120]})" if crashed else ""))  # fmt: skip
    own = sum(o.seconds for o in ours.values()) / max(1, len(ours))
    lines.append(f"reportgen: {own:.1f} s a case, retraining included")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
