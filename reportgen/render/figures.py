"""A report's figures, drawn once for HTML and PDF. A crash in one section's plots stays there."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from markupsafe import Markup

from reportgen.charts.numbers import unbroken
from reportgen.diagnostics import suite
from reportgen.render import themes
from reportgen.render.look import Look
from reportgen.results import AuditReport, Section

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """A figure as the templates need it: its words, and the drawing for a page or a PDF."""

    name: str
    title: str
    subtitle: str
    alt: str
    width: str
    drawing: str  # an <svg> element

    @cached_property
    def inline(self) -> Markup:
        """The SVG element for a page, in colours that follow light and dark."""
        return Markup(themes.themed(self.drawing))  # drawn by charts, which escape their words

    @cached_property
    def uri(self) -> str:
        """The address by which a PDF's page asks for the drawing."""
        return f"figure:{hashlib.sha256(self.drawing.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Drawn:
    """A section's pictures, and in words why some or all could not be drawn."""

    pictures: tuple[Picture, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Figures:
    """All drawings of one report: the walk of page one, and each section's by diagnostic."""

    walk: Drawn
    sections: dict[str, Drawn]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture of the report."""
        return tuple(p for d in (self.walk, *self.sections.values()) for p in d.pictures)

    @property
    def drawings(self) -> tuple[str, ...]:
        """Every drawing as a page has it."""
        return tuple(p.inline for p in self.pictures)


def recoloured(figures: Figures, look: Look) -> Figures:
    """The same figures in a look's colours."""

    def of(drawn: Drawn) -> Drawn:
        pictures = [replace(p, drawing=look.recoloured(p.drawing)) for p in drawn.pictures]
        return replace(drawn, pictures=tuple(pictures))

    sections = {name: of(drawn) for name, drawn in figures.sections.items()}
    return Figures(of(figures.walk), sections) if look.colours else figures


def draw(report: AuditReport) -> Figures:
    """Every figure of a report; never raises for what a diagnostic's plots do."""
    from reportgen.render.score_walk import walk_picture

    return Figures(
        walk=_guarded("the honest score", lambda: walk_picture(report)),
        sections={
            section.diagnostic: _guarded(section.diagnostic, _plots(section))
            for section in report.sections
            if section.status == "completed"
        },
    )


def _plots(section: Section) -> Callable[[], tuple[Picture, ...]]:
    def drawn() -> tuple[Picture, ...]:
        from reportgen.charts.canvas import style, to_svg

        diagnostic = suite().get(section.diagnostic)
        if diagnostic is None:
            raise LookupError(f"this version has no diagnostic {section.diagnostic}")
        pictures = []
        with style():
            for chart in diagnostic.plots(section.found):
                name = f"{section.diagnostic}-{chart.name}"
                pictures.append(
                    Picture(
                        name=chart.name,
                        title=unbroken(chart.title),
                        subtitle=unbroken(chart.subtitle),
                        alt=chart.alt or chart.title,
                        width=chart.width,
                        drawing=to_svg(chart.figure, name),
                    )
                )
        return tuple(pictures)

    return drawn


def _guarded(where: str, make: Callable[[], tuple[Picture, ...]]) -> Drawn:
    try:
        return Drawn(make())
    except Exception as error:  # the boundary: a figure that fails leaves the report whole
        log.exception("the figures of %s could not be drawn", where)
        words = str(error).strip().splitlines()
        told = f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
        return Drawn(problem=told)
