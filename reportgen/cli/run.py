"""``reportgen run``: audit the models of a job."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.app import JobFile, load
from reportgen.cli.progress import progress
from reportgen.cli.words import one_line
from reportgen.errors import JobError, Problem

if TYPE_CHECKING:
    from reportgen.job.schema import Job


def run(
    job: JobFile,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Audit this model only; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write here, not to the job's output.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Audits at a time.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not go on with an interrupted run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> int:
    """Audit every model of the job and write its reports.

    One line an audit goes to stdout: outcome, model, path of its report. Exit code 0: nothing
    fails; 1: some finding is a fail; 2: the job file is not valid, nothing ran; 3: an audit
    could not be completed.
    """
    loaded = load(job)
    unknown = [name for name in only or () if name not in loaded.models]
    if unknown:
        raise JobError(*(_unknown_model(name, loaded) for name in unknown))
    from reportgen import batch

    with progress(quiet, len(only or loaded.models)) as told:
        done = batch.run(
            loaded,
            only=only or (),
            output=output,
            workers=workers,
            fresh=fresh,
            progress=told,
        )
    page = "report.html" if "html" in loaded.formats else "report.json"
    for audited in done.record.audits:
        print(
            f"{audited.outcome}\t{one_line(audited.model)}\t{done.folder / audited.folder / page}"
        )
    return done.exit_code


def _unknown_model(name: str, job: Job) -> Problem:
    near = get_close_matches(name, job.models, n=1)
    return Problem(
        f"--only names a model that is not in the job: {name!r}",
        file=str(job.file),
        expected=", ".join(list(job.models)[:8]),
        advice=f"Did you mean {near[0]!r}?" if near else None,
    )
