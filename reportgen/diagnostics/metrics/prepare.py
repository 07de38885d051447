"""Every metric is asked before anything is trained; the seed ensemble is wanted afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.metrics.causes import Cause
from reportgen.diagnostics.metrics.cells import over_half
from reportgen.diagnostics.metrics.compiled import (
    STANDARD,
    Compiled,
    StandardMetric,
    as_handed,
    compiled,
)
from reportgen.diagnostics.metrics.declared import MetricsSettings
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.examined import examine
from reportgen.diagnostics.metrics.known import Examined
from reportgen.diagnostics.metrics.names import meaning
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.diagnostics.metrics.watched import Watched, rows_of, watched
from reportgen.evidence import Case, settings_of
from reportgen.job.schema import ReportedNumber
from reportgen.models.custom_metrics.process import CustomMetric, Limits
from reportgen.retraining.member import Member
from reportgen.retraining.standard import ensemble


@dataclass(frozen=True)
class Prepared:
    """The judged rows, and what is known of each metric.

    Attributes
    ----------
    custom, standard : metrics of the job, and Keras's own that the model has compiled in.
    foreign : names of others that it has compiled in, which the job does not name.
    seen : the metrics that somebody looks at, for what they are.
    """

    delivered: Answers
    rows: Rows
    custom: tuple[Examined, ...]
    standard: tuple[Examined, ...]
    foreign: tuple[str, ...]
    seen: tuple[Watched, ...]
    spread: float | None


def prepare(case: Case) -> Prepared:
    """Ask every metric.

    Raises
    ------
    NotApplicable
        when the job names no metrics and reports no numbers, and the model has none compiled in.
    """
    own = Compiled()
    if not case.dataset.heads:  # of several outputs it is not told whose a metric is
        own = compiled(getattr(case.predictor, "compiled", None), case.task, _sparse(case))
    numbers = [r for r in case.entry.reported if isinstance(r, ReportedNumber)]
    if not case.entry.metrics and not own.standard and not own.foreign and not numbers:
        raise NotApplicable(
            "the job names no metrics (`metrics:`) and reports no single numbers, and the model "
            "has no metrics compiled in"
        )
    delivered = answers(case, judged_split(case))
    rows = rows_of(delivered, _threshold(case))
    settings = settings_of(case, MetricsSettings)
    custom = tuple(
        _custom(case, name, python, rows, own, settings)
        for name, python in case.entry.metrics.items()
    )
    column = _second_class(case, rows)
    standard = tuple(_standard(case, column, *one) for one in own.standard if column is not None)
    standard = tuple(one for one in standard if one.form is not None)
    named = {python.rpartition(":")[2].rpartition(".")[2] for python in case.entry.metrics.values()}
    foreign = tuple(n for n in own.foreign if n not in named)
    return Prepared(
        delivered, rows, custom, standard, foreign,
        tuple(watched(case, rows, (*custom, *standard))), _spread(case),
    )  # fmt: skip


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The seed ensemble's members, where a metric of labels is watched."""
    return [] if case.task == "regression" or case.members else ensemble(case)


def _second_class(case: Case, rows: Rows) -> Rows | None:
    """The rows as a compiled metric sees them: ``classes[1]`` is its positive class.

    None for two columns of a binary task, of which Keras's metrics are not rebuilt here.
    """
    if case.task != "binary":
        return rows
    raw = case.predict(judged_split(case)).raw
    if raw.ndim == 2 and raw.shape[1] == 2:
        return None
    if case.dataset.positive == 1:
        return rows
    return replace(rows, y=1 - rows.y, p=1 - rows.p, threshold=1 - rows.threshold)


def _threshold(case: Case) -> float:
    decision = case.entry.decision
    return 0.5 if decision is None or decision.threshold is None else decision.threshold


def _logits(case: Case) -> bool:
    return case.output.kind == "logit"


def _sparse(case: Case) -> bool:
    """Whether the loss takes labels as whole numbers."""
    arguments = getattr(case.predictor, "compiled", None) or {}
    return "sparse" in str(arguments.get("loss", "")).lower()


def _spread(case: Case) -> float | None:
    train = case.dataset.splits.get("train")
    if case.task != "regression" or train is None or train.y is None or train.y.ndim != 1:
        return None
    return float(np.nanstd(np.asarray(train.y, np.float64)))


def _meaning_arguments(case: Case, rows: Rows) -> dict[str, tuple[str, ...]]:
    classes = case.classes
    if case.task == "binary" and case.dataset.positive == 0:
        classes = classes[::-1]
    target = tuple(case.dataset.target)
    return {"classes": tuple(classes), "known": (case.name, case.dataset.name, *target)}


def _k(rows: Rows) -> int:
    return 0 if rows.task == "regression" else rows.k


def _custom(
    case: Case, name: str, python: str, rows: Rows, own: Compiled, settings: MetricsSettings
) -> Examined:
    function = python.rpartition(":")[2].rpartition(".")[2]
    training = case.entry.training
    return examine(
        name,
        CustomMetric(python, case.folder, Limits(settings.seconds, settings.memory_gb)),
        meaning(name, case.task, _k(rows), **_meaning_arguments(case, rows)),
        rows,
        case.rng(f"metric {name}"),
        compiled=function in own.foreign or name in own.foreign,
        logits=_logits(case),
        batch=32 if training is None else training.batch_size,
        gap=settings.batch_gap,
    )


def _standard(case: Case, rows: Rows, name: str, kind: str, config: Mapping[str, Any]) -> Examined:
    """One of Keras's own; what it may legitimately be is wider than its name says."""
    word = STANDARD[kind]
    if kind == "AUC" and config.get("curve") == "PR":
        word = "pr_auc"
    if kind.endswith("TopKCategoricalAccuracy"):
        word = f"top_{config.get('k', 5)}_accuracy"
    said = meaning(word, case.task, _k(rows))
    if kind in ("Precision", "Recall") and case.task == "multiclass":
        said = replace(said, definitions=(*said.definitions, *over_half(word)))
    if kind in ("Precision", "Recall") and config.get("class_id") is not None:
        said = replace(said, family=None)
    single = case.task == "binary" and kind == "F1Score" and config.get("threshold") is None
    found = examine(
        f"{name}, compiled in",
        StandardMetric(kind, config, case.predictor.framework),
        said,
        rows,
        case.rng(f"compiled {name}"),
        compiled=True,
        logits=_logits(case),
        only=as_handed(rows, kind, logits=_logits(case), sparse=_sparse(case)),
    )
    found = replace(found, standard=True)
    if kind == "AUC" and _logits(case) and not config.get("from_logits") and found.wrong:
        words = "it is given logits, and its thresholds lie between 0 and 1 (from_logits=False)"
        return replace(found, found=(Cause("other", words, found.definition),))
    if single and found.wrong:
        first: Definition | None = said.definitions[0] if said.definitions else None
        words = "it has threshold=None, with which every row of a single column counts as positive"
        return replace(found, found=(Cause("threshold", words, first),))
    return found
