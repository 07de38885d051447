"""Imports point one way, and the quick commands stay quick: they load no heavy stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras", "jax", "matplotlib", "weasyprint", "sklearn", "skops")


def loaded_by(*arguments: str) -> set[str]:
    """Top-level modules that a ``reportgen`` command loads."""
    program = (
        "import sys, json, atexit\n"
        "def told():\n"
        "    names = sorted({m.partition('.')[0] for m in sys.modules})\n"
        "    sys.stderr.write('\\nMODULES ' + json.dumps(names))\n"
        "atexit.register(told)\n"
        f"sys.argv = ['reportgen', *{list(arguments)!r}]\n"
        "from reportgen.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.rpartition("MODULES ")[2]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["schema"],
        ["validate", "configs/minimal.yaml"],
        ["validate", "configs/demo.yaml"],
        ["validate", "configs/sources.yaml"],
    ],
    ids=" ".join,
)
def test_quick_commands_load_no_heavy_stack(arguments):
    loaded = loaded_by(*arguments)
    assert "typer" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_imports_point_one_way():
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint_imports], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
