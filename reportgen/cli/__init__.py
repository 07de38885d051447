"""The command line: the only place that prints, exits, and catches errors."""

from __future__ import annotations

import gc
import io
import logging
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

from reportgen.cli import catalog, jobs, render, run
from reportgen.cli.app import app
from reportgen.cli.why import why
from reportgen.cli.words import print_problems
from reportgen.errors import JobError, ReportgenError

__all__ = ["app", "main"]

EXIT_INVALID = 2
EXIT_INCOMPLETE = 3
EXIT_SIGNAL = 128  # plus the signal's number, as shells have it

_COMMANDS: dict[str, Callable[..., int]] = {
    "run": run.run,
    "validate": jobs.validate,
    "render": render.render,
    "list": catalog.list_,
    "explain": catalog.explain,
    "init": jobs.init,
    "schema": jobs.schema,
    "why": why,
}
#: Commands that are done in a second.
_SHORT = ("validate", "list", "explain", "schema")
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)


class _Lines(logging.Formatter):
    """What the program notes by the way, a line each; tracebacks are for ``--debug``."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        told = f": {type(error).__name__}: {error}".partition("\n")[0] if error else ""
        return f"reportgen: {record.getMessage()}{told}"


class _Stopped(BaseException):
    """A signal: the person at the terminal, or the scheduler, wants this run to end."""


def main() -> None:
    """Entry point of the ``reportgen`` command; ends the process with the contract's codes."""
    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    if arguments[:1] and arguments[0] in _SHORT:
        gc.disable()  # collecting what imports left is a twentieth of their time
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or in the background of a shell
            signal.signal(number, _stop)
    if not debug:
        handler = logging.StreamHandler()
        handler.setFormatter(_Lines())
        logging.getLogger("reportgen").addHandler(handler)
    for stream in (sys.stdout, sys.stderr):  # a locale without dashes must not end a run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(args=arguments, standalone_mode=False)
    except ReportgenError as error:
        code = _refused(error, debug)
    except _Stopped as stopped:
        code = _stopped(signal.Signals(stopped.args[0]), running=arguments[:1] == ["run"])
    except BrokenPipeError:  # reportgen list | head
        sys.stderr.close()
        code = 0
    except Exception as error:  # a bug: said in a line, with the way to see more
        if debug:
            traceback.print_exc()
        elif hasattr(error, "format_message"):  # click's own: unknown option and the like
            said = error.format_message()
            print(said if said.startswith("Usage:") else f"reportgen: {said}", file=sys.stderr)
        else:
            print(
                f"reportgen: {type(error).__name__}: {error}\n"
                "  This is a fault in reportgen; run again with --debug to see where.",
                file=sys.stderr,
            )
        code = getattr(error, "exit_code", EXIT_INCOMPLETE)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(signum: int, frame: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # workers are being ended: a second one must wait
    raise _Stopped(signum)


def _stopped(number: signal.Signals, running: bool) -> int:
    said = "Interrupted." if number == signal.SIGINT else f"Stopped by {number.name}."
    if running:
        said += " Audits that were complete are kept; run the same job again to go on."
    with suppress(OSError):  # the terminal may be gone
        print(f"reportgen: {said}", file=sys.stderr)
    return EXIT_SIGNAL + number


def _refused(error: ReportgenError, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print_problems(error.problems)
    return EXIT_INVALID if isinstance(error, JobError) else EXIT_INCOMPLETE
