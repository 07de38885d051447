"""What training and predicting compute, as functions that are traced.

Epochs are a ``lax.scan`` over batches of a row pool that lies on the device. One member's step is
mapped over members inside the scan: mapping the scan would trace its body again and again.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from reportgen.retraining import logits
from reportgen.retraining.embeddings import Slices
from reportgen.retraining.moments import counting
from reportgen.retraining.supplies import Supplies

Tree = Any


class Computation:
    """A stack's computation. ``own``, ``shared`` and the state are as ``Supplies`` has them."""

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

    def _loss(self, tv: Tree, ntv: Tree, x: Tree, y: Any, w: Any, probes: Tree, rows: Any) -> Any:
        with logits.remembered():
            with self.slices.probing(probes) as found, counting(self.model, rows):
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
        self, own: Tree, shared: Tree, carry: Tree, positions: Any, count: Any = None
    ) -> tuple[Tree, Any]:
        """One batch; of one that is filled up, ``count`` rows are its own.

        The r rows of a short batch weigh B/r and the others nothing, so that the mean over B
        rows is the mean over r.
        """
        index = _taken(own["rows"], positions) if "rows" in own else positions
        x = tuple(_taken(a, index) for a in shared["x"])
        y = _taken(own["labels"], positions) if "labels" in own else _taken(shared["y"], index)
        w = _taken(own["weights"], positions) if "weights" in own else None
        rows = None
        if count is not None:
            rows = jnp.arange(len(positions)) < count
            of_rows = jnp.where(rows, (len(positions) / count).astype(jnp.float32), 0.0)
            w = of_rows if w is None else w * of_rows
        x = _without(x, own, shared)
        aug = carry["aug"]
        if self.augment is not None:
            augmented, aug = self.augment.stateless_call([], aug, x[0], training=True)
            x = (augmented, *x[1:])
        probes = self.slices.zeros(len(positions))
        layout, ntv = self.network.layout, carry["ntv"]
        (loss, (ntv, found)), (gradients, by_probe) = jax.value_and_grad(
            self._loss, argnums=(0, 5), has_aux=True
        )(layout.parted(carry["tv"]), ntv, x, y, w, probes, rows)
        with self.slices.squares(by_probe, found):
            tv, ov = self.network.optimizer.stateless_apply(
                carry["ov"], layout.joined(gradients), carry["tv"]
            )
        return {"tv": tv, "ntv": ntv, "ov": ov, "aug": aug}, loss

    def _epoch(
        self, own: Tree, shared: Tree, state: Tree, positions: Tree, epoch: Any
    ) -> tuple[Tree, Tree]:
        """All members' batches of an epoch, and what is seen of them after it."""
        before = {name: state[name] for name in ("tv", "ntv", "ov", "aug")}
        carry, loss = self._batches(own, shared, before, positions)

        def seen_of(own: Tree, before: Tree, state: Tree, carry: Tree, loss: Any) -> Any:
            return self._seen(own, shared, {**state, **before}, carry, loss, epoch)

        others = {name: tree for name, tree in state.items() if name not in before}
        after, seen = jax.vmap(seen_of)(own, before, others, carry, loss)
        return after, seen

    def _batches(self, own: Tree, shared: Tree, carry: Tree, positions: Tree) -> tuple[Tree, Any]:
        """Steps of all members, and each one's mean loss (K,); see ``Supplies.batches``."""
        n, batch = self.n, self.batch

        def step(own: Tree, carry: Tree, positions: Any, number: Any) -> tuple[Tree, Any]:
            rows = own.get("n", n)
            if not self.supplies.fills or (n % batch == 0 and not self.supplies.uneven):
                carry, loss = self._step(own, shared, carry, positions)
                return carry, loss * batch
            count = jnp.clip(rows - number * batch, 0, batch)
            after, loss = self._step(own, shared, carry, positions, jnp.maximum(count, 1))
            if self.supplies.uneven:  # batches beyond a member's last change nothing
                after, loss = _where(count > 0, after, carry), jnp.where(count > 0, loss, 0.0)
            return after, loss * count

        def steps(carry: Tree, batch: Tree) -> tuple[Tree, Any]:
            carry, losses = jax.vmap(step, in_axes=(0, 0, 0, None))(own, carry, *batch)
            return carry, losses

        full = positions["full"]
        numbers = jnp.arange(len(full), dtype=jnp.int32)
        carry, losses = lax.scan(steps, carry, (full, numbers))
        total = jnp.sum(losses, axis=0)
        if "rest" in positions:  # as short as it comes, where filling it up has an effect
            rest = positions["rest"][0]
            carry, last = jax.vmap(lambda o, c, p: self._step(o, shared, c, p))(own, carry, rest)
            total = total + last * rest.shape[1]
        return carry, total / own.get("n", n)

    def _seen(
        self, own: Tree, shared: Tree, state: Tree, carry: Tree, loss: Any, epoch: Any
    ) -> tuple[Tree, Tree]:
        """One member's state after an epoch, and its losses."""
        before = {name: state[name] for name in carry}
        seen = {"loss": loss}
        if self.evaluation is not None:
            seen |= self.evaluation.measure(
                self.network.layout.parted(carry["tv"]),
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

    def _watched(
        self, seen: Tree, active: Any, after: Tree, state: Tree, stop: Tree, epoch: Any
    ) -> Tree:
        """``keras.callbacks.EarlyStopping.on_epoch_end``, for a member that is training."""
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

    def epochs(self, state: Tree, own: Tree, shared: Tree, positions: Tree, first: Any) -> Any:
        """All members' epochs ``first`` and on, as ``positions`` has them; the state and losses."""
        numbers = first + jnp.arange(len(positions["full"]), dtype=jnp.int32)
        return lax.scan(
            lambda s, order: self._epoch(own, shared, s, *order), state, (positions, numbers)
        )

    def predictions(self, weights: Tree, own: Tree, shared: Tree, x: Tree) -> Any:
        """All members' raw outputs for rows ``x`` by weights ``(trainable, other)``."""
        return jax.vmap(self._predicted, in_axes=(0, 0, None, None))(weights, own, shared, x)

    def _predicted(self, weights: Tree, own: Tree, shared: Tree, x: Tree) -> Any:
        tv, ntv = weights
        packed = self.packed(_without(x, own, shared))
        parts = self.network.layout.parted(tv)
        return self.model.stateless_call(parts, ntv, packed, training=False)[0]


def _taken(array: Any, places: Any) -> Any:
    """Rows of an array, at places that are known to be there."""
    return array.at[places].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _without(x: tuple[Any, ...], own: Tree, shared: Tree) -> tuple[Any, ...]:
    if "keep" not in own:
        return x
    return (jnp.where(own["keep"], x[0], shared["fill"]), *x[1:])


def _where(condition: Any, new: Tree, old: Tree) -> Tree:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)
