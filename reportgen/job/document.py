"""YAML text becomes plain data that remembers its lines and the digits of its numbers.

A job file is written by a person, and read before anything is trusted. So: UTF-8 of a bounded
size, one document, the plain types of YAML 1.2's core schema (``no`` is the text "no"), no
tags that build objects, no key twice, no alias that grows without bound.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reportgen.errors import JobError, Problem
from reportgen.job.keypath import KeyPath, key_path, quoted

MAX_BYTES = 2**20
MAX_DEPTH = 40
MAX_VALUES = 100_000

_INT = re.compile(r"[-+]?[0-9]{1,300}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,9})?\Z")
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what ends a line in YAML
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAG = "tag:yaml.org,2002:"
_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "seq", "map")} | {"!"}
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Float(float):
    """A float that remembers how it was written: ``Float("0.950").text == "0.950"``."""

    text: str

    def __new__(cls, text: str) -> Float:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[Float], tuple[str]]:
        return Float, (self.text,)


@dataclass(frozen=True, slots=True)
class Document:
    """A job file as read.

    ``lines`` gives, a key path, the line of its key (1-based); ``ends`` the last line of its
    value. ``problems`` are those that leave the rest readable: keys given twice, tags.
    """

    data: dict[str, Any]
    file: str
    text: str
    sha256: str
    lines: dict[KeyPath, int] = field(default_factory=dict)
    ends: dict[KeyPath, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line of a key path, or of the nearest part above it that is in the file."""
        parts = tuple(path)
        while parts not in self.lines and parts:
            parts = parts[:-1]
        return self.lines.get(parts)

    def excerpt(self, path: Sequence[str | int]) -> str:
        """The lines of a key and its value, as they stand in the file."""
        parts = tuple(path)
        if parts not in self.lines:
            return ""
        start = self.lines[parts] - 1
        rows = _LINE_END.split(self.text)[start : max(self.ends[parts], start + 1)]
        return "\n".join(row.rstrip() for row in rows).rstrip()


@dataclass(slots=True)
class _Scalar:
    value: str
    plain: bool
    tag: str | None
    line: int
    end: int


@dataclass(slots=True)
class _Collection:
    mapping: bool
    tag: str | None
    line: int
    end: int = 0
    items: list[_Node] = field(default_factory=list)
    open: bool = True
    flow: bool = False


_Node = _Scalar | _Collection


def read(path: Path) -> Document:
    """Reads a job file.

    Raises
    ------
    JobError
        if it cannot be read, is empty, too large, not UTF-8, or not one YAML mapping.
    """
    name = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise JobError(
            Problem(
                "there is no such job file",
                file=name,
                advice="Check the path, or write one with `reportgen init`.",
            )
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise JobError(Problem(f"the job file cannot be read: {reason}", file=name)) from None
    return parse(raw, name)


def parse(raw: bytes, file: str = "job.yaml") -> Document:
    """Parses the bytes of a job file; ``file`` is its name in messages.

    Raises
    ------
    JobError
        as :func:`read`.
    """
    text = _decoded(raw, file)
    problems: list[Problem] = []
    root = _composed(text, file, problems)
    if not (isinstance(root, _Collection) and root.mapping):
        raise JobError(
            Problem(
                "a job is a mapping of keys to values",
                file=file,
                line=root.line,
                expected="keys such as version:, name:, datasets:, models:",
                got="a list" if isinstance(root, _Collection) else quoted(root.value),
            )
        )
    reader = _Reader(file, problems)
    data = reader.value(root, ())
    lines = reader.lines | {(): root.line}
    ends = reader.ends | {(): root.end}
    digest = hashlib.sha256(raw).hexdigest()
    problems.sort(key=lambda problem: problem.line or 0)
    return Document(data, file, text, digest, lines, ends, tuple(problems))


def _decoded(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        raise JobError(
            Problem(
                "the file is too large to be a job",
                file=file,
                expected=f"at most {MAX_BYTES // 2**20} MiB of YAML",
                advice="Data and predictions stand in files of their own, which the job names.",
            )
        )
    encoding = _BOMS.get(raw[:2])
    try:
        if encoding is not None:
            raise ValueError
        text = raw.decode("utf-8-sig")
    except ValueError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = raw.count(b"\n", 0, start) + 1
        raise JobError(
            Problem(
                "the file is not UTF-8 text",
                file=file,
                line=line,
                got=encoding or f"byte 0x{raw[start]:02x} at position {start}",
                advice="Save it as UTF-8.",
            )
        ) from None
    if not text.strip():
        raise JobError(
            Problem(
                "the job file is empty",
                file=file,
                advice="`reportgen init` writes a commented job to start from.",
            )
        )
    return text


def _composed(text: str, file: str, problems: list[Problem]) -> _Node:
    """The tree of the one document, built without recursion; aliases share their node."""
    root: _Node | None = None
    stack: list[_Collection] = []
    anchors: dict[str, _Node] = {}
    rows = _LINE_END.split(text)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            node: _Node | None = None
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
                node = _Scalar(event.value, plain, event.tag, line, end)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                mapping = isinstance(event, yaml.MappingStartEvent)
                node = _Collection(mapping, event.tag, line, flow=bool(event.flow_style))
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
            if isinstance(node, _Collection) and node.open:
                if len(stack) >= MAX_DEPTH:
                    raise JobError(_too_deep(file, line))
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


def _aliased(anchor: str, anchors: dict[str, _Node], file: str, line: int) -> _Node:
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
    if isinstance(node, _Collection) and node.open:
        raise JobError(Problem(f"the alias *{anchor} contains itself", file=file, line=line))
    return node


def _too_deep(file: str, line: int) -> Problem:
    return Problem(
        "the file nests too deeply", file=file, line=line, expected=f"at most {MAX_DEPTH} levels"
    )


def _refuse_tag(node: _Node, file: str, problems: list[Problem]) -> None:
    if node.tag is None or node.tag in _TAGS:
        return
    shown = node.tag.replace(_TAG, "!!")
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
    rows = _LINE_END.split(text)
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


class _Reader:
    """Turns nodes into values, with the line of each path."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.lines: dict[KeyPath, int] = {}
        self.ends: dict[KeyPath, int] = {}
        self.left = MAX_VALUES

    def value(self, node: _Node, path: KeyPath) -> Any:
        self.left -= 1
        if self.left < 0:
            raise JobError(
                Problem(
                    "the file expands to too many values",
                    file=self.file,
                    line=node.line,
                    expected=f"at most {MAX_VALUES:,} values, aliases written out",
                    advice="Aliases of aliases multiply; write the values where they are used.",
                )
            )
        if len(path) > MAX_DEPTH:
            raise JobError(_too_deep(self.file, node.line))
        if isinstance(node, _Scalar):
            return _resolved(node)
        if node.mapping:
            return self.mapping(node, path)
        out = []
        for i, item in enumerate(node.items):
            inner = (*path, i)
            self.lines[inner], self.ends[inner] = item.line, item.end
            out.append(self.value(item, inner))
        return out

    def mapping(self, node: _Collection, path: KeyPath) -> dict[str, Any]:
        own: dict[str, tuple[int, _Node]] = {}
        merged: dict[str, tuple[int, _Node]] = {}
        for key, value in self.pairs(node, path):
            if key.plain and key.value == "<<" and key.tag is None:
                for name, inner in self.merge(value, path, 0):
                    merged.setdefault(name, (inner.line, inner))
                continue
            name = key.value
            if name in own:
                self.problems.append(
                    Problem(
                        f"the key {quoted(name)} is given twice",
                        file=self.file,
                        line=key.line,
                        key=key_path((*path, name)),
                        got=f"lines {own[name][0]} and {key.line}",
                        advice="Keep one of the two.",
                    )
                )
                continue
            own[name] = (key.line, value)
        out = {}
        for name, (line, value) in (merged | own).items():
            inner_path = (*path, name)
            self.lines[inner_path], self.ends[inner_path] = line, max(value.end, line)
            out[name] = self.value(value, inner_path)
        return out

    def pairs(self, node: _Collection, path: KeyPath) -> list[tuple[_Scalar, _Node]]:
        found = []
        for key, value in zip(node.items[::2], node.items[1::2], strict=True):
            if isinstance(key, _Scalar):
                found.append((key, value))
                continue
            self.problems.append(
                Problem(
                    "a key is a list or a mapping",
                    file=self.file,
                    line=key.line,
                    key=key_path(path) or None,
                    expected="a key of plain text",
                    advice="A text with brackets or braces at its start needs quotes.",
                )
            )
        return found

    def merge(self, value: _Node, path: KeyPath, depth: int) -> list[tuple[str, _Node]]:
        """The pairs that ``<<: *defaults`` brings; earlier ones win."""
        sources = value.items if isinstance(value, _Collection) and not value.mapping else [value]
        found: list[tuple[str, _Node]] = []
        for source in sources:
            self.left -= 1
            if not (isinstance(source, _Collection) and source.mapping) or depth > MAX_DEPTH:
                self.problems.append(
                    Problem(
                        "'<<' merges a mapping",
                        file=self.file,
                        line=source.line,
                        key=key_path(path) or None,
                        expected="<<: *name, of a mapping marked &name",
                    )
                )
                continue
            later: list[tuple[str, _Node]] = []
            for key, inner in self.pairs(source, path):
                self.left -= 1
                if self.left < 0:
                    return found
                if key.plain and key.value == "<<":
                    later += self.merge(inner, path, depth + 1)
                else:
                    found.append((key.value, inner))
            found += later
        return found


def _resolved(node: _Scalar) -> Any:
    """A scalar's value by YAML 1.2's core schema; dates, ``yes`` and ``0x1F`` stay text."""
    text, tag = node.value, node.tag
    if tag in ("!", _TAG + "str") or (tag is None and not node.plain):
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return Float(text)
    return text
