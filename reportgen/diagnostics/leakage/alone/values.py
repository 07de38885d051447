"""The columns of a data set as numbers or levels, of training rows and of judged rows alike."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.evidence import Case

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_TRAIN, MOST_JUDGED = 100_000, 50_000  # rows that are looked at
MOST_NUMBERS = 60_000_000  # rows times columns
LEAST_TRAIN, LEAST_JUDGED = 10_000, 5_000
MOST_CELLS = 4_000  # pixels that are looked at as columns
MOST_WORDS = 2_000
#: Spellings of "there is no value", of a whole cell, in lower case.
ABSENT = ("", "?", "-", "--", ".", "na", "n/a", "nan", "none", "null", "unknown", "missing",
          "not available", "not known", "unk", "n.a.", "#n/a", "nil")  # fmt: skip
NUMBERS = 0.95  # of a text column's values that must be numbers for it to be one
WORD = re.compile(r"(?u)\b\w[\w']+\b")


@dataclass(frozen=True)
class Rows:
    """Rows that are looked at: places in the split, and how many there are."""

    train: Codes
    judged: Codes
    all_train: int
    all_judged: int

    @property
    def sampled(self) -> str:
        """What was left out, in words; empty for nothing."""
        if len(self.train) == self.all_train and len(self.judged) == self.all_judged:
            return ""
        return (
            f"columns were looked at on {len(self.train):,} of {self.all_train:,} training rows "
            f"and {len(self.judged):,} of {self.all_judged:,} judged rows"
        )


@dataclass(frozen=True)
class Column:
    """One column on training rows, followed by judged rows; n of both.

    Attributes
    ----------
    numbers : float64 (n,), NaN where there is no value; None for a column of levels.
    levels : codes (n,) of its levels, -1 where there is no value; None for numbers.
    texts : the levels' texts, where they were texts.
    absent : bool (n,): no value, however that is spelled.
    spelled : how a missing value is spelled in it, in words.
    place : what the column is, for messages: "column", "pixel" or "word".
    """

    name: str
    n_train: int
    numbers: Floats | None
    levels: Codes | None
    absent: NDArray[np.bool_]
    texts: tuple[str, ...] = ()
    spelled: str = ""
    place: str = "column"
    dtype: str = field(default="", compare=False)


def rows(case: Case, judged: str) -> Rows:
    """Rows with a known target that are looked at; the same whoever asks."""

    def choose() -> Rows:
        rng = case.rng("rows looked at")
        chosen = []
        few = MOST_NUMBERS // max(_width(case.split("train").X), 1)
        for name, most, least in (
            ("train", MOST_TRAIN, LEAST_TRAIN),
            (judged, MOST_JUDGED, LEAST_JUDGED),
        ):
            most = max(min(most, few), least)
            y = np.asarray(case.split(name).y)
            if y.dtype.kind == "f":
                known = np.isfinite(y).reshape(len(y), -1).all(axis=1)
            else:
                known = (y >= 0).reshape(len(y), -1).all(axis=1)
            at = np.flatnonzero(known)
            if len(at) > most:
                at = np.sort(rng.choice(at, most, replace=False))
            chosen.append(at)
        return Rows(chosen[0], chosen[1], case.split("train").n, case.split(judged).n)

    return case.memo(("leakage rows", judged), choose)


def _width(X: Any) -> int:
    if isinstance(X, pl.DataFrame):
        return X.width
    return int(min(np.prod(X.shape[1:]), MOST_CELLS)) if isinstance(X, np.ndarray) else 1


def columns(case: Case, judged: str, names: Collection[str] | None = None) -> Iterator[Column]:
    """Every column of the data set, one at a time, or those of some names.

    Yields nothing for inputs that are no columns (several arrays, sequences).
    """
    for column in _columns(case, judged, names):
        if names is None or column.name in names:
            yield column


def _columns(case: Case, judged: str, names: Collection[str] | None) -> Iterator[Column]:
    if case.split("train").steps is not None:
        return
    at = rows(case, judged)
    train, test = case.split("train").X, case.split(judged).X
    if isinstance(train, pl.DataFrame) and isinstance(test, pl.DataFrame):
        if case.dataset.kind == "text":
            yield from _words(train[at.train].to_series(), test[at.judged].to_series())
            return
        for name in train.columns if names is None else names:
            column = of_series(train[name].gather(at.train), test[name].gather(at.judged))
            if column is not None:
                yield column
        return
    if not isinstance(train, np.ndarray) or not isinstance(test, np.ndarray):
        return
    if train.dtype.kind not in "biuf" or train.ndim not in (2, 3, 4):
        return
    if train.ndim > 2 and case.dataset.kind != "images":
        return
    yield from _cells(case, train, test, at)


def why_none(case: Case) -> str:
    """Why there are no columns to look at, in words; empty where there are."""
    if case.split("train").steps is not None:
        return "each label is a step of a sequence, which has no columns of its own"
    X = case.split("train").X
    if isinstance(X, pl.DataFrame):
        return ""
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
        if X.ndim == 2 or (X.ndim in (3, 4) and case.dataset.kind == "images"):
            return ""
        return "the inputs are sequences, whose steps are no columns"
    return "the inputs are several arrays, which have no columns"


def of_series(train: pl.Series, judged: pl.Series) -> Column | None:
    """A column of a table; None for lists and objects."""
    kind = train.dtype
    if kind.is_nested() or kind in (pl.Object, pl.Binary):
        return None
    n = len(train)
    if kind == pl.Null:
        return None
    both = pl.concat([_plain(train), _plain(judged)], how="vertical") if (
        _plain(train).dtype == _plain(judged).dtype
    ) else None  # fmt: skip
    if both is None:
        both = pl.concat([_plain(train).cast(pl.String), _plain(judged).cast(pl.String)])
    if both.dtype == pl.Float64:
        numbers = both.to_numpy().astype(np.float64)
        return Column(train.name, n, numbers, None, np.isnan(numbers), dtype=str(kind))
    return _of_texts(train.name, n, both, str(kind))


def _plain(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind.is_numeric() or kind == pl.Boolean:
        return column.cast(pl.Float64).fill_null(float("nan"))
    if kind.is_temporal():
        return column.to_physical().cast(pl.Float64).fill_null(float("nan"))
    return column.cast(pl.String)


def _of_texts(name: str, n: int, both: pl.Series, dtype: str) -> Column:
    distinct = both.unique(maintain_order=True)
    plain = distinct.str.strip_chars().str.to_lowercase()
    gone = plain.is_null() | plain.is_in(list(ABSENT))
    said = [repr(v) for v in distinct.filter(gone & distinct.is_not_null()).to_list()[:3]]
    spelled = " or ".join(said)
    values = distinct.filter(~gone)
    frame = pl.DataFrame({"v": both})
    parsed = values.str.strip_chars().cast(pl.Float64, strict=False)
    if len(values) and int(parsed.is_not_null().sum()) >= NUMBERS * len(values):
        numbers = both.str.strip_chars().cast(pl.Float64, strict=False).to_numpy()
        numbers = np.array(numbers, dtype=np.float64)
        return Column(name, n, numbers, None, np.isnan(numbers), spelled=spelled, dtype=dtype)
    order = pl.DataFrame({"v": values, "c": np.arange(len(values), dtype=np.int64)})
    codes = frame.join(order, on="v", how="left", maintain_order="left")["c"].fill_null(-1)
    levels = codes.to_numpy().astype(np.int64)
    return Column(name, n, None, levels, levels < 0, tuple(values.to_list()), spelled, dtype=dtype)


def _cells(case: Case, train: np.ndarray, test: np.ndarray, at: Rows) -> Iterator[Column]:
    """Columns of an array; pixels of images, on a grid where there are too many."""
    shape = train.shape[1:]
    width = int(np.prod(shape))
    names = case.dataset.features
    step = -(-width // MOST_CELLS) if len(shape) > 1 else 1
    a, b = train.reshape(len(train), width), test.reshape(len(test), width)
    for j in range(0, width, step):
        numbers = np.concatenate([a[at.train, j], b[at.judged, j]]).astype(np.float64)
        place, name = "column", ""
        if len(shape) == 1:
            name = names[j] if j < len(names) else f"x{j}"
        else:
            place = "pixel"
            name = "pixel " + ", ".join(str(int(k)) for k in np.unravel_index(j, shape))
        yield Column(
            name, len(at.train), numbers, None, np.isnan(numbers), place=place,
            dtype=str(train.dtype),
        )  # fmt: skip


def _words(train: pl.Series, judged: pl.Series) -> Iterator[Column]:
    """Which texts hold a word, for the words that most training texts hold."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [t or "" for t in (*train.to_list(), *judged.to_list())]
    n = len(train)
    counter = CountVectorizer(
        binary=True, max_features=MOST_WORDS, min_df=2, token_pattern=WORD.pattern, dtype=np.int8
    )
    try:
        counter.fit(texts[:n])
    except ValueError:  # no word stands in two texts
        return
    held = counter.transform(texts).tocsc()
    nothing = np.zeros(len(texts), dtype=bool)
    for j, word in enumerate(counter.get_feature_names_out()):
        numbers = np.zeros(len(texts))
        numbers[held.indices[held.indptr[j] : held.indptr[j + 1]]] = 1.0
        yield Column(f"“{word}”", n, numbers, None, nothing, place="word", dtype="word")


def features_of(X: Any, case: Case) -> tuple[str, ...]:
    """Names of features that can be left out."""
    return case.dataset.features if isinstance(X, pl.DataFrame) or np.ndim(X) == 2 else ()
