"""Numbers of a model with several outputs that stand under another output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, is_off, under
from reportgen.reconciliation.row_losses import changed
from reportgen.reconciliation.world import World


def _other_output(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    for head, other in _others(evidence, evaluation):
        if not _losses_alone(evidence, evaluation):
            yield under(other.world(evaluation.split), _of(evaluation, head), numbers_of=head)
        yield from _crossed(evidence, evaluation, head, other)


def _others(evidence: Evidence, evaluation: Evaluation) -> Iterator[tuple[str, Evidence]]:
    if evidence.head is None or evaluation.split not in evidence.splits:
        return
    for head, other in evidence.heads.items():
        if head is not None and head != evidence.head:
            yield head, other


def _of(evaluation: Evaluation, head: str) -> list[Claim]:
    """The same numbers, asked of another output."""
    return [replace(c, output=head) for c in evaluation.claims]


def _losses_alone(evidence: Evidence, evaluation: Evaluation) -> bool:
    """Whether nothing but losses is off, beside metrics that come out."""
    off = [c for c in evaluation.claims if is_off(evidence, c)]
    others = [c for c in evaluation.claims if c.metric != "loss" and c not in off]
    return bool(others) and all(c.metric == "loss" for c in off)


def _crossed(
    evidence: Evidence, evaluation: Evaluation, head: str, other: Evidence
) -> Iterator[Candidate]:
    """Answers of one output against the target of another, where both are of one kind."""
    own, theirs = evidence.world(evaluation.split), other.world(evaluation.split)
    if own.task != theirs.task or own.k != theirs.k or own.truth.shape != theirs.truth.shape:
        return
    yield under(changed(own, truth=theirs.truth), evaluation.claims, against_the_target_of=head)
    yield under(_answers_of(theirs, own), evaluation.claims, answers_of=head)


def _answers_of(theirs: World, own: World) -> World:
    """Another output's answers against this one's target, in the words of this one."""
    return changed(
        own,
        labels=theirs.labels,
        scores=theirs.scores,
        values=theirs.values,
        raw=theirs.raw,
        resolution=theirs.resolution,
    )


def losses_of_others(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Losses under each other's outputs, beside metrics that come out."""
    from reportgen.reconciliation.hypothesis import declared

    losses = [c for c in evaluation.claims if c.metric == "loss" and is_off(evidence, c)]
    off = [c for c in evaluation.claims if is_off(evidence, c)]
    if not losses or len(off) > len(losses):
        return
    for head, other in _others(evidence, evaluation):
        values = {c: declared(other, replace(c, output=head)) for c in losses}
        if all(v is not None and np.isfinite(v) for v in values.values()):
            own = tuple(values.get(c, declared(evidence, c)) for c in evaluation.claims)
            yield Candidate(own, {"is": f"the loss of output {head}"})


HYPOTHESES = [
    Hypothesis(
        "output-order",
        "The numbers are those of another output of the model, or its answers met another "
        "output's target.",
        "the same metrics of another output; or of this one's answers and another one's target",
        "Name outputs, and take targets, answers and numbers by name: outputs given as a list keep "
        "their order, those given as a mapping come sorted.",
        _other_output,
        wrong="first, second = model.predict(X)   # in another order than the outputs",
        right="model.predict(X)['first']   # outputs={'first': …, 'second': …}",
        source="keras.Model: outputs as a list or a dict; keras#20244",
        cost=2,
    ),
]
