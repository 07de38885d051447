"""A retraining as data: what is to be trained again, and what is changed about it.

A :class:`Member` says nothing of how it is trained. Two that are equal in all fields are the
same training, whoever declared them, and are trained once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

Backend = Literal["auto", "tensorflow"]
Scalar = int | float | str | bool | None


class Content:
    """An array that is equal to, and hashes as, any other of the same numbers.

    The array is copied and cannot be written to.
    """

    __slots__ = ("array", "digest")

    array: np.ndarray
    digest: bytes

    def __init__(self, values: Any) -> None:
        import numpy as np

        array = np.array(values, order="C")
        if array.dtype == object:
            raise TypeError("an array of objects has no content to compare")
        array.flags.writeable = False
        self.array = array
        head = f"{array.dtype.str}{array.shape}".encode()
        self.digest = hashlib.sha256(head + array.tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        return f"Content({self.array.dtype}, {self.array.shape}, {self.digest.hex()[:8]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Content, (self.array,)


def content(values: Any) -> Content | None:
    """``Content`` of anything array-like; None and contents stay what they are."""
    return values if values is None or isinstance(values, Content) else Content(values)


@dataclass(frozen=True, slots=True)
class Member:
    """One retraining of a model's recipe.

    Attributes
    ----------
    weight_seed, order_seed : the initial weights, and the order of rows with everything else that
        is drawn while training (dropout masks, augmentation).
    rows : int64 indices into the case's row pool, in the order they are trained in before
        shuffling; None for all training rows. A row may stand in it twice.
    labels : targets of these rows in the model's terms, ``(len(rows), ...)``; None for the pool's.
    weights : float sample weights of these rows; None for the recipe's.
    columns : indices on the inputs' last axis that are left out: their values are replaced by
        the mean (of integers: the most frequent value) of the training rows, everywhere.
    epochs : instead of the recipe's.
    overrides : ``(("learning_rate", 1e-4), ("dropout", 0.5), ("l2", 1e-3),
        ("dense_1.rate", 0.2))``: a value of the optimizer, of every layer that has it, or of one;
        ``("inserted_dropout", 0.3)`` puts a Dropout behind each hidden Dense layer.
    config_patch : ``(("dense_1.units", 16),)``: the same for what changes the shape of weights.
    augment : Keras preprocessing layers, applied to each training batch: their serialised
        configurations as JSON texts.
    repeat : tells apart members that are meant to be the same training more than once.
    backend : ``tensorflow`` where the question is about TensorFlow itself.
    kept : steps of an estimator's pipeline that stay as they were fitted when it was delivered;
        all others are fitted anew. Networks have none.
    """

    weight_seed: int = 0
    order_seed: int = 0
    rows: Content | None = None
    labels: Content | None = None
    weights: Content | None = None
    columns: tuple[int, ...] = ()
    epochs: int | None = None
    overrides: tuple[tuple[str, Scalar], ...] = ()
    config_patch: tuple[tuple[str, Scalar], ...] = ()
    augment: tuple[str, ...] = ()
    repeat: int = 0
    backend: Backend = "auto"
    kept: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("rows", "labels", "weights"):
            object.__setattr__(self, name, content(getattr(self, name)))
        object.__setattr__(self, "columns", tuple(sorted({int(c) for c in self.columns})))
        for name in ("overrides", "config_patch"):
            object.__setattr__(self, name, tuple(sorted(tuple(p) for p in getattr(self, name))))
        object.__setattr__(self, "augment", tuple(self.augment))
        object.__setattr__(self, "kept", tuple(sorted(set(self.kept))))
        for name in ("labels", "weights"):
            values = getattr(self, name)
            if values is not None and self.rows is not None and len(values) != len(self.rows):
                raise ValueError(f"{len(values)} {name} for {len(self.rows)} rows")

    @property
    def family(self) -> Member:
        """The member without its seeds: those of one family are the same recipe."""
        return replace(self, weight_seed=0, order_seed=0, repeat=0)

    @property
    def architecture(self) -> tuple[Any, ...]:
        """What needs a model of its own; a learning rate does not."""
        shared = tuple(p for p in self.overrides if p[0] != "learning_rate")
        return shared, self.config_patch, self.augment

    def override(self, key: str) -> Scalar:
        """An override's value, or None."""
        return dict(self.overrides).get(key)

    def __repr__(self) -> str:
        told = [
            f"{f.name}={getattr(self, f.name)!r}"
            for f in fields(self)
            if getattr(self, f.name) != f.default
        ]
        return f"Member({', '.join(told)})"


@dataclass(frozen=True, slots=True)
class Stopping:
    """``keras.callbacks.EarlyStopping``: what it watched and for how long."""

    monitor: str = "val_loss"
    patience: int = 0
    restore_best: bool = False
    min_delta: float = 0.0

    @property
    def sign(self) -> float:
        """1.0 where smaller is better, -1.0 where larger is, as Keras's mode ``auto`` has it."""
        name = self.monitor.removeprefix("val_")
        larger = ("acc", "auc", "precision", "recall", "f1", "r2", "iou", "fbeta")
        return -1.0 if any(word in name for word in larger) else 1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model was trained.

    ``file`` is a compiled ``.keras`` file: architecture, optimizer, loss and their settings.
    ``class_weight`` holds pairs (class code, weight), ``balanced`` already worked out.
    """

    file: str
    epochs: int
    batch_size: int = 32
    shuffle: bool = True
    class_weight: tuple[tuple[int, float], ...] = ()
    stopping: Stopping | None = None

    def epochs_of(self, member: Member) -> int:
        return member.epochs if member.epochs is not None else self.epochs


@dataclass(frozen=True, slots=True)
class Pool:
    """The rows that members train on, and what they are asked about.

    Attributes
    ----------
    inputs : the model's inputs after the delivered preprocessing, one array an input, each of
        ``(n_pool, ...)``: the training rows first, then rows that diagnostics added.
    targets : in the model's terms (see :func:`reportgen.retraining.targets.targets_for`).
    n_train : how many of the rows are training rows.
    weights : float32 sample weights ``(n_pool,)``, or None.
    classes : int64 class codes ``(n_pool,)`` for class weights, or None.
    validation : (inputs, targets, weights) given to ``fit`` as ``validation_data``, or None.
    splits : name -> inputs that every member predicts.
    """

    inputs: tuple[np.ndarray, ...]
    targets: np.ndarray
    n_train: int
    weights: np.ndarray | None = None
    classes: np.ndarray | None = None
    validation: tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray | None] | None = None
    splits: dict[str, tuple[np.ndarray, ...]] | None = None

    def n_rows(self, member: Member) -> int:
        return self.n_train if member.rows is None else len(member.rows)

    def with_rows(
        self, inputs: Sequence[np.ndarray], targets: np.ndarray, classes: np.ndarray | None = None
    ) -> tuple[Pool, np.ndarray]:
        """The pool with rows added at its end, and their indices (int64)."""
        import numpy as np

        n, more = len(self.targets), len(targets)
        added: dict[str, Any] = {}
        if self.weights is not None:
            added["weights"] = np.concatenate([self.weights, np.ones(more, np.float32)])
        if self.classes is not None:
            if classes is None:
                raise ValueError("rows added to a pool with classes need theirs")
            added["classes"] = np.concatenate([self.classes, classes])
        pool = replace(
            self,
            inputs=tuple(
                np.concatenate([a, np.asarray(b, a.dtype)])
                for a, b in zip(self.inputs, inputs, strict=True)
            ),
            targets=np.concatenate([self.targets, np.asarray(targets, self.targets.dtype)]),
            **added,
        )
        return pool, np.arange(n, n + more)
