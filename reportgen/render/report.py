"""The preparation that HTML and PDF share; a report's figures are drawn once for both."""

from __future__ import annotations

import hashlib
import threading

from reportgen.render.figures import Figures, draw
from reportgen.render.view import Page, page
from reportgen.results import AuditReport

_last: tuple[str, Figures] | None = None
_lock = threading.Lock()


def prepared(report: AuditReport) -> tuple[Page, Figures]:
    """The page and its drawings; those of the last report are kept, so that the second form
    of the same report need not draw again.
    """
    global _last
    key = hashlib.sha256(report.to_json().encode()).hexdigest()
    with _lock:
        if _last is None or _last[0] != key:
            _last = (key, draw(report))
        figures = _last[1]
    return page(report, figures), figures
