"""``validate``, ``init`` and ``schema``: commands about a job file, none of which runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.app import JobFile, load
from reportgen.errors import JobError, Problem


def validate(job: JobFile) -> int:
    """Check a job with its data and model headers.

    All problems are listed at once. Exit code 0 when the job is valid, else 2. Nothing that is
    named in the job is run.
    """
    from reportgen.preflight import check

    loaded = load(job)
    problems = check(loaded)
    if problems:
        raise JobError(*problems)
    models, datasets = len(loaded.models), len(loaded.datasets)
    print(
        f"{job}: valid; {models} model{'s' * (models != 1)}, "
        f"{datasets} data set{'s' * (datasets != 1)}"
    )
    return 0


def init(
    job: Annotated[
        Path, typer.Argument(metavar="[JOB.yaml]", help="Where to write; - for stdout.")
    ] = Path("job.yaml"),
    model: Annotated[Path | None, typer.Option(metavar="M", help="The model's file.")] = None,
    train: Annotated[Path | None, typer.Option(metavar="T", help="Training rows.")] = None,
    validation: Annotated[Path | None, typer.Option(metavar="V", help="Validation rows.")] = None,
    test: Annotated[Path | None, typer.Option(metavar="T", help="Test rows.")] = None,
    target: Annotated[str | None, typer.Option(metavar="Y", help="The target column.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite JOB.yaml.")] = False,
) -> int:
    """Write a commented starter job that validates.

    Where the files leave something open (a model with fewer inputs than there are columns), the
    job is written all the same, what is left to settle is listed, and the exit code is 2.
    """
    from reportgen.runs.writing import write_atomic
    from reportgen.starter import starter

    to_stdout = str(job) == "-"
    if not to_stdout and job.exists() and not force:
        raise JobError(
            Problem("it exists already", file=str(job), advice="Give another name, or use --force.")
        )
    folder = Path.cwd() if to_stdout else job.absolute().parent
    text = starter(
        folder, model=model, train=train, validation=validation, test=test, target=target
    )
    if to_stdout:
        print(text, end="")
    else:
        write_atomic(job, text)
        from reportgen.preflight import check

        left = check(load(job))
        if left:
            print(f"{job}: written; this is left to you:", file=sys.stderr)
            raise JobError(*left)
        print(f"{job}: written, and valid; `reportgen run {job}` is next", file=sys.stderr)
    return 0


def schema() -> int:
    """Print the JSON Schema of the job file, for editor completion."""
    from reportgen.diagnostics import suite
    from reportgen.job.load import json_schema

    settings = {name: d.settings for name, d in suite().items()}
    print(json.dumps(json_schema(settings), indent=2, ensure_ascii=False))
    return 0
