"""What a metric may be: one definition, and what is made of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reportgen.diagnostics.metrics.rows import Rows


@dataclass(frozen=True)
class Definition:
    """One of the things that a name may mean.

    ``words`` says what it is ("F1, mean over classes"); ``same_as`` names another metric that it
    always equals (micro F1 and accuracy); ``note`` stands where an agreement is mentioned.
    """

    family: str
    words: str
    of: Callable[[Rows], float]
    average: str = ""
    same_as: str = ""
    note: str = ""


def turned(d: Definition, words: str, by: Callable[[float], float]) -> Definition:
    """Something made of its value; ``{}`` in ``words`` stands for what it is."""
    of = d.of
    return replace(d, words=words.format(d.words), of=lambda rows: by(of(rows)), same_as="")


def complement(d: Definition) -> Definition:
    """1 less it."""
    return turned(d, "1 − {}", lambda value: 1 - value)


def asked_of(d: Definition, words: str, change: Callable[[Rows], Rows]) -> Definition:
    """The same of other rows that are made of those given."""
    of = d.of
    return replace(d, words=words.format(d.words), of=lambda rows: of(change(rows)), same_as="")
