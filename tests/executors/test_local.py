"""Workers that raise, abort or are killed take no other task with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reportgen.executors.local import Died, run_tasks


def act(order: str) -> str:
    if order == "abort":
        os.abort()
    if order == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "exit":
        os._exit(7)
    if order == "raise":
        raise ValueError("no such luck")
    os.write(1, b"noise on stdout\n")
    return f"{order} done"


def test_the_dead_take_nobody_with_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    orders = ["abort", "one", "kill", "two", "exit", "raise", "three"]
    log = tmp_path / "log"
    results = dict(run_tasks(act, {o: o for o in orders}, workers=2, log=log))
    assert set(results) == set(orders)
    assert results["one"] == "one done"
    assert results["two"] == "two done"
    assert results["three"] == "three done"
    assert "SIGABRT" in results["abort"].reason
    assert "SIGKILL" in results["kill"].reason
    assert "out of memory" in results["kill"].reason
    assert "exit code 7" in results["exit"].reason
    assert results["raise"] == Died("ValueError: no such luck")
    assert "noise on stdout" in log.read_text()
    assert "noise" not in capfd.readouterr().out


def test_no_tasks_start_no_workers(tmp_path: Path) -> None:
    assert list(run_tasks(act, {}, workers=2, log=tmp_path / "log")) == []
    assert not (tmp_path / "log").exists()


PARENT = """
import sys, time
from pathlib import Path
from reportgen.executors.local import run_tasks
sys.path.insert(0, {here!r})
from test_local import write_on

if __name__ == "__main__":
    list(run_tasks(write_on, {{"a": {beat!r}}}, workers=1, log=Path({log!r})))
"""


def write_on(path: str) -> None:
    while True:
        Path(path).write_text(str(time.time()))
        time.sleep(0.05)


def test_workers_end_when_their_run_is_killed(tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    script = tmp_path / "parent.py"
    here = str(Path(__file__).parent)
    script.write_text(PARENT.format(here=here, beat=str(beat), log=str(tmp_path / "log")))
    process = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 30
    while not beat.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    time.sleep(1)
    last = beat.read_text()
    time.sleep(1)
    assert beat.read_text() == last
