"""What is said of what was measured: headline, checks, and the parts put together."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.answers import answers
from reportgen.charts.numbers import count, interval, plural, score
from reportgen.diagnostics.calibration import CODES, CalibrationSettings
from reportgen.diagnostics.calibration.figures import metrics, series
from reportgen.diagnostics.calibration.measure import (
    FEWEST,
    FEWEST_CLUSTERS,
    Evidence,
    Measured,
)
from reportgen.diagnostics.calibration.verdicts import (
    FEWEST_FOR_TIES,
    confidence,
    findings_of,
    leading,
)
from reportgen.evidence import Case, settings_of
from reportgen.results import Check, Finding, Findings
from reportgen.retraining.results import Trained
from reportgen.statistics.calibration import root, shown_over

TESTED = {
    "calibration.overconfident", "calibration.underconfident", "calibration.wrong-base-rate",
}  # fmt: skip
IN_THE_TAIL = {"calibration.loss-from-few-rows", "calibration.suspected-label-errors"}


def judged(case: Case, evidence: Evidence, trained: Trained) -> Findings:
    """Every code is decided; the words follow from what was found."""
    settings = settings_of(case, CalibrationSettings)
    found = findings_of(case, evidence, settings)
    lead = leading(evidence)
    of = answers(case, evidence.split)
    return Findings(
        headline=_headline(evidence, lead, found, settings),
        findings=found,
        metrics=metrics(evidence, of, settings, found),
        series=series(case, evidence, lead, found),
        checks=_checks(evidence, lead, found),
        tried=_tried(evidence),
        result=_result(lead),
        detectable=_detectable(lead),
        method=" ".join((_method(evidence, settings), of.loss_words())).rstrip(),
    )


def _headline(
    evidence: Evidence, lead: Measured, found: Sequence[Finding], settings: CalibrationSettings
) -> str:
    codes = {f.code.split(".")[1] for f in found if f.severity != "info"}
    said, right = confidence(lead.rows)
    where = f" on label {lead.rows.label!r}" if lead.rows.label else ""
    if codes & {"overconfident", "underconfident"}:
        return f"No{where}. It is {score(said)} sure on average, and right {score(right)}."
    if "wrong-base-rate" in codes:
        return _rates(lead, found)
    if "saturated" in codes:
        return "No. Its outputs are 0 or 1, whether it is right or wrong."
    if "suspected-label-errors" in codes:
        return "Only if labels are wrong: it firmly denies more of them than it should."
    if "loss-from-few-rows" in codes:
        return "Mostly. A few rows of which it is sure and wrong carry much of the loss."
    if not lead.tested:
        return f"{_units(lead)} too few to tell."
    if "near-ties" in codes:
        return "Yes, and it says so: many rows are near ties."
    if lead.reach is None or lead.reach.over is None:
        return f"Nothing found, but {_units(lead)} too few to tell."
    off = root(lead.square.value)
    if lead.p_value < settings.alpha and shown_over(lead.square, settings.least_error):
        return (
            f"Not quite. Its probabilities are off by {score(off)}, here too high and there too "
            "low, as the reliability diagram shows."
        )
    if lead.p_value < settings.alpha:
        return (
            f"Yes, nearly. Its probabilities are off by {score(off)}, "
            "which rows show but nobody will feel."
        )
    return f"Yes. Nothing tells its probabilities from true ones on {evidence.n_rows:,} rows."


def _rates(lead: Measured, found: Sequence[Finding]) -> str:
    finding = next(f for f in found if f.code == "calibration.wrong-base-rate")
    said, came = finding.evidence["mean_probability"], finding.evidence["share_of_rows"]
    way = "more" if said > came else "less"
    name = finding.evidence["class"]
    opening = "No." if lead.rows.binary else "Not for every class."
    return f"{opening} Its probabilities hold “{name}” to be {way} frequent than it is."


def _units(event: Measured) -> str:
    n = event.rows.n_units
    what = "row" if event.rows.clusters is None else "group of rows"
    many = "rows" if event.rows.clusters is None else "groups of rows"
    return f"{plural(n, what, many)} {'is' if n == 1 else 'are'}"


def _checks(evidence: Evidence, lead: Measured, found: Sequence[Finding]) -> tuple[Check, ...]:
    raised = {f.code for f in found}
    return tuple(
        Check(code=c.code, status="raised")
        if c.code in raised
        else _unraised(c.code, evidence, lead)
        for c in CODES
    )


def _unraised(code: str, evidence: Evidence, lead: Measured) -> Check:
    reason = None
    if code in TESTED | IN_THE_TAIL and not lead.tested:
        least = FEWEST if lead.rows.clusters is None else FEWEST_CLUSTERS
        reason = f"{_units(lead)} too few to tell; {least} are needed"
    elif code in IN_THE_TAIL and lead.rows.n < 100:
        reason = f"{_units(lead)} too few to tell; 100 are needed"
    elif code == "calibration.suspected-label-errors" and lead.suspects is None:
        reason = "there are training rows only, which the model has seen"
    elif code == "calibration.near-ties" and evidence.n_rows < FEWEST_FOR_TIES:
        reason = f"{_units(lead)} too few to tell; {FEWEST_FOR_TIES} are needed"
    elif code in ("calibration.overconfident", "calibration.underconfident"):
        over = code.endswith("overconfident")
        limit = None if lead.reach is None else lead.reach.over if over else lead.reach.under
        if limit is None:
            factor = "5" if over else "0.2"
            reason = f"even a temperature of {factor} might be missed on these rows"
    if reason is not None:
        return Check(code=code, status="not_applicable", reason=reason)
    return Check(code=code, status="clear")


def _tried(evidence: Evidence) -> str:
    labels = f", {len(evidence.events)} labels" if len(evidence.events) > 1 else ""
    return (
        f"Its probabilities on {count(evidence.n_rows)} rows{labels}; truths drawn from them "
        f"against those of {evidence.split}"
    )


def _result(lead: Measured) -> str:
    error = f"calibration error {score(root(lead.square.value))}"
    if lead.rows.n < 100:
        return error
    return f"{error}; {interval(root(lead.square.low), root(lead.square.high))}"


def _detectable(lead: Measured) -> str:
    found = lead.reach
    if found is None or (found.over is None and found.under is None):
        return f"nothing: {_units(lead)} too few to tell"
    parts = []
    if found.over is not None:
        parts.append(f"{found.over:.2f} or more")
    if found.under is not None:
        parts.append(f"{found.under:.2f} or less")
    error = [] if found.error is None else [f"a calibration error of {score(found.error)}"]
    return "; ".join([f"a temperature of {parts[0]}", *parts[1:], *error])


def _method(evidence: Evidence, settings: CalibrationSettings) -> str:
    lead = evidence.events[0]
    if lead.rows.label is not None:
        what = "Each label is an event of its own, and p-values are corrected over labels (Holm)."
    elif lead.rows.binary:
        what = f"The event is {lead.rows.classes[1]!r}."
    else:
        what = "The event is that the likeliest class is the right one."
    fitted = lead.temperature
    where = "" if fitted is None else f" The temperature is fitted on {fitted.fitted_on}."
    clip = (
        "The loss that is parted is that of the logits."
        if lead.rows.logits
        else "The loss that is parted is clipped at 1e-7, so a row costs at most 16.1."
    )
    zeros = (
        f" A probability of exactly 0 is taken for {lead.rows.floor:.2g}, half of the next value."
        if lead.rows.floor is not None
        else ""
    )
    groups = (
        f" Rows count in {count(lead.rows.n_units)} clusters (groups, copies or time blocks)."
        if lead.rows.clusters is not None
        else ""
    )
    dropped = (
        f" {plural(lead.rows.dropped, 'row')} with a label that is no class are left out."
        if lead.rows.dropped
        else ""
    )
    return (
        f"{what} Calibration is refuted when fewer than {settings.alpha:g} of the draws from the "
        "model's own probabilities look as bad (ECE in bins of equal mass, and Spiegelhalter's "
        f"Z).{where}{zeros} {clip} Near ties are measured by the gap of {settings.tie_gap:g}, not "
        f"by changes between seeds.{groups}{dropped}"
    )
