"""From what was measured to findings, checks and the words around them."""

from __future__ import annotations

from typing import Any

from reportgen.charts.numbers import count, in_a_sentence, listed, number, plural, share
from reportgen.diagnostic import Decided, checks
from reportgen.diagnostics.overfit.declared import (
    CODES,
    DIVERGES,
    EARLY,
    GAP,
    MEMORISES,
    MORE_DATA,
    REGULARISE,
    UNDERFITS,
    OverfitSettings,
)
from reportgen.diagnostics.overfit.measure import Measured, measure
from reportgen.diagnostics.overfit.prepare import Prepared
from reportgen.diagnostics.overfit.series import series
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings, Metric, Severity
from reportgen.retraining.results import Trained
from reportgen.scores.page_one import effect
from reportgen.scores.what_ifs import Gain, costs
from reportgen.statistics.intervals import Interval

ADVICE = {c.code: c.advice for c in CODES}


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Every code is decided; the words follow from what was found."""
    measured = measure(case, prepared, trained)
    settings = settings_of(case, OverfitSettings)
    decided: dict[str, Decided] = {
        GAP: _gap(measured, prepared, settings),
        DIVERGES: _diverges(measured, prepared),
        MEMORISES: _memorises(measured, prepared, settings),
        MORE_DATA: _more_data(measured, prepared, settings),
        EARLY: _helps(EARLY, measured, prepared, settings),
        REGULARISE: _helps(REGULARISE, measured, prepared, settings),
        UNDERFITS: _helps(UNDERFITS, measured, prepared, settings),
    }
    findings = tuple(f for c in CODES for f in decided[c.code][0])
    return Findings(
        headline=_headline(measured, prepared, findings),
        findings=findings,
        metrics=_metrics(measured, prepared, settings, decided),
        series=series(case, measured, prepared),
        checks=checks(decided),
        tried=_tried(measured),
        result=f"Gap {number(measured.gap.gap.value, 'score', True)}",
        detectable=_detectable(measured),
        method=_method(measured, prepared),
    )


def _finding(
    code: str, severity: Severity, subject: str, message: str, advice: str = "", **evidence: Any
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        message=message,
        advice=(advice or ADVICE[code]) if severity != "info" else "",
        evidence=evidence,
    )


def helping(measured: Measured, code: str, settings: OverfitSettings) -> list[Gain]:
    """The what-ifs of a code whose whole interval is above nothing, the best first."""
    least = settings.helps_least * (measured.metric.range or 1.0)
    found = [
        g
        for g in measured.gains
        if measured.codes[g.name] == code and g.gain.low > 0 and g.gain.value >= least
    ]
    return sorted(found, key=lambda g: -g.gain.value)


def _gap(measured: Measured, prepared: Prepared, settings: OverfitSettings) -> Decided:
    gap, unit = measured.gap, measured.metric.unit
    least = settings.gap * (measured.metric.range or 1.0)
    if prepared.only_seen:
        return (), _seen(prepared)
    if not gap.gap.low > 0:
        return (), None
    severity: Severity = "info"
    why = ""
    if gap.gap.low > least:
        severity = "warn"
        restrained = helping(measured, REGULARISE, settings) + helping(measured, EARLY, settings)
        if restrained:
            severity, why = "fail", f" With {restrained[0].name} it does better there."
        elif not gap.skill.low > 0:
            severity = "fail"
            why = f" A constant answer has {number(gap.chance, unit)} there."
    judged = prepared.delivered.split
    message = (
        f"{measured.metric.label} is {number(gap.train, unit)} on train and "
        f"{number(gap.judged, unit)} on {_rows(prepared)}: {number(gap.gap.value, unit)} apart "
        f"({number(gap.gap.low, unit)} to {number(gap.gap.high, unit)}).{why}"
    )
    return (
        _finding(
            GAP, severity, judged, message, _against_the_gap(measured, prepared, settings),
            train=gap.train, judged=gap.judged, gap=gap.gap.value, low=gap.gap.low,
            high=gap.gap.high,
        ),
    ), None  # fmt: skip


def _against_the_gap(measured: Measured, prepared: Prepared, settings: OverfitSettings) -> str:
    """What to do about a gap, by what was tried; "" where nothing was."""
    for code in (REGULARISE, EARLY, UNDERFITS):
        found = helping(measured, code, settings)
        if found:
            return _how(prepared, found[0].name)
    if not measured.gains:
        return ""
    tried = plural(len(measured.gains), "what-if")
    return f"Train on more rows, or leave columns out: none of {tried} does better beyond chance."


def _rows(prepared: Prepared) -> str:
    """The rows that are judged, in words."""
    delivered = prepared.delivered
    if not prepared.seen or prepared.only_seen:
        return delivered.split
    return f"the {count(delivered.n)} rows of {delivered.split} that train has not"


def _seen(prepared: Prepared) -> str:
    delivered = prepared.delivered
    return (
        f"{count(prepared.seen)} of {count(delivered.n)} rows of {delivered.split} stand in train"
    )


def _diverges(measured: Measured, prepared: Prepared) -> Decided:
    found = measured.losses
    if found is None:
        why = prepared.plan.why_not or "training had no validation rows"
        return (), f"no validation loss by epoch is known: {why}"
    if not found.tells:
        return (), None
    whose = (
        f"mean of {plural(found.members, 'retrained member')}"
        if found.source == "members"
        else "of the history file"
    )
    message = (
        f"Validation loss ({whose}) is lowest at epoch {found.best} and {share(found.rise.value)} "
        f"higher at epoch {found.delivered}, whose weights are delivered "
        f"({share(found.rise.low)} to {share(found.rise.high)})."
    )
    advice = (
        f"Train for about {found.best} epochs, or with `keras.callbacks.EarlyStopping("
        "patience=…, restore_best_weights=True)`."
    )
    return (
        _finding(
            DIVERGES, "warn", "validation", message, advice,
            best=found.best, delivered=found.delivered, rise=found.rise.value,
        ),
    ), None  # fmt: skip


def _memorises(measured: Measured, prepared: Prepared, settings: OverfitSettings) -> Decided:
    memory, gap = measured.memory, measured.gap
    if memory is None:
        return (), prepared.plan.why_not or "permuted labels could not be trained on"
    least = settings.gap * (measured.metric.range or 1.0)
    skill = measured.metric.better * (gap.train - gap.chance)
    lost = skill > 0 and gap.gap.value > 0.5 * skill
    if memory.ratio < settings.memorised or not gap.gap.low > least or not lost:
        return (), None
    message = (
        f"On permuted labels the recipe fits {share(memory.permuted)} of what there is to fit over "
        f"a constant answer, on real ones {share(memory.real)}; "
        f"{share(gap.gap.value / skill)} of the skill on train is gone on "
        f"{prepared.delivered.split}."
    )
    return (
        _finding(
            MEMORISES, "fail", "train", message, permuted=memory.permuted, real=memory.real,
            ratio=memory.ratio,
        ),
    ), None  # fmt: skip


def _more_data(measured: Measured, prepared: Prepared, settings: OverfitSettings) -> Decided:
    if prepared.plan.why_not:
        return (), prepared.plan.why_not
    curve = measured.curve
    told = None if curve is None else curve.forecast
    if curve is None or told is None:
        return (), "there are too few rows for a learning curve"
    if not told.covers:
        return (), "a forecast from half of the rows would have missed what came: none is told"
    better, unit = measured.metric.better, measured.metric.unit
    gain, low, high = told.gain.value, told.gain.low, told.gain.high
    if not low > 0:
        return (), None
    least = settings.helps_least * (measured.metric.range or 1.0)
    rows = curve.rows[-1]
    message = (
        f"Twice the rows ({count(2 * rows)}) are forecast to bring "
        f"{number(better * told.value.value, unit)}, {number(gain, unit)} more than now "
        f"({number(low, unit)} to {number(high, unit)})."
    )
    severity: Severity = "warn" if gain >= least and low >= least / 2 else "info"
    return (
        _finding(MORE_DATA, severity, "train", message, gain=gain, low=low, high=high, rows=rows),
    ), None


def _helps(code: str, measured: Measured, prepared: Prepared, settings: OverfitSettings) -> Decided:
    """The best what-if of a code that helps; in words what does not, too."""
    tried = [g for g in measured.gains if measured.codes[g.name] == code]
    if not tried:
        return (), prepared.plan.why_not or "the recipe has nothing of the kind to change"
    found = helping(measured, code, settings)
    if not found:
        return (), None
    best, unit = found[0], measured.metric.unit
    name = in_a_sentence(measured.metric.label)
    also = listed([g.name for g in found[1:]])
    more = f" So would {also}." if also else ""
    falls = [f"{label} {number(c, 'score', True)}" for label, c in costs(best.others, 2)]
    cost = f" It costs: {listed(falls)}." if falls else ""
    message = (
        f"With {best.name}, {name} on {prepared.delivered.split} is "
        f"{number(best.having, unit)} where the recipe has {number(best.without, unit)}: "
        f"{number(best.gain.value, unit, True)} ({number(best.gain.low, unit, True)} to "
        f"{number(best.gain.high, unit, True)}).{cost}{more}"
    )
    return (
        _finding(
            code, "warn", best.name, message, _how(prepared, best.name),
            gain=best.gain.value, low=best.gain.low, high=best.gain.high, members=best.members,
            **effect(best.gain, measured.metric.claim),
        ),
    ), None  # fmt: skip


def _how(prepared: Prepared, name: str) -> str:
    """How to make the change that helped."""
    return next((w.how for w in prepared.plan.what_ifs if w.words == name), "")


def _headline(measured: Measured, prepared: Prepared, findings: tuple[Finding, ...]) -> str:
    gap, unit = measured.gap, measured.metric.unit
    worst = next((f for level in ("fail", "warn") for f in findings if f.severity == level), None)
    between = (
        f"{measured.metric.label} is {number(gap.train, unit)} on train, "
        f"{number(gap.judged, unit)} on {_rows(prepared)}"
    )
    if prepared.only_seen:
        return f"Cannot be told: {_seen(prepared)}. {between}."
    if worst is None:
        return f"It has learned. {between}."
    if worst.code == MEMORISES or (worst.code == GAP and worst.severity == "fail"):
        return f"Memorised, in part. {between}."
    if worst.code == GAP:
        return f"Learned, and memorised too. {between}."
    said = {
        DIVERGES: "It was trained past its best epoch",
        MORE_DATA: "It would learn more from more rows",
        EARLY: "It would do better with fewer epochs",
        REGULARISE: f"It would do better with {worst.subject}",
        UNDERFITS: f"It could learn more, with {worst.subject}",
    }
    return f"{said[worst.code]}. {between}."


def _metrics(
    measured: Measured,
    prepared: Prepared,
    settings: OverfitSettings,
    decided: dict[str, Decided],
) -> tuple[Metric, ...]:
    gap, metric, split = measured.gap, measured.metric, prepared.delivered.split
    found = decided[GAP][0]

    def one(name: str, label: str, value: float, unit: str, interval: Interval | None = None,
            **more: Any) -> Metric:  # fmt: skip
        known = interval is not None and interval.known
        return Metric(
            name=name, label=label, value=value, unit=unit,
            low=interval.low if interval is not None and known else None,
            high=interval.high if interval is not None and known else None,
            interval=interval.method if interval is not None and known else None,
            **more,
        )  # fmt: skip

    shown = [
        one(
            "train_test_gap", f"{metric.label}, train less {split}", gap.gap.value, metric.unit,
            gap.gap, n=prepared.delivered.n, threshold=settings.gap * (metric.range or 1.0),
            bound="at most",
            verdict="pass" if not found or found[0].severity == "info" else found[0].severity,
        ),
    ]  # fmt: skip
    if measured.memory is not None:
        shown.append(
            one(
                "memory", "Fit of permuted labels for real ones", measured.memory.ratio, "ratio",
                n=len(prepared.plan.rows) if prepared.plan.rows is not None else None,
            )
        )  # fmt: skip
    return tuple(shown)


def _tried(measured: Measured) -> str:
    said = ["Train against test"]
    if measured.gains:
        said.append(plural(len(measured.gains), "what-if"))
    if measured.curve is not None:
        said.append("learning curve")
    return "; ".join(said)


def _detectable(measured: Measured) -> str:
    unit = measured.metric.unit
    said = []
    if measured.gap.gap.known:
        said.append(f"a gap of {number(2.8 * measured.gap.gap.se, unit)}")
    errors = [g.gain.se for g in measured.gains if g.gain.se == g.gain.se]
    if errors:
        said.append(f"a gain of {number(2.8 * sorted(errors)[len(errors) // 2], unit)}")
    text = "; ".join(said)
    return text[:1].upper() + text[1:]


def _method(measured: Measured, prepared: Prepared) -> str:
    said = [
        "The gap is of fresh predictions in inference mode, never of running training metrics; its "
        "interval adds the errors of both splits, copies and groups counted as one."
    ]
    plan = prepared.plan
    if prepared.seen and not prepared.only_seen:
        said.append(
            f"{count(prepared.seen)} judged rows that stand in train are left out of the section."
        )
    if plan.why_not:
        said.append(f"Nothing was trained: {plan.why_not}.")
    if measured.gains:
        said.append(
            f"{plural(len(measured.gains), 'what-if')}, {plural(len(plan.base), 'seed')} each, are "
            "paired with the recipe by seed and row; intervals hold together at 95 %."
        )
    if measured.curve is not None:
        said.append(
            "The learning curve's members take as many steps as the recipe does on all rows, or "
            "ten times its epochs; the forecast averages three families "
            "of curves by how well they fit; its interval is over judged rows, seeds and curves."
        )
        if measured.curve.forecast is not None and not measured.curve.forecast.covers:
            said.append("No forecast is told: from half of the rows it would have missed.")
    by_reason: dict[str, list[str]] = {}
    for name, why in measured.untold.items():
        by_reason.setdefault(why, []).append(name)
    said += [f"Not told: {listed(names)} ({why})." for why, names in by_reason.items()]
    return " ".join(said)
