"""Which kind of output a model has: said by the model, checked against its own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.models.outputs import RANGE_TOLERANCE, SUM_TOLERANCE
from reportgen.models.predictor import Output, OutputKind

if TYPE_CHECKING:
    from reportgen.job.schema import ModelEntry

_PROBABILITIES = {"sigmoid", "softmax", "hard_sigmoid"}


def from_network(
    activation: str | None, loss: Any, task: str, probe: np.ndarray | None = None
) -> Output:
    """What a network's output means, from its last activation and its loss.

    Parameters
    ----------
    activation : of the last layer, "linear" for none; None where it cannot be read.
    loss : as serialised; only ``from_logits`` is looked at.
    probe : raw outputs for some rows, shape (n,) or (n, K).
    """
    where = "the last layer" if activation is None else f"the last layer ({activation})"
    if task == "regression":
        return Output("value", where)
    if activation in _PROBABILITIES:
        return Output("probability", where)
    if _from_logits(loss):
        return Output("logit", f"{where} and the loss (from_logits)")
    if activation == "tanh":
        return Output(
            "logit", where, "values between -1 and 1 are put through the logistic function"
        )
    if activation != "log_softmax" and probe is not None and not _in_range(probe):
        return Output(
            "logit",
            f"{where} and its values",
            "values leave 0–1 and the loss does not say from_logits; taken as logits",
        )
    if activation == "log_softmax":
        return Output("logit", where)
    return Output(
        "probability",
        f"{where} and its values",
        "the layer does not bound its output to 0–1; the values looked at lie inside",
    )


def checked(output: Output, raw: np.ndarray, task: str) -> Output:
    """The output with a note where the numbers contradict its kind.

    Parameters
    ----------
    raw : raw outputs for some rows, shape (n,) or (n, K).
    """
    if task == "regression" or raw.dtype.kind not in "fiub" or not raw.size:
        return output
    said = [output.note] if output.note else []
    table = raw.reshape(len(raw), -1)
    if output.kind in ("probability", "value"):
        if not _in_range(raw):
            low, high = np.nanmin(raw), np.nanmax(raw)
            said.append(f"values from {low:.3g} to {high:.3g} are no probabilities; cut to 0–1")
        elif table.shape[1] > 1 and task != "multilabel":
            sums = table.sum(axis=1, dtype=np.float64)
            if np.nanmax(np.abs(sums - 1)) > SUM_TOLERANCE:
                said.append("rows do not sum to 1; divided by their sum")
    elif output.kind == "logit" and _in_range(raw) and len(raw) > 1:
        sums = table.sum(axis=1, dtype=np.float64)
        if table.shape[1] == 1 or np.nanmax(np.abs(sums - 1)) <= SUM_TOLERANCE:
            said.append("said to be logits, but all values lie in 0–1 as probabilities do")
    return Output(output.kind, output.origin, "; ".join(said) or None)


def declared(entry: ModelEntry, inferred: Output) -> Output:
    """The job's ``output:`` where it has one, with a note where the model says otherwise."""
    if entry.output is None:
        return inferred
    kind: OutputKind = entry.output
    note = None
    if kind != inferred.kind:
        note = f"{inferred.origin} says {inferred.kind}; the job says {kind}, which is followed"
    return Output(kind, "the job", note)


def _from_logits(loss: Any) -> bool:
    if isinstance(loss, dict):
        return bool(loss.get("from_logits")) or any(_from_logits(v) for v in loss.values())
    if isinstance(loss, (list, tuple)):
        return any(_from_logits(v) for v in loss)
    return False


def _in_range(raw: np.ndarray) -> bool:
    finite = raw[np.isfinite(raw)] if raw.dtype.kind == "f" else raw
    if not finite.size:
        return True
    return bool(finite.min() >= -RANGE_TOLERANCE and finite.max() <= 1 + RANGE_TOLERANCE)
