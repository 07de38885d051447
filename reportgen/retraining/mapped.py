"""One training step of all members as a graph in TensorFlow: ``tf.vectorized_map`` over members.

Rows, labels and weights of K members, their state, an epoch of all of them, their predictions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.retraining.augmentation import augmentation, augmentation_start
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Network
from reportgen.retraining.rows import neutral, packed, row_weights, targets_of
from reportgen.retraining.stateless import applied

Tree = Any
#: Rows of all members that are predicted at a time.
PREDICTED = 4096


class MappedStack:
    """Members of one architecture and number of rows.

    State is ``{"tv", "ntv", "ov", "aug"}``: lists of tensors with a leading axis of K.
    """

    def __init__(
        self, network: Network, recipe: Recipe, pool: Pool, members: Sequence[Member]
    ) -> None:
        import tensorflow as tf

        self.network, self.recipe, self.pool = network, recipe, pool
        self.model: Any = network.model
        self.members = list(members)
        self.n = pool.n_rows(members[0])
        self.batch = min(recipe.batch_size, self.n)
        self.augment = augmentation(members[0], pool)
        self.inputs = [tf.constant(a) for a in pool.inputs]
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

    def _epoch(self, state: Tree, order: Any, active: Any) -> tuple[Tree, Any]:
        """All batches of an epoch, for the members that are still training; their mean losses."""
        import tensorflow as tf

        full, rest = divmod(self.n, self.batch)

        def body(i: Any, now: Tree, total: Any) -> Any:
            positions = order[:, i * self.batch : (i + 1) * self.batch]
            positions.set_shape((len(self.members), self.batch))
            now, loss = self.step(now, positions)
            return i + 1, now, total + self.batch * loss

        zero = tf.zeros(len(self.members), self.model.compute_dtype)
        _, after, total = tf.while_loop(
            lambda i, now, total: i < full, body, (tf.constant(0), state, zero)
        )
        if rest:
            after, loss = self.step(after, order[:, full * self.batch :])
            total += rest * loss
        return where(active, after, state), total / self.n

    def step(self, state: Tree, positions: Any) -> tuple[Tree, Any]:
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

    def of_members(self, tv: Tree, ntv: Tree) -> Tree:
        kept = {"keep": self.own["keep"]} if "keep" in self.own else {}
        return {"tv": list(tv), "ntv": list(ntv), **kept}

    def kept(self, x: Sequence[Any], member: Tree) -> tuple[Any, ...]:
        """One member's inputs, its left-out columns filled."""
        import tensorflow as tf

        if "keep" not in member:
            return tuple(x)
        return (tf.where(member["keep"], x[0], tf.constant(neutral(self.pool))), *x[1:])

    def predictions(self, weights: Tree) -> dict[str, np.ndarray]:
        import tensorflow as tf

        n_trainable = len(self.model.trainable_variables)
        members = self.of_members(weights[:n_trainable], weights[n_trainable:])

        def one(x: Any, member: Tree) -> Any:
            fed = packed(self.model, self.kept(x, member))
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


def where(active: Any, new: Tree, old: Tree) -> Tree:
    """Members' new values where they are active, (K,), and their old ones elsewhere."""
    import tensorflow as tf

    def chosen(a: Any, b: Any) -> Any:
        return tf.where(tf.reshape(active, (-1, *([1] * (len(a.shape) - 1)))), a, b)

    return tf.nest.map_structure(chosen, new, old)
