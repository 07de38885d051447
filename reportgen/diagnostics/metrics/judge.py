"""From what was measured to findings, checks and the words around them."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.charts.numbers import listed, plural, score
from reportgen.diagnostic import Decided, checks
from reportgen.diagnostics.metrics.choice import Choice, choices
from reportgen.diagnostics.metrics.declared import (
    CODES,
    INSENSITIVE,
    MISLEADING,
    MetricsSettings,
)
from reportgen.diagnostics.metrics.known import Examined
from reportgen.diagnostics.metrics.prepare import Prepared
from reportgen.diagnostics.metrics.seeds import FEWEST, Flat, Moves, flat_one, members_of, moves
from reportgen.diagnostics.metrics.series import of_examined, of_moves
from reportgen.diagnostics.metrics.verdicts import of_metric, said
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings, Metric
from reportgen.retraining.results import Trained

ADVICE = {c.code: c.advice for c in CODES}
NO_METRIC = "the job names no metric of its own, and none is compiled into the model"


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Every code is decided."""
    settings = settings_of(case, MetricsSettings)
    every = (*prepared.custom, *prepared.standard)
    found = [finding for one in every for finding in of_metric(one, _of(case, one))]
    told = choices(prepared.rows, prepared.seen, prepared.spread, settings, case.rng("resamples"))
    found += [_choice(one) for one in told]
    over, flat, why_not = _seeds(case, prepared, trained, settings)
    found += [_flat(flat)] if flat is not None else []
    decided: dict[str, Decided] = {}
    for code in CODES:
        own = tuple(f for f in found if f.code == code.code)
        reason = None if every else NO_METRIC
        if code.code == MISLEADING:
            reason = None if prepared.seen else "no metric is watched whose meaning is known"
        if code.code == INSENSITIVE:
            reason = why_not
        decided[code.code] = (own, reason)
    findings = tuple(f for c in CODES for f in decided[c.code][0])
    return Findings(
        headline=_headline(prepared, findings),
        findings=findings,
        metrics=tuple(m for one in every for m in _numbers(one, prepared)),
        series=of_examined(every, case, prepared) | of_moves(over, flat),
        checks=checks(decided),
        tried=f"{plural(len(every), 'metric')} against references",
        result=_result(every),
        detectable="A difference of 0.0001" if every else "",
        method=_method(case, prepared, over),
    )


def _of(case: Case, one: Examined) -> Case:
    """The output that a metric is compiled for."""
    return case if one.head is None else case.of_head(one.head)


def _choice(one: Choice) -> Finding:
    advice = {
        "micro": 'Take the macro mean (average="macro"), or call it accuracy.',
        "constant": ADVICE[MISLEADING],
        "few-rows": "Report the mean or median absolute error beside R², and R² without the "
        "outermost rows.",
        "no-spread": "Report the error in units of the target; R² compares with a spread that "
        "these rows do not have.",
        "near-zero": "Report the mean absolute error, or the sum of errors over the sum of targets "
        "(WAPE).",
    }[one.why]
    return Finding(
        code=MISLEADING, severity="warn", subject=one.name, message=one.message, advice=advice,
        evidence={"why": one.why, **one.numbers},
    )  # fmt: skip


def _flat(found: Flat) -> Finding:
    flat, moving = found.flat, found.moving
    return Finding(
        code=INSENSITIVE,
        severity="warn",
        subject=flat.label,
        message=(
            f"Over {plural(len(flat.values), 'seed')} {_small(flat.label)} lies between "
            f"{score(min(flat.values))} and {score(max(flat.values))}, {moving.label} between "
            f"{score(min(moving.values))} and {score(max(moving.values))}: it moves over "
            f"{found.ratio:.2g} times as much, and nobody watches it."
        ),
        advice=ADVICE[INSENSITIVE],
        evidence={
            "flat": flat.name, "moving": moving.name, "sd_flat": flat.sd, "sd_moving": moving.sd,
            "ratio_at_least": found.ratio, "members": len(flat.values),
        },
    )  # fmt: skip


def _small(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _seeds(
    case: Case, prepared: Prepared, trained: Trained, settings: MetricsSettings
) -> tuple[list[Moves], Flat | None, str | None]:
    if case.task == "regression":
        return [], None, "metrics of numbers have no common range to compare spreads in"
    members = members_of(case, prepared.delivered, trained)
    if len(members) < FEWEST:
        return (
            [],
            None,
            f"it needs {FEWEST} members of a seed ensemble, and there are {len(members)}",
        )
    found = moves(prepared.delivered, members, prepared.seen)
    return found, flat_one(found, settings), None


def _numbers(one: Examined, prepared: Prepared) -> list[Metric]:
    if one.value is None and one.reference is None:
        return []
    bounded = one.meaning.bounded or one.meaning.family is None
    unit = "score" if bounded and (one.value is None or abs(one.value) <= 1.5) else "ratio"
    label = f"“{one.name}”"
    split, n = prepared.delivered.split, one.n
    shown = [
        Metric(name=f"{one.name} as given", label=f"{label}, as it is given", value=one.value,
               unit=unit, split=split, n=n, reason=one.error if one.value is None else None)
    ]  # fmt: skip
    if one.reference is not None and one.definition is not None:
        shown.append(
            Metric(name=f"{one.name} reference", label=f"{label}: {one.definition.words}",
                   value=one.reference, unit=unit, split=split, n=n)
        )  # fmt: skip
    return shown


def _headline(prepared: Prepared, findings: Sequence[Finding]) -> str:
    failing = [f for f in findings if f.severity == "fail"]
    if failing:
        first = failing[0]
        more = {f.subject for f in failing} - {first.subject}
        also = (
            f" {plural(len(more), 'further metric is', 'further metrics are')} wrong."
            if more
            else ""
        )
        return f"No. {said(first)}{also}"
    warned = [f for f in findings if f.severity == "warn"]
    if warned:
        return f"Not without reserve. {warned[0].message}"
    every = (*prepared.custom, *prepared.standard)
    known = [one for one in every if one.agrees is not None]
    if known:
        names = listed([f"“{one.name}”" for one in known], 4)
        is_are = "is what its name says" if len(known) == 1 else "are what their names say"
        rest = len(every) - len(known)
        other = f"; of {plural(rest, 'other')} the name says no metric" if rest else ""
        return f"Yes. {names} {is_are}, on every probe{other}."
    if every:
        return "Nothing is held against them: their names do not say what they should be."
    if prepared.foreign:
        return (
            f"They were not asked: compiled into the model, and not named in the job: "
            f"{listed(list(prepared.foreign), 4)}."
        )
    return "Yes, the reported ones: nothing was measured that they hide."


def _result(every: Sequence[Examined]) -> str:
    if not every:
        return "Reported metrics alone"
    right = sum(one.agrees is not None for one in every)
    return f"{right} of {len(every)} are what they are called"


def _method(case: Case, prepared: Prepared, over: Sequence[Moves]) -> str:
    words = []
    if prepared.custom or prepared.standard:
        probes = max((len(one.probes) for one in (*prepared.custom, *prepared.standard)), default=0)
        words.append(
            "Each metric is compared with every definition that its name may have on "
            f"{plural(probes, 'set')} of rows: the model's own answers and what is made of them. "
            "Metrics of the job run in a process of their own, with limits of time and memory."
        )
    if prepared.custom and case.split(prepared.delivered.split).weights is not None:
        words.append(
            "They are called as fn(y_true, y_pred): the job's weights are not handed to them."
        )
    if prepared.foreign:
        words.append(
            "Compiled into the model and not run, for the job does not name them: "
            f"{listed(list(prepared.foreign), 6)}."
        )
    if over:
        words.append(f"Spreads are over {plural(len(over[0].values), 'member')} of the ensemble.")
    if not words:
        words.append("Reported metrics are set beside what a constant answer would score.")
    return " ".join(words)
