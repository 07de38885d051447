"""How a metric behaves besides its value: repeats, batches, weights, edges, thresholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.diagnostics.metrics import probes as made
from reportgen.diagnostics.metrics.cells import RANKS
from reportgen.diagnostics.metrics.forms import Asked
from reportgen.diagnostics.metrics.known import Examined, value_of
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.models.custom_metrics.messages import Reply

STATE = 1e-3  # difference that a state must not make, of whole and batches
FEW = 10  # rows of the small batches that a state is asked in
SWEEP = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def behaviour(known: Examined, one: Asked, reply: Reply, own: Rows) -> Examined:
    """Whether it repeats itself, leaves its arguments alone, and says what it was asked."""
    faults, notes, random = list(known.faults), list(known.notes), False
    more = one.metric([replace(one.call(own), seed=seed) for seed in (1, 2, 3)])
    given = [r.value for r in more if r.value is not None and known.value is not None]
    if given and known.value is not None:
        other = max(given, key=lambda value: abs(value - (known.value or 0.0)))
        if abs(other - known.value) > 1e-6 * max(1.0, abs(known.value)):
            random = True
            faults.append(
                f"Asked again of the same rows it gives {other:.4g} in place of {known.value:.4g}."
            )
    if reply.changed:
        faults.append("It writes into the arrays that it is given, which others read after it.")
    if reply.printed:
        notes.append("It prints; nothing of that is shown.")
    if reply.rows:
        notes.append("It gives a number a row; their mean is what is judged, as Keras takes it.")
    return replace(known, faults=tuple(faults), notes=tuple(notes), random=random)


def batchwise(
    known: Examined, one: Asked, own: Rows, batch: int, gap: float, is_class: bool
) -> Examined:
    """Whole against batches: of a class that keeps a state, and of a function that is compiled."""
    if known.value is None or own.n <= batch:
        return known
    sizes = (batch, FEW) if is_class else (batch,)
    replies = one.metric([one.call(own, chunk=size) for size in sizes])
    if is_class:
        used = one.metric([one.call(own, used=True)])[0].value
        if used is not None and abs(used - known.value) > 1e-4 * max(1.0, abs(known.value)):
            fault = (
                f"After reset_state it still counts the rows before: {used:.4g} in place of "
                f"{known.value:.4g}."
            )
            return replace(known, faults=(*known.faults, fault))
    means = [(size, r.value) for size, r in zip(sizes, replies, strict=True) if r.value is not None]
    if len(means) < len(sizes):
        if is_class or known.compiled:
            error = next(r.error for r in replies if r.error is not None)
            return replace(known, notes=(*known.notes, f"Called batch by batch, {error}."))
        return known
    size, mean = max(means, key=lambda m: abs(m[1] - (known.value or 0.0)))
    scale = 1.0 if known.meaning.bounded or known.meaning.family is None else abs(known.value)
    scale *= known.agrees.factor if known.agrees is not None else 1.0
    if abs(mean - known.value) <= (STATE if is_class else gap) * max(scale, 1e-12):
        return known
    return replace(known, batches=(size, mean), class_batches=is_class)


def weighted(known: Examined, one: Asked, rows: Rows, rng: np.random.Generator) -> Examined:
    """Rows of weight 2 count as two rows."""
    weight = rng.integers(1, 4, rows.n)
    plain, given, twice = (
        one.metric([one.call(rows)])[0],
        one.metric([one.call(rows, weight=weight.astype(np.float32))])[0],
        one.metric([one.call(rows.take(np.repeat(np.arange(rows.n), weight)))])[0],
    )
    if plain.value is None or given.value is None or twice.value is None:
        return known
    if abs(given.value - twice.value) <= 1e-4 * max(1.0, abs(twice.value)):
        return known
    if abs(given.value - plain.value) <= 1e-6 * max(1.0, abs(plain.value)):
        said = "It takes sample_weight and does nothing with it."
        return replace(known, ignores_weights=True, notes=(*known.notes, said))
    said = (
        f"Weights do not count as repeated rows do: {given.value:.4g} with weights, "
        f"{twice.value:.4g} with the rows repeated."
    )
    return replace(known, notes=(*known.notes, said))


def at_the_edges(known: Examined, one: Asked, own: Rows) -> Examined:
    """What it says where conventions differ, in a sentence for each that is no number."""
    edges = made.edges(own)
    notes = []
    for edge, reply in zip(edges, one([e.rows for e in edges]), strict=True):
        if reply.error is not None and "it gives" not in reply.error:
            notes.append(f"With {edge.words}, {reply.error}.")
    return replace(known, notes=(*known.notes, *notes[:2]))


def sweep(
    known: Examined, one: Asked, own: Rows
) -> tuple[tuple[float, float | None, float | None], ...]:
    """The metric with scores moved, so that labels are those of another threshold."""
    family = known.meaning.family
    if own.task != "binary" or not own.scored or known.definition is None or family in RANKS:
        return ()
    moved = []
    for at in SWEEP:
        odds = np.clip(own.p, 1e-6, 1 - 1e-6)
        t = own.threshold
        shift = np.log(at / (1 - at)) - np.log(t / (1 - t)) if 0 < t < 1 else 0.0
        p = 1 / (1 + np.exp(-(np.log(odds / (1 - odds)) - shift)))
        moved.append(replace(own, p=p.astype(np.float32).astype(np.float64)))
    values = one.values(moved)
    return tuple(
        (at, value, value_of(known.definition, rows))
        for at, value, rows in zip(SWEEP, values, moved, strict=True)
    )
