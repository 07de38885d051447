import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reportgen.render.html import render_html
from reportgen.results import HonestScore
from tests.render import reports

VOID = {"meta", "br", "img", "col", "link", "hr", "input"}


class Outline(HTMLParser):
    """Tags that must balance, ids, links, headings, and the text a reader sees."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.headings, self.tags = [], [], [], [], []
        self.text, self.sources = "", []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag in ("td", "th", "li", "p", "div", "dt", "dd", "span"):
            self.text += " "
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs.get("href"))
        self.sources += [attrs[k] for k in ("src", "href", "xlink:href") if k in attrs]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append([tag, ""])

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]
        self.sources += [v for k, v in attrs if k in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if self.open and self.headings and self.open[-1] == self.headings[-1][0]:
            self.headings[-1][1] += data.strip()


@pytest.fixture(scope="module")
def pages():
    return {}


@pytest.fixture
def page(eleven, pages):
    def get(name):
        if name not in pages:
            pages[name] = render_html(reports.ALL[name]())
        return Outline(pages[name]), pages[name]

    return get


@pytest.mark.parametrize("name", reports.ALL)
def test_every_page_is_whole_and_stands_alone(page, name):
    outline, text = page(name)
    assert not outline.open
    assert len(outline.ids) == len(set(outline.ids))
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)
    assert all(s.startswith(("#", "data:")) for s in outline.sources)
    assert not re.search(r"url\((?!data:|#)", text)
    assert "@import" not in text
    tags = {tag for tag, _ in outline.tags}
    assert not tags & {"script", "iframe", "object", "link", "form"}
    assert not any(k.startswith("on") for _, attrs in outline.tags for k in attrs)
    assert "None" not in outline.text
    assert "nan" not in outline.text.lower().split()
    assert len(text) < 1_000_000


@pytest.mark.parametrize("name", reports.ALL)
def test_headings_go_down_a_step_at_a_time(page, name):
    outline, _ = page(name)
    levels = [int(tag[1]) for tag, _ in outline.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(text for _, text in outline.headings)


@pytest.mark.parametrize("name", reports.ALL)
def test_every_figure_has_words(page, name):
    outline, _ = page(name)
    drawings = [a for tag, a in outline.tags if a.get("class") == "drawing" and tag == "div"]
    assert all(a["role"] == "img" and a["aria-label"] for a in drawings)
    assert outline.text.count("FAIL") + outline.text.count("PASS") >= 0


def test_page_one_of_a_failing_model(page):
    outline, _ = page("churn")
    order = ["churn-mlp", "FAIL", "Reported accuracy 0.953 is 0.889",
             "Two faults take 0.064 off the reported accuracy",
             "What is wrong, by measured effect", "leakage.exact-duplicates", "All diagnostics",
             "What this report holds", "Not applicable", "Reported and recomputed",
             "How it was measured", "Provenance", "Sign-off"]  # fmt: skip
    places = [outline.text.find(text) for text in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "0.040 to 0.058" in outline.text
    assert "not measured" in outline.text


def test_a_narrow_screen_reads_the_walk_in_words(page):
    """The chart's own numbers, a step a line, for a screen that the chart does not fit."""
    _, html = page("churn")
    steps = re.search(r'<ol class="steps">(.*?)</ol>', html, re.DOTALL)[1]
    scores = re.findall(r'<b class="step-score">(.*?)</b>', steps)
    assert scores == ["0.953", "0.938", "0.889", "0.805", "0.791"]
    changes = re.findall(r'<span class="step-change">(.*?)</span>', steps)
    minus = "\N{MINUS SIGN}"
    assert changes == [f"{minus}0.015", f"{minus}0.049", f"{minus}0.014"]
    assert "Balanced accuracy, 0.786 to 0.824" in steps
    assert re.search(r"max-width: 640px.*?\.steps \{ display: block", html, re.DOTALL)
    assert ".steps { display: none; }" in html


def test_page_one_of_a_clean_model_has_a_line_for_what_does_not_apply():
    report = reports.clean()
    off = [s.model_copy(update={"status": "not_applicable", "verdict": None, "reason": "no file"})
           for s in report.sections[:3]]  # fmt: skip
    html = render_html(report.model_copy(update={"sections": (*off, *report.sections[3:])}))
    table = html.partition("What was tried")[2].partition("</table>")[0]
    assert "N/A" not in table
    assert "do not apply; why stands in the contents." in html


def test_a_clean_model_says_what_was_tried(page):
    outline, _ = page("clean")
    assert "What was tried, and the smallest effect that would have been found" in outline.text
    assert outline.text.count("A rival ahead by 0.009") == 10
    assert "What is wrong" not in outline.text
    assert "The reported accuracy comes out to the digit" in outline.text


def test_reported_numbers_keep_their_digits(page):
    outline, _ = page("churn")
    text = re.sub(r"\s+", " ", outline.text)
    assert "Accuracy test 0.953 0.9380 +0.0150 no" in text
    assert "ROC-AUC test 0.9707 0.9707 0 yes" in text
    assert "the loss the model was compiled with is not stored" in text
    assert "85.7 % 85.7\u202f% 0 yes" in re.sub(r"[ \n]+", " ", page("clean")[0].text)


def test_metrics_stand_side_by_side_by_split(page):
    text = re.sub(r"[ \n]+", " ", page("churn")[0].text)
    assert "Accuracy 0.987 0.941 0.938 0.929 to 0.946 at least 0.790 PASS" in text
    assert "Rows equal to a train row – – 60.5\u202f% counted at most 1.0\u202f% FAIL" in text
    assert "only one class occurs" in text


def test_many_metrics_are_cut_and_said(page):
    assert "further metric" in page("multiclass")[0].text


def test_an_audit_that_failed_says_why(page):
    outline, _ = page("all_failed")
    assert "INCOMPLETE" in outline.text
    assert "What went wrong" in outline.text
    assert outline.text.count("lacks its weights") >= 12


def test_names_from_data_are_text(page):
    outline, text = page("nasty")
    assert "<script>alert" not in text
    assert '<script>alert("x")</script>&{{ 7*7 }} 😀 $x$' in outline.text
    assert "49" not in re.sub(r"\d{3,}|0\.\d+", "", outline.headings[0][1])
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", outline.text)


def test_a_figure_that_fails_leaves_its_section(page):
    outline, _ = page("nasty")
    assert "A figure could not be drawn: ValueError" in outline.text
    assert "Is its confidence worth anything?" in outline.text


def test_a_partial_that_fails_leaves_its_section(eleven, monkeypatch, tmp_path):
    from reportgen.render import environment

    (tmp_path / "diagnostics").mkdir()
    for path in environment.folder().glob("*.*"):
        (tmp_path / path.name).write_text(path.read_text())
    partial = tmp_path / "diagnostics" / "performance.html.j2"
    partial.write_text(
        '{% extends "section.html.j2" %}{% block metrics %}{{ nothing }}{% endblock %}'
    )
    monkeypatch.setattr(environment, "folder", lambda: tmp_path)
    monkeypatch.setattr(environment, "has", lambda name, look=None: (tmp_path / name).is_file())
    environment.environment.cache_clear()
    try:
        outline = Outline(render_html(reports.predictions_only()))
    finally:
        environment.environment.cache_clear()
    assert "The layout of this section failed" in outline.text
    assert "Log loss" in outline.text


def test_a_partial_may_ask_for_a_series_that_is_not_there(eleven, monkeypatch, tmp_path):
    from reportgen.render import environment

    (tmp_path / "diagnostics").mkdir()
    for path in environment.folder().glob("*.*"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "diagnostics" / "performance.html.j2").write_text(
        '{% extends "section.html.j2" %}{% block after_metrics %}'
        "{% if s.section.series.absent %}never{% else %}"
        "<p>rows: {{ s.section.series.rows | length }}</p>{% endif %}{% endblock %}"
    )
    monkeypatch.setattr(environment, "folder", lambda: tmp_path)
    monkeypatch.setattr(environment, "has", lambda name, look=None: (tmp_path / name).is_file())
    environment.environment.cache_clear()
    try:
        outline = Outline(render_html(reports.predictions_only()))
    finally:
        environment.environment.cache_clear()
    assert "rows: 4" in outline.text


def test_a_report_without_any_score_is_drawn(eleven):
    outline = Outline(render_html(reports.churn(honest_score=HonestScore())))
    assert "From reported" not in outline.text


def test_the_same_report_is_the_same_text(eleven):
    report = reports.predictions_only()
    first = render_html(report)
    assert render_html(type(report).from_json(report.to_json())) == first


def test_dark_colours_are_given_for_every_colour_of_a_figure(page):
    _, text = page("churn")
    used = set(re.findall(r"var\(--k([0-9a-f]{6}),", text))
    given = set(re.findall(r"--k([0-9a-f]{6}):#", text))
    assert used
    assert used == given
