"""The numbers that tables and figures show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.answers import SEEN, Answers
from reportgen.diagnostics.calibration import CalibrationSettings
from reportgen.diagnostics.calibration.measure import Evidence, Measured
from reportgen.diagnostics.calibration.verdicts import FEWEST_FOR_TIES, confidence
from reportgen.evidence import Case
from reportgen.results import Finding, Metric, Verdict
from reportgen.statistics.calibration import bin_intervals, isotonic, root, shown_over
from reportgen.statistics.curves import thin
from reportgen.statistics.estimates import Design, proportion
from reportgen.statistics.intervals import Interval

MOST_LABELS = 20


def metrics(
    evidence: Evidence, answers: Answers, settings: CalibrationSettings, found: Sequence[Finding]
) -> tuple[Metric, ...]:
    """Every number with its interval and threshold; ``answers`` are those of the same rows."""
    raised = {f.code.split(".")[1]: f.severity for f in found}
    rows: list[Metric] = []
    events = sorted(evidence.events, key=lambda e: (e.p_value, -e.square.value))
    for event in events[:MOST_LABELS]:
        rows += _of_event(event, evidence, settings, raised, answers if len(events) == 1 else None)
    ties = evidence.ties
    judged = evidence.n_rows >= FEWEST_FOR_TIES
    rows.append(
        Metric(
            name="near_ties", label=f"Rows whose top two classes are closer than "
            f"{settings.tie_gap:g}", value=ties.share.value, low=ties.share.low,
            high=ties.share.high, interval=ties.share.method, unit="share",
            threshold=settings.tie_share, bound="at most", split=evidence.split,
            n=evidence.n_rows,
            verdict=_verdict(raised, "near-ties") if judged else None,
        )
    )  # fmt: skip
    if evidence.penalty is not None:
        rows.append(
            Metric(name="penalty", label="Penalty terms in the printed loss", unit="loss",
                   value=evidence.penalty)
        )  # fmt: skip
    return tuple(rows)


def _verdict(raised: Mapping[str, str], *codes: str) -> Verdict:
    return "warn" if any(raised.get(c) == "warn" for c in codes) else "pass"


def _of_event(
    event: Measured,
    evidence: Evidence,
    settings: CalibrationSettings,
    raised: Mapping[str, str],
    answers: Answers | None,
) -> list[Metric]:
    """All of one event's; few of a label's, of which there may be many (``answers`` None)."""
    n, split, label = event.rows.n, evidence.split, event.rows.label
    suffix = "" if label is None else f", label {label}"

    def metric(
        name: str, words: str, value: float | None, unit: str = "score",
        between: Interval | None = None, **more: Any,
    ) -> Metric:  # fmt: skip
        if between is not None and between.known:
            more |= {"low": between.low, "high": between.high, "interval": between.method}
        key = name if label is None else f"{name}:{label}"
        return Metric(
            name=key, label=words + suffix, value=value, unit=unit, split=split, n=n, **more
        )

    square = event.square
    error = root(square.value)
    rooted = Interval(error, root(square.low), root(square.high), square.method)
    wide_enough = rooted if n >= 100 and event.tested else None
    bad = shown_over(square, settings.least_error) and event.p_value < settings.alpha
    out = [
        metric(
            "calibration_error", "Calibration error (root mean square, debiased)", error,
            between=wide_enough, threshold=settings.least_error, bound="at most",
            verdict=None if not event.tested else "warn" if bad else "pass",
        ),
        metric("ece", f"ECE in {len(event.bins.n)} bins of equal mass", event.chance.error),
        metric("ece_if_calibrated", "ECE of a calibrated model on these rows",
               event.chance.expected, threshold=None),
    ]  # fmt: skip
    if answers is None:
        return out
    said, right = confidence(event.rows)
    top = event.rows.scores.argmax(axis=1)
    accuracy = proportion(top == event.rows.y, Design(n, None, event.rows.clusters))
    out += [
        metric("confidence", "Mean confidence in the likeliest class", said),
        metric("accuracy", "How often the likeliest class is right", right, between=accuracy),
        metric("spiegelhalter_z", "Spiegelhalter's Z", event.chance.z, "ratio",
               reason=None if np.isfinite(event.chance.z)
               else "the outputs are all 0, 0.5 or 1"),
        metric("brier_event", _brier_words(event), event.parts.score),
        metric("miscalibration", "of which miscalibration (CORP)", event.parts.miscalibration),
        metric("discrimination", "less discrimination (CORP)", event.parts.discrimination),
        metric("uncertainty", "and uncertainty (CORP)", event.parts.uncertainty),
    ]  # fmt: skip
    warm = event.temperature
    if warm is not None:
        out += [
            metric("temperature", "Temperature that would mend it", warm.value, "ratio"),
            metric("temperature_gain", "Log loss taken off by it", warm.gain.value, "loss",
                   warm.gain, threshold=settings.least_gain * event.saturation.loss,
                   bound="at most",
                   verdict=_verdict(raised, "overconfident", "underconfident")),
        ]  # fmt: skip
    out += _loss_parts(event, answers, settings, raised, metric)
    return out


def _brier_words(event: Measured) -> str:
    return "Brier score" if event.rows.binary else "Brier score of confidence"


def _loss_parts(
    event: Measured,
    answers: Answers,
    settings: CalibrationSettings,
    raised: Mapping[str, str],
    metric: Any,
) -> list[Metric]:
    found, log_loss = event.saturation, answers.log_loss()
    out = [metric("log_loss", "Log loss", log_loss.value, "loss", log_loss)]
    for name, words, value in (
        ("log_loss_logits", "Log loss from the logits, not clipped", found.loss),
        ("log_loss_clipped", "Log loss clipped at 1e-7, as Keras prints it", found.clipped_loss),
    ):
        if abs(value - log_loss.value) >= SEEN and (event.rows.logits or "logits" not in name):
            out.append(metric(name, words, value, "loss"))
    if event.worst is not None:
        out += [
            metric("worst_rows_share", "Loss in the worst 1 % of rows", event.worst.share,
                   "share", threshold=event.worst.expected + settings.few_rows_excess,
                   bound="at most", verdict=_verdict(raised, "loss-from-few-rows")),
            metric("worst_rows_expected", "Loss expected there", event.worst.expected, "share"),
        ]  # fmt: skip
    out.append(
        metric("saturated", "Outputs within 1e-7 of certainty", found.share, "share",
               threshold=settings.saturated_share, bound="at most",
               verdict=_verdict(raised, "saturated"))
    )  # fmt: skip
    if event.suspects is not None and event.explanation is not None:
        out += [
            metric("suspects", "Rows that count against their label",
                   len(event.suspects.rows) / event.rows.n, "share",
                   threshold=event.suspects.expected / event.rows.n + settings.label_errors,
                   bound="at most", verdict=_verdict(raised, "suspected-label-errors")),
            metric("random_labels", "Share of random labels that fits best",
                   event.explanation.noise, "share"),
        ]  # fmt: skip
    return out


def series(
    case: Case, evidence: Evidence, lead: Measured, found: Sequence[Finding]
) -> dict[str, Any]:
    """The numbers of every figure, for the leading event, and the rows to look at."""
    rows, bins = lead.rows, lead.bins
    p, y = rows.event()
    intervals = bin_intervals(bins, lead.effect, rows.df)
    edges = np.linspace(0, 1, 21)
    values, fitted = isotonic(p, y)
    fit_x, fit_y = thin(values, fitted, tolerance=0.002, max_points=300)
    top = rows.scores.argmax(axis=1)
    said = rows.scores[np.arange(rows.n), top]
    right = top == rows.y
    least = 1 / len(rows.classes)
    steps = np.linspace(least, 1, 21)
    out: dict[str, Any] = {
        "about": {
            "split": evidence.split, "n": rows.n, "label": rows.label,
            "event": rows.classes[1] if rows.binary else None, "n_classes": len(rows.classes),
        },
        "reliability": {
            "n": bins.n.astype(int), "forecast": bins.forecast, "observed": bins.observed,
            "low": [i.low for i in intervals], "high": [i.high for i in intervals],
            "band_low": lead.chance.low, "band_high": lead.chance.high,
            "fit_x": fit_x, "fit_y": fit_y,
            "edges": edges, "counts": np.histogram(p, edges)[0],
        },
        "confidence": {
            "edges": steps,
            "right": np.histogram(said[right], steps)[0],
            "wrong": np.histogram(said[~right], steps)[0],
        },
        "ties": {
            "gap": evidence.ties.gaps, "share": evidence.ties.curve,
            "judged_at": float(_tie_gap(case)), "share_there": evidence.ties.share.value,
        },
    }  # fmt: skip
    if lead.worst is not None:
        out["loss_concentration"] = {
            "rows": lead.worst.shares, "loss": lead.worst.curve,
            "share": lead.worst.share, "expected": lead.worst.expected,
        }  # fmt: skip
    if len(evidence.events) > 1:
        worst = sorted(evidence.events, key=lambda e: (e.p_value, -e.square.value))[:200]
        out["labels"] = {
            "label": [e.rows.label for e in worst],
            "error": [root(e.square.value) for e in worst],
            "low": [root(e.square.low) for e in worst],
            "high": [root(e.square.high) for e in worst],
            "p_value": [e.p_value for e in worst],
        }
    for finding in found:
        if finding.code == "calibration.suspected-label-errors":
            rows_found = finding.evidence["rows"]
            out["suspects"] = {
                key: [row[key] for row in rows_found]
                for key in ("row", "label", "suggested", "self_confidence")
            }
            out["suspects"] |= {"id": finding.evidence["ids"], "total": finding.evidence["count"]}
    return out


def _tie_gap(case: Case) -> float:
    assert isinstance(case.settings, CalibrationSettings)
    return case.settings.tie_gap
