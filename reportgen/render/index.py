"""The page of a run: every audit, worst first, with links to the reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from reportgen.charts.numbers import listed, plural, shorten
from reportgen.diagnostics import suite
from reportgen.render.changes import NEW, direction
from reportgen.render.environment import capital, fill, index_stylesheet
from reportgen.render.look import PLAIN, Look
from reportgen.render.standing import ORDER, standing
from reportgen.render.view import date_of, mark_of
from reportgen.results import AuditReport, Outcome

MOST_DATASETS = 12  # that can be chosen from


@dataclass(frozen=True)
class IndexEntry:
    """One audit of a run: its folder beside the index, its report, how long it took, and what
    is another than the time before (None and () where there was none, or nothing is).
    """

    folder: str
    report: AuditReport
    seconds: float
    before: Outcome | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of the sets of rows that a reader may have shown alone; ``kind`` is their class."""

    kind: str
    title: str
    n: int


@dataclass(frozen=True)
class _Row:
    report: AuditReport
    link: str
    about: str
    reported: str
    expected: str
    under: str
    changes: str
    marks: tuple[tuple[str, str], ...]  # (title, mark) a diagnostic; "" where it is not there
    kinds: tuple[str, ...]


def render_index(
    job_name: str,
    run_id: str,
    entries: Sequence[IndexEntry],
    look: Look = PLAIN,
    previous: str | None = None,
    gone: Sequence[str] = (),
) -> str:
    """The run's page: one file, no network, no scripts.

    Audits stand worst first: fail, incomplete, warn, pass; then by the number of findings that
    fail and warn, and by the score that is lost. Links go to ``folder/report.html``. Rows are
    chosen by outcome, data set and diagnostic without a script.

    Parameters
    ----------
    previous : the run that changes are told against.
    gone : models that it audited and this job no longer names.
    """
    ranked = sorted(entries, key=_badness)
    names = _columns(entries)
    datasets = list(dict.fromkeys(e.report.dataset for e in ranked))
    rows = [_row(entry, names, datasets) for entry in ranked]
    outcomes = [(o, sum(e.report.outcome == o for e in entries)) for o in ORDER]
    return fill(
        "index.html.j2",
        look,
        job=job_name,
        run_id=run_id,
        date=date_of(run_id),
        rows=rows,
        columns=list(names.values()),
        counts=[(outcome, n) for outcome, n in outcomes if n],
        changed=sum(bool(e.changes) for e in entries),
        choices=_choices(rows, names, datasets),
        summary=_summary(entries),
        since=_since(entries, previous, gone),
        css=Markup(index_stylesheet()),
        own=Markup(look.stylesheet),
        medium="html",
    )


def _badness(entry: IndexEntry) -> tuple[int, int, int, float]:
    """Least first: the worst audit."""
    report = entry.report
    found = [f.severity for s in report.sections for f in s.findings]
    score = standing(report)
    steps = [s.value for s in report.honest_score.steps if s.value is not None]
    lost = steps[0] - score.value if steps and score.value is not None else 0.0
    worse = lost if score.unit == "score" else -lost
    order = ORDER.index(report.outcome)
    return order, -found.count("fail"), -found.count("warn"), -worse


def _choices(
    rows: Sequence[_Row], columns: dict[str, str], datasets: Sequence[str]
) -> list[tuple[str, list[Choice]]]:
    """What rows may be chosen by, beside the outcome; nothing that would choose all or none."""
    # numbered: a stored report's names are data, and these stand in a style sheet
    found = [(f"x-{number}", title) for number, title in enumerate(columns.values())]
    data = [(f"d-{number}", name) for number, name in enumerate(datasets)]
    groups = [("With findings in", found)]
    if 1 < len(datasets) <= MOST_DATASETS:
        groups.append(("On data", data))
    offered = []
    for legend, kinds in groups:
        made = [Choice(k, title, sum(k in r.kinds for r in rows)) for k, title in kinds]
        if any(0 < c.n < len(rows) for c in made):
            offered.append((legend, [c for c in made if c.n]))
    return offered


def _since(entries: Sequence[IndexEntry], previous: str | None, gone: Sequence[str]) -> str:
    """What changed since the run before, in a sentence; "" where there was none."""
    if previous is None:
        return ""
    ways = [direction(e.report.outcome, e.before) for e in entries]
    new = sum(NEW in e.changes for e in entries)
    other = sum(bool(e.changes) for e in entries) - new - sum(way != 0 for way in ways)
    same = "of the same outcome with other findings or scores"
    counts = ((ways.count(1), "worse"), (ways.count(-1), "better"), (other, same), (new, "new"))
    said = [f"{n} {word}" for n, word in counts if n]
    told = f"Since run {previous}: {listed(said) if said else 'nothing changed'}."
    if gone:
        told += f" No longer audited: {listed([shorten(name, 40) for name in gone], 5)}."
    return told


def _columns(entries: Sequence[IndexEntry]) -> dict[str, str]:
    """Diagnostic -> title, in the order of the suite; those of stored reports after them."""
    present = [s.diagnostic for e in entries for s in e.report.sections]
    known = suite()
    names = [n for n in known if n in present]
    names += [n for n in dict.fromkeys(present) if n not in known]
    return {n: known[n].title if n in known else capital(n.replace("_", " ")) for n in names}


def _row(entry: IndexEntry, columns: dict[str, str], datasets: Sequence[str]) -> _Row:
    report = entry.report
    about = [report.dataset, report.task or ""]
    n = report.subject.rows.get("test")
    if n is not None:
        about.append(f"n {n:,}")
    score = standing(report)
    between = score.interval if score.expected else "not known"
    under = ", ".join(part for part in (score.metric, between) if part)
    sections = {s.diagnostic: mark_of(s) for s in report.sections}
    kinds = [f"o-{report.outcome}", f"d-{datasets.index(report.dataset)}"]
    kinds += ["changed"] if entry.changes else []
    places = {name: number for number, name in enumerate(columns)}
    kinds += [f"x-{places[n]}" for n, mark in sections.items() if mark in ("fail", "warn")]
    return _Row(
        report=report,
        link=f"{quote(entry.folder)}/report.html",
        about=" · ".join(part for part in about if part),
        reported=score.reported,
        expected=score.expected or "–",
        under=under if score.metric else "",
        changes=capital("; ".join(entry.changes)),
        marks=tuple((title, sections.get(name, "")) for name, title in columns.items()),
        kinds=tuple(kinds),
    )


def _summary(entries: Sequence[IndexEntry]) -> str:
    if not entries:
        return "No model was audited."
    models = plural(len(entries), "model")
    off = sum(any(r.agrees is False for r in e.report.reported) for e in entries)
    said = f"{models} audited."
    if all(e.report.outcome == "pass" for e in entries):
        said = f"{models} audited; nothing is wrong."
    if off:
        does = "has a reported number that does" if off == 1 else "have reported numbers that do"
        said += f" {capital(str(off))} {does} not come out."
    return said
