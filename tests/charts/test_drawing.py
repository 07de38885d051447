import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest

from reportgen.charts import fonts
from reportgen.charts.canvas import RASTER_DPI, add_axes, finish, new_figure, size_mm, style, to_svg
from reportgen.charts.lettering import (
    EndLabel,
    drawn,
    fitted,
    label_ends,
    label_point,
    spread,
    width_mm,
    wrapped,
)
from reportgen.charts.marks import curve, density, points, reference
from reportgen.charts.matrix import confusion_matrix, row_shares, width_for
from reportgen.charts.reliability import Bin, reliability
from reportgen.charts.rows import Mark, Row, bar_rows, forest
from reportgen.charts.walk import WalkStep, walk

SVG = "{http://www.w3.org/2000/svg}"


def words(svg):
    return [e.text for e in ET.fromstring(svg).iter(f"{SVG}text")]


def written(axes):
    """The texts that are drawn: notes, and labels of the ticks within the limits."""
    texts = list(axes.texts)
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        ticks = (t for t in axis.get_major_ticks() if low <= t.get_loc() <= high)
        texts += [t.label1 for t in ticks]
    return texts


def outside(figure):
    """Texts that stick out of the figure by more than a hair."""
    renderer = figure.canvas.get_renderer()
    wide, high = figure.get_size_inches() * figure.dpi
    found = []
    for text in (t for axes in figure.axes for t in written(axes)):
        if not text.get_text():
            continue
        box = text.get_window_extent(renderer)
        slack = 1 + 0.05 * box.width  # pixels widen a text, an SVG has none
        if box.x0 < -slack or box.y0 < -slack or box.x1 > wide + slack or box.y1 > high + slack:
            found.append(text.get_text())
    return found


def test_a_figure_is_measured_in_millimetres():
    figure = new_figure("half", 55)
    axes = add_axes(figure, left=10, right=3, top=5, bottom=10)
    assert size_mm(axes) == pytest.approx((70, 40))
    svg = ET.fromstring(to_svg(figure, "f"))
    assert float(svg.get("width")[:-2]) == pytest.approx(83 / 25.4 * 72)


def test_drawing_leaves_the_settings_of_the_process_alone():
    before = dict(mpl.rcParams)
    to_svg(forest([Row("a", (Mark(0.5, 0.4, 0.6),))], x="Accuracy"), "f")
    assert dict(mpl.rcParams) == before


def test_the_same_drawing_is_the_same_bytes_in_another_process():
    code = (
        "from reportgen.charts.canvas import to_svg\n"
        "from reportgen.charts.rows import Mark, Row, forest\n"
        "from reportgen.charts.reliability import Bin, reliability\n"
        "import hashlib\n"
        "a = to_svg(forest([Row('a', (Mark(.5, .4, .6),), n=9)], x='Accuracy'), 'f', 'words')\n"
        "b = to_svg(reliability([Bin(.2, .3, .1, .4)], histogram=([0, .5, 1], [3, 4])), 'g')\n"
        "print(hashlib.sha256((a + b).encode()).hexdigest())\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin"},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1


def test_ids_of_two_figures_do_not_meet():
    def ids(name):
        figure = new_figure()
        axes = add_axes(figure)
        curve(axes, [0, 1], [0, 1], band=([0, 0.9], [0.1, 1]))
        finish(axes, x="x", y="y")
        svg = to_svg(figure, name)
        found = set(re.findall(r'\bid="([^"]+)"', svg))
        used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
        assert used <= found
        return found

    assert not ids("a") & ids("b")


def test_a_picture_says_no_date_and_no_address_but_namespaces():
    svg = to_svg(confusion_matrix([[3, 1], [0, 2]], ["a", "b"]), "m", "a matrix")
    assert "<title>a matrix</title>" in svg
    addresses = set(re.findall(r"https?://[^\s\"'<]+", svg))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"20\d\d-\d\d-\d\d", svg)


@pytest.mark.parametrize(
    "name",
    ["$x_1$ costs $5", "<script>alert(1)</script>", "日本語 😀", "x" * 300, "a\nb\tc", "\u202e"],
)
def test_names_from_data_are_drawn_as_text(name):
    with style():
        figure = forest([Row(name, (Mark(0.5, 0.4, 0.6),), n=3)], x="Accuracy")
        matrix = confusion_matrix([[3, 1], [0, 2]], [name, "b"])
    for drawing in (figure, matrix):
        svg = to_svg(drawing, "f", name)
        assert "<script" not in svg
        ET.fromstring(svg)
        assert not outside(drawing)


def test_what_no_font_has_becomes_one_square():
    assert drawn("a日本b") == "a□b"
    assert drawn("α≤ж→") == "α≤ж→"
    assert drawn("a\u200b\u202eb") == "ab"


def test_figures_of_a_number_have_equal_widths():
    widths = {round(width_mm(str(d) * 20, 8.0), 2) for d in range(10)}
    assert len(widths) == 1
    assert width_mm("iii") < width_mm("mmm")


def test_text_is_cut_and_wrapped_to_a_width():
    assert width_mm(fitted("customer_churn_" * 20, 30)) <= 30
    lines = wrapped("At the declared threshold of 0.5, 45 fewer rows are right.", 24)
    assert len(lines) >= 3
    assert all(width_mm(line) <= 24 for line in lines)
    assert " ".join(lines) == "At the declared threshold of 0.5, 45 fewer rows are right."


def test_labels_are_moved_apart_as_little_as_can_be():
    rng = np.random.default_rng(3)
    for _ in range(50):
        wanted = np.sort(rng.uniform(0, 30, 6))
        placed = spread(wanted, 5)
        assert np.diff(placed).min() >= 5 - 1e-9
        # no other placement that keeps the gaps is nearer: project random feasible ones
        cost = np.sum((placed - wanted) ** 2)
        for _ in range(20):
            other = np.cumsum([rng.uniform(-10, 20), *(5 + rng.exponential(2, 5))])
            assert np.sum((other - wanted) ** 2) >= cost - 1e-9
    assert spread([1.0, 20.0], 5) == pytest.approx([1.0, 20.0])


def test_names_at_the_ends_of_curves_do_not_cover_each_other():
    figure = new_figure("half", 50)
    axes = add_axes(figure, right=24)
    axes.set_ylim(0, 1)
    label_ends(axes, [EndLabel(0.5, "train"), EndLabel(0.51, "validation"), EndLabel(0.5, "test")])
    renderer = figure.canvas.get_renderer()
    boxes = sorted((t.get_window_extent(renderer) for t in axes.texts), key=lambda b: b.y0)
    assert all(high.y0 - low.y0 >= 9 / 72 * RASTER_DPI for low, high in pairwise(boxes))


def test_a_label_beside_a_point_crosses_no_curve():
    figure = new_figure("half", 60)
    axes = add_axes(figure)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    x = np.linspace(0, 1, 50)
    curve(axes, x, x**0.3)
    label = label_point(axes, 0.3, 0.3**0.3, "at 0.5: 0.697")
    box = label.get_window_extent(figure.canvas.get_renderer())
    assert box.count_contains(axes.transData.transform(np.column_stack([x, x**0.3]))) == 0
    assert not outside(figure)


def test_a_curve_with_nulls_has_a_gap():
    figure = new_figure()
    axes = add_axes(figure)
    curve(axes, [0, 1, 2], [1, None, 2])
    assert np.isnan(axes.lines[0].get_ydata()[1])


def test_many_points_are_a_picture_and_few_are_not():
    rng = np.random.default_rng(0)

    def drawn_points(n):
        figure = new_figure()
        axes = add_axes(figure)
        points(axes, rng.normal(size=n), rng.normal(size=n))
        return to_svg(figure, "p")

    assert "<image" not in drawn_points(500)
    many = drawn_points(20_000)
    assert "<image" in many
    assert len(many) < 200_000


def test_a_binned_scatter_is_small():
    figure = new_figure()
    density(add_axes(figure), range(61), range(61), np.ones((60, 60)))
    assert len(to_svg(figure, "d")) < 60_000


def test_tick_labels_make_room_for_themselves():
    figure = new_figure("half", 50)
    axes = add_axes(figure, left=4)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 2_500_000)
    finish(axes, x="Observed, dollars", y="Predicted, dollars")
    reference(axes, line=((0, 0), (1, 2_500_000)), label="equal")
    assert "2,000,000" in words(to_svg(figure, "t"))
    assert not outside(figure)


def test_row_shares_of_an_empty_class_are_zero():
    shares = row_shares(np.array([[3.0, 1.0], [0.0, 0.0]]))
    assert shares.tolist() == [[0.75, 0.25], [0.0, 0.0]]


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8, 12, 13, 40])
def test_a_matrix_of_any_size_fits_its_figure(k):
    counts = np.arange(k * k).reshape(k, k) * 37
    figure = confusion_matrix(counts, [f"class number {i}" for i in range(k)])
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(
        83 if width_for(k) == "half" else 170
    )
    assert not outside(figure)
    said = words(to_svg(figure, "m"))
    assert ("Most frequent confusions" in said) == (k > 12)
    if k <= 12:
        assert f"{37 * (k * k - 1):,}" in said


def test_a_matrix_that_is_not_square_is_refused():
    with pytest.raises(ValueError, match="classes"):
        confusion_matrix([[1, 2]], ["a"])


def test_a_forest_says_its_values_and_n():
    figure = forest(
        [Row("Copies", (Mark(0.972, 0.968, 0.98), Mark(0.892, None, None, hollow=True)), n=1814),
         Row("Nothing", (Mark(None),), n=0)],
        x="Accuracy on test", reference_at=0.79, reference_label="always stay",
    )  # fmt: skip
    said = words(to_svg(figure, "f"))
    assert {"Copies", "n 1,814", "0.972", "0.892", "always stay", "n 0"} <= set(said)
    assert not outside(figure)


def test_a_forest_without_any_value_is_drawn():
    assert to_svg(forest([Row("a", (Mark(None),))], x="Accuracy"), "f")


def test_bars_stand_on_zero():
    figure = bar_rows(["a", "b"], [3, 0], x="Rows")
    assert figure.axes[0].get_xlim()[0] == 0
    assert not outside(figure)


def test_reliability_with_everything_stays_inside():
    grid = np.linspace(0, 1, 20)
    bins = [Bin(v, v, max(v - 0.1, 0), min(v + 0.1, 1)) for v in np.linspace(0.05, 0.95, 10)]
    figure = reliability(bins, fit=(grid, grid**1.2), band=(grid, grid - 0.02, grid + 0.02),
                         histogram=(np.linspace(0, 1, 11), np.arange(10)))  # fmt: skip
    assert not outside(figure)


def steps(*values, **common):
    return [
        WalkStep(f"Step {i}", "Accuracy", v, f"{v:.3f}", **common) for i, v in enumerate(values)
    ]


def test_the_walk_breaks_where_the_metric_changes():
    first = [*steps(0.953), *steps(0.938, change="−0.015", told=True)]
    second = [WalkStep("Imbalance aware", "Balanced accuracy", 0.805, "0.805", 0.786, 0.824)]
    figure = walk([*first, *second], chance=0.79, chance_label="always “stay”: 0.790")
    said = words(to_svg(figure, "w"))
    assert len(figure.axes) == 2
    assert "//" in said
    assert "−0.015" in said
    assert not any("−0.133" in word for word in said)  # no bar across the break
    assert "always “stay”: 0.790" in said
    assert not outside(figure)


def test_a_walk_without_change_has_no_bar():
    figure = walk([*steps(0.857), *steps(0.852, change="−0.005")])
    assert not figure.axes[0].patches
    assert "−0.005" in words(to_svg(figure, "w"))
    told = walk([*steps(0.857), *steps(0.852, change="−0.005", told=True)])
    (bar,) = told.axes[0].patches
    assert (bar.get_y(), bar.get_height()) == (0.857, pytest.approx(-0.005))


def test_a_far_chance_level_does_not_flatten_the_walk():
    figure = walk(steps(0.953, 0.951), chance=0.1, chance_label="always “0”: 0.100")
    assert figure.axes[0].get_ylim()[0] > 0.8
    assert "always “0”: 0.100" not in words(to_svg(figure, "w"))


def test_a_walk_of_one_step_in_large_units():
    step = WalkStep("Recomputed", "RMSE", 53218.4, "53,218", 51000, 55000, why="fresh " * 40)
    figure = walk([step], unit="target")
    assert "53,218" in words(to_svg(figure, "w"))
    assert not outside(figure)


def test_every_weight_has_its_file_and_licence():
    for weight in fonts.WEIGHTS:
        assert fonts.sans(weight).is_file()
        assert fonts.sans(weight, "woff2").is_file()
    assert fonts.mono().is_file()
    with pytest.raises(ValueError, match="weights"):
        fonts.sans(300)
    for name in ("Inter", "JetBrainsMono"):
        text = (fonts.FOLDER / f"LICENSE-{name}.txt").read_text()
        assert "SIL OPEN FONT LICENSE" in text
    total = sum(path.stat().st_size for path in fonts.FOLDER.iterdir() if path.is_file())
    assert total < 600_000


def test_a_panel_too_narrow_for_its_title_leaves_the_chance_out():
    many = [WalkStep("Reported", "Accuracy", 0.9, "0.900") for _ in range(4)]
    last = WalkStep("Imbalance aware", "Balanced accuracy (chance is 0.5)", 0.8, "0.800")
    figure = walk([*many, last])
    said = words(to_svg(figure, "w"))
    assert "Balanced accuracy" in said
    assert not outside(figure)
    wide = words(to_svg(walk([many[0], last]), "w"))
    assert "Balanced accuracy (chance is 0.5)" in wide
