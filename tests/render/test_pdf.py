import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pikepdf
import pytest

from reportgen.errors import RenderError
from reportgen.render import pdf as module
from reportgen.render.pdf import render_pdf
from reportgen.results import AuditReport
from tests.render import reports

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written():
    return {}


@pytest.fixture
def churn(eleven, written):
    if "churn" not in written:
        written["churn"] = render_pdf(reports.churn())
    return pikepdf.open(io.BytesIO(written["churn"]))


def elements(pdf):
    """Every element of the structure tree."""
    found, waiting = [], [pdf.Root.StructTreeRoot]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, pikepdf.Dictionary):
            continue
        if "/S" in node:
            found.append(node)
        children = node.get("/K", [])
        waiting += list(children) if isinstance(children, pikepdf.Array) else [children]
    return found


def test_results_are_attached(churn):
    attached = churn.attachments["report.json"]
    report = AuditReport.from_json(attached.get_file().read_bytes())
    assert report == reports.churn()
    assert str(churn.Root.AF[0].AFRelationship) == "/Data"


def test_it_is_tagged_with_words_for_every_figure(churn):
    assert churn.Root.MarkInfo.Marked
    assert str(churn.Root.Lang) == "en"
    tags = elements(churn)
    kinds = {str(t.S) for t in tags}
    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Figure", "/P"} <= kinds
    figures = [t for t in tags if str(t.S) == "/Figure"]
    assert len(figures) == 22
    assert all(len(str(t.Alt)) > 20 for t in figures)


def test_it_says_what_it_conforms_to(churn):
    text = churn.Root.Metadata.read_bytes().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in text
    assert re.search(r"pdfaid:part[^3]*3", text)
    assert re.search(r"pdfaid:conformance[^A]*A", text)
    assert churn.Root.ViewerPreferences.DisplayDocTitle
    assert "churn-mlp" in str(churn.docinfo["/Title"])
    assert "0.889" in str(churn.docinfo["/Subject"])


def test_bookmarks_lead_to_every_section(churn):
    with churn.open_outline() as outline:
        titles = [item.title for item in outline.root]
    assert titles[0] == "churn-mlp"
    assert titles[1] == "Contents"
    assert titles[2] == "1 · Performance"
    assert titles[-1] == "Appendix"
    assert len(titles) == 13


def test_fonts_are_inside_and_nothing_points_outside(churn):
    for obj in churn.objects:
        if not isinstance(obj, pikepdf.Dictionary):
            continue
        assert "/URI" not in obj
        if obj.get("/Type") == "/FontDescriptor":
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(obj.keys())


def test_it_is_small(churn, written):
    assert len(written["churn"]) < 1_000_000
    assert len(churn.pages) < 20


@pytest.mark.parametrize("name", ["nasty", "all_failed", "regression", "multiclass"])
def test_every_kind_of_report_is_a_pdf(eleven, name):
    pdf = pikepdf.open(io.BytesIO(render_pdf(reports.ALL[name]())))
    assert len(pdf.pages) >= 3
    assert json.loads(pdf.attachments["report.json"].get_file().read_bytes())


def test_the_same_report_is_the_same_bytes_in_another_process():
    code = (
        "import hashlib, sys\n"
        "from tests.render import reports\n"
        "import reportgen.render.figures as figures, reportgen.render.view as view\n"
        "from reportgen.render import environment\n"
        "figures.suite = view.suite = reports.suite\n"
        "environment.has = lambda template, look=None: False\n"
        "from reportgen.render.pdf import render_pdf\n"
        "if len(sys.argv) > 1: render_pdf(reports.regression())\n"
        "print(hashlib.sha256(render_pdf(reports.predictions_only())).hexdigest())\n"
    )
    seen = set()
    for seed, extra in (("1", []), ("2", ["after another"])):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *extra],
            capture_output=True, text=True, check=True, cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "TZ": f"UTC-{seed}"},
        )  # fmt: skip
        seen.add(done.stdout)
        time.sleep(1.1)  # a clock that showed would show now
    assert len(seen) == 1


def test_what_is_not_part_of_the_report_is_refused():
    page = '<html lang="en"><body><img alt="x" src="{}"></body></html>'
    for address in ("https://example.org/x.png", "file:///etc/hostname", "x.png"):
        with pytest.raises(RenderError, match="outside itself"):
            module._printed(page.format(address), b"{}", module._moment(""))
