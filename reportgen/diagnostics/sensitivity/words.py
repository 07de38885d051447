"""What words of texts are worth: each is left out of texts that have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.sensitivity.asking import Floats, Ints, Replies
from reportgen.diagnostics.sensitivity.columns import Ask, Columns
from reportgen.diagnostics.sensitivity.plan import sample
from reportgen.diagnostics.sensitivity.roles import Layout
from reportgen.diagnostics.sensitivity.subject import Subject
from reportgen.statistics import influence
from reportgen.statistics.intervals import Interval, student

#: Words asked about, and texts that each is left out of; texts in which a word must stand.
MOST_WORDS, MOST_TEXTS, FEWEST_TEXTS = 40, 60, 5
#: Texts that are read for their words.
READ = 5000
EDGES = ".,;:!?\"'()[]{}<>«»“”‘’…"


@dataclass(frozen=True)
class Word:
    """A word, left out of ``n`` texts.

    ``rise`` is that of the squared error; ``moved`` the mean distance of the answers.
    """

    text: str
    n: int
    rise: Interval
    moved: Interval


@dataclass(frozen=True)
class Words:
    """Words in the order of what they are worth; ``asked`` of ``known`` that texts share."""

    words: tuple[Word, ...]
    known: int
    sent: int


def of_texts(subject: Subject, table: Columns, layout: Layout, budget: int | None) -> Words | None:
    """Words of the first column of texts, or tokens; None where there is none."""
    role = next((r for r in layout.roles if r.kind in ("text", "tokens")), None)
    if role is None or subject.steps is not None:
        return None
    j = role.columns[0]
    rows = sample(subject.rows, READ, subject.case.rng("read"))
    if role.kind == "text":
        texts = table.texts(j, rows)
        standing = places([read(text) for text in texts])

        def without(word: str, some: Ints) -> NDArray[Any]:
            out: NDArray[Any] = np.empty(len(some), dtype=object)
            out[:] = [left_out(text, word) for text in texts[some]]
            return out

    else:
        tokens = table.numbers(j, rows).astype(np.int64)
        standing = places([{f"token {v}" for v in np.unique(row[row > 0])} for row in tokens])

        def without(word: str, some: Ints) -> NDArray[Any]:
            given = tokens[some]
            return np.where(given == int(word.removeprefix("token ")), 0, given)

    known = {w: at for w, at in standing.items() if FEWEST_TEXTS <= len(at) < len(rows)}
    chosen = telling(known, scores_of(subject.before.at(rows)), MOST_WORDS)
    each = MOST_TEXTS if budget is None else int(np.clip(budget // max(len(chosen), 1), 5, 60))
    if not chosen:
        return None
    asks, picked = {}, {}
    for k, word in enumerate(chosen):
        some = sample(known[word], each, subject.case.rng(f"word {k}"))
        picked[k] = some
        asks[f"word:{k}"] = Ask(rows[some], {j: without(word, some)})
    found = subject.asked(asks, table.copied, table.size)
    words = [
        _worth(subject, word, rows[picked[k]], found[f"word:{k}"]) for k, word in enumerate(chosen)
    ]
    words.sort(key=lambda w: -abs(w.moved.value))
    return Words(tuple(words), len(known), sum(len(a.rows) for a in asks.values()))


def _worth(subject: Subject, word: str, rows: Ints, replies: Replies) -> Word:
    rise = subject.errors(rows, replies) - subject.errors(rows)
    design = subject.design(rows)
    mean = influence.mean(rise, design.weights)
    moved = subject.change(rows, replies).moved
    return Word(
        word, len(rows),
        student(mean.value, design.se(mean.rows), design.df, method="t over rows"), moved,
    )  # fmt: skip


def read(text: str | None) -> set[str]:
    """The words of a text, small, without the marks around them."""
    return {bare for word in (text or "").split() if (bare := word.strip(EDGES).lower())}


def left_out(text: str, word: str) -> str:
    """A text without a word, wherever it stands."""
    return " ".join(part for part in text.split() if part.strip(EDGES).lower() != word)


def places(read_rows: Sequence[set[str]]) -> dict[str, Ints]:
    """Word -> rows that have it."""
    found: dict[str, list[int]] = defaultdict(list)
    for k, words in enumerate(read_rows):
        for word in words:
            found[word].append(k)
    return {word: np.array(at, dtype=np.int64) for word, at in found.items()}


def scores_of(given: Replies) -> Floats:
    """One or more numbers a row that words are set against: scores, values, or labels as 0/1."""
    if given.values is not None:
        return given.values
    if given.scores is not None:
        return given.scores.reshape(len(given.scores), -1)
    assert given.labels is not None
    labels = given.labels.reshape(len(given.labels), -1)
    return np.asarray(labels == labels[:1], dtype=np.float64)


def telling(known: Mapping[str, Ints], scores: Floats, most: int) -> list[str]:
    """Words whose texts have the most unusual answers, by |mean difference| in standard errors.

    This costs no question: it says which words are worth one.
    """
    spread = scores.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)
    middle = scores.mean(axis=0)
    told = {
        word: float((np.abs(scores[at].mean(axis=0) - middle) / spread).max() * np.sqrt(len(at)))
        for word, at in known.items()
    }
    return sorted(told, key=lambda word: (-told[word], word))[:most]
