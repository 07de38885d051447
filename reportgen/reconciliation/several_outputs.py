"""The evidence of a model with several outputs: each output's own, and the loss of all together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.reconciliation.evidence import Evidence, Laboratory
from reportgen.reconciliation.from_case import evidence_of, kept_world
from reportgen.reconciliation.quantities import Unknown
from reportgen.reconciliation.world import Floats, World

if TYPE_CHECKING:
    from reportgen.evidence import Case

Ask = Callable[["Case"], Laboratory]


def evidence_of_outputs(case: Case, ask: Ask | None) -> Evidence:
    """The evidence of the audited output, with that of all others in ``heads``.

    Parameters
    ----------
    ask : makes a laboratory of a case; None where there is no model to be asked.
    """
    first = evidence_of(case, None if ask is None else ask(case))
    if not case.dataset.heads:
        return first
    found: dict[str | None, Evidence] = {case.dataset.head: replace(first, head=case.dataset.head)}
    for head in case.dataset.heads:
        other = case.of_head(head)
        own = evidence_of(other, None if ask is None else ask(other))
        found[head] = replace(own, head=head)
    found[None] = replace(first, make=lambda split: of_all(case, split), laboratory=None, _kept={})
    linked: dict[str | None, Evidence] = {}
    for output, evidence in found.items():
        linked[output] = replace(evidence, heads=linked)
    return linked[case.dataset.head]


def world_for(case: Case, split: str, output: str | None) -> World:
    """What an evaluation of a split saw of an output; of all, where none is named.

    Raises
    ------
    Unknown
        if the model cannot be asked for it.
    """
    if not case.dataset.heads:
        return kept_world(case, split)
    if output is None:
        return case.memo(("world of all", split), lambda: of_all(case, split))
    try:
        return kept_world(case.of_head(output), split)
    except ReportgenError as error:
        raise Unknown(error.problems[0].message) from error


def of_all(case: Case, split: str) -> World:
    """The loss of all outputs together, and nothing else: Σ weight · loss + penalties."""
    kept: dict[str, Floats] = {}

    def rows() -> Floats:
        if "rows" not in kept:
            kept["rows"] = np.asarray(_weighted_rows(case, split))
        return kept["rows"]

    def penalty() -> float:
        return float(sum(float(np.asarray(term)) for term in case.predictor.model.losses))

    def loss(weights: Floats | None) -> float:
        own = rows() if weights is None else rows() * weights
        return float(own.mean()) + penalty()

    def known_rows() -> Floats:
        try:
            return rows()
        except Unknown:
            return np.full(case.split(split).n, np.nan)

    dataset = case.dataset
    return World(
        dataset.task,
        dataset.classes,
        dataset.positive,
        np.asarray(case.split(split).y),
        weights=case.split(split).weights,
        loss=loss,
        row_losses=known_rows,
        penalty=penalty,
    )


def _weighted_rows(case: Case, split: str) -> Any:
    predictor: Any = case.predictor
    weights: dict[str, float] = getattr(predictor, "loss_weights", {})
    if not weights:
        raise Unknown("the model's file keeps no loss")
    unnamed = [h for h in weights if h != case.dataset.head and h not in case.dataset.heads]
    if unnamed:
        raise Unknown(f"`targets:` does not say what output {unnamed[0]} predicts")
    total: Any = 0.0
    for head, weight in weights.items():
        rows = kept_world(case.of_head(head), split).row_losses
        if rows is None or not np.isfinite(rows()).all():
            raise Unknown(f"the loss of output {head} cannot be computed")
        total = total + weight * rows()
    return total
