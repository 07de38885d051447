"""``reportgen render``: reports drawn again from their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.errors import JobError, Problem, RenderError
from reportgen.render.look import PLAIN, Look

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from reportgen.results import AuditReport
    from reportgen.runs.record import RunRecord

_FORMS = ("html", "pdf", "markdown", "junit")


def render(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="RESULTS.json",
            help="A report.json of an earlier run, or its run.json for the pages of the run.",
        ),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMATS",
            help="html, pdf, markdown, junit, or several by commas.  [default: html,pdf]",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write here, not beside RESULTS.json.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Address of the output folder, for links in summary.md."),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Logo, colours and parts of one's own, as in a job."),
    ] = None,
) -> int:
    """Render a report, or the pages of a run, again from JSON."""
    from reportgen.runs.writing import write_atomic

    asked = None if form is None else _forms(form, _FORMS, "a report is")
    stored = _stored(results, _read(results))
    if _of_run(stored):
        asked = _forms(form, [f for f in _FORMS if f != "pdf"], "a run is") if form else ["html"]
    place = output or results.parent
    look = PLAIN if templates is None else _look(templates)
    for name, text in _rendered(stored, results, asked or ["html", "pdf"], base_url, look).items():
        write_atomic(place / name, text)
        print((place / name).absolute())
    return 0


def _look(folder: Path) -> Look:
    from reportgen.render import branding

    try:
        return branding.load(folder)
    except RenderError as error:
        raise JobError(*error.problems) from error


def _rendered(
    stored: AuditReport | RunRecord,
    results: Path,
    forms: list[str],
    base_url: str | None,
    look: Look,
) -> dict[str, str | bytes]:
    """File name -> its content."""
    from reportgen.pipeline.output import SUFFIXES, rendered
    from reportgen.pipeline.overview import overviews

    if _of_run(stored):
        return dict(overviews(results.parent, stored, forms, base_url, look))
    return {f"{results.stem}.{SUFFIXES[name]}": rendered(stored, name, look) for name in forms}


def _of_run(stored: AuditReport | RunRecord) -> TypeIs[RunRecord]:
    return hasattr(stored, "audits")


def _forms(given: str, known: Sequence[str], what: str) -> list[str]:
    forms = [f.strip() for f in given.split(",") if f.strip()]
    if not forms or any(f not in known for f in forms):
        raise JobError(
            Problem(
                f"--format is not what {what} rendered as", expected=", ".join(known), got=given
            )
        )
    return forms


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise JobError(
            Problem("it cannot be read", file=str(path), got=error.strerror or str(error))
        ) from error


def _stored(path: Path, content: bytes) -> AuditReport | RunRecord:
    """What a file holds: a report, or the record of a run.

    Raises
    ------
    JobError
        if it is neither.
    """
    import json

    from pydantic import ValidationError

    from reportgen.results import AuditReport
    from reportgen.runs.record import RunRecord

    try:
        kind: Any = json.loads(content)
    except (ValueError, RecursionError):
        kind = None
    of_run = isinstance(kind, dict) and "audits" in kind
    try:
        return RunRecord.model_validate_json(content) if of_run else AuditReport.from_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise JobError(
            Problem(
                f"it is not a {'run' if of_run else 'report'}.json of this version",
                file=str(path),
                key=".".join(map(str, first["loc"])) or None,
                expected=first["msg"],
                advice="Give the report.json of one model, or the run.json of a run's folder.",
            )
        ) from error
