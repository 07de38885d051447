"""Every metric is asked before anything is trained; the seed ensemble is wanted afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.answers import Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.metrics.built_in import examined, is_logits, outputs, threshold
from reportgen.diagnostics.metrics.compiled import Compiled
from reportgen.diagnostics.metrics.declared import MetricsSettings
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
    built_in = tuple(outputs(case))
    own = Compiled(
        tuple(one for of in built_in for one in of.own.standard),
        tuple(dict.fromkeys(name for of in built_in for name in of.own.foreign)),
    )
    numbers = [r for r in case.entry.reported if isinstance(r, ReportedNumber)]
    if not case.entry.metrics and not own.standard and not own.foreign and not numbers:
        raise NotApplicable(
            "the job names no metrics (`metrics:`) and reports no single numbers, and the model "
            "has no metrics compiled in"
        )
    delivered = answers(case, judged_split(case))
    rows = rows_of(delivered, threshold(case))
    settings = settings_of(case, MetricsSettings)
    custom = tuple(
        _custom(case, name, python, rows, own, settings)
        for name, python in case.entry.metrics.items()
    )
    standard = tuple(one for of in built_in for one in examined(case, of))
    named = {python.rpartition(":")[2].rpartition(".")[2] for python in case.entry.metrics.values()}
    foreign = tuple(n for n in own.foreign if n not in named)
    return Prepared(
        delivered, rows, custom, standard, foreign,
        tuple(watched(case, rows, (*custom, *_of_this(case, standard)))), _spread(case),
    )  # fmt: skip


def _of_this(case: Case, standard: Sequence[Examined]) -> list[Examined]:
    """Those that are compiled for the output that is judged."""
    return [one for one in standard if one.head in (None, case.dataset.head)]


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """The seed ensemble's members, where a metric of labels is watched."""
    return [] if case.task == "regression" or case.members else ensemble(case)


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
        logits=is_logits(case),
        batch=32 if training is None else training.batch_size,
        gap=settings.batch_gap,
    )
