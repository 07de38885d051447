"""Members stacked in TensorFlow itself: ``tf.vectorized_map`` over one member's training step.

For models that JAX does not compute, or computes otherwise: layers of the job's own or with
TensorFlow operations in them. An epoch of all members is one graph. What a layer does under the
map is not known beforehand, so the first batches of one member are also trained by the model's own
``train_on_batch``, and nothing is trained this way where the two differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reportgen.models.randomness import untouched
from reportgen.retraining.augmentation import augmentation, augmentation_start
from reportgen.retraining.draws import orders
from reportgen.retraining.held_out import HeldOut
from reportgen.retraining.loop import compile_again, start
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Network, Unstackable
from reportgen.retraining.patience import Patience
from reportgen.retraining.results import Status, TrainedMember
from reportgen.retraining.rows import neutral, packed, row_weights, targets_of, without
from reportgen.retraining.stateless import applied

Tree = Any
#: Batches that are trained both ways, and by how much their losses may differ relatively.
TRIED, TOLERANCE = 3, 1e-4
#: Rows of all members that are predicted at a time.
PREDICTED = 4096


class Vectorised:
    """Trains members of one architecture together in TensorFlow.

    Parameters
    ----------
    make : gives the network that is trained; called once.
    """

    def __init__(self, recipe: Recipe, pool: Pool, make: Callable[[], Network]) -> None:
        self.recipe, self.pool = recipe, pool
        with untouched():
            self.network = make()
            compile_again(self.network)
        self.model: Any = self.network.model
        self._checked = False

    def train(
        self,
        members: Sequence[Member],
        why: str,
        *,
        keep_weights: bool = False,
        progress: Callable[[int], None] = lambda epochs: None,
        deadline: float | None = None,
    ) -> list[TrainedMember]:
        """Train members with the same number of rows; ``why`` they are trained this way.

        Raises
        ------
        Unstackable
            The model cannot be mapped, or trains otherwise when it is.
        """
        with untouched():
            try:
                run = _Run(self, members)
                if not self._checked:
                    run.check()
                    self._checked = True
                return run.train(why, keep_weights, progress, deadline)
            except Unstackable:
                raise
            except Exception as error:  # layers may do anything: the loop can still train them
                said = (str(error).strip().splitlines() or [type(error).__name__])[-1]
                said = said.partition(". ")[0][:160]
                raise Unstackable(f"TensorFlow cannot map it over members: {said}") from error


class _Run:
    """One group's training: arrays, the graph, the state of K members."""

    def __init__(self, given: Vectorised, members: Sequence[Member]) -> None:
        import tensorflow as tf

        self.given, self.members = given, list(members)
        self.recipe, self.pool, self.network = given.recipe, given.pool, given.network
        self.model = given.model
        self.n = self.pool.n_rows(members[0])
        self.batch = min(self.recipe.batch_size, self.n)
        self.augment = augmentation(members[0], self.pool)
        self.held_out = HeldOut.of(self.model, self.recipe, self.pool)
        self.inputs = [tf.constant(a) for a in self.pool.inputs]
        self.own = {k: tf.constant(v) for k, v in self._own().items()}
        self.epoch = tf.function(self._epoch)

    def _own(self) -> dict[str, np.ndarray]:
        """What differs from member to member and does not change."""
        members, pool = self.members, self.pool
        every = np.arange(pool.n_train)
        own = {
            "rows": np.stack([every if m.rows is None else m.rows.array for m in members]),
            "labels": np.stack([targets_of(pool, m) for m in members]),
        }
        weights = [row_weights(self.recipe, pool, m) for m in members]
        if any(w is not None for w in weights):
            ones = np.ones(self.n, np.float32)
            own["weights"] = np.stack([ones if w is None else w for w in weights])
        if any(m.columns for m in members):
            keep = np.ones((len(members), pool.inputs[0].shape[-1]), bool)
            for k, member in enumerate(members):
                keep[k, list(member.columns)] = False
            own["keep"] = keep
        return own

    def state(self) -> tuple[Tree, list[list[np.ndarray]]]:
        """Tensors that training changes, and each member's initial weights."""
        import tensorflow as tf

        network = self.network
        initial = [network.initial(m) for m in self.members]
        augment = [augmentation_start(self.augment, m) for m in self.members]
        parts = {
            "tv": [w.trainable for w in initial],
            "ntv": [w.other for w in initial],
            "ov": [network.optimizer_initial(m) for m in self.members],
            "aug": augment,
        }
        state = {
            name: [tf.constant(np.stack(of)) for of in zip(*lists, strict=True)]
            for name, lists in parts.items()
        }
        return state, [[*w.trainable, *w.other] for w in initial]

    # --- the graph ----------------------------------------------------------------------

    def _epoch(self, state: Tree, order: Any, active: Any) -> tuple[Tree, Any]:
        """All batches of an epoch, for the members that are still training; their mean losses."""
        import tensorflow as tf

        full, rest = divmod(self.n, self.batch)

        def body(i: Any, now: Tree, total: Any) -> Any:
            positions = order[:, i * self.batch : (i + 1) * self.batch]
            positions.set_shape((len(self.members), self.batch))
            now, loss = self._step(now, positions)
            return i + 1, now, total + self.batch * loss

        zero = tf.zeros(len(self.members), self.model.compute_dtype)
        _, after, total = tf.while_loop(
            lambda i, now, total: i < full, body, (tf.constant(0), state, zero)
        )
        if rest:
            after, loss = self._step(after, order[:, full * self.batch :])
            total += rest * loss
        return _where(active, after, state), total / self.n

    def _step(self, state: Tree, positions: Any) -> tuple[Tree, Any]:
        """A batch of each member: ``positions`` (K, B) among its own rows."""
        import tensorflow as tf

        index = tf.gather(self.own["rows"], positions, batch_dims=1)
        x = [tf.gather(a, index) for a in self.inputs]
        if "keep" in self.own:
            fill = tf.constant(neutral(self.pool))
            x[0] = tf.where(_spread(self.own["keep"], len(x[0].shape)), x[0], fill)
        given = {**state, "x": x, "y": tf.gather(self.own["labels"], positions, batch_dims=1)}
        if "weights" in self.own:
            given["w"] = tf.gather(self.own["weights"], positions, batch_dims=1)
        after, loss = tf.vectorized_map(self._one, given)
        return after, loss

    def _one(self, given: Tree) -> tuple[Tree, Any]:
        """One member's step on one batch, as ``train_step`` does it."""
        import tensorflow as tf

        x, aug, tv = list(given["x"]), given["aug"], given["tv"]
        if self.augment is not None:
            x[0], aug = self.augment.stateless_call([], aug, x[0], training=True)
        with tf.GradientTape() as tape:
            tape.watch(tv)
            p, ntv, losses = self.model.stateless_call(
                tv, given["ntv"], packed(self.model, tuple(x)), training=True, return_losses=True
            )
            loss = self.model._compile_loss(given["y"], p, given.get("w"))
            for penalty in losses:
                loss += tf.reduce_sum(penalty)
        gradients = tape.gradient(loss, tv)
        tv, ov = applied(self.network.optimizer, given["ov"], gradients, tv)
        return {"tv": tv, "ntv": ntv, "ov": ov, "aug": aug}, loss

    # --- training -----------------------------------------------------------------------

    def check(self) -> None:
        """Train some batches of the first member by ``train_on_batch`` too.

        Raises
        ------
        Unstackable
            Losses or weights differ.
        """
        import tensorflow as tf

        if self.augment is not None:
            raise Unstackable("augmented batches of such a model")
        member = self.members[0]
        order = next(iter(orders(member.order_seed, self.n, 1, shuffle=self.recipe.shuffle)))
        steps = [order[i * self.batch :][: self.batch] for i in range(TRIED)]
        steps = [rows for rows in steps if len(rows) == self.batch]
        state, initial = self.state()
        mapped = tf.function(self._step)
        mine = []
        for rows in steps:
            state, loss = mapped(state, tf.constant(np.stack([rows] * len(self.members))))
            mine.append(float(loss[0]))
        start(self.network, member)
        theirs = [self._on_batch(member, rows) for rows in steps]
        if not np.allclose(mine, theirs, rtol=TOLERANCE, equal_nan=True):
            raise Unstackable("mapped over members it does not train as `fit` does")
        ended = [*state["tv"], *state["ntv"]]
        moved = differed = 0.0
        for before, now, variable in zip(initial[0], ended, self.network.variables, strict=True):
            if np.issubdtype(before.dtype, np.floating) and np.isfinite(before).all():
                moved += float(np.square(np.asarray(variable) - before, dtype=np.float64).sum())
                gap = np.asarray(now)[0] - np.asarray(variable)
                differed += float(np.square(gap, dtype=np.float64).sum())
        if differed > 0.01 * moved:
            raise Unstackable("mapped over members it is not the same after some steps of `fit`")

    def _on_batch(self, member: Member, rows: np.ndarray) -> float:
        """The loss of one batch by the model's own training step."""
        index = rows if member.rows is None else member.rows.array[rows]
        x = without(tuple(a[index] for a in self.pool.inputs), member, self.pool)
        w = row_weights(self.recipe, self.pool, member)
        self.model.reset_metrics()
        told = self.model.train_on_batch(
            packed(self.model, x),
            targets_of(self.pool, member)[rows],
            sample_weight=None if w is None else w[rows],
            return_dict=True,
        )
        return float(told["loss"])

    def train(
        self,
        why: str,
        keep_weights: bool,
        progress: Callable[[int], None],
        deadline: float | None,
    ) -> list[TrainedMember]:
        """All epochs of all members, and their predictions."""
        import tensorflow as tf

        members, recipe = self.members, self.recipe
        lengths = np.array([recipe.epochs_of(m) for m in members])
        streams = [
            orders(m.order_seed, self.n, int(lengths.max()), shuffle=recipe.shuffle)
            for m in members
        ]
        state, initial = self.state()
        patience = Patience(recipe.stopping, len(members))
        best: Tree = [*state["tv"], *state["ntv"]]
        seen: list[dict[str, np.ndarray]] = []
        for epoch in range(int(lengths.max())):
            active = ~patience.done & (epoch < lengths)
            if not active.any():
                break
            order = tf.constant(np.stack([next(s) for s in streams]))
            state, loss = self.epoch(state, order, tf.constant(active))
            told = {"loss": np.asarray(loss)}
            if self.held_out is not None:
                told |= self.held_out.measure(self._members(state["tv"], state["ntv"]), self._kept)
            seen.append({k: np.where(active, v, np.nan) for k, v in told.items()})
            better = patience.watch(told, epoch, active)
            if patience.restores:
                now = [*state["tv"], *state["ntv"]]
                best = [_where(tf.constant(better), a, b) for a, b in zip(now, best, strict=True)]
            progress(epoch + 1)
            if deadline is not None and time.monotonic() > deadline:
                break
        weights = best if patience.restores else [*state["tv"], *state["ntv"]]
        predictions = self._predictions(weights)
        finals = [np.asarray(w) for w in weights] if keep_weights else []
        finished = patience.done | (patience.epochs >= lengths)
        found = []
        for k, member in enumerate(members):
            done = int(patience.epochs[k])
            losses = {
                name: np.array([s[name][k] for s in seen[:done]], np.float64)
                for name in seen[0]
                if name in ("loss", "val_loss")
            }
            status: Status = "trained" if finished[k] else "stopped"
            if not np.isfinite(losses["loss"]).all():
                status = "diverged"
            found.append(
                TrainedMember(
                    member=member,
                    status=status,
                    engine="vectorised",
                    why=why,
                    predictions={name: values[k] for name, values in predictions.items()},
                    losses=losses,
                    epochs=done,
                    best_epoch=int(patience.best_epoch[k]) if patience.restores else done - 1,
                    weights=[w[k] for w in finals] if keep_weights else None,
                    initial_weights=initial[k] if keep_weights else None,
                )
            )
        return found

    def _members(self, tv: Tree, ntv: Tree) -> Tree:
        kept = {"keep": self.own["keep"]} if "keep" in self.own else {}
        return {"tv": list(tv), "ntv": list(ntv), **kept}

    def _kept(self, x: Sequence[Any], member: Tree) -> tuple[Any, ...]:
        """One member's inputs, its left-out columns filled."""
        import tensorflow as tf

        if "keep" not in member:
            return tuple(x)
        return (tf.where(member["keep"], x[0], tf.constant(neutral(self.pool))), *x[1:])

    def _predictions(self, weights: Tree) -> dict[str, np.ndarray]:
        import tensorflow as tf

        n_trainable = len(self.model.trainable_variables)
        members = self._members(weights[:n_trainable], weights[n_trainable:])

        def one(x: Any, member: Tree) -> Any:
            fed = packed(self.model, self._kept(x, member))
            return self.model.stateless_call(member["tv"], member["ntv"], fed, training=False)[0]

        predict = tf.function(
            lambda x: tf.vectorized_map(lambda member: one(x, member), members),
            reduce_retracing=True,
        )
        found = {}
        for name, arrays in (self.pool.splits or {}).items():
            chunk = max(1, PREDICTED // len(self.members))
            parts = [
                np.asarray(predict([tf.constant(a[i : i + chunk]) for a in arrays]))
                for i in range(0, len(arrays[0]), chunk)
            ]
            found[name] = np.concatenate(parts, axis=1)
        return found


def _spread(keep: Any, rank: int) -> Any:
    """(K, C) as (K, 1, ..., 1, C) of a rank."""
    import tensorflow as tf

    shape = keep.shape
    return tf.reshape(keep, (shape[0], *([1] * (rank - 2)), shape[1]))


def _where(active: Any, new: Tree, old: Tree) -> Tree:
    """Members' new values where they are active, (K,), and their old ones elsewhere."""
    import tensorflow as tf

    def chosen(a: Any, b: Any) -> Any:
        return tf.where(tf.reshape(active, (-1, *([1] * (len(a.shape) - 1)))), a, b)

    return tf.nest.map_structure(chosen, new, old)
