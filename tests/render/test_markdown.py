"""The Markdown is read back with a CommonMark parser that is not ours."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reportgen.render import markdown
from reportgen.render.environment import visible
from reportgen.render.index import IndexEntry
from tests.render import reports

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "**bold** _it_ `code` ~~gone~~ [x](https://evil.example) ![p](data:x) <b>b</b> | a | b |",
    "# head\n- item\n> quote\n```\nfence\n```\n---\n1. one",
    "<!channel> @everyone @here #123 :bomb: https://evil.example www.evil.example a@b.example",
    "![x][y] [y]: https://evil.example",
    "&lt;img src=x onerror=alert(1)&gt; &#60;b&#62;",
    "back\\slash \\[not\\](a) trailing\\",
    "$x^2$ $$y$$ {{ 7*7 }} {% x %}",
    reports.NASTY,
]


def inline(text):
    return [t for block in PARSER.parse(text) for t in (block.children or [])]


def shown(text):
    return "".join(t.content for t in inline(text) if t.type in ("text", "code_inline"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text(name):
    written = f"- x {markdown.escaped(name)} y"
    assert {t.type for t in inline(written)} == {"text"}
    seen = shown(written).replace("\u200b", "")
    assert seen == f"x {' '.join(visible(name).split())} y".replace("\u202f", " ")


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab1 \t\n*_`~[](){}<>#+-.!|\\&;:@/$=\"'w\u202e"), max_size=40)
)
def test_no_text_is_markup(name):
    written = f"- x {markdown.escaped(name)} y"
    assert {t.type for t in inline(written)} == {"text"}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_programs_make_links_or_mentions_of_is_left(name):
    written = markdown.escaped(name)
    assert not re.search(r"@\w|#\w|://|www\.|(?<![\w\\])~~|<", written)


def entries(n=1):
    each = reports.ALL.items()
    return [IndexEntry(f"{name}-{i}", make(), 1.0) for i in range(n) for name, make in each]


def test_a_run_has_a_line_an_audit_worst_first():
    text = markdown.summary("nightly", "2026-11-22T020000", entries())
    lines = text.splitlines()
    assert lines[0] == (
        "**nightly**, [run 2026-11-22T020000](index.html): 3 FAIL, 1 INCOMPLETE, 1 WARN, 2 PASS"
    )
    words = [re.match(r"- \*\*(\w+)\*\*", line)[1] for line in lines[2:]]
    assert words == ["FAIL"] * 3 + ["INCOMPLETE", "WARN", "PASS", "PASS"]
    assert "- **PASS** [income-mlp](clean-0/report.html): accuracy 0.857 → 0.857" in lines
    links = [t.attrs["href"] for t in inline(text) if t.type == "link_open"]
    assert len(links) == 8
    assert not any(t.type in ("image", "html_inline") for t in inline(text))


def test_links_lead_to_where_the_reports_are_served():
    text = markdown.summary("j", "r", entries(), "https://ci.example/a(b)/")
    links = [t.attrs["href"] for t in inline(text) if t.type == "link_open"]
    assert links[:2] == ["https://ci.example/a%28b%29/r/index.html",
                         "https://ci.example/a%28b%29/r/churn-0/report.html"]  # fmt: skip


def test_a_hundred_audits_fit_into_a_message():
    text = markdown.summary("nightly", "r", entries(15))
    assert len(text) < 4000
    counts = [int(n) for n, _ in re.findall(r"(\d+) ([A-Z]+)", text.splitlines()[0])]
    assert sum(counts) == 105
    rest = re.search(r"and (\d+) more audits \((.*)\)", text.splitlines()[-1])
    listed = len([line for line in text.splitlines() if line.startswith("- **")])
    assert listed + int(rest[1]) == 105
    assert "PASS" in rest[2]


@pytest.mark.parametrize("name", reports.ALL)
def test_a_report_in_a_few_lines(name, eleven):
    report = reports.ALL[name]()
    text = markdown.report(report)
    assert len(text) < 4000
    kinds = {t.type for t in inline(text)}
    assert kinds <= {"text", "strong_open", "strong_close", "link_open", "link_close",
                     "code_inline", "softbreak"}  # fmt: skip
    assert [t.attrs["href"] for t in inline(text) if t.type == "link_open"] == ["report.html"]
    for cause in report.diagnosis[:5]:
        assert cause.code in text


def test_a_failing_report_says_what_it_found(eleven):
    text = markdown.report(reports.churn())
    assert "Reported → to expect: accuracy 0.953 → 0.889 (0.877 to 0.900)" in text
    assert "Fail: Leakage, Reconciliation. Warn: Seed ensemble, Imbalance, Overfit." in text
    assert "Not applicable: Change." in text
