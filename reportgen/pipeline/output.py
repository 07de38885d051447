"""A report on disk, in the formats the job asks for."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from reportgen.errors import RenderError, in_words
from reportgen.render.look import PLAIN, Look
from reportgen.runs.writing import write_atomic

if TYPE_CHECKING:
    from reportgen.pipeline.task import AuditTask
    from reportgen.results import AuditReport


#: Formats that are made of a report, in the order in which they are written.
DRAWN = ("html", "pdf", "markdown", "junit")
#: A format -> how the names of its files end.
SUFFIXES = {"json": "json", "html": "html", "pdf": "pdf", "markdown": "md", "junit": "junit.xml"}


def write(report: AuditReport, task: AuditTask) -> str | None:
    """Write the report in the job's formats; the JSON first, since it cannot fail to draw.

    Returns
    -------
    what went wrong, in words, or None.
    """
    problems: list[str] = []
    page = "report.html" if "html" in task.job.formats else "report.json"
    for form in ("json", *(f for f in DRAWN if f in task.job.formats)):
        name = f"report.{SUFFIXES[form]}"
        try:
            content, problem = drawn(report, form, task.look, page)
            write_atomic(task.place / name, content)
            problems += [] if problem is None else [problem]
        except Exception as error:  # the boundary: a PDF that fails leaves the HTML
            traceback.print_exc()
            problems.append(f"{name}: {in_words(error)}")
    return "\n".join(dict.fromkeys(problems)) or None


def drawn(
    report: AuditReport, form: str, look: Look = PLAIN, page: str = "report.html"
) -> tuple[str | bytes, str | None]:
    """A report in a look of its own; in the default one, which says so, where that fails.

    Returns
    -------
    the report, and in words what is wrong with the look's templates, or None.
    """
    if not look.templates and not look.css:
        return rendered(report, form, look, page), None
    try:
        return rendered(report, form, look, page), None
    except RenderError as error:
        told = str(error)
    notice = f"This is the default layout, since the job's own could not be used: {told}"
    return rendered(report, form, look.plain(notice), page), told


def rendered(
    report: AuditReport, form: str, look: Look = PLAIN, page: str = "report.html"
) -> str | bytes:
    """A report as ``json``, ``html``, ``pdf``, ``markdown`` (linking to ``page``), ``junit``.

    Raises
    ------
    RenderError
        if it cannot be drawn, e.g. for a mistake in a template of the look.
    """
    if form == "json":
        return report.to_json()
    if form == "html":
        from reportgen.render.html import render_html

        return render_html(report, look)
    if form == "markdown":
        from reportgen.render import markdown

        return markdown.report(report, page)
    if form == "junit":
        from reportgen.render.junit import junit

        return junit([report])
    from reportgen.render.pdf import render_pdf

    return render_pdf(report, look)
