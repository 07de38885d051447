"""Cases from arrays, without files: what the planted faults and the tests of diagnostics audit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from reportgen.data.steps import Steps
from reportgen.data.table import Dataset, Kind, Split
from reportgen.evidence import Case
from reportgen.job.schema import (
    Decision,
    ModelEntry,
    PredictionsModel,
    PythonModel,
    Settings,
    SklearnModel,
)
from reportgen.models.predictor import Framework, Output, Predictor
from reportgen.models.preprocess import Preprocess
from reportgen.results import Severity

#: The role arrays of a data set, a split's name -> array of shape (n,).
Roles = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class FaultCase:
    """A fault somebody makes, and the code that must be raised for it.

    ``draw(rng)`` makes a new instance; ``code`` is whole (``calibration.overconfident``), and
    several stand for a fault that must raise them all. ``at_least`` is the severity that counts as
    found. ``settings`` are the diagnostic's, its defaults when None. ``also`` are codes that the
    same fault rightly raises; anything else above info is shown as unexpected. ``power`` is stated
    where the rows themselves hide the fault: the share of draws in which a test that knows the
    truth would find it (:mod:`benchmarks.oracles`), which no verdict can beat; such cases are
    counted apart. ``equal`` are codes that nothing can tell from the right one: one of them is as
    good.
    """

    name: str
    code: str | tuple[str, ...]
    draw: Callable[[np.random.Generator], Case]
    at_least: Severity = "warn"
    settings: Settings | None = None
    also: tuple[str, ...] = ()
    power: float | None = None
    equal: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.code,) if isinstance(self.code, str) else self.code


@dataclass(frozen=True, slots=True)
class CleanCase:
    """A sound model on sound data: anything above info is a false alarm."""

    name: str
    draw: Callable[[np.random.Generator], Case]
    settings: Settings | None = None


@dataclass
class InMemory:
    """A model that is at hand: an estimator, a function, or stored outputs."""

    framework: Framework
    description: str
    output: Output
    model: Any
    ask: Callable[[Any], np.ndarray] | None = None
    stored: Mapping[str, np.ndarray] | None = None
    notes: tuple[str, ...] = ()
    n_weights: int | None = None

    def predict(self, inputs: Any) -> np.ndarray:
        if self.ask is None:
            raise TypeError("these are stored predictions; there is no model to ask")
        return self.ask(inputs)

    def predict_split(self, name: str) -> np.ndarray | None:
        return None if self.stored is None else self.stored.get(name)


def case_from_arrays(
    task: Literal["binary", "multiclass", "multilabel", "regression"],
    splits: Mapping[str, tuple[Any, Any]],
    model: Any,
    *,
    classes: Sequence[str] | None = None,
    positive: int | None = None,
    features: Sequence[str] | None = None,
    ids: Roles = None,
    groups: Roles = None,
    times: Roles = None,
    weights: Roles = None,
    decision: Decision | Mapping[str, Any] | None = None,
    output: Literal["probability", "logit", "label", "value"] | Output | None = None,
    reported: Sequence[Mapping[str, Any]] = (),
    training: Mapping[str, Any] | None = None,
    preprocess: Preprocess | None = None,
    members: Sequence[Any] = (),
    mask: Roles = None,
    target: Sequence[str] = ("y",),
    name: str = "model",
    seed: int = 0,
    diagnostic: str = "",
    settings: Settings | None = None,
) -> Case:
    """An audit's evidence, from what is in memory.

    Parameters
    ----------
    task : the data set's task.
    splits : ``{"train": (X, y), "test": (X, y)}``. ``X`` is an array of shape (n, ...) or a polars
        frame; ``y`` has class codes or class labels (binary, multiclass), 0/1 of shape (n, K)
        (multilabel), floats of shape (n,) or (n, T) (regression), or is None.
    model : a fitted scikit-learn estimator (asked for ``predict_proba`` where it has one); or a
        function from model inputs to raw outputs; or raw outputs by split,
        ``{"train": ..., "test": ...}``; or a :class:`~reportgen.models.predictor.Predictor`.
    classes : label texts in the order of the outputs; default: the codes or labels of all ``y``,
        sorted.
    positive : index of the positive class in binary tasks; default 1.
    features : column names of an array; default ``x0``, ``x1``, ... (tables bring their own).
    ids, groups, times, weights : role arrays by split, ``{"train": array of shape (n,), ...}``.
    decision, reported, training : as in the job file.
    output : what the raw outputs mean; default: ``value`` in regression, ``label`` where they are
        strings or integers, else ``probability``.
    preprocess : steps between ``X`` and the model; default none.
    members : retrainings that the job brings along, each given as ``model`` may be.
    mask : for labels step by step, ``y`` of shape (n, T): bool of that shape by split, True where a
        step counts.
    diagnostic, settings : whose view of the case it is; ``case.view(...)`` makes others.

    Returns
    -------
    the case, with nothing computed yet.
    """
    texts, coded = _targets(task, {k: y for k, (_, y) in splits.items()}, classes)
    made = {}
    for split, (X, _) in splits.items():
        values = X if isinstance(X, (pl.DataFrame, Mapping)) else np.asarray(X)
        n = len(next(iter(values.values()))) if isinstance(values, Mapping) else len(values)
        y, steps = coded[split], None
        if mask is not None and y is not None:
            steps = Steps(np.asarray(mask[split], dtype=bool), y)
            y = y[steps.kept]
        made[split] = Split(
            name=split,
            X=values,
            y=y,
            rows=np.arange(n, dtype=np.int64) if steps is None else steps.sequence,
            steps=steps,
            source=f"{split}.csv",
            sha256=hashlib.sha256(f"{split} {n}".encode()).hexdigest(),
            ids=_role(ids, split),
            groups=_role(groups, split),
            times=_role(times, split),
            weights=_role(weights, split, np.float64),
        )
    first = next(iter(made.values())).X
    dataset = Dataset(
        name="data",
        task=task,
        kind=_kind(first),
        features=_features(first, features),
        classes=texts,
        positive=(1 if positive is None else positive) if task == "binary" else None,
        splits=made,
        target=tuple(target),
    )
    predictor = _predictor(model, dataset, output)
    return Case(
        name=name,
        entry=_entry(predictor, made, decision, reported, training),
        dataset=dataset,
        predictor=predictor,
        preprocess=Preprocess(()) if preprocess is None else preprocess,
        seed=seed,
        diagnostic=diagnostic,
        settings=settings,
        members=tuple(_predictor(member, dataset, output) for member in members),
        ensemble_size=10,
    )


def _targets(
    task: str, targets: Mapping[str, Any], classes: Sequence[str] | None
) -> tuple[tuple[str, ...], dict[str, np.ndarray | None]]:
    """Class texts, and each split's ``y`` as :class:`~reportgen.data.table.Split` has it."""
    arrays = {k: None if y is None else np.asarray(y) for k, y in targets.items()}
    known = [y for y in arrays.values() if y is not None]
    if task == "regression":
        return (), {k: None if y is None else y.astype(np.float64) for k, y in arrays.items()}
    if task == "multilabel":
        texts = tuple(classes or (f"label{k}" for k in range(known[0].shape[1])))
        return texts, {k: None if y is None else y.astype(np.int8) for k, y in arrays.items()}
    if all(y.dtype.kind in "iub" for y in known):
        n_classes = max(2, 1 + max(int(y.max()) for y in known))
        texts = tuple(classes or (str(k) for k in range(n_classes)))
        return texts, {k: None if y is None else y.astype(np.int64) for k, y in arrays.items()}
    texts = tuple(classes or sorted({str(v) for y in known for v in y}))
    codes = {text: code for code, text in enumerate(texts)}
    return texts, {
        k: None if y is None else np.array([codes.get(str(v), -1) for v in y], dtype=np.int64)
        for k, y in arrays.items()
    }


def _role(roles: Roles, split: str, dtype: Any = None) -> np.ndarray | None:
    if roles is None or roles.get(split) is None:
        return None
    return np.asarray(roles[split], dtype=dtype)


def _kind(X: Any) -> Kind:
    if isinstance(X, pl.DataFrame):
        return "table"
    return "images" if getattr(X, "ndim", 0) in (3, 4) else "array"


def _features(X: Any, names: Sequence[str] | None) -> tuple[str, ...]:
    if names is not None:
        return tuple(names)
    if isinstance(X, (pl.DataFrame, Mapping)):
        return tuple(X.columns if isinstance(X, pl.DataFrame) else X)
    return tuple(f"x{k}" for k in range(X.shape[1])) if X.ndim == 2 else ()


def _predictor(model: Any, dataset: Dataset, output: Any) -> Predictor:
    framework: Framework
    stored, ask = None, None
    if isinstance(model, Mapping):
        framework, description = "predictions", "Predictions from a file."
        stored = {split: np.asarray(raw) for split, raw in model.items()}
    elif hasattr(model, "fit") and hasattr(model, "predict"):
        framework, description = "sklearn", f"scikit-learn {type(model).__name__}."
        asks_scores = output is None or output == "probability"
        ask = _ask_estimator(model, dataset, asks_scores and hasattr(model, "predict_proba"))
    elif isinstance(model, Predictor):
        return model
    else:
        framework, description, ask = "python", "A Python function.", model
    if not isinstance(output, Output):
        output = Output(output, "the job") if output else _output(stored, ask, dataset)
    return InMemory(
        framework=framework,
        description=description,
        output=output,
        model=None if framework == "predictions" else model,
        ask=ask,
        stored=stored,
    )


def _output(
    stored: Mapping[str, np.ndarray] | None,
    ask: Callable[[Any], np.ndarray] | None,
    dataset: Dataset,
) -> Output:
    """Told from the outputs of a few rows."""
    if dataset.task == "regression":
        return Output("value", "the task")
    if ask is not None:
        X = next(iter(dataset.splits.values())).X
        few = {k: v[:5] for k, v in X.items()} if isinstance(X, Mapping) else X[:5]
        raw = np.asarray(ask(few))
    else:
        assert stored is not None
        raw = next(iter(stored.values()))
    labels = raw.dtype.kind in "iubOUST"
    return Output("label" if labels else "probability", "the numbers")


def _ask_estimator(model: Any, dataset: Dataset, scores: bool) -> Callable[[Any], np.ndarray]:
    classes = dataset.classes
    width = len(classes)

    def table(X: Any) -> Any:
        if not isinstance(X, pl.DataFrame):
            return X
        if hasattr(model, "feature_names_in_"):
            return X.select(list(model.feature_names_in_))
        return X.to_numpy().astype(np.float64)

    def ask_scores(X: Any) -> np.ndarray:
        raw = model.predict_proba(table(X))
        if isinstance(raw, list):  # multilabel forests and neighbours: one array a label
            return np.column_stack([part[:, 1] for part in raw])
        seen = np.asarray(model.classes_)
        if raw.shape[1] < width and seen.dtype.kind in "iu":  # classes unseen in training
            full = np.zeros((len(raw), width))
            full[:, seen] = raw
            return full
        return np.asarray(raw)

    def ask_labels(X: Any) -> np.ndarray:
        raw: np.ndarray = np.asarray(model.predict(table(X)))
        if dataset.task in ("binary", "multiclass") and raw.dtype.kind in "iu":
            # Fitted on codes, where a delivered model speaks of labels.
            raw = np.array(classes)[raw]
        return raw

    return ask_scores if scores and dataset.task != "regression" else ask_labels


def _entry(
    predictor: Predictor,
    splits: Mapping[str, Split],
    decision: Any,
    reported: Sequence[Mapping[str, Any]],
    training: Mapping[str, Any] | None,
) -> ModelEntry:
    source: Any
    if predictor.framework == "predictions":
        source = PredictionsModel(predictions={k: f"{k}-scores.csv" for k in splits})
    elif predictor.framework == "sklearn":
        source = SklearnModel(sklearn="model.skops")
    else:
        source = PythonModel(python="model:build")
    kind = predictor.output.kind if predictor.output.origin == "the job" else None
    return ModelEntry.model_validate(
        {
            "dataset": "data",
            "model": source,
            "output": kind,
            "decision": decision,
            "training": training,
            "reported": tuple(reported),
        }
    )
