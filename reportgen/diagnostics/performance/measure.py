"""All that is measured before anything is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import ORDER, Answers, answers, judged_split
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.performance.comparison import Compared, compare
from reportgen.diagnostics.performance.declared import PerformanceSettings
from reportgen.diagnostics.performance.rivals import Rival, Rivals, is_simple, rivals
from reportgen.diagnostics.performance.segments import Searched, search
from reportgen.evidence import Case, settings_of


@dataclass(frozen=True)
class Measured:
    """What :func:`reportgen.diagnostics.performance.judge.judge` decides on.

    ``decided`` are the judged rows that the model gives an answer for: an abstaining model is
    compared, and searched for weak segments, on those. ``rivals`` has answers for all judged rows,
    ``constant`` is the first of them on the decided ones.
    """

    judged: Answers
    decided: Answers
    constant: Rival
    others: tuple[Answers, ...]
    rivals: Rivals
    baselines: tuple[tuple[Compared, ...], ...]
    simple: tuple[tuple[Compared, ...], ...]
    itself_simple: bool
    segments: Searched


def measure(case: Case) -> Measured:
    """Answers of every split, rivals fitted on train, comparisons, segments.

    Raises
    ------
    NotApplicable
        when no split can be judged.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # One thread: workers share the cores, and small sums and boosting stall in many there.
    with threadpool_limits(1):
        return _measured(case, settings_of(case, PerformanceSettings))


def _measured(case: Case, settings: PerformanceSettings) -> Measured:
    name = judged_split(case)
    judged = answers(case, name)
    against = rivals(case, judged, settings)
    level = 1 - settings.simple_model_alpha / max(1, len(against.simple))
    chosen = judged.decided if judged.decided.any() else np.ones(judged.n, dtype=bool)
    decided = judged.part(chosen)
    baselines, simple = ([r.part(chosen) for r in rs] for rs in (against.baselines, against.simple))
    return Measured(
        judged,
        decided,
        baselines[0],
        _others(case, name),
        against,
        tuple(compare(decided, r, level=1 - settings.alpha) for r in baselines),
        tuple(compare(decided, r, level=level) for r in simple),
        is_simple(
            case.predictor.model,
            case.predictor.n_weights,
            len(against.encoder.columns) if against.encoder else None,
            max(1, len(case.classes) or judged.y.shape[-1]),
        ),
        _segments(case, decided, chosen, against, simple, settings),
    )


def _others(case: Case, judged: str) -> tuple[Answers, ...]:
    found = []
    for name in ORDER:
        if name != judged and name in case.splits and case.split(name).n > 0:
            try:
                found.append(answers(case, name))
            except NotApplicable:
                continue  # a split that nothing can be said about is left out of the table
    return tuple(found)


def _segments(
    case: Case,
    decided: Answers,
    chosen: NDArray[np.bool_],
    against: Rivals,
    simple: Sequence[Rival],
    settings: PerformanceSettings,
) -> Searched:
    if against.encoder is None or against.encoded is None:
        return Searched((), decided.n, why_not="the features have no columns to describe rows with")
    if case.dataset.kind == "images":
        return Searched((), decided.n, why_not="single pixels describe no rows")
    rng = case.rng("segments")
    encoded = against.encoded[chosen]
    return search(decided, encoded, against.encoder.columns, settings, rng, simple)
