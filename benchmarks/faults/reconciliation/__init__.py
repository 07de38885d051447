"""Reported numbers whose story is known: made by making the mistake, not by its formula.

Every case fits a model, evaluates it with scikit-learn or Keras as somebody would who makes the
mistake (or does not), and hands what was printed to the audit of the honest model. ``PLANTED`` has
one question a code and is part of the contract tests; ``MORE`` are further questions, ``CLEAN``
numbers that are right in all forms. ``summary`` is the table that the diagnostic is judged by.
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
    streams,
    two,
    unanswerable,
    verdicts,
    weights,
)
from benchmarks.faults.reconciliation.questions import Question

_MODULES = (answers, evaluated, inputs, streams, weights, two, unanswerable)
PLANTED: tuple[Question, ...] = tuple(q for m in _MODULES for q in m.PLANTED)
MORE: tuple[Question, ...] = tuple(q for m in _MODULES for q in m.MORE)
CLEAN: tuple[CleanCase, ...] = controls.CLEAN


def summary(outcomes: Sequence[Outcome]) -> str:
    """The table of verdicts, printed after the harness's own."""
    return verdicts.summary(outcomes, {q.name: q for q in (*PLANTED, *MORE)})
