"""Colours of a drawing as variables of the page, so that a figure follows light and dark."""

from __future__ import annotations

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


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
