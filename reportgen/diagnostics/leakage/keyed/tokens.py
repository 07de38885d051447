"""Parts of a key: phon_R01_S01_1 is a recording of the subject phon_R01_S01."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

PART = re.compile(r"[^\W\d_]+\d*|\d+", re.UNICODE)
MOST_PARTS = 8
LONGEST = 120  # characters beyond which a text is no key
ALIKE = 0.95  # share of rows with the usual number of parts


def parted(texts: Sequence[str | None]) -> list[list[str]]:
    """Each text's runs of letters with their number, and of digits."""
    return [PART.findall(t[:LONGEST]) if t else [] for t in texts]


def keys(texts: Sequence[str | None]) -> Iterator[tuple[str, list[str]]]:
    """Ways to read a shared key in texts: (in words, the key of each text).

    The whole text; its first parts; each part alone, where all texts have as many.
    """
    whole = [t or "" for t in texts]
    yield "", whole
    if sum(len(t) > LONGEST for t in whole[:2000]) > 0.05 * len(whole[:2000]):
        return
    parts = parted(texts)
    counts = np.array([len(p) for p in parts])
    if not len(counts) or counts.max() < 2:
        return
    usual = int(np.bincount(counts).argmax())
    if usual < 1:
        return
    regular = float(np.mean(counts == usual)) >= ALIKE and usual <= MOST_PARTS
    for length in range(1, usual if regular else 2):
        yield _first(length), ["\0".join(p[:length]) for p in parts]
    if regular:
        for k in range(1, usual):
            yield f"part {k + 1}", [p[k] if len(p) > k else "" for p in parts]


def _first(length: int) -> str:
    return "the first part" if length == 1 else f"the first {length} parts"


def codes(values: Sequence[str]) -> Codes:
    """0, 1, 2 … by value; -1 for none."""
    distinct: dict[str, int] = {}
    found = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        found[i] = distinct.setdefault(value, len(distinct)) if value else -1
    return found
