"""What one member's training and prediction compute, as functions that are traced.

One member's epochs are a ``lax.scan`` over batches of a row pool that lies on the device. The
stack maps them over members.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from reportgen.retraining.embeddings import Slices
from reportgen.retraining.supplies import Supplies

Tree = Any


class Computation:
    """One member's computation. ``own``, ``shared`` and the state are as ``Supplies`` has them."""

    def __init__(self, supplies: Supplies, *, settled: bool = False) -> None:
        #: Whether every member trains in every epoch that is computed.
        self.settled = settled
        self.network, self.recipe = supplies.network, supplies.recipe
        self.supplies = supplies
        self.n, self.batch = supplies.n, supplies.batch
        self.augment, self.evaluation = supplies.augment, supplies.evaluation
        self._slices: Slices | None = None

    def built(self) -> object:
        """Builds the network, which must not happen in a trace: its facts may be from before."""
        return self.network.model

    @property
    def model(self) -> Any:
        """Built before it is first traced."""
        return self.network.model

    @property
    def slices(self) -> Slices:
        """Found when first traced: a stored program has them in it."""
        if self._slices is None:
            self._slices = Slices.of(self.network, self.supplies.example())
        return self._slices

    def _loss(self, tv: Tree, ntv: Tree, x: Tree, y: Any, w: Any, probes: Tree) -> Any:
        with self.slices.probing(probes) as found:
            p, ntv, losses = self.model.stateless_call(
                tv, ntv, self.packed(x), training=True, return_losses=True
            )
        loss = self.model._compile_loss(y, p, w)
        for penalty in losses:
            loss = loss + jnp.sum(penalty)
        return loss, (ntv, found)

    def packed(self, x: tuple[Any, ...]) -> Any:
        """Inputs in the structure that the model is called with."""
        import keras

        if len(x) == 1:
            return x[0]
        return keras.tree.pack_sequence_as(self.model._inputs_struct, list(x))

    def _step(
        self, own: Tree, shared: Tree, carry: Tree, positions: Any, of_rows: Any = None
    ) -> tuple[Tree, Any]:
        """One batch; ``of_rows`` are weights that make up for rows that only fill it."""
        index = own["rows"][positions] if "rows" in own else positions
        x = tuple(a[index] for a in shared["x"])
        y = own["labels"][positions] if "labels" in own else shared["y"][index]
        w = own["weights"][positions] if "weights" in own else None
        if of_rows is not None:
            w = of_rows if w is None else w * of_rows
        x = _without(x, own, shared)
        aug = carry["aug"]
        if self.augment is not None:
            augmented, aug = self.augment.stateless_call([], aug, x[0], training=True)
            x = (augmented, *x[1:])
        probes = self.slices.zeros(len(positions))
        tv, ntv = carry["tv"], carry["ntv"]
        (loss, (ntv, found)), (gradients, by_probe) = jax.value_and_grad(
            self._loss, argnums=(0, 5), has_aux=True
        )(tv, ntv, x, y, w, probes)
        with self.slices.squares(tv, by_probe, found):
            tv, ov = self.network.optimizer.stateless_apply(carry["ov"], gradients, tv)
        return {"tv": tv, "ntv": ntv, "ov": ov, "aug": aug}, loss

    def _epoch(self, own: Tree, shared: Tree, state: Tree, order: Tree) -> tuple[Tree, Tree]:
        positions, epoch = order
        before = {name: state[name] for name in ("tv", "ntv", "ov", "aug")}
        steps = self._filled_steps if self.supplies.fills else self._exact_steps
        carry, loss = steps(own, shared, before, positions)
        seen = {"loss": loss}
        if self.evaluation is not None:
            seen |= self.evaluation.measure(
                carry["tv"],
                carry["ntv"],
                shared["validation"],
                lambda x: self.packed(_without(x, own, shared)),
            )
        active: Any = True
        if not self.settled:
            active = ~state["stop"]["done"] & (epoch < own["length"])
        after = carry if self.settled else _where(active, carry, before)
        stop = {
            **state["stop"],
            "epochs": state["stop"]["epochs"] + active,
            "best_epoch": jnp.where(active, epoch, state["stop"]["best_epoch"]),
        }
        result = {**after, "stop": stop}
        if self.recipe.stopping is not None:
            result |= self._watched(seen, active, after, state, stop, epoch)
        if self.settled:
            return result, seen
        return result, {k: jnp.where(active, v, jnp.nan) for k, v in seen.items()}

    def _exact_steps(self, own: Tree, shared: Tree, before: Tree, positions: Any) -> Any:
        """An epoch's batches, the last as short as it comes; the mean loss."""
        full, rest = divmod(self.n, self.batch)
        carry, losses = lax.scan(
            lambda c, p: self._step(own, shared, c, p),
            before,
            positions[: full * self.batch].reshape(full, self.batch),
        )
        total = jnp.sum(losses) * self.batch
        if rest:
            carry, last = self._step(own, shared, carry, positions[full * self.batch :])
            total = total + last * rest
        return carry, total / self.n

    def _filled_steps(self, own: Tree, shared: Tree, before: Tree, positions: Any) -> Any:
        """An epoch's batches of one size.

        The r rows of a short last one weigh B/r and the others nothing, so that the mean over B
        rows is the mean over r. Batches beyond a member's last change nothing.
        """
        steps = -(-self.n // self.batch)
        filled = jnp.pad(positions, (0, steps * self.batch - self.n))
        place = jnp.arange(steps * self.batch).reshape(steps, self.batch)
        rows = jnp.clip(own["n"] - jnp.arange(steps) * self.batch, 0, self.batch)
        weights = jnp.where(
            place < own["n"], self.batch / jnp.maximum(rows, 1)[:, None], 0.0
        ).astype(jnp.float32)

        def step(carry: Tree, batch: Tree) -> tuple[Tree, Any]:
            chosen, of_rows, count = batch
            after, loss = self._step(own, shared, carry, chosen, of_rows)
            if self.supplies.uneven:
                after, loss = _where(count > 0, after, carry), jnp.where(count > 0, loss, 0.0)
            return after, loss * count

        carry, losses = lax.scan(step, before, (filled.reshape(steps, self.batch), weights, rows))
        return carry, jnp.sum(losses) / own["n"]

    def _watched(
        self, seen: Tree, active: Any, after: Tree, state: Tree, stop: Tree, epoch: Any
    ) -> Tree:
        """``keras.callbacks.EarlyStopping.on_epoch_end``, for the members that are training."""
        stopping = self.recipe.stopping
        assert stopping is not None
        value = stopping.sign * seen[stopping.monitor]
        old = state["stop"]
        better = active & (value + abs(stopping.min_delta) < old["best"])
        wait = jnp.where(better, 0, old["wait"] + active)
        stop = {
            **stop,
            "best": jnp.where(better, value, old["best"]),
            "wait": wait,
            "done": old["done"] | (active & ~better & (wait >= stopping.patience) & (epoch > 0)),
        }
        if not self.supplies.restores:
            return {"stop": stop}
        first = active & (epoch == 0)
        keep = better | first
        stop["best_epoch"] = jnp.where(keep, epoch, old["best_epoch"])
        best = {"tv": after["tv"], "ntv": after["ntv"]}
        return {"stop": stop, "best": _where(keep, best, state["best"])}

    def epochs(self, state: Tree, own: Tree, shared: Tree, positions: Any, first: Any) -> Any:
        """Epochs ``first`` and on, one for each row of ``positions``; the state and losses."""
        numbers = first + jnp.arange(positions.shape[0], dtype=jnp.int32)
        return lax.scan(
            lambda s, order: self._epoch(own, shared, s, order), state, (positions, numbers)
        )

    def predict(self, weights: Tree, own: Tree, shared: Tree, x: Tree) -> Any:
        """Raw outputs for rows ``x`` by weights ``(trainable, other)``."""
        tv, ntv = weights
        packed = self.packed(_without(x, own, shared))
        return self.model.stateless_call(tv, ntv, packed, training=False)[0]


def _without(x: tuple[Any, ...], own: Tree, shared: Tree) -> tuple[Any, ...]:
    if "keep" not in own:
        return x
    return (jnp.where(own["keep"], x[0], shared["fill"]), *x[1:])


def _where(condition: Any, new: Tree, old: Tree) -> Tree:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)
