"""Many members trained as one: Keras on JAX, whole runs of epochs compiled, members mapped.

Runs in the worker alone. The state of K members has a leading axis of K everywhere; one member's
epochs are a ``lax.scan`` over batches of a row pool that lies on the device; ``vmap`` maps them
over members, and ``shard_map`` spreads the members over the cores.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as Spec

from reportgen.retraining.convolutions import as_matrices
from reportgen.retraining.draws import dropout_state, orders
from reportgen.retraining.embeddings import Slices
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.monitors import Evaluation
from reportgen.retraining.network import Network, Unstackable, Weights
from reportgen.retraining.programs import Programs
from reportgen.retraining.rows import neutral, row_weights

Tree = Any
#: Less optimisation by LLVM than usual compiles a fifth faster and runs no slower.
COMPILER = {"xla_backend_optimization_level": 1}
#: Orders of this many numbers at most are sent to the device at a time.
ORDER_NUMBERS = 20_000_000
#: Activations of a prediction or evaluation chunk stay within this many numbers, all members.
CHUNK_NUMBERS = 30_000_000


@dataclass
class StackResult:
    """Of K members: losses ``{name: (epochs, K)}``; weights with a leading axis of K; epochs
    trained, whether to the end, and best epoch, each ``(K,)``; predictions by split
    ``(K, n, ...)``; seconds by phase.
    """

    losses: dict[str, np.ndarray]
    trained_epochs: np.ndarray
    finished: np.ndarray
    best_epoch: np.ndarray
    predictions: dict[str, np.ndarray]
    trainable: list[np.ndarray]
    other: list[np.ndarray]
    initial: list[Weights]
    seconds: dict[str, float]


class Stack:
    """Members of one architecture, batch size and number of rows, trained together."""

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        pool: Pool,
        members: Sequence[Member],
        *,
        cores: int = 1,
        programs: Path | None = None,
    ) -> None:
        self.network, self.recipe, self.pool = network, recipe, pool
        self.members = list(members)
        self.model: Any = network.model
        counts = [pool.n_rows(member) for member in members]
        self.n = max(counts)
        #: Whether the last batch is filled up with rows of weight zero: one shape to compile.
        self.fills = network.blueprint.rowwise
        if not self.fills and min(counts) != self.n:
            raise ValueError("members of different lengths, of a model whose rows meet")
        self.batch = batch_size(recipe, self.n) if self.fills else min(recipe.batch_size, self.n)
        self.devices = jax.devices()[: max(1, min(cores, len(members)))]
        self.mesh = Mesh(np.array(self.devices), ("members",))
        spare = -len(members) % len(self.devices)
        #: A member more on a core costs less than an idle core; its results are dropped.
        self.padded = self.members + self.members[:1] * spare
        self.evaluation = Evaluation.of(self.model, recipe, pool)
        self.augment = _augmentation(members[0], pool)
        self._programs = Programs(programs, self._key())
        self._slices: Slices | None = None
        self.seconds: dict[str, float] = {}

    @property
    def slices(self) -> Slices:
        """Found when first traced: a stored program has them in it."""
        if self._slices is None:
            self._slices = Slices.of(self.network, self._example())
        return self._slices

    def _key(self) -> str | None:
        """What tracing looks at but for the shapes of arguments; None where that is not known."""
        blueprint, member = self.network.blueprint, self.members[0]
        if blueprint.foreign:
            return None
        uneven = len({self.pool.n_rows(m) for m in self.members}) > 1
        settings = (self.n, self.batch, uneven, self.recipe.stopping, member.architecture)
        devices = [str(d) for d in self.devices]
        return "\0".join((blueprint.digest, repr(settings), repr(devices), str(self._map)))

    @property
    def _map(self) -> bool:
        return len(self.padded) > 1

    # --- what is sent to the device -----------------------------------------------------

    def _example(self) -> tuple[np.ndarray, ...]:
        return tuple(_of_length(a[: self.batch], self.batch) for a in self.pool.inputs)

    def _state(self) -> tuple[Tree, list[Weights]]:
        initial = [self.network.initial(m) for m in self.padded]
        optimizer = [self.network.optimizer_initial(m) for m in self.padded]
        k = len(self.padded)
        state: dict[str, Any] = {
            "tv": _stacked([w.trainable for w in initial]),
            "ntv": _stacked([w.other for w in initial]),
            "ov": _stacked(optimizer),
            "aug": _stacked([_augment_start(self.augment, m) for m in self.padded]),
            "stop": {
                "done": np.zeros(k, bool),
                "wait": np.zeros(k, np.int32),
                "best": np.full(k, np.inf, np.float32),
                "best_epoch": np.zeros(k, np.int32),
                "epochs": np.zeros(k, np.int32),
            },
        }
        if self._restores:
            # Copies: a buffer cannot be given away twice.
            state["best"] = {
                "tv": [a.copy() for a in state["tv"]],
                "ntv": [a.copy() for a in state["ntv"]],
            }
        return state, initial

    @property
    def _restores(self) -> bool:
        return self.recipe.stopping is not None and self.recipe.stopping.restore_best

    def _own(self) -> Tree:
        """What differs from member to member and does not change: rows, labels, lengths."""
        members, pool = self.padded, self.pool
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
                    np.ones(self.n, np.float32) if w is None else _of_length(w, self.n)
                    for w in weights
                ]
            )
        if self.fills:
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
        return _of_length(rows, self.n)

    def _labels(self, member: Member) -> np.ndarray:
        if member.labels is None:
            labels: np.ndarray = self.pool.targets[self._rows(member)]
            return labels
        return _of_length(member.labels.array.astype(self.pool.targets.dtype), self.n)

    def _shared(self) -> Tree:
        shared: dict[str, Any] = {"x": self.pool.inputs, "y": self.pool.targets}
        if any(m.columns for m in self.members):
            shared["fill"] = neutral(self.pool)
        if self.evaluation is not None:
            shared["validation"] = self.evaluation.arrays
        return shared

    # --- one member ---------------------------------------------------------------------

    def _loss(self, tv: Tree, ntv: Tree, x: Tree, y: Any, w: Any, probes: Tree) -> Any:
        with self.slices.probing(probes) as found:
            p, ntv, losses = self.model.stateless_call(
                tv, ntv, self._packed(x), training=True, return_losses=True
            )
        loss = self.model._compile_loss(y, p, w)
        for penalty in losses:
            loss = loss + jnp.sum(penalty)
        return loss, (ntv, found)

    def _packed(self, x: tuple[Any, ...]) -> Any:
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
        steps = self._filled_steps if self.fills else self._exact_steps
        carry, loss = steps(own, shared, before, positions)
        seen = {"loss": loss}
        if self.evaluation is not None:
            seen |= self.evaluation.measure(
                carry["tv"],
                carry["ntv"],
                shared["validation"],
                lambda x: self._packed(_without(x, own, shared)),
            )
        active = ~state["stop"]["done"] & (epoch < own["length"])
        after = _where(active, carry, before)
        stop = {
            **state["stop"],
            "epochs": state["stop"]["epochs"] + active,
            "best_epoch": jnp.where(active, epoch, state["stop"]["best_epoch"]),
        }
        result = {**after, "stop": stop}
        if self.recipe.stopping is not None:
            result |= self._watched(seen, active, after, state, stop, epoch)
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
        uneven = len({self.pool.n_rows(member) for member in self.members}) > 1

        def step(carry: Tree, batch: Tree) -> tuple[Tree, Any]:
            chosen, of_rows, count = batch
            after, loss = self._step(own, shared, carry, chosen, of_rows)
            if uneven:
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
        if not self._restores:
            return {"stop": stop}
        first = active & (epoch == 0)
        keep = better | first
        stop["best_epoch"] = jnp.where(keep, epoch, old["best_epoch"])
        best = {"tv": after["tv"], "ntv": after["ntv"]}
        return {"stop": stop, "best": _where(keep, best, state["best"])}

    def _epochs(self, state: Tree, own: Tree, shared: Tree, positions: Any, first: Any) -> Any:
        numbers = first + jnp.arange(positions.shape[0])
        return lax.scan(
            lambda s, order: self._epoch(own, shared, s, order), state, (positions, numbers)
        )

    def _predict(self, weights: Tree, own: Tree, shared: Tree, x: Tree) -> Any:
        tv, ntv = weights
        packed = self._packed(_without(x, own, shared))
        return self.model.stateless_call(tv, ntv, packed, training=False)[0]

    # --- all members --------------------------------------------------------------------

    def _compiled(
        self, name: str, function: Callable[..., Any], specs: Any, out: Any, *args: Any
    ) -> Any:
        """The function mapped over members, spread over cores, compiled for these arguments."""

        def mapped() -> Any:
            over = jax.vmap(function, in_axes=specs[0], out_axes=out[0])
            if len(self.devices) == 1:
                return over
            return jax.shard_map(
                over, mesh=self.mesh, in_specs=specs[1], out_specs=out[1], check_vma=False
            )

        started = time.perf_counter()
        with as_matrices() if self._map else contextlib.nullcontext():
            program, _ = self._programs.get(name, mapped, args)
            lowered = jax.jit(program, donate_argnums=specs[2]).lower(*args)
        traced = time.perf_counter()
        compiled = lowered.compile(COMPILER)
        self._spent("trace", traced - started)
        self._spent("compile", time.perf_counter() - traced)
        return compiled

    def _spent(self, phase: str, seconds: float) -> None:
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds

    def _placed(self, tree: Tree, *, by_member: bool, axis: int = 0) -> Tree:
        spec = Spec(*([None] * axis), "members") if by_member else Spec()
        return jax.device_put(tree, NamedSharding(self.mesh, spec))

    def train(
        self,
        progress: Callable[[int], None] = lambda epochs: None,
        deadline: float | None = None,
    ) -> StackResult:
        """Train all members and predict every split.

        Parameters
        ----------
        progress : called with the number of epochs that are done.
        deadline : ``time.monotonic()`` after which no further epochs are begun.
        """
        started = time.perf_counter()
        state, initial = self._state()
        state = self._placed(state, by_member=True)
        own = self._placed(self._own(), by_member=True)
        shared = self._placed(self._shared(), by_member=False)
        self._spent("place", time.perf_counter() - started)
        longest = max(self.recipe.epochs_of(m) for m in self.members)
        chunk = self._chunk(longest)
        members, all_, second = Spec("members"), Spec(), Spec(None, "members")
        streams = [
            orders(m.order_seed, self.pool.n_rows(m), longest + chunk, shuffle=self.recipe.shuffle)
            for m in self.padded
        ]
        program, losses, done = None, [], 0
        while done < longest:
            drawn = [[_of_length(next(s), self.n) for s in streams] for _ in range(chunk)]
            positions = self._placed(np.array(drawn), by_member=True, axis=1)
            first = self._placed(np.int32(done), by_member=False)
            if program is None:
                program = self._compiled(
                    "epochs", self._epochs,
                    ((0, 0, None, 1, None), (members, members, all_, second, all_), 0),
                    ((0, 1), (members, second)),
                    state, own, shared, positions, first,
                )  # fmt: skip
                started = time.perf_counter()
            state, seen = program(state, own, shared, positions, first)
            losses.append(jax.tree.map(np.asarray, seen))
            done = min(done + chunk, longest)
            progress(done)
            if np.asarray(state["stop"]["done"]).all():
                break
            if deadline is not None and time.monotonic() > deadline:
                break
        self._spent("epochs", time.perf_counter() - started)
        final = state.get("best", state) if self._restores else state
        weights = (final["tv"], final["ntv"])
        k = len(self.members)
        predictions = self._predictions(weights, own, shared)
        return StackResult(
            losses={name: np.concatenate([c[name] for c in losses])[:, :k] for name in losses[0]},
            trained_epochs=np.asarray(state["stop"]["epochs"])[:k],
            finished=np.asarray(state["stop"]["done"] | (state["stop"]["epochs"] >= own["length"]))[
                :k
            ],
            best_epoch=np.asarray(state["stop"]["best_epoch"])[:k],
            predictions=predictions,
            trainable=[np.asarray(a)[:k] for a in weights[0]],
            other=[np.asarray(a)[:k] for a in weights[1]],
            initial=initial[:k],
            seconds=self.seconds,
        )

    def _chunk(self, longest: int) -> int:
        """Epochs a call: few calls, but orders that fit, and early stopping that is seen."""
        most = max(1, ORDER_NUMBERS // (self.n * len(self.padded)))
        if self.recipe.stopping is not None:
            most = min(most, max(5, self.recipe.stopping.patience))
        calls = -(-longest // min(most, 250))
        return -(-longest // calls)

    def _predictions(self, weights: Tree, own: Tree, shared: Tree) -> dict[str, np.ndarray]:
        """Raw outputs of every member for each split, ``(K, n, ...)``."""
        splits = self.pool.splits or {}
        if not splits:
            return {}
        joined = tuple(
            np.concatenate([arrays[i] for arrays in splits.values()])
            for i in range(len(self.pool.inputs))
        )
        outputs = self._predicted(weights, own, shared, joined)
        ends = np.cumsum([len(arrays[0]) for arrays in splits.values()])
        parts = np.split(outputs, ends[:-1], axis=1)
        return {name: part[: len(self.members)] for name, part in zip(splits, parts, strict=True)}

    def _predicted(
        self, weights: Tree, own: Tree, shared: Tree, x: tuple[np.ndarray, ...]
    ) -> np.ndarray:
        n, numbers = len(x[0]), activations(self.model) * len(self.padded)
        chunk = max(1, min(n, CHUNK_NUMBERS // max(1, numbers)))
        chunk = -(-n // -(-n // chunk))
        program, outputs = None, []
        kept = {"keep": own["keep"]} if "keep" in own else {}
        fill = {"fill": shared["fill"]} if "fill" in shared else {}
        for start in range(0, n, chunk):
            part = tuple(_of_length(a[start : start + chunk], chunk) for a in x)
            part = self._placed(part, by_member=False)
            if program is None:
                members, all_ = Spec("members"), Spec()
                program = self._compiled(
                    "predict", self._predict,
                    ((0, 0, None, None), (members, members, all_, all_), ()),
                    (0, members),
                    weights, kept, fill, part,
                )  # fmt: skip
                started = time.perf_counter()
            outputs.append(np.asarray(program(weights, kept, fill, part)))
        self._spent("predict", time.perf_counter() - started)
        return np.concatenate(outputs, axis=1)[:, :n]

    def delivered(self, x: tuple[np.ndarray, ...]) -> np.ndarray:
        """The delivered model's raw outputs on this backend, ``(n, ...)``."""
        weights = self.network.delivered
        packed = self._packed(tuple(jnp.asarray(a) for a in x))
        call = jax.jit(
            lambda tv, ntv, rows: self.model.stateless_call(tv, ntv, rows, training=False)[0]
        )
        return np.asarray(call(weights.trainable, weights.other, packed))


def batch_size(recipe: Recipe, rows: int) -> int:
    """Rows a batch of a stack that is filled up: the recipe's, less where there are few rows.

    A power of two then, the same for all members of up to twice as many rows, so that a member
    gets the same masks whichever others it is stacked with.
    """
    return min(recipe.batch_size, 1 << max(0, (rows - 1).bit_length()))


def activations(model: Any) -> int:
    """Numbers that one row's largest few activations take, at least."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        shape = getattr(getattr(layer, "output", None), "shape", None) if layer.built else None
        if shape is not None:
            total += int(np.prod([s or 1 for s in shape[1:]]))
    return max(total, 1)


def _without(x: tuple[Any, ...], own: Tree, shared: Tree) -> tuple[Any, ...]:
    if "keep" not in own:
        return x
    return (jnp.where(own["keep"], x[0], shared["fill"]), *x[1:])


def _stacked(trees: Sequence[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.stack(arrays) for arrays in zip(*trees, strict=True)]


def _where(condition: Any, new: Tree, old: Tree) -> Tree:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


def _of_length(rows: np.ndarray, n: int) -> np.ndarray:
    if len(rows) == n:
        return rows
    return np.concatenate([rows, np.repeat(rows[-1:], n - len(rows), axis=0)])


def _augmentation(member: Member, pool: Pool) -> Any:
    if not member.augment:
        return None
    import json

    import keras

    layers = [
        keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
        for text in member.augment
    ]
    model = keras.Sequential([keras.Input(pool.inputs[0].shape[1:]), *layers])
    if model.trainable_variables:
        raise Unstackable("an augmentation with weights to train")
    return model


def _augment_start(augment: Any, member: Member) -> list[np.ndarray]:

    if augment is None:
        return []
    return [
        dropout_state(member.order_seed, 20_000 + i).astype(str(v.dtype))
        for i, v in enumerate(augment.non_trainable_variables)
    ]
