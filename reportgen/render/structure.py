"""The structure tree of a PDF, put right: WeasyPrint writes most of it, and leaves some undone.

What PDF/UA-1 (ISO 14289-1) asks and the tree of WeasyPrint 70 does not give:

* running heads and page numbers are artifacts, not content (7.8);
* a list holds items alone, and a term with its text is one item (7.6);
* the annotations of a link belong to the link's element, whatever stands inside it (7.18.5);
* a link says in words where it leads, not by the name of an anchor (7.18.1);
* header cells say what they are the header of (7.5);
* nothing is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MAY_BE_EMPTY = {"/TD", "/TH", "/Figure", "/Document"}
_WRAPPERS = {"/Div", "/NonStruct"}  # of items, in a list
_PAGINATION = b"<</Type /Pagination>>"


def mend(pdf: Any) -> None:
    """Put the tree of a file right, before it is written.

    Parameters
    ----------
    pdf : pydyf's document, as WeasyPrint hands it to a finisher.
    """
    if "StructTreeRoot" not in pdf.catalog:
        return
    tree = _Tree(pdf)
    content = {key for key, _ in tree.owners(tree.root)}
    for _, document in tree.kids(tree.root):
        tree.clean(document)
    owners = dict(tree.owners(tree.root))
    for number, page in enumerate(tree.pages):
        references = tree.numbers[2 * number + 1]
        for mcid in range(len(references)):
            owner = owners.get((number, mcid))
            references[mcid] = b"null" if owner is None else owner.reference
        _set_artifacts(tree.at(page["Contents"]), number, content, owners)
    for reference, owner in owners.items():
        if isinstance(reference, bytes):
            annotation = tree.at(reference)
            tree.numbers[2 * annotation["StructParent"] + 1] = owner.reference
            target = annotation["Contents"].string
            annotation["Contents"].string = f"To {target.removeprefix('s-').replace('_', ' ')}"


class _Tree:
    """The elements of one file; an entry of ``K`` is an MCID or a reference."""

    def __init__(self, pdf: Any) -> None:
        self.objects = pdf.objects
        self.root = self.at(pdf.catalog["StructTreeRoot"])
        self.numbers = self.at(self.root["ParentTree"])["Nums"]
        self.pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
        self.place = {page.reference: number for number, page in enumerate(self.pages)}

    def at(self, reference: bytes) -> Any:
        return self.objects[int(reference.split()[0])]

    def kids(self, element: Any) -> Iterator[tuple[Any, Any]]:
        """(entry, the object that it points at; None for marked content)."""
        for entry in element["K"]:
            yield entry, None if isinstance(entry, int) else self.at(entry)

    def owners(self, element: Any) -> Iterator[tuple[Any, Any]]:
        """((page, MCID) or an annotation's reference, the element that holds it)."""
        for entry, kid in self.kids(element):
            if kid is None:
                yield (self.place[element["Pg"]], entry), element
            elif kid["Type"] == "/OBJR":
                yield kid["Obj"], element
            else:
                yield from self.owners(kid)

    def clean(self, element: Any, in_link: bool = False) -> list[bytes]:
        """Put an element and all below it right.

        Returns
        -------
        the annotations below it that belong to the link it stands in.
        """
        handed: list[bytes] = []
        kept: list[Any] = []
        is_link = element["S"] == "/Link" and not in_link
        if element["S"] == "/TH":
            element["A"]["Scope"] = "/Column"
        for entry, kid in list(self.kids(element)):
            if kid is None:
                kept.append(entry)
            elif kid["Type"] == "/OBJR":
                (handed if in_link else kept).append(entry)
            else:
                below = self.clean(kid, in_link or is_link)
                (kept if is_link else handed).extend(below)
                kept += self._placed(element, kid, in_link or is_link)
        element["K"][:] = kept
        for _, kid in self.kids(element):
            if kid is not None and kid["Type"] == "/StructElem":
                kid["P"] = element.reference
        return handed

    def _placed(self, element: Any, kid: Any, in_link: bool) -> list[Any]:
        """What stands for a cleaned kid in its parent."""
        kind = kid["S"]
        if not kid["K"] and kind not in _MAY_BE_EMPTY:
            return []
        if kind == "/Link" and in_link and kid["Pg"] == element["Pg"]:
            return list(kid["K"])
        if element["S"] == "/L" and kind == "/Span":  # the space between two items
            return []
        if element["S"] == "/L" and kind in _WRAPPERS:
            return self._items(kid)
        if element["S"] == "/L" and kind == "/L":  # a column of a list in columns
            return list(kid["K"])
        return [kid.reference]

    def _items(self, wrapper: Any) -> list[bytes]:
        """The items in a wrapper; a term and its text, which are two, as one."""
        items = [kid for _, kid in self.kids(wrapper) if kid is not None and kid["S"] == "/LI"]
        if len(items) == 2 and items[0]["K"]:
            term, text = items
            self.at(term["K"][0])["S"] = "/Lbl"
            for entry, kid in self.kids(text):
                term["K"].append(entry)
                kid["P"] = term.reference
            items = [term]
        return [item.reference for item in items]


def _set_artifacts(stream: Any, page: int, content: set[Any], owners: dict[Any, Any]) -> None:
    """Marked content that no element holds is an artifact; what never was one's is pagination."""
    items = stream.stream
    for place, item in enumerate(items):
        if item != b"BDC" or not isinstance(items[place - 1], dict):
            continue
        key = (page, items[place - 1].get("MCID"))
        if key in owners:
            continue
        items[place - 2] = "/Artifact"
        if key in content:
            items[place - 1 : place + 1] = [b"", b"BMC"]
        else:
            items[place - 1] = _PAGINATION
