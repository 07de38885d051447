"""Whether a metric's values are those of a definition, on every judged probe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.diagnostics.metrics.cells import BOUNDED
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.probes import REPEATS, Probe, repeated
from reportgen.diagnostics.metrics.rows import Rows

TOLERANCE = 1e-4  # of a score: a row of 300 is 3e-3; constants of 1e-7 and float32 stay below
RELATIVE = 2e-4  # of an error in units of the target
SMOOTHED = 0.25  # of the difference that may be left on rows repeated eight times
MOST_SMOOTHED = 0.1


@dataclass(frozen=True)
class Agreement:
    """``definition`` is what it computes; ``how`` adds what is said of it (in words, or "")."""

    definition: Definition
    how: str = ""
    threshold: float | None = None
    factor: float = 1.0


Values = Sequence[float | None]


def close(value: float, reference: float, family: str) -> bool:
    """Within float32 and an epsilon below a fraction."""
    off = abs(value - reference)
    if family in BOUNDED or family in ("log_loss", "brier"):
        return off <= TOLERANCE * max(1.0, abs(reference))
    return off <= RELATIVE * max(abs(reference), 1e-3)


def references(
    probes: Sequence[Probe], definition: Definition, threshold: float | None
) -> list[float]:
    """The definition's value on each probe."""
    return [_reference(p.rows, definition, threshold) for p in probes]


def _reference(rows: Rows, definition: Definition, threshold: float | None) -> float:
    if threshold is not None:
        rows = replace(rows, threshold=threshold)
    with np.errstate(all="ignore"):
        return definition.of(rows)


def agreement(
    values: Values,
    probes: Sequence[Probe],
    definitions: Iterable[Definition],
    *,
    thresholds: Sequence[float | None] = (None,),
    again: Values = (),
    of: str = "",
) -> Agreement | None:
    """The first definition that the values are of; None when they are of none.

    Parameters
    ----------
    values : on each probe; None where the metric gave no number, which is passed over unless it is
        the first, the own rows.
    thresholds : at which labels are given; None for the rows' own.
    again : values on the same probes with each row repeated eight times, where at hand: what is
        an eighth as far off there is off by a constant beside sums.
    """
    if not values or values[0] is None or sum(v is not None for v in values) < 0.6 * len(values):
        return None
    smoothed: Agreement | None = None
    for definition in definitions:
        for threshold in thresholds:
            refs = references(probes, definition, threshold)
            pairs = [
                (v, r) for v, r in zip(values, refs, strict=True)
                if v is not None and np.isfinite(r)
            ]  # fmt: skip
            if len(pairs) < 2:
                continue
            found = _exact(pairs, definition, threshold)
            if found is not None:
                return found
            if (
                again
                and smoothed is None
                and _smoothed(values, again, probes, definition, threshold)
            ):
                smoothed = Agreement(
                    definition, "with a constant beside its sums, which counts for less the more "
                    "rows there are", threshold,
                )  # fmt: skip
    return smoothed


def _exact(
    pairs: Sequence[tuple[float, float]], definition: Definition, threshold: float | None
) -> Agreement | None:
    family = definition.family
    if all(close(v, r, family) for v, r in pairs):
        return Agreement(definition, "", threshold)
    if all(close(v / 100, r, family) for v, r in pairs) and family in BOUNDED:
        return Agreement(definition, "in per cent", threshold, 100.0)
    for digits in (2, 3, 4):
        step = 10.0**-digits
        whole = all(abs(v / step - round(v / step)) < 1e-4 for v, _ in pairs)
        if whole and all(abs(v - r) <= step * 0.501 + 1e-6 for v, r in pairs):
            return Agreement(definition, f"rounded to {digits} decimals", threshold)
    return None


def _smoothed(
    values: Values,
    again: Values,
    probes: Sequence[Probe],
    definition: Definition,
    threshold: float | None,
) -> bool:
    """Off by what an eighth is left of when each row stands eight times."""
    if definition.family not in BOUNDED and definition.family not in ("mse", "rmse", "mae", "r2"):
        return False
    by_name = {probe.name: v for probe, v in zip(probes, values, strict=True)}
    a, b = by_name.get("sample"), by_name.get("permuted")
    if a is None or b is None or not close(a, b, definition.family):
        return False  # it leaves out a row, or depends on their order
    seen = 0
    for probe, v, w in zip(probes, values, again, strict=True):
        if v is None or w is None:
            continue
        r = _reference(probe.rows, definition, threshold)
        if not np.isfinite(r):
            continue
        scale = 1.0 if definition.family in BOUNDED else max(abs(r), 1e-9)
        off, left = abs(v - r) / scale, abs(w - r) / scale
        if off > MOST_SMOOTHED or left > SMOOTHED * off + TOLERANCE:
            return False
        seen += 1
    return seen >= 2


def on_repeats(
    ask: Callable[[Sequence[Rows]], Sequence[float | None]], probes: Sequence[Probe]
) -> Values:
    """Values on the probes' rows, eight times each; None of the own rows, which are many."""
    return [None, *ask([repeated(p.rows) for p in probes[1:]])]


def nearest(
    value: float, rows: Rows, definitions: Iterable[Definition]
) -> tuple[Definition, float] | None:
    """The definition whose value on ``rows`` is nearest, and that value."""
    found: tuple[Definition, float] | None = None
    for definition in definitions:
        with np.errstate(all="ignore"):
            reference = definition.of(rows)
        if np.isfinite(reference) and (
            found is None or abs(value - reference) < abs(value - found[1])
        ):
            found = (definition, float(reference))
    return found


__all__ = ["REPEATS", "Agreement", "agreement", "close", "nearest", "on_repeats", "references"]
