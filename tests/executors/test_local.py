"""Workers that raise, abort or are killed take no other task with them."""

from __future__ import annotations

import os
import signal
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
