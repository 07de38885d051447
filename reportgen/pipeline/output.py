"""A report on disk, in the formats the job asks for."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from reportgen.errors import in_words
from reportgen.runs.writing import write_atomic

if TYPE_CHECKING:
    from reportgen.pipeline.task import AuditTask
    from reportgen.results import AuditReport


def write(report: AuditReport, task: AuditTask) -> str | None:
    """Write the report in the job's formats; the JSON first, since it cannot fail to draw.

    Returns
    -------
    what went wrong, in words, or None.
    """
    problems = []
    for name in ("json", *(f for f in ("html", "pdf") if f in task.job.formats)):
        try:
            write_atomic(task.place / f"report.{name}", rendered(report, name))
        except Exception as error:  # the boundary: a PDF that fails leaves the HTML
            traceback.print_exc()
            problems.append(f"report.{name}: {in_words(error)}")
    return "\n".join(problems) or None


def rendered(report: AuditReport, form: str) -> str | bytes:
    """A report as ``json``, ``html`` or ``pdf``."""
    if form == "json":
        return report.to_json()
    if form == "html":
        from reportgen.render.html import render_html

        return render_html(report)
    from reportgen.render.pdf import render_pdf

    return render_pdf(report)
