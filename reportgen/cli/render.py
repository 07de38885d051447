"""``reportgen render``: a report drawn again from its JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reportgen.errors import JobError, Problem


def render(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS.json", help="A report.json of an earlier run.")
    ],
    form: Annotated[
        str, typer.Option("--format", metavar="FORMATS", help="html, pdf, or both by a comma.")
    ] = "html,pdf",
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write here, not beside RESULTS.json.")
    ] = None,
) -> int:
    """Render a report again from its JSON."""
    from pydantic import ValidationError

    from reportgen.pipeline import rendered
    from reportgen.results import AuditReport
    from reportgen.runs.writing import write_atomic

    forms = [f.strip() for f in form.split(",") if f.strip()]
    unknown = [f for f in forms if f not in ("html", "pdf")]
    if unknown or not forms:
        raise JobError(Problem("--format is not known", expected="html, pdf", got=form))
    try:
        report = AuditReport.from_json(results.read_bytes())
    except OSError as error:
        raise JobError(
            Problem("it cannot be read", file=str(results), got=error.strerror or str(error))
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise JobError(
            Problem(
                "it is not a report.json of this version",
                file=str(results),
                key=".".join(map(str, first["loc"])) or None,
                expected=first["msg"],
                advice="Give the report.json of one model, from a run's folder.",
            )
        ) from error
    place = output or results.parent
    for name in forms:
        path = place / f"{results.stem}.{name}"
        write_atomic(path, rendered(report, name))
        print(path.absolute())
    return 0
