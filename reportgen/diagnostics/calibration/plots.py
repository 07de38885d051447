"""Figures of calibration, from the series alone."""

from __future__ import annotations

from typing import Any

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import note
from reportgen.charts.marks import bars, curve, dot, reference
from reportgen.charts.numbers import count, score, share
from reportgen.charts.reliability import Bin, reliability
from reportgen.results import Findings


def charts(found: Findings) -> list[Chart]:
    series = found.series
    if not series:
        return []
    about = series["about"]
    where = f"{about['split']}, n {count(about['n'])}"
    if about["label"]:
        where = f"label {about['label']}, {where}"
    out = [_reliability(found, about, where), _confidence(series["confidence"], where)]
    if "loss_concentration" in series:
        out.append(_concentration(series["loss_concentration"], where))
    out.append(_ties(series["ties"], where))
    return out


def _codes(found: Findings) -> set[str]:
    return {f.code.split(".")[1] for f in found.findings if f.severity != "info"}


def _reliability(found: Findings, about: dict[str, Any], where: str) -> Chart:
    data = found.series["reliability"]
    bins = [
        Bin(*values)
        for values in zip(
            data["forecast"], data["observed"], data["low"], data["high"], strict=True
        )
    ]
    outside = sum(
        not low <= seen <= high
        for seen, low, high in zip(
            data["observed"], data["band_low"], data["band_high"], strict=True
        )
    )
    codes = _codes(found)
    if "overconfident" in codes:
        title = (
            "Its probabilities are too extreme"
            if about["event"]
            else "It is right less often than it says"
        )
    elif "underconfident" in codes:
        title = (
            "Its probabilities are too tame"
            if about["event"]
            else "It is right more often than it says"
        )
    elif "wrong-base-rate" in codes:
        title = "Its probabilities are shifted"
    elif outside > max(1, 0.15 * len(bins)):
        title = f"{outside} of {len(bins)} bins lie outside the band of a calibrated model"
    else:
        title = "What it says comes true about as often"
    event = about["event"]
    x = f"Predicted probability of {event}" if event else "Confidence in the likeliest class"
    band = (data["forecast"], data["band_low"], data["band_high"]) if len(bins) > 1 else None
    return Chart(
        name="reliability",
        title=title,
        subtitle=f"{len(bins)} bins of equal mass, {where}; band: a calibrated model",
        alt=f"Reliability diagram. {outside} of {len(bins)} bins lie outside the 95 % band of a "
        "calibrated model. "
        + " ".join(f"At {score(b.forecast)}: {score(b.observed)}." for b in bins),
        figure=reliability(
            bins,
            x=x,
            y="Share that came true" if event else "Share that was right",
            band=band,
            histogram=(data["edges"], data["counts"]),
        ),
    )


def _confidence(data: dict[str, Any], where: str) -> Chart:
    right, wrong = data["right"], data["wrong"]
    edges = data["edges"]
    n_right, n_wrong = sum(right), sum(wrong)
    sure_right = sum(right[-2:]) / n_right if n_right else 0.0
    sure_wrong = sum(wrong[-2:]) / n_wrong if n_wrong else 0.0
    figure = new_figure("half", 68)
    for heights, total, top, bottom, words in (
        (right, n_right, 6.5, 40.5, "right"), (wrong, n_wrong, 38.5, 9, "wrong"),
    ):  # fmt: skip
        axes = add_axes(figure, left=9, right=3, top=top, bottom=bottom)
        axes.set_xlim(edges[0], edges[-1])
        shares = [100 * h / total if total else 0.0 for h in heights]
        axes.set_ylim(0, max([*shares, 1.0]) * 1.05)
        bars(axes, edges, shares)
        last = words == "wrong"
        finish(axes, x="Confidence in the likeliest class" if last else "",
               y=f"Share of the {count(total)} {words} rows, %", x_ticks=5, y_ticks=3)  # fmt: skip
        if not last:
            axes.set_xticklabels([])
    floor = score(edges[-3])
    return Chart(
        name="confidence",
        title=f"{share(sure_wrong)} of the wrong rows have a confidence over {floor}"
        if n_wrong
        else "No row is wrong",
        subtitle=f"Confidence of right and of wrong rows, {where}",
        alt=f"Histograms of confidence. {share(sure_right)} of {count(n_right)} right rows and "
        f"{share(sure_wrong)} of {count(n_wrong)} wrong rows have a confidence over {floor}.",
        figure=figure,
    )


def _concentration(data: dict[str, Any], where: str) -> Chart:
    figure = new_figure("half", 55)
    axes = add_axes(figure, left=9, right=3)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    curve(axes, [100 * v for v in data["rows"]], [100 * v for v in data["loss"]])
    at, seen = 1.0, 100 * data["share"]
    dot(axes, at, seen)
    beside = max(seen, 8.0)  # both lines stay above the foot
    note(axes, at, beside, f"worst 1 %: {share(data['share'])}", weight=600, offset=(7, 8),
         knock=True)  # fmt: skip
    note(axes, at, beside, f"{share(data['expected'])} expected", offset=(7, -1), knock=True)
    finish(axes, x="Share of rows, worst first, %", y="Share of the log loss, %")
    return Chart(
        name="loss-concentration",
        title=f"The worst 1 % of rows carry {share(data['share'])} of the loss",
        subtitle=f"Expected of the recalibrated model: {share(data['expected'])}; {where}",
        alt=f"Share of the loss against share of rows. The worst 1 % carry "
        f"{share(data['share'])}, where {share(data['expected'])} is expected.",
        figure=figure,
    )


def _ties(data: dict[str, Any], where: str) -> Chart:
    figure = new_figure("half", 55)
    axes = add_axes(figure, left=9, right=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 100)
    curve(axes, [0, *data["gap"]], [0, *(100 * v for v in data["share"])])
    reference(axes, x=data["judged_at"])
    note(axes, data["judged_at"], 92, f"{share(data['share_there'])} within "
         f"{data['judged_at']:g}", weight=600, offset=(6, 0), knock=True)  # fmt: skip
    finish(axes, x="Gap between the top two classes", y="Share of rows with a smaller gap, %")
    return Chart(
        name="near-ties",
        title=f"{share(data['share_there'])} of rows are near ties",
        subtitle=f"Gap of probability below {data['judged_at']:g}, {where}",
        alt=f"Share of rows against the gap between their top two classes; "
        f"{share(data['share_there'])} are closer than {data['judged_at']:g}.",
        figure=figure,
    )
