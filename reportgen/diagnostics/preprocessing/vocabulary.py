"""Words of texts that the other texts do not have."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.preprocessing.columns import thinned

WORD = re.compile(r"\w+")
ROWS = 20_000


@dataclass(frozen=True)
class Coverage:
    """Mean share of a text's words that train does not have: the split's, and train's held out."""

    train: float
    split: float
    p: float
    words: tuple[str, ...]

    @property
    def more(self) -> float:
        return self.split - self.train


def coverage(train: NDArray[Any], split: NDArray[Any]) -> Coverage | None:
    """Compare the split's texts with train's, each of these held out by itself.

    A word that stands in one train text alone would be new if that text were not there; the share
    of such words is what a text of the same kind brings along (Good and Turing). Welch's t over
    texts.
    """
    from scipy import stats

    texts = [[_words(v) for v in thinned(x, ROWS)] for x in (train, split)]
    in_texts = Counter(w for words in texts[0] for w in set(words))
    own = _shares(texts[0], lambda w: in_texts[w] == 1)
    theirs = _shares(texts[1], lambda w: w not in in_texts)
    if min(len(own), len(theirs)) < 5:
        return None
    if own.std() + theirs.std() == 0:
        return None
    p = float(stats.ttest_ind(own, theirs, equal_var=False).pvalue)
    new = Counter(w for words in texts[1] for w in words if w not in in_texts)
    return Coverage(float(own.mean()), float(theirs.mean()), p,
                    tuple(w for w, _ in new.most_common(10)))  # fmt: skip


def _words(value: Any) -> list[str]:
    return [] if value is None else WORD.findall(str(value).lower())


def _shares(texts: list[list[str]], new: Any) -> NDArray[np.float64]:
    return np.array([np.mean([new(w) for w in words]) for words in texts if words])
