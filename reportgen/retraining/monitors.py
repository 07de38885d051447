"""What ``fit`` measures on the validation rows after each epoch, and early stopping watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from reportgen.retraining import logits
from reportgen.retraining.costs import chunk_of
from reportgen.retraining.member import Pool, Recipe
from reportgen.retraining.network import Unstackable
from reportgen.retraining.remembered import Remembered

Tree = Any


@dataclass
class Evaluation:
    """``val_loss``, and ``val_NAME`` of the compiled metric that is watched.

    Chunks are larger than ``fit``'s batches; a loss is the mean of the chunks' by rows, which is
    the same for every loss that is a mean over rows.
    """

    network: Remembered
    arrays: Tree
    n: int
    metric: str | None
    chunk: int

    @classmethod
    def of(
        cls, network: Remembered, recipe: Recipe, pool: Pool, members: int = 1
    ) -> Evaluation | None:
        """The evaluation that a recipe needs, of so many members; None without validation rows.

        Raises
        ------
        Unstackable
            Early stopping watches what cannot be had here.
        """
        monitor = recipe.stopping.monitor if recipe.stopping is not None else "loss"
        if pool.validation is None:
            if monitor != "loss":
                raise Unstackable(f"early stopping watches {monitor} and there is none")
            return None
        if monitor not in ("loss", "val_loss"):
            if not monitor.startswith("val_") or network.model._compile_metrics is None:
                raise Unstackable(f"early stopping watches {monitor}")
            metric: str | None = monitor.removeprefix("val_")
        else:
            metric = None
        x, y, w = pool.validation
        arrays: dict[str, Any] = {"x": x, "y": y}
        if w is not None:
            arrays["w"] = np.asarray(w, np.float32)
        chunk = chunk_of(network.facts.numbers, members, len(y))
        evaluation = cls(network, arrays, len(y), metric, chunk)
        if metric is not None:
            evaluation._build()
        return evaluation

    def _build(self) -> None:
        """Build the compiled metrics, and see that the one that is watched is there."""
        metrics = self.network.model._compile_metrics
        if not metrics.built:
            rows = slice(0, 2)
            inputs = [jnp.asarray(a[rows]) for a in self.arrays["x"]]
            p = self.network.model(inputs if len(inputs) > 1 else inputs[0])
            metrics.build(jnp.asarray(self.arrays["y"][rows]), p)
        if self.metric not in metrics.result():
            raise Unstackable(f"early stopping watches val_{self.metric}, which is not compiled")

    def measure(
        self, tv: Tree, ntv: Tree, arrays: Tree, packed: Callable[[Any], Any]
    ) -> dict[str, Any]:
        """Of one member's weights."""
        model = self.network.model
        metrics = model._compile_metrics
        start = [v.value for v in metrics.variables] if self.metric is not None else []

        def chunk(carry: Tree, rows: Tree) -> tuple[Tree, Any]:
            total, state = carry
            y, w = rows["y"], rows.get("w")
            with logits.remembered():
                p, _, losses = model.stateless_call(
                    tv, ntv, packed(rows["x"]), training=False, return_losses=True
                )
                loss = model._compile_loss(y, p, w) + sum(jnp.sum(e) for e in losses)
            if self.metric is not None:
                state = metrics.stateless_update_state(state, y, p, sample_weight=w)
            return (total + loss * len(y), state), None

        carry = (jnp.zeros(()), start)
        size = self.chunk
        full = self.n // size
        if full == 1:
            carry, _ = chunk(carry, _rows(arrays, slice(0, size)))
        else:
            chunks = _reshaped(_rows(arrays, slice(0, full * size)), full, size)
            carry, _ = lax.scan(chunk, carry, chunks)
        if self.n % size:
            carry, _ = chunk(carry, _rows(arrays, slice(full * size, self.n)))
        seen = {"val_loss": carry[0] / self.n}
        if self.metric is not None:
            seen[f"val_{self.metric}"] = jnp.asarray(
                metrics.stateless_result(carry[1])[self.metric], jnp.float32
            )
        return seen


def _rows(arrays: Tree, rows: slice) -> Tree:
    return {k: tuple(a[rows] for a in v) if k == "x" else v[rows] for k, v in arrays.items()}


def _reshaped(arrays: Tree, full: int, size: int) -> Tree:
    def shaped(a: Any) -> Any:
        return a.reshape(full, size, *a.shape[1:])

    return {k: tuple(map(shaped, v)) if k == "x" else shaped(v) for k, v in arrays.items()}
