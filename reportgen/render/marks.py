"""The marks of a drawing, read from the part of SVG that our figures are written in.

A mark is a shape (a path in the operators of a PDF page), a line of words, a raster picture, or
the beginning or end of a clip. Whatever else an SVG may hold is told by :class:`Unfit`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians, sin
from xml.etree import ElementTree

Matrix = tuple[float, float, float, float, float, float]  # as in a PDF: x' = ax + cy + e
UPRIGHT: Matrix = (1, 0, 0, 1, 0, 0)
PNG = "data:image/png;base64,"


class Unfit(Exception):
    """A drawing holds something that is not read here; the words say what."""


@dataclass(frozen=True)
class Shape:
    """A path, moved by ``at``, and how it is painted."""

    path: str  # path operators of PDF, one a line
    style: Mapping[str, str]
    at: tuple[str, str] | None = None


@dataclass(frozen=True)
class Words:
    """A line of text; ``matrix`` puts its anchor (start, middle or end) in its place."""

    text: str
    style: Mapping[str, str]
    matrix: Matrix


@dataclass(frozen=True)
class Raster:
    """A PNG; ``matrix`` puts the unit square, from its upper left corner, in its place."""

    png: bytes
    matrix: Matrix


@dataclass(frozen=True)
class Clip:
    """From here to the next Unclip only what is inside this path is seen."""

    path: str


@dataclass(frozen=True)
class Unclip:
    """The end of a Clip."""


Mark = Shape | Words | Raster | Clip | Unclip

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_KNOWN = {
    "svg": {"width", "height", "viewBox", "version"},
    "g": {"id", "clip-path"},
    "path": {"id", "d", "style", "clip-path"},
    "use": {_HREF, "x", "y", "style", "clip-path"},
    "text": {"x", "y", "style", "transform"},
    "image": {_HREF, "id", "x", "y", "width", "height", "transform"},
    "rect": {"x", "y", "width", "height"},
}
_STYLES = {
    "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
    "stroke-dasharray", "stroke-dashoffset", "opacity", "fill-opacity", "stroke-opacity",
    "font-size", "font-family", "font-weight", "text-anchor",
}  # fmt: skip
# what matplotlib's style sheet says for every element, beside what SVG says itself
DEFAULTS = {
    "fill": "#000000",
    "stroke": "none",
    "stroke-linejoin": "round",
    "stroke-linecap": "butt",
}
_COLOUR = re.compile(r"none|#[0-9a-fA-F]{6}")


def marks(svg: str) -> tuple[float, float, list[Mark]]:
    """Width and height of a drawing in points, and its marks in the order of painting.

    Raises
    ------
    Unfit
        where the drawing holds an element, attribute or style that is not read here.
    """
    root = ElementTree.fromstring(svg)
    _check(root)
    try:
        left, top, wide, high = (float(n) for n in root.get("viewBox", "").split())
    except ValueError as error:
        raise Unfit("a drawing without a viewBox") from error
    if (left, top) != (0, 0) or min(wide, high) <= 0:
        raise Unfit(f"a viewBox of {root.get('viewBox')}")
    named = {str(e.get("id")): e for e in root.iter() if e.get("id")}
    return wide, high, list(_children(root, named))


def _children(
    parent: ElementTree.Element, named: Mapping[str, ElementTree.Element]
) -> Iterator[Mark]:
    for element in parent:
        tag = element.tag.removeprefix(_SVG)
        if tag in ("defs", "title"):
            continue
        _check(element)
        clip = element.get("clip-path")
        if clip is not None:
            yield Clip(_outline(_named(clip.removeprefix("url(").removesuffix(")"), named)))
        if tag == "g":
            yield from _children(element, named)
        elif tag == "path":
            yield Shape(_path(element.get("d", "")), _style(element.get("style", "")))
        elif tag == "use":
            yield _used(element, named)
        elif tag == "text":
            yield _words(element)
        elif tag == "image":
            yield _raster(element)
        else:
            raise Unfit(f"an element {tag}")
        if clip is not None:
            yield Unclip()


def _check(element: ElementTree.Element) -> None:
    tag = element.tag.removeprefix(_SVG)
    unknown = set(element.keys()) - _KNOWN.get(tag, set())
    if tag not in _KNOWN or unknown:
        raise Unfit(f"an element {tag} with {sorted(unknown)}")


def _named(address: str | None, named: Mapping[str, ElementTree.Element]) -> ElementTree.Element:
    found = named.get((address or "").removeprefix("#"))
    if found is None:
        raise Unfit(f"a reference to {address}")
    return found


def _used(element: ElementTree.Element, named: Mapping[str, ElementTree.Element]) -> Shape:
    shape = _named(element.get(_HREF), named)
    if shape.tag != f"{_SVG}path":
        raise Unfit(f"a use of {shape.tag}")
    _check(shape)
    # what the shape says of itself stands above what its user says
    style = {**_style(element.get("style", "")), **_style(shape.get("style", ""))}
    return Shape(_path(shape.get("d", "")), style, (element.get("x", "0"), element.get("y", "0")))


def _outline(clip: ElementTree.Element) -> str:
    if clip.tag != f"{_SVG}clipPath" or len(clip) != 1:
        raise Unfit(f"a clip to {clip.tag}")
    shape = clip[0]
    _check(shape)
    if shape.tag == f"{_SVG}rect":
        return " ".join(shape.get(k, "0") for k in ("x", "y", "width", "height")) + " re"
    return _path(shape.get("d", ""))


def _words(element: ElementTree.Element) -> Words:
    if len(element):
        raise Unfit("a text of several parts")
    text = re.sub(r"\s+", " ", element.text or "").strip()
    place = (1, 0, 0, 1, float(element.get("x", 0)), float(element.get("y", 0)))
    turned = _transform(element.get("transform", ""))
    return Words(text, _style(element.get("style", "")), _joined(place, turned))


def _raster(element: ElementTree.Element) -> Raster:
    address = element.get(_HREF, "")
    if not address.startswith(PNG):
        raise Unfit("a picture that is not a PNG inside the drawing")
    left, top, wide, high = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
    square = (wide, 0, 0, high, left, top)
    turned = _transform(element.get("transform", ""))
    return Raster(base64.b64decode(address.removeprefix(PNG)), _joined(square, turned))


_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_OPERATORS = {"M": " m", "L": " l", "C": " c"}


@lru_cache(maxsize=64)  # a marker stands many times in a drawing
def _path(d: str) -> str:
    """``M 1 2 L 3 4 z`` as ``1 2 m``, ``3 4 l``, ``h``."""
    out: list[str] = []
    at: list[str] = []
    for letter, rest in _COMMAND.findall(d):
        numbers = rest.strip()
        if letter in _OPERATORS:
            out.append(numbers + _OPERATORS[letter])
        elif letter in "zZ":
            out.append("h")
            continue
        elif letter == "Q":
            out.append(_cubic(at, numbers.split()))
        else:
            raise Unfit(f"a path with {letter}")
        at = numbers.split()[-2:] if "Q" in d else at
    return "\n".join(out)


def _cubic(start: list[str], numbers: list[str]) -> str:
    """A quadratic curve from ``start`` as a cubic one: a PDF has no other."""
    x0, y0, x1, y1, x2, y2 = (float(n) for n in (*start, *numbers))
    first = (x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3
    second = (x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3
    return " ".join(f"{n:.3f}" for n in (*first, *second, x2, y2)) + " c"


@lru_cache(maxsize=512)
def _style(text: str) -> Mapping[str, str]:
    style: dict[str, str] = {}
    for part in text.split(";"):
        if part.strip():
            name, _, value = part.partition(":")
            style[name.strip()] = value.strip()
    unknown = style.keys() - _STYLES
    if unknown:
        raise Unfit(f"a style of {sorted(unknown)}")
    for name in ("fill", "stroke"):
        if not _COLOUR.fullmatch(style.get(name, "none")):
            raise Unfit(f"a {name} of {style[name]}")
    return style


_STEP = re.compile(r"\s*(\w+)\(([^)]*)\)")


def _transform(text: str) -> Matrix:
    """``translate(x y) rotate(a) scale(x y)``, the last one applied first."""
    whole = UPRIGHT
    end = 0
    for step in _STEP.finditer(text):
        end = step.end()
        kind, numbers = step[1], [float(n) for n in re.split(r"[ ,]+", step[2].strip())]
        if kind == "translate" and len(numbers) == 2:
            made: Matrix = (1, 0, 0, 1, numbers[0], numbers[1])
        elif kind == "scale" and len(numbers) == 2:
            made = (numbers[0], 0, 0, numbers[1], 0, 0)
        elif kind == "rotate" and len(numbers) in (1, 3):
            angle = radians(numbers[0])
            x, y = numbers[1:] or (0.0, 0.0)
            turn = (cos(angle), sin(angle), -sin(angle), cos(angle), 0.0, 0.0)
            made = _joined(_joined((1, 0, 0, 1, -x, -y), turn), (1, 0, 0, 1, x, y))
        else:
            raise Unfit(f"a transform {step[0].strip()}")
        whole = _joined(made, whole)
    if text[end:].strip():
        raise Unfit(f"a transform {text}")
    return whole


def _joined(first: Matrix, then: Matrix) -> Matrix:
    """The map that does ``first`` and then ``then``."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j,
        e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip
