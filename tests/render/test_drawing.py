"""Figures in a PDF: where their marks come to stand, against matrices worked out by hand."""

import io
import re
from types import SimpleNamespace

import numpy as np
import pikepdf
import pytest
from fontTools.ttLib import TTFont

from reportgen.charts import fonts
from reportgen.charts.canvas import add_axes, finish, new_figure, style, to_svg
from reportgen.charts.lettering import note
from reportgen.charts.marks import curve, density, points, reference
from reportgen.render import pdf as module
from reportgen.render.drawing import Drawing
from reportgen.render.figures import draw
from reportgen.render.marks import Clip, Raster, Shape, Unclip, Unfit, Words, marks
from tests.render import reports

WIDE, HIGH = 200.0, 100.0  # of the drawings here, in points
HEAD = (
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="200pt" height="100pt" '
    'viewBox="0 0 200 100" xmlns="http://www.w3.org/2000/svg" version="1.1">'
)
FONT = "font-size: 10px; font-family: 'Inter Report', 'DejaVu Sans'"


def svg(body):
    return f"{HEAD}{body}</svg>"


def document_of(body, scale=1.5):
    """A PDF of one page without margins, with the drawing ``scale`` times as large."""
    drawing = svg(body)
    html = (
        '<html lang="en"><head><title>t</title><style>@page{size:500pt 300pt;margin:0}'
        f"body{{margin:0}}img{{display:block;width:{WIDE * scale}pt}}</style></head>"
        '<body class="x"><img alt="a drawing" src="figure:x"></body></html>'
    )
    picture = SimpleNamespace(uri="figure:x", drawing=drawing)
    made = module._printed(html, b"{}", module._moment(""), [picture])
    return pikepdf.open(io.BytesIO(made))


def operations(document):
    """(operator, operands, matrix of the page there) of what is tagged as a figure."""
    matrix, kept, found, inside = np.eye(3), [], [], False
    for operands, operator in pikepdf.parse_content_stream(document.pages[0]):
        name = str(operator)
        if name == "q":
            kept.append(matrix)
        elif name == "Q":
            matrix = kept.pop()
        elif name == "cm":
            matrix = as_matrix(operands) @ matrix
        elif name in ("BDC", "BMC"):
            inside = str(operands[0]) == "/Figure"
        if inside:
            found.append((name, list(operands), matrix))
    return found


def as_matrix(numbers):
    a, b, c, d, e, f = (float(n) for n in numbers)
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1]])


def places(document):
    """Where each line of text begins, with the direction of its writing, in points of the page."""
    found = []
    for name, operands, matrix in operations(document):
        if name == "Tm":
            whole = as_matrix(operands) @ matrix
            along = whole[0, :2] / np.hypot(*whole[0, :2])
            found.append((whole[2, :2], along))
    return found


def width_of(text, size):
    font = TTFont(fonts.sans(400, "otf"))
    names, advance = font.getBestCmap(), font["hmtx"].metrics
    return sum(advance[names[ord(c)]][0] for c in text) * size / font["head"].unitsPerEm


@pytest.mark.parametrize(("anchor", "back"), [("start", 0), ("middle", 0.5), ("end", 1)])
def test_a_label_is_one_line_that_hangs_on_its_anchor(anchor, back):
    body = f'<text style="{FONT}; text-anchor: {anchor}; fill: #1b2129" x="120" y="40">HHII</text>'
    ((place, along),) = places(document_of(body))
    left = 120 - back * width_of("HHII", 10)
    assert place == pytest.approx([1.5 * left, 300 - 1.5 * 40], abs=0.05)
    assert along == pytest.approx([1, 0])


def test_a_turned_label_is_written_along_its_direction():
    body = (
        f'<text style="{FONT}; fill: #1b2129" transform="translate(30 60) rotate(-30)">HHII</text>'
    )
    ((place, along),) = places(document_of(body))
    assert place == pytest.approx([45, 300 - 90], abs=0.05)
    assert along == pytest.approx([np.cos(np.pi / 6), np.sin(np.pi / 6)], abs=1e-4)


def test_a_label_stands_where_weasyprint_would_begin_it():
    body = f'<text style="{FONT}; fill: #1b2129" x="33" y="44">Share that came true</text>'
    ours = places(document_of(body))[0][0]
    theirs = places(document_of(f"{body}<circle/>"))[0][0]  # a circle is not read by ourselves
    assert ours == pytest.approx(theirs, abs=0.02)


def test_a_drawing_of_another_hand_is_left_to_weasyprint():
    done = operations(document_of('<circle cx="50" cy="50" r="20" style="fill: #a3182d"/>'))
    assert "c" in [name for name, _, _ in done]


def test_paths_and_uses_keep_their_places():
    body = (
        '<defs><path id="m" d="M 0 0 \nL 0 2 \n" style="stroke: #1b2129"/></defs>'
        '<use xlink:href="#m" x="20" y="30" style="fill: #1b2129; stroke: #ffffff"/>'
        '<path d="M 10 20 L 30 40 z" style="fill: #a3182d"/>'
    )
    done = operations(document_of(body))
    corners = [
        (np.array([*map(float, operands), 1]) @ matrix)[:2]
        for name, operands, matrix in done
        if name in "ml" and len(operands) == 2
    ]
    wanted = [(20, 30), (20, 32), (10, 20), (30, 40)]
    assert corners == [pytest.approx([1.5 * x, 300 - 1.5 * y]) for x, y in wanted]
    painted = [name for name, _, _ in done if name in ("f", "S", "B")]
    assert painted == ["B", "f"]
    pens = [[float(n) for n in operands] for name, operands, _ in done if name == "RG"]
    assert pens == [pytest.approx([0x1B / 255, 0x21 / 255, 0x29 / 255], abs=1e-3)]


def test_a_clip_ends_and_the_state_is_set_again_after_it():
    body = (
        '<defs><clipPath id="c"><rect x="5" y="6" width="7" height="8"/></clipPath></defs>'
        '<path d="M 0 0 L 9 9" clip-path="url(#c)" style="fill: none; stroke: #1b2129"/>'
        '<path d="M 0 0 L 9 9" style="fill: none; stroke: #1b2129"/>'
    )
    names = [name for name, _, _ in operations(document_of(body))]
    inside = names[names.index("W") : names.index("Q", names.index("W"))]
    outside = names[names.index("Q", names.index("W")) :]
    assert inside.count("RG") == 1
    assert inside.count("S") == 1
    assert outside.count("RG") == 1
    assert outside.count("S") == 1


def test_a_picture_covers_what_it_covers_in_the_drawing():
    with style():
        figure = new_figure("half", 40)
        axes = add_axes(figure)
        axes.set_xlim(0, 2)
        axes.set_ylim(0, 2)
        density(axes, [0, 1, 2], [0, 1, 2], [[1, 2], [3, 4]])
        drawing = to_svg(figure, "x")
    (tag,) = re.findall(r"<image[^>]*>", drawing)
    (x, y, w, h, moved) = (
        float(re.search(pattern, tag)[1])
        for pattern in (
            r' x="([^"]*)', r' y="([^"]*)', r' width="([^"]*)', r' height="([^"]*)',
            r'translate\(0 ([^)]*)\)',
        )
    )  # fmt: skip
    body = re.sub(r"^<svg[^>]*>|</svg>$", "", drawing)
    document = document_of(body, scale=1)
    ((_, _, matrix),) = [o for o in operations(document) if o[0] == "Do"]
    corners = np.array([[0, 0, 1], [1, 1, 1]]) @ matrix
    # the drawing turns its picture over: y' = -(y + moved)
    ends = sorted([300 + (y + moved), 300 + (y + h + moved)])
    assert sorted(corners[:, 0]) == pytest.approx([x, x + w], abs=0.01)
    assert sorted(corners[:, 1]) == pytest.approx(ends, abs=0.01)
    (picture,) = document.pages[0].get_images().values()
    assert picture.get("/Interpolate", False) is False  # PDF/A allows no other


def test_a_tint_of_points_is_their_opacity():
    with style():
        figure = new_figure("half", 40)
        axes = add_axes(figure)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        points(axes, [0.2, 0.4], [0.3, 0.6])
        drawing = to_svg(figure, "x")
    document = document_of(re.sub(r"^<svg[^>]*>|</svg>$", "", drawing))
    states = document.pages[0].Resources.ExtGState
    used = [str(o[0]) for name, o, _ in operations(document) if name == "gs"]
    assert {float(states[name].ca) for name in used if "/ca" in states[name]} == {1.0, 0.85}


def test_a_quadratic_curve_is_the_same_curve_as_a_cubic_one():
    _, _, (shape,) = marks(svg('<path d="M 1 2 Q 30 5 40 60" style="fill: none"/>'))
    assert isinstance(shape, Shape)
    x1, y1, x2, y2, x3, y3 = (float(n) for n in shape.path.splitlines()[1].split()[:6])
    t = np.linspace(0, 1, 21)[:, None]
    quadratic = (1 - t) ** 2 * [1, 2] + 2 * t * (1 - t) * [30, 5] + t**2 * [40, 60]
    cubic = (
        (1 - t) ** 3 * [1, 2]
        + 3 * t * (1 - t) ** 2 * [x1, y1]
        + 3 * t**2 * (1 - t) * [x2, y2]
        + t**3 * [x3, y3]
    )
    assert np.abs(quadratic - cubic).max() < 0.002


def test_marks_come_in_the_order_of_painting():
    body = (
        '<defs><clipPath id="c"><path d="M 0 0 L 1 0 L 1 1 z"/></clipPath>'
        '<path id="m" d="M 0 0 L 1 1"/></defs>'
        '<g clip-path="url(#c)"><use xlink:href="#m" x="3" y="4" style="fill: #1b2129"/></g>'
        f'<text style="{FONT}" x="1" y="2">  two   words\n</text>'
    )
    wide, high, found = marks(svg(body))
    assert (wide, high) == (WIDE, HIGH)
    assert [type(mark) for mark in found] == [Clip, Shape, Unclip, Words]
    assert found[1].at == ("3", "4")
    assert found[3].text == "two words"


@pytest.mark.parametrize(
    "body",
    [
        '<circle cx="1" cy="1" r="1"/>',
        '<path d="M 0 0 A 1 1 0 0 0 2 2"/>',
        '<path d="M 0 0 L 1 1" style="fill: url(#hatch)"/>',
        '<path d="M 0 0 L 1 1" style="fill: red"/>',
        '<path d="M 0 0 L 1 1" style="filter: blur(2px)"/>',
        '<path d="M 0 0 L 1 1" transform="scale(2)"/>',
        '<g transform="scale(2)"><path d="M 0 0 L 1 1"/></g>',
        "<text x='1' y='1'>a<tspan>b</tspan></text>",
        '<text transform="skewX(20)">a</text>',
        '<use xlink:href="#nowhere"/>',
        '<image xlink:href="https://example.org/x.png" width="1" height="1"/>',
    ],
)
def test_what_is_not_read_is_said(body):
    with pytest.raises(Unfit):
        marks(svg(body))


def test_a_drawing_without_a_size_is_not_read():
    with pytest.raises(Unfit, match="viewBox"):
        marks('<svg xmlns="http://www.w3.org/2000/svg"></svg>')


@pytest.mark.parametrize("name", sorted(reports.ALL))
def test_every_figure_of_ours_is_read(eleven, name):
    pictures = draw(reports.ALL[name]()).pictures
    for picture in pictures:
        wide, high, found = marks(picture.drawing)
        assert 200 < wide < 500
        assert high > 20
        assert any(isinstance(mark, Words) for mark in found)


def test_turned_words_pictures_and_dashes_are_read():
    with style():
        figure = new_figure("half", 40)
        axes = add_axes(figure)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        rng = np.random.default_rng(0)
        points(axes, rng.random(3000), rng.random(3000))
        curve(axes, [0, 1], [0, 1], split="validation", band=([0, 0.8], [0.2, 1]))
        reference(axes, y=0.3, label="chance")
        note(axes, 0.5, 0.5, "turned").set_rotation(90)
        finish(axes, x="x", y="y")
        _, _, found = marks(to_svg(figure, "x"))
    assert [type(m) for m in found].count(Raster) == 1
    (turned,) = [m for m in found if isinstance(m, Words) and m.text == "turned"]
    assert turned.matrix[:4] == pytest.approx((0, -1, 1, 0), abs=1e-9)


def test_a_drawing_is_as_large_as_it_says():
    wide, high, ratio = Drawing(svg(""), None).get_intrinsic_size(1, 16)
    assert (wide, high, ratio) == pytest.approx((WIDE * 4 / 3, HIGH * 4 / 3, 2))
