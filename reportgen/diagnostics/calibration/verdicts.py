"""The findings: which codes are raised, on what evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reportgen.charts.numbers import count, estimate, listed, loss, plural, score, share
from reportgen.diagnostics.calibration import CalibrationSettings
from reportgen.diagnostics.calibration.measure import NETWORKS, Evidence, Measured
from reportgen.diagnostics.calibration.rows import Rows
from reportgen.evidence import Case
from reportgen.results import Finding
from reportgen.statistics.calibration import root, shown_over
from reportgen.statistics.estimates import Design, proportion

FEWEST_FOR_TIES = 50
FEWEST_NEAR_TIES = 10  # of which a warning is made: three of fifty rows are chance
MOST_LISTED = 50
STORY = 0.01  # of a temperature's likelihood ratio, where calibration is refuted already
LEVELS = 20.0  # a temperature from which no class is held likelier than another
LEANING = 0.98  # of the interval that mean confidence lies off


def leading(evidence: Evidence) -> Measured:
    """The event that speaks for the model: the one whose calibration is refuted most clearly."""
    return min(evidence.events, key=lambda e: (e.p_value, -e.square.value))


def confidence(rows: Rows) -> tuple[float, float]:
    """Mean probability of the likeliest class, and how often it is the right one."""
    top = rows.scores.argmax(axis=1)
    said = float(rows.scores[np.arange(rows.n), top].mean())
    return said, float(np.mean(top == rows.y))


def findings_of(
    case: Case, evidence: Evidence, settings: CalibrationSettings
) -> tuple[Finding, ...]:
    """All findings, one a code; several labels of one code are told together."""
    events, family = evidence.events, len(evidence.events)
    alpha = settings.alpha / family
    shifted = [e for e in events if worst_class(e, settings, alpha) is not None]
    ways = [(e, direction(e, settings, e in shifted)) for e in events]
    groups: list[tuple[Sequence[Measured], Callable[..., Finding]]] = [
        ([e for e, way in ways if way == "over"], _overconfident),
        ([e for e, way in ways if way == "under"], _underconfident),
        (shifted, _base_rate),
        ([e for e in events if concentrated(e, settings, alpha)], _few_rows),
        ([e for e in events if saturated(e, settings)], _saturated),
        ([e for e in events if mislabelled(e, settings, alpha)], _label_errors),
    ]
    found = [tell(case, evidence, hit, settings, alpha) for hit, tell in groups if hit]
    near = _near_ties(evidence, settings)
    if near is not None:
        found.append(near)
    return tuple(sorted(found, key=lambda f: f.severity == "info"))


def direction(event: Measured, settings: CalibrationSettings, shifted: bool) -> str | None:
    """``over``, ``under``, or None where it is calibrated or the fault is another one."""
    found, warm = event.explanation, event.temperature
    if found is None or warm is None or event.p_value >= settings.alpha:
        return None
    if not (shown_over(event.square, settings.least_error) or _helped(event, settings)):
        return None
    if found.noise_alone:
        # Votes that agree are too sure by nature: wrong labels alone do not excuse them.
        return None if event.rows.floor is None else _leaning(event)
    if found.p_temperature < STORY:
        return "over" if found.temperature > 1 else "under"
    if shifted:
        return None
    return _leaning(event)


def _helped(event: Measured, settings: CalibrationSettings) -> bool:
    """Whether a temperature is worth it: its gain matters, and is no chance.

    On few rows the gain on rows left out is uncertain where the likelihood ratio is not.
    """
    found, warm = event.explanation, event.temperature
    assert found is not None
    assert warm is not None
    sure = warm.gain.low > 0 or found.p_temperature < STORY
    return sure and warm.gain.value >= settings.least_gain * event.saturation.loss


def _leaning(event: Measured) -> str | None:
    """The way that confidence is off on average, where no temperature tells; None for neither."""
    rows = event.rows
    top = rows.scores.argmax(axis=1)
    said = rows.scores[np.arange(rows.n), top]
    found = proportion(top == rows.y, Design(rows.n, None, rows.clusters), level=LEANING)
    if found.low <= float(said.mean()) <= found.high:
        return None
    return "over" if said.mean() > found.value else "under"


def worst_class(event: Measured, settings: CalibrationSettings, alpha: float) -> int | None:
    """The class whose rate is most wrong, with and without a temperature; None for none."""
    if not event.tested:
        return None
    rates = event.rates
    gap = np.abs(rates.foretold - rates.came)
    bad = (gap >= settings.least_shift) & (rates.p_values < alpha) & (rates.p_after < alpha)
    if not bad.any():
        return None
    return 1 if event.rows.binary else int(np.argmax(np.where(bad, gap, -1.0)))


def concentrated(event: Measured, settings: CalibrationSettings, alpha: float) -> bool:
    worst = event.worst
    return (
        worst is not None
        and worst.p_value < alpha
        and worst.share - worst.expected >= settings.few_rows_excess
    )


def saturated(event: Measured, settings: CalibrationSettings) -> bool:
    found = event.saturation
    return found.share >= settings.saturated_share and found.wrong >= 3 and found.of_loss >= 0.5


def mislabelled(event: Measured, settings: CalibrationSettings, alpha: float) -> bool:
    suspects, found = event.suspects, event.explanation
    return (
        suspects is not None
        and found is not None
        and found.noisy
        and suspects.p_value < alpha
        and suspects.excess >= max(3.0, settings.label_errors * event.rows.n)
    )


def _subject(what: str, hit: Sequence[Measured], evidence: Evidence) -> str:
    names = [e.rows.label for e in hit if e.rows.label is not None]
    if not names:
        return what
    if len(names) == 1:
        return f"{what}, label {names[0]}"
    return f"{what}, {len(names)} of {len(evidence.events)} labels"


def _others(hit: Sequence[Measured], worst: Measured) -> str:
    names = [str(e.rows.label) for e in hit if e is not worst]
    return f" Also: {listed(names)}." if names else ""


def _labels(hit: Sequence[Measured], value: Callable[[Measured], Any]) -> dict[str, Any]:
    return {str(e.rows.label): value(e) for e in hit[:MOST_LISTED] if e.rows.label is not None}


def _widest(hit: Sequence[Measured]) -> Measured:
    return max(hit, key=lambda e: e.square.value)


def _confidence_finding(
    code: str, what: str, evidence: Evidence, hit: Sequence[Measured], advice: str
) -> Finding:
    event = _widest(hit)
    said, right = confidence(event.rows)
    found, warm = event.explanation, event.temperature
    assert found is not None
    assert warm is not None
    gain = estimate(warm.gain.value, warm.gain.low, warm.gain.high, "loss")
    if warm.gain.low > 0 and warm.value > LEVELS:
        cure = (
            "Its confidence tells nothing of whether it is right: a temperature of "
            f"{warm.value:.0f}, at which all classes are about as likely, takes {gain} off the log "
            "loss."
        )
        advice = "Look for inputs in other units, or outputs that are not what the job says."
    elif warm.gain.low > 0:
        cure = f"A temperature of {warm.value:.2f} takes {gain} off the log loss."
    else:
        cure = "No temperature is confirmed to mend it."
        advice = "Look at the reliability diagram: the error is not one of temperature alone."
    where = f" for label {event.rows.label!r}" if event.rows.label else ""
    return Finding(
        code=code,
        severity="warn",
        subject=_subject(what, hit, evidence),
        message=f"Mean confidence{where} is {score(said)}, accuracy {score(right)}. {cure}"
        + _others(hit, event),
        advice=advice.format(temperature=f"{warm.value:.2f}", logits=_logits(event)),
        evidence={
            "confidence": said,
            "accuracy": right,
            "calibration_error": root(event.square.value),
            "ece": event.chance.error,
            "ece_if_calibrated": event.chance.expected,
            "spiegelhalter_z": event.chance.z,
            "p_value": event.p_value,
            "temperature": warm.value,
            "temperature_fitted_on": warm.fitted_on,
            "gain": [warm.gain.value, warm.gain.low, warm.gain.high],
            "labels": _labels(hit, lambda e: root(e.square.value)),
        },
    )


def _logits(event: Measured) -> str:
    return "logits" if event.rows.logits else "log probabilities"


def _overconfident(
    case: Case, evidence: Evidence, hit: Sequence[Measured], s: CalibrationSettings, alpha: float
) -> Finding:
    return _confidence_finding(
        "calibration.overconfident", f"Too sure on {evidence.split}", evidence, hit,
        "Divide the {logits} by {temperature}, or regularise and train again.",
    )  # fmt: skip


def _underconfident(
    case: Case, evidence: Evidence, hit: Sequence[Measured], s: CalibrationSettings, alpha: float
) -> Finding:
    return _confidence_finding(
        "calibration.underconfident", f"Not sure enough on {evidence.split}", evidence, hit,
        "Divide the {logits} by {temperature}; look for what blunts the outputs, such as label "
        "smoothing, dropout, averaging or strong regularisation.",
    )  # fmt: skip


def _base_rate(
    case: Case, evidence: Evidence, hit: Sequence[Measured], s: CalibrationSettings, alpha: float
) -> Finding:
    def gap(event: Measured) -> float:
        k = worst_class(event, s, alpha)
        assert k is not None
        return float(event.rates.foretold[k] - event.rates.came[k])

    event = max(hit, key=lambda e: abs(gap(e)))
    k = worst_class(event, s, alpha)
    assert k is not None
    name = event.rows.label or event.rows.classes[k]
    foretold, came = float(event.rates.foretold[k]), float(event.rates.came[k])
    return Finding(
        code="calibration.wrong-base-rate",
        severity="warn",
        subject=_subject(f"Class {name}", hit, evidence) if not event.rows.label
        else _subject("Rate foretold", hit, evidence),
        message=f"The mean probability of “{name}” is {score(foretold)}; "
        f"{share(came)} of the rows have it." + _others(hit, event),
        advice="Look for class weights or resampling in training; shift the "
        f"{_logits(event)} by the log ratio of the shares.",
        evidence={
            "class": name,
            "mean_probability": foretold,
            "share_of_rows": came,
            "p_value": float(event.rates.p_values[k]),
            "p_value_after_temperature": float(event.rates.p_after[k]),
            "labels": _labels(hit, gap),
        },
    )  # fmt: skip


def _places(case: Case, evidence: Evidence, at: Any) -> tuple[list[int], list[str]]:
    """Source rows, and ids where there are any, of positions in the split."""
    split = case.split(evidence.split)
    chosen = np.asarray(at)[:MOST_LISTED]
    ids = [] if split.ids is None else [str(v) for v in np.asarray(split.ids)[chosen]]
    return [int(r) for r in split.rows[chosen]], ids


def _few_rows(
    case: Case, evidence: Evidence, hit: Sequence[Measured], s: CalibrationSettings, alpha: float
) -> Finding:
    def excess(event: Measured) -> float:
        assert event.worst is not None
        return event.worst.share - event.worst.expected

    event = max(hit, key=excess)
    worst = event.worst
    assert worst is not None
    places, ids = _places(case, evidence, worst.rows[: worst.count])
    losses = event.rows.losses()
    mended = float(np.sort(losses)[: event.rows.n - worst.count].mean())
    rows = listed([str(p) for p in places])
    return Finding(
        code="calibration.loss-from-few-rows",
        severity="warn",
        subject=_subject("Worst 1 % of rows", hit, evidence),
        message=f"{plural(worst.count, 'row')} carry {share(worst.share)} of the loss, where "
        f"{share(worst.expected)} is to be expected. Without them it is {loss(mended)} instead "
        f"of {loss(event.saturation.loss)}. Rows {rows}." + _others(hit, event),
        advice=f"Look at these rows of {case.split(evidence.split).source}: their labels first, "
        "then their inputs.",
        evidence={
            "rows": places,
            "ids": ids,
            "count": worst.count,
            "share_of_loss": worst.share,
            "expected_share": worst.expected,
            "p_value": worst.p_value,
            "labels": _labels(hit, excess),
        },
    )


def _saturated(
    case: Case, evidence: Evidence, hit: Sequence[Measured], s: CalibrationSettings, alpha: float
) -> Finding:
    event = max(hit, key=lambda e: e.saturation.share)
    found = event.saturation
    message = (
        f"{share(found.share)} of the outputs are certain to seven digits, {count(found.wrong)} "
        f"of them wrong. The loss {loss(found.clipped_loss)} is (1 − accuracy) × 16.118 = "
        f"{loss(found.predicted)}."
    )
    if event.rows.logits:
        message += f" From the logits it is {loss(found.loss)}."
    advice = (
        "Train on logits (`from_logits=True`) with regularisation."
        if case.predictor.framework in NETWORKS
        else "Let more rows decide each answer (larger leaves, more neighbours, more trees), or "
        "recalibrate on held-out rows."
    )
    if evidence.scales is not None:
        size, column = evidence.scales
        message += f" Input {column!r} reaches the model with a typical size of {size:,.0f}."
        advice = "Standardise the inputs before training, and train again."
    return Finding(
        code="calibration.saturated",
        severity="warn",
        subject=_subject("Outputs of 0 and 1", hit, evidence),
        message=message + _others(hit, event),
        advice=advice,
        evidence={
            "share": found.share,
            "wrong": found.wrong,
            "share_of_loss": found.of_loss,
            "clipped_loss": found.clipped_loss,
            "loss_by_accuracy": found.predicted,
            "loss": found.loss,
            "input_scale": None if evidence.scales is None else evidence.scales[0],
            "labels": _labels(hit, lambda e: e.saturation.share),
        },
    )


def _label_errors(
    case: Case, evidence: Evidence, hit: Sequence[Measured], s: CalibrationSettings, alpha: float
) -> Finding:
    def excess(event: Measured) -> float:
        return 0.0 if event.suspects is None else event.suspects.excess

    event = max(hit, key=excess)
    suspects = event.suspects
    assert suspects is not None
    places, ids = _places(case, evidence, event.rows.at[suspects.rows])
    names = event.rows.classes
    rows = [
        {"row": p, "label": names[g], "suggested": names[w], "self_confidence": float(c)}
        for p, g, w, c in zip(
            places, suspects.given, suspects.suggested, suspects.self_confidence, strict=False
        )
    ]
    found = len(suspects.rows)
    return Finding(
        code="calibration.suspected-label-errors",
        severity="warn",
        subject=_subject(f"Labels of {evidence.split}", hit, evidence),
        message=f"{plural(found, 'row')} ({share(found / event.rows.n)}) count against their "
        f"label, where {count(suspects.expected)} are to be expected. First: rows "
        f"{_first(places, found)}." + _others(hit, event),
        advice=f"Check the labels of these rows in {case.split(evidence.split).source} by hand, "
        "the first ones first; where they are right, the model is too sure of these rows.",
        evidence={
            "rows": rows,
            "ids": ids,
            "count": found,
            "expected": suspects.expected,
            "p_value": suspects.p_value,
            "labels": _labels(hit, excess),
        },
    )


def _first(places: Sequence[int], found: int) -> str:
    shown = [str(p) for p in places[:5]]
    return listed(shown) if found <= 5 else f"{', '.join(shown)} and {count(found - 5)} more"


def _near_ties(evidence: Evidence, s: CalibrationSettings) -> Finding | None:
    ties = evidence.ties
    if evidence.n_rows < FEWEST_FOR_TIES or ties.share.value < s.tie_mention:
        return None
    near = round(ties.share.value * sum(e.rows.n for e in evidence.events))
    many = ties.share.value >= s.tie_share and near >= FEWEST_NEAR_TIES
    exact = f" {count(ties.exact)} are exact ties." if ties.exact else ""
    what = "rows and labels" if len(evidence.events) > 1 else "rows"
    return Finding(
        code="calibration.near-ties",
        severity="warn" if many else "info",
        subject=f"Near ties on {evidence.split}",
        message=f"The top two classes of {share(ties.share.value)} of the {what} are closer than "
        f"{s.tie_gap:g}.{exact} How far seeds or noise move them is not measured here.",
        advice="Let the model abstain on them, or break ties by a rule that is written down.",
        evidence={
            "share": ties.share.value,
            "interval": [ties.share.low, ties.share.high],
            "exact_ties": ties.exact,
            "gap": s.tie_gap,
        },
    )
