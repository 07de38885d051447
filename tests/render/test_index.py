import re

from reportgen.render.index import IndexEntry, render_index
from tests.render import reports
from tests.render.test_html import Outline


def entries():
    return [IndexEntry(name, make(), 3.2) for name, make in reports.ALL.items()]


def test_worst_first_with_links_to_the_reports(eleven):
    page = render_index("nightly", "2026-11-22T020000", entries())
    outline = Outline(page)
    assert outline.links == [
        f"{name}/report.html"
        for name in ("churn", "multiclass", "nasty", "all_failed", "regression", "clean",
                     "predictions_only")
    ]  # fmt: skip
    text = re.sub(r"\s+", " ", outline.text)
    assert "3 FAIL 1 INCOMPLETE 1 WARN 2 PASS" in text
    assert "0.953 → 0.889 accuracy, 0.877 to 0.900" in text
    assert "22 November 2026" in text
    assert "last night" not in text
    assert "Leakage: fail" in text
    assert "Performance: could not run" in text


def test_it_stands_alone_and_escapes(eleven):
    page = render_index(reports.NASTY, "x", entries())
    outline = Outline(page)
    assert "<script>" not in page
    assert not outline.open
    assert not re.search(r"url\((?!data:)", page)
    assert not {tag for tag, _ in outline.tags} & {"script", "link", "iframe"}


def test_a_folder_name_is_an_address(eleven):
    entry = IndexEntry('a b"#%', reports.predictions_only(), 1.0)
    assert Outline(render_index("j", "r", [entry])).links == ["a%20b%22%23%25/report.html"]


def test_a_hundred_audits_and_none(eleven):
    one = reports.clean()
    many = [IndexEntry(f"m{i}", one.model_copy(update={"model": f"m{i}"}), 1.0) for i in range(100)]
    outline = Outline(render_index("j", "2026-11-22T020000", many))
    assert len(outline.links) == 100
    assert "100 models audited; nothing is wrong." in outline.text
    assert "No model was audited." in Outline(render_index("j", "r", [])).text
