"""What is at hand to explain a reported number: worlds of each split, and what can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from reportgen.job.claims import Claim
from reportgen.job.history import History
from reportgen.job.schema import EarlyStopping
from reportgen.reconciliation.world import World


@dataclass(frozen=True, slots=True)
class Variation:
    """Another way of asking the same model, e.g. ``Variation("inputs", "raw")``.

    ``kind``: ``inputs`` (what the model is given), ``mode`` (training-time behaviour),
    ``weights`` (another file of weights), ``precision``, ``steps`` (padded
    ones counted). ``detail`` is free text that names it.
    """

    kind: str
    detail: str


class Laboratory(Protocol):
    """A live model that can be asked otherwise; prediction files have none."""

    def variations(self, kind: str) -> tuple[Variation, ...]:
        """What can be tried here, the likeliest first."""
        ...

    def world(self, split: str, variation: Variation, draw: int = 0) -> World | None:
        """What the evaluation of a split would have seen; asked once, then kept.

        ``draw`` numbers repetitions where there is randomness. None where it cannot be asked.
        """
        ...

    def is_random(self, variation: Variation) -> bool:
        """Whether two draws differ."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Numbers that one evaluation printed: of one split, from one source, of one output."""

    split: str
    claims: tuple[Claim, ...]
    origin: str = ""
    output: str | None = None

    def only(self, claim: Claim) -> Evaluation:
        return replace(self, claims=(claim,))


@dataclass(frozen=True)
class Evidence:
    """Everything that hypotheses read.

    Attributes
    ----------
    splits : names of the splits that have a truth and answers.
    make : a split's world as the job declares it; called once a split.
    threshold : the declared decision threshold of the positive class (0.5 when not given).
    batch_size : as the job's training says, else None.
    validation_fraction : of a {from: train} cut, else None.
    history : of the training, where the job gives it.
    stopping : early stopping, as the job says it was set.
    class_weight : by class, as the job says; "balanced"; or None.
    laboratory : the live model, or None.
    padded : where labels stand step by step, the padded steps of each split that do not count.
    head : of a model with several outputs, the one that this is the evidence of; None for the loss
        of all together. heads : the evidence of each; empty for other models.
    """

    task: str
    classes: tuple[str, ...]
    positive: int | None
    splits: tuple[str, ...]
    make: Callable[[str], World]
    threshold: float = 0.5
    batch_size: int | None = None
    validation_fraction: float | None = None
    history: History | None = None
    stopping: EarlyStopping | None = None
    class_weight: Mapping[str, float] | str | None = None
    laboratory: Laboratory | None = None
    padded: Mapping[str, int] = field(default_factory=dict)
    head: str | None = None
    heads: Mapping[str | None, Evidence] = field(default_factory=dict)
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def world(self, split: str) -> World:
        """A split as the job declares it."""
        found: World = self.keep(("world", split), lambda: self.make(split))
        return found

    def keep(self, key: Any, compute: Callable[[], Any]) -> Any:
        """``compute()``, once for each key."""
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]

    def of(self, output: str | None) -> Evidence:
        """The evidence of an output, for a model with several."""
        return self.heads.get(output, self)

    def seeing(self, split: str, world: World) -> Evidence:
        """The same evidence if the evaluation of a split had seen this world instead."""

        def make(name: str) -> World:
            return world if name == split else self.world(name)

        return replace(self, make=make, _kept={})


def evaluations(claims: Sequence[Claim]) -> tuple[Evaluation, ...]:
    """Claims by the evaluation that printed them.

    A file, a matrix, a log is one evaluation a split and output; single numbers of a split are
    together.
    """
    groups: dict[tuple[str, str, str | None], list[Claim]] = {}
    for claim in claims:
        groups.setdefault((claim.split, _source(claim), claim.output), []).append(claim)
    return tuple(
        Evaluation(split, tuple(g), origin, output) for (split, origin, output), g in groups.items()
    )


def _source(claim: Claim) -> str:
    """The file, or the key of the matrix; single numbers of a job have none."""
    if claim.metric == "cell":
        return claim.origin.partition(".confusion_matrix")[0] + ".confusion_matrix"
    if claim.origin.startswith("models.") or not claim.origin:
        return ""
    return claim.origin.rpartition(":")[0]
