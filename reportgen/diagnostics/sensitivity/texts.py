"""Texts in other case, with other punctuation, and with typos: what a reader would not notice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WAYS = ("case", "punctuation", "typo")
#: One word of so many gets a typo, at least one; a word has as many letters to get one.
ONE_OF, LETTERS = 10, 4
_MARKS = ".,;:!?"


def changed(
    texts: NDArray[Any], way: str, rng: np.random.Generator
) -> tuple[NDArray[np.object_], float]:
    """Changed texts, missing ones as they are, and the mean share of words that are spoiled."""
    out: NDArray[np.object_] = np.empty(len(texts), dtype=object)
    spoiled = []
    for k, text in enumerate(texts):
        if not text:
            out[k] = text
            continue
        if way == "case":
            out[k] = other_case(text)
        elif way == "punctuation":
            out[k] = other_punctuation(text)
        else:
            out[k], share = with_typos(text, rng)
            spoiled.append(share)
    return out, float(np.mean(spoiled)) if spoiled else 0.0


def other_case(text: str) -> str:
    """All small; where it is so already, each word with a capital."""
    small = text.lower()
    if small != text:
        return small
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def other_punctuation(text: str) -> str:
    """Without the mark at its end, or with a full stop; the first comma inside goes."""
    stripped = text.rstrip()
    if stripped[-1:] in _MARKS and len(stripped) > 1:
        return stripped[:-1].replace(",", "", 1)
    return stripped.replace(",", "", 1) + "."


def with_typos(text: str, rng: np.random.Generator) -> tuple[str, float]:
    """Two letters exchanged inside one of ten words, and the share of long words that have it.

    Short words get none, and seldom tell much: the share is of those that might have got one.
    """
    words = text.split(" ")
    long = [k for k, word in enumerate(words) if len(word) >= LETTERS and word.isalpha()]
    real = sum(bool(word) for word in words)
    if not long:
        return text, 0.0
    spoiled = 0
    for k in rng.permutation(long)[: max(1, real // ONE_OF)]:
        word = words[k]
        at = int(rng.integers(1, len(word) - 2)) if len(word) > LETTERS else 1
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        spoiled += swapped != word
        words[k] = swapped
    return " ".join(words), spoiled / len(long)


def exchanged(rows: NDArray[Any], rng: np.random.Generator) -> tuple[NDArray[Any], float]:
    """Rows with one of ten tokens exchanged, padding (0) left alone, and the share exchanged."""
    out = rows.copy()
    words = rows[rows > 0]
    shares = []
    for row in out:
        real = np.flatnonzero(row > 0)
        if len(real) == 0 or len(words) == 0:
            continue
        k = max(1, len(real) // ONE_OF)
        row[rng.choice(real, size=k, replace=False)] = rng.choice(words, size=k)
        shares.append(k / len(real))
    return out, float(np.mean(shares)) if shares else 0.0
