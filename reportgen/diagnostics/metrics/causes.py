"""Why a metric is not what its name says: each cause is tried, and must explain every probe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reportgen.diagnostics.metrics.agreement import (
    Values,
    agreement,
    close,
)
from reportgen.diagnostics.metrics.alternatives import alternatives
from reportgen.diagnostics.metrics.cells import RANKS
from reportgen.diagnostics.metrics.definition import Definition, asked_of, complement
from reportgen.diagnostics.metrics.forms import Asked
from reportgen.diagnostics.metrics.names import Meaning
from reportgen.diagnostics.metrics.probes import Probe, repeated
from reportgen.diagnostics.metrics.rows import Rows

Kind = Literal["threshold", "order", "batches", "other"]
CHUNKS = (8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000, 1024)
LIMITS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)
NOT_THRESHOLDED = (*RANKS, "log_loss", "brier", "mae", "mse", "rmse", "top_k")


@dataclass(frozen=True)
class Cause:
    """``kind`` says under which code; ``words`` completes "it …"; ``definition`` what is meant."""

    kind: Kind
    words: str
    definition: Definition | None = None
    chunk: int | None = None
    complement: bool = False


def causes(
    asked: Asked, meaning: Meaning, probes: Sequence[Probe], values: Values, again: Values,
    everything: Iterable[Definition],
) -> list[Cause]:  # fmt: skip
    """The causes that explain every probe; one, or two that act together; empty for none."""
    rows = [p.rows for p in probes]
    told = _batches(meaning, probes, values)
    if told is not None:
        return [told]
    swapped = _order(asked, meaning, probes, values, again, rows)
    if swapped:
        return swapped
    decided = _elsewhere(asked, meaning, probes, values)
    if decided is not None:
        return [decided]
    found = _threshold(asked, meaning, probes, rows)
    if found:
        return found
    other = _other(meaning, probes, values, everything)
    return [other] if other is not None else []


def _elsewhere(
    asked: Asked, meaning: Meaning, probes: Sequence[Probe], values: Values
) -> Cause | None:
    """It gives labels, at another threshold; or counts the rows that are wrong."""
    rows = probes[0].rows
    if rows.task == "regression":
        return None
    found = agreement(values, probes, _complements(meaning.definitions))
    if found is not None:
        return Cause("other", f"it is {found.definition.words}", found.definition)
    if rows.task == "multiclass" or not rows.scored or meaning.family in NOT_THRESHOLDED:
        return None
    step = _step(asked, rows)
    limits = LIMITS if step is None else (*LIMITS, step)
    found = agreement(values, probes, meaning.definitions, thresholds=limits)
    if found is None:
        return None
    words = f"it is {found.definition.words} of labels given above {found.threshold:.2g}"
    return Cause("other", words, found.definition)


def _step(asked: Asked, rows: Rows) -> float | None:
    """Where the metric jumps as the scores of some rows rise together, and moves nowhere else."""
    n = min(rows.n, 60)
    few = rows.take(slice(0, n))
    y = np.where(np.arange(n) % 2 == 0, 1, 0)
    few = replace(few, y=y if rows.task == "binary" else np.tile(y[:, None], (1, rows.k)))
    fixed = np.where(np.arange(n) % 3 == 0, 0.999, np.where(np.arange(n) % 3 == 1, 0.001, -1.0))
    grid = np.arange(0.005, 1.0, 0.01)
    made = []
    for c in grid:
        p = np.where(fixed < 0, c, fixed)
        p = np.where((fixed < 0) & (np.arange(n) % 4 == 2), 0.001, p)
        made.append(
            replace(few, p=p if rows.task == "binary" else np.tile(p[:, None], (1, rows.k)))
        )
    values = asked.values(made)
    if any(v is None for v in values):
        return None
    jumps = np.flatnonzero(np.abs(np.diff(np.asarray(values, float))) > 1e-9)
    if len(jumps) != 1:
        return None
    return float(np.round((grid[jumps[0]] + grid[jumps[0] + 1]) / 2, 3))


def _complements(definitions: Iterable[Definition]) -> list[Definition]:
    return [complement(d) for d in definitions]


def hardened(probes: Sequence[Probe]) -> list[Rows]:
    """The probes' rows with labels in place of scores."""
    return [p.rows.hard() for p in probes]


def _threshold(
    asked: Asked, meaning: Meaning, probes: Sequence[Probe], rows: Sequence[Rows]
) -> list[Cause]:
    """It is right once it is given labels: alone, or with its arguments exchanged too."""
    if meaning.family in NOT_THRESHOLDED or not rows[0].scored or rows[0].task == "regression":
        return []
    ways: list[tuple[list[Rows], bool]] = [(hardened(probes), False)]
    if rows[0].task == "multiclass":
        ways.append(([r.codes() for r in rows], False))
    definitions = meaning.definitions
    swapped = _exchanged(definitions)
    for hard, _ in ways:
        values = asked.values(hard)
        again = [None, *asked.values([repeated(r) for r in hard[1:]])]
        if _constant(values):
            continue
        found = agreement(values, probes, definitions, again=again)
        if found is not None:
            return [Cause("threshold", "", found.definition)]
        found = agreement(values, probes, _complements(definitions), again=again)
        if found is not None:
            plain = next(d for d in definitions if f"1 − {d.words}" == found.definition.words)
            return [Cause("threshold", "", plain, complement=True)]
        found = agreement(values, probes, swapped, again=again)
        if found is not None:
            return [Cause("order", "", found.definition), Cause("threshold", "", found.definition)]
    return []


def _constant(values: Values) -> bool:
    known = [v for v in values if v is not None]
    return len(known) > 0 and max(known) - min(known) < 1e-9


def _exchanged(definitions: Iterable[Definition]) -> list[Definition]:
    return [asked_of(d, "{}", Rows.swapped) for d in definitions]


def _order(
    asked: Asked, meaning: Meaning, probes: Sequence[Probe], values: Values, again: Values,
    rows: Sequence[Rows],
) -> list[Cause]:  # fmt: skip
    """Its reference with truth and answers exchanged; or it is right when called so."""
    if meaning.family in (*RANKS, "log_loss", "top_k"):
        definitions: list[Definition] = []
    else:
        definitions = _exchanged(meaning.definitions)
    found = agreement(values, probes, definitions, again=again)
    if found is not None:
        return [Cause("order", "", found.definition)]
    called = asked.values(rows, swap=True)
    found = agreement(called, probes, meaning.definitions)
    if found is not None and not _alike(called, values):
        return [Cause("order", "called", found.definition)]
    if rows[0].task == "regression" or not rows[0].scored:
        return []
    called = asked.values([r.hard() for r in rows], swap=True)
    found = agreement(called, probes, meaning.definitions)
    plain = asked.values([r.hard() for r in rows])
    if found is not None and not _alike(called, plain):
        both = found.definition
        return [Cause("order", "called", both), Cause("threshold", "", both)]
    return []


def _alike(a: Values, b: Values) -> bool:
    return all(
        (x is None) == (y is None) and (x is None or y is None or abs(x - y) < 1e-6)
        for x, y in zip(a, b, strict=True)
    )


def _batches(meaning: Meaning, probes: Sequence[Probe], values: Values) -> Cause | None:
    """A mean over batches that it cuts itself, the last one cut off or counted whole or not."""
    known = [(p, v) for p, v in zip(probes, values, strict=True) if v is not None]
    if not depends_on_order(probes, values):
        return None
    for definition in meaning.definitions:
        for chunk in CHUNKS:
            big = [(p.rows, v) for p, v in known[1:] + known[:1] if p.rows.n > chunk]
            if len(big) >= 2 and _averages(big, definition, chunk):
                return Cause("batches", f"it averages batches of {chunk} rows", definition, chunk)
    words = "it depends on the order of the rows"
    return Cause("other", words, meaning.definitions[0] if meaning.definitions else None)


def depends_on_order(probes: Sequence[Probe], values: Values) -> bool:
    """Whether the same rows in another order give another number."""
    by_name = {p.name: v for p, v in zip(probes, values, strict=True)}
    a, b = by_name.get("sample"), by_name.get("permuted")
    return a is not None and b is not None and abs(a - b) > 1e-4 * max(1.0, abs(a))


def _averages(big: Sequence[tuple[Rows, float]], definition: Definition, chunk: int) -> bool:
    """Whether one way of averaging batches gives every value."""
    ways = set(range(4))
    for rows, value in big:
        expected = _means_of_batches(rows, definition, chunk)
        ways = {w for w in ways if close(value, expected[w], definition.family)}
        if not ways:
            return False
    return True


def _means_of_batches(rows: Rows, definition: Definition, chunk: int) -> list[float]:
    """Each batch alike; by its rows; without a last short one; without those that have none."""
    values, sizes = [], []
    for start in range(0, rows.n, chunk):
        part = rows.take(slice(start, start + chunk))
        with np.errstate(all="ignore"):
            values.append(definition.of(part))
        sizes.append(part.n)
    given, n = np.array(values), np.array(sizes)
    filled = np.nan_to_num(given)
    full, known = n == chunk, np.isfinite(given)
    return [
        float(filled.mean()),
        float(np.average(filled, weights=n)),
        float(filled[full].mean()),
        float(given[known].mean()) if known.any() else float("nan"),
    ]


def _other(
    meaning: Meaning, probes: Sequence[Probe], values: Values, everything: Iterable[Definition]
) -> Cause | None:
    """What it computes in truth: another metric, another class, another threshold, a part of it."""
    for definitions in alternatives(meaning, probes[0].rows, everything):
        found = agreement(values, probes, definitions)
        if found is not None:
            return Cause("other", f"it is {found.definition.words}", found.definition)
    return None
