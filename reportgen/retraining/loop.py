"""Members trained one after another with ``fit``, on the backend of this process.

The same initial weights, the same orders, so the same results as the stacked engines wherever
both can train a model. One compiled model is used again and again, its variables reset.
Nothing outside it is touched: global seeds and random states are put back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.models.randomness import untouched
from reportgen.retraining.augmentation import augmentation, augmentation_start
from reportgen.retraining.draws import orders
from reportgen.retraining.member import Member, Pool, Recipe, Stopping
from reportgen.retraining.network import Network
from reportgen.retraining.results import Status, TrainedMember
from reportgen.retraining.rows import packed, row_weights, targets_of, without


class Loop:
    """Trains members of one architecture with ``fit``.

    Parameters
    ----------
    make : gives the network that is trained; called once.
    """

    def __init__(self, recipe: Recipe, pool: Pool, make: Callable[[], Network]) -> None:
        self.recipe, self.pool = recipe, pool
        with untouched():
            self.network = make()
            compile_again(self.network)

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

        model, stopping = self.network.model, self.recipe.stopping
        initial = start(self.network, member)
        model.stop_training = False
        keras.utils.set_random_seed(member.order_seed % 2**32)
        epochs = self.recipe.epochs_of(member)
        y = targets_of(self.pool, member)
        batch = min(self.recipe.batch_size, len(y))
        watch = _Watch(progress, deadline)
        callbacks: list[Any] = [_as_callback(watch)]
        early = None if stopping is None else _early(stopping)
        if early is not None:
            callbacks.append(early)
        history = model.fit(
            self._batches(member, epochs, y, batch),
            epochs=epochs,
            shuffle=False,
            steps_per_epoch=-(-len(y) // batch),
            validation_data=self._validation(member),
            validation_batch_size=self.recipe.batch_size,
            callbacks=callbacks,
            verbose=0,
        )
        losses = {
            name: np.asarray(values, np.float64)
            for name, values in history.history.items()
            if name in ("loss", "val_loss")
        }
        done = len(losses.get("loss", ()))
        bad = not done or not np.isfinite(losses["loss"]).all()
        status: Status = "stopped" if watch.stopped else "diverged" if bad else "trained"
        restored = early is not None and early.restore_best_weights
        variables = self.network.variables
        return TrainedMember(
            member=member,
            status=status,
            engine="loop",
            why=why,
            predictions=self._predictions(member),
            losses=losses,
            epochs=done,
            best_epoch=early.best_epoch if early is not None and restored else done - 1,
            weights=[np.asarray(v) for v in variables] if keep_weights else None,
            initial_weights=initial if keep_weights else None,
        )

    def _validation(self, member: Member) -> Any:
        if self.pool.validation is None:
            return None
        x, y, w = self.pool.validation
        rows = packed(self.network.model, without(x, member, self.pool))
        return (rows, y) if w is None else (rows, y, w)

    def _predictions(self, member: Member) -> dict[str, np.ndarray]:
        model = self.network.model
        return {
            name: np.asarray(
                model.predict(
                    packed(model, without(x, member, self.pool)), batch_size=1024, verbose=0
                )
            )
            for name, x in (self.pool.splits or {}).items()
        }

    def _batches(self, member: Member, epochs: int, y: np.ndarray, batch: int) -> Any:
        """A ``tf.data`` stream of all epochs' batches, an epoch's last as short as it comes."""
        import tensorflow as tf

        pool, recipe = self.pool, self.recipe
        index = slice(0, pool.n_train) if member.rows is None else member.rows.array
        inputs = [
            tf.constant(a) for a in without(tuple(a[index] for a in pool.inputs), member, pool)
        ]
        w = row_weights(recipe, pool, member)
        targets, weights = tf.constant(y), None if w is None else tf.constant(w)
        augment = augmentation(member, pool)
        if augment is not None:
            assign(augment.non_trainable_variables, augmentation_start(augment, member))
        drawn = np.stack(list(orders(member.order_seed, len(y), epochs, shuffle=recipe.shuffle)))

        def rows(positions: Any) -> Any:
            taken = [tf.gather(a, positions) for a in inputs]
            if augment is not None:
                taken[0] = augment(taken[0], training=True)
            fed = packed(self.network.model, tuple(taken))
            if weights is None:
                return fed, tf.gather(targets, positions)
            return fed, tf.gather(targets, positions), tf.gather(weights, positions)

        return (
            tf.data.Dataset.from_tensor_slices(drawn)
            .flat_map(lambda order: tf.data.Dataset.from_tensor_slices(order).batch(batch))
            .map(rows)
            .prefetch(2)
        )


def compile_again(network: Network) -> None:
    """Compile a network's model as it was, with the network's own fresh optimizer."""
    model = network.model
    given = {k: v for k, v in model._compile_config.config.items() if v is not None}
    model.compile(**{**given, "optimizer": network.optimizer})


def start(network: Network, member: Member) -> list[np.ndarray]:
    """Set a network's variables to what a member starts from; the values of its weights."""
    weights = network.initial(member)
    initial = [*weights.trainable, *weights.other]
    assign(network.variables, initial)
    assign(network.optimizer.variables, network.optimizer_initial(member))
    return initial


def assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    """Give variables values, each in its own type."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(np.asarray(value).astype(str(variable.dtype)))


def _early(stopping: Stopping) -> Any:
    import keras

    return keras.callbacks.EarlyStopping(
        monitor=stopping.monitor,
        min_delta=stopping.min_delta,
        patience=stopping.patience,
        restore_best_weights=stopping.restore_best,
    )


@dataclass
class _Watch:
    progress: Callable[[int], None]
    deadline: float | None
    stopped: bool = False


def _as_callback(watch: _Watch) -> Any:
    import keras

    class Watching(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            watch.progress(epoch + 1)
            last = epoch + 1 == self.params["epochs"]
            if watch.deadline is not None and time.monotonic() > watch.deadline and not last:
                watch.stopped = self.model.stop_training = True

    return Watching()
