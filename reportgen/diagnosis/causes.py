"""The causes of page one, ranked by the score that each was measured to cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reportgen.diagnosis.words import better
from reportgen.results import SEVERITIES, Cause, Finding, HonestScore, Restated, Section

RECONCILED = "reconciliation."


def causes(
    sections: Sequence[Section], score: HonestScore, restated: Sequence[Restated] = ()
) -> tuple[Cause, ...]:
    """Warnings and failures by the score that they cost, then those whose effect is not measured.

    An effect is what a finding's evidence has, see :mod:`reportgen.scores.page_one`. One whose
    interval holds zero is none: its finding stands among those without. Effects are ranked within
    a metric, those in the metric of the reported number first; then those in the metric of the
    last step.
    """
    order = list(dict.fromkeys(step.metric for step in score.steps))
    told = [f for s in sections for f in s.findings if f.severity != "info"]
    told = [f for f in told if not any(_covers(other, f) for other in told)]
    found = _once((_cause(f, score, restated), f.evidence.get("fault")) for f in told)

    def rank(cause: Cause) -> tuple[int, float, int]:
        if cause.effect is None:
            return len(order) + 1, 0.0, -SEVERITIES.index(cause.severity)
        place = order.index(cause.metric) if cause.metric in order else len(order)
        place = 0 if not cause.metric else place
        return place, -abs(cause.effect), -SEVERITIES.index(cause.severity)

    return tuple(sorted(found, key=rank))


def _once(told: Iterable[tuple[Cause, str | None]]) -> list[Cause]:
    """One cause of each fault: the one whose effect is told, else the most severe, else the first.

    What is left keeps the gravest severity that any of them has.
    """
    kept: list[Cause] = []
    place: dict[str, int] = {}
    for cause, fault in told:
        if fault is None or fault not in place:
            if fault is not None:
                place[fault] = len(kept)
            kept.append(cause)
            continue
        other = kept[place[fault]]
        severity = max(cause.severity, other.severity, key=SEVERITIES.index)
        better = max(other, cause, key=lambda c: (c.effect is not None,
                                                  SEVERITIES.index(c.severity)))  # fmt: skip
        kept[place[fault]] = better.model_copy(update={"severity": severity})
    return kept


def _covers(by: Finding, other: Finding) -> bool:
    """Whether one finding explains another: all the columns that it names are the first one's."""
    covered = by.evidence.get("covers")
    if covered is None or by is other or other.code != covered["code"]:
        return False
    named = [c["column"] for c in other.evidence.get("columns", ()) if isinstance(c, Mapping)]
    return bool(named) and set(named) <= set(covered["columns"])


def _cause(finding: Finding, score: HonestScore, restated: Sequence[Restated]) -> Cause:
    seen = finding.evidence
    effect, low, high = (seen.get(key) for key in ("effect", "effect_low", "effect_high"))
    metric = seen.get("effect_metric", "")
    if effect is None and finding.code.startswith(RECONCILED):
        effect, metric = _misreported(finding, score, restated)
    if effect is not None and low is not None and high is not None and low <= 0 <= high:
        effect = None
    return Cause(
        code=finding.code,
        severity=finding.severity,
        effect=effect,
        low=low,
        high=high,
        metric=metric,
        sentence=finding.message,
        advice=finding.advice,
    )


def _misreported(
    finding: Finding, score: HonestScore, restated: Sequence[Restated]
) -> tuple[float | None, str]:
    """What a named cause adds to the reported number that heads the page: counted, not estimated.

    Two causes composed share it: neither has one of its own.
    """
    reported = next((s for s in score.steps if s.step == "reported"), None)
    recomputed = next((s for s in score.steps if s.step == "recomputed"), None)
    if reported is None or recomputed is None or not recomputed.told:
        return None, ""
    if reported.value is None or recomputed.value is None or "certificate" not in finding.evidence:
        return None, ""
    numbers = finding.evidence.get("numbers", ())
    named = any(
        n.get("metric") == reported.metric and n.get("split") == "test"
        and n.get("reported") == reported.printed
        for n in numbers
    )  # fmt: skip
    if not named or finding.evidence.get("composed_with"):
        return None, ""
    return better(reported.metric) * (reported.value - recomputed.value), reported.metric
