"""Every score of a split with its interval, as the report's metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.results import Metric
from reportgen.statistics import estimates, influence, losses
from reportgen.statistics.influence import Influence
from reportgen.statistics.intervals import Interval, student, unknown

Floats = NDArray[np.float64]


def metrics(of: Answers, rng: np.random.Generator) -> tuple[Metric, ...]:
    """All scores that the answers allow, in the order of the report's table."""
    if of.task == "regression":
        return tuple(_regression(of, rng))
    if of.task == "multilabel":
        return tuple(_multilabel(of))
    return tuple(_labels(of)) + tuple(_probabilities(of))


def headline(of: Answers) -> Metric:
    """Accuracy, or R²."""
    if of.task == "regression":
        return _metric(of, "r2", "R²", r2(of))
    return _metric(of, "accuracy", _accuracy_label(of), accuracy(of))


def accuracy(of: Answers) -> Interval:
    """Share of right rows; of rows right in every label in multilabel tasks."""
    right = of.y == of.labels
    return estimates.proportion(right.all(axis=1) if right.ndim == 2 else right, of.design)


def r2(of: Answers) -> Interval:
    """Mean over targets."""
    assert of.values is not None
    parts = [
        influence.r2(of.y[:, t], of.values[:, t], of.design.weights) for t in range(of.y.shape[1])
    ]
    return estimates.r2(Influence.mean_of(parts), of.design)


def coverage(of: Answers) -> Metric:
    """Share of rows that are given an answer, where the decision leaves some open."""
    found = estimates.proportion(of.decided, of.design)
    return _metric(of, "coverage", f"Rows decided, not “{of.undecided}”", found, "share")


def selective_accuracy(of: Answers) -> Metric:
    """Accuracy among the rows that are given an answer (El-Yaniv, Wiener 2010)."""
    decided = of.part(of.decided)
    found = accuracy(decided) if decided.n else unknown(float("nan"), "Wilson")
    return _metric(of, "selective_accuracy", "Accuracy among decided rows", found, n=decided.n)


def _accuracy_label(of: Answers) -> str:
    if of.undecided is not None:
        return f"Accuracy, “{of.undecided}” counted as wrong"
    return "Accuracy, all labels of a row right" if of.task == "multilabel" else "Accuracy"


def _metric(
    of: Answers, name: str, label: str, found: Interval, unit: str = "score", n: int | None = None
) -> Metric:
    reason = None
    if not np.isfinite(found.value):
        reason = "not defined on these rows"
    elif not found.known:
        reason = "too few rows for an interval"
    return Metric(
        name=name,
        value=found.value,
        unit=unit,
        low=found.low,
        high=found.high,
        label=label,
        split=of.split,
        n=of.n if n is None else n,
        interval=found.method if found.known else None,
        reason=reason,
    )


def _labels(of: Answers) -> Iterator[Metric]:
    y, given, k, design = of.y, of.labels, len(of.classes), of.design
    assert given is not None
    yield headline(of)
    if of.undecided is not None:
        yield coverage(of)
        yield selective_accuracy(of)
    yield _metric(
        of,
        "balanced_accuracy",
        "Balanced accuracy",
        estimates.balanced_accuracy(y, given, k, design),
    )
    yield _metric(of, "mcc", "Matthews correlation", estimates.mcc(y, given, k, design))
    if of.positive is not None:
        name, code = of.classes[of.positive], of.positive
        for metric, label, function in (
            ("precision", "Precision", estimates.precision),
            ("recall", "Recall", estimates.recall),
            ("f1", "F1", estimates.f1),
        ):
            found = function(y, given, code, design)
            rows = {"precision": given == code, "recall": y == code}.get(
                metric, (y == code) | (given == code)
            )
            yield _metric(of, metric, f"{label} of “{name}”", found, n=int(rows.sum()))
    yield _metric(of, "f1_macro", "F1, mean over classes", estimates.macro_f1(y, given, k, design))


def _probabilities(of: Answers) -> Iterator[Metric]:
    if of.scores is None:
        return
    if of.task == "binary":
        positive = of.y == of.positive
        (_, area), (_, precision) = estimates.ranking(positive, of.scores, of.design)
        yield _metric(of, "roc_auc", "ROC-AUC", area)
        yield _metric(
            of,
            "average_precision",
            "Average precision (area under precision and recall)",
            precision,
        )
        truth: NDArray[Any] = positive.astype(np.int64)
    else:
        yield from _one_against_rest(of)
        truth = of.y
    yield from _losses(of, truth)


def _losses(of: Answers, truth: NDArray[Any]) -> Iterator[Metric]:
    assert of.scores is not None
    yield _metric(of, "log_loss", "Log loss", of.log_loss(), "loss")
    rows = influence.mean(losses.brier_scores(truth, of.scores), of.design.weights)
    yield _metric(of, "brier", "Brier score", estimates.positive_mean(rows, of.design), "loss")


def positives(of: Answers, k: int) -> NDArray[np.bool_]:
    return np.asarray(of.y[:, k] == 1 if of.y.ndim == 2 else of.y == k)


def _one_against_rest(of: Answers) -> Iterator[Metric]:
    assert of.scores is not None
    areas, precisions = [], []
    for k in range(len(of.classes)):
        area, precision = estimates.ranking(positives(of, k), of.scores[:, k], of.design)
        areas.append(area)
        precisions.append(precision)
    yield _metric(
        of, "roc_auc", "ROC-AUC, each class against the rest", estimates.mean_of(areas, of.design)
    )
    yield _metric(
        of,
        "average_precision",
        "Average precision, mean over classes",
        estimates.mean_of(precisions, of.design),
    )


def _multilabel(of: Answers) -> Iterator[Metric]:
    given, design = of.labels, of.design
    assert given is not None
    yield headline(of)
    share = influence.mean(of.right, design.weights)
    yield _metric(of, "label_accuracy", "Share of labels right", _bounded(share, of))
    parts = [
        (_balanced(of.y[:, k], given[:, k], of), estimates.f1(of.y[:, k], given[:, k], 1, design))
        for k in range(len(of.classes))
    ]
    known = [p for p, _ in parts if np.isfinite(p.value)]
    if known:
        yield _metric(
            of,
            "balanced_accuracy",
            "Balanced accuracy, mean over labels",
            _bounded(Influence.mean_of(known), of),
        )
    f1_rows = [_f1(of.y[:, k], given[:, k], of) for k in range(len(of.classes))]
    yield _metric(of, "f1_macro", "F1, mean over labels", _bounded(Influence.mean_of(f1_rows), of))
    if of.scores is not None:
        yield from _one_against_rest(of)
        yield from _losses(of, of.y)


def _bounded(found: Influence, of: Answers) -> Interval:
    return estimates.mean_of([(found, Interval(found.value, 0.0, 1.0, "", 1.0))], of.design)


def _balanced(y: NDArray[Any], given: NDArray[Any], of: Answers) -> Influence:
    from reportgen.statistics import matrix

    cells = matrix.confusion_matrix(y, given, 2, of.design.weights)
    return influence.of_labels(matrix.balanced_accuracy(cells), y, given, 2, of.design.weights)


def _f1(y: NDArray[Any], given: NDArray[Any], of: Answers) -> Influence:
    from reportgen.statistics import matrix

    cells = matrix.confusion_matrix(y, given, 2, of.design.weights)
    return influence.of_labels(matrix.f1(cells, 1), y, given, 2, of.design.weights)


def _regression(of: Answers, rng: np.random.Generator) -> Iterator[Metric]:
    assert of.values is not None
    weights, design = of.design.weights, of.design
    columns = range(of.y.shape[1])
    residual = of.y - of.values
    yield headline(of)
    root = Influence.mean_of(
        [influence.rmse(of.y[:, t], of.values[:, t], weights) for t in columns]
    )
    yield _metric(of, "rmse", "RMSE", estimates.positive_mean(root, design), "target")
    size = np.abs(residual)
    mean = Influence.mean_of([influence.mean(size[:, t], weights) for t in columns])
    yield _metric(of, "mae", "Mean absolute error", estimates.positive_mean(mean, design), "target")
    yield _metric(
        of,
        "median_absolute_error",
        "Median absolute error",
        estimates.of_quantile(size.mean(axis=1), 0.5, design, rng),
        "target",
    )
    bias = Influence.mean_of([influence.mean(residual[:, t], weights) for t in columns])
    yield _metric(
        of,
        "mean_residual",
        "Mean residual (truth − prediction)",
        student(bias.value, design.se(bias.rows), design.df, method="t"),
        "target",
    )
    for q in (0.05, 0.25, 0.75, 0.95):
        found = estimates.of_quantile(residual.mean(axis=1), q, design, rng)
        label = f"Residual, {100 * q:.0f} % quantile"
        yield _metric(of, f"residual_q{100 * q:02.0f}", label, found, "target")
