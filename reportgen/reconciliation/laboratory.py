"""The live model of an audit, asked otherwise than the job declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.reconciliation.evidence import Variation
from reportgen.reconciliation.from_case import losses_of, losses_of_outputs, losses_of_steps, seen
from reportgen.reconciliation.other_inputs import OtherInputs, reindexed
from reportgen.reconciliation.other_networks import OtherNetworks
from reportgen.reconciliation.world import World

if TYPE_CHECKING:
    from reportgen.evidence import Case

#: Batch sizes that code in the wild evaluates with, besides the declared one.
BATCHES = (32,)
_OTHER_WEIGHTS = ("weights", "partly", "averages", "strangers")
RESCALED = "rescaled before the network's own Rescaling"
ALL_STEPS = "all steps, padded ones included"
HALF_NETWORK = "float16 weights and layers"


@dataclass
class Asked:
    """The case's own model as a laboratory (:class:`reportgen.reconciliation.evidence.Laboratory`).

    Nothing here is asked before a cause wants it, and nothing twice.
    """

    case: Case
    _worlds: dict[Any, World | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._prepared = OtherInputs(self.case)
        self._other = OtherNetworks(self.case)

    def variations(self, kind: str) -> tuple[Variation, ...]:
        """What can be tried, the likeliest first."""
        found: dict[str, Callable[[], list[str]]] = {
            "inputs": self._prepared.names,
            "mode": lambda: [] if self._augments() else self._modes(),
            "augmented": lambda: self._modes() if self._augments() else [],
            "rescaled": lambda: [RESCALED] * (self._prepared.own_scaling() is not None),
            "weights": lambda: [
                p.name for p in self.case.checkpoints if not self._other.untrained(p)
            ],
            "partly": lambda: [p.name for p in self.case.checkpoints if self._other.untrained(p)],
            "averages": self._other.averages,
            "strangers": self._other.strangers,
            "index": self._prepared.indices,
            "state": self._states,
            "resized": self._prepared.resizings,
            "precision": self._precisions,
            "steps": lambda: [ALL_STEPS] * (self.case.split(self.case.splits[0]).steps is not None),
        }
        return tuple(Variation(kind, detail) for detail in found[kind]())

    def is_random(self, variation: Variation) -> bool:
        """Whether two draws differ."""
        from reportgen.models import training_mode

        return variation.kind in ("mode", "augmented") and training_mode.is_random(
            self.case.predictor.model
        )

    def world(self, split: str, variation: Variation, draw: int = 0) -> World | None:
        """What the evaluation of a split would have seen, or None where it cannot be asked."""
        key = (split, variation, draw)
        if key not in self._worlds:
            try:
                self._worlds[key] = self._asked(split, variation, draw)
            except (ReportgenError, ValueError, TypeError, MemoryError):
                self._worlds[key] = None
        return self._worlds[key]

    def _asked(self, split: str, variation: Variation, draw: int) -> World | None:
        case = self.case
        predictor: Any = case.predictor
        inputs = case.inputs(split)
        if variation.kind == "steps":
            raw = predictor.predict(inputs)
        elif variation.kind == "inputs":
            inputs = self._prepared.varied(split, variation.detail)
            raw = None if inputs is None else predictor.predict(inputs)
        elif variation.kind == "index":
            inputs = reindexed(np.asarray(inputs), variation.detail)
            raw = predictor.predict(inputs)
        elif variation.kind == "resized":
            inputs = self._prepared.resized(split, variation.detail)
            raw = predictor.predict(inputs)
        elif variation.kind == "state":
            raw = self._carried(split, variation.detail)
        elif variation.kind == "rescaled":
            scale, offset = self._prepared.own_scaling() or (1.0, 0.0)
            inputs = np.asarray(inputs, dtype=np.float64) * scale + offset
            raw = predictor.predict(inputs)
        elif variation.kind in ("mode", "augmented"):
            from reportgen.models import training_mode

            size = variation.detail.rpartition(" ")[2]
            batch = case.split(split).n if size == "once" else int(size)
            raw = training_mode.answers(predictor, inputs, batch, 1 + draw)
        elif variation.kind in _OTHER_WEIGHTS:
            predictor = self._other.network(variation)
            raw = None if predictor is None else predictor.predict(inputs)
        elif variation.detail == HALF_NETWORK:
            from reportgen.models.half_precision import in_precision

            predictor = in_precision(predictor, "float16")
            raw = predictor.predict(inputs)
        else:
            kind = np.dtype(variation.detail)
            raw = predictor.predict(np.asarray(inputs).astype(kind)).astype(kind)
        if raw is None:
            return None
        if variation.kind == "steps":
            return self._padded(split, raw)
        predictions = case.interpreted(raw, split)
        if variation.kind in ("inputs", "index", "rescaled", "resized", *_OTHER_WEIGHTS):
            return seen(
                case, split, predictions, losses_of(predictor, case, split, lambda _: inputs)
            )
        return seen(case, split, predictions, losses_of_outputs(predictor, case, split, raw))

    def _padded(self, split: str, raw: np.ndarray) -> World | None:
        """All steps, padded ones included; None where their labels are no classes."""
        from reportgen.models.outputs import interpret

        case, steps = self.case, self.case.split(split).steps
        if steps is None or (case.task != "regression" and int(steps.truth.min()) < 0):
            return None
        every = steps.every(raw, split_name=split)
        given = interpret(every, case.output, case.dataset, case.entry.decision, split_name=split)
        losses = losses_of_steps(case.predictor, case, split, case.inputs, padded=True)
        return replace(seen(case, split, given, losses), truth=steps.truth.ravel(), weights=None)

    def _augments(self) -> bool:
        from reportgen.models import training_mode

        return training_mode.only_augments(self.case.predictor.model)

    def _states(self) -> list[str]:
        """What may have been asked before, since the state was last reset."""
        predictor: Any = self.case.predictor
        if not getattr(predictor, "stateful", False):
            return []
        found = [f"after {name}" for name in self.case.splits]
        if len(found) > 2:
            found.append(f"after {', '.join(self.case.splits[:-1])}")
        return found + ["as the model was delivered"] * predictor.came_with_state

    def _carried(self, split: str, detail: str) -> np.ndarray:
        predictor: Any = self.case.predictor
        given = self.case.inputs(split)
        if detail == "as the model was delivered":
            return np.asarray(predictor.carried((), given, delivered=True))
        before = [self.case.inputs(name) for name in detail.removeprefix("after ").split(", ")]
        return np.asarray(predictor.carried(before, given))

    def _modes(self) -> list[str]:
        from reportgen.models import training_mode

        model = self.case.predictor.model
        if self.case.predictor.framework not in ("keras", "tf_keras"):
            return []
        if not (training_mode.is_random(model) or training_mode.is_batched(model)):
            return []
        training = self.case.entry.training
        sizes = dict.fromkeys((*(() if training is None else (training.batch_size,)), *BATCHES))
        found = [f"training mode, batches of {size}" for size in sizes]
        # Layers that draw at random do so row by row: only statistics of batches tell them apart.
        return found + ["training mode, all rows at once"] * training_mode.is_batched(model)

    def _precisions(self) -> list[str]:
        if not self._prepared.are_numbers():
            return []
        network = self.case.predictor.framework in ("keras", "tf_keras")
        return ["float16", *([HALF_NETWORK] if network else [])]
