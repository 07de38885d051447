"""The retraining worker: a process that runs Keras on JAX and never imports TensorFlow.

Started by :class:`reportgen.retraining.process.Worker` as ``python -m reportgen.retraining.worker
FD CORES CACHE``; speaks over the connection that it inherits, one message at a time, and ends
when the other side does.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Set the backend up, say so, and answer messages until there are no more."""
    connection = Connection(int(arguments[0]))
    cores, programs = int(arguments[1]), Path(arguments[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the audit's to handle
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={cores}"
    # Keras imports TensorFlow if it is there: ten seconds and half a gigabyte for nothing.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]
    import jax
    import keras

    if os.environ.get("REPORTGEN_RETRAINING_FLOAT64"):
        jax.config.update("jax_enable_x64", True)
        keras.backend.set_floatx("float64")
    from reportgen.retraining.rehearsal import rehearse
    from reportgen.retraining.serving import Server

    server = Server(cores, programs)
    rehearse(cores, server.store)
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
        connection.send(reply)


if __name__ == "__main__":
    main(sys.argv[1:])
