"""The fitted parts of a model's preprocessing, each with the rows that reach it.

scikit-learn's pipelines, column transformers and unions are walked to their leaves; a network's
``Normalization`` and vocabulary layers are leaves too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.evidence import Case
from reportgen.models.preprocess import SklearnTransform

Figures = Mapping[str, Any]

#: Fitted attributes that follow from the rows that were seen; places on the columns' own scale.
PLACES = (
    "mean_", "center_", "data_min_", "data_max_", "max_abs_", "statistics_", "quantiles_",
    "bin_edges_", "means_",
)  # fmt: skip
OTHERS = (
    "scale_", "var_", "min_", "data_range_", "lambdas_", "components_", "explained_variance_",
    "singular_values_", "idf_", "scores_", "encodings_", "variances_",
)  # fmt: skip
NAMES = ("categories_", "vocabulary_", "classes_")
COUNT = "n_samples_seen_"


@dataclass(frozen=True)
class Part:
    """One fitted part.

    Attributes
    ----------
    path : where it stands: ``columns.skops: num, scaler``.
    kind : its class, in words of the field.
    inputs : split -> the rows as they reach it.
    columns : names of its columns, where they are known.
    stored : its figures by name.
    refit : its figures for other rows of the kind of ``inputs``, with their targets.
    step : its place among ``preprocess.steps``, or -1 in the model itself.
    keeps : the step of the delivered pipeline that it lies in; "" elsewhere.
    parameters : its place as scikit-learn's ``set_params`` names it.
    """

    path: str
    kind: str
    inputs: Mapping[str, Any]
    columns: tuple[str, ...]
    stored: Figures
    refit: Callable[[Any, np.ndarray | None], Figures]
    step: int = -1
    keeps: str = ""
    parameters: str = ""
    layer: Any = field(default=None, compare=False)


def parts(case: Case) -> list[Part]:
    """Every fitted part of the case's preprocessing and model whose figures can be made again."""
    found: list[Part] = []
    rows: dict[str, Any] = {name: split.X for name, split in case.dataset.splits.items()}
    steps = case.preprocess.steps
    names = case.preprocess.names or ("",) * len(steps)
    for place, (step, name) in enumerate(zip(steps, names, strict=True)):
        if isinstance(step, SklearnTransform):
            fed = {split: step.fed(x) for split, x in rows.items()}
            found += _of_sklearn(step.transformer, fed, (name,), place)
        rows = {split: step(x) for split, x in rows.items()}
    if case.predictor.framework == "sklearn":
        found += _of_pipeline(case, rows)
    elif case.predictor.framework == "keras":
        from reportgen.fitted.layers import of_network

        found += of_network(case)
    return found


def _of_pipeline(case: Case, rows: Mapping[str, Any]) -> Iterator[Part]:
    """The steps before the last of a delivered pipeline."""
    from reportgen.models.sklearn import feed

    model: Any = case.predictor.model
    steps = getattr(model, "steps", None)
    if not steps or len(steps) < 2:
        return
    fed = {split: feed(model, x, who="the model") for split, x in rows.items()}
    for name, step in steps[:-1]:
        if step in (None, "passthrough"):
            continue
        yield from _of_sklearn(step, fed, ("the model", name), -1, keeps=name)
        fed = {split: step.transform(x) for split, x in fed.items()}


def _of_sklearn(
    fitted: Any,
    fed: Mapping[str, Any],
    path: tuple[str, ...],
    step: int,
    *,
    keeps: str = "",
    parameters: str = "",
) -> Iterator[Part]:
    """The leaves of a fitted transformer, given the rows that it is given."""
    best = getattr(fitted, "best_estimator_", None)
    if best is not None:
        yield from _of_sklearn(best, fed, path, step, keeps=keeps, parameters=parameters)
        return
    for name, inner, rows in inside(fitted, fed):
        below = f"{parameters}__{name}" if parameters else name
        yield from _of_sklearn(inner, rows, (*path, name), step, keeps=keeps, parameters=below)
    stored = figures(fitted)
    if stored and not composed(fitted):
        head, *rest = path
        yield Part(
            path=f"{head}: {', '.join(rest)}" if rest else head,
            kind=type(fitted).__name__,
            inputs=fed,
            columns=_columns(fed),
            stored=stored,
            refit=lambda x, y: figures(refitted(fitted, x, y)),
            step=step,
            keeps=keeps,
            parameters=parameters,
        )


def composed(fitted: Any) -> bool:
    return any(hasattr(fitted, a) for a in ("steps", "transformers_", "transformer_list"))


def inside(fitted: Any, fed: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Name, transformer and rows of what a composed transformer holds."""
    if hasattr(fitted, "steps"):
        rows = dict(fed)
        for name, inner in fitted.steps:
            if inner in (None, "passthrough"):
                continue
            yield name, inner, rows
            if hasattr(inner, "transform"):
                rows = {split: inner.transform(x) for split, x in rows.items()}
    elif hasattr(fitted, "transformers_"):
        from sklearn.utils import _safe_indexing

        for name, inner, chosen in fitted.transformers_:
            if isinstance(inner, str) or not len(np.atleast_1d(np.asarray(chosen, dtype=object))):
                continue
            yield (
                name,
                inner,
                {split: _safe_indexing(x, chosen, axis=1) for split, x in fed.items()},
            )
    elif hasattr(fitted, "transformer_list"):
        for name, inner in fitted.transformer_list:
            if not isinstance(inner, str):
                yield name, inner, fed


def refitted(fitted: Any, x: Any, y: np.ndarray | None) -> Any:
    """A clone, fitted on other rows, and their targets where there are some."""
    from sklearn.base import clone

    fresh = clone(fitted)
    if y is None:
        return fresh.fit(x)
    try:
        return fresh.fit(x, y)
    except TypeError:  # one that takes rows alone
        return clone(fitted).fit(x)


def figures(fitted: Any) -> dict[str, Any]:
    """The fitted attributes that tell which rows were seen."""
    found: dict[str, Any] = {}
    given = getattr(fitted, "categories", "auto")
    for name in (*PLACES, *OTHERS, *NAMES, COUNT):
        if name == "categories_" and not (isinstance(given, str) and given == "auto"):
            continue  # named by whoever made it: nothing was learnt from rows
        if name == "vocabulary_" and getattr(fitted, "vocabulary", None) is not None:
            continue
        if name == "classes_" and not hasattr(fitted, "transform"):
            continue
        try:
            value = getattr(fitted, name, None)
        except (AttributeError, ValueError, ReportgenError):
            continue
        if value is not None:
            found[name] = value
    return found


def _columns(fed: Mapping[str, Any]) -> tuple[str, ...]:
    first = next(iter(fed.values()))
    names = getattr(first, "columns", None)
    return () if names is None else tuple(str(n) for n in names)
