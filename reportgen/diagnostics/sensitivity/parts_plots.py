"""Figures of what parts of images and sequences, and words of texts, are worth."""

from __future__ import annotations

from typing import Any

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import note
from reportgen.charts.marks import shade
from reportgen.charts.numbers import count, number, score, shorten
from reportgen.charts.rows import Mark, Row, forest
from reportgen.charts.style import AXIS_SIZE, CURVE, GREY, INK, TEST

MOST = 12
STRENGTH = 0.6  # of the tint of the part that is worth most, so that ink stays legible on it


def charts(series: dict[str, Any]) -> list[Chart]:
    found = []
    regions = series.get("regions")
    if regions and regions["height"] > 1:
        found.append(_image(regions, series["about"]))
    elif regions:
        found.append(_sequence(regions, series["about"]))
    if series.get("words"):
        found.append(_words(series["words"], series["about"]))
    return found


def _alt(regions: dict[str, Any]) -> str:
    top = regions["leaves"][:5]
    return "Rise of the squared error when a part is hidden: " + "; ".join(
        f"{part['name']} {score(part['rise'])}" for part in top
    )


def _image(regions: dict[str, Any], about: dict[str, Any]) -> Chart:
    """The image as a plan: each part tinted by what it is worth, its number in it."""
    height, width = regions["height"], regions["width"]
    leaves = regions["leaves"]
    top = max((part["rise"] for part in leaves), default=0.0)
    wide = 58.0
    tall = min(wide * height / width, 75.0)
    wide = min(wide, tall * width / height)
    figure = new_figure("half", tall + 10.5)
    axes = add_axes(figure, left=8, right=83 - 8 - wide, top=1, bottom=9.5)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    for part in leaves:
        up, left, down, right = part["box"]
        tint = STRENGTH * max(part["rise"], 0.0) / top if top > 0 else 0.0
        shade(axes, left, up, right - left, down - up, 0.03 + tint)
        axes.plot([left, right, right, left, left], [up, up, down, down, up], color=GREY,
                  linewidth=0.25)  # fmt: skip
        cell = wide * (right - left) / width
        if cell >= 6.5:
            told = part["low"] > 0
            note(axes, (left + right) / 2, (up + down) / 2, _short(part["rise"]), ha="center",
                 size=AXIS_SIZE - (0.75 if cell < 9 else 0), weight=600 if told else 400,
                 colour=INK if told else GREY)  # fmt: skip
    finish(axes, x="Pixels", y="")
    best = leaves[0]
    return Chart(
        name="parts",
        title=f"Most is in {_small(best['name'])}: hidden, the error rises by {score(best['rise'])}"
        if best["low"] > 0
        else "No part of the images is missed when it is hidden",
        subtitle=f"Rise of the squared error when a part is hidden behind train's mean image, "
        f"{count(regions['n'])} images of {about['split']}; bold: interval above 0",
        alt=_alt(regions) + ".",
        figure=figure,
    )


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _short(value: float) -> str:
    """``.12``; ``−.03``; ``0`` for what rounds to it."""
    text = f"{abs(value):.2f}".lstrip("0")
    return "0" if text == ".00" else ("−" if value < 0 else "") + text


def _sequence(regions: dict[str, Any], about: dict[str, Any]) -> Chart:
    leaves = sorted(regions["leaves"], key=lambda part: part["box"][1])
    figure = new_figure("half", 55)
    axes = add_axes(figure, left=12, right=3)
    axes.set_xlim(0, regions["width"])
    low = min(0.0, *(part["low"] for part in leaves))
    high = max(0.0, *(part["high"] for part in leaves)) or 1.0
    axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    for part in leaves:
        _, left, _, right = part["box"]
        axes.fill_between([left, right], part["low"], part["high"], color=TEST, alpha=0.15,
                          linewidth=0)  # fmt: skip
        axes.plot([left, right], [part["rise"]] * 2, color=TEST, linewidth=CURVE,
                  solid_capstyle="butt")  # fmt: skip
    axes.axhline(0, color=GREY, linewidth=0.5)
    finish(axes, x="Step", y="Rise of the squared error")
    best = regions["leaves"][0]
    return Chart(
        name="parts",
        title=f"Most is in {_small(best['name'])}: hidden, the error rises by {score(best['rise'])}"
        if best["low"] > 0
        else "No steps of the sequences are missed when they are hidden",
        subtitle=f"Rise of the squared error when steps are hidden behind train's mean, "
        f"{count(regions['n'])} sequences of {about['split']}, with 95 % interval",
        alt=_alt(regions) + ".",
        figure=figure,
    )


def _words(words: list[dict[str, Any]], about: dict[str, Any]) -> Chart:
    rows = [
        Row(shorten(w["word"], 30), (Mark(w["moved"], w["low"], w["high"]),), n=w["n"])
        for w in words[:MOST]
    ]
    top = words[0]
    what = "prediction" if about["task"] == "regression" else "answer"
    unit = " (sd of y)" if about["task"] == "regression" else ""
    return Chart(
        name="words",
        title=f"“{shorten(top['word'], 30)}” matters most: without it the {what} moves by "
        f"{score(top['moved'])}",
        subtitle=f"Mean move of the {what} when a word is left out of {about['split']} texts that "
        "have it, with 95 % interval",
        alt="Mean move without a word: "
        + "; ".join(f"{w['word']} {number(w['moved'])}" for w in words[:MOST])
        + ".",
        figure=forest(rows, x=f"Mean move of the {what}{unit}", reference_at=0.0),
    )
