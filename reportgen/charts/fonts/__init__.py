"""The two type families of the report; their files lie here, beside their licences.

They are subsets with figures of equal width, made by ``scripts/subset_fonts.py``.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SANS = "Inter Report"
MONO = "JetBrains Mono Report"
FALLBACK = "DejaVu Sans"  # comes with matplotlib, so that it is the same everywhere
WEIGHTS = (400, 500, 600, 700)


def sans(weight: int, suffix: str = "otf") -> Path:
    """Inter's file; ``weight`` is one of 400, 500, 600, 700, ``suffix`` otf or woff2."""
    if weight not in WEIGHTS:
        raise ValueError(f"Inter comes in the weights {WEIGHTS}, not {weight}")
    return FOLDER / f"inter-{weight}.{suffix}"


def mono(suffix: str = "ttf") -> Path:
    """JetBrains Mono's file; ``suffix`` is ttf or woff2."""
    return FOLDER / f"mono-400.{suffix}"


@cache
def register() -> None:
    """Make both families known to matplotlib, in this process."""
    from matplotlib.font_manager import fontManager

    for weight in WEIGHTS:
        fontManager.addfont(sans(weight))
    fontManager.addfont(mono())
    # the family that stands in for missing letters has two weights; that is no news
    logging.getLogger("matplotlib.font_manager").addFilter(
        lambda record: "Failed to find font weight" not in record.getMessage()
    )


@cache
def drawable() -> frozenset[int]:
    """Code points that a figure can show, in one of its families."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    register()
    fallback = get_font(findfont(FontProperties(family=FALLBACK)))
    return frozenset(get_font(sans(400)).get_charmap()) | frozenset(fallback.get_charmap())
