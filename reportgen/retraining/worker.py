"""The retraining worker: a process that runs Keras on JAX and never imports TensorFlow.

Started by :class:`reportgen.retraining.process.Worker` as ``python -m reportgen.retraining.worker
FD CORES CACHE AUDIT``; speaks over the connection that it inherits, one message at a time, and ends
when the other side does, the process AUDIT.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from reportgen.retraining import cache


def main(arguments: list[str]) -> None:
    """Set the backend up, say so, and answer messages until there are no more."""
    connection = Connection(int(arguments[0]))
    cores, programs = int(arguments[1]), Path(arguments[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the audit's to handle
    _end_with(int(arguments[3]))
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={cores}"
    unreadable = _watch_cache()
    import jax

    jax.config.update("jax_compilation_cache_dir", str(programs))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
    import keras

    if os.environ.get("REPORTGEN_RETRAINING_FLOAT64"):
        jax.config.update("jax_enable_x64", True)
        keras.backend.set_floatx("float64")
    from reportgen.retraining.rehearsal import rehearse
    from reportgen.retraining.serving import Server

    server = Server(cores, programs)
    rehearse(cores, programs)
    connection.send("ready")
    while True:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            return
        try:
            reply = server.answer(message, connection.send)
        except (BrokenPipeError, EOFError):
            return
        except Exception:  # anything at all: the audit goes on, in TensorFlow
            from reportgen.retraining.messages import Refused

            last = traceback.format_exc().strip().splitlines()
            sys.stderr.write("\n".join(last) + "\n")
            reply = Refused(f"the stacked engine failed: {last[-1][:300]}")
        if unreadable:
            cache.clear(programs)
            unreadable.clear()
        connection.send(reply)


def _end_with(audit: int) -> None:
    """End when the audit has, however it ended, and whatever is being computed."""

    def watch() -> None:
        while os.getppid() == audit:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _watch_cache() -> list[str]:
    """Notes warnings about cache entries that cannot be read."""
    noted: list[str] = []
    show = warnings.showwarning

    def showwarning(message: Any, *rest: Any, **named: Any) -> None:
        if cache.UNREADABLE in str(message):
            noted.append(str(message))
        show(message, *rest, **named)

    warnings.showwarning = showwarning
    warnings.filterwarnings("always", message=f".*{cache.UNREADABLE}.*")
    return noted


if __name__ == "__main__":
    main(sys.argv[1:])
