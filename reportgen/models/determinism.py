"""Does the same seed twice give the same network? As far as the first step, in TensorFlow.

What is cheap is asked first: initial weights, the first batch of rows, the weights after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from reportgen.data.table import Dataset
    from reportgen.job.schema import ModelEntry
    from reportgen.models.predictor import Predictor
    from reportgen.models.preprocess import Preprocess

Where = Literal["initial weights", "first batch", "first step"]
#: Batches of rows that are enough to see whether the order is the same.
BATCHES = 8


@dataclass(frozen=True, slots=True)
class Determinism:
    """Two trainings from one seed, compared bit by bit.

    Attributes
    ----------
    seed, call : as declared; ``seed`` None where none is, and then none was set.
    where : where the two start to differ; None when they do not.
    weights : largest difference of initial weights; ``step`` of the weights after one batch.
    seed_fails : the declared call leaves open weights or batch that
        ``keras.utils.set_random_seed`` fixes.
    in_model : seeds that stand in the model's own layers and initialisers.
    """

    seed: int | None
    call: str
    where: Where | None
    weights: float
    batch_same: bool
    step: float
    seed_fails: bool = False
    in_model: tuple[int, ...] = ()

    def evidence(self) -> dict[str, Any]:
        """For a finding."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Untold:
    """Why it is not known whether the same seed gives the same network, in words."""

    reason: str


@dataclass(frozen=True)
class _Start:
    weights: Sequence[np.ndarray]
    batch: np.ndarray
    after: Sequence[np.ndarray]


def measure(
    predictor: Predictor,
    entry: ModelEntry,
    dataset: Dataset,
    preprocess: Preprocess,
    seed: int,
    folder: Path,
) -> Determinism | Untold:
    """Start the declared training twice; why not, where that cannot be done.

    That is: for anything but a compiled Keras 3 network with `training:`, one that cannot be
    built anew, and a seed call that cannot be called.

    Parameters
    ----------
    seed : for the comparison where the job declares none.
    folder : of the job file, where a seed call of the job's own is found.
    """
    training, train = entry.training, dataset.splits.get("train")
    if predictor.framework != "keras":
        return Untold("there is no network whose seed calls could be tried")
    if training is None:
        return Untold("the job has no `training:` that could be started twice")
    if train is None or train.y is None:
        return Untold("there are no training rows with a target to start on")
    if getattr(predictor, "stateful", False):
        return Untold("layers carry a state from batch to batch: such a training is not started")
    if dataset.heads:
        return Untold("the model has several outputs, and such a training is not started here")
    if train.steps is not None:
        return Untold("labels stand step by step, and such a training is not started here")
    compiled = getattr(predictor, "compiled", None)
    if not compiled or not compiled.get("optimizer"):
        return Untold("the model does not say with which optimizer and loss it was compiled")
    from reportgen.errors import ModelError
    from reportgen.models import training as recipe
    from reportgen.models.randomness import untouched
    from reportgen.models.tables import take

    rows = min(train.n, BATCHES * training.batch_size)
    inputs = preprocess(take(train.X, 0, rows))
    starter = _Starter(predictor, inputs, np.asarray(train.y)[:rows], dataset.task, training)

    def declared() -> None:
        if training.seed is not None:
            recipe.sow(training, training.seed, folder)

    def right() -> None:
        import keras

        keras.utils.set_random_seed(seed if training.seed is None else training.seed)

    early = ("initial weights", "first batch")
    try:
        with untouched():
            found = _compared(starter(declared), starter(declared))
            fails = False
            if training.seed is not None and found[0] in early:
                fails = _compared(starter(right), starter(right))[0] not in early
    except ModelError as error:
        return Untold(error.problems[0].message)
    call = training.seed_call or recipe.SEED_CALL
    return Determinism(
        training.seed,
        call.removesuffix("()"),
        *found,
        seed_fails=fails,
        in_model=tuple(sorted(set(_seeds_in(_config(predictor))))),
    )


def _config(predictor: Any) -> Any:
    try:
        return predictor.model.get_config()
    except Exception:  # a subclassed model need not have one, and then has no seeds to be read
        return {}


def _seeds_in(config: Any) -> Iterator[int]:
    """Every whole number under a key ``seed``."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key == "seed" and isinstance(value, int) and not isinstance(value, bool):
                yield value
            else:
                yield from _seeds_in(value)
    elif isinstance(config, (list, tuple)):
        for part in config:
            yield from _seeds_in(part)


class _Starter:
    def __init__(
        self, predictor: Any, inputs: Any, y: np.ndarray, task: str, training: Any
    ) -> None:
        from reportgen.models.keras_loss import targets_for

        self.predictor, self.training = predictor, training
        self.x = predictor.rows(inputs)
        shape = getattr(predictor.model, "output_shape", None) or (None, 1)
        self.y = targets_for(y, predictor.compiled.get("loss"), int(shape[-1] or 1), task)

    def __call__(self, sow: Callable[[], None]) -> _Start:
        """One training as far as its first step, from a fresh seed."""
        sow()
        copy = self.predictor.fresh()
        weights = [np.array(w) for w in copy.get_weights()]
        size = self.training.batch_size
        copy.fit(
            self.x, self.y, batch_size=size, epochs=1, steps_per_epoch=1,
            shuffle=self.training.shuffle, verbose=0,
        )  # fmt: skip
        after = [np.array(w) for w in copy.get_weights()]
        return _Start(weights, self._batch(sow), after)

    def _batch(self, sow: Callable[[], None]) -> np.ndarray:
        """The rows of the first batch that ``fit`` draws right after seeding."""
        import keras

        seen: list[np.ndarray] = []

        class Recorder(keras.Model):  # type: ignore[misc]
            def train_step(self, data: Any) -> dict[str, Any]:
                seen.append(np.asarray(data[0]))
                return {"loss": 0.0}

        recorder = Recorder()
        recorder.compile(run_eagerly=True)
        places = np.arange(len(self.y), dtype=np.int32)
        sow()
        recorder.fit(
            places, places, batch_size=self.training.batch_size, epochs=1, steps_per_epoch=1,
            shuffle=self.training.shuffle, verbose=0,
        )  # fmt: skip
        return seen[0]


def _compared(a: _Start, b: _Start) -> tuple[Where | None, float, bool, float]:
    weights, step = _largest(a.weights, b.weights), _largest(a.after, b.after)
    same = bool(np.array_equal(a.batch, b.batch))
    where: Where | None = None
    if weights > 0:
        where = "initial weights"
    elif not same:
        where = "first batch"
    elif step > 0:
        where = "first step"
    return where, weights, same, step


def _largest(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> float:
    pairs = zip(a, b, strict=True)
    return max((float(np.max(np.abs(x - y), initial=0.0)) for x, y in pairs), default=0.0)
