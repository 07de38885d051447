"""Members stacked in TensorFlow itself.

For models that JAX does not compute, or computes otherwise: layers of the job's own or with
TensorFlow operations in them. An epoch of all members is one graph. Nothing is trained this way
where it differs from the model's own ``train_on_batch``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from reportgen.models.randomness import untouched
from reportgen.retraining.draws import orders
from reportgen.retraining.held_out import HeldOut
from reportgen.retraining.loop import compile_again
from reportgen.retraining.mapped import MappedStack, where
from reportgen.retraining.mapped_trial import check
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Network, Unstackable
from reportgen.retraining.patience import Patience
from reportgen.retraining.results import Status, TrainedMember

Tree = Any
Losses = dict[str, np.ndarray]


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
                    check(run.stack)
                    self._checked = True
                return run.train(why, keep_weights, progress, deadline)
            except Unstackable:
                raise
            except Exception as error:  # layers may do anything: the loop can still train them
                said = (str(error).strip().splitlines() or [type(error).__name__])[-1]
                said = said.partition(". ")[0][:160]
                raise Unstackable(f"TensorFlow cannot map it over members: {said}") from error


class _Run:
    """One group's training."""

    def __init__(self, given: Vectorised, members: Sequence[Member]) -> None:
        self.members, self.recipe = list(members), given.recipe
        self.stack = MappedStack(given.network, given.recipe, given.pool, members)
        self.held_out = HeldOut.of(given.model, given.recipe, given.pool)
        self.lengths = np.array([given.recipe.epochs_of(m) for m in members])
        self.patience = Patience(given.recipe.stopping, len(members))

    def train(
        self,
        why: str,
        keep_weights: bool,
        progress: Callable[[int], None],
        deadline: float | None,
    ) -> list[TrainedMember]:
        """All epochs of all members, and their predictions."""
        state, initial = self.stack.state()
        best: Tree = [*state["tv"], *state["ntv"]]
        seen: list[Losses] = []
        for epoch, order in enumerate(self._orders()):
            active = ~self.patience.done & (epoch < self.lengths)
            if not active.any():
                break
            state, told = self._epoch(state, order, active)
            seen.append(told)
            best = self._best(best, state, self.patience.watch(told, epoch, active))
            progress(epoch + 1)
            if deadline is not None and time.monotonic() > deadline:
                break
        predictions = self.stack.predictions(best)
        finals = [np.asarray(w) for w in best] if keep_weights else None
        return [
            self._result(
                k, why, seen, {name: values[k] for name, values in predictions.items()},
                None if finals is None else ([w[k] for w in finals], initial[k]),
            )
            for k in range(len(self.members))
        ]  # fmt: skip

    def _orders(self) -> Iterator[Any]:
        """Of each epoch, the order of each member's rows, (K, n)."""
        import tensorflow as tf

        most, shuffle = int(self.lengths.max()), self.recipe.shuffle
        streams = [orders(m.order_seed, self.stack.n, most, shuffle=shuffle) for m in self.members]
        for _ in range(most):
            yield tf.constant(np.stack([next(s) for s in streams]))

    def _epoch(self, state: Tree, order: Any, active: np.ndarray) -> tuple[Tree, Losses]:
        """The state after an epoch, and the losses of those that train, (K,)."""
        import tensorflow as tf

        state, loss = self.stack.epoch(state, order, tf.constant(active))
        told = {"loss": np.asarray(loss)}
        if self.held_out is not None:
            members = self.stack.of_members(state["tv"], state["ntv"])
            told |= self.held_out.measure(members, self.stack.kept)
        return state, {k: np.where(active, v, np.nan) for k, v in told.items()}

    def _best(self, best: Tree, state: Tree, better: np.ndarray) -> Tree:
        """The weights that members end with if they end now."""
        import tensorflow as tf

        now = [*state["tv"], *state["ntv"]]
        if not self.patience.restores:
            return now
        return [where(tf.constant(better), a, b) for a, b in zip(now, best, strict=True)]

    def _result(
        self,
        k: int,
        why: str,
        seen: Sequence[Losses],
        predictions: dict[str, np.ndarray],
        weights: tuple[list[np.ndarray], list[np.ndarray]] | None,
    ) -> TrainedMember:
        """What came of one member; ``weights`` are its final and its initial ones."""
        done = int(self.patience.epochs[k])
        losses = {
            name: np.array([s[name][k] for s in seen[:done]], np.float64)
            for name in seen[0]
            if name in ("loss", "val_loss")
        }
        finished = self.patience.done[k] or self.patience.epochs[k] >= self.lengths[k]
        status: Status = "trained" if finished else "stopped"
        if not np.isfinite(losses["loss"]).all():
            status = "diverged"
        return TrainedMember(
            member=self.members[k],
            status=status,
            engine="vectorised",
            why=why,
            predictions=predictions,
            losses=losses,
            epochs=done,
            best_epoch=int(self.patience.best_epoch[k]) if self.patience.restores else done - 1,
            weights=None if weights is None else weights[0],
            initial_weights=None if weights is None else weights[1],
        )
