"""Metrics as people write them, right and wrong, beside a model that they are asked about.

The implementations stand in ``right``, ``wrong``, ``keras_right`` and ``keras_wrong``; here is
under which name a job has them, and what must be said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.metrics import built_in
from reportgen.diagnostics.metrics.declared import MetricsSettings
from reportgen.evidence import Case

THRESHOLD = "metrics.missing-threshold"
DISAGREES = "metrics.disagrees-with-reference"
BATCHES = "metrics.batch-dependent"
ORDER = "metrics.argument-order"
INSENSITIVE = "metrics.insensitive"
MISLEADING = "metrics.misleading-choice"
MISBEHAVES = "metrics.misbehaves"
NUMBER = "metrics.number-differs"
ROOT = Path(__file__).parents[3]
B, M, L, R = "binary", "multiclass", "multilabel", "regression"

Draw = Callable[[np.random.Generator], Case]


def answers(
    task: str, rng: np.random.Generator, n: int, share: float | None = None, apart: float = 1.7
) -> tuple[np.ndarray, np.ndarray]:
    """Truth and a calibrated model's answers: (n,) or (n, K)."""
    k = 4
    if task == "binary":
        y = np.asarray(rng.random(n) < (share or rng.uniform(0.2, 0.6)), np.int64)
        y[:4] = (0, 1, 0, 1)
        return y, 1 / (1 + np.exp(-(rng.normal(size=n) + apart * (y - 0.5))))
    if task == "multiclass":
        y = rng.choice(k, n, p=rng.dirichlet(np.full(k, 8.0)))
        y[: 2 * k] = np.tile(np.arange(k), 2)
        z = rng.normal(size=(n, k))
        z[np.arange(n), y] += 1.3
        p = np.exp(z)
        return y, p / p.sum(axis=1, keepdims=True)
    if task == "multilabel":
        y = np.asarray(rng.random((n, k)) < rng.uniform(0.25, 0.6, k), np.int64)
        return y, 1 / (1 + np.exp(-(rng.normal(size=(n, k)) + 1.7 * (y - 0.5))))
    y = rng.normal(size=n) * 3 + 12
    return y, y + rng.normal(size=n) * rng.uniform(0.7, 1.6)


def asked(metrics: dict[str, str], task: str, *, reported: Sequence[dict[str, Any]] = ()) -> Draw:
    """Metrics of a job, name to ``module:function`` of this folder, on 200 to 900 rows."""

    def draw(rng: np.random.Generator) -> Case:
        of = case(task, *answers(task, rng, int(rng.integers(200, 900))), reported=reported)
        return with_metrics(of, metrics)

    return draw


def case(
    task: Any, y: np.ndarray, p: np.ndarray, reported: Sequence[dict[str, Any]] = (), **more: Any
) -> Case:
    """Stored predictions of a test split."""
    X = np.zeros((len(y), 1))
    return case_from_arrays(task, {"test": (X, y)}, {"test": p}, reported=reported, **more)


def with_metrics(of: Case, metrics: dict[str, str]) -> Case:
    """The case with metrics of the job's."""
    named = {name: f"{__name__}.{python}" for name, python in metrics.items()}
    return replace(of, entry=of.entry.model_copy(update={"metrics": named}), folder=ROOT)


def one(name: str, python: str, task: str) -> Draw:
    return asked({name: python}, task)


def flat_accuracy(rng: np.random.Generator) -> Case:
    """Three of a hundred rows are positive; members differ in which of these they find."""
    y, p = answers(B, rng, 1500, share=0.03, apart=3.0)
    return case(B, y, p, [{"metric": "accuracy", "value": "0.97"}],
                members=[{"test": _found_anew(rng, y, p)} for _ in range(8)])  # fmt: skip


def _found_anew(rng: np.random.Generator, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    found = rng.random(len(y)) < rng.uniform(0.1, 0.9)
    return np.where(y == 1, np.where(found, 0.9, 0.1), np.minimum(p, 0.4))


def steady(rng: np.random.Generator) -> Case:
    """Members that differ a little, in everything."""
    y, p = answers(B, rng, 1500)
    z = np.log(p / (1 - p))
    members = [{"test": 1 / (1 + np.exp(-(z + 0.15 * rng.normal(size=len(y)))))} for _ in range(8)]
    return case(B, y, p, [{"metric": "accuracy", "value": "0.8"}], members=members)


def moving_watched(rng: np.random.Generator) -> Case:
    """As :func:`flat_accuracy`, with recall reported beside it."""
    of = flat_accuracy(rng)
    said = [{"metric": "accuracy", "value": "0.97"}, {"metric": "recall", "value": "0.5"}]
    y = np.asarray(of.split("test").y)
    more = case(B, y, np.full(len(y), 0.2), said)
    return replace(of, entry=more.entry)


def frequent_positive(rng: np.random.Generator) -> Case:
    """F1 of the class that nine of ten rows have."""
    y, p = answers(B, rng, 1200, share=0.92, apart=0.6)
    p = 1 / (1 + np.exp(-(np.log(p / (1 - p)) + 1.6)))
    return with_metrics(case(B, y, p), {"f1": "right:f1_numpy"})


def rare_labels(rng: np.random.Generator) -> Case:
    """Six labels of three per cent each, of which none is ever given: 97 % of cells are right."""
    y = np.asarray(rng.random((900, 6)) < 0.03, np.int64)
    p = rng.uniform(0.01, 0.4, y.shape)
    return with_metrics(case(L, y, p), {"accuracy": "right:labels_accuracy"})


def levered(rng: np.random.Generator) -> Case:
    """Four of 400 targets are a hundred times the others, and the rest is not predicted."""
    y = rng.normal(size=400)
    p = 0.05 * y + 0.05 * rng.normal(size=400)
    y[:4] += rng.uniform(80, 120, 4)
    p[:4] = y[:4] + rng.normal(size=4)
    return with_metrics(case(R, y, p), {"r2": "right:r2"})


def without_spread(rng: np.random.Generator) -> Case:
    """A test month in which nothing happens: R² is low, and the model is not."""
    train, test = rng.normal(size=600) * 5, rng.normal(size=300) * 0.7 + 1
    p = test + 0.75 * rng.normal(size=300)
    splits = {"train": (np.zeros((600, 1)), train), "test": (np.zeros((300, 1)), test)}
    of = case_from_arrays(R, splits, {"train": train, "test": p})
    return with_metrics(of, {"r2": "right:r2_sklearn"})


def near_zero(rng: np.random.Generator) -> Case:
    """Two of 200 targets are a thousandth of the others."""
    y = rng.normal(size=300) * 2 + 20
    y[:3] = rng.uniform(0.001, 0.004, 3)
    return with_metrics(case(R, y, y + rng.normal(size=300)), {"mape": "right:mape_fraction"})


def healthy_numbers(rng: np.random.Generator) -> Case:
    """R² and MAPE on targets with a long upper end."""
    y = np.exp(0.8 * rng.normal(size=500)) + 1
    p = y * np.exp(0.2 * rng.normal(size=500))
    return with_metrics(case(R, y, p), {"r2": "right:r2", "mape": "right:mape_percent"})


def sixty_forty(rng: np.random.Generator) -> Case:
    """F1 of the more frequent class, of a model that tells the classes apart."""
    y, p = answers(B, rng, 800, share=0.75, apart=3.5)
    return with_metrics(
        case(B, y, p), {"f1": "right:f1_numpy", "precision": "right:precision_loop"}
    )


def trees(rng: np.random.Generator) -> Case:
    """Scores with many ties, as a small tree gives them."""
    y, p = answers(B, rng, 700)
    p = np.round(p * 9 + 0.3) / 10 + 0.01
    p = np.clip(p, 0.01, 0.99)
    named = {"auc": "right:auc_ranks", "f1": "right:f1_sklearn", "kappa": "right:kappa_sklearn"}
    return with_metrics(case(B, y, p), named)


def labels_only(rng: np.random.Generator) -> Case:
    """A model that gives labels."""
    y, p = answers(B, rng, 500)
    given = np.where(p > 0.5, "1", "0")
    of = case_from_arrays(B, {"test": (np.zeros((500, 1)), y)}, {"test": given}, output="label",
                          classes=("0", "1"))  # fmt: skip
    return with_metrics(of, {"f1": "right:f1_numpy", "recall": "right:recall_numpy"})


def first_is_positive(rng: np.random.Generator) -> Case:
    """The first class is the positive one, and another threshold than one half is declared."""
    y, p = answers(B, rng, 600)
    of = case(B, y, p, classes=("bad", "good"), positive=0, decision={"threshold": 0.4})
    return with_metrics(of, {"recall": "right:recall_numpy", "auc": "right:auc_sklearn"})


def small(rng: np.random.Generator) -> Case:
    """Forty rows, nine of them positive."""
    y, p = answers(B, rng, 40, share=0.25)
    named = {"f1": "right:f1_numpy", "mcc": "right:mcc_numpy", "auc": "right:auc_grid"}
    return with_metrics(case(B, y, p), named)


def logits(metrics: dict[str, str]) -> Draw:
    """A model whose output is logits."""

    def draw(rng: np.random.Generator) -> Case:
        y, p = answers(B, rng, 500)
        of = case(B, y, np.log(p / (1 - p)), output="logit")
        return with_metrics(of, metrics)

    return draw


class _Compiled:
    """Stored logits of a network, and what it was compiled with."""

    def __init__(self, of: Any, arguments: dict[str, Any]) -> None:
        self._of, self.compiled = of, arguments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


def compiled(python: str, name: str, *, on_logits: bool = False) -> Draw:
    """A function that the model has compiled in, so that Keras calls it batch by batch."""

    def draw(rng: np.random.Generator) -> Case:
        y, p = answers(B, rng, 640, share=0.2)
        raw, output = (np.log(p / (1 - p)), "logit") if on_logits else (p, None)
        of = case(B, y, raw, output=output)
        function = python.partition(":")[2]
        node = {"class_name": "function", "config": function, "registered_name": function}
        of = replace(of, predictor=_Compiled(of.predictor, {"metrics": [node]}))
        return with_metrics(of, {name: python})

    return draw


def _wrong(code: str, *cases: tuple[str, str, str]) -> tuple[FaultCase, ...]:
    least = "warn" if code in (BATCHES, MISBEHAVES, MISLEADING) else "fail"
    return tuple(
        FaultCase(f"{name} {task}: {python}", code, one(name, python, task), least)  # type: ignore[arg-type]
        for name, python, task in cases
    )


_THRESHOLD = _wrong(
    THRESHOLD,
    ("accuracy", "wrong:custom_metric", B), ("precision", "wrong:soft_precision", B),
    ("recall", "wrong:soft_recall", B), ("my_f1", "wrong:soft_f1", B),
    ("accuracy", "wrong:exact_match", B), ("f1_score", "wrong:sklearn_on_scores", B),
    ("mcc", "wrong:soft_mcc", B), ("acc", "wrong:cast_to_int", B),
    ("accuracy", "wrong:soft_multi_accuracy", M), ("f1_macro", "wrong:multi_on_scores", M),
    ("precision", "wrong:soft_labels_precision", L), ("precision", "keras_wrong:precision", B),
    ("f1", "keras_wrong:f1", B), ("accuracy", "keras_wrong:accuracy", B),
)  # fmt: skip
_ORDER = _wrong(
    ORDER,
    ("precision", "wrong:precision_exchanged", B), ("recall", "wrong:recall_exchanged", B),
    ("precision", "wrong:precision_over_positives", B),
    ("specificity", "wrong:specificity_exchanged", B),
    ("precision", "wrong:precision_named_the_other_way", B), ("r2", "wrong:r2_exchanged", R),
    ("mape", "wrong:mape_exchanged", R), ("precision_macro", "wrong:multi_precision_exchanged", M),
    ("f1_weighted", "wrong:multi_f1_weighted_exchanged", M),
    ("r2", "wrong:r2_from_answers", R), ("recall", "keras_wrong:recall", B),
    ("r2", "keras_wrong:r2", R),
)  # fmt: skip
_DISAGREES = _wrong(
    DISAGREES,
    ("f1", "wrong:f1_without_two", B), ("f1", "wrong:f1_arithmetic", B),
    ("accuracy", "wrong:accuracy_is_error", B), ("f1", "wrong:f1_of_the_other_class", B),
    ("recall", "wrong:recall_at_another_threshold", B),
    ("precision", "wrong:precision_above_zero", B), ("mcc", "wrong:mcc_without_root", B),
    ("mcc", "wrong:mcc_root_of_three", B), ("dice", "wrong:dice_without_two", B),
    ("iou", "wrong:iou_over_the_sum", B),
    ("balanced_accuracy", "wrong:balanced_accuracy_is_recall", B),
    ("auc", "wrong:auc_of_labels", B), ("auc", "wrong:auc_upside_down", B),
    ("my_auc", "wrong:auc_too_high", B), ("auc", "wrong:auc_by_left_steps", B),
    ("auc", "wrong:auc_of_sorted_truth", B), ("log_loss", "wrong:log_loss_one_side", B),
    ("log_loss", "wrong:log_loss_base_two", B), ("recall", "wrong:recall_without_last_row", B),
    ("recall", "wrong:multi_recall_of_first_class", M),
    ("accuracy", "wrong:multi_accuracy_over_cells", M),
    ("f1", "wrong:multi_f1_without_a_class", M), ("rmse", "wrong:rmse_without_root", R),
    ("rmse", "wrong:rmse_mean_of_roots", R), ("mae", "wrong:mae_summed", R),
    ("mae", "wrong:mae_signed", R), ("r2", "wrong:r2_without_one", R),
    ("r2", "wrong:r2_is_correlation_without_square", R), ("mape", "wrong:mape_of_the_sum", R),
    ("rmse", "wrong:rmse_broadcast", R), ("f1", "wrong:labels_f1_first_label", L),
    ("f1", "wrong:labels_f1_argmax", L), ("accuracy", "keras_wrong:broadcast_accuracy", B),
)  # fmt: skip
_BATCHES = (
    *_wrong(
        BATCHES,
        ("f1", "wrong:f1_of_batches", B), ("auc", "wrong:auc_of_batches", B),
        ("r2", "wrong:r2_of_batches", R), ("f1", "wrong:F1OfBatches", B),
        ("recall", "wrong:LastBatch", B), ("precision", "keras_wrong:BatchPrecision", B),
    ),
    FaultCase("F1 compiled as a function", BATCHES, compiled("keras_right:f1", "f1")),
)  # fmt: skip
_MISBEHAVES = (
    *_wrong(
        MISBEHAVES,
        ("f1", "wrong:raises", B), ("f1", "wrong:ends", B), ("f1", "wrong:dies", B),
        ("f1", "wrong:gives_nan", B), ("f1", "wrong:gives_matrix", B),
        ("accuracy", "wrong:gives_nothing", B), ("accuracy", "wrong:changes_its_arguments", B),
        ("accuracy", "wrong:draws_rows", B), ("score", "wrong:NeverReset", B),
    ),
    FaultCase("it hangs", MISBEHAVES, one("f1", "wrong:hangs", B),
              settings=MetricsSettings(seconds=1.0)),
)  # fmt: skip
_CHOICES = (
    FaultCase("micro F1 of one label a row", MISLEADING, one("f1", "wrong:f1_is_accuracy", B)),
    FaultCase("F1 of nine in ten", MISLEADING, frequent_positive),
    FaultCase("cells of rare labels", MISLEADING, rare_labels),
    FaultCase("R² of four rows", MISLEADING, levered),
    FaultCase("R² without spread", MISLEADING, without_spread),
    FaultCase("MAPE near zero", MISLEADING, near_zero),
    FaultCase("accuracy flat, recall not", INSENSITIVE, flat_accuracy),
    FaultCase(
        "another model's number",
        NUMBER,
        asked({"my_f1": "right:f1_numpy"}, B, reported=[{"metric": "my_f1", "value": "0.1234"}]),
    ),
)
_LOGITS = (
    FaultCase("F1 that rounds logits, compiled", THRESHOLD,
              compiled("keras_wrong:f1_rounded", "f1", on_logits=True), "fail", also=(BATCHES,)),
)  # fmt: skip
_RIGHT: tuple[tuple[str, str, str], ...] = (
    ("f1", "right:f1_numpy", B), ("my_f1_score", "right:f1_sklearn", B),
    ("f1_macro", "right:f1_macro", B), ("f1", "right:f1_macro", B),
    ("weighted_f1", "right:f1_weighted", B), ("macro_f1", "right:f1_other_macro", M),
    ("precision", "right:precision_loop", B), ("recall", "right:recall_numpy", B),
    ("precision", "right:precision_weighted_sklearn", B), ("specificity", "right:specificity", B),
    ("accuracy", "right:accuracy_numpy", B), ("accuracy", "right:accuracy_percent", B),
    ("acc", "right:accuracy_rounded", B), ("acc", "right:accuracy_a_row", B),
    ("balanced_accuracy", "right:balanced_accuracy", B), ("mcc", "right:mcc_numpy", B),
    ("kappa", "right:kappa_sklearn", B), ("auc", "right:auc_sklearn", B),
    ("roc_auc", "right:auc_ranks", B), ("my_auc", "right:auc_grid", B),
    ("pr_auc", "right:pr_auc", B), ("average_precision", "right:average_precision", B),
    ("log_loss", "right:log_loss_numpy", B), ("brier", "right:brier", B),
    ("dice_coef", "right:dice_smooth", B), ("dice", "right:dice_hard", B),
    ("dice_loss", "right:dice_loss", B), ("iou", "right:iou", B), ("f1", "right:F1State", B),
    ("profit", "right:profit", B), ("accuracy_gap", "right:accuracy_gap", B),
    ("recall_at_precision_90", "right:recall_at_precision_90", B),
    ("accuracy", "right:multi_accuracy", M), ("accuracy", "right:multi_accuracy_one_hot", M),
    ("f1", "right:multi_f1_macro", M), ("f1_weighted", "right:multi_f1_weighted", M),
    ("f1", "right:multi_f1_loop", M), ("auc", "right:multi_auc", M),
    ("top_2_accuracy", "right:multi_top_2", M), ("mcc", "right:multi_mcc", M),
    ("recall", "right:multi_recall", M), ("qwk", "right:quadratic_kappa", M),
    ("cross_entropy", "right:cross_entropy", M), ("f1_micro", "right:labels_f1_micro", L),
    ("f1", "right:labels_f1_samples", L), ("accuracy", "right:labels_accuracy", L),
    ("accuracy", "right:labels_exact", L), ("auc", "right:labels_auc", L),
    ("hamming_loss", "right:labels_hamming", L), ("rmse", "right:rmse", R),
    ("rmse", "right:rmse_unbiased", R), ("mae", "right:mae", R), ("mape", "right:mape_percent", R),
    ("mape", "right:mape_fraction", R), ("smape", "right:smape", R), ("r2", "right:r2", R),
    ("r_squared", "right:r2_sklearn", R), ("neg_mse", "right:neg_mse", R),
    ("pearson", "right:pearson", R), ("f1", "keras_right:f1", B),
    ("recall", "keras_right:recall_m", B), ("precision_m", "keras_right:precision_m", B),
    ("accuracy", "keras_right:accuracy", B), ("rmse", "keras_right:rmse", R),
    ("r2", "keras_right:r2", R), ("auc", "keras_right:MyAUC", B), ("f1", "keras_right:F1", B),
    ("accuracy", "keras_right:sparse_accuracy", M), ("f1", "keras_right:categorical_f1", M),
)  # fmt: skip
_SOUND = tuple(CleanCase(f"{n} {task}: {p}", one(n, p, task)) for n, p, task in _RIGHT)

#: The contract tests take some of each; the benchmark all.
PLANTED = (*_THRESHOLD[:4], *_ORDER[:3], *_DISAGREES[:3], _DISAGREES[11], *_BATCHES[:1],
           _BATCHES[-1], *_MISBEHAVES[:2], *_CHOICES, *_LOGITS)  # fmt: skip
MORE = (*_THRESHOLD[4:], *_ORDER[3:], *_DISAGREES[3:11], *_DISAGREES[12:], *_BATCHES[1:-1],
        *_MISBEHAVES[2:], *built_in.planted(answers, case))  # fmt: skip
CLEAN = (
    *_SOUND[:6],
    CleanCase("seeds that differ a little", steady),
    CleanCase("recall is watched too", moving_watched),
    CleanCase("targets with a long end", healthy_numbers),
    CleanCase("three in four are positive", sixty_forty),
    CleanCase("scores with ties", trees),
    CleanCase("labels, no scores", labels_only),
    CleanCase("the first class is positive", first_is_positive),
    CleanCase("forty rows", small),
    CleanCase(
        "logits, on probabilities", logits({"f1": "right:f1_numpy", "auc": "right:auc_ranks"})
    ),
    CleanCase("logits, sigmoid inside", logits({"f1": "keras_right:f1_on_logits"})),
)
MORE_CLEAN = (*_SOUND[6:], *built_in.clean(answers, case))
