"""Tasks in worker processes, so that one that dies takes no other with it.

Workers are forked from a server process that has imported the heavy stacks and run nothing
(forking after TensorFlow was imported is safe; after it has computed, children hang). Each task
gets a fresh worker: no state of one model reaches the next, and its memory goes with it.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from reportgen.runs.streams import streams_to

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Died:
    """A task whose worker ended without an answer; ``reason`` in words."""

    reason: str


def run_tasks(
    function: Callable[[A], R],
    tasks: Mapping[str, A],
    *,
    workers: int,
    preload: Sequence[str] = (),
    log: Path,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[tuple[str, R | Died]]:
    """Run ``function`` on every task, ``workers`` at a time; yield results as they come.

    Parameters
    ----------
    function : importable by name; must catch what it can and return it.
    tasks : name -> argument, both picklable.
    preload : modules that the workers' server imports first.
    log : file for what the server and the workers write to their standard streams.
    on_wait : called about five times a second while waiting.

    Yields
    ------
    (name, result), or (name, Died) for a worker that aborted or was killed.
    """
    from pebble import ProcessPool

    if not tasks:
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    with streams_to(log):
        _start_server()
        pool = ProcessPool(max_workers=min(workers, len(tasks)), max_tasks=1, context=context)
        watched = functools.partial(_watched, function)
        futures = {pool.schedule(watched, args=(task,)): name for name, task in tasks.items()}
    try:
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            if on_wait is not None:
                on_wait()
            for future in done:
                yield futures[future], _result(future)
        pool.close()
        pool.join()
    finally:
        pool.stop()
        pool.join()


def _watched(function: Callable[[A], R], task: A) -> R:
    """``function(task)`` in a worker that ends when the run does, also when the run was killed.

    Otherwise it would go on writing where the next run of the same job is writing.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("a worker has a parent process")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="reportgen-watch").start()
    return function(task)


def _result(future: Any) -> Any:
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired as error:
        return Died(_how(error.exitcode))
    except MemoryError:
        return Died("it ran out of memory")
    except Exception as error:  # the task's own: it could not even be started or sent back
        return Died(f"{type(error).__name__}: {error}")


def _how(exitcode: int | None) -> str:
    """``-9`` -> what a person can act on."""
    if exitcode is not None and exitcode < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-exitcode).name
            hint = "; the machine may have run out of memory" if name == "SIGKILL" else ""
            return f"its worker process was ended by {name}{hint}"
    return f"its worker process ended with exit code {exitcode}"


def _start_server() -> None:
    from multiprocessing import forkserver

    forkserver.ensure_running()
