"""One metric, asked everything: what it is, whether it is that, and where it is not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reportgen.diagnostics.metrics import probes as made
from reportgen.diagnostics.metrics.agreement import (
    Agreement,
    agreement,
    close,
    nearest,
    on_repeats,
)
from reportgen.diagnostics.metrics.behaviour import (
    at_the_edges,
    batchwise,
    behaviour,
    sweep,
    weighted,
)
from reportgen.diagnostics.metrics.causes import Cause, causes, depends_on_order
from reportgen.diagnostics.metrics.cells import RANKS
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.forms import Asked, Form, Metric, forms
from reportgen.diagnostics.metrics.known import Examined, value_of
from reportgen.diagnostics.metrics.names import Meaning, catalogue
from reportgen.diagnostics.metrics.probes import Probe
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.diagnostics.metrics.smallest import smallest
from reportgen.models.custom_metrics.messages import Reply

BETWEEN = 0.03  # of areas under the precision-recall curve, by ways between its points
COARSE = 0.02  # difference of an area that a grid of thresholds may make


def examine(
    name: str,
    metric: Metric,
    meaning: Meaning,
    rows: Rows,
    rng: np.random.Generator,
    *,
    compiled: bool = False,
    logits: bool = False,
    batch: int = 32,
    gap: float = 0.005,
    only: Sequence[Form] | None = None,
) -> Examined:
    """Ask a metric everything.

    Parameters
    ----------
    rows : the model's own answers, all of them.
    compiled : whether the model has it compiled in, so that Keras calls it batch by batch.
    logits : whether the model's output is logits.
    batch : rows of a batch, as it was trained; ``gap`` the difference that is worth a word.
    only : the forms that it is asked in, where it is known what it gets.
    """
    thresholds = tuple(dict.fromkeys((rows.threshold, 0.5)))
    own = made.own(rows, thresholds, rng)
    known = Examined(name, metric.name, meaning, compiled, n=own.n)
    loaded = metric.load()
    if loaded.error is not None:
        said = "; ".join(line.strip().rstrip(".") for line in loaded.error.splitlines())
        return replace(known, error=said, faults=(f"It cannot be loaded: {said}.",))
    keras = metric.needs != "python"
    own = made.fit_for(own, meaning.family)
    ways = forms(own, keras=keras, logits=logits) if only is None else only
    asked = [Asked(metric, form) for form in ways]
    first = [a([own])[0] for a in asked]
    known = replace(
        known,
        forms=tuple((a.form.words, r.value, r.error) for a, r in zip(asked, first, strict=True)),
    )
    running = [(a, r) for a, r in zip(asked, first, strict=True) if r.told]
    running = [(a, r) for a, r in running if not a.form.last] or running
    judged = made.judged(own, rng)
    if not running:
        return _no_number(known, asked, first, judged)
    known = _held(known, running, judged, thresholds, logits)
    ended = getattr(metric, "ended", None)
    if ended is not None or known.form is None:
        return _ended(known, ended)
    chosen = next(a for a, _ in running if a.form is known.form)
    reply = next(r for a, r in running if a.form is known.form)
    known = behaviour(known, chosen, reply, own)
    if known.random:
        return known
    if known.wrong:
        known = _explained(known, chosen, judged, rng)
    else:
        known = batchwise(known, chosen, own, batch, gap, loaded.kind == "class")
        known = _others(known, chosen, judged, logits, asked)
    if loaded.weights:
        known = weighted(known, chosen, judged[1].rows, rng)
    known = at_the_edges(replace(known, sweep=sweep(known, chosen, own)), chosen, own)
    ended = getattr(metric, "ended", None)
    return known if ended is None else _ended(known, ended)


def _ended(known: Examined, ended: str | None) -> Examined:
    """Its process had to be ended while it was asked: what was not asked is not judged."""
    if ended is None:
        return known
    fault = f"Asked of {known.n:,} rows and of what is made of them, {ended}."
    return replace(known, form=None, agrees=None, found=(), example=None, error=ended,
                   batches=None, logits=None, faults=(*known.faults, fault))  # fmt: skip


def _no_number(
    known: Examined, asked: Sequence[Asked], first: Sequence[Reply], judged: Sequence[Probe]
) -> Examined:
    """It gives none in any form: perhaps it wants labels, which is a threshold forgotten."""
    error = first[0].error or "it gives no number"
    known = replace(known, error=error)
    for one in asked if known.meaning.family is not None and judged[0].rows.scored else ():
        hard = [p.rows.hard() for p in judged]
        if judged[0].rows.task == "multiclass":
            hard = [p.rows.codes() for p in judged]
        values = one.values(hard)
        found = agreement(values, judged, known.meaning.definitions)
        if found is not None:
            reference = found.definition.of(judged[0].rows)
            return replace(
                known, definition=found.definition, reference=reference, form=one.form,
                found=(Cause("threshold", "", found.definition),),
            )  # fmt: skip
    usual = known.meaning.definitions[:1]
    if usual and value_of(usual[0], judged[0].rows) is None:
        undefined = f"On these rows {known.meaning.words} is not defined, and {error}."
        return replace(known, notes=(undefined,))
    return replace(known, faults=(f"{error[:1].upper()}{error[1:]}.",))


def _held(
    known: Examined,
    running: Sequence[tuple[Asked, Reply]],
    judged: Sequence[Probe],
    thresholds: Sequence[float],
    logits: bool,
) -> Examined:
    """The first form in which it agrees; else the first that it runs in."""
    rows = [p.rows for p in judged]
    first: Examined | None = None
    for one, reply in running:
        values = one.values(rows)
        again = on_repeats(one.values, judged)
        found = agreement(
            values, judged, known.meaning.definitions, thresholds=thresholds, again=again
        )
        if found is None and known.meaning.family in RANKS and rows[0].scored:
            found = _coarse(one, judged, values, known.meaning)
        now = replace(known, form=one.form, value=reply.value, error=None)
        if found is not None:
            return _with_probes(now, found, judged, values)
        if first is None:
            first = _with_probes(now, None, judged, values)
    assert first is not None
    return first


def _coarse(
    one: Asked, judged: Sequence[Probe], values: Sequence[float | None], meaning: Meaning
) -> Agreement | None:
    """An area by a grid of thresholds: right where the grid tells all scores apart.

    Of areas under the precision-recall curve there are as many as there are ways between its
    points (Davis and Goadrich 2006): near one of them is enough.
    """
    if depends_on_order(judged, values):
        return None
    rng = np.random.default_rng(0)
    apart = [Probe("spaced", "spaced", made.spaced(judged[0].rows, rng)) for _ in range(4)]
    found = agreement(one.values([p.rows for p in apart]), apart, meaning.definitions)
    if found is not None:
        off = _off(values, judged, found.definition)
        if off <= COARSE:
            return replace(found, how=f"from a grid of thresholds, off by up to {off:.2g}")
    if meaning.family == "average_precision":
        for definition in meaning.definitions:
            off = _off(values, judged, definition)
            if off <= BETWEEN:
                how = f"with another way between the curve's points, off by up to {off:.2g}"
                return Agreement(definition, how)
    return None


def _off(values: Sequence[float | None], judged: Sequence[Probe], definition: Definition) -> float:
    off = [
        abs(value - reference)
        for probe, value in zip(judged, values, strict=True)
        if value is not None and (reference := value_of(definition, probe.rows)) is not None
    ]
    return max(off, default=float("inf"))


def _with_probes(
    known: Examined,
    found: Agreement | None,
    judged: Sequence[Probe],
    values: Sequence[float | None],
) -> Examined:
    definition, reference = None, None
    if found is not None:
        definition = found.definition
        reference = value_of(definition, judged[0].rows, found.threshold)
    elif known.value is not None:
        near = nearest(known.value, judged[0].rows, _usual(known.meaning))
        if near is not None:
            definition, reference = near
    told = []
    for probe, value in zip(judged, values, strict=True):
        right = None
        if definition is not None:
            right = value_of(definition, probe.rows, found.threshold if found else None)
        told.append((probe.name, probe.words, value, right))
    few = found is None and sum(right is not None for _, _, _, right in told) < 2
    return replace(
        known,
        agrees=found,
        definition=definition,
        reference=reference,
        probes=tuple(told),
        undefined=few,
    )


def _usual(meaning: Meaning) -> tuple[Definition, ...]:
    """What is meant in the first place: of a binary task the positive class's own."""
    return meaning.definitions[:1]


def _explained(
    known: Examined, one: Asked, judged: Sequence[Probe], rng: np.random.Generator
) -> Examined:
    rows = [p.rows for p in judged]
    values = [value for _, _, value, _ in known.probes]
    again = on_repeats(one.values, judged)
    everything = catalogue(rows[0].task, rows[0].k if rows[0].task != "regression" else 0)
    found = causes(one, known.meaning, judged, values, again, everything)
    definition = known.definition
    meant = next((c.definition for c in found if c.definition is not None), None)
    if found and found[0].kind in ("threshold", "batches") and meant is not None:
        definition = meant
    if definition is None:
        return replace(known, found=tuple(found))
    legitimate = known.meaning.definitions
    example = smallest(one, judged[0].rows, definition, legitimate, rng)
    return replace(
        known, found=tuple(found), definition=definition,
        reference=value_of(definition, rows[0]), example=example,
    )  # fmt: skip


def _others(
    known: Examined, one: Asked, judged: Sequence[Probe], logits: bool, asked: Sequence[Asked]
) -> Examined:
    """What a metric without a telling name is; its order of rows; what it says of logits."""
    values = [value for _, _, value, _ in known.probes]
    if known.meaning.family is None:
        if depends_on_order(judged, values):
            known = replace(known, faults=(*known.faults, "The same rows in another order give "
                                           "another number."))  # fmt: skip
        rows = judged[0].rows
        everything = catalogue(rows.task, rows.k if rows.task != "regression" else 0)
        found = agreement(values, judged, everything)
        if found is not None and not _never_moves(values):
            known = replace(known, is_also=found.definition)
        elif _never_moves(values):
            known = replace(known, faults=(*known.faults, "It gives the same number whatever it "
                                           "is asked."))  # fmt: skip
        return known
    if logits and known.form is not None and not known.form.logits:
        for other in (a for a in asked if a.form.logits):
            value = other.values([judged[0].rows])[0]
            if value is None or known.reference is None:
                continue
            if close(value, known.reference, known.meaning.family):
                return replace(known, logits=None)
            known = replace(known, logits=value)
    return known


def _never_moves(values: Sequence[float | None]) -> bool:
    told = [v for v in values if v is not None]
    return len(told) > 2 and max(told) - min(told) < 1e-12
