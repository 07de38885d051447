"""What ``fit`` measures on the validation rows after an epoch, for many members in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.retraining.member import Pool, Recipe
from reportgen.retraining.network import Unstackable
from reportgen.retraining.rows import packed

Tree = Any


@dataclass
class HeldOut:
    """``val_loss`` of K members; ``batch`` rows at a time, as ``fit`` evaluates."""

    model: Any
    x: tuple[np.ndarray, ...]
    y: np.ndarray
    w: np.ndarray | None
    batch: int
    _graph: Any = None

    @classmethod
    def of(cls, model: Any, recipe: Recipe, pool: Pool) -> HeldOut | None:
        """The evaluation that a recipe needs; None without validation rows.

        Raises
        ------
        Unstackable
            Early stopping watches what cannot be had here.
        """
        monitor = "loss" if recipe.stopping is None else recipe.stopping.monitor
        if monitor not in ("loss", "val_loss") or (monitor == "val_loss" and not pool.validation):
            raise Unstackable(f"early stopping watches {monitor}")
        if pool.validation is None:
            return None
        x, y, w = pool.validation
        return cls(model, x, y, w, recipe.batch_size)

    def measure(self, of_members: Tree, fed: Callable[[Any, Tree], Any]) -> dict[str, np.ndarray]:
        """``val_loss`` (K,): the mean of batches' losses by rows, penalties included.

        Parameters
        ----------
        of_members : ``tv``, ``ntv`` and whatever else ``fed`` needs, each with an axis of K.
        fed : gives one member's inputs from those of a batch and its part of ``of_members``.
        """
        import tensorflow as tf

        if self._graph is None:
            self._graph = tf.function(
                lambda members, x, y, w: tf.vectorized_map(
                    lambda member: self._one(member, fed(x, member), y, w), members
                ),
                reduce_retracing=True,
            )
        total = np.zeros(())
        for i in range(0, len(self.y), self.batch):
            part = slice(i, i + self.batch)
            x = [tf.constant(a[part]) for a in self.x]
            w = None if self.w is None else tf.constant(self.w[part])
            y = tf.constant(self.y[part])
            total = total + np.asarray(self._graph(of_members, x, y, w), np.float64) * len(y)
        return {"val_loss": np.asarray(total / len(self.y))}

    def _one(self, member: Tree, x: tuple[Any, ...], y: Any, w: Any) -> Any:
        import tensorflow as tf

        p, _, losses = self.model.stateless_call(
            member["tv"], member["ntv"], packed(self.model, x), training=False, return_losses=True
        )
        loss = self.model._compile_loss(y, p, w)
        for penalty in losses:
            loss += tf.reduce_sum(penalty)
        return loss
