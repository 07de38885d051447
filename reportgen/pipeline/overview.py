"""The pages of a whole run: its index, JUnit XML, and a Markdown summary."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import OutputError, Problem, RenderError
from reportgen.render.look import PLAIN, Look
from reportgen.results import AuditReport

if TYPE_CHECKING:
    from reportgen.render.index import IndexEntry
    from reportgen.runs.record import RunRecord

#: A format -> the file that a run has of it.
FILES = {"html": "index.html", "junit": "junit.xml", "markdown": "summary.md"}


def overviews(
    folder: Path,
    record: RunRecord,
    formats: Collection[str],
    base_url: str | None = None,
    look: Look = PLAIN,
) -> dict[str, str]:
    """File name -> text, for the formats that a run has a page of.

    Raises
    ------
    OutputError
        if a report of the run is not there or cannot be read.
    """
    wanted = [form for form in FILES if form in formats]
    entries = _entries(folder, record) if wanted else []
    pages = all((folder / entry.folder / "report.html").is_file() for entry in entries)
    texts = {}
    if "html" in wanted:
        from reportgen.render.index import render_index

        texts[FILES["html"]] = _index(render_index, record, entries, look)
    if "junit" in wanted:
        from reportgen.render.junit import junit

        texts[FILES["junit"]] = junit([entry.report for entry in entries])
    if "markdown" in wanted:
        from reportgen.render import markdown

        told = markdown.summary(record.job, record.run_id, entries, base_url, pages)
        texts[FILES["markdown"]] = told
    return texts


def _index(
    render: Callable[..., str], record: RunRecord, entries: list[IndexEntry], look: Look
) -> str:
    """The index, without templates of the job's own where they fail."""
    try:
        return render(record.job, record.run_id, entries, look, record.previous, record.gone)
    except RenderError:
        if not look.templates:
            raise
    plain = look.plain("")
    return render(record.job, record.run_id, entries, plain, record.previous, record.gone)


def _entries(folder: Path, record: RunRecord) -> list[IndexEntry]:
    from reportgen.render.index import IndexEntry

    entries = []
    for audited in record.audits:
        path = folder / Path(audited.folder).name / "report.json"  # beside run.json, nowhere else
        try:
            report = AuditReport.from_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise OutputError(
                Problem(
                    "this report is not whole, so the run has no pages over all of its audits",
                    file=str(path),
                    got=audited.error or str(error).partition("\n")[0],
                    advice="Make room; run the same job again to go on with what is complete.",
                )
            ) from error
        entries.append(
            IndexEntry(audited.folder, report, audited.seconds, audited.before, audited.changes)
        )
    return entries
