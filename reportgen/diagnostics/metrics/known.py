"""What is known of one metric."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from reportgen.diagnostics.metrics.agreement import Agreement
from reportgen.diagnostics.metrics.causes import Cause
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.forms import Form
from reportgen.diagnostics.metrics.names import Meaning
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.diagnostics.metrics.smallest import Example
from reportgen.evidence import Case


@dataclass(frozen=True)
class Examined:
    """What is known of a metric.

    Attributes
    ----------
    value : on the model's own answers, in ``form``; None with ``error`` where it gives no number.
    reference, definition : what it should be, and which of the legitimate ones that is.
    agrees : it is one of these on every probe; None where the name says nothing.
    found : the causes that explain it where it is not; ``example`` the fewest rows that show it.
    probes : name, words, value and reference on each probe.
    batches : (rows at a time, mean of the batches) where batches give something else.
    notes : what is told and not judged, as sentences.
    faults : ways in which it does not behave, as sentences.
    head : the output that it is compiled for, of a model with several.
    sweep : thresholds, the metric on labels given there, and its reference; for a figure.
    """

    name: str
    python: str
    meaning: Meaning
    compiled: bool
    n: int = 0
    form: Form | None = None
    value: float | None = None
    error: str | None = None
    definition: Definition | None = None
    reference: float | None = None
    agrees: Agreement | None = None
    found: tuple[Cause, ...] = ()
    example: Example | None = None
    probes: tuple[tuple[str, str, float | None, float | None], ...] = ()
    batches: tuple[int, float] | None = None
    class_batches: bool = False
    logits: float | None = None
    ignores_weights: bool = False
    random: bool = False
    standard: bool = False
    undefined: bool = False
    is_also: Definition | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    sweep: tuple[tuple[float, float | None, float | None], ...] = ()
    forms: tuple[tuple[str, float | None, str | None], ...] = field(default=())
    head: str | None = None

    @property
    def wrong(self) -> bool:
        """It gives numbers, its name says what they should be, and they are not."""
        told = self.form is not None and not self.random and not self.undefined
        return self.meaning.family is not None and self.agrees is None and told


def classes_of(case: Case, one: Examined) -> tuple[str, ...]:
    """Labels by code as a metric's rows have them.

    Of a binary task the positive class is 1; those that a model has compiled in take the classes in
    their order.
    """
    turned = case.task == "binary" and case.dataset.positive == 0 and not one.standard
    return case.classes[::-1] if turned else case.classes


def value_of(definition: Definition, rows: Rows, threshold: float | None = None) -> float | None:
    """A definition's value, None where it is not defined."""
    if threshold is not None:
        rows = replace(rows, threshold=threshold)
    with np.errstate(all="ignore"):
        value = float(definition.of(rows))
    return value if np.isfinite(value) else None
