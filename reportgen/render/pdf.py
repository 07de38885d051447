"""The report as a PDF: tagged, with bookmarks, fonts, and report.json attached.

The same bytes for the same results: dates, identifier and drawings are fixed. It says of itself
that it is PDF/A-3a and PDF/UA-1.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from reportgen.errors import Problem, RenderError
from reportgen.render.drawing import Drawing
from reportgen.render.environment import stylesheet
from reportgen.render.figures import Picture
from reportgen.render.look import PLAIN, Look
from reportgen.render.report import written
from reportgen.render.structure import mend
from reportgen.render.system import check
from reportgen.results import AuditReport

VARIANT = "pdf/a-3a"
_UA = (
    '<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">'
    "<pdfuaid:part>1</pdfuaid:part></rdf:Description>"
    # PDF/A knows no such property unless the file itself tells of it (ISO 19005-3, 6.6.2.3)
    '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>"
    "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    '<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    "<pdfaProperty:name>part</pdfaProperty:name>"
    "<pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    "<pdfaProperty:category>internal</pdfaProperty:category>"
    "<pdfaProperty:description>Part of ISO 14289 that this file follows"
    "</pdfaProperty:description>"
    "</rdf:li></rdf:Seq></pdfaSchema:property>"
    "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


def render_pdf(report: AuditReport, look: Look = PLAIN) -> bytes:
    """A report as PDF.

    Raises
    ------
    RenderError
        if a library of the operating system is missing, or the page asks for something that is
        not part of it.
    """
    check()
    results = report.to_json()
    text, figures = written(report, "pdf", results, look)
    with _uncollected():
        return _printed(text, results.encode(), _moment(report.run_id), figures.pictures, look)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: laying out makes many small objects that all stay, and
    looking through them again and again is a fifth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _printed(
    text: str,
    data: bytes,
    moment: datetime,
    pictures: Iterable[Picture] = (),
    look: Look = PLAIN,
) -> bytes:
    import weasyprint
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    fetcher = URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
    attached = weasyprint.Attachment(
        string=data,
        name="report.json",
        description="All results of this audit",
        created=moment,
        modified=moment,
        relationship="Data",
    )
    try:
        sheet, font_config = _style()
        page = _plain_html()(string=text, url_fetcher=fetcher, base_url="data:")
        document = page.render(
            stylesheets=[sheet, *_own_style(look, fetcher, font_config)],
            font_config=font_config,
            pdf_variant=VARIANT,
            cache={picture.uri: Drawing(picture.drawing, font_config) for picture in pictures},
        )
        document.metadata.attachments = [attached]
        with warnings.catch_warnings():
            # WeasyPrint leaves the file of the colour profile to be closed by the collector
            warnings.simplefilter("ignore", ResourceWarning)
            printed: bytes = document.write_pdf(
                pdf_variant=VARIANT,
                pdf_identifier=hashlib.md5(data, usedforsecurity=False).digest(),
                finisher=_finished,
            )
    except FatalURLFetchingError as error:  # not an Exception, so it would end the program
        raise RenderError(
            Problem("the report asks for something outside itself", got=str(error))
        ) from error
    return printed


@cache
def _plain_html() -> Any:
    """WeasyPrint's HTML without its own sheet of styles; elements.css stands for it."""
    import weasyprint

    class PlainHTML(weasyprint.HTML):  # type: ignore[misc]
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return []

    return PlainHTML


@cache
def _style() -> tuple[Any, Any]:
    """The style sheet with its fonts, read once a process."""
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    font_config = FontConfiguration()
    fetcher = URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
    sheet = weasyprint.CSS(
        string=stylesheet("pdf"), font_config=font_config, url_fetcher=fetcher, base_url="data:"
    )
    # the fonts must go before the modules that know how to let them go
    atexit.register(_style.cache_clear)
    return sheet, font_config


def _own_style(look: Look, fetcher: Any, font_config: Any) -> list[Any]:
    import weasyprint

    if not look.stylesheet:
        return []
    return [
        weasyprint.CSS(
            string=look.stylesheet, font_config=font_config, url_fetcher=fetcher, base_url="data:"
        )
    ]


def _finished(document: Any, pdf: Any) -> None:
    """Put the tags right, and say in the metadata that the file is PDF/UA too."""
    mend(pdf)
    for item in pdf.objects:
        extra = getattr(item, "extra", None)
        if isinstance(extra, dict) and str(extra.get("Type", "")) == "/Metadata":
            joined = b"".join(
                part if isinstance(part, bytes) else str(part).encode() for part in item.stream
            )
            joined = re.sub(rb"</rdf:RDF>", _UA.encode() + rb"</rdf:RDF>", joined, count=1)
            item.stream = [joined]


def _moment(run_id: str) -> datetime:
    """The run's time as its name has it, or a fixed one."""
    try:
        return datetime.strptime(run_id[:17], "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime(2000, 1, 1, tzinfo=UTC)
