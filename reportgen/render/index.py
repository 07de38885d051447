"""The page of a run: every audit, worst first, with links to the reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from reportgen.charts.numbers import plural
from reportgen.diagnostics import suite
from reportgen.render.environment import capital, fill, index_stylesheet
from reportgen.render.look import PLAIN, Look
from reportgen.render.standing import ORDER, standing
from reportgen.render.view import date_of, mark_of
from reportgen.results import AuditReport


@dataclass(frozen=True)
class IndexEntry:
    """One audit of a run: its folder beside the index, its report, and how long it took."""

    folder: str
    report: AuditReport
    seconds: float


@dataclass(frozen=True)
class _Row:
    report: AuditReport
    link: str
    about: str
    reported: str
    expected: str
    under: str
    marks: tuple[tuple[str, str], ...]  # (title, mark) a diagnostic; "" where it is not there


def render_index(
    job_name: str, run_id: str, entries: Sequence[IndexEntry], look: Look = PLAIN
) -> str:
    """The run's page: one file, no network, no scripts.

    Audits stand worst first (fail, incomplete, warn, pass), those of one outcome in the order of
    ``entries``. Links go to ``folder/report.html``.
    """
    ranked = sorted(entries, key=lambda e: ORDER.index(e.report.outcome))
    names = _columns(entries)
    counts = [(o, sum(e.report.outcome == o for e in entries)) for o in ORDER]
    return fill(
        "index.html.j2",
        look,
        job=job_name,
        run_id=run_id,
        date=date_of(run_id),
        rows=[_row(entry, names) for entry in ranked],
        columns=list(names.values()),
        counts=[(outcome, n) for outcome, n in counts if n],
        summary=_summary(entries),
        css=Markup(index_stylesheet()),
        own=Markup(look.stylesheet),
        medium="html",
    )


def _columns(entries: Sequence[IndexEntry]) -> dict[str, str]:
    """Diagnostic -> title, in the order of the suite; those of stored reports after them."""
    present = [s.diagnostic for e in entries for s in e.report.sections]
    known = suite()
    names = [n for n in known if n in present]
    names += [n for n in dict.fromkeys(present) if n not in known]
    return {n: known[n].title if n in known else capital(n.replace("_", " ")) for n in names}


def _row(entry: IndexEntry, columns: dict[str, str]) -> _Row:
    report = entry.report
    about = [report.dataset, _task(report)]
    n = report.subject.rows.get("test")
    if n is not None:
        about.append(f"n {n:,}")
    score = standing(report)
    under = ", ".join(
        part for part in (score.metric, score.interval if score.expected else "not known") if part
    )
    sections = {s.diagnostic: mark_of(s) for s in report.sections}
    return _Row(
        report=report,
        link=f"{quote(entry.folder)}/report.html",
        about=" · ".join(part for part in about if part),
        reported=score.reported,
        expected=score.expected or "–",
        under=under if score.metric else "",
        marks=tuple((title, sections.get(name, "")) for name, title in columns.items()),
    )


def _task(report: AuditReport) -> str:
    return report.task or ""


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
