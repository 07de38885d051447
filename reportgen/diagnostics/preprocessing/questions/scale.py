"""Whether numbers reach the model on another scale than it, or a step before it, knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reportgen.charts.numbers import amount, listed, plural, score
from reportgen.diagnostics.preprocessing import change
from reportgen.diagnostics.preprocessing.answer import Answer, table
from reportgen.diagnostics.preprocessing.chain import Link
from reportgen.diagnostics.preprocessing.change import Changed, Gross
from reportgen.diagnostics.preprocessing.columns import ks
from reportgen.diagnostics.preprocessing.compared import comparisons
from reportgen.diagnostics.preprocessing.declared import CODES, SCALE, PreprocessingSettings
from reportgen.diagnostics.preprocessing.joint import whole
from reportgen.diagnostics.preprocessing.questions.pictures import of_blocks
from reportgen.diagnostics.preprocessing.questions.stored import of_chain
from reportgen.diagnostics.preprocessing.received import Place, Received
from reportgen.evidence import Case
from reportgen.results import Finding

ADVICE = next(c.advice for c in CODES if c.code == SCALE)


def look(
    case: Case, rows: Received, chain: tuple[Link, ...], settings: PreprocessingSettings,
    silent: bool,
) -> Answer:  # fmt: skip
    """Train against each other split, at the first place where they differ; then the chain.

    ``silent`` where the numbers are known to differ otherwise (columns in another order, each split
    scaled by itself): scales then follow from that.
    """
    found = None if silent else of_chain(chain)
    others = [n for n in ("test", "validation") if n in case.dataset.splits and case.split(n).n]
    if "train" in case.dataset.splits and not silent:
        for place in rows.places:
            for name in others:
                answer = _of_columns(case, place, name, settings) or of_blocks(place, name)
                if answer is not None:
                    return _joined(answer, found)
    if found is not None:
        return found
    if "train" not in case.dataset.splits or not others:
        return Answer(SCALE, untold="there is no second split to compare with train")
    if not any(p.numbers or p.blocks for p in rows.places):
        return Answer(SCALE, untold="no column is a number")
    return Answer(SCALE, detectable=_detectable(case, rows, others, settings))


def _joined(answer: Answer, other: Answer | None) -> Answer:
    if other is None:
        return answer
    return replace(answer, found=(*answer.found, *other.found),
                   tables=(*answer.tables, *other.tables))  # fmt: skip


def _of_columns(
    case: Case, place: Place, name: str, settings: PreprocessingSettings
) -> Answer | None:
    columns, pairs = comparisons(case, place, name)
    wide = whole(pairs, [c.by["train"] for c in columns]) or change.gross(pairs)
    if wide is not None:
        return _gross(place, name, [columns[j].name for j in wide.columns], wide)
    single = list(change.changed(pairs, settings.unit_factor))
    if not single or len(single) > max(1, len(pairs) / 2):
        return None
    return _single(place, name, [columns[c.column].name for c in single], single)


LOOKS = {
    "raw": "as raw numbers",
    "standardised": "standardised",
    "within −1 to 1": "within −1 to 1",
    "within 0 to 1": "within 0 to 1",
    "scaled by quartiles": "scaled by train's quartiles",
    "on another scale": "on another scale",
}  # fmt: skip


def _gross(place: Place, name: str, names: list[str], wide: Gross) -> Answer:
    look = wide.words.split("|")
    of = f"{plural(len(names), 'column')} of {wide.compared}"
    if wide.factor is not None:
        factor = _factor(wide.factor)
        message = f"{of} have {factor} times the spread in {name} that they have in train."
        headline = f"No. {name.capitalize()} is on another scale than train: {factor} times."
    elif look[0] != look[1]:
        message = (
            f"{of} come {LOOKS[look[0]]} in train and {LOOKS[look[1]]} in {name} "
            f"(first: {listed([f'“{n}”' for n in names], 3)})."
        )
        headline = f"No. Train comes {LOOKS[look[0]]}, {name} {LOOKS[look[1]]}."
    else:
        message = (
            f"{of} lie eight spreads or more from train, or differ eightfold or more in spread, "
            f"in {name} (first: {listed([f'“{n}”' for n in names], 3)})."
        )
        headline = f"No. Most columns of {name} are on another scale than train's."
    finding = Finding(
        code=SCALE, severity="fail", subject=f"{name}, {plural(len(names), 'column')}",
        message=message, advice=ADVICE,
        evidence={"split": name, "place": place.key, "columns": names[:50],
                  "columns_total": len(names), "compared": wide.compared, "factor": wide.factor,
                  "train_looks": look[0], "split_looks": look[1]},
    )  # fmt: skip
    return Answer(
        SCALE,
        (finding,),
        headline=headline,
        flagged=tuple(names[:50]),
        undo=_undo_all(wide) if place.key == "data" else None,
    )


def _undo_all(wide: Gross) -> Any:
    if wide.undone(np.ones(2), np.ones(2)) is None:
        return None

    def undo(train: Mapping[str, Any], split: Mapping[str, Any]) -> dict[str, Any]:
        made = {c: wide.undone(train[c], v) for c, v in split.items() if np.ptp(train[c]) > 0}
        return {c: v for c, v in made.items() if v is not None}

    return undo


def _undo_columns(changes: dict[str, Changed]) -> Any:
    return lambda train, split: {c: one.undo(split[c]) for c, one in changes.items()}


def _factor(value: float) -> str:
    return amount(value, 3)


def _single(place: Place, name: str, names: list[str], single: list[Changed]) -> Answer:
    found = []
    for column, one in list(zip(names, single, strict=True))[:10]:
        found.append(
            Finding(
                code=SCALE,
                severity="fail" if one.sure else "warn",
                subject=f"{column}, {name}",
                message=_message(column, name, one),
                advice=_advice(column, one),
                evidence={
                    "split": name,
                    "place": place.key,
                    "column": column,
                    "kind": one.kind,
                    "factor": one.factor,
                    "ks_before": one.before,
                    "ks_after": one.after,
                },
            )
        )
    rows = [[c, _words(o), score(o.before), score(o.after)]
            for c, o in zip(names[:10], single, strict=False)]  # fmt: skip
    head = [("Column", "q"), ("What was done to it", ""), ("Apart as it is", "n"),
            ("Apart, undone", "n")]  # fmt: skip
    note = "Apart: Kolmogorov and Smirnov's distance of the two splits, from 0 (alike) to 1."
    return Answer(
        SCALE, tuple(found),
        tables=(table(f"Columns of {name} on another scale than in train", head, rows, note),),
        headline=f"No. {_message(names[0], name, single[0])}",
        flagged=tuple(names[:50]),
        undo=_undo_columns(dict(zip(names, single, strict=True))) if place.key == "data" else None,
    )  # fmt: skip


def _words(one: Changed) -> str:
    if one.kind == "factor":
        unit = f" ({one.words})" if one.words else ""
        return f"{_factor(one.factor)} times{unit}"
    return one.words


def _message(column: str, name: str, one: Changed) -> str:
    if one.kind == "factor":
        unit = f", as between {one.words}" if one.words else ""
        what = f"is {_factor(one.factor)} times what it is in train{unit}"
    elif one.kind == "temperature":
        what = f"is in another unit than in train ({one.words})"
    elif one.kind == "logarithm":
        what = f"is {one.words} of what it is in train"
    else:
        what = f"comes {one.words}, while train's is raw"
    return (
        f"“{column}” of {name} {what}: the two are {score(one.before)} apart (KS) as they are, and "
        f"{score(one.after)} once that is taken back."
    )


def _advice(column: str, one: Changed) -> str:
    if one.kind == "factor" and not one.sure:
        return f"Ask where “{column}” of the two splits comes from, and bring it to one unit."
    return ADVICE


def _detectable(
    case: Case, rows: Received, others: list[str], settings: PreprocessingSettings
) -> str:
    """The smallest factor that would have been found in one column, for half of the columns."""
    for name in others:
        _, pairs = comparisons(case, rows.data, name)
        least = []
        for p in pairs:
            for factor in (settings.unit_factor, 10.0, 100.0, 1000.0):
                back = ks(p.a, np.sort(p.b * factor))
                if back >= min(change.APART + p.noise / 2, 0.97):
                    least.append(factor)
                    break
        if pairs:
            if len(least) >= len(pairs) / 2:
                return f"one of {amount(float(np.median(least)), 1)} times the scale"
            return f"half of them {amount(change.GROSS, 1)} times the scale"
    return ""
