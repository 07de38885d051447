"""Keras's own metrics that the model has compiled in: on which rows each is asked, and as what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.answers import answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.metrics.causes import Cause
from reportgen.diagnostics.metrics.cells import over_half
from reportgen.diagnostics.metrics.compiled import (
    STANDARD,
    Compiled,
    StandardMetric,
    as_handed,
    compiled,
    of_output,
)
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.examined import examine
from reportgen.diagnostics.metrics.known import Examined
from reportgen.diagnostics.metrics.names import meaning
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.diagnostics.metrics.watched import rows_of
from reportgen.errors import ReportgenError
from reportgen.evidence import Case


@dataclass(frozen=True)
class Output:
    """One output of the model: its rows as its metrics see them, and what is compiled in for it.

    ``head`` is None where there is one output.
    """

    case: Case
    rows: Rows
    own: Compiled
    sparse: bool
    head: str | None = None


def threshold(case: Case) -> float:
    decision = case.entry.decision
    return 0.5 if decision is None or decision.threshold is None else decision.threshold


def is_logits(case: Case) -> bool:
    return case.output.kind == "logit"


def outputs(case: Case) -> Iterator[Output]:
    """Every output of the model that can be judged, with what is compiled in for it."""
    arguments = getattr(case.predictor, "compiled", None)
    if not arguments:
        return
    if not case.dataset.heads:
        yield _output(case, arguments, None)
        return
    heads = _names(case)
    for head in heads:
        try:
            one = case.of_head(head)
            yield _output(one, of_output(arguments, head, heads), head)
        except (ReportgenError, NotApplicable, KeyError):
            continue  # an output without a target in the data set


def _names(case: Case) -> tuple[str, ...]:
    from reportgen.models.keras import output_names

    predictor: Any = case.predictor
    return output_names(predictor.model)


def _output(case: Case, arguments: Mapping[str, Any], head: str | None) -> Output:
    sparse = "sparse" in str(arguments.get("loss", "")).lower()
    name = judged_split(case)
    rows = _seen(case, rows_of(answers(case, name), threshold(case)), name)
    return Output(case, rows, compiled(arguments, rows.task, sparse), sparse, head)


def _seen(case: Case, rows: Rows, name: str) -> Rows:
    """The rows as a compiled metric sees them: ``classes[1]`` is its positive class.

    Two columns of a binary task are two classes to Keras.
    """
    if case.task != "binary":
        return rows
    if case.dataset.positive == 0:
        rows = replace(rows, y=1 - rows.y, p=1 - rows.p, threshold=1 - rows.threshold)
    raw = case.predict(name).raw
    if raw.ndim == 2 and raw.shape[1] == 2:
        return Rows("multiclass", rows.y, np.column_stack([1 - rows.p, rows.p]))
    return rows


def examined(case: Case, of: Output) -> tuple[Examined, ...]:
    """Every standard metric of an output, asked everything."""
    found = (_examined(case, of, *one) for one in of.own.standard)
    return tuple(one for one in found if one.form is not None)


def _examined(case: Case, of: Output, name: str, kind: str, config: Mapping[str, Any]) -> Examined:
    """One of Keras's own; what it may legitimately be is wider than its name says."""
    word, rows = STANDARD[kind], of.rows
    task = rows.task
    if kind == "AUC" and config.get("curve") == "PR":
        word = "pr_auc"
    if kind.endswith("TopKCategoricalAccuracy"):
        word = f"top_{config.get('k', 5)}_accuracy"
    said = meaning(word, task, 0 if task == "regression" else rows.k)
    if kind in ("Precision", "Recall") and task == "multiclass":
        said = replace(said, definitions=(*said.definitions, *over_half(word)))
    if kind in ("Precision", "Recall") and config.get("class_id") is not None:
        said = replace(said, family=None)
    single = task == "binary" and kind == "F1Score" and config.get("threshold") is None
    logits = is_logits(of.case)
    purpose = f"compiled {name}" if of.head is None else f"compiled {name} of {of.head}"
    found = examine(
        f"{name}{'' if of.head is None else f' of {of.head}'}, compiled in",
        StandardMetric(kind, config, of.case.predictor.framework),
        said,
        rows,
        case.rng(purpose),
        compiled=True,
        logits=logits,
        only=as_handed(rows, kind, logits=logits, sparse=of.sparse),
    )
    found = replace(found, standard=True, head=of.head)
    if kind == "AUC" and logits and not config.get("from_logits") and found.wrong:
        words = "it is given logits, and its thresholds lie between 0 and 1 (from_logits=False)"
        return replace(found, found=(Cause("other", words, found.definition),))
    if single and found.wrong:
        first: Definition | None = said.definitions[0] if said.definitions else None
        words = "it has threshold=None, with which every row of a single column counts as positive"
        return replace(found, found=(Cause("threshold", words, first),))
    return found
