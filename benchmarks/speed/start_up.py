"""Commands that must answer at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.speed.measure import Measured, seconds

ROOT = Path(__file__).parents[2]
LIMITS = {
    ("--help",): 0.5,
    ("list",): 0.5,
    ("schema",): None,
    ("validate", "configs/minimal.yaml"): 1.0,
    ("validate", "configs/demo.yaml"): 1.0,
}


def measured() -> Iterator[Measured]:
    command = Path(sys.executable).with_name("reportgen")
    bare = seconds(lambda: _run([sys.executable, "-c", "pass"]))
    for arguments, limit in LIMITS.items():
        call = [command, *arguments]
        _run(call)  # warm: files in memory, bytecode written
        value = seconds(partial(_run, call))
        how = f"best of 5; {value / bare:.0f} times an empty Python ({bare:.3f} s)"
        yield Measured(f"reportgen {' '.join(arguments)}", value, "s", limit, how)


def _run(call: Sequence[object]) -> None:
    subprocess.run([str(c) for c in call], cwd=ROOT, check=True, capture_output=True)
