"""How far a run is: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reportgen.cli.words import one_line, shown

if TYPE_CHECKING:
    from reportgen.batch import Progress
    from reportgen.runs.record import AuditRecord


@contextmanager
def progress(quiet: bool, total: int) -> Iterator[Progress | None]:
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bars(total) as shown_as:
            yield shown_as
    else:
        yield _lines()


def _lines() -> Progress:
    """Plain lines on stderr, for logs."""
    from reportgen.batch import Progress

    def started(folder: Any, models: Any) -> None:
        count = "1 audit" if len(models) == 1 else f"{len(models)} audits"
        print(f"run {folder.run_id}: {count}", file=sys.stderr, flush=True)

    def finished(record: AuditRecord) -> None:
        print(_finished_line(record), file=sys.stderr, flush=True)

    return Progress(started=started, finished=finished)


def _finished_line(record: AuditRecord) -> str:
    took = "kept from the interrupted run" if record.resumed else f"{record.seconds:.1f} s"
    line = f"{one_line(record.model)}: {record.outcome}, {took}"
    if record.error:
        line += f"\n{textwrap.indent(shown(record.error), '  ')}"
    return line


@contextmanager
def _bars(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    from reportgen.batch import Progress

    columns = (
        TextColumn("audits"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("starting workers", total=total)

        def waiting(phases: dict[str, str]) -> None:
            now = [f"{escape(one_line(name))}: {phase}" for name, phase in phases.items()]
            bars.update(bar, description=", ".join(now[:3]))

        def finished(record: AuditRecord) -> None:
            bars.print(_finished_line(record), markup=False, highlight=False)
            bars.advance(bar)

        yield Progress(waiting=waiting, finished=finished)
