"""Audits as a few lines of Markdown, for a chat message or a pull request.

What comes from data is text: nothing in a name can become a link, an image, markup, a mention or
a picture character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from reportgen.charts.numbers import begun, plural, shorten, words
from reportgen.diagnosis.words import first_sentence
from reportgen.diagnostics import suite
from reportgen.render.environment import capital, visible
from reportgen.render.index import IndexEntry
from reportgen.render.standing import ORDER, standing
from reportgen.results import AuditReport

MOST = 3800  # characters: chats cut messages at 4,000
MOST_CAUSES = 5
WORDS = {"fail": "FAIL", "incomplete": "INCOMPLETE", "warn": "WARN", "pass": "PASS"}
_IN_ADDRESSES = "%/:?#@!$&*+,;=~"  # but no brackets, which would end a link
_BREAK = "\N{ZERO WIDTH SPACE}"
_MARKS = re.compile(r"([\\`*_\[\]|~$])")
_TURNS = re.compile(  # what programs make links, mentions and pictures of
    r"(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=:)(?=[a-z+][a-z0-9_+-]*:)|(?<=www)(?=\.)", re.IGNORECASE
)


def escaped(text: str) -> str:
    """Plain text as Markdown that shows it and does nothing else; line breaks become spaces."""
    plain = " ".join(words(str(visible(text))))
    plain = _MARKS.sub(r"\\\1", _TURNS.sub(_BREAK, plain))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"(?<=\w)!(?=\\\[)", r"\\!", plain)


def summary(
    job: str,
    run_id: str,
    entries: Sequence[IndexEntry],
    base_url: str | None = None,
    pages: bool = True,
) -> str:
    """A run in at most some 4,000 characters: a line an audit, worst first, with links.

    Parameters
    ----------
    base_url : address under which the output folder is read; links are relative to the run's
        folder without one.
    pages : whether the run has pages in HTML; links go to report.json otherwise.
    """
    ranked = sorted(entries, key=lambda e: ORDER.index(e.report.outcome))
    counts = {o: sum(e.report.outcome == o for e in entries) for o in ORDER}
    root = f"{quote(base_url.rstrip('/'), safe=_IN_ADDRESSES)}/{quote(run_id)}/" if base_url else ""
    said = ", ".join(f"{n} {WORDS[o]}" for o, n in counts.items() if n) or "no model was audited"
    run = f"[run {escaped(run_id)}]({root}{'index.html' if pages else 'run.json'})"
    lines = [f"**{escaped(shorten(job, 100))}**, {run}: {said}", ""]
    left = dict(counts)
    rest = ""
    for number, entry in enumerate(ranked):
        link = f"{root}{quote(entry.folder)}/report.{'html' if pages else 'json'}"
        line = _line(entry.report, link)
        if sum(map(len, lines)) + len(lines) + len(line) > MOST:
            more = ", ".join(f"{n} {WORDS[o]}" for o, n in left.items() if n)
            rest = f"- and {plural(len(ranked) - number, 'more audit')} ({more})"
            break
        lines.append(line)
        left[entry.report.outcome] -= 1
    return "\n".join([*lines, *([rest] if rest else [])]).rstrip() + "\n"


def _line(report: AuditReport, link: str) -> str:
    name = escaped(shorten(report.model, 60))
    said = _score(report, short=True) if report.outcome == "pass" else ""
    said = said or escaped(begun(report.headline, 200))
    return f"- **{WORDS[report.outcome]}** [{name}]({link}): {said}"


def _score(report: AuditReport, short: bool = False) -> str:
    score = standing(report)
    if not score.expected:
        return ""
    told = f"{score.metric} {score.reported} → {score.expected}" if score.reported else ""
    told = told or f"{score.metric} {score.expected}"
    if score.interval and not short:
        told += f" ({score.interval})"
    return escaped(told)


def report(of: AuditReport, link: str = "report.html") -> str:
    """One audit in a few lines: outcome, headline, score, causes, and what was looked at.

    Parameters
    ----------
    link : address of the whole report.
    """
    head = f"**{WORDS[of.outcome]}** [{escaped(shorten(of.model, 100))}]({link})"
    lines = [f"{head} · {escaped(shorten(of.job, 80))} · run {escaped(of.run_id)}", ""]
    lines += [escaped(begun(of.headline, 480)), ""]
    if told := _score(of):
        steps = of.honest_score.steps
        reported = any(s.step == "reported" for s in steps)
        lines += [f"{'Reported → to expect' if reported else 'To expect'}: {told}", ""]
    for cause in of.diagnosis[:MOST_CAUSES]:
        sentence = escaped(begun(first_sentence(cause.sentence), 240))
        lines.append(f"- **{WORDS[cause.severity]}** {sentence} (`{_code(cause.code)}`)")
    if (more := len(of.diagnosis) - MOST_CAUSES) > 0:
        lines.append(f"- and {plural(more, 'further finding')} in the report")
    lines += [""] if of.diagnosis else []
    lines.append(_sections(of))
    return "\n".join(lines).rstrip() + "\n"


def _sections(of: AuditReport) -> str:
    """``fail: Leakage. pass: Performance, Overfit. not applicable: Calibration.``"""
    known = suite()
    by_mark: dict[str, list[str]] = {}
    for section in of.sections:
        diagnostic = known.get(section.diagnostic)
        name = capital(section.diagnostic.replace("_", " "))
        title = diagnostic.title if diagnostic else name
        mark = {"failed": "could not run", "not_applicable": "not applicable"}.get(
            section.status, section.verdict or ""
        )
        by_mark.setdefault(mark, []).append(escaped(title))
    order = ("fail", "could not run", "warn", "pass", "not applicable")
    return " ".join(
        f"{capital(mark)}: {', '.join(by_mark[mark])}." for mark in order if mark in by_mark
    )


def _code(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "", code)
