"""The tree of a YAML file, built from its events without recursion and without objects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from reportgen.errors import JobError, Problem
from reportgen.job.keypath import quoted

MAX_DEPTH = 40
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what ends a line in YAML
TAG = "tag:yaml.org,2002:"
_TAGS = {TAG + name for name in ("str", "int", "float", "bool", "null", "seq", "map")} | {"!"}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Scalar:
    """A value as written; ``plain`` without quotes."""

    value: str
    plain: bool
    tag: str | None
    line: int
    end: int


@dataclass(slots=True)
class Collection:
    """A list, or a mapping with keys and values in turn; ``open`` while it is being read."""

    mapping: bool
    tag: str | None
    line: int
    end: int = 0
    items: list[Node] = field(default_factory=list)
    open: bool = True
    flow: bool = False


Node = Scalar | Collection


def composed(text: str, file: str, problems: list[Problem]) -> Node:
    """The tree of the one document, built without recursion; aliases share their node."""
    root: Node | None = None
    stack: list[Collection] = []
    anchors: dict[str, Node] = {}
    rows = LINE_END.split(text)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            node: Node | None = None
            line, end_line = _place(event, rows)
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise JobError(
                    Problem(
                        "the file holds more than one YAML document",
                        file=file,
                        line=line,
                        advice="Keep one job a file: remove the line '---' and what follows it.",
                    )
                )
            if isinstance(event, yaml.AliasEvent):
                node = _aliased(event.anchor or "", anchors, file, line)
            elif isinstance(event, yaml.ScalarEvent):
                plain = event.style is None or event.style == ""
                end = max(end_line, line)
                node = Scalar(event.value, plain, event.tag, line, end)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                mapping = isinstance(event, yaml.MappingStartEvent)
                node = Collection(mapping, event.tag, line, flow=bool(event.flow_style))
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                closed = stack.pop()
                closed.open = False
                closed.end = max((item.end for item in closed.items), default=closed.line)
                if closed.flow:  # the closing bracket has a line of its own
                    closed.end = max(closed.end, end_line)
            if node is None:
                continue
            if isinstance(event, yaml.NodeEvent) and not isinstance(event, yaml.AliasEvent):
                if event.anchor is not None:
                    anchors[event.anchor] = node
                _refuse_tag(node, file, problems)
            if stack:
                stack[-1].items.append(node)
            elif root is None:
                root = node
            if isinstance(node, Collection) and node.open:
                if len(stack) >= MAX_DEPTH:
                    raise JobError(too_deep(file, line))
                stack.append(node)
    except yaml.MarkedYAMLError as error:
        raise JobError(_syntax(error, text, file)) from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise JobError(_forbidden(error, text, file)) from None
    if root is None:
        raise JobError(
            Problem(
                "the job file holds nothing but comments",
                file=file,
                advice="`reportgen init` writes a commented job to start from.",
            )
        )
    return root


def _place(event: yaml.Event, rows: Sequence[str]) -> tuple[int, int]:
    """First and last line of an event (1-based)."""
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        raise TypeError("events of a parser have marks")
    # Blocks end where the next thing begins.
    before = rows[end.line][: end.column] if end.line < len(rows) else ""
    return start.line + 1, end.line + bool(before.strip())


def _aliased(anchor: str, anchors: dict[str, Node], file: str, line: int) -> Node:
    node = anchors.get(anchor)
    if node is None:
        raise JobError(
            Problem(
                f"the alias *{anchor} speaks of an anchor that is not above it",
                file=file,
                line=line,
                expected=f"&{anchor} on an earlier value",
                advice="A text that starts with * needs quotes.",
            )
        )
    if isinstance(node, Collection) and node.open:
        raise JobError(Problem(f"the alias *{anchor} contains itself", file=file, line=line))
    return node


def too_deep(file: str, line: int) -> Problem:
    return Problem(
        "the file nests too deeply", file=file, line=line, expected=f"at most {MAX_DEPTH} levels"
    )


def _refuse_tag(node: Node, file: str, problems: list[Problem]) -> None:
    if node.tag is None or node.tag in _TAGS:
        return
    shown = node.tag.replace(TAG, "!!")
    problems.append(
        Problem(
            f"the tag {quoted(shown)} is not allowed: a job holds plain values only",
            file=file,
            line=node.line,
            advice="Remove the tag; Python is named as `{python: pkg.mod:function}`.",
        )
    )


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else None
    rows = LINE_END.split(text)
    source = rows[line - 1] if line is not None and line <= len(rows) else ""
    got = None
    advice = "Check the indentation, colons, quotes and brackets here and on the line before."
    if mark is not None:
        got = f"{quoted(source.strip())} (column {mark.column + 1})" if source.strip() else None
    if "\t" in source[: len(source) - len(source.lstrip())] or "'\\t'" in str(error.problem):
        advice = "There is a tab; indent with spaces."
    elif "mapping values are not allowed" in str(error.problem):
        advice = "A text with ': ' in it needs quotes; or the line before lacks its colon."
    context = f"{error.context}: " if error.context else ""
    message = f"not valid YAML: {context}{error.problem or 'it cannot be parsed'}"
    return Problem(message, file=file, line=line, got=got, advice=advice)


def _forbidden(error: yaml.YAMLError, text: str, file: str) -> Problem:
    position = getattr(error, "position", None)
    # The C parser counts bytes, the Python one characters.
    before = text.encode()[:position].decode("utf-8", "replace") if position is not None else ""
    line = before.count("\n") + 1 if position is not None else None
    reason = getattr(error, "reason", None) or "it cannot be parsed"
    return Problem(
        f"not valid YAML: {reason}",
        file=file,
        line=line,
        advice="Remove the invisible character, or write it in quotes as an escape.",
    )
