"""A logo's file as an address with the picture in it: PNG written anew, SVG of plain shapes."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from reportgen.errors import Problem, RenderError

MOST_BYTES = 1_000_000  # of the file
LONGEST_SIDE = 4000  # pixels of a PNG; it is made smaller than KEPT
KEPT = (800, 240)
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    ("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "defs", "use",
     "linearGradient", "radialGradient", "stop", "clipPath", "mask", "symbol", "title", "desc")
)  # fmt: skip
_FURNITURE = frozenset(("metadata",))  # of drawing programs; left out
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#)|@import|javascript:|expression\(|\\", re.IGNORECASE)


def logo(path: Path) -> str:
    """The picture as a ``data:`` address; the same bytes for the same file.

    Raises
    ------
    RenderError
        if it is no PNG or SVG, too large, or an SVG with anything but plain shapes in it.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise _refused(path, "it cannot be read: it is not a file")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refused(
            path, f"it cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None
    if len(data) > MOST_BYTES:
        raise _refused(path, "it is too large", expected=f"at most {MOST_BYTES:,} bytes")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _address("png", _png(path, data))
    if re.match(rb"\s*(<\?xml|<!--|<svg|<!DOCTYPE)", data.removeprefix(b"\xef\xbb\xbf")):
        return _address("svg+xml", _svg(path, data))
    kinds = {b"\xff\xd8": "a JPEG", b"GIF8": "a GIF", b"RIFF": "a WebP", b"%PDF": "a PDF"}
    got = next((kind for start, kind in kinds.items() if data.startswith(start)), "something else")
    raise _refused(path, "it is not a picture for a logo", expected="PNG or SVG", got=got)


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _png(path: Path, data: bytes) -> bytes:
    """The pixels alone, in a size that a page has use for."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if max(picture.size) > LONGEST_SIDE:
                size = "{} × {} pixels".format(*picture.size)
                most = f"at most {LONGEST_SIDE:,} pixels a side"
                raise _refused(path, "it is too large", expected=most, got=size)
            pixels = picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _refused(path, "it is a damaged PNG", got=str(error)) from None
    pixels.thumbnail(KEPT, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    pixels.info.clear()  # no profile, no text
    pixels.save(written, "PNG", optimize=True)
    return written.getvalue()


def _svg(path: Path, data: bytes) -> bytes:
    if re.search(rb"<!(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise _refused(path, "it has a document type", expected="an SVG without one", plain=True)
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _refused(path, "it is not well-formed XML", got=str(error)) from None
    if root.tag != f"{{{_SVG}}}svg":
        raise _refused(path, "it is not an SVG", got=f"an element {_short(root.tag)!r}")
    if root.get("viewBox") is None and not (root.get("width") and root.get("height")):
        raise _refused(path, "it does not say its size", expected="a viewBox, or width and height")
    _check(root, path)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    written: bytes = ElementTree.tostring(root, encoding="utf-8")
    return written


def _check(element: Element, path: Path) -> None:
    """Take out what drawing programs leave, refuse what is not a plain shape."""
    for name, value in list(element.attrib.items()):
        if name in _HREFS:
            if not value.startswith("#"):
                raise _refused(path, "it points outside itself", got=f"href {value[:80]!r}")
        elif name.startswith("{"):
            del element.attrib[name]
        elif name.lower().startswith("on"):
            raise _refused(path, "it has a script", got=f"an attribute {name!r}")
        elif _OUTSIDE.search(value):
            raise _refused(path, "it points outside itself", got=f"{name}={value[:80]!r}")
    for child in list(element):
        name = _short(child.tag)
        foreign = isinstance(child.tag, str) and not child.tag.startswith(f"{{{_SVG}}}")
        if foreign or name in _FURNITURE or not isinstance(child.tag, str):
            element.remove(child)
        elif name not in _SHAPES:
            advice = "Turn words into paths." if name in ("text", "tspan") else None
            raise _refused(
                path, "it has more than plain shapes in it", got=f"an element {name!r}",
                plain=True, advice=advice,
            )  # fmt: skip
        else:
            _check(child, path)


def _short(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else "comment"


def _refused(
    path: Path,
    message: str,
    expected: str | None = None,
    got: str | None = None,
    plain: bool = False,
    advice: str | None = None,
) -> RenderError:
    if plain and advice is None:
        advice = "Save it as a plain SVG: paths and shapes, no scripts, pictures or style sheets."
    return RenderError(Problem(message, file=str(path), expected=expected, got=got, advice=advice))
