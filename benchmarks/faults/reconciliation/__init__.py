"""Reported numbers whose story is known: made by making the mistake, not by its formula.

Every case fits a model, evaluates it with scikit-learn or Keras as somebody would who makes the
mistake (or does not), and hands what was printed to the audit of the honest model. ``PLANTED`` has
one question a code that the diagnostic knows, and is part of the contract tests; ``MORE`` are
further questions, ``CLEAN`` numbers that are right in all forms. ``summary`` is the table that the
diagnostic is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.faults.cases import CleanCase
from benchmarks.faults.harness import Outcome
from benchmarks.faults.reconciliation import (
    answers,
    controls,
    evaluated,
    inputs,
    outputs,
    pairs,
    sizes,
    steps,
    streams,
    two,
    unanswerable,
    verdicts,
    weights,
)
from benchmarks.faults.reconciliation.questions import Question
from reportgen.diagnostics import suite

_MODULES = (
    answers, evaluated, inputs, streams, weights, pairs, sizes, two, unanswerable, steps, outputs,
)  # fmt: skip
_KNOWN = {code.code for d in suite().values() if d.name == "reconciliation" for code in d.codes}
_FIRST = tuple(q for m in _MODULES for q in m.PLANTED)
PLANTED: tuple[Question, ...] = tuple(q for q in _FIRST if set(q.codes) <= _KNOWN)
#: Causes that the diagnostic has no word for are asked all the same, and counted.
MORE: tuple[Question, ...] = (
    *(q for q in _FIRST if q not in PLANTED),
    *(q for m in _MODULES for q in m.MORE),
)
CLEAN: tuple[CleanCase, ...] = (*controls.CLEAN, *inputs.CLEAN, *steps.CLEAN, *outputs.CLEAN)


def summary(outcomes: Sequence[Outcome]) -> str:
    """The table of verdicts, printed after the harness's own."""
    return verdicts.summary(outcomes, {q.name: q for q in (*PLANTED, *MORE)})
