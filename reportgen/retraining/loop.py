"""Members trained one after another with ``fit``, on the backend of this process.

The same initial weights, the same orders, so the same results as the stacked engine wherever
both can train a model. One compiled model is used again and again, its variables reset.
Nothing outside it is touched: global seeds and random states are put back.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import orders
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Network
from reportgen.retraining.results import Status, TrainedMember
from reportgen.retraining.rows import neutral, row_weights


class Loop:
    """Trains members of one architecture with ``fit``."""

    def __init__(self, recipe: Recipe, pool: Pool, member: Member) -> None:
        self.recipe, self.pool = recipe, pool
        with untouched():
            self.network = Network(Blueprint.read(recipe.file), member)
            model = self.network.model
            arguments = _compiled(model)
            model.compile(optimizer=self.network.optimizer, **arguments)

    def train(
        self,
        member: Member,
        why: str,
        *,
        keep_weights: bool = False,
        progress: Callable[[int], None] = lambda epochs: None,
        deadline: float | None = None,
    ) -> TrainedMember:
        """Train one member; ``why`` it is trained this way."""
        with untouched():
            return self._train(member, why, keep_weights, progress, deadline)

    def _train(
        self,
        member: Member,
        why: str,
        keep_weights: bool,
        progress: Callable[[int], None],
        deadline: float | None,
    ) -> TrainedMember:
        import keras

        model = self.network.model
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        start = self.network.initial(member)
        initial = [*start.trainable, *start.other]
        _assign(variables, initial)
        _assign(self.network.optimizer.variables, self.network.optimizer_initial(member))
        model.stop_training = False
        keras.utils.set_random_seed(member.order_seed % 2**32)
        epochs = self.recipe.epochs_of(member)
        x, y, w, validation = self._arrays(member)
        watch = _Watch(progress, deadline)
        callbacks = [watch]
        stopping = self.recipe.stopping
        early = None
        if stopping is not None:
            early = keras.callbacks.EarlyStopping(
                monitor=stopping.monitor,
                min_delta=stopping.min_delta,
                patience=stopping.patience,
                restore_best_weights=stopping.restore_best,
            )
            callbacks.append(early)
        batch = min(self.recipe.batch_size, len(y))
        history = model.fit(
            _batches(self.recipe, member, epochs, x, y, w, batch),
            epochs=epochs,
            shuffle=False,
            steps_per_epoch=-(-len(y) // batch),
            validation_data=validation,
            validation_batch_size=self.recipe.batch_size,
            callbacks=[_as_callback(c) if isinstance(c, _Watch) else c for c in callbacks],
            verbose=0,
        )
        losses = {
            name: np.asarray(values, np.float64)
            for name, values in history.history.items()
            if name in ("loss", "val_loss")
        }
        bad = not np.isfinite(losses["loss"]).all() if len(losses.get("loss", ())) else True
        status: Status = "stopped" if watch.stopped else "diverged" if bad else "trained"
        done = len(losses.get("loss", ()))
        best = early.best_epoch if early is not None and stopping is not None else done - 1
        return TrainedMember(
            member=member,
            status=status,
            engine="loop",
            why=why,
            predictions=self._predictions(member),
            losses=losses,
            epochs=done,
            best_epoch=best if stopping is not None and stopping.restore_best else done - 1,
            weights=[np.asarray(v) for v in variables] if keep_weights else None,
            initial_weights=initial if keep_weights else None,
        )

    def _arrays(self, member: Member) -> tuple[Any, ...]:
        pool = self.pool
        index = slice(0, pool.n_train) if member.rows is None else member.rows.array
        x = self._without(member, tuple(a[index] for a in pool.inputs))
        y = pool.targets[index] if member.labels is None else member.labels.array
        validation = None
        if pool.validation is not None:
            vx, vy, vw = pool.validation
            rows = self._packed(self._without(member, vx))
            validation = (rows, vy) if vw is None else (rows, vy, vw)
        return x, y, row_weights(self.recipe, pool, member), validation

    def _without(self, member: Member, x: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        if not member.columns:
            return x
        changed = x[0].copy()
        changed[..., list(member.columns)] = neutral(self.pool)[list(member.columns)]
        return (changed, *x[1:])

    def _packed(self, x: tuple[Any, ...]) -> Any:
        import keras

        if len(x) == 1:
            return x[0]
        return keras.tree.pack_sequence_as(self.network.model._inputs_struct, list(x))

    def _predictions(self, member: Member) -> dict[str, np.ndarray]:
        model = self.network.model
        return {
            name: np.asarray(
                model.predict(self._packed(self._without(member, x)), batch_size=1024, verbose=0)
            )
            for name, x in (self.pool.splits or {}).items()
        }


class _Watch:
    def __init__(self, progress: Callable[[int], None], deadline: float | None) -> None:
        self.progress, self.deadline, self.stopped = progress, deadline, False


def _as_callback(watch: _Watch) -> Any:
    import keras

    class Watching(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            watch.progress(epoch + 1)
            last = epoch + 1 == self.params["epochs"]
            if watch.deadline is not None and time.monotonic() > watch.deadline and not last:
                watch.stopped = self.model.stop_training = True

    return Watching()


def _compiled(model: Any) -> dict[str, Any]:
    """The arguments that the model was compiled with, but for the optimizer."""
    import keras

    config = model.get_compile_config()
    arguments = keras.saving.deserialize_keras_object(
        {key: value for key, value in config.items() if key != "optimizer"}
    )
    return {k: v for k, v in arguments.items() if v is not None}


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(np.asarray(value).astype(str(variable.dtype)))


def _batches(
    recipe: Recipe,
    member: Member,
    epochs: int,
    x: tuple[np.ndarray, ...],
    y: np.ndarray,
    w: np.ndarray | None,
    batch: int,
) -> Any:
    """A ``tf.data`` stream of all epochs' batches, the last of an epoch as short as it comes."""
    import tensorflow as tf

    drawn = np.stack(list(orders(member.order_seed, len(y), epochs, shuffle=recipe.shuffle)))
    names = (tuple(map(tf.constant, x)), tf.constant(y), None if w is None else tf.constant(w))

    def rows(positions: Any) -> Any:
        inputs, targets, weights = names
        taken = tuple(tf.gather(a, positions) for a in inputs)
        if member.augment:
            taken = (_augmented(augment, taken[0]), *taken[1:])
        packed = taken[0] if len(taken) == 1 else taken
        if weights is None:
            return packed, tf.gather(targets, positions)
        return packed, tf.gather(targets, positions), tf.gather(weights, positions)

    augment = _augmentation(member)
    return (
        tf.data.Dataset.from_tensor_slices(drawn)
        .flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(batch))
        .map(rows)
        .prefetch(2)
    )


def _augmentation(member: Member) -> list[Any]:
    import json

    import keras

    return [
        keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
        for text in member.augment
    ]


def _augmented(layers: Sequence[Any], x: Any) -> Any:
    for layer in layers:
        x = layer(x, training=True)
    return x


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Within it, global random states may be set; afterwards they are as they were."""
    from keras.src.backend.common import global_state

    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    key = "global_seed_generator"
    generator = global_state.get_global_attribute(key)
    state = None if generator is None else np.asarray(generator.state)
    seed = global_state.get_global_attribute("global_random_seed")
    eager = _eager_context()
    told = {name: vars(eager)[name] for name in ("_seed", "_rng") if name in vars(eager)}
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        global_state.set_global_attribute("global_random_seed", seed)
        global_state.set_global_attribute(key, generator)
        if generator is not None:
            generator.state.assign(state)
        for name in ("_seed", "_rng"):
            if name in told:
                setattr(eager, name, told[name])
            elif name in vars(eager):
                delattr(eager, name)


def _eager_context() -> Any:
    """TensorFlow's eager context, which holds its global seed."""
    from tensorflow.python.eager import context

    return context.context()
