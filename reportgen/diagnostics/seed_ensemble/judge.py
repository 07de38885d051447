"""From what was measured to findings, checks and the words around them."""

from __future__ import annotations

from reportgen.charts.numbers import count, number, plural, share
from reportgen.diagnostic import Decided, checks
from reportgen.diagnostics.seed_ensemble import decisions
from reportgen.diagnostics.seed_ensemble.declared import (
    CODES,
    COLLAPSES,
    HELPS,
    LUCKY,
    NO_EFFECT,
    NOT_DETERMINISTIC,
    NOT_REPRODUCED,
    UNSTABLE_METRIC,
    UNSTABLE_PREDICTIONS,
    SeedEnsembleSettings,
)
from reportgen.diagnostics.seed_ensemble.luck import Luck, luck
from reportgen.diagnostics.seed_ensemble.measure import Measured, Spread, measure
from reportgen.diagnostics.seed_ensemble.prepare import Prepared
from reportgen.diagnostics.seed_ensemble.series import series
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings, Metric
from reportgen.retraining.results import Trained
from reportgen.statistics.future_draws import spread_interval


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Every code is decided; the words follow from what was found."""
    measured = measure(case, prepared, trained)
    settings = settings_of(case, SeedEnsembleSettings)
    placed = luck(measured.head, settings)
    by_code = {
        UNSTABLE_PREDICTIONS: decisions.unstable_predictions(measured, settings),
        UNSTABLE_METRIC: decisions.unstable_metric(measured, settings),
        LUCKY: decisions.lucky(measured, placed),
        NOT_REPRODUCED: decisions.not_reproduced(measured, placed, settings),
        NOT_DETERMINISTIC: decisions.not_deterministic(case, measured),
        COLLAPSES: decisions.collapses(measured),
        NO_EFFECT: decisions.no_effect(measured),
        HELPS: decisions.helps(measured, settings),
    }
    findings = tuple(f for c in CODES for f in by_code[c.code][0])
    return Findings(
        headline=_headline(measured, placed, findings),
        findings=findings,
        metrics=_metrics(measured, settings, by_code),
        series=series(measured, placed),
        checks=checks(by_code),
        tried=_tried(measured),
        result=_result(measured),
        detectable=_detectable(measured, placed),
        method=_method(measured, settings),
    )


def _headline(measured: Measured, placed: Luck, findings: tuple[Finding, ...]) -> str:
    head = measured.head
    unit = head.metric.unit
    worst = [f.code for level in ("fail", "warn") for f in findings if f.severity == level]
    mean = f"{decisions.in_a_sentence(head.metric.label)} {number(head.mean, unit)} on average"
    if worst:
        first = worst[0]
        if first == COLLAPSES:
            gone = sum(measured.chance.members) + measured.diverged
            total = len(measured.members) + measured.diverged
            return f"Not always. {count(gone)} of {count(total)} trainings end in nothing."
        return {
            NOT_REPRODUCED: f"No. The recipe gives {mean}, the delivered model has "
            f"{number(head.delivered, unit)}.",
            LUCKY: f"Not as good a one. The recipe gives {mean}, the delivered model has "
            f"{number(head.delivered, unit)}.",
            UNSTABLE_PREDICTIONS: "No. Another seed answers "
            f"{share(measured.agreement.churn.value)} of the rows differently.",
            UNSTABLE_METRIC: f"No. {head.metric.label} moves between "
            f"{number(float(head.values.min()), unit)} and "
            f"{number(float(head.values.max()), unit)} with the seed.",
            NOT_DETERMINISTIC: "A like one, but not the same from the same seed.",
            NO_EFFECT: "A like one, but the declared seed does not fix it.",
        }[first]
    return (
        f"Yes, a like one. {plural(len(head.values), 'seed')} give {mean}, the delivered model "
        f"has {number(head.delivered, unit)}; two seeds differ on "
        f"{share(measured.agreement.churn.value)} of the rows."
    )


def _metrics(
    measured: Measured,
    settings: SeedEnsembleSettings,
    by_code: dict[str, Decided],
) -> tuple[Metric, ...]:
    split, n = measured.prepared.delivered.split, measured.prepared.delivered.n
    rows: list[Metric] = []
    for s in measured.spreads:
        rows.append(_mean(s, split, n))
    head = measured.head
    named = decisions.in_a_sentence(head.metric.label)
    low, high = spread_interval(head.sd, len(head.values))
    rows.append(
        Metric(
            name="seed_sd",
            value=head.sd,
            unit=head.metric.unit,
            low=low,
            high=high,
            label=f"Spread over seeds, {named} (standard deviation)",
            split=split,
            n=n,
            interval="chi-squared",
        )
    )
    judged = head.metric.range is not None
    unstable = bool(by_code[UNSTABLE_METRIC][0])
    rows.append(
        Metric(
            name="seed_sd_distribution",
            value=head.variance.sd,
            unit=head.metric.unit,
            threshold=settings.unstable_sd * head.scale if judged else None,
            bound="at most" if judged else None,
            label="The same without the test rows' own noise",
            split=split,
            n=n,
            verdict=("warn" if unstable else "pass") if judged else None,
        )
    )
    rows.append(
        Metric(
            name="sampling_se",
            value=head.sampling,
            unit=head.metric.unit,
            label=f"Beside it: sampling error of {named} on these rows",
            split=split,
            n=n,
        )
    )
    rows += _agreement(measured, settings, by_code[UNSTABLE_PREDICTIONS][0], split, n)
    gain = measured.averaged.gain
    rows.append(
        Metric(
            name="ensemble_gain",
            value=gain.value,
            unit=head.metric.unit,
            low=gain.low,
            high=gain.high,
            label=f"Gain of averaging {plural(len(measured.sound), 'member')}",
            split=split,
            n=n,
            interval=gain.method,
        )
    )
    return tuple(rows)


def _mean(s: Spread, split: str, n: int) -> Metric:
    from reportgen.statistics.intervals import student

    k = len(s.values)
    between = student(s.mean, s.sd / k**0.5, k - 1)
    return Metric(
        name=f"mean_{s.metric.name}",
        value=s.mean,
        unit=s.metric.unit,
        low=between.low,
        high=between.high,
        label=f"{s.metric.label}, mean over seeds",
        split=split,
        n=n,
        interval="t over members",
    )


def _agreement(
    measured: Measured,
    settings: SeedEnsembleSettings,
    found: tuple[Finding, ...],
    split: str,
    n: int,
) -> list[Metric]:
    agreement = measured.agreement
    churn = agreement.churn
    low = max(0.0, churn.low)
    rows = [
        Metric(
            name="churn",
            value=churn.value,
            unit="share",
            low=low,
            high=churn.high,
            label="Churn: rows on which two members differ",
            split=split,
            n=n,
            interval="t, rows and members",
        )
    ]
    if agreement.excess is not None:
        rows.append(
            Metric(
                name="excess_churn",
                value=agreement.excess.value,
                unit="share",
                low=agreement.excess.low,
                high=agreement.excess.high,
                threshold=settings.churn_warn,
                bound="at most",
                label="Churn beyond what the margins announce"
                if measured.step is None
                else "Churn that is judged",
                split=split,
                n=n,
                interval="t, rows and members",
                verdict=found[0].severity if found else "pass",
            )
        )
    if agreement.kappa is not None:
        rows.append(
            Metric(name="kappa", value=agreement.kappa, label="Fleiss's κ of the members",
                   split=split, n=n)
        )  # fmt: skip
    for size, value in agreement.ambiguity.items():
        if size > 2:
            rows.append(
                Metric(
                    name=f"ambiguity_{size}",
                    value=value,
                    unit="share",
                    label=f"Ambiguity: rows on which any of {size} members differ",
                    split=split,
                    n=n,
                )
            )
    return rows


def _tried(measured: Measured) -> str:
    way = "of its own" if measured.prepared.own else "trained again"
    return f"{plural(len(measured.members), 'member')} {way}"


def _result(measured: Measured) -> str:
    head = measured.head
    return (
        f"{head.metric.label} {number(head.mean, head.metric.unit)} ± "
        f"{number(head.sd, head.metric.unit)} over seeds"
    )


def _detectable(measured: Measured, placed: Luck) -> str:
    head = measured.head
    gap = f"A lead of {number(placed.smallest, head.metric.unit)} over the recipe"
    if placed.found_from is None:
        return gap
    return f"{gap}; the best of {count(placed.found_from)} seeds in 80 of 100 cases"


def _method(measured: Measured, settings: SeedEnsembleSettings) -> str:
    said = [
        f"{plural(len(measured.members), 'model')} of the recipe are set beside the delivered "
        "one; its place is judged by the prediction interval of one more member, their spread "
        "without the noise of the shared test rows (Jordan 2023).",
    ]
    if measured.step is None:
        said.append("Churn is judged beyond what the members' own probabilities announce.")
    else:
        said.append(
            f"Two predictions differ when further apart than "
            f"{number(measured.step, 'target')}, {settings.value_step:g} standard deviations of "
            "the target."
        )
    if measured.components is not None:
        said.append("Weight seeds are crossed with order seeds (two-way random effects).")
    elif measured.without_components:
        said.append(f"Weights and order are not told apart: {measured.without_components}.")
    if measured.grown:
        said.append("The ensemble was grown, because the delivered model stood outside it.")
    gone = len(measured.members) - len(measured.sound)
    if gone:
        said.append(f"{plural(gone, 'collapsed member')} stand apart from the spread.")
    if measured.missing:
        said.append(f"Some members were not trained: {measured.missing[0].rstrip('.')}.")
    return " ".join([*said, *(f"{n.rstrip('.')}." for n in measured.notes)])
