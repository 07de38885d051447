"""Colours and sizes of the report, in one place; no drawing, no imports.

A colour means one thing: verdicts have their three inks, splits theirs, all else is ink or grey.
Sizes are points, lengths millimetres on paper.
"""

from __future__ import annotations

from typing import Final, Literal

INK: Final = "#1B2129"
GREY: Final = "#5A6672"  # second text, axes
LINE: Final = "#D3D9DF"  # hairlines, grid
BAND: Final = "#E4E9ED"  # "too small to be found", bands of references
TINT: Final = "#F3F5F6"  # behind code
PAPER: Final = "#FFFFFF"

PASS: Final = "#1F6E8C"
WARN: Final = "#A46500"
FAIL: Final = "#A3182D"
VERDICTS: Final = {
    "pass": PASS, "info": PASS, "warn": WARN, "fail": FAIL, "incomplete": GREY,
    "failed": GREY, "not_applicable": GREY,
}  # fmt: skip

TEST: Final = "#12355B"
TRAIN: Final = "#93A5B8"
TRAIN_TEXT: Final = "#62778D"
VALIDATION: Final = "#8A6BB1"
SPLITS: Final = {"test": TEST, "train": TRAIN, "validation": VALIDATION}

Width = Literal["half", "full"]
WIDTHS: Final[dict[Width, float]] = {"half": 83.0, "full": 170.0}
MM: Final = 1 / 25.4  # inches

AXIS_SIZE: Final = 6.75  # ticks and quantities
LABEL_SIZE: Final = 7.25  # direct labels, n
VALUE_SIZE: Final = 7.75  # values beside marks
CURVE: Final = 1.5
INTERVAL: Final = 1.3
AXIS_LINE: Final = 0.7
GRID_LINE: Final = 0.4
DOT: Final = 2.8  # radius

MANY_POINTS: Final = 2000  # a scatter beyond this is drawn as a picture


def split_colour(split: str) -> str:
    """The colour of a split's marks."""
    return SPLITS.get(split, INK)


def split_text(split: str) -> str:
    """The colour of words in a split's name; train's own is too pale to read."""
    return TRAIN_TEXT if split == "train" else split_colour(split)
