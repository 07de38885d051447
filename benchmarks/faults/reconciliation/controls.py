"""Numbers that are right, in every form in which people print them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn import metrics

from benchmarks.faults.cases import CleanCase
from benchmarks.faults.reconciliation import said, works
from benchmarks.faults.reconciliation.evaluated import raw
from benchmarks.faults.reconciliation.inputs import shares
from benchmarks.faults.reconciliation.networks import printed, trained
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, Scale

Make = Callable[[Rng], Work]


def _report(make: Make, digits: int, rng: Rng) -> Case:
    work = make(rng)
    return work.case(*said.report(work.y(), work.labels(), work.classes, digits=digits))


def _named_report(rng: Rng) -> Case:
    """With names of classes, of which some stand alone."""
    work = works.multiclass(rng)
    return work.case(
        *said.report(work.y(), work.labels(), work.classes, digits=3, target_names=work.classes)
    )


def _json_report(rng: Rng) -> Case:
    work = works.multiclass(rng)
    return work.case(*said.report_json(work.y(), work.labels(), work.classes))


def _matrix(make: Make, rng: Rng) -> Case:
    work = make(rng)
    return work.case(*said.matrix(work.y(), work.labels(), work.classes))


def _single_numbers(digits: int, rng: Rng) -> Case:
    """Every metric of scores and labels there is."""
    work = works.single_label(rng)
    y, given, proba = work.y(), work.labels(), work.proba()
    two = work.task == "binary"
    scores = proba[:, 1] if two else proba
    of = {"average": "binary" if two else "macro", "zero_division": 0}
    values: dict[str, Any] = {
        "accuracy": metrics.accuracy_score(y, given),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, given),
        "precision": metrics.precision_score(y, given, **of),
        "recall": metrics.recall_score(y, given, **of),
        "f1": metrics.f1_score(y, given, **of),
        "mcc": metrics.matthews_corrcoef(y, given),
        "log_loss": metrics.log_loss(y, proba, labels=list(range(len(work.classes)))),
    }
    if two:
        values["roc_auc"] = metrics.roc_auc_score(y, scores)
        values["average_precision"] = metrics.average_precision_score(y, scores)
        values["brier"] = metrics.brier_score_loss(y, scores)
    else:
        values["roc_auc"] = metrics.roc_auc_score(y, scores, multi_class="ovr", average="macro")
    return work.case(*said.numbers(values, work.task, digits))


def _percentages(rng: Rng) -> Case:
    """91.4 %, and 91.4 with its unit."""
    work = works.single_label(rng)
    y, given = work.y(), work.labels()
    accuracy = metrics.accuracy_score(y, given)
    return work.case(
        *said.percent("accuracy", accuracy, work.task, pick(rng, (0, 1, 2))),
        *said.number(
            "balanced_accuracy", 100 * metrics.balanced_accuracy_score(y, given), work.task, 1,
            percent=True,
        ),
    )  # fmt: skip


def _averages(rng: Rng) -> Case:
    """Averages and classes that are named."""
    work = works.unequal(rng)
    y, given = work.y(), work.labels()
    claims: list[Any] = []
    for average in ("micro", "macro", "weighted"):
        of = {"average": average, "zero_division": 0}
        claims += said.number("f1", metrics.f1_score(y, given, **of), work.task, average=average)
        recall = metrics.recall_score(y, given, **of)
        claims += said.number("recall", recall, work.task, average=average)
    each = metrics.precision_score(y, given, average=None, zero_division=0)
    for name, value in zip(work.classes, each, strict=True):
        claims += said.number("precision", value, work.task, 3, per_class=name)
    return work.case(*claims)


def _weighted(rng: Rng) -> Case:
    """Weighted by the weight column, and said so."""
    work = works.single_label(rng)
    weights = {s: rng.lognormal(0, 0.6, work.n(s)) for s in work.splits}
    y, given = work.y(), work.labels()
    w = weights["test"]
    of = {"average": "binary" if work.task == "binary" else "macro", "zero_division": 0}
    values = {
        "accuracy": metrics.accuracy_score(y, given, sample_weight=w),
        "f1": metrics.f1_score(y, given, sample_weight=w, **of),
    }
    return work.case(*said.numbers(values, work.task, weighted=True), weights=weights)


def _several_labels(rng: Rng) -> Case:
    """Several labels a row: a report with samples avg, and exact match."""
    work = works.tagger(rng)
    y, given = work.y(), work.labels()
    return work.case(
        *said.report(y, given, work.classes, digits=pick(rng, (2, 4))),
        *said.number("accuracy", metrics.accuracy_score(y, given), "multilabel"),
        *said.number("roc_auc", metrics.roc_auc_score(y, work.proba()), "multilabel"),
    )


def _regression(digits: int, rng: Rng) -> Case:
    work = works.regressor(rng)
    y, given = work.y(), work.labels()
    values = {
        "mse": metrics.mean_squared_error(y, given),
        "rmse": metrics.root_mean_squared_error(y, given),
        "mae": metrics.mean_absolute_error(y, given),
        "r2": metrics.r2_score(y, given),
    }
    return work.case(*said.numbers(values, "regression", digits))


def _stored(labels: bool, rng: Rng) -> Case:
    """Predictions alone: scores, or labels."""
    work = works.multiclass(rng)
    claims = said.labels_said(rng, work.y(), work.labels(), work.task, work.classes)
    return works.stored(work, labels).case(*claims)


def _declared_threshold(rng: Rng) -> Case:
    """A threshold other than 0.5 that the job declares."""
    work = works.imbalanced(rng)
    given = (work.proba()[:, 1] > 0.35).astype(int)
    claims = said.report(work.y(), given, work.classes, digits=3)
    return work.case(*claims, decision={"threshold": 0.35})


def _first_is_positive(rng: Rng) -> Case:
    """The positive class is the first one, as the job declares."""
    work = works.imbalanced(rng)
    y, given = work.y(), work.labels()
    values = {
        "precision": metrics.precision_score(y, given, pos_label=0),
        "recall": metrics.recall_score(y, given, pos_label=0),
        "roc_auc": metrics.roc_auc_score(y == 0, work.proba()[:, 0]),
    }
    return work.case(*said.numbers(values, "binary"), positive=0)


def _scaled(rng: Rng) -> Case:
    work = works.scaled(rng)
    return work.case(*said.labels_said(rng, work.y(), work.labels(), work.task, work.classes))


def _every_split(rng: Rng) -> Case:
    """Numbers of all three splits."""
    work = works.multiclass(rng)
    claims: list[Any] = []
    for split, (X, y) in work.splits.items():
        accuracy = metrics.accuracy_score(y, work.labels(X))
        claims += said.number("accuracy", accuracy, work.task, split=split)
    return work.case(*claims)


def _evaluated(kind: str, verbose: int, rng: Rng) -> Case:
    """The line or the bar that ``evaluate`` prints."""
    work = trained(kind, rng).work(rng)
    y = work.y()
    model = work.estimator
    text = printed(lambda: model.evaluate(work.X(), y, verbose=verbose))
    return work.case(*said.log(text, work.task))


def _float32(rng: Rng) -> Case:
    """``print(model.evaluate(...))``: all digits of a float32."""
    work = trained("softmax", rng).work(rng)
    loss, accuracy = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, "multiclass", -1))


def _penalised(rng: Rng) -> Case:
    """Loss with penalties and cross-entropy without, each under its name."""
    work = trained("penalised", rng).work(rng)
    loss, _ = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    log_loss = metrics.log_loss(work.y(), shares(raw(work)))
    return work.case(*said.numbers({"loss": loss, "log_loss": log_loss}, "multiclass"))


def _labels_of_logits(rng: Rng) -> Case:
    """A network of logits that was thresholded at 0."""
    work = trained("logits", rng).work(rng)
    given = (raw(work)[:, 0] > 0).astype(int)
    return work.case(*said.report(work.y(), given, work.classes, digits=3))


def _images(rng: Rng) -> Case:
    found = trained("scaled images", rng)
    from benchmarks.faults.reconciliation.networks import scaled

    step = Preprocess((Scale(255.0),), ("scale: 255",))
    work = scaled(found, 255.0).work(rng, preprocess=step)
    loss, accuracy = work.estimator.evaluate(work.X() / 255, work.y(), verbose=0)
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, "multiclass", 3))


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


CLEAN: tuple[CleanCase, ...] = (
    CleanCase("a report of two digits", _of(_report, works.multiclass, 2)),
    CleanCase("a report of three digits", _of(_report, works.binary, 3)),
    CleanCase("a report of four digits", _of(_report, works.multiclass, 4)),
    CleanCase("a report of nine digits", _of(_report, works.binary, 9)),
    CleanCase("a report with names", _named_report),
    CleanCase("a report as JSON", _json_report),
    CleanCase("a matrix, two classes", _of(_matrix, works.binary)),
    CleanCase("a matrix, several classes", _of(_matrix, works.multiclass)),
    CleanCase("single numbers, two digits", _of(_single_numbers, 2)),
    CleanCase("single numbers, four digits", _of(_single_numbers, 4)),
    CleanCase("single numbers, whole floats", _of(_single_numbers, -1)),
    CleanCase("per cent", _percentages),
    CleanCase("averages and classes", _averages),
    CleanCase("weighted rows", _weighted),
    CleanCase("several labels", _several_labels),
    CleanCase("regression, three digits", _of(_regression, 3)),
    CleanCase("regression, whole floats", _of(_regression, -1)),
    CleanCase("stored scores", _of(_stored, False)),
    CleanCase("stored labels", _of(_stored, True)),
    CleanCase("a declared threshold", _declared_threshold),
    CleanCase("the first class is positive", _first_is_positive),
    CleanCase("behind a scaler", _scaled),
    CleanCase("numbers of every split", _every_split),
    CleanCase("a line of evaluate", _of(_evaluated, "softmax", 2)),
    CleanCase("a bar of evaluate", _of(_evaluated, "sigmoid", 1)),
    CleanCase("a line of evaluate, regression", _of(_evaluated, "regressor", 2)),
    CleanCase("floats of evaluate", _float32),
    CleanCase("loss and cross-entropy", _penalised),
    CleanCase("labels of logits", _labels_of_logits),
    CleanCase("images", _images),
)
