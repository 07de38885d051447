"""The job's ``preprocess:`` steps, applied in order to raw features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from reportgen.errors import ModelError, Problem
from reportgen.job import python_code
from reportgen.models.tables import (
    CHUNK_ROWS,
    chunks,
    concatenate,
    float_array,
    n_rows,
    take,
)

if TYPE_CHECKING:
    from reportgen.data.table import Dataset
    from reportgen.job.schema import Job, ModelEntry

#: One step: rows in, rows out.
Step = Callable[[Any], Any]
#: A sparse result is made dense when that takes no more than this.
DENSE_BYTES = 512 << 20


class Preprocess:
    """Callable chain of steps; ``Preprocess(())`` gives the features as they are.

    ``names`` says what each step is; ``notes`` are facts for the report. ``steps`` are the fitted
    steps themselves, for diagnostics that ask what a scaler has seen.
    """

    def __init__(
        self,
        steps: Sequence[Step] = (),
        names: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> None:
        self.steps = tuple(steps)
        self.names = tuple(names)
        self.notes = tuple(notes)

    def __call__(self, X: Any) -> Any:
        """Model inputs for rows of raw features (see ``data.table.Split.X``).

        Raises
        ------
        ModelError
            if a step fails, gives another number of rows, or meets texts where it needs numbers.
        """
        total = n_rows(X)
        for step, name in zip(self.steps, self.names or ("",) * len(self.steps), strict=True):
            X = step(X)
            given = n_rows(X)
            if given != total:
                raise ModelError(
                    Problem(
                        f"the preprocessing step {name} gave {given:,} rows for {total:,}",
                        advice="A step must give one row for each row it gets.",
                    )
                )
        if hasattr(X, "tocsr") and X.shape[0] * X.shape[1] * 8 <= DENSE_BYTES:
            return X.toarray()
        return X


class Standardize:
    """(x − mean) / sd of train, column by column; sd of the population, constants become 0.

    Attributes
    ----------
    mean, scale : float64, of the shape of one row. ``scale`` is the standard deviation, 1 where
        the column is constant.
    """

    def __init__(self, rows: Any, parts: Iterable[Any] | None = None) -> None:
        """``parts``: all rows a part at a time, where ``rows`` are some of them."""
        first = _numbers(take(rows, 0, 1), "standardize")
        n = np.zeros(first.shape[1:])
        mean, squares = np.zeros(first.shape[1:]), np.zeros(first.shape[1:])
        low, high = np.full(first.shape[1:], np.inf), np.full(first.shape[1:], -np.inf)
        whole = [rows] if parts is None else parts
        for part in (part for some in whole for _, part in chunks(some, _chunk_rows(first))):
            # Pairs of (mean, squared deviations) are merged after Chan, Golub and LeVeque (1979):
            # one pass, and no cancellation for columns far from zero.
            values = _numbers(part, "standardize").astype(np.float64, copy=False)
            present = np.isfinite(values)
            count = present.sum(axis=0)
            filled = np.where(present, values, 0.0)
            here = np.divide(filled.sum(axis=0), count, out=np.zeros_like(mean), where=count > 0)
            low = np.minimum(low, np.where(present, values, np.inf).min(axis=0, initial=np.inf))
            high = np.maximum(high, np.where(present, values, -np.inf).max(axis=0, initial=-np.inf))
            deviations = np.where(present, values - here, 0.0)
            both = n + count
            shift = here - mean
            share = np.divide(count, both, out=np.zeros_like(mean), where=both > 0)
            squares += (deviations**2).sum(axis=0) + shift**2 * n * share
            mean += shift * share
            n = both
        sd = np.sqrt(np.divide(squares, n, out=np.zeros_like(squares), where=n > 0))
        # A sum of equal numbers is rounded: only their range tells that they are equal.
        constant = (low >= high) | (sd == 0)
        self.mean = np.where(low == high, low, mean)
        self.scale = np.where(constant, 1.0, sd)
        self._constant = constant

    def __call__(self, X: Any) -> np.ndarray:
        """Standardised rows: float64, float32 for images."""

        def standardise(part: Any) -> np.ndarray:
            values = _numbers(part, "standardize")
            result = (values - self.mean) / self.scale
            if self._constant.any():
                result = np.where(self._constant & np.isfinite(result), 0.0, result)
            return result

        return _filled(X, standardise)


class Scale:
    """x / divisor."""

    def __init__(self, divisor: float) -> None:
        self.divisor = divisor

    def __call__(self, X: Any) -> Any:
        """Scaled rows: float64, float32 for images."""
        if isinstance(X, Mapping):
            return {name: self(part) for name, part in X.items()}
        if isinstance(X, (list, tuple)):
            return [self(part) for part in X]
        if hasattr(X, "tocsr"):
            return X / self.divisor
        return _filled(X, lambda part: _numbers(part, f"scale: {self.divisor:g}") / self.divisor)


class SklearnTransform:
    """A fitted scikit-learn transformer, given its rows as it was fitted with."""

    def __init__(self, transformer: Any, file: str) -> None:
        self.transformer = transformer
        self._file = file
        if not hasattr(transformer, "transform"):
            raise ModelError(
                Problem(
                    f"a {type(transformer).__name__} does not transform",
                    file=file,
                    expected="a fitted scikit-learn transformer",
                )
            )

    def fed(self, X: Any) -> Any:
        """Rows as the transformer is given them."""
        from reportgen.models.sklearn import feed

        return feed(self.transformer, X, who=f"the transformer in {self._file}")

    def refitted(self, X: Any, y: np.ndarray | None = None, **parameters: Any) -> SklearnTransform:
        """The same transformer, fitted on these rows instead.

        ``y`` are their targets, for one that needs them; ``parameters`` are set before.

        Raises
        ------
        ModelError
            if it cannot be fitted on them without a target.
        """
        from sklearn.base import clone

        try:
            fresh = clone(self.transformer).set_params(**parameters)
            fresh.fit(self.fed(X), *(() if y is None else (y,)))
        except Exception as error:
            said = (str(error).splitlines() or [""])[0][:300]
            raise ModelError(
                Problem(f"it cannot be fitted again: {said}", file=self._file)
            ) from error
        return SklearnTransform(fresh, self._file)

    def __call__(self, X: Any) -> Any:
        """What ``transform`` gives, asked in runs of rows where that cannot change it."""
        # A function may compute over the rows it is given: it gets all of them at once.
        size = n_rows(X) if _holds_function(self.transformer) else CHUNK_ROWS
        result: np.ndarray | None = None
        parts: list[Any] = []
        for start, part in chunks(X, max(size, 1)):
            rows = self.fed(part)
            try:
                given = self.transformer.transform(rows)
            except Exception as error:
                said = (str(error).splitlines() or [""])[0][:300]
                raise ModelError(
                    Problem(
                        f"{type(self.transformer).__name__}.transform raised "
                        f"{type(error).__name__}: {said}",
                        file=self._file,
                        advice="Compare the columns it was fitted on with `features:`.",
                    )
                ) from error
            if not isinstance(given, np.ndarray) or n_rows(X) <= n_rows(part):
                parts.append(given)
                continue
            if result is None:
                result = np.empty((n_rows(X), *given.shape[1:]), dtype=given.dtype)
            result[start : start + len(given)] = given
        return concatenate(parts) if result is None else result


class PythonTransform:
    """``pkg.mod:function``: the whole table in, an array out."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self.function = python_code.resolve(name, folder, error=ModelError)

    def __call__(self, X: Any) -> Any:
        """What the function gives for all rows."""
        given = python_code.call(
            self.function, X, name=self._name, folder=self._folder, error=ModelError
        )
        if given is None:
            raise ModelError(Problem(f"{self._name} gave nothing back", got="None"))
        simple = isinstance(given, (np.ndarray, Mapping, list, tuple, pl.DataFrame))
        if simple or hasattr(given, "iloc") or hasattr(given, "tocsr"):
            return given
        return np.asarray(given)


def load(job: Job, entry: ModelEntry, dataset: Dataset) -> Preprocess:
    """The model's steps, loaded, and fitted on train where the job says so.

    ``{standardize: train}`` is fitted on the train split as the data set has it, which is after
    any ``{from: train}`` cut, behind the steps before it.

    Raises
    ------
    ModelError
        if a file cannot be loaded, or there is no train split to standardise by.
    """
    from reportgen.job.schema import PythonStep, ResizeStep, SklearnStep, StandardizeStep

    steps: list[Step] = []
    names: list[str] = []
    notes: list[str] = []
    for step in entry.preprocess:
        if isinstance(step, SklearnStep):
            from reportgen.models.sklearn import load_object

            transformer, said = load_object(job.locate(step.sklearn), trusted=step.trusted)
            steps.append(SklearnTransform(transformer, step.sklearn))
            names.append(step.sklearn)
            notes += [f"{step.sklearn}: {note}" for note in said]
        elif isinstance(step, PythonStep):
            steps.append(PythonTransform(step.python, job.file.parent))
            names.append(step.python)
        elif isinstance(step, ResizeStep):
            from reportgen.models.resize import Resize

            steps.append(Resize(step.resize, step.method))
            names.append(f"resize: {step.resize[0]} × {step.resize[1]}, {step.method}")
        elif isinstance(step, StandardizeStep):
            if "train" not in dataset.splits:
                raise ModelError(
                    Problem(
                        "{standardize: train} needs the train split",
                        expected=f"`train:` on the data set {dataset.name}",
                    )
                )
            before = Preprocess(steps, names)
            train = dataset.splits["train"]
            whole = train.whole
            parts = None if whole is None else (before(X) for X, _ in whole.batches())
            steps.append(Standardize(before(train.X), parts))
            names.append("standardize: train")
        else:
            steps.append(Scale(step.scale))
            names.append(f"scale: {step.scale:g}")
    return Preprocess(steps, names, notes)


def _numbers(part: Any, step: str) -> np.ndarray:
    if isinstance(part, (Mapping, list, tuple)):
        raise ModelError(
            Problem(
                f"the preprocessing step {step} takes one array or table",
                got=f"{len(part)} inputs",
                advice="Use a function: {python: pkg.mod:fn}.",
            )
        )
    kind = getattr(getattr(part, "dtype", None), "kind", "")
    small = kind in "u" and getattr(part, "ndim", 0) > 1
    dtype = np.float32 if small and part.dtype.itemsize == 1 else np.float64
    if kind == "f" and part.dtype.itemsize == 4:
        dtype = np.float32
    return float_array(part, who=f"the preprocessing step {step}", dtype=dtype)


def _filled(X: Any, function: Callable[[Any], np.ndarray]) -> np.ndarray:
    """``function`` over runs of rows, into one array that is allocated once."""
    first = function(take(X, 0, 1))
    # Standardising float32 by float64 figures gives float64: images stay float32.
    images = first.ndim > 2
    result = np.empty((n_rows(X), *first.shape[1:]), np.float32 if images else first.dtype)
    for start, part in chunks(X, _chunk_rows(first)):
        result[start : start + n_rows(part)] = function(part)
    return result


def _chunk_rows(row: np.ndarray) -> int:
    values = max(int(np.prod(row.shape[1:])), 1)
    return max(min(CHUNK_ROWS, (64 << 20) // (8 * values)), 1)


def _holds_function(transformer: Any) -> bool:
    """Whether a transformer, or one inside it, calls a Python function or is not scikit-learn's."""
    kind = type(transformer)
    if kind.__module__.partition(".")[0] != "sklearn" or kind.__name__ == "FunctionTransformer":
        return True
    inner: list[Any] = []
    for attribute in ("steps", "transformers_", "transformer_list"):
        listed = getattr(transformer, attribute, None) or ()
        inner += [part[1] for part in listed]
    return any(_holds_function(part) for part in inner if not isinstance(part, str))
