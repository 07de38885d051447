import re

from reportgen.render.changes import NEW
from reportgen.render.index import IndexEntry, render_index
from reportgen.results import HonestScore, Section
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
    assert "3 FAIL 1 INCOMPLETE 1 WARN 2 PASS 7 ALL" in text
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


def test_the_worst_of_one_outcome_stands_first(eleven):
    def churn(name, **changes):
        return IndexEntry(name, reports.churn(model=name, **changes), 1.0)

    sections = reports.churn().sections
    fewer = tuple(s for s in sections if s.diagnostic != "reconciliation")
    steps = reports.churn().honest_score.steps
    less = HonestScore(steps=(steps[0], steps[1]))
    page = Outline(
        render_index(
            "j", "r", [churn("b", sections=fewer), churn("c", honest_score=less), churn("a")]
        )
    )
    assert page.links == [f"{name}/report.html" for name in ("a", "c", "b")]


def test_what_changed_is_told_by_row_and_in_a_sentence(eleven):
    told = [
        IndexEntry("a", reports.churn(model="a"), 1.0, "pass", ("was pass", "new or worse: x.y")),
        IndexEntry("b", reports.clean(), 1.0, "fail", ("was fail",)),
        IndexEntry("c", reports.churn(model="c"), 1.0, "fail", ("accuracy −0.010, was 0.899",)),
        IndexEntry("d", reports.churn(model="d"), 1.0, None, (NEW,)),
        IndexEntry("e", reports.churn(model="e"), 1.0, "fail"),
    ]
    page = render_index("j", "r2", told, previous="r1", gone=("old",))
    text = re.sub(r"\s+", " ", Outline(page).text)
    assert "Since run r1: 1 worse, 1 better, 1 of the same outcome" in text
    assert "and 1 new. No longer audited: old." in text
    assert "Was pass; new or worse: x.y." in text
    assert len(re.findall(r'<tr role="row" class="[^"]* changed', page)) == 4
    assert "Since run" not in render_index("j", "r2", told)


def test_rows_are_chosen_without_a_script(eleven):
    page = render_index("j", "r", entries())
    outline = Outline(page)
    ids = {a["id"] for tag, a in outline.tags if tag == "input"}
    asked = set(re.findall(r"main:has\(#([\w-]+):checked\)", page))
    assert {i for i in ids if not i.endswith("-all")} == asked - {"f-outcome-changed"}
    kinds = {kind for tag, a in outline.tags if tag == "tr" for kind in a.get("class", "").split()}
    for kind in re.findall(r"tr:not\(\.([\w-]+)\)", page):
        assert kind in kinds | {"changed"}
    labelled = [a for tag, a in outline.tags if tag == "input" and a["type"] == "radio"]
    assert len(labelled) == page.count("<label>")


def test_a_name_of_a_diagnostic_is_no_rule_of_the_style_sheet(eleven):
    evil = "a:checked){} * {display:none} b"
    sections = (*reports.churn().sections, Section.completed(evil, reports.findings("x", "fail")))
    told = [IndexEntry(f"m{i}", reports.clean(), 1.0) for i in range(6)]
    told.append(IndexEntry("evil", reports.churn(sections=sections), 1.0))
    page = render_index("j", "r", told)
    assert "display:none} b" not in page.split("</style>")[0]
    assert "display:none} b" in Outline(page).text
