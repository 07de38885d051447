"""The command line's application: its options, and how a job file is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.errors import JobError

if TYPE_CHECKING:
    from reportgen.job.schema import Job

app = typer.Typer(
    name="reportgen",
    help="Audits machine-learning models and writes a report a reviewer can sign.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

JobFile = Annotated[Path, typer.Argument(metavar="JOB.yaml", help="The job file.")]


def _version(value: bool) -> None:
    if value:
        from reportgen import __version__

        print(f"reportgen {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks. May stand anywhere.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Audits machine-learning models and writes a report a reviewer can sign."""


def load(job: Path) -> Job:
    """The job of a file, its diagnostics' settings checked by those that have them.

    Raises
    ------
    JobError
        with all that is wrong with it; what its right parts name is looked at as well.
    """
    from reportgen.diagnostics import suite
    from reportgen.job.load import FaultyJob, load

    try:
        return load(job, {name: d.settings for name, d in suite().items()})
    except FaultyJob as error:
        from reportgen.preflight import check

        further = check(error.remains.job, error.remains.partial)
        raise JobError(*error.problems, *further) from error
