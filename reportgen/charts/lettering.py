"""Words in a figure: what can be drawn, on a knock-out, and out of each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Annotation
from numpy.typing import ArrayLike

from reportgen.charts import fonts
from reportgen.charts.numbers import shorten, words
from reportgen.charts.style import GREY, INK, LABEL_SIZE, PAPER

FAMILY = (fonts.SANS, fonts.FALLBACK)
MISSING = "\N{WHITE SQUARE}"
_RULER_DPI = 720  # fine enough that rounding to pixels does not show
_UNSEEN = {0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0xFE0E, 0xFE0F, 0xFEFF} | set(
    range(0x202A, 0x202F)
)


def drawn(text: str) -> str:
    """``text`` with what no family of ours can show replaced by a white square.

    Marks of direction and joiners go; a run of undrawable characters becomes one square.
    """
    known = fonts.drawable()
    out: list[str] = []
    for char in text:
        code = ord(char)
        if code in _UNSEEN or (code < 0x20 and char != "\n"):
            continue
        if code in known or char == "\n":
            out.append(char)
        elif not out or out[-1] != MISSING:
            out.append(MISSING)
    return "".join(out)


def note(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    colour: str = INK,
    size: float = LABEL_SIZE,
    weight: int = 400,
    ha: Literal["left", "center", "right"] = "left",
    va: Literal["top", "center", "bottom", "baseline"] = "center",
    within: Literal["data", "axes", "figure"] = "data",
    offset: tuple[float, float] = (0, 0),
    knock: bool = False,
    spacing: float = 1.25,
) -> Annotation:
    """Text at a place in data or in shares of the axes, ``offset`` by points.

    ``knock`` puts the paper's colour behind it, so that grid and lines do not cross it.
    """
    where = {"data": "data", "axes": "axes fraction", "figure": "figure fraction"}[within]
    written = axes.annotate(
        drawn(text),
        (x, y),
        xycoords=where,
        xytext=offset,
        textcoords="offset points",
        color=colour,
        fontsize=size,
        fontweight=weight,
        fontfamily=list(FAMILY),
        ha=ha,
        va=va,
        linespacing=spacing,
        parse_math=False,
        annotation_clip=False,
    )
    if knock:
        written.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 0.8})
        written.set_zorder(4)
    return written


@cache
def _ruler() -> RendererAgg:
    return RendererAgg(8, 8, _RULER_DPI)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4096)
def width_mm(text: str, size: float = LABEL_SIZE, weight: int = 400) -> float:
    """How wide a text is on paper, set in one line."""
    fonts.register()
    text = " ".join(words(text))
    if not text:
        return 0.0
    font = FontProperties(family=list(FAMILY), size=size, weight=weight)
    measure: Any = _ruler().get_text_width_height_descent
    pixels, _, _ = measure(drawn(text), font, False)
    return float(pixels) / _RULER_DPI * 25.4


def fitted(text: str, mm: float, size: float = LABEL_SIZE, weight: int = 400) -> str:
    """``text`` cut in the middle until it is at most ``mm`` wide."""
    text = shorten(drawn(text), 120)
    while len(text) > 2 and width_mm(text, size, weight) > mm:
        text = shorten(text.replace("…", "", 1), min(len(text) - 2, int(len(text) * 0.9)))
    return text


def fitted_apart(
    texts: Sequence[str], mm: float, size: float = LABEL_SIZE, weight: int = 400
) -> list[str]:
    """Texts cut to ``mm``, and where two of them would read the same, cut around what differs.

    ``Species number 28 of the genus`` beside ``… number 35 …`` becomes ``Species…28 of the…``.
    """
    cut = [fitted(text, mm, size, weight) for text in texts]
    alike: dict[str, list[int]] = {}
    for place, text in enumerate(cut):
        alike.setdefault(text, []).append(place)
    for places in alike.values():
        names = [" ".join(words(drawn(texts[place]))) for place in places]
        if len(set(names)) > 1:
            first, last = min(names), max(names)  # what these two share, all share
            alike_in = zip(first, last, strict=False)
            start = next((i for i, (a, b) in enumerate(alike_in) if a != b), len(first))
            for place, name in zip(places, names, strict=True):
                cut[place] = _from(name, start, mm, size, weight)
    return cut


def _from(name: str, start: int, mm: float, size: float, weight: int) -> str:
    """The beginning of a name, then what stands from ``start`` on, in ``mm``."""
    start = name.rfind(" ", 0, start) + 1 or start
    head, tail = name[: min(start, 8)].rstrip(), name[start:]
    text = f"{head}…{tail}" if start > len(head) + 1 else name
    while len(tail) > 1 and width_mm(text, size, weight) > mm:
        tail = tail[:-1]
        head = head if len(tail) > 6 else head[:-1]
        text = f"{head}…{tail.rstrip()}…"
    return text


def wrapped(text: str, mm: float, size: float = LABEL_SIZE, weight: int = 400) -> list[str]:
    """``text`` in lines of at most ``mm``; a word that is longer is cut."""
    lines: list[str] = []
    line = ""
    for word in words(drawn(text)):
        longer = f"{line} {word}" if line else word
        if line and width_mm(longer, size, weight) > mm:
            lines.append(line)
            longer = word
        line = fitted(longer, mm, size, weight) if longer == word else longer
    return [*lines, line] if line else lines


@dataclass(frozen=True)
class EndLabel:
    """A name for a curve, at its right end."""

    y: float
    text: str
    colour: str = INK
    weight: int = 400


def label_ends(axes: Axes, labels: Sequence[EndLabel], size: float = LABEL_SIZE) -> None:
    """Names of curves beside their right ends, moved apart so that none covers another.

    Call it after the limits are set; leave room for them by ``add_axes(right=…)``.
    """
    low, high = axes.get_ylim()
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    points = axes.get_position().height * figure.get_size_inches()[1] * 72
    gap = size * 1.3
    order = sorted(range(len(labels)), key=lambda i: (labels[i].y, i))
    wanted = np.array([(labels[i].y - low) / (high - low) * points for i in order])
    places = spread(wanted, gap)
    for place, index in zip(places, order, strict=True):
        label = labels[index]
        note(axes, 1, place / points, label.text, colour=label.colour, size=size,
             weight=label.weight, within="axes", offset=(4, 0))  # fmt: skip


def spread(wanted: ArrayLike, gap: float) -> np.ndarray:
    """The places nearest to ``wanted`` (sorted, (n,)) that are at least ``gap`` apart.

    Pool-adjacent-violators on ``wanted − i·gap``: the least-squares answer.
    """
    shifted = np.asarray(wanted, float) - gap * np.arange(np.size(wanted))
    blocks: list[tuple[float, int]] = []
    for value in shifted:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, n = blocks.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        blocks.append((mean, size))
    level = np.concatenate([np.full(n, mean) for mean, n in blocks]) if blocks else shifted
    placed: np.ndarray = level + gap * np.arange(len(level))
    return placed


_SIDES: tuple[tuple[Literal["left", "right", "center"], float, float], ...] = (
    ("left", 1, 0.6), ("left", 1, -0.6), ("right", -1, 0.6), ("right", -1, -0.6),
    ("left", 1, 0), ("right", -1, 0), ("center", 0, 1.4), ("center", 0, -1.4),
    ("left", 1, 1.6), ("left", 1, -1.6), ("right", -1, 1.6), ("right", -1, -1.6),
)  # fmt: skip


def label_point(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    colour: str = INK,
    size: float = LABEL_SIZE,
    weight: int = 600,
    distance: float = 5,
) -> Annotation:
    """Text near a point, where it crosses the fewest lines and texts drawn so far.

    Twelve places around the point are tried, ``distance`` points away and then farther; set the
    limits and draw the curves first.
    """
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    frame = axes.get_window_extent(renderer)
    traces = [line.get_transform().transform(_dense(line.get_xydata())) for line in axes.lines]
    others = [t.get_window_extent(renderer) for t in axes.texts if t.get_text()]
    best: tuple[float, Annotation] | None = None
    places = [(side, far) for far in (1.0, 2.6, 4.6) for side in _SIDES]
    for rank, ((ha, right, up), far) in enumerate(places):
        away = distance * far
        tried = note(axes, x, y, text, colour=colour, size=size, weight=weight, ha=ha,
                     offset=(right * away, up * (away + size / 2)), knock=True)  # fmt: skip
        box = tried.get_window_extent(renderer).padded(2)
        cost = 0.01 * rank
        for trace in traces:
            cost += int(box.count_contains(trace))
        cost += sum(1000 for other in others if box.overlaps(other))
        outside = (box.x0 < frame.x0) + (box.x1 > frame.x1) + (box.y0 < frame.y0)
        cost += 1000 * (outside + (box.y1 > frame.y1 + 10))
        if best is None or cost < best[0]:
            if best is not None:
                best[1].remove()
            best = (cost, tried)
        else:
            tried.remove()
    assert best is not None
    return best[1]


def _dense(points: ArrayLike) -> np.ndarray:
    """A polyline with points put in between, so that a box cannot fall between two of them."""
    data = np.asarray(points, float)
    data = np.asarray(data[np.isfinite(data).all(axis=1)])
    if len(data) < 2:
        return data
    steps = np.linspace(0, len(data) - 1, max(400, len(data)))
    at = np.arange(len(data))
    return np.column_stack([np.interp(steps, at, data[:, 0]), np.interp(steps, at, data[:, 1])])


def quiet(axes: Axes, x: float, y: float, text: str, **options: object) -> Annotation:
    """A remark in grey, e.g. what a dashed line stands for."""
    return note(axes, x, y, text, **{"colour": GREY, "knock": True, **options})  # type: ignore[arg-type]
