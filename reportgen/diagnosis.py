"""Page one: the outcome in a sentence, the honest score as far as it is measured, the causes.

Everything here is put together from finished sections and restated numbers; nothing is
measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from reportgen.job.printed import Printed
from reportgen.job.schema import MetricName
from reportgen.results import (
    SEVERITIES,
    Cause,
    Finding,
    HonestScore,
    Metric,
    Restated,
    Section,
    Step,
)

_NAMES = {"roc_auc": "ROC-AUC", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "mse": "MSE",
          "mcc": "MCC", "f1": "F1", "brier": "Brier score"}  # fmt: skip

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s\w]*[A-Z0-9])")


def spoken(metric: str) -> str:
    """A metric's name in a sentence: ``roc_auc`` -> ROC-AUC, ``f1, macro`` -> F1, macro."""
    name, comma, rest = metric.partition(",")
    return _NAMES.get(name, name.replace("_", " ")) + comma + rest


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
                why=f"{_capital(spoken(metric))} on test as given in the job file.",
            )
        )
    value = first.recomputed if first and first.recomputed is not None else None
    if value is None and measured is not None:
        value = measured.value
    if value is not None:
        fits = measured is not None and measured.value is not None
        fits = fits and abs(measured.value - value) < 1e-6  # type: ignore[union-attr,operator]
        steps.append(
            Step(
                step="recomputed",
                metric=metric,
                value=value,
                low=measured.low if measured and fits else None,
                high=measured.high if measured and fits else None,
                why=_why_recomputed(first, measured),
            )
        )
    if value is not None:
        steps += _further(sections, steps[-1])
    chance = _chance(sections, metric)
    return HonestScore(
        steps=tuple(steps),
        chance=chance.value if chance else None,
        chance_label=chance.label if chance else "",
    )


def _further(sections: Sequence[Section], last: Step) -> list[Step]:
    """Steps that follow from the last one, each measured from where the one before it ends.

    An offer is ``{"step", "metric", "from", "value", "low", "high", "why"}``. ``from`` is the score
    that it was measured from, in ``metric``: an offer that starts elsewhere, as a mean over seeds
    with a leak in it does once a leak was taken out, is no step of this walk. An offer that changes
    the metric says so by ``from_metric`` and is measured from the last step in that.
    """
    offers = [o for s in sections for o in s.series.get("honest", ()) if o["value"] is not None]
    steps = []
    for name in FURTHER:
        for offer in offers:
            start = offer["from"], offer.get("from_metric", offer["metric"])
            if offer["step"] == name and _continues(last, *start):
                last = Step(
                    step=name,
                    metric=offer["metric"],
                    value=offer["value"],
                    low=offer["low"],
                    high=offer["high"],
                    why=offer["why"],
                )
                steps.append(last)
                break
    return steps


def _continues(last: Step, start: float | None, metric: str) -> bool:
    """Whether a score is that of the last step, to the digits that series keep."""
    if last.value is None or start is None or last.metric != metric:
        return False
    return abs(start - last.value) <= 1e-5 * max(abs(last.value), 1e-3)


def causes(sections: Sequence[Section]) -> tuple[Cause, ...]:
    """Warnings and failures by the score that they cost, then those whose effect is not measured.

    An effect is what a finding's evidence has under ``effect``, with ``effect_low`` and
    ``effect_high``: score lost on the headline metric, by an ablation, a what-if or retraining.
    """
    found = [f for s in sections for f in s.findings if f.severity != "info"]
    found.sort(key=lambda f: (-_size(f), -SEVERITIES.index(f.severity)))
    return tuple(
        Cause(
            code=f.code,
            severity=f.severity,
            effect=f.evidence.get("effect"),
            low=f.evidence.get("effect_low"),
            high=f.evidence.get("effect_high"),
            sentence=f.message,
            advice=f.advice,
        )
        for f in found
    )


def _size(finding: Finding) -> float:
    effect = finding.evidence.get("effect")
    return -1.0 if effect is None else abs(effect)


def headline(
    score: HonestScore,
    sections: Sequence[Section],
    restated: Sequence[Restated],
    error: str | None = None,
) -> str:
    """The audit in one sentence or two."""
    if error is not None:
        return f"The audit could not be completed: {first_line(error)}"
    failed = [s for s in sections if s.status == "failed"]
    parts = [_reported_sentence(score), _others_sentence(score, restated)]
    worst = _worst(sections)
    if failed:
        names = " and ".join(s.diagnostic.replace("_", " ") for s in failed)
        parts.insert(0, f"The audit is incomplete: {names} could not run.")
    elif worst is not None:
        parts.append(first_sentence(worst.message))
    elif not any(r.agrees is False for r in restated):
        parts.insert(0, "Nothing is wrong.")
    return " ".join(part for part in parts if part)


def first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    return line if line.endswith((".", "!", "?")) else f"{line}."


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; decimals and file names have none."""
    return _SENTENCE.split(text.strip(), maxsplit=1)[0]


def _is_score(metric: str) -> bool:
    """Counts of a matrix and lines of a log stand beside scores, but head no page."""
    name = metric.partition(",")[0]
    return name in get_args(MetricName)


def _worst(sections: Sequence[Section]) -> Finding | None:
    found = [f for s in sections for f in s.findings if f.severity != "info"]
    return max(found, key=lambda f: SEVERITIES.index(f.severity), default=None)


def _reported_sentence(score: HonestScore) -> str:
    by_name = {step.step: step for step in score.steps}
    reported, recomputed = by_name.get("reported"), by_name.get("recomputed")
    if recomputed is None or recomputed.value is None:
        return ""
    name = spoken(recomputed.metric)
    if reported is None or reported.printed is None:
        return f"{_capital(name)} is {recomputed.value:.3f}{_interval(recomputed)}."
    if "as printed" in recomputed.why:
        return f"Reported {name} {reported.printed} comes out to the digit."
    digits = max(3, len(reported.printed.rstrip(" %").partition(".")[2]))
    return f"Reported {name} {reported.printed} comes out as {recomputed.value:.{digits}f}."


def _others_sentence(score: HonestScore, restated: Sequence[Restated]) -> str:
    """How many reported numbers do not come out, beside the one that heads the page."""
    head = next((s.metric for s in score.steps if s.step == "reported"), None)
    off = [r for r in restated if r.agrees is False]
    others = [r for r in off if (r.metric, r.split) != (head, "test")]
    if not others:
        return ""
    if len(others) == 1:
        (other,) = others
        name = f"{spoken(other.metric)} on {other.split}"
        return f"Reported {name}, {other.reported}, does not come out."
    return f"{len(off)} of {len(restated)} reported numbers do not come out as printed."


def _interval(step: Step) -> str:
    if step.low is None or step.high is None:
        return ""
    return f", 95 % interval {step.low:.3f} to {step.high:.3f}"


def _why_recomputed(first: Restated | None, measured: Metric | None) -> str:
    n = f" on {measured.n:,} rows" if measured is not None and measured.n else ""
    if first is None:
        return f"Computed from fresh predictions{n}."
    if first.agrees:
        return f"Comes out as printed{n}."
    return f"From fresh predictions{n}; it does not print the reported digits."


def _measured(sections: Sequence[Section], metric: str) -> Metric | None:
    for section in sections:
        for candidate in section.metrics:
            if candidate.name == metric and candidate.split in ("test", None):
                return candidate
    return None


def _chance(sections: Sequence[Section], metric: str) -> Metric | None:
    """The score of always giving the same answer, where a section measured it."""
    for section in sections:
        for candidate in section.metrics:
            if candidate.name == f"baseline_{metric}":
                return candidate
    return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
