"""The retraining worker: a process that runs Keras on JAX and never imports TensorFlow.

Started by :class:`reportgen.retraining.process.Worker` as ``python -m reportgen.retraining.worker
FD CORES CACHE AUDIT``; speaks over the connection that it inherits, one message at a time, and ends
when the other side does, the process AUDIT.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from reportgen.models.child import end_with, without_tensorflow


def main(arguments: list[str]) -> None:
    """Set the backend up, say so, and answer messages until there are no more."""
    connection = Connection(int(arguments[0]))
    cores, programs = int(arguments[1]), Path(arguments[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the audit's to handle
    end_with(int(arguments[3]))
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = xla_flags(cores)
    without_tensorflow()
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
        except Exception as error:  # anything at all: the audit goes on, in TensorFlow
            from reportgen.retraining.messages import Refused

            traceback.print_exc()
            said = (str(error).strip().splitlines() or [""])[0].partition(". ")[0][:160]
            reply = Refused(f"the stacked engine failed: {type(error).__name__}: {said}")
        connection.send(reply)


def xla_flags(cores: int) -> str:
    """What XLA is told once: how many devices it is to show, and not to unroll loops.

    LLVM unrolled every kernel's inner loop, which took it a third of its time and made none of
    the kernels of small networks faster. Nothing but this variable reaches these options.
    """
    return (
        f"--xla_force_host_platform_device_count={cores} "
        "--xla_backend_extra_options=xla_cpu_disable_loop_unrolling=true"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
