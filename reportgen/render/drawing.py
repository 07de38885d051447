"""A figure written straight into a page of the PDF.

WeasyPrint lays out the text of an SVG letter by letter and reads each number of a path in Python:
half of the time of a report with forty figures. Our drawings use a small part of SVG
(:mod:`reportgen.render.marks`), so their paths go into the page as they are, and a label is laid
out as the one line that it is, with its kerning. A drawing with anything else in it, from a
diagnostic of somebody's own, is left to WeasyPrint.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any

from reportgen.render.marks import (
    DEFAULTS,
    Clip,
    Mark,
    Raster,
    Shape,
    Unclip,
    Unfit,
    Words,
    marks,
)

log = logging.getLogger(__name__)
POINT = 4 / 3  # in the pixels of CSS
_CAPS = {"butt": "0 J", "round": "1 J", "square": "2 J"}
_JOINS = {"miter": "0 j", "round": "1 j", "bevel": "2 j"}


class Drawing:
    """An image as WeasyPrint's cache of images holds it; made of one ``<svg>`` element.

    Parameters
    ----------
    svg : the drawing.
    fonts : WeasyPrint's FontConfiguration, which knows the report's fonts.
    """

    def __init__(self, svg: str, fonts: Any) -> None:
        self.svg = svg
        self.fonts = fonts

    def get_intrinsic_size(self, resolution: float, font_size: float) -> tuple[Any, Any, Any]:
        """Width and height in pixels of CSS, and their ratio; part of WeasyPrint's protocol."""
        try:
            wide, high, _ = self._read
        except Unfit:
            size: tuple[Any, Any, Any] = self._plain.get_intrinsic_size(resolution, font_size)
            return size
        return wide * POINT, high * POINT, wide / high

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Write the drawing into a page's stream; part of WeasyPrint's protocol."""
        try:
            wide, high, drawn = self._read
        except Unfit as why:
            log.debug("a drawing is left to WeasyPrint: %s", why)
            self._plain.draw(stream, width, height, style)
            return
        stream.transform(a=width / wide, d=height / high)
        pen = _Pen(stream, self.fonts)
        for mark in drawn:
            pen.put(mark)

    @cached_property
    def _read(self) -> tuple[float, float, list[Mark]]:
        return marks(self.svg)

    @cached_property
    def _plain(self) -> Any:
        from xml.etree import ElementTree

        from weasyprint.images import SVGImage
        from weasyprint.urls import URLFetcher

        fetcher = URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
        context = SimpleNamespace(font_config=self.fonts)
        return SVGImage(ElementTree.fromstring(self.svg), "data:", fetcher, context)


class _Pen:
    """Writes marks into a stream, and a state of the page only where it changes."""

    def __init__(self, stream: Any, fonts: Any) -> None:
        self.stream = stream
        self.fonts = fonts
        self.state: dict[str, Any] = {}
        self.outside: list[dict[str, Any]] = []

    def put(self, mark: Mark) -> None:
        if isinstance(mark, Shape):
            self._shape(mark)
        elif isinstance(mark, Words):
            self._words(mark)
        elif isinstance(mark, Clip):
            self.outside.append(dict(self.state))
            self.stream.push_state()
            self._write(f"{mark.path}\nW n")
        elif isinstance(mark, Unclip):
            self.stream.pop_state()
            self.state = self.outside.pop()
        else:
            self._raster(mark)

    def _write(self, operators: str) -> None:
        self.stream.stream.append(operators.encode("ascii"))

    def _set(self, wanted: Mapping[str, str]) -> None:
        for kind, operator in wanted.items():
            if self.state.get(kind) != operator:
                self.state[kind] = operator
                self._write(operator)

    def _alpha(self, kind: str, value: float) -> None:
        if self.state.get(kind, 1.0) != value:
            self.state[kind] = value
            self.stream.set_alpha(value, stroke=kind == "stroke-alpha", fill=kind == "fill-alpha")

    def _shape(self, shape: Shape) -> None:
        style = {**DEFAULTS, **shape.style}
        filled, stroked = style["fill"] != "none", style["stroke"] != "none"
        stroked = stroked and float(style.get("stroke-width", 1)) > 0
        if not shape.path or not (filled or stroked):
            return
        whole = float(style.get("opacity", 1))
        if filled:
            self._set({"fill": _colour(style["fill"], "rg")})
            self._alpha("fill-alpha", whole * float(style.get("fill-opacity", 1)))
        if stroked:
            self._set(_line(tuple(sorted(style.items()))))
            self._alpha("stroke-alpha", whole * float(style.get("stroke-opacity", 1)))
        paint = "B" if filled and stroked else "f" if filled else "S"
        if shape.at is None:
            self._write(f"{shape.path}\n{paint}")
        else:
            self._write(f"q 1 0 0 1 {shape.at[0]} {shape.at[1]} cm\n{shape.path}\n{paint} Q")

    def _words(self, words: Words) -> None:
        from weasyprint.draw.text import draw_first_line
        from weasyprint.matrix import Matrix
        from weasyprint.text.line_break import create_layout, line_size

        if not words.text:
            return
        style = {**DEFAULTS, **words.style}
        if style["fill"] == "none":
            return
        face = self._face(style)
        layout = create_layout(words.text, face, None, None, 0)
        wide, _ = line_size(layout.get_first_line()[0], face)
        back = {"start": 0.0, "middle": wide / 2, "end": wide}[style.get("text-anchor", "start")]
        a, b, c, d, e, f = words.matrix
        self._set({"fill": _colour(style["fill"], "rg")})
        whole = float(style.get("opacity", 1))
        self._alpha("fill-alpha", whole * float(style.get("fill-opacity", 1)))
        self.stream.begin_text()
        line = SimpleNamespace(text=words.text, style=face, pango_layout=layout)
        upright = Matrix(a, b, -c, -d, e - a * back, f - b * back)  # glyphs stand upwards
        draw_first_line(self.stream, line, "none", "none", upright)
        self.stream.end_text()

    def _face(self, style: Mapping[str, str]) -> Any:
        from weasyprint.css.properties import INITIAL_VALUES

        face = _Face(INITIAL_VALUES)
        face.font_config = self.fonts
        families = style.get("font-family", "sans-serif").split(",")
        face["font_family"] = [family.strip(" '\"") for family in families]
        face["font_size"] = float(style.get("font-size", "12px").removesuffix("px"))
        weight = style.get("font-weight", "400")
        face["font_weight"] = int({"normal": "400", "bold": "700"}.get(weight, weight))
        return face

    def _raster(self, raster: Raster) -> None:
        from PIL import Image
        from weasyprint.images import RasterImage

        name = hashlib.md5(raster.png, usedforsecurity=False).hexdigest()
        image = RasterImage(Image.open(io.BytesIO(raster.png)), name, raster.png)
        with self.stream.stacked():
            self.stream.transform(*raster.matrix)
            # PDF/A has no smoothing of pictures
            image.draw(self.stream, 1, 1, {"image_rendering": "pixelated"})


class _Face(dict[str, Any]):
    """The style of a text as WeasyPrint's layout of text asks for it."""

    font_config: Any = None


@lru_cache(maxsize=256)
def _colour(colour: str, operator: str) -> str:
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return " ".join(f"{part:.4g}" for part in parts) + f" {operator}"


@lru_cache(maxsize=256)
def _line(style: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The operators for a line: colour, width, ends, corners and dashes."""
    said = dict(style)
    dashes = said.get("stroke-dasharray", "none").replace(",", " ")
    dashes = "" if dashes == "none" else dashes
    return {
        "stroke": _colour(said["stroke"], "RG"),
        "width": f"{said.get('stroke-width', '1')} w",
        "ends": _CAPS[said["stroke-linecap"]],
        "corners": _JOINS[said["stroke-linejoin"]],
        "limit": f"{said.get('stroke-miterlimit', '4')} M",
        "dashes": f"[{dashes}] {said.get('stroke-dashoffset', '0')} d",
    }
