"""The live model of an audit, asked otherwise than the job declares."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.reconciliation.evidence import Variation
from reportgen.reconciliation.from_case import losses_of, losses_of_outputs, losses_of_steps, seen
from reportgen.reconciliation.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.evidence import Case

#: Batch sizes that code in the wild evaluates with, besides the declared one.
BATCHES = (32,)
MOVING = "the optimizer's moving averages"
_OTHER_WEIGHTS = ("weights", "partly", "averages", "strangers")
SEEDED = "the initial weights, drawn from the job's seed"
RESCALED = "rescaled before the network's own Rescaling"
ALL_STEPS = "all steps, padded ones included"
HALF_NETWORK = "float16 weights and layers"
#: More inputs than this, in numbers, are not asked for again and again.
MOST_NUMBERS = 400_000_000
#: Rows that tell whether two ways of preparing inputs are one.
FEW_ROWS = 50


@dataclass
class Asked:
    """The case's own model as a laboratory (:class:`reportgen.reconciliation.evidence.Laboratory`).

    Nothing here is asked before a cause wants it, and nothing twice.
    """

    case: Case
    _worlds: dict[Any, World | None] = field(default_factory=dict)
    _networks: dict[Any, Any] = field(default_factory=dict)

    def variations(self, kind: str) -> tuple[Variation, ...]:
        """What can be tried, the likeliest first."""
        found: dict[str, Callable[[], list[str]]] = {
            "inputs": self._inputs,
            "mode": lambda: [] if self._augments() else self._modes(),
            "augmented": lambda: self._modes() if self._augments() else [],
            "rescaled": lambda: [RESCALED] * (self._own_scaling() is not None),
            "weights": lambda: [p.name for p in self.case.checkpoints if not self._untrained(p)],
            "partly": lambda: [p.name for p in self.case.checkpoints if self._untrained(p)],
            "averages": self._averages,
            "strangers": self._strangers,
            "index": self._indices,
            "state": self._states,
            "resized": self._resizings,
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
            inputs = self._varied(split, variation.detail)
            raw = None if inputs is None else predictor.predict(inputs)
        elif variation.kind == "index":
            inputs = reindexed(np.asarray(inputs), variation.detail)
            raw = predictor.predict(inputs)
        elif variation.kind == "resized":
            inputs = self._resized(split, variation.detail)
            raw = predictor.predict(inputs)
        elif variation.kind == "state":
            raw = self._carried(split, variation.detail)
        elif variation.kind == "rescaled":
            scale, offset = self._own_scaling() or (1.0, 0.0)
            inputs = np.asarray(inputs, dtype=np.float64) * scale + offset
            raw = predictor.predict(inputs)
        elif variation.kind in ("mode", "augmented"):
            from reportgen.models import training_mode

            size = variation.detail.rpartition(" ")[2]
            batch = case.split(split).n if size == "once" else int(size)
            raw = training_mode.answers(predictor, inputs, batch, 1 + draw)
        elif variation.kind in _OTHER_WEIGHTS:
            predictor = self._network(variation)
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

    def _own_scaling(self) -> tuple[float, float] | None:
        from reportgen.models import training_mode

        return training_mode.own_scaling(self.case.predictor.model) if self._numbers() else None

    def _network(self, variation: Variation) -> Any:
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

    def _strangers(self) -> list[str]:
        """Weights that never were to be delivered: the job's members', the network's as built."""
        if self.case.predictor.framework not in ("keras", "tf_keras"):
            return []
        training = self.case.entry.training
        seeded = training is not None and training.seed is not None
        members = [f"member {k + 1} of the job" for k in range(len(self.case.members))]
        return members + [SEEDED] * seeded

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

    def _resizings(self) -> list[str]:
        """Other ways to resize, where the job or the network itself resizes images."""
        from reportgen.models.resize import VARIANTS, WAYS, own_size

        if not self._numbers():
            return []
        own = [step.way for step in self._resize_steps()]
        if not own and own_size(self.case.predictor.model) is None:
            return []
        return [way for way in (*WAYS, *VARIANTS) if way not in own]

    def _resize_steps(self) -> list[Any]:
        from reportgen.models.resize import Resize

        return [step for step in self.case.preprocess.steps if isinstance(step, Resize)]

    def _resized(self, split: str, way: str) -> Any:
        """The inputs with the job's resizing done so, or resized so before the network does."""
        from reportgen.models.resize import Resize, own_size

        case, steps = self.case, self._resize_steps()
        if not steps:
            size = own_size(case.predictor.model)
            assert size is not None
            return Resize(size, way)(np.asarray(case.inputs(split)))
        rows: Any = case.split(split).X
        for step in case.preprocess.steps:
            rows = Resize(step.size, way)(rows) if isinstance(step, Resize) else step(rows)
        return rows

    def _indices(self) -> list[str]:
        """Other indices of the tokens, where the network embeds whole numbers."""
        from reportgen.models.training_mode import layers_within

        model = self.case.predictor.model
        if self.case.predictor.framework not in ("keras", "tf_keras") or not self._numbers():
            return []
        ids = np.asarray(self.case.inputs(self.case.splits[0]))
        embeds = any(type(layer).__name__ == "Embedding" for layer in layers_within(model))
        if not embeds or ids.ndim != 2 or (ids != np.round(ids)).any() or ids.min() < 0:
            return []
        return [f"{how}, from {first}" for how in INDICES for first in (1, 2, 0)]

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

    def _untrained(self, path: Path) -> tuple[str, ...]:
        """Layers that a checkpoint has and the delivered network has not."""
        from reportgen.models.checkpoints import untrained_layers

        try:
            return untrained_layers(self.case.predictor.model, self._restored(path).model)
        except (ReportgenError, ValueError):
            return ()

    def _averages(self) -> list[str]:
        """Means of the last checkpoints, in the order of the job, and the optimizer's own."""
        if self.case.predictor.framework not in ("keras", "tf_keras"):
            return []
        n = len(self.case.checkpoints)
        return [f"the mean of the {k} last checkpoints" for k in range(2, n + 1)] + [MOVING]

    def _numbers(self) -> bool:
        """Whether the model takes one array of numbers, and not too many."""
        if self.case.predictor.framework == "predictions":
            return False
        inputs = self.case.inputs(self.case.splits[0])
        kind = getattr(getattr(inputs, "dtype", None), "kind", "")
        return kind in "fiub" and kind != "" and int(np.size(inputs)) <= MOST_NUMBERS

    def _inputs(self) -> list[str]:
        if not self._numbers():
            return []
        case = self.case
        found = []
        if case.preprocess.steps:
            found += ["raw", "preprocessed twice", "refit on the split"]
        else:
            found += [
                "standardised by train",
                "standardised by the split",
                "scaled to 0-1 by train",
            ]
        scales = {
            "divided by 255": (1 / 255, 0.0),
            "multiplied by 255": (255.0, 0.0),
            "scaled to -1 to 1": (1 / 127.5, -1.0),
        }
        own = self._own_scaling()  # which is a cause of its own
        known = self._linear(found)
        found += [
            name
            for name, s in scales.items()
            if (own is None or not np.allclose(s, own)) and not self._is_one_of(known, s)
        ]
        images = np.ndim(case.inputs(case.splits[0])) == 4
        if images and case.inputs(case.splits[0]).shape[-1] == 3:
            found.append("channels reversed")
        return found

    def _linear(self, details: list[str]) -> list[tuple[Any, Any]]:
        """Some rows as usual and otherwise preprocessed: raw, and twice."""
        if not self.case.preprocess.steps:
            return []
        few = slice(0, FEW_ROWS)
        split = self.case.splits[0]
        inputs: Any = self.case.inputs(split)
        table: Any = self.case.split(split).X
        usual, rows = inputs[few], table[few]
        others: dict[str, Callable[[], Any]] = {
            "raw": lambda: _floats(rows),
            "preprocessed twice": lambda: self.case.preprocess(_like(usual, rows)),
        }
        found = []
        for detail, compute in others.items():
            if detail in details:
                with suppress(ReportgenError, ValueError, TypeError):
                    found.append((np.asarray(usual), np.asarray(compute())))
        return found

    def _is_one_of(self, known: list[tuple[Any, Any]], scale: tuple[float, float]) -> bool:
        """Whether a scale on top of the preprocessing is to leave it out, or to do it twice."""
        return any(
            usual.shape == other.shape
            and np.allclose(usual * scale[0] + scale[1], other, rtol=1e-5, atol=1e-6)
            for usual, other in known
        )

    def _varied(self, split: str, detail: str) -> Any:
        case = self.case
        usual = case.inputs(split)
        if detail == "raw":
            return _floats(case.split(split).X)
        if detail == "preprocessed twice":
            return _same_shape(case.preprocess(_like(usual, case.split(split).X)), usual)
        if detail == "refit on the split":
            return _same_shape(_refitted(case, split), usual)
        numbers = np.asarray(usual, dtype=np.float64)
        if detail in ("standardised by train", "standardised by the split"):
            other = "train" if detail.endswith("train") else split
            if other not in case.dataset.splits:
                return None
            rows = np.asarray(case.inputs(other), dtype=np.float64)
            sd = rows.std(axis=0)
            return (numbers - rows.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
        if detail == "scaled to 0-1 by train":
            if "train" not in case.dataset.splits:
                return None
            rows = np.asarray(case.inputs("train"), dtype=np.float64)
            low, reach = rows.min(axis=0), np.ptp(rows, axis=0)
            return (numbers - low) / np.where(reach > 0, reach, 1.0)
        if detail == "divided by 255":
            return numbers / 255
        if detail == "multiplied by 255":
            return numbers * 255
        if detail == "scaled to -1 to 1":
            return numbers / 127.5 - 1 if numbers.max(initial=0) > 1.5 else 2 * numbers - 1
        return np.asarray(usual)[..., ::-1]

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
        if not self._numbers():
            return []
        network = self.case.predictor.framework in ("keras", "tf_keras")
        return ["float16", *([HALF_NETWORK] if network else [])]


#: Ways to number the tokens of a split anew.
INDICES = ("by frequency", "by first appearance", "by sorted value")


def reindexed(ids: np.ndarray, detail: str) -> np.ndarray:
    """Token ids, (n, T), numbered anew from these rows alone.

    Parameters
    ----------
    detail : ``by frequency, from 1``: the most frequent token is 1, equal ones in the order of
        their first appearance, as ``collections.Counter.most_common`` has it; smaller numbers are
        reserved (padding, unknown) and stay.
    """
    how, _, first = detail.rpartition(", from ")
    reserved = int(first)
    flat = ids.astype(np.int64).ravel()
    tokens, at, counts = np.unique(flat[flat >= reserved], return_index=True, return_counts=True)
    order = {
        "by frequency": np.lexsort((at, -counts)),
        "by first appearance": np.argsort(at),
        "by sorted value": np.arange(len(tokens)),
    }[how]
    table = np.arange(int(flat.max(initial=0)) + 1)
    table[tokens[order]] = reserved + np.arange(len(tokens))
    return table[flat].reshape(ids.shape).astype(ids.dtype)


def _floats(rows: Any) -> Any:
    """Features as numbers, as somebody passes them who forgets to preprocess."""
    from reportgen.models.tables import float_array

    return float_array(rows, who="the model")


def _like(values: Any, rows: Any) -> Any:
    """Preprocessed numbers in the shape in which the preprocessing takes its rows."""
    import polars as pl

    if isinstance(rows, pl.DataFrame) and rows.width == np.shape(values)[-1]:
        return pl.DataFrame({name: values[:, k] for k, name in enumerate(rows.columns)})
    return values


def _same_shape(values: Any, usual: Any) -> Any:
    return values if np.shape(values) == np.shape(usual) else None


def _refitted(case: Case, split: str) -> Any:
    """The preprocessing with every scaler fitted on the evaluated split itself."""
    from reportgen.models.preprocess import SklearnTransform, Standardize

    rows = case.split(split).X
    for step in case.preprocess.steps:
        if isinstance(step, Standardize):
            rows = Standardize(rows)(rows)
        elif isinstance(step, SklearnTransform):
            rows = step.refitted(rows)(rows)
        else:
            rows = step(rows)
    return rows
