"""The honest score: from what was reported to what may be expected, a column a step.

A change of metric breaks the axis with // and starts a second panel. No bar and no line
crosses the break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.lettering import fitted, note, width_mm, wrapped
from reportgen.charts.marks import dot, interval_y, reference
from reportgen.charts.style import AXIS_SIZE, GREY, INK, LABEL_SIZE, VALUE_SIZE, WIDTHS

LEFT = 9.0  # mm for tick labels
BREAK = 17.0  # mm between two panels: // and tick labels
TITLE = 9.0
PLOT = 40.0
LEVEL = 24.0  # where no step changes it
DOT_AT = 12.7  # mm from the start of a column
BAR = (1.4, 8.0)
LINES = 4  # of the reason under a step


@dataclass(frozen=True)
class WalkStep:
    """A step: its name, score with interval, how both are written, and the colour of its bar.

    ``shown`` is the score as it is written beside the dot, ``change`` that from the step before,
    "" for none worth a word; ``told`` draws it as a bar.
    """

    name: str
    panel: str  # title of the panel: the metric
    value: float
    shown: str
    low: float | None = None
    high: float | None = None
    between: str = ""  # the interval in words
    why: str = ""
    colour: str = GREY
    hollow: bool = False
    change: str = ""
    told: bool = False


def walk(
    steps: Sequence[WalkStep],
    *,
    unit: str = "score",
    chance: float | None = None,
    chance_label: str = "",
) -> Figure:
    """Full width. ``chance`` is a dashed line in the first panel, where it is near enough."""
    panels = [(title, list(group)) for title, group in groupby(steps, key=lambda s: s.panel)]
    column = (WIDTHS["full"] - LEFT - BREAK * (len(panels) - 1)) / len(steps)
    column = min(column, 62.0)
    texts = [_lines(step, column) for step in steps]
    foot = 3.0 + 4.1 * max(len(t) for t in texts)
    level = not any(step.told for step in steps)
    figure = new_figure("full", TITLE + (LEVEL if level else PLOT) + foot)
    low, high, shown_chance = _limits(steps, chance, unit)
    left = LEFT
    at = 0
    for index, (title, group) in enumerate(panels):
        last = index == len(panels) - 1
        wide = WIDTHS["full"] - left if last else column * len(group)
        axes = add_axes(
            figure, left=left, right=WIDTHS["full"] - left - wide, top=TITLE, bottom=foot
        )
        axes.set_xlim(0, wide)
        axes.set_ylim(low, high)
        finish(axes, grid="y", x_ticks=[], y_ticks=5, baseline=False)
        if width_mm(title, LABEL_SIZE, 600) > wide:
            title = fitted(title.partition(" (")[0], wide, LABEL_SIZE, 600)
        note(axes, 0, 1, title, weight=600, within="axes", va="bottom", offset=(0, 10))
        for place, step in enumerate(group):
            before = group[place - 1] if place else None
            _draw(axes, step, before, place * column, column)
            _words(axes, texts[at + place], place * column)
        if index == 0 and shown_chance is not None:
            reference(axes, y=shown_chance)
            note(axes, 0, shown_chance, chance_label, size=AXIS_SIZE, va="top",
                 offset=(2, -2.5), knock=True)  # fmt: skip
        if not last:
            note(axes, wide, (low + high) / 2, "//", size=17, ha="center", offset=(9, 0))
        at += len(group)
        left += wide + BREAK
    return figure


def _limits(
    steps: Sequence[WalkStep], chance: float | None, unit: str
) -> tuple[float, float, float | None]:
    """Limits of the shared axis, and the chance level where it is near enough to be shown."""
    ends = [v for s in steps for v in (s.value, s.low, s.high) if v is not None]
    low, high = min(ends), max(ends)
    least = 0.06 if unit == "score" else 0.1 * max(abs(low), abs(high), 1e-12)
    span = max(high - low, least)
    shown = chance if chance is not None and low - 4 * span <= chance <= high + span else None
    if shown is not None:
        low, high = min(low, shown), max(high, shown)
    lacking = max(least - (high - low), 0) / 2
    span = max(high - low, least)
    return low - lacking - 0.14 * span, high + lacking + 0.2 * span, shown


def _draw(axes: Axes, step: WalkStep, before: WalkStep | None, start: float, column: float) -> None:
    x = start + DOT_AT
    line = {"color": INK, "linewidth": 0.6, "zorder": 3.0}
    if before is not None:
        x_before = start - column + DOT_AT
        left, right = start + BAR[0], start + BAR[1]
        change = step.value - before.value
        if step.told:
            axes.plot([x_before, right], [before.value] * 2, **line)  # type: ignore[arg-type]
            axes.plot([left, x], [step.value] * 2, **line)  # type: ignore[arg-type]
            axes.add_patch(
                Rectangle(
                    (left, before.value),
                    right - left,
                    change,
                    facecolor=step.colour,
                    linewidth=0,
                    zorder=3.2,
                )
            )
        else:
            axes.plot([x_before, x], [before.value, step.value], **line)  # type: ignore[arg-type]
        if step.change:
            at = step.value if step.told else (before.value + step.value) / 2
            note(axes, (left + right) / 2, at, step.change,
                 colour=step.colour if step.told else GREY, weight=600 if step.told else 400,
                 ha="center", va="top" if change < 0 else "bottom",
                 offset=(0, -4 if change < 0 else 4), knock=True)  # fmt: skip
    interval_y(axes, x, step.low, step.high)
    dot(axes, x, step.value, hollow=step.hollow)
    note(axes, x, step.value, step.shown, size=10.5, weight=600, va="bottom", offset=(5.5, 3),
         knock=True)  # fmt: skip


def _lines(step: WalkStep, column: float) -> list[tuple[str, int, str]]:
    """What stands under a step: (text, weight, colour) a line."""
    room = column - 2.5
    reason = wrapped(step.why, room, LABEL_SIZE)
    if len(reason) > LINES:
        reason = [*reason[: LINES - 1], reason[LINES - 1] + " …"]
    return [
        (step.name, 600, INK),
        *([(step.between, 400, INK)] if step.between else []),
        *((line, 400, GREY) for line in reason),
    ]


def _words(axes: Axes, lines: Sequence[tuple[str, int, str]], start: float) -> None:
    low = axes.get_ylim()[0]
    for index, (text, weight, colour) in enumerate(lines):
        size = VALUE_SIZE if weight == 600 and width_mm(text, VALUE_SIZE, 600) < 60 else LABEL_SIZE
        note(axes, start, low, text, size=size, weight=weight, colour=colour, va="baseline",
             offset=(0, -15 - 11.4 * index))  # fmt: skip
