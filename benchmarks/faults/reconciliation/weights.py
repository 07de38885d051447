"""Numbers of other weights than the delivered ones: other epochs, checkpoints, averages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.reconciliation import said
from benchmarks.faults.reconciliation.networks import (
    Keeper,
    Trained,
    predictor,
    printed,
    saved,
    trained,
    with_weights,
)
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick, seed_of
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.job import history as histories
from reportgen.job.history import History


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """A place for checkpoints while the process lives."""
    return tempfile.TemporaryDirectory(prefix="reportgen-checkpoints-")


def _checkpoints(found: Trained, epochs: Sequence[int]) -> tuple[Path, ...]:
    """Files of the weights after some epochs, 0 for those before training."""
    place = Path(_folder().name)
    name = f"{id(found.model)}"
    return tuple(
        saved(found, found.initial if e == 0 else found.epochs[e - 1], place, f"{name}-{e:02d}")
        for e in epochs
    )


def _history(found: Trained) -> History:
    return histories.parse(json.dumps(dict(found.history)), "history.json")


def _best(found: Trained) -> int:
    return int(np.argmin(found.history["val_loss"]))


def _uneven(kind: str, rng: Rng) -> Trained:
    """A training whose best epoch is not its last."""
    return _restless(kind, int(rng.integers(2)))


@cache
def _restless(kind: str, variant: int) -> Trained:
    """Trained on few rows for long: validation worsens in the end."""
    import keras

    from benchmarks.faults.reconciliation import networks

    rng = np.random.default_rng([9, variant, *kind.encode()])
    keras.utils.set_random_seed(200 + variant)
    task, splits, model, _ = networks.KINDS[kind](rng)
    X, y = splits["train"]
    splits = {**splits, "train": (X[:250], y[:250])}
    model.optimizer.learning_rate = 0.02
    keeper = Keeper()
    initial = model.get_weights()
    result: dict[str, Any] = {}

    def fit() -> None:
        done = model.fit(
            *splits["train"], epochs=12, batch_size=25, verbose=2,
            validation_data=splits["validation"], callbacks=[keeper.callback()],
        )  # fmt: skip
        result.update(done.history)

    log = printed(fit)
    made = Trained(model, splits, task, log, result, initial, tuple(keeper.seen))
    if _best(made) == len(made.epochs) - 1:
        return _restless(kind, variant + 2)
    return made


def _delivered(found: Trained, epoch: int, rng: Rng) -> Work:
    """The work with the weights of an epoch delivered (0-based)."""
    model = with_weights(found, found.epochs[epoch])
    return found.work(rng).having(estimator=model, delivered=predictor(model, found.task))


# --- logs of fit -----------------------------------------------------------------------------


def _log_of_fit(rng: Rng) -> Case:
    """What ``fit`` prints of train is a mean over the epoch; nobody is wrong."""
    found = trained("softmax", rng)
    return found.work(rng).case(*said.log(found.log, found.task), training={"epochs": 5})


def _log_against_train(rng: Rng) -> Case:
    """The same numbers said of train by hand: close to other splits' numbers, and none of them."""
    found = trained("softmax logits", rng)
    return found.work(rng).case(*said.log(found.log, found.task), history=_history(found))


def _best_epoch(rng: Rng) -> Case:
    """The best epoch's validation numbers for the last epoch's weights."""
    found = _uneven("softmax", rng)
    best = _best(found)
    values = {
        "loss": found.history["val_loss"][best],
        "accuracy": found.history["val_accuracy"][best],
    }
    return found.work(rng).case(
        *said.numbers(values, found.task, split="validation"), history=_history(found)
    )


def _not_restored(rng: Rng) -> Case:
    """Patience never ran out, and older versions then keep the last epoch's weights.

    The log is read for the best epoch, as ``restore_best`` promises.
    """
    from reportgen.job.schema import EarlyStopping

    found = _uneven("softmax", rng)
    stopping = {"monitor": "val_loss", "patience": 50, "restore_best": True}
    claims = said.log(found.log, found.task, stopping=EarlyStopping.model_validate(stopping))
    return found.work(rng).case(
        *claims,
        history=_history(found),
        training={"epochs": 12, "early_stopping": stopping},
    )


def _last_row_of_history(rng: Rng) -> Case:
    """The best epoch is delivered; what is said is the last row, which a checkpoint gives."""
    found = _uneven("softmax", rng)
    best, last = _best(found), len(found.epochs)
    values = {
        "loss": found.history["val_loss"][-1],
        "accuracy": found.history["val_accuracy"][-1],
    }
    return _delivered(found, best, rng).case(
        *said.numbers(values, found.task, split="validation"),
        history=_history(found),
        checkpoints=_checkpoints(found, (1, last)),
    )


def _of_weights(found: Trained, work: Work, weights: list[np.ndarray], rng: Rng) -> Any:
    model = with_weights(found, weights)
    given = model.predict(work.X(), verbose=0).argmax(1)
    loss, _ = model.evaluate(work.X(), work.y(), verbose=0)
    report = said.report(
        work.y(), given, work.classes, digits=pick(rng, (2, 3)), labels=range(len(work.classes))
    )
    return (*report, *said.number("loss", loss, work.task))


def _earlier_checkpoint(rng: Rng) -> Case:
    """A checkpoint of an earlier epoch was loaded for the evaluation."""
    found = trained("softmax", rng)
    work = found.work(rng)
    return work.case(
        *_of_weights(found, work, found.epochs[1], rng),
        checkpoints=_checkpoints(found, (1, 2, 4)),
    )


def _before_training(rng: Rng) -> Case:
    """A freshly built network, whose weights nobody loaded, was evaluated."""
    found = trained("softmax", rng)
    work = found.work(rng)
    return work.case(
        *_of_weights(found, work, found.initial, rng), checkpoints=_checkpoints(found, (0, 3))
    )


def _head_not_loaded(rng: Rng) -> Case:
    """The delivered network took a checkpoint's hidden layer, not its head."""
    import keras

    found = trained("softmax", rng)
    work = found.work(rng)
    keras.utils.set_random_seed(seed_of(rng))
    partly = keras.models.clone_model(found.model)
    partly.compile_from_config(found.model.get_compile_config())
    partly.layers[0].set_weights(found.model.layers[0].get_weights())
    claims = _of_weights(found, work, found.model.get_weights(), rng)
    return work.having(estimator=partly, delivered=predictor(partly, found.task)).case(
        *claims, checkpoints=_checkpoints(found, (2, len(found.epochs)))
    )


def _mean_of_checkpoints(rng: Rng) -> Case:
    """The weights of the last three epochs averaged for the evaluation."""
    found = _uneven("softmax", rng)
    work = found.work(rng)
    epochs = range(len(found.epochs) - 2, len(found.epochs) + 1)
    mean = [np.mean(layers, axis=0) for layers in zip(*found.epochs[-3:], strict=True)]
    return work.case(
        *_of_weights(found, work, mean, rng), checkpoints=_checkpoints(found, tuple(epochs))
    )


def _moving_average(rng: Rng) -> Case:
    """Evaluated with the optimizer's moving averages, delivered raw."""
    import keras

    found = trained("softmax", rng)
    model = with_weights(found, found.initial)
    model.compile(
        keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.97),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    keeper = Keeper()
    model.fit(
        *found.splits["train"], epochs=2, batch_size=64, verbose=0, callbacks=[keeper.callback()]
    )
    averaged = model.get_weights()  # which fit puts in place in the end
    model.set_weights(keeper.seen[-1])
    work = found.work(rng).having(estimator=model, delivered=predictor(model, found.task))
    return work.case(*_of_weights(found, work, averaged, rng))


def _best_epoch_against_tail(rng: Rng) -> Case:
    """The best epoch's validation numbers, where validation is Keras's own tail of train."""
    import keras

    found = _uneven("softmax logits", rng)
    keras.utils.set_random_seed(seed_of(rng))
    model = with_weights(found, found.initial)
    X, y = found.splits["train"]
    done = model.fit(X, y, epochs=10, batch_size=25, validation_split=0.2, verbose=0)
    best = int(np.argmin(done.history["val_loss"]))
    if best == len(done.history["loss"]) - 1:
        best = 3
    cut = int(len(X) * 0.8)
    work = found.work(rng)
    splits = {
        **work.splits,
        "train": (X[:cut], y[:cut]),
        "validation": (X[cut:], y[cut:]),
    }
    values = {
        "loss": done.history["val_loss"][best],
        "accuracy": done.history["val_accuracy"][best],
    }
    return work.having(splits=splits, estimator=model, delivered=predictor(model, found.task)).case(
        *said.numbers(values, found.task, split="validation"),
        history=histories.parse(json.dumps(done.history), "history.json"),
    )


def _tail_as_test(rng: Rng) -> Case:
    """What ``validation_split`` printed last, which is the tail of train, given as test."""
    import keras

    found = trained("softmax", rng)
    keras.utils.set_random_seed(seed_of(rng))
    model = with_weights(found, found.initial)
    X, y = found.splits["train"]
    done = model.fit(X, y, epochs=3, batch_size=64, validation_split=0.2, verbose=0)
    values = {"loss": done.history["val_loss"][-1], "accuracy": done.history["val_accuracy"][-1]}
    work = found.work(rng).having(estimator=model, delivered=predictor(model, found.task))
    splits = {name: rows for name, rows in work.splits.items() if name != "validation"}
    return work.having(splits=splits).case(*said.numbers(values, found.task))


def _classes_of_a_folder(rng: Rng) -> Case:
    """The index of labels was rebuilt in another order: chance on train and on test."""
    found = trained("softmax", rng)
    work = found.work(rng)
    order = np.array([2, 0, 3, 1])
    claims: list[Any] = []
    for split in ("train", "test"):
        X, y = work.splits[split]
        given = found.model.predict(X, verbose=0).argmax(1)
        values = {
            "accuracy": metrics.accuracy_score(order[y], given),
            "mcc": metrics.matthews_corrcoef(order[y], given),
            "balanced_accuracy": metrics.balanced_accuracy_score(order[y], given),
        }
        claims += said.numbers(values, work.task, split=split)
    return work.case(*claims)


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


PLANTED: tuple[Question, ...] = (
    named("what fit prints of train", "running-epoch-mean", _log_of_fit, at_least="info"),
    named("the best epoch for the last", "other-epoch", _best_epoch),
    named(
        "best weights not restored", "restore-best-not-triggered", _not_restored,
        equal=("other-epoch",),
    ),
    named(
        "the last row, of a checkpoint", "restored-weights", _last_row_of_history,
        equal=("other-epoch",),
    ),
    named(
        "an earlier checkpoint", "other-weights", _earlier_checkpoint, equal=("restored-weights",)
    ),
    named(
        "a head that was not loaded", "weights-partly-loaded", _head_not_loaded,
        equal=("other-weights", "restored-weights"),
    ),
    named("a mean of checkpoints", "averaged-weights", _mean_of_checkpoints),
    named(
        "an index of labels rebuilt", "index-rebuilt", _classes_of_a_folder,
        equal=("label-order",),
    ),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    named(
        "before training", "other-weights", _before_training, kind="pair",
        equal=("restored-weights",),
    ),
    named("moving averages", "averaged-weights", _moving_average),
    named("what fit prints, with its history", "running-epoch-mean", _log_against_train,
          at_least="info", kind="pair"),
    named("the best epoch of a tail", "other-epoch", _best_epoch_against_tail, kind="pair"),
    named("the tail of validation_split as test", "other-split", _tail_as_test, kind="pair"),
)  # fmt: skip
