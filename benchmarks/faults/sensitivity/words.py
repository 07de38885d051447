"""Texts whose capitals or commas decide, and models that read words."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.sensitivity.rows import Floats, Rng, halves
from reportgen.evidence import Case

TEXT = "sensitivity.text-noise"


def _words(text: str) -> list[str]:
    return text.split()


_GOOD = _words("good fine lovely quick happy bright solid clean helpful pleasant friendly perfect")
_BAD = _words("bad poor awful slow broken dirty noisy dull rude useless faulty terrible")
_PLAIN = _words(
    "the room service staff product delivery order price support screen battery hotel food "
    "and with from this that came after before they were very quite some other with again"
)


def reviews(rng: Rng, n: int, length: int = 14, capitals: bool = True) -> tuple[Any, Any]:
    """Short reviews with words of praise or blame, as a table of one column."""
    y = rng.integers(0, 2, n)
    texts = []
    for k in range(n):
        own, other = (_GOOD, _BAD) if y[k] else (_BAD, _GOOD)
        words = list(rng.choice(_PLAIN, length))
        for _ in range(max(2, length // 4)):
            words[int(rng.integers(length))] = str(rng.choice(own))
        if rng.random() < 0.5:
            words[int(rng.integers(length))] = str(rng.choice(other))
        text = " ".join(map(str, words))
        texts.append((text[:1].upper() + text[1:] + "." * int(rng.random() < 0.7))
                     if capitals else text)  # fmt: skip
    return pl.DataFrame({"text": texts}), y


def vectorised(rng: Rng, n: int, length: int, capitals: bool = True, **options: Any) -> Case:
    """A bag of words and a logistic model."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    X, y = reviews(rng, n, length, capitals)
    model = make_pipeline(TfidfVectorizer(**options), LogisticRegression(C=10))
    splits = halves(X, y)
    model.fit(splits["train"][0]["text"].to_list(), splits["train"][1])

    def ask(frame: pl.DataFrame) -> Floats:
        return np.asarray(model.predict_proba(frame["text"].to_list())[:, 1])

    return case_from_arrays("binary", splits, ask, output="probability")


def by_mark(rng: Rng, n: int) -> Case:
    """A full stop at the end is read as good manners."""
    X, _ = reviews(rng, n)
    y = np.array([text.endswith(".") for text in X["text"]]).astype(np.int64)

    def ask(frame: pl.DataFrame) -> Floats:
        return np.array([0.9 if text.endswith(".") else 0.1 for text in frame["text"]])

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def by_whole_text(rng: Rng, n: int) -> Case:
    """The letters of the whole text are summed: each typo or capital is another sum."""
    X, y = reviews(rng, n)

    def ask(frame: pl.DataFrame) -> Floats:
        sums = [sum(k * ord(c) for k, c in enumerate(text)) for text in frame["text"]]
        return np.where(np.array(sums) % 7 < 4, 0.85, 0.15)

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


PLANTED = (
    FaultCase("capitals are other words", TEXT,
              lambda r: vectorised(r, 800, 14, capitals=False, lowercase=False)),
    FaultCase("capitals are other words, 150 rows", TEXT,
              lambda r: vectorised(r, 300, 10, capitals=False, lowercase=False)),
    FaultCase("a full stop decides", TEXT, lambda r: by_mark(r, 600)),
    FaultCase("letters summed", TEXT, lambda r: by_whole_text(r, 600)),
)  # fmt: skip

CLEAN = (
    CleanCase("bag of words", lambda r: vectorised(r, 800, 14)),
    CleanCase("bag of words, long", lambda r: vectorised(r, 800, 30)),
    CleanCase("bag of words, short", lambda r: vectorised(r, 800, 8)),
    CleanCase("character n-grams", lambda r: vectorised(r, 600, 14, analyzer="char_wb",
                                                        ngram_range=(2, 4))),
    CleanCase("case kept, natural capitals", lambda r: vectorised(r, 800, 14, lowercase=False)),
)  # fmt: skip
