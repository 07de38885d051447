"""The report as one HTML file: no network, no scripts, fonts and figures inside."""

from __future__ import annotations

from reportgen.render.look import PLAIN, Look
from reportgen.render.report import written
from reportgen.results import AuditReport


def render_html(report: AuditReport, look: Look = PLAIN) -> str:
    """A report as a page that stands alone; the same text for the same report.

    Raises
    ------
    RenderError
        if a template is missing or cannot be filled.
    """
    return written(report, "html", look=look)[0]
