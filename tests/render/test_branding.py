"""A job's own look: what it changes, what it may not, and what is said when it is wrong."""

import base64
import io
import os
import re
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from reportgen.errors import RenderError
from reportgen.pipeline.output import drawn
from reportgen.render import branding, environment, themes
from reportgen.render.html import render_html
from reportgen.render.index import IndexEntry, render_index
from reportgen.render.pdf import render_pdf
from tests.render import reports
from tests.render.test_html import Outline

EXAMPLE = Path(__file__).parents[2] / "configs" / "house-style"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"{}>{}</svg>'


def write(place, name, text):
    path = place / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(text) if isinstance(text, bytes) else path.write_text(text)
    return place


def refused(place):
    with pytest.raises(RenderError) as error:
        branding.load(place)
    return error.value.problems


def test_the_example_shows_in_page_pdf_and_index(eleven):
    look = branding.load(EXAMPLE)
    report = reports.churn()
    text = render_html(report, look)
    outline = Outline(text)
    assert not outline.open
    assert "Who decides about churn-mlp" in outline.text
    assert "4 findings to answer" in outline.text
    logo = next(a for tag, a in outline.tags if a.get("class") == "logo")
    assert logo["alt"] == "Northwind Model Risk"
    assert logo["src"].startswith("data:image/svg+xml;base64,")
    assert "--pass:#0B6E4F" in text
    pdf = pikepdf.open(io.BytesIO(render_pdf(report, look)))
    with pdf.open_outline() as tree:
        assert tree.root[-1].title == "Release"
    assert render_pdf(report, look) == render_pdf(report, branding.load(EXAMPLE))
    page = Outline(render_index("j", "r", [IndexEntry("a", report, 1.0)], look))
    assert any(a.get("class") == "logo" for _, a in page.tags)


def test_colours_of_verdicts_reach_the_figures(eleven, tmp_path):
    look = branding.load(write(tmp_path, "brand.yaml", "colours: {fail: '#7A0019'}"))
    plain, own = render_html(reports.churn()), render_html(reports.churn(), look)
    assert re.search("#a3182d", plain.split("<main>")[1], re.IGNORECASE)
    assert not re.search("#a3182d", own.split("<main>")[1], re.IGNORECASE)
    used = set(re.findall(r"var\(--k([0-9a-f]{6}),", own))
    assert used == set(re.findall(r"--k([0-9a-f]{6}):#", own))
    light = re.search(r"--k7a0019:(#[0-9a-f]{6})", own)[1]
    assert themes.contrast(light, themes.DARK["#FFFFFF"]) >= 4.5


def test_the_default_look_is_the_default_report(eleven, tmp_path):
    report = reports.predictions_only()
    assert render_html(report, branding.load(tmp_path)) == render_html(report)


def test_a_part_replaces_or_extends_the_default_one(eleven, tmp_path, monkeypatch):
    monkeypatch.setattr(
        environment, "has", lambda name, look=None: any(name == n for n, *_ in look.templates)
    )
    write(tmp_path, "page_one.html.j2", "<h1>{{ report.model }}</h1><p>ours</p>")
    write(
        tmp_path,
        "diagnostics/leakage.html.j2",
        '{% extends "section.html.j2" %}{% block method %}<p>our method</p>{% endblock %}',
    )
    write(tmp_path, "contents.html.j2", '<p>before</p>{% include "default/contents.html.j2" %}')
    monkeypatch.setattr(branding, "suite", lambda: eleven)
    outline = Outline(render_html(reports.churn(), branding.load(tmp_path)))
    assert "ours" in outline.text
    assert "our method" in outline.text
    assert "All diagnostics" not in outline.text
    assert outline.text.index("before") < outline.text.index("What this report holds")


def test_names_from_data_stay_text_in_a_template_of_ones_own(eleven, tmp_path):
    write(
        tmp_path,
        "closing.html.j2",
        "<p>{{ report.model }}</p>{% set x %}{{ report.model }}{% endset %}{{ x }}"
        "{{ '<b>%s</b>' | format(report.model) }}{{ report.model | e | replace('&', '&') }}",
    )
    text = render_html(reports.nasty(), branding.load(tmp_path))
    assert "<script>alert" not in text
    assert "<b>" not in text.rsplit("Sign-off", 1)[1]


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("page_on.html.j2", "", None, "Did you mean 'page_one.html.j2'"),
        ("diagnostics/leakges.html.j2", "", None, "Did you mean 'diagnostics/leakage.html.j2'"),
        ("report.html.j2", "", None, "cannot be replaced"),
        ("brand.yml", "", None, "Did you mean 'brand.yaml'"),
        ("closing.html.j2", "a\nb\n{% if x %}", 3, "not valid"),
        ("closing.html.j2", "a\n{{ reprot.model }}", 2, "Did you mean 'report'"),
        ("closing.html.j2", "{{ report.model | safe }}", 1, "always escaped"),
        ("closing.html.j2", "{{ report.model | capitl }}", 1, "Did you mean 'capital'"),
        ("closing.html.j2", "\n{% autoescape false %}{% endautoescape %}", 2, "escaping off"),
        ("closing.html.j2", '{% include "macro.html.j2" %}', 1, "Did you mean 'macros.html.j2'"),
        ("closing.html.j2", b"\xff\xfe", None, "UTF-8"),
        ("style.css", "p {}\n@import 'x.css';", 2, "fetches nothing"),
        ("style.css", "p { background: url(https://example.org/x.png) }", 1, "fetches nothing"),
        ("style.css", "</style><script>", 1, "fetches nothing"),
        ("brand.yaml", "colours: {acent: '#000000'}", 1, "accent"),
        ("brand.yaml", "name: x\ncolours:\n  ink: '#777777'", 3, "contrast of at least 4.5"),
        ("brand.yaml", "colours: {fail: red}", 1, "#rrggbb"),
        ("brand.yaml", "colours: {pass: '#A3182D'}", 1, "cannot be told apart"),
        ("brand.yaml", "logo: gone.png", 1, "cannot be read"),
        ("brand.yaml", "logo: [1", None, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, name, text, line, words):
    problems = refused(write(tmp_path, name, text))
    assert len(problems) == 1
    told = str(problems[0])
    assert words in told
    assert "Traceback" not in told
    assert Path(name).name in told
    if line is not None:
        assert f"{Path(name).name}:{line}" in told


def test_everything_wrong_is_told_at_once(tmp_path):
    write(tmp_path, "pageone.html.j2", "")
    write(tmp_path, "style.css", "@import 'a';")
    write(tmp_path, "brand.yaml", "nme: x")
    assert len(refused(tmp_path)) == 3


def test_a_folder_that_is_not_a_look_is_not_walked(tmp_path):
    for number in range(501):
        (tmp_path / f"{number}.csv").touch()
    assert "no folder of a look" in str(refused(tmp_path)[0])


def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "closing.html.j2")
    os.mkfifo(tmp_path / "logo.png")
    write(tmp_path, "brand.yaml", "logo: logo.png")
    assert "not a file" in str(refused(tmp_path)[0])


def test_a_template_that_fails_costs_its_look_alone(eleven, tmp_path):
    write(tmp_path, "closing.html.j2", "a\n{{ report.nothing.at_all }}")
    write(tmp_path, "brand.yaml", 'name: "Ours"')
    look = branding.load(tmp_path)
    text, problem = drawn(reports.churn(), "html", look)
    assert "closing.html.j2:2" in problem
    assert "Traceback" not in problem
    outline = Outline(text)
    assert "This is the default layout" in outline.text
    assert "Ours" in outline.text
    assert "Sign-off" in outline.text
    pdf, problem = drawn(reports.churn(), "pdf", look)
    assert pdf.startswith(b"%PDF")
    assert problem is not None


def test_a_template_may_not_reach_into_python(eleven, tmp_path):
    for attack in (
        "{{ ''.__class__.__mro__ }}",
        "{{ report.__init__.__globals__ }}",
        "{{ (report | attr('__class__')).__subclasses__() }}",
        "{% for i in range(10 ** 9) %}{% endfor %}",
    ):
        write(tmp_path, "closing.html.j2", attack)
        with pytest.raises(RenderError, match=r"closing\.html\.j2:1"):
            render_html(reports.predictions_only(), branding.load(tmp_path))


def test_what_a_template_fetches_is_refused_by_the_pdf_and_the_page(eleven, tmp_path):
    write(tmp_path, "closing.html.j2", '<img src="https://example.org/x.png" alt="x">')
    look = branding.load(tmp_path)
    with pytest.raises(RenderError, match="outside itself"):
        render_pdf(reports.predictions_only(), look)
    assert "default-src 'none'" in render_html(reports.predictions_only(), look)


@pytest.mark.parametrize(
    ("attributes", "inside", "words"),
    [
        ("", "<script>alert(1)</script>", "'script'"),
        (' onload="alert(1)"', "", "onload"),
        ("", '<path d="M0 0" onclick="x"/>', "onclick"),
        ("", '<use href="https://example.org/a.svg#x"/>', "outside itself"),
        ("", '<image href="data:image/png;base64,AA"/>', "'image'"),
        ("", '<foreignObject/>', "'foreignObject'"),
        ("", "<style>@import 'x'</style>", "'style'"),
        ("", '<path style="fill:url(https://example.org/x)"/>', "outside itself"),
        ("", '<rect fill="url( &quot;//evil.example/x&quot;)"/>', "outside itself"),
        ("", "<text>Northwind</text>", "Turn words into paths"),
        ("", "<animate/>", "'animate'"),
    ],
)  # fmt: skip
def test_a_logo_is_plain_shapes(tmp_path, attributes, inside, words):
    write(tmp_path, "logo.svg", SVG.format(attributes, inside))
    write(tmp_path, "brand.yaml", "logo: logo.svg")
    told = "\n".join(map(str, refused(tmp_path)))
    assert words in told
    assert "logo.svg" in told
    assert "brand.yaml:1" in told


def test_what_drawing_programs_leave_is_taken_out_of_a_logo(tmp_path):
    inside = (
        '<metadata>who</metadata><x:view xmlns:x="urn:x" x:y="1"/><!-- note -->'
        '<defs><linearGradient id="g"><stop/></linearGradient></defs>'
        '<path x:label="a" xmlns:x="urn:x" fill="url(#g)" d="M0 0h9v9z"/>'
    )
    write(tmp_path, "logo.svg", SVG.format("", inside))
    write(tmp_path, "brand.yaml", "logo: logo.svg")
    data = base64.b64decode(branding.load(tmp_path).logo.partition(",")[2]).decode()
    assert "who" not in data
    assert "urn:x" not in data
    assert 'fill="url(#g)"' in data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xd8\xff\xe0 jpeg", "a JPEG"),
        (b"GIF89a", "a GIF"),
        (b"\x89PNG\r\n\x1a\n torn", "damaged PNG"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', "document type"),
        (b"<svg", "not well-formed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "does not say its size"),
        (b"<svg/>", "not an SVG"),
        (b"text", "something else"),
        (b"<svg>" + b" " * 1_000_001, "too large"),
    ],
)
def test_a_logo_is_what_its_bytes_say(tmp_path, data, words):
    write(tmp_path, "logo.png", data)
    write(tmp_path, "brand.yaml", "logo: logo.png")
    assert words in str(refused(tmp_path)[0])


def test_a_png_is_its_pixels_alone(tmp_path):
    made = io.BytesIO()
    picture = Image.new("RGB", (3000, 1500), "#0B6E4F")
    picture.save(made, "PNG", icc_profile=b"x" * 99, dpi=(10, 10))
    write(tmp_path, "logo.png", made.getvalue())
    write(tmp_path, "brand.yaml", "logo: logo.png")
    data = base64.b64decode(branding.load(tmp_path).logo.partition(",")[2])
    kept = Image.open(io.BytesIO(data))
    assert kept.size == (480, 240)
    assert not kept.info
    assert kept.getpixel((5, 5)) == (11, 110, 79, 255)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert round(themes.contrast(one, other), 2) == ratio == round(themes.contrast(other, one), 2)


def test_colours_that_are_mixed_can_be_read():
    for colour in ("#ff0000", "#ffff00", "#00ff00", "#5A6672", "#ffffff", "#000000"):
        assert themes.contrast(themes.darkened(colour, 4.5), "#ffffff") >= 4.5
        assert themes.contrast(themes.lightened(colour), themes.DARK["#FFFFFF"]) >= 4.5
    assert themes.darkened("#a3182d", 4.5) == "#a3182d"


def test_difference_is_that_of_cie76():
    assert themes.difference("#123456", "#123456") == 0
    assert themes.difference("#ffffff", "#000000") == pytest.approx(100, abs=0.01)
    assert themes.difference("#ff0000", "#00ff00") == pytest.approx(170.6, abs=0.2)
