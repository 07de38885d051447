"""What the templates show, put in order: numbers of sections, tables, words for verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reportgen.charts.numbers import NONE, interval, number
from reportgen.diagnosis.words import spoken, unit_of
from reportgen.diagnostics import suite
from reportgen.job.printed import Printed
from reportgen.render import environment
from reportgen.render.cause_rows import LONG_HEADLINE, CauseRow, effects_of, foremost, rows
from reportgen.render.figures import Drawn, Figures, Picture
from reportgen.render.glossary import terms
from reportgen.render.look import PLAIN, Look
from reportgen.render.score_walk import StepWords, in_words
from reportgen.results import (
    SEVERITIES,
    AuditReport,
    Finding,
    Metric,
    Restated,
    Section,
    Setting,
)

SPLIT_ORDER = ("train", "validation", "test")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
PLAIN_SECTION = "section.html.j2"
MOST_METRICS = 40  # rows of a section's table; the rest stands in report.json
WORDS = {
    "pass": "PASS",
    "info": "INFO",
    "warn": "WARN",
    "fail": "FAIL",
    "incomplete": "INCOMPLETE",
    "failed": "INCOMPLETE",
    "not_applicable": "N/A",
}


@dataclass(frozen=True)
class MetricRow:
    """A quantity: a value a split, then interval, threshold and verdict of the last one."""

    label: str
    values: tuple[str, ...]
    interval: str
    threshold: str
    verdict: str | None
    reason: str


@dataclass(frozen=True)
class MetricTable:
    """Columns are the splits that occur (none named: one column, Value)."""

    splits: tuple[str, ...]
    rows: tuple[MetricRow, ...]
    judged: bool
    left_out: int


@dataclass(frozen=True)
class SectionView:
    """A section as its partial sees it; ``section`` is the plain result."""

    number: int | None
    anchor: str
    title: str
    question: str
    mark: str
    section: Section
    figures: tuple[Picture, ...]
    problem: str | None
    findings: tuple[Finding, ...]
    metrics: MetricTable
    cleared: tuple[str, ...]
    template: str

    @property
    def by_name(self) -> dict[str, Picture]:
        """Figures by their name, for partials that place them."""
        return {picture.name: picture for picture in self.figures}


@dataclass(frozen=True)
class RestatedView:
    metric: str
    split: str
    reported: str
    recomputed: str
    difference: str
    agrees: str
    reason: str


@dataclass(frozen=True)
class Page:
    """One report, ready for ``report.html.j2``."""

    report: AuditReport
    date: str
    walk: Drawn
    steps: tuple[StepWords, ...]
    sections: tuple[SectionView, ...]  # that have a page of their own
    skipped: tuple[SectionView, ...]  # not applicable: a line each
    causes: tuple[CauseRow, ...]
    more_causes: int
    of_effects: str
    restated: tuple[RestatedView, ...]
    clean: bool
    terms: tuple[tuple[str, str], ...]

    @property
    def long_headline(self) -> bool:
        return len(self.report.headline) > LONG_HEADLINE

    @property
    def moment(self) -> str:
        """The run's time for a file's metadata: ``2026-11-22T02:00:00Z``; "" if not known."""
        try:
            time = datetime.strptime(self.report.run_id[:17], "%Y-%m-%dT%H%M%S")
        except ValueError:
            return ""
        return f"{time:%Y-%m-%dT%H:%M:%S}Z"

    @property
    def settings(self) -> tuple[tuple[str, tuple[Setting, ...]], ...]:
        """Title of a diagnostic -> its settings, in the order of the report."""
        names = dict.fromkeys(s.diagnostic for s in self.report.settings)
        titles = {s.section.diagnostic: s.title for s in self.all_sections}
        return tuple(
            (
                titles.get(name, environment.capital(name.replace("_", " "))),
                tuple(s for s in self.report.settings if s.diagnostic == name),
            )
            for name in names
        )

    @property
    def restated_later(self) -> bool:
        """Whether a section sets the reported numbers beside the recomputed ones."""
        return any(s.section.series["numbers"] for s in self.sections)

    @property
    def all_sections(self) -> tuple[SectionView, ...]:
        return (*self.sections, *self.skipped)


def page(report: AuditReport, figures: Figures, look: Look = PLAIN) -> Page:
    """Everything the template needs, from the report and its drawings."""
    shown: list[SectionView] = []
    skipped: list[SectionView] = []
    for section in report.sections:
        lost = section.status == "failed" and report.error is not None  # with the whole audit
        if lost or section.status == "not_applicable":
            skipped.append(section_view(section, None, Drawn(), look))
        else:
            drawn = figures.sections.get(section.diagnostic, Drawn())
            shown.append(section_view(section, len(shown) + 1, drawn, look))
    kept = foremost(report)
    places = {s.section.diagnostic: (s.anchor, s.number) for s in shown}
    return Page(
        report=report,
        date=date_of(report.run_id),
        walk=figures.walk,
        steps=in_words(report),
        sections=tuple(shown),
        skipped=tuple(skipped),
        causes=rows(report, kept, places),
        more_causes=len(report.diagnosis) - len(kept),
        of_effects=effects_of(kept, report.honest_score.notes),
        restated=tuple(_restated(r) for r in report.reported),
        clean=report.outcome == "pass" and not report.diagnosis and report.error is None,
        terms=terms(report),
    )


def date_of(run_id: str) -> str:
    """The day in a run's name: ``2026-11-22T020000`` -> 22 November 2026; else the name."""
    try:
        day = datetime.strptime(run_id[:17], "%Y-%m-%dT%H%M%S")
    except ValueError:
        return ""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def mark_of(section: Section) -> str:
    """Which mark a section has: a verdict, or that it failed or does not apply."""
    return section.verdict or section.status


def section_view(section: Section, place: int | None, drawn: Drawn, look: Look) -> SectionView:
    """A section as its partial sees it; ``place`` is its number, None where it has no page."""
    diagnostic = suite().get(section.diagnostic)
    name = section.diagnostic.replace("_", " ").capitalize()
    partial = f"diagnostics/{section.diagnostic}.html.j2"
    known = diagnostic is not None and environment.has(partial, look)
    return SectionView(
        number=place,
        anchor=f"s-{section.diagnostic}",
        title=diagnostic.title if diagnostic else name,
        question=diagnostic.question if diagnostic else name,
        mark=mark_of(section),
        section=section.model_copy(update={"series": _Series(section.series)}),
        figures=drawn.pictures,
        problem=f"A figure could not be drawn: {drawn.problem}." if drawn.problem else None,
        findings=tuple(sorted(section.findings, key=lambda f: -SEVERITIES.index(f.severity))),
        metrics=metric_table(section.metrics),
        cleared=tuple(_what(c.code) for c in section.checks if c.status == "clear"),
        template=partial if known else PLAIN_SECTION,
    )


class _Series(dict[str, Any]):
    """A section's series for its partial: one that is not there is None, for a plain ``if``."""

    def __missing__(self, key: str) -> None:
        return None


def _what(code: str) -> str:
    return code.partition(".")[2].replace("-", " ")


def metric_table(metrics: Sequence[Metric], most: int = MOST_METRICS) -> MetricTable:
    """Metrics of one name side by side by split, in the order they first occur."""
    present = {m.split for m in metrics if m.split is not None}
    splits = tuple(s for s in SPLIT_ORDER if s in present)
    splits += tuple(sorted(s for s in present if s not in SPLIT_ORDER))
    if len(splits) < 2:
        rows = [_row([m], (m.split,)) for m in metrics]
        splits = ()
    else:
        groups: dict[tuple[str, str, str], list[Metric]] = {}
        for metric in metrics:
            groups.setdefault((metric.name, _label(metric), metric.unit), []).append(metric)
        rows = [_row(group, splits) for group in groups.values()]
    judged = any(r.verdict or r.threshold for r in rows)
    return MetricTable(splits, tuple(rows[:most]), judged, max(len(rows) - most, 0))


def _label(metric: Metric) -> str:
    return metric.label or environment.capital(spoken(metric.name))


def _row(group: Sequence[Metric], splits: Sequence[str | None]) -> MetricRow:
    by_split = {m.split: m for m in group}
    judged = next((m for m in reversed(group) if m.verdict is not None), None)
    main = judged or next((by_split[s] for s in reversed(splits) if s in by_split), group[-1])
    values = tuple(
        number(by_split[s].value, by_split[s].unit) if s in by_split else NONE for s in splits
    )
    if None in by_split and None not in splits:  # of no split: stands under the last one
        values = (*values[:-1], number(by_split[None].value, by_split[None].unit))
    between = interval(main.low, main.high, main.unit)
    if between == NONE and main.value is not None and main.unit in ("count", "share"):
        between = "counted"
    threshold = ""
    if main.threshold is not None:
        threshold = f"{main.bound or ''} {number(main.threshold, main.unit)}".strip()
    return MetricRow(
        label=_label(main),
        values=values,
        interval=between,
        threshold=threshold,
        verdict=main.verdict,
        reason=main.reason or "",
    )


def _restated(restated: Restated) -> RestatedView:
    printed: Any = None
    try:
        printed = Printed.parse(restated.reported)
    except ValueError:
        printed = None
    recomputed = restated.recomputed
    difference = NONE
    shown = NONE
    if recomputed is not None and printed is not None:
        digits = max(len(str(printed.text).partition(".")[2]), 0)
        scale = 100 if printed.percent else 1
        more = min(digits + (0 if restated.agrees else 1), 8)
        sign = "\N{NARROW NO-BREAK SPACE}%" if printed.percent else ""
        gap = float(printed) - recomputed
        shown = _decimals(recomputed * scale, more) + sign
        difference = "0" if restated.agrees else _decimals(gap * scale, more, True) + sign
    elif recomputed is not None:
        shown = number(recomputed, unit_of(restated.metric))
    agrees = {True: "yes", False: "no", None: NONE}[restated.agrees]
    return RestatedView(
        metric=environment.capital(spoken(restated.metric)),
        split=restated.split,
        reported=restated.reported,
        recomputed=shown,
        difference=difference,
        agrees=agrees,
        reason=restated.reason or "",
    )


def _decimals(value: float, digits: int, signed: bool = False) -> str:
    from reportgen.charts.numbers import fixed

    return fixed(value, digits, signed)
