"""What needs no second split: constants, numbers kept as text, numbers that are none."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.charts.numbers import amount, listed, plural
from reportgen.diagnostics.preprocessing.answer import Answer
from reportgen.diagnostics.preprocessing.declared import AS_TEXT, CODES, CONSTANT, FINITE
from reportgen.diagnostics.preprocessing.received import Received
from reportgen.evidence import Case
from reportgen.results import Finding

ADVICE = {c.code: c.advice for c in CODES}
NUMBERS = 0.9  # share of a text column's values that are numbers
WITH_POINT = 0.3  # of which so many have decimals: codes and postcodes have none
VALUES = 10
LARGEST = {"float16": 65504.0, "float32": 3.4e38}


def constants(case: Case, rows: Received) -> Answer:
    """Columns of one value in train, at the last place; and in a split where train varies."""
    place = rows.last
    first = next(iter(case.dataset.splits))
    of = "train" if "train" in case.dataset.splits else first
    flat = [c.name for c in place.columns if of in c.by and _one(c.by[of], c.numeric)]
    found = []
    if flat:
        found.append(
            Finding(
                code=CONSTANT,
                severity="info",
                subject=plural(len(flat), "column"),
                message=f"{plural(len(flat), 'column')} of {len(place.columns):,} "
                f"{'has' if len(flat) == 1 else 'have'} one value in all rows of {of}: "
                f"{listed([f'“{c}”' for c in flat], 4)}.",
                advice=ADVICE[CONSTANT],
                evidence={"split": of, "columns": flat[:50], "columns_total": len(flat)},
            )
        )
    for name in ("validation", "test"):
        dead = [
            c.name
            for c in place.columns
            if name in c.by and "train" in c.by and len(c.by[name]) >= 20
            and _one(c.by[name], c.numeric) and not _nearly(c.by["train"], c.numeric)
        ]  # fmt: skip
        if dead:
            found.append(
                Finding(
                    code=CONSTANT,
                    severity="info",
                    subject=f"{name}, {plural(len(dead), 'column')}",
                    message=f"{listed([f'“{c}”' for c in dead], 4)} "
                    f"{'has' if len(dead) == 1 else 'have'} one value in all rows of {name}, and "
                    "many in train.",
                    advice="Find out why it does not vary there.",
                    evidence={"split": name, "columns": dead[:50], "columns_total": len(dead)},
                )
            )
    if not place.columns:
        return Answer(CONSTANT, untold="the inputs are no columns")
    return Answer(CONSTANT, tuple(found))


def _one(values: Any, numeric: bool) -> bool:
    if len(values) < 2:
        return False
    if numeric:
        return bool((values == values[0]).all())
    return len(set(values.tolist())) == 1


def _nearly(values: Any, numeric: bool) -> bool:
    """Whether one value stands in nearly all rows, so that a small split may hold it alone."""
    if not len(values):
        return True
    _, counts = np.unique(values if numeric else values.astype(str), return_counts=True)
    return bool(counts.max() > 0.8 * len(values))


def as_text(case: Case, rows: Received) -> Answer:
    """Columns of text that hold numbers."""
    texts = rows.data.texts
    if not texts or case.dataset.kind == "text":
        return Answer(AS_TEXT, untold="no column is text")
    found = []
    for column in texts:
        told = _numbers(np.concatenate(list(column.by.values())))
        if told is None:
            continue
        numbers, n, others = told
        rest = f"; the others are {listed([f'“{v}”' for v in others], 3)}" if others else ""
        found.append(
            Finding(
                code=AS_TEXT,
                severity="warn",
                subject=column.name,
                message=f"“{column.name}” is text, and {numbers:,} of its {n:,} values are "
                f"numbers{rest}.",
                advice=ADVICE[AS_TEXT],
                evidence={"column": column.name, "numbers": numbers, "rows": n, "others": others},
            )
        )
    headline = f"Not quite. {found[0].message}" if found else ""
    return Answer(AS_TEXT, tuple(found), headline=headline,
                  flagged=tuple(f.subject for f in found))  # fmt: skip


def _numbers(values: Any) -> tuple[int, int, list[str]] | None:
    known = [str(v) for v in values.tolist() if v is not None]
    if len(known) < 20 or len(set(known[:5000])) < VALUES:
        return None
    fine = [v for v in known if _is_number(v)]
    pointed = sum("." in v or "," in v for v in fine)
    if len(fine) < NUMBERS * len(known) or pointed < WITH_POINT * len(fine):
        return None
    others = sorted({v for v in known if not _is_number(v)})[:5]
    return len(fine), len(known), others


def _is_number(text: str) -> bool:
    try:
        value = float(text.strip().replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return bool(np.isfinite(value))


def not_finite(case: Case, rows: Received) -> Answer:
    """Infinite values at any place; values beyond the model's precision at the last."""
    found = []
    for place in rows.places:
        hits = {
            (c.name, n): int(np.isinf(x).sum())
            for c in place.numbers
            for n, x in c.by.items()
            if np.isinf(x).any()
        }
        for block in place.blocks:
            for n, x in block.by.items():
                if x.dtype.kind == "f" and np.isinf(x).any():
                    hits[block.name, n] = int(np.isinf(x).sum())
        if hits:
            (name, split), count = max(hits.items(), key=lambda h: h[1])
            columns = sorted({c for c, _ in hits})
            found.append(
                Finding(
                    code=FINITE,
                    severity="warn",
                    subject=plural(len(columns), "column"),
                    message=f"{plural(count, 'value')} of “{name}” in {split} "
                    f"{'is' if count == 1 else 'are'} infinite"
                    + (
                        f", and values of {plural(len(columns) - 1, 'other column')}."
                        if columns[1:]
                        else "."
                    ),
                    advice=ADVICE[FINITE],
                    evidence={
                        "place": place.key,
                        "split": split,
                        "columns": columns[:50],
                        "values": count,
                    },
                )
            )
            break
    if not found:
        found += _too_large(case, rows)
    headline = f"Not quite. {found[0].message}" if found else ""
    if not any(p.numbers or p.blocks for p in rows.places):
        return Answer(FINITE, untold="no column is a number")
    return Answer(FINITE, tuple(found), headline=headline,
                  flagged=tuple(found[0].evidence["columns"]) if found else ())  # fmt: skip


def _too_large(case: Case, rows: Received) -> list[Finding]:
    precision = _precision(case)
    limit = LARGEST.get(precision)
    if limit is None:
        return []
    hits = [
        (float(np.abs(finite).max()), c.name, n)
        for c in rows.last.numbers
        for n, x in c.by.items()
        if len(finite := x[np.isfinite(x)]) and float(np.abs(finite).max()) > limit
    ]
    if not hits:
        return []
    size, name, split = max(hits)
    return [
        Finding(
            code=FINITE, severity="warn", subject=name,
            message=f"“{name}” reaches {amount(size, 3)} in {split}; {precision}, in which the "
            f"model computes, ends at {amount(limit, 3)}.",
            advice=ADVICE[FINITE],
            evidence={"split": split, "columns": sorted({h[1] for h in hits})[:50],
                      "largest": size, "precision": precision},
        )
    ]  # fmt: skip


def _precision(case: Case) -> str:
    """The least precise type that the model's layers compute in; "" where it does not say."""
    if case.predictor.framework not in ("keras", "tf_keras"):
        return ""
    kinds = set()
    for layer in getattr(case.predictor.model, "layers", ()):
        kinds.add(str(getattr(layer, "compute_dtype", "")))
    return "float16" if "float16" in kinds else "float32" if "float32" in kinds else ""
