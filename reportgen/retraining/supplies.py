"""What a stack of members sends to the device: states, rows, labels, weights and orders.

Everything is numpy; what differs from member to member has a leading axis of K members.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from reportgen.retraining.augmentation import augmentation, augmentation_start
from reportgen.retraining.draws import orders
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.monitors import Evaluation
from reportgen.retraining.network import Weights
from reportgen.retraining.remembered import Remembered
from reportgen.retraining.rows import neutral, row_weights

Tree = Any


class Supplies:
    """Members of one architecture, batch size and number of rows, as arrays.

    Parameters
    ----------
    members : as many as are trained, those that only fill up the cores included.
    """

    def __init__(
        self, network: Remembered, recipe: Recipe, pool: Pool, members: Sequence[Member]
    ) -> None:
        self.network, self.recipe, self.pool = network, recipe, pool
        self.members = list(members)
        counts = [pool.n_rows(member) for member in members]
        self.n = max(counts)
        #: Whether members have different numbers of rows.
        self.uneven = min(counts) != self.n
        #: Whether the last batch is filled up with rows of weight zero: one shape to compile.
        self.fills = network.blueprint.rowwise
        if self.uneven and not self.fills:
            raise ValueError("members of different lengths, of a model whose rows meet")
        self.batch = batch_size(recipe, self.n) if self.fills else min(recipe.batch_size, self.n)
        self.evaluation = Evaluation.of(network, recipe, pool, len(self.members))
        self.augment = augmentation(members[0], pool)

    @property
    def restores(self) -> bool:
        """Whether each member ends with its best epoch's weights."""
        return self.recipe.stopping is not None and self.recipe.stopping.restore_best

    def example(self) -> tuple[np.ndarray, ...]:
        """Inputs of the shapes of one batch."""
        return tuple(of_length(a[: self.batch], self.batch) for a in self.pool.inputs)

    def state(self) -> tuple[Tree, list[Weights]]:
        """What training changes, and the weights that each member starts from."""
        initial = [self.network.initial(m) for m in self.members]
        optimizer = [self.network.optimizer_initial(m) for m in self.members]
        k = len(self.members)
        state: dict[str, Any] = {
            "tv": _stacked([self.network.layout.joined(w.trainable) for w in initial]),
            "ntv": _stacked([w.other for w in initial]),
            "ov": _stacked(optimizer),
            "aug": _stacked([augmentation_start(self.augment, m) for m in self.members]),
            "stop": {
                "done": np.zeros(k, bool),
                "wait": np.zeros(k, np.int32),
                "best": np.full(k, np.inf, np.float32),
                "best_epoch": np.zeros(k, np.int32),
                "epochs": np.zeros(k, np.int32),
            },
        }
        if self.restores:
            # Copies: a buffer cannot be given away twice.
            state["best"] = {
                "tv": [a.copy() for a in state["tv"]],
                "ntv": [a.copy() for a in state["ntv"]],
            }
        return state, initial

    def own(self) -> Tree:
        """What differs from member to member and does not change: rows, labels, lengths."""
        members, pool = self.members, self.pool
        own: dict[str, Any] = {
            "length": np.array([self.recipe.epochs_of(m) for m in members], np.int32)
        }
        if any(m.rows is not None for m in members):
            own["rows"] = np.stack([self._rows(m) for m in members]).astype(np.int32)
        if any(m.labels is not None for m in members):
            own["labels"] = np.stack([self._labels(m) for m in members])
        weights = [row_weights(self.recipe, pool, m) for m in members]
        if any(w is not None for w in weights):
            own["weights"] = np.stack(
                [
                    np.ones(self.n, np.float32) if w is None else of_length(w, self.n)
                    for w in weights
                ]
            )
        if self.uneven:
            own["n"] = np.array([pool.n_rows(m) for m in members], np.int32)
        if any(m.columns for m in members):
            width = pool.inputs[0].shape[-1]
            keep = np.ones((len(members), width), bool)
            for k, member in enumerate(members):
                keep[k, list(member.columns)] = False
            own["keep"] = keep
        return own

    def _rows(self, member: Member) -> np.ndarray:
        rows = np.arange(self.pool.n_train) if member.rows is None else member.rows.array
        return of_length(rows, self.n)

    def _labels(self, member: Member) -> np.ndarray:
        if member.labels is None:
            labels: np.ndarray = self.pool.targets[self._rows(member)]
            return labels
        return of_length(member.labels.array.astype(self.pool.targets.dtype), self.n)

    def shared(self) -> Tree:
        """What all members share: the pool of rows, and the validation rows."""
        shared: dict[str, Any] = {"x": self.pool.inputs, "y": self.pool.targets}
        if any(m.columns for m in self.members):
            shared["fill"] = neutral(self.pool)
        if self.evaluation is not None:
            shared["validation"] = self.evaluation.arrays
        return shared

    def batches(self, epochs: int) -> Iterator[Tree]:
        """For each epoch, the positions of its batches' rows.

        ``full`` int32 (S, K, B), the last filled up where that has no effect; else ``rest``
        (1, K, r) is one more.
        """
        members, n, batch = self.members, self.n, self.batch
        drawn = [
            orders(m.order_seed, self.pool.n_rows(m), epochs, shuffle=self.recipe.shuffle)
            for m in members
        ]
        full = -(-n // batch) if self.fills else n // batch
        for _ in range(epochs):
            rows = np.zeros((len(members), max(n, full * batch)), np.int32)
            for row, stream in zip(rows, drawn, strict=True):
                order = next(stream)
                row[: len(order)] = order
            steps = rows[:, : full * batch].reshape(len(members), full, batch).swapaxes(0, 1)
            rest = rows[None, :, full * batch :]
            yield {"full": steps, **({"rest": rest} if rest.size else {})}


def batch_size(recipe: Recipe, rows: int) -> int:
    """Rows a batch of a stack that is filled up: the recipe's, less where there are few rows.

    A power of two then, the same for all members of up to twice as many rows, so that a member
    gets the same masks whichever others it is stacked with.
    """
    return min(recipe.batch_size, 1 << max(0, (rows - 1).bit_length()))


def _stacked(trees: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.stack(arrays) for arrays in zip(*trees, strict=True)]


def of_length(rows: np.ndarray, n: int) -> np.ndarray:
    """The first ``n``, or all and the last again and again."""
    if len(rows) == n:
        return rows
    return np.concatenate([rows, np.repeat(rows[-1:], n - len(rows), axis=0)])
