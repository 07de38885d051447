"""Colours of a drawing as variables of the page, so that a figure follows light and dark."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache

from reportgen.charts import style

DARK = {
    style.INK: "#E6EAEE",
    style.GREY: "#9BA7B3",
    style.LINE: "#333C46",
    style.BAND: "#2B343D",
    style.TINT: "#1B2128",
    style.PAPER: "#12161B",
    style.PASS: "#5DB4D6",
    style.WARN: "#E3A63F",
    style.FAIL: "#F37488",
    style.TEST: "#86B4E6",
    style.TRAIN: "#6C8096",
    style.TRAIN_TEXT: "#9DB0C3",
    style.VALIDATION: "#B89CDD",
}
#: Of words on their page (WCAG 2.2, AA).
TEXT_CONTRAST = 4.5
_COLOUR = re.compile(r"(fill|stroke): #([0-9a-fA-F]{6})\b")


def themed(svg: str) -> str:
    """Every ``fill`` and ``stroke`` of an SVG as a variable with its own colour as fallback."""
    return _COLOUR.sub(lambda m: f"{m[1]}: var(--k{m[2].lower()}, #{m[2]})", svg)


def used(svgs: Iterable[str]) -> list[str]:
    """The colours that :func:`themed` names in these drawings, sorted, with a #."""
    found = {match for svg in svgs for match in re.findall(r"var\(--k([0-9a-f]{6}),", svg)}
    return [f"#{colour}" for colour in sorted(found)]


@cache
def dark(colour: str) -> str:
    """The colour that takes this one's place on a dark page.

    A tint is taken apart into a colour of the style and its strength on paper, and mixed again
    on the dark page.
    """
    plain = {k.lower(): v for k, v in DARK.items()}
    if colour.lower() in plain:
        return plain[colour.lower()]
    target = _rgb(colour)
    paper, night = _rgb(style.PAPER), _rgb(DARK[style.PAPER])
    best: tuple[float, str] | None = None
    for ink in (style.TEST, style.TRAIN, style.VALIDATION, style.INK):
        direction = [a - b for a, b in zip(_rgb(ink), paper, strict=True)]
        offset = [a - b for a, b in zip(target, paper, strict=True)]
        square = sum(d * d for d in direction)
        strength = sum(d * o for d, o in zip(direction, offset, strict=True)) / square
        strength = min(max(strength, 0.0), 1.0)
        miss = sum((o - strength * d) ** 2 for d, o in zip(direction, offset, strict=True))
        if best is None or miss < best[0]:
            mixed = [n + strength * (a - n) for n, a in zip(night, _rgb(DARK[ink]), strict=True)]
            best = (miss, "#" + "".join(f"{round(v):02x}" for v in mixed))
    assert best is not None
    return best[1]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def difference(one: str, other: str) -> float:
    """How far apart two colours look (CIE76, in CIELAB of D65)."""
    first, second = _lab(one), _lab(other)
    return math.dist(first, second)


def _lab(colour: str) -> tuple[float, float, float]:
    red, green, blue = _linear(colour)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    cubes = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return 116 * cubes[1] - 16, 500 * (cubes[0] - cubes[1]), 200 * (cubes[1] - cubes[2])


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    """Parts of the light, 0 to 1."""
    parts = [v / 255 for v in _rgb(colour)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return red, green, blue


@cache
def lightened(colour: str) -> str:
    """The colour made light enough to be read on a dark page: contrast 4.5 or more."""
    return _mixed(colour, 255, DARK[style.PAPER], TEXT_CONTRAST)


def darkened(colour: str, needed: float) -> str:
    """The colour made dark enough to be read on paper."""
    return _mixed(colour, 0, style.PAPER, needed)


def _mixed(colour: str, end: int, paper: str, needed: float) -> str:
    """The colour on its way to black (0) or white (255), as far as the contrast needs."""
    mixed = colour
    for step in range(1, 41):
        if contrast(mixed, paper) >= needed:
            break
        parts = [round(v + step / 40 * (end - v)) for v in _rgb(colour)]
        mixed = "#" + "".join(f"{v:02x}" for v in parts)
    return mixed


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
