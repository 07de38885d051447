"""Recomputed numbers are scikit-learn's, and agree when they print the same digits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from reportgen.data.table import Dataset, Split
from reportgen.errors import ModelError, Problem
from reportgen.evidence import Case
from reportgen.job.printed import Printed
from reportgen.job.reported import claims
from reportgen.job.schema import Job
from reportgen.models.outputs import Predictions
from reportgen.models.predictor import Output
from reportgen.reconciliation.digits import prints_same
from reportgen.restated import restate
from reportgen.results import Restated

N = 300


class Stored:
    """A predictor whose outputs are given."""

    framework = "python"
    description = "outputs"
    notes: tuple[str, ...] = ()
    n_weights = None
    model = None

    def __init__(self, raw: np.ndarray) -> None:
        self.raw = raw
        self.output = Output("probability", "the test")

    def predict(self, inputs: Any) -> np.ndarray:
        return self.raw

    def predict_split(self, name: str) -> np.ndarray | None:
        return None


def made(
    task: str,
    y: np.ndarray,
    predictions: Predictions,
    reported: list[dict[str, object]],
    *,
    classes: tuple[str, ...] = (),
    positive: int | None = None,
    weights: np.ndarray | None = None,
    folder: Path = Path(),
    decision: dict[str, object] | None = None,
    predictor: Any = None,
) -> tuple[Restated, ...]:
    entry = {"dataset": "d", "model": {"keras": "m"}, "reported": reported, "decision": decision}
    job = Job.model_validate(
        {
            "version": 1,
            "name": "n",
            "datasets": {"d": {"task": task}},
            "models": {"m": entry},
            "file": folder.absolute() / "job.yaml",
        }
    )
    n = len(y)
    split = Split("test", np.zeros((n, 1)), y, np.arange(n), "t.csv", "", weights=weights)
    dataset = Dataset("d", task, "array", ("a",), classes, positive, {"test": split})
    case = Case(
        "m",
        job.models["m"],
        dataset,
        predictor or Stored(predictions.raw),
        lambda X: X,  # type: ignore[arg-type]
        0,
        claims=claims(job, job.models["m"], task, classes),
    )
    case.memo(("predict", "test"), lambda: predictions)
    return restate(case)


def number(metric: str, **more: object) -> dict[str, object]:
    return {"metric": metric, "value": "0.5", **more}


@pytest.fixture(scope="module")
def binary() -> SimpleNamespace:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, N)
    scores = np.clip(rng.normal(0.35 + 0.3 * y, 0.25), 0, 1).astype(np.float32)
    labels = (scores > 0.5).astype(np.int64)
    found = Predictions(scores, scores.astype(np.float64), labels)
    return SimpleNamespace(y=y, scores=scores, labels=labels, found=found, w=rng.random(N) * 3)


@pytest.fixture(scope="module")
def several() -> SimpleNamespace:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 4, N)
    logits = rng.normal(size=(N, 4)) + 1.2 * np.eye(4)[y]
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = scores.argmax(1)
    return SimpleNamespace(
        y=y, scores=scores, labels=labels, found=Predictions(scores, scores, labels),
        w=rng.random(N) * 3,
    )  # fmt: skip


def compare(rows: tuple[Restated, ...], expected: list[float]) -> None:
    got = [r.recomputed for r in rows]
    assert [r.reason for r in rows] == [None] * len(rows)
    assert got == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_binary(binary: SimpleNamespace, positive: int, weighted: bool) -> None:
    y, p, w = binary.y, binary.labels, binary.w if weighted else None
    own = binary.scores if positive == 1 else 1 - binary.scores.astype(float)
    known = {"weighted": weighted}
    reported = [
        number("accuracy", **known), number("balanced_accuracy", **known), number("mcc", **known),
        number("precision", **known), number("recall", **known), number("f1", **known),
        number("f1", average="macro", **known), number("f1", average="micro", **known),
        number("precision", average="weighted", **known),
        number("recall", per_class="a", **known),
        number("roc_auc", **known), number("average_precision", **known),
        number("average_precision", average="macro", **known),
        number("roc_auc", per_class="a", **known),
        number("log_loss", **known), number("brier", **known),
    ]  # fmt: skip
    s = {"sample_weight": w}
    b = {"pos_label": positive, "zero_division": 0, **s}
    expected = [
        metrics.accuracy_score(y, p, **s), metrics.balanced_accuracy_score(y, p, **s),
        metrics.matthews_corrcoef(y, p, **s), metrics.precision_score(y, p, **b),
        metrics.recall_score(y, p, **b), metrics.f1_score(y, p, **b),
        metrics.f1_score(y, p, average="macro", **s), metrics.f1_score(y, p, average="micro", **s),
        metrics.precision_score(y, p, average="weighted", **s),
        metrics.recall_score(y, p, pos_label=0, **s),
        metrics.roc_auc_score(y == positive, own, **s),
        metrics.average_precision_score(y == positive, own, **s),
        metrics.average_precision_score(y == positive, own, average="macro", **s),
        metrics.roc_auc_score(y == 0, 1 - binary.scores.astype(float), **s),
        metrics.log_loss(y, binary.scores, **s), metrics.brier_score_loss(y, binary.scores, **s),
    ]  # fmt: skip
    rows = made(
        "binary", y, binary.found, reported, classes=("a", "b"), positive=positive,
        weights=binary.w,
    )  # fmt: skip
    got = [r.recomputed for r in rows]
    assert [r.reason for r in rows] == [None] * len(rows)
    assert got == pytest.approx(expected, rel=2e-7)  # scikit-learn sums float32 scores


@pytest.mark.parametrize("weighted", [False, True])
def test_multiclass(several: SimpleNamespace, weighted: bool) -> None:
    y, p, scores = several.y, several.labels, several.scores
    s = {"sample_weight": several.w if weighted else None}
    known = {"weighted": weighted}
    one = np.eye(4)[y]
    reported = [
        number("accuracy", **known), number("balanced_accuracy", **known), number("mcc", **known),
        *(number("f1", average=a, **known) for a in ("macro", "micro", "weighted")),
        number("f1", **known), number("precision", per_class="c", **known),
        number("roc_auc", **known), number("roc_auc", average="weighted", **known),
        number("roc_auc", average="micro", **known),
        number("average_precision", **known), number("average_precision", per_class="d", **known),
        number("log_loss", **known), number("brier", **known),
        number("top_k_accuracy", k=2, **known),
    ]  # fmt: skip
    expected = [
        metrics.accuracy_score(y, p, **s), metrics.balanced_accuracy_score(y, p, **s),
        metrics.matthews_corrcoef(y, p, **s),
        *(metrics.f1_score(y, p, average=a, **s) for a in ("macro", "micro", "weighted", "macro")),
        metrics.precision_score(y, p, average=None, **s)[2],
        metrics.roc_auc_score(y, scores, multi_class="ovr", **s),
        metrics.roc_auc_score(y, scores, multi_class="ovr", average="weighted", **s),
        metrics.roc_auc_score(y, scores, multi_class="ovr", average="micro", **s),
        metrics.average_precision_score(y, scores, **s),
        metrics.average_precision_score(one[:, 3], scores[:, 3], **s),
        metrics.log_loss(y, scores, **s), metrics.brier_score_loss(y, scores, **s),
        metrics.top_k_accuracy_score(y, scores, k=2, **s),
    ]  # fmt: skip
    rows = made(
        "multiclass", y, several.found, reported, classes=("a", "b", "c", "d"), weights=several.w
    )
    compare(rows, expected)


def test_multilabel() -> None:
    rng = np.random.default_rng(5)
    y = (rng.random((N, 3)) < 0.4).astype(np.int8)
    y[y.sum(axis=1) == 0, 0] = 1  # a label in each row, or samples averages are undefined
    scores = np.clip(rng.normal(0.3 + 0.4 * y, 0.3), 0, 1)
    p = (scores > 0.5).astype(np.int8)
    averages = ("macro", "micro", "weighted", "samples")
    reported = [
        number("accuracy"),
        *(number("f1", average=a) for a in averages),
        *(number("average_precision", average=a) for a in averages),
        *(number("roc_auc", average=a) for a in averages[:3]),
        number("recall", per_class="c"),
    ]
    expected = [
        metrics.accuracy_score(y, p),
        *(metrics.f1_score(y, p, average=a, zero_division=0) for a in averages),
        *(metrics.average_precision_score(y, scores, average=a) for a in averages),
        *(metrics.roc_auc_score(y, scores, average=a) for a in averages[:3]),
        metrics.recall_score(y[:, 2], p[:, 2]),
    ]
    rows = made("multilabel", y, Predictions(scores, scores, p), reported, classes=("a", "b", "c"))
    compare(rows, expected)


@pytest.mark.parametrize("targets", [1, 3])
def test_regression(targets: int) -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(size=(N, targets)).squeeze()
    values = y + rng.normal(size=y.shape) / 3
    w = rng.random(N)
    names = ["mse", "rmse", "mae", "r2"]
    score: list[Callable[..., float]] = [
        metrics.mean_squared_error, metrics.root_mean_squared_error,
        metrics.mean_absolute_error, metrics.r2_score,
    ]  # fmt: skip
    found = Predictions(values, values=values)
    compare(made("regression", y, found, [number(m) for m in names]), [f(y, values) for f in score])
    compare(
        made("regression", y, found, [number(m, weighted=True) for m in names], weights=w),
        [f(y, values, sample_weight=w) for f in score],
    )


def test_a_report_and_its_matrix_agree(several: SimpleNamespace, tmp_path: Path) -> None:
    names = ("a", "b", "c", "d")
    text = metrics.classification_report(several.y, several.labels, target_names=names, digits=4)
    (tmp_path / "r.txt").write_text(text)
    matrix = metrics.confusion_matrix(several.y, several.labels)
    reported: list[dict[str, object]] = [
        {"classification_report": "r.txt"},
        {"confusion_matrix": matrix.tolist()},
    ]
    rows = made("multiclass", several.y, several.found, reported, classes=names, folder=tmp_path)
    assert {r.agrees for r in rows} == {True}
    assert rows[0].metric == "accuracy"
    assert len(rows) == 1 + 4 * 4 + 2 * 3 + 1 + 16
    matrix[1, 2] += 1
    reported[1] = {"confusion_matrix": matrix.tolist()}
    rows = made("multiclass", several.y, several.found, reported, classes=names, folder=tmp_path)
    assert [r.metric for r in rows if r.agrees is False] == ["cell, b as c"]


def test_many_numbers_are_condensed() -> None:
    rng = np.random.default_rng(9)
    y = rng.integers(0, 12, N)
    names = tuple(f"c{i}" for i in range(12))
    matrix = metrics.confusion_matrix(y, y).tolist()
    matrix[3][4] += 1
    found = Predictions(y, labels=y)
    rows = made("multiclass", y, found, [{"confusion_matrix": matrix}], classes=names)
    assert [r.metric for r in rows] == ["cell, c3 as c4", "cells that agree"]
    assert (rows[1].reported, rows[1].recomputed, rows[1].agrees) == ("144", 143.0, False)


def test_rows_under_the_threshold_have_a_label_of_their_own() -> None:
    y, p = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 2])
    reported: list[dict[str, object]] = [
        {"confusion_matrix": [[1, 0, 1], [0, 1, 1], [0, 0, 0]]},
        number("f1", average="macro"),
    ]
    rows = made(
        "binary", y, Predictions(p, labels=p), reported, classes=("a", "b"), positive=1,
        decision={"threshold": 0.8, "otherwise": "unsure"},
    )  # fmt: skip
    assert rows[0].recomputed == pytest.approx(
        metrics.f1_score(y, p, average="macro", zero_division=0)
    )
    assert {r.agrees for r in rows[1:]} == {True}


class WithLoss(Stored):
    def loss(self, inputs: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        if sample_weight is None:
            return 0.4567
        raise ModelError(Problem("the file was not compiled with a loss"))


def test_reasons_in_words(binary: SimpleNamespace) -> None:
    y = binary.y
    options: dict[str, Any] = {"classes": ("a", "b"), "positive": 1}
    rows = made(
        "binary", y, Predictions(y, labels=y),
        [
            number("loss"), number("roc_auc"), number("f1", split="train"),
            number("f1", weighted=True), number("f1", per_class="bb"), number("mse"),
        ],
        **options,
    )  # fmt: skip
    assert [r.recomputed for r in rows] == [None] * 6
    assert [r.agrees for r in rows] == [None] * 6
    said = [r.reason or "" for r in rows]
    words = ["Keras", "needs scores", "no train split", "no weights", "no class 'bb'", "no metric"]
    for reason, word in zip(said, words, strict=True):
        assert word in reason
    rows = made(
        "binary", y, binary.found, [number("loss", value="0.457"), number("loss", weighted=True)],
        weights=binary.w, predictor=WithLoss(binary.scores), **options,
    )  # fmt: skip
    assert rows[0].agrees is True
    assert rows[1].reason == "the file was not compiled with a loss"
    one_class = np.ones(N, dtype=np.int64)
    rows = made("binary", one_class, binary.found, [number("roc_auc")], **options)
    assert rows[0].reason == "it is not defined on these rows"


def test_train_numbers_of_a_log_never_alarm(binary: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "t.log").write_text(
        "Epoch 1/1\n9/9 - 1s - accuracy: 0.111 - auc: 0.222 - precision_1: 0.333\n"
        "9/9 - 1s - auc: 0.222 - accuracy: 0.111 - my_metric: 0.5\n"
    )
    rows = made(
        "binary", binary.y, binary.found, [{"keras_log": "t.log"}],
        classes=("a", "b"), positive=1, folder=tmp_path,
    )  # fmt: skip
    assert {r.reason for r in rows if r.split == "train"} == {"there is no train split"}
    tested = {r.metric: r for r in rows if r.split == "test"}
    assert tested["accuracy"].agrees is False
    assert tested["roc_auc"].agrees is None
    assert "200 thresholds" in (tested["roc_auc"].reason or "")
    assert "does not know" in (tested["keras my_metric"].reason or "")


@pytest.mark.parametrize(
    ("value", "printed", "same"),
    [
        (0.9531, "0.953", True),
        (0.9535, "0.953", True),  # a tie rounds either way
        (0.9535, "0.954", True),
        (0.95361, "0.953", False),  # truncated
        (0.95361, "0.954", True),
        (0.95, "0.950", True),
        (0.9496, "0.950", True),
        (0.9494, "0.950", False),
        (0.912, "91.2 %", True),
        (0.9126, "91.2 %", False),
        (0.0123, "1.23e-2", True),
        (0.1 + 0.2, "0.30000000000000004", True),
        (float(np.float32(0.123456789)), "0.12345679", True),
        (0.123456789, "0.12345679", True),
        (0.1234569, "0.12345679", False),
        (31.0, "31", True),
        (32.0, "31", False),
        (float("nan"), "0.5", False),
    ],
)
def test_printing_the_same(value: float, printed: str, same: bool) -> None:
    assert prints_same(value, Printed.parse(printed)) is same
