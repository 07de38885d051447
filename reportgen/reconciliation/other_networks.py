"""The network of an audit with other weights: checkpoints, means of them, other trainings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reportgen.errors import ReportgenError
from reportgen.reconciliation.evidence import Variation

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.evidence import Case

MOVING = "the optimizer's moving averages"
SEEDED = "the initial weights, drawn from the job's seed"


@dataclass
class OtherNetworks:
    """The case's network with other weights, each read once."""

    case: Case
    _networks: dict[Any, Any] = field(default_factory=dict)

    def network(self, variation: Variation) -> Any:
        """The network with other weights; None where there are no such ones."""
        from reportgen.models import checkpoints

        if variation.detail == SEEDED:
            training = self.case.entry.training
            assert training is not None
            return checkpoints.before_training(self.case.predictor, int(training.seed or 0))  # type: ignore[arg-type]
        if variation.kind == "strangers":
            return self.case.members[int(variation.detail.split()[1]) - 1]
        if variation.detail == MOVING:
            return checkpoints.moving_averages(self.case.predictor)  # type: ignore[arg-type]
        if variation.kind == "averages":
            last = self.case.checkpoints[-int(variation.detail.split()[4]) :]
            others = [self._restored(path) for path in last]
            return checkpoints.mean_of(self.case.predictor, others)  # type: ignore[arg-type]
        named = next(p for p in self.case.checkpoints if p.name == variation.detail)
        return self._restored(named)

    def strangers(self) -> list[str]:
        """Weights that never were to be delivered: the job's members', the network's as built."""
        if self.case.predictor.framework not in ("keras", "tf_keras"):
            return []
        training = self.case.entry.training
        seeded = training is not None and training.seed is not None
        members = [f"member {k + 1} of the job" for k in range(len(self.case.members))]
        return members + [SEEDED] * seeded

    def _restored(self, path: Path) -> Any:
        """The network with the weights of a checkpoint; read once.

        Raises
        ------
        ModelError
            if they are not of this network.
        """
        from reportgen.models.checkpoints import with_weights

        if path not in self._networks:
            self._networks[path] = with_weights(self.case.predictor, path)  # type: ignore[arg-type]
        return self._networks[path]

    def untrained(self, path: Path) -> tuple[str, ...]:
        """Layers that a checkpoint has and the delivered network has not."""
        from reportgen.models.checkpoints import untrained_layers

        try:
            return untrained_layers(self.case.predictor.model, self._restored(path).model)
        except (ReportgenError, ValueError):
            return ()

    def averages(self) -> list[str]:
        """Means of the last checkpoints, in the order of the job, and the optimizer's own."""
        if self.case.predictor.framework not in ("keras", "tf_keras"):
            return []
        n = len(self.case.checkpoints)
        return [f"the mean of the {k} last checkpoints" for k in range(2, n + 1)] + [MOVING]
