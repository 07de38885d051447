"""What is tried: the recipe with fewer rows, other epochs, more or less restraint, noise labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import listed
from reportgen.diagnostics.overfit.declared import EARLY, REGULARISE, UNDERFITS, OverfitSettings
from reportgen.evidence import Case
from reportgen.models.tables import concatenate
from reportgen.retraining.added import add_rows, trained_splits
from reportgen.retraining.member import Member, Scalar, content
from reportgen.retraining.standard import seeds, why_not
from reportgen.scores.what_ifs import FEWEST, same_steps
from reportgen.statistics.learning_curve import FEWEST_SIZES

Rows = NDArray[np.int64]
_STOPPED = (
    "stop on validation: `keras.callbacks.EarlyStopping(patience=…, restore_best_weights=True)`."
)
_TUNED = ", and tune that on validation."
LEAST_ROWS = 16  # of a part of the training rows
FEWEST_ROWS, CLOSER = 5, 4  # of a part where all rows are few, and how many parts there are then
DROPPED = 0.3  # share of the units, where the recipe drops none
MOST_PERMUTED = 20_000  # rows that are fitted with labels that mean nothing
#: Estimator parameters that restrain it: what is more restrained, and what less.
RESTRAINTS: dict[str, tuple[Any, Any]] = {
    "min_samples_leaf": (lambda v: 5 * v if isinstance(v, int) else v, None),
    "max_depth": (lambda v: 4 if v is None else max(2, v // 2), lambda v: v and 2 * v),
    "C": (lambda v: v / 10, lambda v: v * 10),
    "alpha": (lambda v: 10 * v if isinstance(v, (int, float)) and v > 0 else v, lambda v: v / 10),
    "l2_regularization": (lambda v: 10 * v if v else 1.0, None),
    "n_neighbors": (lambda v: 3 * v, None),
}


@dataclass(frozen=True)
class WhatIf:
    """One change of the recipe, a member a seed; ``code`` is what it speaks for.

    ``how`` says how to make it, with the line of code.
    """

    words: str
    code: str
    members: tuple[Member, ...]
    how: str = ""


@dataclass(frozen=True)
class Plan:
    """All that is trained.

    Attributes
    ----------
    base : the recipe's own members, one a seed; all others are in their order.
    curve : share of the training rows -> members.
    permuted : members trained on permuted labels, ``labels`` those (codes or values) and ``rows``
        the training rows that they were given to.
    why_not : why nothing is trained, in words; "" where something is.
    """

    base: tuple[Member, ...] = ()
    what_ifs: tuple[WhatIf, ...] = ()
    curve: dict[float, tuple[Member, ...]] = field(default_factory=dict)
    permuted: tuple[Member, ...] = ()
    labels: np.ndarray | None = None
    rows: Rows | None = None
    why_not: str = ""

    @property
    def members(self) -> list[Member]:
        """What may be missed last."""
        if self.why_not:
            return []
        parts = [self.base, *(w.members for w in self.what_ifs), self.permuted]
        parts += [self.curve[size] for size in sorted(self.curve, reverse=True)]
        return [member for part in parts for member in part]


def plan(case: Case, settings: OverfitSettings) -> Plan:
    """What is tried for this case."""
    why = why_not(case)
    if why is None and settings.what_if_members < FEWEST:
        why = "the job trains nothing again for it (`what_if_members`)"
    if why is not None:
        return Plan(why_not=why)
    drawn = seeds(case, settings.what_if_members)
    y = np.concatenate([np.asarray(case.split(name).y) for name in trained_splits(case)])
    permuted, labels, rows = _permuted(case, y, drawn)
    return Plan(
        tuple(Member(s, s) for s in drawn),
        tuple(_what_ifs(case, drawn)),
        _curve(case, y, drawn, settings.sizes),
        permuted,
        labels,
        rows,
    )


def _curve(
    case: Case, y: np.ndarray, drawn: list[int], sizes: tuple[float, ...]
) -> dict[float, tuple[Member, ...]]:
    """Nested parts of the training rows, other rows for each seed, each class in proportion."""
    n = len(y)
    orders = [_spread(y, case, seed) for seed in drawn]
    found = {}
    for size in _sizes(case, y, sizes):
        rows = round(size * n)
        found[size] = tuple(
            Member(s, s, rows=content(np.sort(order[:rows])), epochs=same_steps(case, n, rows))
            for s, order in zip(drawn, orders, strict=True)
        )
    return found


def _sizes(case: Case, y: np.ndarray, sizes: tuple[float, ...]) -> tuple[float, ...]:
    """Those of which every part has rows enough; of few rows closer ones, of smaller parts.

    A forecast needs three up to a half of the rows.
    """
    n, many = len(y), y.ndim == 1 and case.task != "regression"

    def usable(wanted: tuple[float, ...], least: int) -> tuple[float, ...]:
        return tuple(
            s for s in wanted if round(s * n) >= least and not (many and _few(y, s))
        )  # fmt: skip

    found = usable(sizes, LEAST_ROWS)
    if sizes != OverfitSettings().sizes or sum(s <= 0.5 for s in found) >= FEWEST_SIZES:
        return found
    closer = usable(tuple(0.5 ** (k / 2) for k in range(CLOSER, 0, -1)), FEWEST_ROWS)
    return closer if len(closer) > len(found) else found


def _few(y: np.ndarray, size: float) -> bool:
    """Whether a class would be left without rows."""
    counts = np.bincount(y[y >= 0])
    return bool((counts[counts > 0] * size < 2).any())


def _spread(y: np.ndarray, case: Case, seed: int) -> Rows:
    """An order of the rows of which every beginning has the classes in proportion."""
    rng = case.rng(f"rows of {seed}")
    key = rng.random(len(y))
    if y.ndim == 1 and case.task != "regression":
        for code in np.unique(y):
            at = rng.permutation(np.flatnonzero(y == code))
            key[at] = (np.arange(len(at)) + rng.random()) / len(at)
    return np.argsort(key, kind="stable").astype(np.int64)


def _permuted(
    case: Case, y: np.ndarray, drawn: list[int]
) -> tuple[tuple[Member, ...], np.ndarray | None, Rows | None]:
    """The training inputs once more, with targets of other rows."""
    if isinstance(case.inputs("train"), (dict, list, tuple)):
        return (), None, None
    rng = case.rng("permuted labels")
    inputs = concatenate([case.inputs(name) for name in trained_splits(case)])
    chosen = np.sort(rng.permutation(len(y))[:MOST_PERMUTED])
    labels = y[rng.permutation(chosen)]
    given = inputs.iloc[chosen] if hasattr(inputs, "iloc") else _rows(inputs, chosen)
    rows = add_rows(case, "overfit: permuted labels", given, labels)
    epochs = None if len(chosen) == len(y) else same_steps(case, len(y), len(chosen))
    return (
        tuple(Member(s, s, rows=content(rows), epochs=epochs) for s in drawn[:FEWEST]),
        labels,
        chosen,
    )


def _rows(inputs: Any, chosen: Rows) -> Any:
    return inputs[chosen]


def _what_ifs(case: Case, drawn: list[int]) -> Iterator[WhatIf]:
    def members(**changed: Any) -> tuple[Member, ...]:
        return tuple(Member(s, s, **changed) for s in drawn)

    if case.predictor.framework == "sklearn":
        for words, code, overrides in _restraints(case.predictor.model):
            path, value = overrides[0]
            how = f"Fit it with `{path}={_short(value)}`, and tune that on validation."
            yield WhatIf(words, code, members(overrides=overrides), how)
        return
    training = case.entry.training
    assert training is not None
    epochs = training.epochs
    if training.early_stopping is None and epochs >= 4:
        for words, code, tried in (
            ("a quarter of the epochs", EARLY, epochs // 4),
            ("half of the epochs", EARLY, epochs // 2),
            ("twice the epochs", UNDERFITS, 2 * epochs),
        ):
            how = f"Train for about {tried} epochs, not {epochs}, and {_STOPPED}"
            yield WhatIf(words, code, members(epochs=tried), how)
    yield from _network(case, members)


def _network(case: Case, members: Any) -> Iterator[WhatIf]:
    layers = list(getattr(case.predictor.model, "layers", []))
    kinds = {type(layer).__name__ for layer in layers}
    if "Dropout" in kinds:
        for words, code, rate, how in (
            ("dropout of one half", REGULARISE, 0.5, "Set the Dropout layers' `rate=0.5`"),
            ("no dropout", UNDERFITS, 0.0, "Take the Dropout layers out, or lower their `rate`"),
        ):
            yield WhatIf(words, code, members(overrides=(("dropout", rate),)), f"{how}{_TUNED}")
    elif _hidden_dense(layers):
        words = f"dropout of {DROPPED:g} after hidden layers"
        how = f"Put `keras.layers.Dropout({DROPPED:g})` behind the hidden layers{_TUNED}"
        yield WhatIf(words, REGULARISE, members(overrides=(("inserted_dropout", DROPPED),)), how)
    if kinds & {"Dense", "Conv2D", "Conv1D"}:
        how = f"Give the layers `kernel_regularizer=keras.regularizers.L2(1e-3)`{_TUNED}"
        yield WhatIf("an L2 penalty of 0.001", REGULARISE, members(overrides=(("l2", 1e-3),)), how)
    hidden = [(a, _width(a)) for a in layers[:-1] if _width(a)]
    if hidden:
        smaller = tuple((f"{a.name}.{w}", max(1, getattr(a, w) // 2)) for a, w in hidden)
        larger = tuple((f"{a.name}.{w}", 2 * getattr(a, w)) for a, w in hidden)
        for words, code, patch in (
            ("layers half as wide", REGULARISE, smaller),
            ("layers twice as wide", UNDERFITS, larger),
        ):
            how = f"Build it with {_listed(patch)}{_TUNED}"
            yield WhatIf(words, code, members(config_patch=patch), how)
    if case.dataset.kind == "images":
        how = (
            "Train behind `keras.layers.RandomTranslation(0.08, 0.08)` and "
            f"`keras.layers.RandomRotation(0.05)`{_TUNED}"
        )
        words = "shifted and turned images"
        yield WhatIf(words, REGULARISE, members(augment=_augmentation()), how)


def _listed(patch: tuple[tuple[str, int], ...]) -> str:
    """``layer.units=64`` of the layers, as code."""
    return listed([f"`{name}={value}`" for name, value in patch], 3)


def _hidden_dense(layers: list[Any]) -> bool:
    """Whether a Dense layer has another layer of weights behind it."""
    weighed = [a for a in layers if a.weights]
    return any(type(a).__name__ == "Dense" for a in weighed[:-1])


def _width(layer: Any) -> str:
    """The setting that says how wide a layer is; "" for layers without one."""
    return {"Dense": "units", "Conv2D": "filters", "Conv1D": "filters"}.get(
        type(layer).__name__, ""
    )


def _augmentation() -> tuple[str, ...]:
    """Layers as their serialised configurations; small moves that keep what is shown."""
    moves = {
        "RandomTranslation": {"height_factor": 0.08, "width_factor": 0.08},
        "RandomRotation": {"factor": 0.05},
    }
    return tuple(
        json.dumps(
            {
                "module": "keras.layers",
                "class_name": name,
                "config": {**settings, "fill_mode": "nearest"},
                "registered_name": None,
            }
        )
        for name, settings in moves.items()
    )


def _restraints(model: Any) -> Iterator[tuple[str, str, tuple[tuple[str, Scalar], ...]]]:
    """An estimator's restraints, more of each and less: words, code, parameters."""
    for path, value in sorted(model.get_params().items()):
        name = path.split("__")[-1]
        if name not in RESTRAINTS:
            continue
        for change, code in zip(RESTRAINTS[name], (REGULARISE, UNDERFITS), strict=True):
            try:
                new = None if change is None else change(value)
            except (TypeError, ValueError):
                continue
            if new is None or new == value:
                continue
            yield f"{name} {_short(new)} for {_short(value)}", code, ((path, new),)


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
