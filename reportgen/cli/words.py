"""What is said on the terminal: problems, and text that comes from files."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.errors import Problem

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def print_problems(problems: tuple[Problem, ...] | list[Problem]) -> None:
    for problem in problems:
        print(f"reportgen: {shown(str(problem))}", file=sys.stderr)
    if len(problems) > 1:
        print(f"reportgen: {len(problems)} problems.", file=sys.stderr)


def one_line(text: str) -> str:
    """Tabs and line ends in a model's name would break the one line an audit."""
    return shown(" ".join(text.split()))


def shown(text: str) -> str:
    """Names come from files: what steers a terminal is shown, not sent."""
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], text)


def filled(text: str) -> str:
    """A sentence in lines of the terminal's width; whole where nobody looks, as in a pipe.

    Indented lines, which may be code, stay as they are.
    """
    text = shown(text)
    columns = os.environ.get("COLUMNS", "")
    if text.startswith("  wrong") or text.startswith("  right"):
        return text
    if not (sys.stdout.isatty() or columns.isdigit()):
        return text
    wide = max(40, shutil.get_terminal_size().columns)
    inner = " " * (len(text) - len(text.lstrip()) + 2 * text.startswith(" "))
    return textwrap.fill(
        text, wide, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False
    )
