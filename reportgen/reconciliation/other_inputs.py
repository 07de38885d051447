"""The inputs of a model prepared otherwise than declared: raw, twice, resized, renumbered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ReportgenError

if TYPE_CHECKING:
    from reportgen.evidence import Case

#: More inputs than this, in numbers, are not asked for again and again.
MOST_NUMBERS = 400_000_000
#: Rows that tell whether two ways of preparing inputs are one.
FEW_ROWS = 50
#: Ways to number the tokens of a split anew.
INDICES = ("by frequency", "by first appearance", "by sorted value")


@dataclass(frozen=True, slots=True)
class OtherInputs:
    """Other inputs of a case's model."""

    case: Case

    def names(self) -> list[str]:
        """Other preparations of the same rows, the likeliest first."""
        if not self.are_numbers():
            return []
        case = self.case
        found = []
        if case.preprocess.steps:
            found += ["raw", "preprocessed twice", "refit on the split"]
        else:
            found += [
                "standardised by train",
                "standardised by the split",
                "scaled to 0-1 by train",
            ]
        scales = {
            "divided by 255": (1 / 255, 0.0),
            "multiplied by 255": (255.0, 0.0),
            "scaled to -1 to 1": (1 / 127.5, -1.0),
        }
        own = self.own_scaling()  # which is a cause of its own
        known = self._linear(found)
        found += [
            name
            for name, s in scales.items()
            if (own is None or not np.allclose(s, own)) and not self._is_one_of(known, s)
        ]
        images = np.ndim(case.inputs(case.splits[0])) == 4
        if images and case.inputs(case.splits[0]).shape[-1] == 3:
            found.append("channels reversed")
        return found

    def varied(self, split: str, detail: str) -> Any:
        """The inputs of a split under one of them; None where it cannot be."""
        case = self.case
        usual = case.inputs(split)
        if detail == "raw":
            return _floats(case.split(split).X)
        if detail == "preprocessed twice":
            return _same_shape(case.preprocess(_like(usual, case.split(split).X)), usual)
        if detail == "refit on the split":
            return _same_shape(_refitted(case, split), usual)
        numbers = np.asarray(usual, dtype=np.float64)
        if detail in ("standardised by train", "standardised by the split"):
            other = "train" if detail.endswith("train") else split
            if other not in case.dataset.splits:
                return None
            rows = np.asarray(case.inputs(other), dtype=np.float64)
            sd = rows.std(axis=0)
            return (numbers - rows.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
        if detail == "scaled to 0-1 by train":
            if "train" not in case.dataset.splits:
                return None
            rows = np.asarray(case.inputs("train"), dtype=np.float64)
            low, reach = rows.min(axis=0), np.ptp(rows, axis=0)
            return (numbers - low) / np.where(reach > 0, reach, 1.0)
        if detail == "divided by 255":
            return numbers / 255
        if detail == "multiplied by 255":
            return numbers * 255
        if detail == "scaled to -1 to 1":
            return numbers / 127.5 - 1 if numbers.max(initial=0) > 1.5 else 2 * numbers - 1
        return np.asarray(usual)[..., ::-1]

    def _linear(self, details: list[str]) -> list[tuple[Any, Any]]:
        """Some rows as usual and otherwise preprocessed: raw, and twice."""
        if not self.case.preprocess.steps:
            return []
        few = slice(0, FEW_ROWS)
        split = self.case.splits[0]
        inputs: Any = self.case.inputs(split)
        table: Any = self.case.split(split).X
        usual, rows = inputs[few], table[few]
        others: dict[str, Callable[[], Any]] = {
            "raw": lambda: _floats(rows),
            "preprocessed twice": lambda: self.case.preprocess(_like(usual, rows)),
        }
        found = []
        for detail, compute in others.items():
            if detail in details:
                with suppress(ReportgenError, ValueError, TypeError):
                    found.append((np.asarray(usual), np.asarray(compute())))
        return found

    def _is_one_of(self, known: list[tuple[Any, Any]], scale: tuple[float, float]) -> bool:
        """Whether a scale on top of the preprocessing is to leave it out, or to do it twice."""
        return any(
            usual.shape == other.shape
            and np.allclose(usual * scale[0] + scale[1], other, rtol=1e-5, atol=1e-6)
            for usual, other in known
        )

    def are_numbers(self) -> bool:
        """Whether the model takes one array of numbers, and not too many."""
        if self.case.predictor.framework == "predictions":
            return False
        inputs = self.case.inputs(self.case.splits[0])
        kind = getattr(getattr(inputs, "dtype", None), "kind", "")
        return kind in "fiub" and kind != "" and int(np.size(inputs)) <= MOST_NUMBERS

    def own_scaling(self) -> tuple[float, float] | None:
        """Scale and offset of the network's own Rescaling, where it has one."""
        from reportgen.models import training_mode

        return training_mode.own_scaling(self.case.predictor.model) if self.are_numbers() else None

    def resizings(self) -> list[str]:
        """Other ways to resize, where the job or the network itself resizes images."""
        from reportgen.models.resize import VARIANTS, WAYS, own_size

        if not self.are_numbers():
            return []
        own = [step.way for step in self._resize_steps()]
        if not own and own_size(self.case.predictor.model) is None:
            return []
        return [way for way in (*WAYS, *VARIANTS) if way not in own]

    def _resize_steps(self) -> list[Any]:
        from reportgen.models.resize import Resize

        return [step for step in self.case.preprocess.steps if isinstance(step, Resize)]

    def resized(self, split: str, way: str) -> Any:
        """The inputs with the job's resizing done so, or resized so before the network does."""
        from reportgen.models.resize import Resize, own_size

        case, steps = self.case, self._resize_steps()
        if not steps:
            size = own_size(case.predictor.model)
            assert size is not None
            return Resize(size, way)(np.asarray(case.inputs(split)))
        rows: Any = case.split(split).X
        for step in case.preprocess.steps:
            rows = Resize(step.size, way)(rows) if isinstance(step, Resize) else step(rows)
        return rows

    def indices(self) -> list[str]:
        """Other indices of the tokens, where the network embeds whole numbers."""
        from reportgen.models.training_mode import layers_within

        model = self.case.predictor.model
        if self.case.predictor.framework not in ("keras", "tf_keras") or not self.are_numbers():
            return []
        ids = np.asarray(self.case.inputs(self.case.splits[0]))
        embeds = any(type(layer).__name__ == "Embedding" for layer in layers_within(model))
        if not embeds or ids.ndim != 2 or (ids != np.round(ids)).any() or ids.min() < 0:
            return []
        return [f"{how}, from {first}" for how in INDICES for first in (1, 2, 0)]


def reindexed(ids: np.ndarray, detail: str) -> np.ndarray:
    """Token ids, (n, T), numbered anew from these rows alone.

    Parameters
    ----------
    detail : ``by frequency, from 1``: the most frequent token is 1, equal ones in the order of
        their first appearance, as ``collections.Counter.most_common`` has it; smaller numbers are
        reserved (padding, unknown) and stay.
    """
    how, _, first = detail.rpartition(", from ")
    reserved = int(first)
    flat = ids.astype(np.int64).ravel()
    tokens, at, counts = np.unique(flat[flat >= reserved], return_index=True, return_counts=True)
    order = {
        "by frequency": np.lexsort((at, -counts)),
        "by first appearance": np.argsort(at),
        "by sorted value": np.arange(len(tokens)),
    }[how]
    table = np.arange(int(flat.max(initial=0)) + 1)
    table[tokens[order]] = reserved + np.arange(len(tokens))
    return table[flat].reshape(ids.shape).astype(ids.dtype)


def _floats(rows: Any) -> Any:
    """Features as numbers, as somebody passes them who forgets to preprocess."""
    from reportgen.models.tables import float_array

    return float_array(rows, who="the model")


def _like(values: Any, rows: Any) -> Any:
    """Preprocessed numbers in the shape in which the preprocessing takes its rows."""
    import polars as pl

    if isinstance(rows, pl.DataFrame) and rows.width == np.shape(values)[-1]:
        return pl.DataFrame({name: values[:, k] for k, name in enumerate(rows.columns)})
    return values


def _same_shape(values: Any, usual: Any) -> Any:
    return values if np.shape(values) == np.shape(usual) else None


def _refitted(case: Case, split: str) -> Any:
    """The preprocessing with every scaler fitted on the evaluated split itself."""
    from reportgen.models.preprocess import SklearnTransform, Standardize

    rows = case.split(split).X
    for step in case.preprocess.steps:
        if isinstance(step, Standardize):
            rows = Standardize(rows)(rows)
        elif isinstance(step, SklearnTransform):
            rows = step.refitted(rows)(rows)
        else:
            rows = step(rows)
    return rows
