"""The honest score: from what was reported to what may be expected, each step measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from reportgen.diagnosis.words import capital, spoken
from reportgen.job.printed import Printed
from reportgen.job.schema import MetricName
from reportgen.results import HonestScore, Metric, Restated, Section, Step

#: Begins the reason of a step that part of the rows gives, see :mod:`reportgen.data.large`.
IN_PART = "Not computed again, but measured"
#: Steps after what was recomputed, in the order of the walk; sections offer them.
FURTHER = ("without_leaks", "imbalance_aware", "mean_over_seeds")


def honest_score(
    task: str, sections: Sequence[Section], restated: Sequence[Restated]
) -> HonestScore:
    """The walk from what was reported to what may be expected; steps not measured are absent.

    The headline metric is the first number reported for test, else accuracy, or R² in
    regression. Steps after ``recomputed`` are taken from what sections offer under ``honest`` in
    their series, see :func:`_further`.
    """
    first = next((r for r in restated if r.split == "test" and _is_score(r.metric)), None)
    metric = first.metric if first else ("r2" if task == "regression" else "accuracy")
    measured = _measured(sections, metric)
    steps = []
    if first is not None:
        steps.append(
            Step(
                step="reported",
                metric=metric,
                value=float(Printed.parse(first.reported)),
                printed=first.reported,
                why=f"{capital(spoken(metric))} on test as given in the job file.",
            )
        )
    value = first.recomputed if first and first.recomputed is not None else None
    if value is None:
        value = measured.value if measured is not None else _started_from(sections, metric)
    if value is not None:
        steps.append(_recomputed(metric, value, first, measured))
        steps += _further(sections, steps[-1])
    chance = _chance(sections, metric)
    return HonestScore(
        steps=tuple(steps),
        chance=chance["value"] if chance else None,
        chance_label=chance["answer"] if chance else "",
        notes=tuple(_notes(sections)),
    )


def _recomputed(metric: str, value: float, first: Restated | None, measured: Metric | None) -> Step:
    fits = measured is not None and measured.value is not None
    fits = fits and abs(measured.value - value) < 1e-6  # type: ignore[union-attr,operator]
    compared = first is not None and first.recomputed is not None
    return Step(
        step="recomputed",
        metric=metric,
        value=value,
        low=measured.low if measured and fits else None,
        high=measured.high if measured and fits else None,
        why=_why_recomputed(first, measured if fits or not compared else None),
        change=value - float(Printed.parse(first.reported)) if first and compared else None,
        told=first is not None and first.agrees is False,
    )


def _further(sections: Sequence[Section], last: Step) -> list[Step]:
    """Steps that follow from the last one, each measured from where the one before it ends.

    Offers are made by :func:`reportgen.scores.page_one.offer`. ``from`` is the score that it was
    measured from, in ``metric``: an offer that starts elsewhere, as a mean over seeds with a leak
    in it does once a leak was taken out, is no step of this walk. An offer that changes the metric
    says so by ``from_metric`` and is measured from the last step in that.
    """
    offers = [o for s in sections for o in s.series.get("honest", ()) if o["value"] is not None]
    wanted = {o["step"] for o in offers if o.get("wanted", True)}
    steps = []
    for name in FURTHER:
        for offer in offers:
            start = offer["from"], offer.get("from_metric", offer["metric"])
            if offer["step"] == name and name in wanted and _continues(last, *start):
                last = _step(offer, last)
                steps.append(last)
                break
    return steps


def _step(offer: Mapping[str, Any], before: Step) -> Step:
    same = offer["metric"] == before.metric
    low, high = offer.get("change_low"), offer.get("change_high")
    return Step(
        step=offer["step"],
        metric=offer["metric"],
        value=offer["value"],
        low=offer["low"],
        high=offer["high"],
        why=offer["why"],
        change=offer["value"] - before.value if same and before.value is not None else None,
        change_low=low if same else None,
        change_high=high if same else None,
        told=same and low is not None and high is not None and not low <= 0 <= high,
        once=offer.get("once", ""),
    )


def _continues(last: Step, start: float | None, metric: str) -> bool:
    """Whether a score is that of the last step, to the digits that series keep."""
    if last.value is None or start is None or last.metric != metric:
        return False
    return abs(start - last.value) <= 1e-5 * max(abs(last.value), 1e-3)


def _notes(sections: Sequence[Section]) -> Iterator[str]:
    """What sections say of steps or effects that overlap."""
    for section in sections:
        yield from section.series.get("overlap", ())


def _is_score(metric: str) -> bool:
    """Counts of a matrix and lines of a log stand beside scores, but head no page."""
    name = metric.partition(",")[0]
    return name in get_args(MetricName)


def _why_recomputed(first: Restated | None, measured: Metric | None) -> str:
    n = f" on {measured.n:,} rows" if measured is not None and measured.n else ""
    if first is None:
        return f"Computed from fresh predictions{n}."
    if first.recomputed is None:
        return f"{IN_PART}{n}: {first.reason}."
    if first.agrees:
        return f"Comes out as printed{n}."
    return f"From fresh predictions{n}; it does not print the reported digits."


def _started_from(sections: Sequence[Section], metric: str) -> float | None:
    """The delivered model's score as a section measured it that offers a step from there."""
    for section in sections:
        for offer in section.series.get("honest", ()):
            if offer["step"] == "without_leaks" and offer["metric"] == metric:
                return float(offer["from"])
    return None


def _measured(sections: Sequence[Section], metric: str) -> Metric | None:
    for section in sections:
        for candidate in section.metrics:
            if candidate.name == metric and candidate.split in ("test", None):
                return candidate
    return None


def _chance(sections: Sequence[Section], metric: str) -> Mapping[str, Any] | None:
    """The score of always giving the same answer, where a section measured it."""
    offered = (c for s in sections for c in s.series.get("constant", ()))
    return next((c for c in offered if c["metric"] == metric and c["value"] is not None), None)
