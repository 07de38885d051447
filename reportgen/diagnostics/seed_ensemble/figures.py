"""The section's numbers, each with its interval, threshold and verdict."""

from __future__ import annotations

from reportgen.charts.numbers import in_a_sentence, plural
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.agreement import Agreement
from reportgen.diagnostics.seed_ensemble.declared import (
    UNSTABLE_METRIC,
    UNSTABLE_PREDICTIONS,
    SeedEnsembleSettings,
)
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.diagnostics.seed_ensemble.spread import Spread
from reportgen.diagnostics.seed_ensemble.stability import ranged
from reportgen.results import Finding, Metric


def metrics(
    measured: Measured, settings: SeedEnsembleSettings, decided: dict[str, Decided]
) -> tuple[Metric, ...]:
    """Means over seeds; spread and sampling noise beside it; agreement; averaging."""
    split, n = measured.prepared.delivered.split, measured.prepared.delivered.n
    rows = [_mean(s) for s in measured.spreads]
    rows += _spread(measured, settings, bool(decided[UNSTABLE_METRIC][0]))
    rows += _agreement(measured, settings, decided[UNSTABLE_PREDICTIONS][0])
    rows += _averaged(measured)
    return tuple(row.model_copy(update={"split": split, "n": n}) for row in rows)


def _mean(s: Spread) -> Metric:
    return Metric(
        name=f"mean_{s.metric.name}",
        value=s.mean,
        unit=s.metric.unit,
        low=s.expected.low,
        high=s.expected.high,
        label=f"{s.metric.label}, mean over seeds",
        interval=s.expected.method,
    )


def _spread(measured: Measured, settings: SeedEnsembleSettings, unstable: bool) -> list[Metric]:
    head = measured.head
    named = in_a_sentence(head.metric.label)
    low, high = head.sd_interval
    judged = ranged(measured)
    told = judged or head
    of_another = "" if told is head else f", {in_a_sentence(told.metric.label)}"
    return [
        Metric(
            name="seed_sd",
            value=head.sd,
            unit=head.metric.unit,
            low=low,
            high=high,
            label=f"Spread over seeds, {named} (standard deviation)",
            interval="chi-squared",
        ),
        Metric(
            name="seed_sd_distribution",
            value=told.variance.sd,
            unit=told.metric.unit,
            threshold=settings.unstable_sd * told.scale if judged else None,
            bound="at most" if judged else None,
            label=f"Spread without the test rows' own noise{of_another}",
            verdict=("warn" if unstable else "pass") if judged else None,
        ),
        Metric(
            name="sampling_se",
            value=head.sampling,
            unit=head.metric.unit,
            label=f"Beside it: sampling error of {named} on these rows",
        ),
    ]


def _agreement(
    measured: Measured, settings: SeedEnsembleSettings, found: tuple[Finding, ...]
) -> list[Metric]:
    agreement: Agreement = measured.agreement
    churn = agreement.churn
    values = measured.step is not None
    rows = [
        Metric(
            name="churn",
            value=churn.value,
            unit="share",
            low=max(0.0, churn.low),
            high=churn.high,
            threshold=settings.churn_warn if values else None,
            bound="at most" if values else None,
            label=f"Churn: {agreement.cells} on which two members differ",
            interval="t, rows and members",
            verdict=(found[0].severity if found else "pass") if values else None,
        )
    ]
    if agreement.excess is not None and not values:
        rows.append(
            Metric(
                name="excess_churn",
                value=agreement.excess.value,
                unit="share",
                low=agreement.excess.low,
                high=agreement.excess.high,
                threshold=settings.churn_warn,
                bound="at most",
                label="Churn beyond what the margins announce",
                interval="t, rows and members",
                verdict=found[0].severity if found else "pass",
            )
        )
    rows.append(
        Metric(
            name="churn_delivered",
            value=agreement.delivered,
            unit="share",
            label=f"{agreement.cells.capitalize()} on which the delivered model and a member "
            "differ",
        )
    )
    if agreement.kappa is not None:
        rows.append(Metric(name="kappa", value=agreement.kappa, label="Fleiss's κ of the members"))
    for size, value in agreement.ambiguity.items():
        if size > 2:
            rows.append(
                Metric(
                    name=f"ambiguity_{size}",
                    value=value,
                    unit="share",
                    label=f"Ambiguity: {agreement.cells} on which any of {size} members differ",
                )
            )
    return rows


def _averaged(measured: Measured) -> list[Metric]:
    head, found = measured.head, measured.averaged
    members = plural(len(measured.sound), "member")
    return [
        Metric(
            name="ensemble_score",
            value=found.score.value,
            unit=head.metric.unit,
            low=found.score.low,
            high=found.score.high,
            label=f"{head.metric.label} of the {members} averaged",
            interval=found.score.method,
        ),
        Metric(
            name="ensemble_gain",
            value=found.gain.value,
            unit=head.metric.unit,
            low=found.gain.low,
            high=found.gain.high,
            label="Gain of averaging over a single member",
            interval=found.gain.method,
        ),
    ]
