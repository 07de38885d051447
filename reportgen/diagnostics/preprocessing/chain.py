"""What happens to the inputs on their way: every step and layer, with the rows that reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount, count, plural
from reportgen.errors import ReportgenError, in_words
from reportgen.evidence import Case
from reportgen.fitted.parts import composed, inside
from reportgen.models.tables import n_rows

Floats = NDArray[np.float64]
SCALERS = (
    "StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "Standardize",
    "Normalization", "PowerTransformer", "QuantileTransformer",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Figures that a scaler stored, a column each: what it takes for the place and the size.

    ``measure`` gives the same figures for rows (n, d).
    """

    place: Floats
    size: Floats
    way: str


@dataclass(frozen=True)
class Link:
    """One step: where it stands, its class, what it does, and the rows that reach it by split.

    ``known`` is what a scaler stored; ``divides`` the factor of a plain division or multiplication;
    ``before`` the classes that the same rows went through; ``unknown`` what becomes of categories
    that it does not know; ``categories`` those it knows, a column each.
    """

    where: str
    kind: str
    does: str
    fed: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    known: Known | None = None
    divides: float | None = None
    before: tuple[str, ...] = ()
    unknown: str = ""
    categories: tuple[tuple[Any, ...], ...] | None = None
    step: Any = None


def chain(case: Case) -> tuple[tuple[Link, ...], str]:
    """All steps in order, and why the chain could not be followed to its end, if so."""
    found: list[Link] = []
    try:
        for link in _links(case):
            found.append(link)
    except (ReportgenError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        return tuple(found), in_words(error).splitlines()[0][:200]
    return tuple(found), ""


def _links(case: Case) -> Iterator[Link]:
    rows: dict[str, Any] = {n: s.X for n, s in case.dataset.splits.items() if s.n}
    if case.predictor.framework == "predictions":
        return
    before: tuple[str, ...] = ()
    names = case.preprocess.names or ("",) * len(case.preprocess.steps)
    for step, name in zip(case.preprocess.steps, names, strict=True):
        made = list(_of_step(step, name, rows, before))
        yield from made
        before = (*before, *(link.kind for link in made))
        rows = {n: step(x) for n, x in rows.items()}
    if case.predictor.framework == "sklearn":
        yield from _of_pipeline(case, rows, before)
    elif case.predictor.framework in ("keras", "tf_keras"):
        from reportgen.diagnostics.preprocessing.layers import of_network

        yield from of_network(case)


def _of_step(
    step: Any, name: str, rows: Mapping[str, Any], before: tuple[str, ...]
) -> Iterator[Link]:
    from reportgen.models.preprocess import Scale, SklearnTransform, Standardize

    if isinstance(step, SklearnTransform):
        fed = {n: step.fed(x) for n, x in rows.items()}
        yield from _of_sklearn(step.transformer, fed, name, before)
    elif isinstance(step, Standardize):
        yield Link(
            "preprocess", "Standardize", "subtracts train's mean, divides by its spread",
            rows, before=before,
        )  # fmt: skip
    elif isinstance(step, Scale):
        yield Link("preprocess", "Scale", f"divides by {amount(step.divisor, 4)}", rows,
                   divides=1 / step.divisor if step.divisor else None, before=before)  # fmt: skip
    else:
        yield Link("preprocess", type(step).__name__, name, rows, before=before)


def _of_pipeline(case: Case, rows: Mapping[str, Any], before: tuple[str, ...]) -> Iterator[Link]:
    from reportgen.models.sklearn import feed

    model: Any = case.predictor.model
    model = getattr(model, "best_estimator_", model)
    steps = getattr(model, "steps", None)
    if not steps or len(steps) < 2:
        return
    fed = {n: feed(model, x, who="the model") for n, x in rows.items()}
    for name, step in steps[:-1]:
        if not hasattr(step, "transform"):
            continue
        made = list(_of_sklearn(step, fed, f"the model: {name}", before))
        yield from made
        before = (*before, *(link.kind for link in made))
        fed = {n: step.transform(x) for n, x in fed.items()}


def _of_sklearn(
    fitted: Any, fed: Mapping[str, Any], where: str, before: tuple[str, ...]
) -> Iterator[Link]:
    fitted = getattr(fitted, "best_estimator_", fitted)
    if not composed(fitted):
        yield leaf(fitted, fed, where, before)
        return
    in_turn = hasattr(fitted, "steps")
    for name, inner, rows in inside(fitted, fed):
        made = list(_of_sklearn(inner, rows, f"{where}, {name}", before))
        yield from made
        if in_turn:
            before = (*before, *(link.kind for link in made))


def leaf(fitted: Any, fed: Mapping[str, Any], where: str, before: tuple[str, ...]) -> Link:
    """A transformer that holds no other one."""
    kind = type(fitted).__name__
    first = fed[next(iter(fed))]
    names = getattr(first, "columns", None)
    return Link(
        where,
        kind,
        _does(fitted, kind),
        fed,
        () if names is None else tuple(str(n) for n in names),
        _known(fitted, kind),
        before=before,
        unknown=_unknown(fitted, kind),
        categories=_categories(fitted),
        step=fitted,
    )


def _known(fitted: Any, kind: str) -> Known | None:
    def figures(name: str, default: float = 0.0) -> Floats:
        value = getattr(fitted, name, None)
        width = int(getattr(fitted, "n_features_in_", 1))
        return np.full(width, default) if value is None else np.asarray(value, np.float64).ravel()

    if kind == "StandardScaler" and getattr(fitted, "scale_", None) is not None:
        if getattr(fitted, "mean_", None) is None:
            return None
        return Known(figures("mean_"), figures("scale_", 1.0), "moments")
    if kind == "RobustScaler" and getattr(fitted, "center_", None) is not None:
        if tuple(getattr(fitted, "quantile_range", ())) != (25.0, 75.0):
            return None
        if getattr(fitted, "scale_", None) is None or fitted.unit_variance:
            return None
        return Known(figures("center_"), figures("scale_", 1.0), "quartiles")
    if kind == "MinMaxScaler" and hasattr(fitted, "data_range_"):
        return Known(figures("data_min_"), figures("data_range_"), "limits")
    return None


def measured(known: Known, rows: Any) -> tuple[Floats, Floats] | None:
    """The figures that ``known`` holds, of other rows (n, d); None where these are no numbers."""
    if hasattr(rows, "toarray"):
        return None
    try:
        values = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if values.ndim == 1:
        values = values[:, None]
    width = len(known.place)
    if values.ndim > 2 and width in (1, values.shape[-1]):
        values = values.reshape(-1, width)
    if values.ndim != 2 or values.shape[1] != width or not len(values):
        return None
    if known.way == "moments":
        return np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    if known.way == "limits":
        low = np.nanmin(values, axis=0)
        return low, np.nanmax(values, axis=0) - low
    low, middle, high = np.nanpercentile(values, [25, 50, 75], axis=0)
    return middle, high - low


def _categories(fitted: Any) -> tuple[tuple[Any, ...], ...] | None:
    try:
        listed = getattr(fitted, "categories_", None)
    except Exception:  # an encoder that was given none
        return None
    if listed is None:
        return None
    return tuple(tuple(np.asarray(c, dtype=object).tolist()) for c in listed)


def _unknown(fitted: Any, kind: str) -> str:
    """What an encoder makes of a category that it does not know."""
    rule = getattr(fitted, "handle_unknown", None)
    if kind == "OneHotEncoder":
        return {
            "error": "the encoder refuses it",
            "ignore": "the encoder gives a row of zeros, which no training row has",
            "infrequent_if_exist": "the encoder counts it among the rare ones",
            "warn": "the encoder counts it among the rare ones and warns",
        }.get(str(rule), "")
    if kind == "OrdinalEncoder":
        value = getattr(fitted, "unknown_value", None)
        if rule == "use_encoded_value":
            return f"the encoder gives {value}, which no training row has"
        return "the encoder refuses it"
    if kind == "TargetEncoder":
        return "the encoder gives the mean target"
    return ""


def _does(fitted: Any, kind: str) -> str:
    def get(name: str, default: Any = None) -> Any:
        return getattr(fitted, name, default)

    seen = get("n_samples_seen_")
    rows = ""
    if seen is not None:
        rows = f" of {count(float(np.max(seen)))} rows"
    words = {
        "StandardScaler": f"subtracts the mean and divides by the standard deviation{rows}",
        "RobustScaler": "subtracts the median and divides by the quartiles' distance",
        "MaxAbsScaler": f"divides by the largest size{rows}",
        "Normalizer": "scales each row to length 1",
        "KNNImputer": f"fills gaps from the {get('n_neighbors')} nearest rows",
        "IterativeImputer": "fills gaps by regression on the other columns",
        "PowerTransformer": f"makes columns look normal ({get('method')})",
        "QuantileTransformer": f"gives ranks ({get('output_distribution')})",
        "PolynomialFeatures": f"adds products up to degree {get('degree')}",
        "VarianceThreshold": "drops columns that hardly vary",
    }
    if kind == "MinMaxScaler":
        low, high = get("feature_range", (0, 1))
        return f"scales to {amount(low, 3)} to {amount(high, 3)} by the limits{rows}"
    if kind == "SimpleImputer":
        return f"fills gaps with the {str(get('strategy')).replace('_', ' ')}"
    if kind in ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"):
        known = _categories(fitted) or ()
        total = sum(len(c) for c in known)
        return (
            f"encodes {plural(len(known), 'column')} of {plural(total, 'category', 'categories')}"
        )
    if kind in ("CountVectorizer", "TfidfVectorizer"):
        return f"counts {plural(len(get('vocabulary_', ())), 'word')}"
    if kind == "FunctionTransformer":
        function = get("func")
        return f"applies {getattr(function, '__name__', 'a function')}" if function else "passes on"
    components = get("n_components_")
    if components is not None and kind in ("PCA", "TruncatedSVD", "FastICA", "KernelPCA"):
        return f"keeps {plural(int(components), 'component')}"
    return words.get(kind, "")


def width_of(link: Link) -> int | None:
    """Columns that reach a step; None where it takes no table."""
    if not link.fed:
        return None
    shape = np.shape(link.fed[next(iter(link.fed))])
    return int(shape[1]) if len(shape) == 2 else None


def rows_of(link: Link, name: str) -> int:
    return n_rows(link.fed[name]) if name in link.fed else 0
