"""What is said of what was measured: headline, checks, numbers and words around them."""

from __future__ import annotations

from reportgen.charts.numbers import count, plural, share
from reportgen.diagnostic import checks
from reportgen.diagnostics.sensitivity.decide import Judgement, judgement, way_words, when
from reportgen.diagnostics.sensitivity.declared import (
    BRITTLE,
    DOMINATES,
    FLIPS,
    LIGHTING,
    SHIFT,
    TEXT,
    SensitivitySettings,
)
from reportgen.diagnostics.sensitivity.found import Evidence
from reportgen.diagnostics.sensitivity.series import series
from reportgen.diagnostics.sensitivity.verdicts import (
    Tested,
    columns_of,
    smallest,
    too_few,
)
from reportgen.evidence import Case, settings_of
from reportgen.results import Findings, Metric
from reportgen.retraining.results import Trained

WORSE = {FLIPS, BRITTLE, LIGHTING, SHIFT, TEXT}


def judged(case: Case, evidence: Evidence, trained: Trained) -> Findings:
    """Every code is decided; the words follow from what was found."""
    settings = settings_of(case, SensitivitySettings)
    found = judgement(evidence, settings)
    return Findings(
        headline=_headline(evidence, found),
        findings=found.findings,
        metrics=_metrics(evidence, found, settings),
        series=series(case, evidence, found, settings),
        checks=checks(found.decided),
        tried=_tried(evidence),
        result=_result(evidence, found),
        detectable=_detectable(evidence, found, settings),
        method=_method(evidence, settings),
    )


def _unit(evidence: Evidence) -> str:
    return "predictions" if evidence.answers.task == "regression" else "answers"


def _headline(evidence: Evidence, found: Judgement) -> str:
    few = too_few(evidence)
    if few is not None:
        return f"It cannot be told: {few}."
    flips = {f.code: f for f in reversed(found.findings) if f.severity != "info"}
    answers = _unit(evidence)
    if BRITTLE in flips:
        one = flips[BRITTLE]
        others = len(found.of(BRITTLE)) - 1
        more = f", and {plural(others, 'other column is', 'other columns are')} alike" * (
            others > 0
        )
        return (
            f"Yes. The smallest step of “{one.subject}” changes {share(one.evidence['flips'])} of "
            f"the {answers}{more}."
        )
    for code in (FLIPS, SHIFT, LIGHTING, TEXT):
        if code in flips:
            one = flips[code]
            key = one.evidence.get("change", "joint")
            return f"Yes. {share(one.evidence['flips'])} of the {answers} change when {when(key)}."
    if DOMINATES in flips:
        one = flips[DOMINATES]
        return (
            f"Not small ones, but “{one.subject}” alone decides: it holds "
            f"{share(one.evidence['share'])} of the importance."
        )
    return _clean(evidence, found)


def _clean(evidence: Evidence, found: Judgement) -> str:
    tests = _leading(found)
    answers = _unit(evidence)
    if not tests:
        return "No column has a step so small that it means nothing; what larger ones do is shown."
    one = max(tests, key=lambda t: t.change.flips.value)
    flips, beyond = one.change.flips.value, one.change.beyond.value
    what = when(one.key)
    if flips > 0.05 and beyond < flips / 4:
        return (
            f"No, but it is uncertain: {share(flips)} of the {answers} change when {what}, of rows "
            f"that were undecided; counted by how far the probability moves, {share(beyond)}."
        )
    if flips > 0.05:
        return (
            f"Hardly. {share(flips)} of the {answers} change when {what}; counted by how far the "
            f"probability moves, {share(beyond)}."
        )
    most = " at most" if len(tests) > 1 else ""
    return f"No. {share(flips)} of the {answers} change{most} when {what}."


def _leading(found: Judgement) -> list[Tested]:
    return [found.joint] if found.joint is not None else list(found.ways)


def _tried(evidence: Evidence) -> str:
    if evidence.layout is None or evidence.kind == "tokens":
        ways = len(evidence.changes)
        return f"{plural(ways, 'small change')} of {plural(evidence.n_judged, 'row')}"
    n = len(columns_of(evidence))
    return f"{plural(n, 'column')} moved and shuffled; {count(evidence.sent)} rows asked"


def _result(evidence: Evidence, found: Judgement) -> str:
    tests = _leading(found)
    if not tests:
        return "No column with small steps"
    one = max(tests, key=lambda t: t.change.beyond.value)
    return (
        f"{share(one.change.flips.value)} change; {share(one.change.beyond.value)} beyond margins"
    )


def _detectable(evidence: Evidence, found: Judgement, settings: SensitivitySettings) -> str:
    few = too_few(evidence)
    if few is not None:
        return f"nothing: {few}"
    parts = []
    for tests, what in ((_leading(found), ""), (list(found.columns.values()), " by one column")):
        if tests:
            limit = max(
                smallest(t.change, t.allowed, settings, len(tests), _again(evidence, t))
                for t in tests
            )
            parts.append(f"{share(limit)} of the {_unit(evidence)} changed{what}")
    return "; ".join(parts)


def _again(evidence: Evidence, one: Tested) -> int:
    """Rows that a second look would have asked of the same."""
    return evidence.power.get("joint" if one.key in ("joint", "steps") else "noise", 0)


def _metrics(
    evidence: Evidence, found: Judgement, settings: SensitivitySettings
) -> tuple[Metric, ...]:
    split = evidence.answers.split
    judged_rows = too_few(evidence) is None
    rows: list[Metric] = []
    if found.joint is not None:
        flips = found.joint.change.flips
        rows.append(Metric(
            name="flips_joint", label=f"{_unit(evidence).capitalize()} changed, all columns moved",
            value=flips.value, low=flips.low, high=flips.high, interval=flips.method,
            unit="share", split=split, n=found.joint.change.n,
        ))  # fmt: skip
    tests = [("joint", "all columns moved", found.joint)] if found.joint is not None else []
    tests += [(t.key.replace(":", "_"), way_words(t.key), t) for t in found.ways]
    for name, words, one in tests:
        beyond = one.change.beyond
        rows.append(Metric(
            name=f"beyond_{name}", label=f"Beyond margins, {words}", value=round(beyond.value, 5),
            low=round(beyond.low, 5), high=round(beyond.high, 5), interval=beyond.method,
            unit="share", split=split, n=one.change.n,
            threshold=one.allowed + settings.warn_over, bound="at most",
            verdict=(one.severity or "pass") if judged_rows and one.severity != "info" else None,
        ))  # fmt: skip
        if evidence.answers.task == "regression":
            moved = one.change.moved
            rows.append(Metric(
                name=f"moved_{name}", label=f"Mean move of a prediction, in sd of y, {words}",
                value=moved.value, low=moved.low, high=moved.high, interval=moved.method,
                unit="ratio", split=split, n=one.change.n,
            ))  # fmt: skip
    worst = max(found.columns.values(), key=lambda t: t.excess.value, default=None)
    if worst is not None and len(found.columns) > 1:
        rows.append(Metric(
            name="beyond_column", label="Beyond margins, the column that changes most",
            value=worst.change.beyond.value, low=worst.change.beyond.low,
            high=worst.change.beyond.high, interval=worst.change.beyond.method, unit="share",
            split=split, n=worst.change.n, threshold=worst.allowed + settings.warn_over,
            bound="at most", verdict=(worst.severity or "pass") if judged_rows else None,
        ))  # fmt: skip
    return (*rows, *_importance(evidence, found, settings, judged_rows))


def _importance(
    evidence: Evidence, found: Judgement, settings: SensitivitySettings, judged_rows: bool
) -> list[Metric]:
    given = evidence.importance
    if given is None or len(given.rises) < 2:
        return []
    top = given.order[0]
    share_, rise = given.shares[top], given.rises[top]
    raised = bool(found.of(DOMINATES))
    assert evidence.layout is not None
    name, split = evidence.layout.units[top].name, evidence.answers.split
    judge = judged_rows and len(columns_of(evidence)) >= 3 and share_.known
    return [
        Metric(
            name="largest_importance", label=f"Share of the importance, {name}",
            value=share_.value, low=share_.low if share_.known else None,
            high=share_.high if share_.known else None,
            interval=share_.method if share_.known else None, unit="share", split=split,
            n=given.n, threshold=settings.dominates, bound="at most",
            verdict=None if not judge else "warn" if raised else "pass",
        ),
        Metric(
            name="largest_rise", label=f"Rise of the squared error when shuffled, {name}",
            value=rise.value, low=rise.low if rise.known else None,
            high=rise.high if rise.known else None,
            interval=rise.method if rise.known else None, unit="score", split=split,
            n=given.n,
        ),
        Metric(name="squared_error", label="Squared error as it is", value=given.loss,
               unit="score", split=split, n=given.n),
    ]  # fmt: skip


def _method(evidence: Evidence, settings: SensitivitySettings) -> str:
    asked = (
        f"The model was asked for {count(evidence.sent)} changed {_rows(evidence)} beside the "
        f"{count(evidence.plain)} {'answers' if _per_step(evidence) else 'rows'} of "
        f"{evidence.answers.split}, after the job's own preprocessing."
    )
    if evidence.again:
        asked += f" Most of them in a second look, for in the first {evidence.again}."
    if evidence.answers.task == "regression":
        counted = (
            f"A prediction counts as changed when it moves by more than {settings.moved:g} "
            "standard deviations of train's target."
        )
    elif evidence.answers.scores is None:
        counted = "The model gives labels alone, so each changed one counts whole."
    else:
        counted = (
            "A changed answer counts by how far the probability moved: one that goes from 0.51 to "
            "0.49 was a toss of a coin before and counts a fiftieth."
        )
    said = [asked, counted]
    layout = evidence.layout
    if layout is not None:
        if any(r.kind in ("number", "category") for r in layout.roles):
            said.append(_of_columns(settings))
        if layout.blocks:
            said.append("The table is wide: neighbouring columns are moved in blocks.")
        if layout.unread:
            said.append(f"Not moved, for it has no known step: {', '.join(layout.unread[:5])}.")
    elif evidence.kind == "images":
        said.append("Values stay within the range of the images.")
    if _per_step(evidence):
        counted += " Labels stand step by step: sequences are changed, and each step compared."
    said = [asked, counted, *said[2:]]
    if evidence.regions is not None:
        said.append(_of_regions(evidence))
    if evidence.words is not None:
        said.append(
            f"Of {plural(evidence.words.known, 'word')} that texts share, those whose texts have "
            "the most unusual answers were left out, one at a time."
        )
    if any(k.startswith("text:t") for k in evidence.changes):
        said.append("A typo may change as many answers as the words it spoils are worth.")
    said += [f"Not tried: {name} ({why})." for name, why in evidence.left_out.items()]
    return " ".join(said)


def _per_step(evidence: Evidence) -> bool:
    return evidence.per_step


def _rows(evidence: Evidence) -> str:
    return "sequences" if _per_step(evidence) else "rows"


def _of_regions(evidence: Evidence) -> str:
    assert evidence.regions is not None
    mean = "train's mean image" if evidence.kind == "images" else "train's mean"
    parts = "parts of images" if evidence.kind == "images" else "runs of steps"
    return (
        f"Importance of {parts}: each is hidden behind {mean} in {count(evidence.regions.n)} "
        f"of them, and those worth most are divided once more (occlusion). It is shown, not judged."
    )


def _of_columns(settings: SensitivitySettings) -> str:
    return (
        "Numbers move by their smallest usual step or 1 % of their spread, the larger, within the "
        "range seen in train; categories and one-hot groups are exchanged for others that occur, "
        f"and shown, not judged, as are steps over {share(settings.small_step)} of the usual "
        f"difference of two rows, in ranks. Allowed is {settings.allowance:g} times what a model "
        "shows whose answers change evenly over a column's values, measured by shuffling it. "
        "Importance is the rise of the squared error; columns with a rank correlation over 0.8 "
        "are shuffled together."
    )
