"""The preparation that HTML and PDF share; a report's figures are drawn once for both."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from dataclasses import replace

from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.render.environment import Medium, dark_variables, fill, stylesheet
from reportgen.render.figures import Figures, draw, recoloured
from reportgen.render.look import PLAIN, Look
from reportgen.render.view import PLAIN_SECTION, Page, SectionView, page
from reportgen.results import AuditReport

log = logging.getLogger(__name__)
_last: tuple[str, Figures] | None = None
_lock = threading.Lock()
# attributes that a PDF engine reads and makes nothing of: half of a table's text
_FOR_A_SCREEN = re.compile(r' (?:role|scope|data-label|tabindex|aria-[a-z]+)="[^"<>]*"')


def prepared(
    report: AuditReport, results: str | None = None, look: Look = PLAIN
) -> tuple[Page, Figures]:
    """The page and its drawings; those of the last report are kept, so that the second form
    of the same report need not draw again. ``results`` is its report.json, where it is at hand.
    """
    global _last
    key = hashlib.sha256((results or report.to_json()).encode()).hexdigest()
    with _lock:
        if _last is None or _last[0] != key:
            _last = (key, draw(report))
        figures = _last[1]
    figures = recoloured(figures, look)
    return page(report, figures, look), figures


def written(
    report: AuditReport, medium: Medium, results: str | None = None, look: Look = PLAIN
) -> tuple[str, Figures]:
    """The report's page for a browser (``html``) or for the PDF engine (``pdf``), and its drawings.

    Raises
    ------
    RenderError
        if a template of the report itself, or one of the look's own, cannot be filled; a
        diagnostic's own partial that fails is replaced by the plain section, which says so.
    """
    shown, figures = prepared(report, results, look)
    text = fill(
        "report.html.j2",
        look,
        page=shown,
        report=report,
        medium=medium,
        sections={s.anchor: _section(s, report, medium, look) for s in shown.sections},
        css=Markup(stylesheet(medium)) if medium == "html" else "",
        dark=Markup(dark_variables(figures.drawings, look)) if medium == "html" else "",
        own=Markup(look.stylesheet) if medium == "html" else "",
    )
    return text if medium == "html" else _FOR_A_SCREEN.sub("", text), figures


def _section(s: SectionView, report: AuditReport, medium: Medium, look: Look) -> Markup:
    try:
        # what is filled here was escaped by the template
        return Markup(fill(s.template, look, s=s, report=report, medium=medium))
    except RenderError:
        if s.template == PLAIN_SECTION or look.templates:
            raise
        log.exception("the partial %s cannot be filled", s.template)
    problem = f"{s.problem or ''} The layout of this section failed; this is the plain one.".strip()
    plain = replace(s, template=PLAIN_SECTION, problem=problem)
    return Markup(fill(plain.template, look, s=plain, report=report, medium=medium))
