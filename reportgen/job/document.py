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

from reportgen.errors import JobError, Problem
from reportgen.job.keypath import KeyPath, key_path, quoted
from reportgen.job.nodes import (
    LINE_END,
    MAX_DEPTH,
    TAG,
    Collection,
    Node,
    Scalar,
    composed,
    too_deep,
)

MAX_BYTES = 2**20
MAX_VALUES = 100_000

_INT = re.compile(r"[-+]?[0-9]{1,300}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,9})?\Z")
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


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
        rows = LINE_END.split(self.text)[start : max(self.ends[parts], start + 1)]
        return "\n".join(row.rstrip() for row in rows).rstrip()


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
    root = composed(text, file, problems)
    if not (isinstance(root, Collection) and root.mapping):
        raise JobError(
            Problem(
                "a job is a mapping of keys to values",
                file=file,
                line=root.line,
                expected="keys such as version:, name:, datasets:, models:",
                got="a list" if isinstance(root, Collection) else quoted(root.value),
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


class _Reader:
    """Turns nodes into values, with the line of each path."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.lines: dict[KeyPath, int] = {}
        self.ends: dict[KeyPath, int] = {}
        self.left = MAX_VALUES

    def value(self, node: Node, path: KeyPath) -> Any:
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
            raise JobError(too_deep(self.file, node.line))
        if isinstance(node, Scalar):
            return _resolved(node)
        if node.mapping:
            return self.mapping(node, path)
        out = []
        for i, item in enumerate(node.items):
            inner = (*path, i)
            self.lines[inner], self.ends[inner] = item.line, item.end
            out.append(self.value(item, inner))
        return out

    def mapping(self, node: Collection, path: KeyPath) -> dict[str, Any]:
        own: dict[str, tuple[int, Node]] = {}
        merged: dict[str, tuple[int, Node]] = {}
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

    def pairs(self, node: Collection, path: KeyPath) -> list[tuple[Scalar, Node]]:
        found = []
        for key, value in zip(node.items[::2], node.items[1::2], strict=True):
            if isinstance(key, Scalar):
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

    def merge(self, value: Node, path: KeyPath, depth: int) -> list[tuple[str, Node]]:
        """The pairs that ``<<: *defaults`` brings; earlier ones win."""
        sources = value.items if isinstance(value, Collection) and not value.mapping else [value]
        found: list[tuple[str, Node]] = []
        for source in sources:
            self.left -= 1
            if not (isinstance(source, Collection) and source.mapping) or depth > MAX_DEPTH:
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
            later: list[tuple[str, Node]] = []
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


def _resolved(node: Scalar) -> Any:
    """A scalar's value by YAML 1.2's core schema; dates, ``yes`` and ``0x1F`` stay text."""
    text, tag = node.value, node.tag
    if tag in ("!", TAG + "str") or (tag is None and not node.plain):
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
