"""What PDF/A-3a and PDF/UA-1 ask of a file, looked up with pikepdf (there is no veraPDF)."""

import io
import re
from collections import Counter
from itertools import pairwise

import pikepdf
import pytest

from reportgen.render.pdf import render_pdf
from tests.render import reports

NAMES = ["churn", "clean", "nasty", "all_failed"]
MAY_HOLD = {
    "/L": {"/LI"},
    "/LI": {"/Lbl", "/LBody"},
    "/Table": {"/THead", "/TBody", "/TR", "/Caption"},
    "/THead": {"/TR"},
    "/TBody": {"/TR"},
    "/TR": {"/TH", "/TD"},
}
OPERATORS = {"BMC", "BDC", "EMC"}


@pytest.fixture(scope="module")
def files():
    return {}


@pytest.fixture(params=NAMES)
def pdf(request, eleven, files):
    name = request.param
    if name not in files:
        files[name] = render_pdf(reports.ALL[name]())
    return pikepdf.open(io.BytesIO(files[name]))


def kids(element):
    found = element.get("/K", [])
    return list(found) if isinstance(found, pikepdf.Array) else [found]


def walk(element, above=()):
    for kid in kids(element):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid, (*above, element)
            yield from walk(kid, (*above, element))


def elements(pdf):
    (document,) = kids(pdf.Root.StructTreeRoot)
    return [(document, ()), *walk(document)]


def test_parts_stand_where_they_may(pdf):
    for element, above in elements(pdf):
        kind = str(element.S)
        below = {str(k.S) for k in kids(element) if isinstance(k, pikepdf.Dictionary) and "/S" in k}
        if kind in MAY_HOLD:
            assert below <= MAY_HOLD[kind], (kind, below)
        if kind in ("/LI", "/TR"):
            assert str(above[-1].S) in {k for k, v in MAY_HOLD.items() if kind in v}
        if above and "/S" in above[-1]:
            assert element.P.objgen == above[-1].objgen
        assert kids(element) or kind in ("/TD", "/TH"), kind


def test_headings_go_down_a_step_at_a_time(pdf):
    levels = [int(str(e.S)[2]) for e, _ in elements(pdf) if re.fullmatch(r"/H\d", str(e.S))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_headers_that_say_so(pdf):
    for table, _ in elements(pdf):
        if str(table.S) == "/Table":
            heads = [e for e, _ in walk(table) if str(e.S) == "/TH"]
            assert heads
            assert all(str(head.A.Scope) == "/Column" for head in heads)


def test_links_and_only_links_own_annotations(pdf):
    owners = {}
    for element, above in elements(pdf):
        for kid in kids(element):
            if isinstance(kid, pikepdf.Dictionary) and "/Obj" in kid:
                owners[kid.Obj.objgen] = element
                assert str(element.S) == "/Link"
                assert "/Link" not in [str(a.get("/S")) for a in above]
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    for page in pdf.pages:
        for annotation in page.get("/Annots", []):
            assert parents[int(annotation.StructParent)].objgen == owners[annotation.objgen].objgen
            assert int(annotation.F) == 4  # printed, and nothing else
            assert re.fullmatch(r"To [a-z ]+", str(annotation.Contents))


def test_all_that_is_drawn_is_content_or_an_artifact_and_the_tree_knows_it(pdf):
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    held = {}
    for element, _ in elements(pdf):
        for kid in kids(element):
            if isinstance(kid, int):
                held[(element.Pg.objgen, kid)] = element
    for page in pdf.pages:
        depth, seen, running = 0, Counter(), 0
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BMC", "BDC"):
                depth += 1
                if name == "BDC" and "/MCID" in operands[1]:
                    seen[int(operands[1].MCID)] += 1
                elif name == "BDC":
                    assert (str(operands[0]), str(operands[1].Type)) == ("/Artifact", "/Pagination")
                    running += 1
                else:
                    assert str(operands[0]) == "/Artifact"
            elif name == "EMC":
                depth -= 1
            elif name in ("Tj", "TJ", "S", "f", "f*", "B", "Do", "sh"):
                assert depth > 0, name
        assert depth == 0
        assert running >= 2  # at least the job's name and the page number
        assert set(seen.values()) <= {1}
        assert set(seen) == {mcid for place, mcid in held if place == page.objgen}
        mapped = parents[int(page.StructParents)]
        for mcid in seen:
            assert mapped[mcid].objgen == held[(page.objgen, mcid)].objgen


def test_the_file_says_what_it_is_alike_in_both_places(pdf):
    text = pdf.Root.Metadata.read_bytes().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in text
    assert re.search(r"pdfaid:part\W+3\b", text)
    assert re.search(r"pdfaid:conformance\W+A\b", text)
    with pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == str(pdf.docinfo["/Title"])
        assert metadata["pdf:Producer"] == str(pdf.docinfo["/Producer"])
        assert metadata["dc:creator"] == [str(pdf.docinfo["/Author"])]
        assert metadata["dc:description"] == str(pdf.docinfo["/Subject"])
        assert metadata["xmp:CreateDate"] == "2026-11-22T02:00:00Z"
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261122020000")
    extension = text.split("pdfaExtension:schemas")[1]
    assert "http://www.aiim.org/pdfua/ns/id/" in extension
    assert "<pdfaProperty:name>part</pdfaProperty:name>" in extension
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert str(pdf.Root.Lang)
    assert not pdf.is_encrypted
    assert len(pdf.trailer.ID) == 2


def test_colours_have_a_profile_and_pictures_no_smoothing(pdf):
    (intent,) = pdf.Root.OutputIntents
    assert str(intent.S) == "/GTS_PDFA1"
    profile = intent.DestOutputProfile.read_bytes()
    assert profile[36:40] == b"acsp"
    assert profile[16:20] == b"RGB "
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
            assert not item.get("/Interpolate", False)


def test_results_come_along_as_data(pdf):
    spec = pdf.Root.AF[0]
    assert str(spec.AFRelationship) == "/Data"
    assert str(spec.UF) == "report.json"
    stream = spec.EF.F
    assert str(stream.Subtype) == "/application/json"
    assert stream.Params.ModDate


def test_letters_can_be_read_back(pdf):
    """Each font is inside, and knows the character of each of its glyphs."""
    fonts = {}
    for page in pdf.pages:
        for font in page.Resources.get("/Font", {}).values():
            fonts[font.objgen] = font
    assert fonts
    for font in fonts.values():
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert {"/FontFile2", "/FontFile3"} & set(descriptor.keys())
        assert "/ToUnicode" in font


def test_pages_with_links_are_walked_in_the_order_of_the_structure(pdf):
    for page in pdf.pages:
        if "/Annots" in page:
            assert str(page.Tabs) == "/S"
