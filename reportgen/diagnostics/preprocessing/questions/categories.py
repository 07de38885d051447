"""Categories, and words, of the judged rows that no training row has."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.charts.numbers import fixed, listed, plural, share
from reportgen.diagnostics.preprocessing.answer import Answer, table
from reportgen.diagnostics.preprocessing.chain import Link
from reportgen.diagnostics.preprocessing.declared import CODES, UNSEEN, PreprocessingSettings
from reportgen.diagnostics.preprocessing.received import Received
from reportgen.diagnostics.preprocessing.unseen import Unseen, log_chance_alone, unseen
from reportgen.diagnostics.preprocessing.vocabulary import coverage
from reportgen.evidence import Case
from reportgen.results import Finding
from reportgen.statistics.corrections import holm

ADVICE = next(c.advice for c in CODES if c.code == UNSEEN)
OWN = 0.9  # share of distinct values from which a column names its rows
WORDS = 4.0  # words a value from which a column holds texts
MISSING_KEY = "(missing)"


@dataclass(frozen=True)
class _Told:
    column: str
    split: str
    found: Unseen
    rows: int
    n: int
    becomes: str
    names: tuple[tuple[str, int], ...]


def look(
    case: Case, rows: Received, chain: tuple[Link, ...], settings: PreprocessingSettings
) -> Answer:
    """Each column of categories, of the data or of an encoder, on each judged split."""
    others = [n for n in ("test", "validation") if n in case.dataset.splits and case.split(n).n]
    columns = list(_columns(case, rows, chain))
    texts = _texts(rows)
    if "train" not in case.dataset.splits or not others:
        return Answer(UNSEEN, untold="there is no second split to compare with train")
    if not columns and not texts:
        return Answer(UNSEEN, untold="no column holds categories or texts")
    told = [t for name in others for t in _of_split(case, columns, name)]
    adjusted = holm([t.found.p for t in told])
    grave = [t for t, p in zip(told, adjusted, strict=True) if p <= settings.alpha and t.rows]
    mild = [t for t, p in zip(told, adjusted, strict=True) if p > settings.alpha and t.rows]
    found = [_finding(t) for t in sorted(grave, key=lambda t: -t.rows)[:10]]
    found += _not_known(chain)
    found += _words_unseen(case, texts, others, settings)
    headline = ""
    if any(f.severity == "warn" for f in found):
        headline = f"Not quite. {found[0].message}"
    if mild:
        found.append(_by_chance(mild))
    return Answer(
        UNSEEN, tuple(found),
        detectable=_detectable(case, others[0], len(columns), settings) if columns else "",
        tables=_table(grave), headline=headline, flagged=tuple(t.column for t in grave),
    )  # fmt: skip


def key(value: Any) -> str:
    """A category as text, alike for 1, 1.0 and numpy's own."""
    if value is None or value != value:
        return MISSING_KEY
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, float, np.integer, np.floating)):
        return f"{float(value):.12g}"
    return str(value)


def _columns(
    case: Case, rows: Received, chain: tuple[Link, ...]
) -> Iterator[tuple[str, dict[str, np.ndarray], str]]:
    """Name, values by split, and what the encoder makes of an unknown one."""
    told = {}
    for link in chain:
        if link.categories is None:
            continue
        for j, values in _of_encoder(link):
            told[link.columns[j] if j < len(link.columns) else f"{link.where}, column {j}"] = (
                values, link.unknown or f"{link.kind} encodes it",
            )  # fmt: skip
    by_layer = {k.columns[0]: k.unknown for k in chain if k.unknown and len(k.columns) == 1}
    wanted = _used(case)
    for column in rows.data.texts:
        if wanted is not None and column.name not in wanted:
            continue
        if wordy(column.by.get("train")):
            continue
        becomes = told.pop(column.name, (None, by_layer.get(column.name, "")))[1]
        yield column.name, {n: np.array([key(v) for v in x], dtype=object)
                            for n, x in column.by.items()}, becomes  # fmt: skip
    for name, (values, becomes) in told.items():
        yield name, values, becomes


def _used(case: Case) -> set[str] | None:
    """Columns that the model asks for by name; None where it does not say."""
    first: Any = case.preprocess.steps[0] if case.preprocess.steps else case.predictor.model
    first = getattr(first, "transformer", first)
    names = getattr(first, "feature_names_in_", None)
    if names is None:
        return None
    kept = set(map(str, names))
    step = first.steps[0][1] if getattr(first, "steps", None) else first
    for _, inner, columns in getattr(step, "transformers_", ()):
        if isinstance(inner, str) and inner == "drop":
            at = np.atleast_1d(np.asarray(columns, dtype=object)).tolist()
            kept -= {str(names[c]) if isinstance(c, (int, np.integer)) else str(c) for c in at}
    return kept


def _of_encoder(link: Link) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    assert link.categories is not None
    arrays = {n: np.asarray(x, dtype=object) for n, x in link.fed.items() if len(np.shape(x)) == 2}
    for j in range(len(link.categories)):
        if all(x.shape[1] > j for x in arrays.values()) and arrays:
            yield j, {n: np.array([key(v) for v in x[:, j]], dtype=object)
                      for n, x in arrays.items()}  # fmt: skip


def _of_split(case: Case, columns: Sequence[Any], name: str) -> Iterator[_Told]:
    units = (case.split("train").units, case.split(name).units)
    for column, values, becomes in columns:
        if not {"train", name} <= set(values):
            continue
        train, split = values["train"], values[name]
        if len(set(train.tolist())) >= OWN * len(train):
            continue  # it names its rows
        counts = [_counted(train, units[0]), _counted(split, units[1])]
        sizes = [
            len(v) if _apart(v, u) else len(set(np.asarray(u).astype(str).tolist()))
            for v, u in zip((train, split), units, strict=True)
        ]
        for c in counts:
            c.pop(MISSING_KEY, None)
        found = unseen(counts[0], counts[1], sizes[0], sizes[1])
        new = {c for c, _ in found.counts}
        rows = Counter(v for v in split.tolist() if v in new)
        yield _Told(column, name, found, sum(rows.values()), len(split), becomes,
                    tuple(rows.most_common()))  # fmt: skip


def _apart(values: np.ndarray, units: Any) -> bool:
    """Whether rows stand alone; steps of sequences are no rows of these."""
    return units is None or len(units) != len(values)


def _counted(values: np.ndarray, units: Any) -> Counter[str]:
    """Rows by category; where rows belong together, how many groups have it."""
    if _apart(values, units):
        return Counter(values.tolist())
    both = {(u, v) for u, v in zip(np.asarray(units).astype(str).tolist(), values.tolist(),
                                   strict=True)}  # fmt: skip
    return Counter(v for _, v in both)


def _finding(t: _Told) -> Finding:
    names = listed([f"“{c[:30]}”" for c, _ in t.names], 3)
    became = f" There {t.becomes}." if t.becomes else ""
    message = (
        f"{t.rows:,} of {t.n:,} {t.split} rows ({share(t.rows / t.n)}) hold "
        f"{plural(len(t.names), 'category', 'categories')} of “{t.column}” that train never has: "
        f"{names}. A random cut leaves {_expected(t.found.expected)} unseen.{became}"
    )
    return Finding(
        code=UNSEEN, severity="warn", subject=f"{t.column}, {t.split}", message=message,
        advice=ADVICE,
        evidence={"split": t.split, "column": t.column, "rows": t.rows, "share": t.rows / t.n,
                  "categories": [list(c) for c in t.names[:20]], "categories_total": len(t.names),
                  "expected": t.found.expected, "p": t.found.p, "unknown": t.becomes},
    )  # fmt: skip


def _expected(value: float) -> str:
    return fixed(value, 0 if value >= 9.5 else 1)


def _by_chance(mild: list[_Told]) -> Finding:
    t = max(mild, key=lambda t: t.rows)
    return Finding(
        code=UNSEEN, severity="info", subject=plural(len({m.column for m in mild}), "column"),
        message=f"{plural(t.rows, f'{t.split} row')} hold{'s' if t.rows == 1 else ''} values of "
        f"“{t.column}” that train does not have; a random cut leaves "
        f"{_expected(t.found.expected)}."
        + (f" There {t.becomes}." if t.becomes else ""),
        evidence={"split": t.split, "column": t.column, "rows": t.rows,
                  "expected": t.found.expected, "p": t.found.p},
    )  # fmt: skip


def _not_known(chain: tuple[Link, ...]) -> list[Finding]:
    """Encoders that do not know what train itself has."""
    found = []
    for link in chain:
        if link.categories is None:
            continue
        for j, values in _of_encoder(link):
            if "train" not in values:
                continue
            known = {key(c) for c in link.categories[j]}
            if getattr(link.step, "infrequent_categories_", None) is not None:
                continue
            unknown = Counter(v for v in values["train"].tolist() if v not in known)
            unknown.pop(MISSING_KEY, None)
            if not unknown:
                continue
            rows = sum(unknown.values())
            column = link.columns[j] if j < len(link.columns) else f"column {j}"
            found.append(
                Finding(
                    code=UNSEEN,
                    severity="warn",
                    subject=f"{column}, train",
                    message=f"{link.kind} ({link.where}) does not know "
                    f"{plural(len(unknown), 'category', 'categories')} of “{column}” that "
                    f"{plural(rows, 'train row')} hold: "
                    f"{listed([f'“{c[:30]}”' for c in unknown], 3)}.",
                    advice="Fit the encoder on the rows that the model is trained on.",
                    evidence={
                        "split": "train",
                        "column": column,
                        "rows": rows,
                        "categories": list(map(list, unknown.most_common(20))),
                    },
                )
            )
    return found[:5]


def _table(grave: list[_Told]) -> tuple[dict[str, Any], ...]:
    if not grave:
        return ()
    rows = [
        [t.column, category, f"{n:,}", share(n / t.n)]
        for t in sorted(grave, key=lambda t: -t.rows)[:4]
        for category, n in t.names[:4]
    ]
    head = [("Column", "q"), ("Category", "q"), ("Rows", "n"), ("Share", "n")]
    more = sum(max(len(t.names) - 4, 0) for t in grave[:4])
    note = f"And {plural(more, 'category', 'categories')} more." if more else ""
    return (table("Categories that train does not have", head, rows, note),)


def _detectable(case: Case, name: str, tested: int, settings: PreprocessingSettings) -> str:
    """Rows of one new category that would have been told."""
    sizes = (case.split("train").n, case.split(name).n)
    limit = math.log(settings.alpha / max(tested, 1))
    k = np.arange(1, min(sizes[1], 400) + 1, dtype=np.float64)
    enough = np.flatnonzero(log_chance_alone(k, *sizes) <= limit)
    return f"{plural(int(k[enough[0]]), 'row')} of a new category" if len(enough) else ""


def wordy(values: Any) -> bool:
    """Whether a column holds texts of several words, no categories."""
    if values is None:
        return False
    some = [v for v in values[:500] if v is not None]
    return bool(some) and float(np.mean([len(str(v).split()) for v in some])) >= WORDS


def _texts(rows: Received) -> list[Any]:
    return [c for c in rows.data.texts if wordy(c.by.get("train"))]


def _words_unseen(
    case: Case, texts: list[Any], others: list[str], settings: PreprocessingSettings
) -> list[Finding]:
    found = []
    for column in texts:
        for name in others:
            if not {"train", name} <= set(column.by):
                continue
            told = coverage(column.by["train"], column.by[name])
            if told is None or told.p > settings.alpha or told.more < 0.1:
                continue
            found.append(
                Finding(
                    code=UNSEEN,
                    severity="warn",
                    subject=f"{column.name}, {name}",
                    message=f"{share(told.split)} of the words in {name} are in no text of train; "
                    f"of a train text's, held out, {share(told.train)} are in no other.",
                    advice=ADVICE,
                    evidence={
                        "split": name,
                        "column": column.name,
                        "share": told.split,
                        "share_in_train": told.train,
                        "p": told.p,
                        "words": list(told.words),
                    },
                )
            )
    return found
