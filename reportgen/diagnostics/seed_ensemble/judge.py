"""From what was measured to findings, checks and the words around them."""

from __future__ import annotations

from reportgen.charts.numbers import count, in_a_sentence, number, plural, share
from reportgen.diagnostic import Decided, NotApplicable, checks
from reportgen.diagnostics.seed_ensemble.collapse import collapse_rate
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
from reportgen.diagnostics.seed_ensemble.figures import metrics
from reportgen.diagnostics.seed_ensemble.gain import helps
from reportgen.diagnostics.seed_ensemble.luck import Luck, luck
from reportgen.diagnostics.seed_ensemble.measure import Measured, measure
from reportgen.diagnostics.seed_ensemble.prepare import Prepared
from reportgen.diagnostics.seed_ensemble.repeats import no_effect, not_deterministic, repeats_words
from reportgen.diagnostics.seed_ensemble.series import repeated_series, series
from reportgen.diagnostics.seed_ensemble.stability import (
    TOLD,
    collapses,
    ranged,
    unstable_metric,
    unstable_predictions,
)
from reportgen.diagnostics.seed_ensemble.standing import (
    lucky,
    members_words,
    not_reproduced,
)
from reportgen.diagnostics.seed_ensemble.traits import direction
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings
from reportgen.retraining.results import Trained


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Every code is decided; the words follow from what was found.

    Raises
    ------
    NotApplicable
        when there are no other models to compare with, and nothing was found without them.
    """
    try:
        measured = measure(case, prepared, trained)
    except NotApplicable as why:
        return _alone(prepared, str(why))
    settings = settings_of(case, SeedEnsembleSettings)
    grows = not prepared.own and settings.grow_to > settings.members
    placed = luck(measured.head, settings, grows=grows, fallen=measured.fallen)
    decided: dict[str, Decided] = {
        UNSTABLE_PREDICTIONS: unstable_predictions(measured, settings),
        UNSTABLE_METRIC: unstable_metric(measured, settings),
        LUCKY: lucky(measured, placed, settings),
        NOT_REPRODUCED: not_reproduced(measured, placed, settings),
        NOT_DETERMINISTIC: not_deterministic(prepared),
        COLLAPSES: collapses(measured),
        NO_EFFECT: no_effect(prepared),
        HELPS: helps(measured, settings),
    }
    findings = tuple(f for c in CODES for f in decided[c.code][0])
    return Findings(
        headline=_headline(measured, findings),
        findings=findings,
        metrics=metrics(measured, settings, decided),
        series=series(measured, placed, {c: r for c, (f, r) in decided.items() if r and not f}),
        checks=checks(decided),
        tried=_tried(measured),
        result=_result(measured),
        detectable=_detectable(measured, placed, settings),
        method=_method(measured, settings),
    )


def _alone(prepared: Prepared, why: str) -> Findings:
    """What the delivered model and its seed tell by themselves."""
    decided: dict[str, Decided] = {c.code: ((), why) for c in CODES}
    decided[NOT_DETERMINISTIC] = not_deterministic(prepared)
    decided[NO_EFFECT] = no_effect(prepared)
    findings = tuple(f for c in CODES for f in decided[c.code][0])
    worst = [f for f in findings if f.severity != "info"]
    if not worst:
        raise NotApplicable(why)
    return Findings(
        headline=_unrepeated(worst[0]) + " Other seeds could not be tried.",
        findings=findings,
        series=repeated_series(prepared),
        checks=checks(decided),
        tried="The delivered model and its seed, twice",
        result="It does not repeat",
        method=f"There are no models to compare with: {why.rstrip('.')}. {repeats_words(prepared)}",
    )


def _unrepeated(first: Finding) -> str:
    if first.code == NOT_DETERMINISTIC and first.subject == "delivered model":
        return "The delivered model itself does not answer alike twice."
    if first.code == NO_EFFECT:
        return "A like one, but the declared seed does not fix it."
    return "A like one, but not the same from the same seed."


def _headline(measured: Measured, findings: tuple[Finding, ...]) -> str:
    head = measured.head
    unit = head.metric.unit
    worst = [f for level in ("fail", "warn") for f in findings if f.severity == level]
    mean = f"{in_a_sentence(head.metric.label)} {number(head.mean, unit)} on average"
    if not worst:
        return (
            f"Yes, a like one. {plural(len(head.values), 'seed')} give {mean}, the delivered "
            f"model has {number(head.delivered, unit)}; two seeds differ on "
            f"{share(measured.agreement.churn.value)} of the {measured.agreement.cells}."
        )
    first = min(worst, key=lambda f: f.code != NOT_REPRODUCED)
    if first.code == COLLAPSES and first.subject == "delivered model":
        return (
            f"A better one. The delivered model is at chance; {mean} is what its recipe gives "
            "where training does not collapse."
        )
    if first.code == COLLAPSES:
        gone = sum(measured.chance.members) + measured.given.diverged
        total = len(measured.members) + measured.given.diverged
        return f"Not always. {count(gone)} of {count(total)} trainings end in nothing."
    if first.code == NOT_REPRODUCED and first.subject == "what was learned":
        way = {1: "more", -1: "less", 0: "otherwise"}[direction(measured.traits)]
        return f"Not one like it. The delivered model learned {way} than its recipe teaches."
    if first.code == NOT_REPRODUCED and first.subject == "members":
        return "Not these. The job's own members are not retrainings of its recipe."
    if first.code in (NOT_DETERMINISTIC, NO_EFFECT):
        return _unrepeated(first)
    spread = (ranged(measured) or head) if first.code == UNSTABLE_METRIC else head
    low, high = (number(v, spread.metric.unit) for v in (spread.values.min(), spread.values.max()))
    return {
        NOT_REPRODUCED: f"No. The recipe gives {mean}, the delivered model has "
        f"{number(head.delivered, unit)}.",
        LUCKY: f"Not as good a one. The recipe gives {mean}, the delivered model has "
        f"{number(head.delivered, unit)}.",
        UNSTABLE_PREDICTIONS: "No. Another seed answers "
        f"{share(measured.agreement.churn.value)} of the {measured.agreement.cells} differently.",
        UNSTABLE_METRIC: f"No. {spread.metric.label} moves between {low} and {high} with the seed.",
    }[first.code]


def _tried(measured: Measured) -> str:
    way = "of its own" if measured.prepared.own else "trained again"
    return f"{plural(len(measured.members), 'member')} {way}"


def _result(measured: Measured) -> str:
    head = measured.head
    return (
        f"Seeds spread by {number(head.sd, head.metric.unit)}; {head.metric.label} "
        f"{number(head.mean, head.metric.unit)} on average"
    )


def _detectable(measured: Measured, placed: Luck, settings: SeedEnsembleSettings) -> str:
    """The smallest effects that would have been found with 80 % power."""
    said = [f"A lead of {number(placed.smallest, measured.head.metric.unit)} over the recipe"]
    if placed.found_from is not None and placed.found_from <= settings.best_of:
        said.append(f"the best of {count(placed.found_from)} seeds")
    judged = ranged(measured)
    if judged is not None:
        least = max(judged.variance.smallest(TOLD), settings.unstable_sd * judged.scale)
        said.append(f"a spread of {number(least, judged.metric.unit)} over seeds")
    tried = len(measured.members) + measured.given.diverged
    said.append(f"collapse of {share(collapse_rate(tried))} of the seeds")
    return "; ".join(said)


def _method(measured: Measured, settings: SeedEnsembleSettings) -> str:
    prepared = measured.prepared
    members = plural(len(measured.members), "model")
    said = [
        f"{members} of the recipe are set beside the delivered one; its place is judged by the "
        "prediction interval of one more member, their spread without the noise of the shared "
        "test rows (Jordan 2023). A mean over seeds has an interval over members and rows.",
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
        said.append(
            "Weight seeds are crossed with order seeds (two-way random effects with interaction)."
        )
    elif measured.without_components:
        said.append(f"Weights and order are not told apart: {measured.without_components}.")
    if measured.given.grown:
        said.append(
            f"The ensemble was grown from {count(settings.members)} in steps, for as long as the "
            "delivered model stood outside it."
        )
    ended = measured.given.ended
    if ended:
        said.append(
            f"Growing it from {count(measured.given.tried)} to "
            f"{count(measured.given.tried + ended)} was begun, as the delivered model stood "
            "outside it, and ended by the time allowed (`budget: {minutes: …}`): that round is "
            "left out, and its place is no fail without it."
        )
    gone = len(measured.members) - len(measured.sound)
    if gone:
        said.append(f"{plural(gone, 'collapsed member')} stand apart from the spread.")
    if measured.given.missing:
        said.append(f"Some members were not trained: {measured.given.missing[0].rstrip('.')}.")
    copies = prepared.copies
    if copies:
        answers = "answers as another, or as the delivered model,"
        if copies > 1:
            answers = "answer as others, or as the delivered model,"
        said.append(f"{plural(copies, 'listed member')} {answers} bit for bit: not counted.")
    said.append(members_words(measured))
    said.append(repeats_words(prepared))
    said += [f"{n.rstrip('.:')}." for n in measured.notes]
    return " ".join(part for part in said if part)
