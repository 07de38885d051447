"""Findings of the reconciliation: what comes out, what explains the rest, and how certain it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reportgen.diagnostic import checks
from reportgen.diagnostics.reconciliation import DIAGNOSTIC, exhibits, words
from reportgen.diagnostics.reconciliation.advice import more_numbers
from reportgen.diagnostics.reconciliation.measure import Measured
from reportgen.diagnostics.reconciliation.numbers import shown_numbers
from reportgen.diagnostics.reconciliation.phrases import capital, spoken
from reportgen.diagnostics.reconciliation.pictures import series_of
from reportgen.evidence import Case
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.hypothesis import PREFIX
from reportgen.reconciliation.verdict import Answer, Explanation, Verdict
from reportgen.results import SEVERITIES, Finding, Findings, Metric, Severity
from reportgen.retraining.results import Trained

MOST_CANDIDATES = 8
#: Lines of arithmetic on the page; all of them stand in the finding's evidence.
MOST_LINES = 12
MOST_CELLS = 4
#: Single numbers that come out are a finding each, up to this many.
MOST_SINGLE = 12


def judged(case: Case, prepared: Measured, trained: Trained) -> Findings:
    """What is known of every reported number."""
    verdict = prepared.verdict
    found = [*_reproduced(verdict), *_loose(verdict)]
    for answer in verdict.answers:
        found += _findings(prepared.evidence, answer)
    by_code: dict[str, list[Finding]] = {c.code: [] for c in DIAGNOSTIC.codes}
    for finding in found:
        by_code[finding.code].append(finding)
    known = sum(v is not None for b in verdict.baselines for v in b.values)
    off = sum(len(b.off) for b in verdict.baselines)
    ordered = sorted(found, key=lambda f: -SEVERITIES.index(f.severity))
    return Findings(
        headline=words.headline(verdict),
        findings=tuple(ordered),
        metrics=(
            Metric(
                name="numbers_reported",
                value=len(case.claims),
                unit="count",
                label="Numbers reported",
            ),
            Metric(
                name="numbers_recomputed",
                value=known,
                unit="count",
                label="of which can be computed again",
            ),
            Metric(name="numbers_off", value=off, unit="count", label="of which do not come out"),
        ),
        series={
            "numbers": shown_numbers(prepared.evidence, verdict),
            **series_of(prepared),
            **_tables(prepared.evidence, verdict),
        },
        checks=checks({code: (tuple(fs), None) for code, fs in by_code.items()}),
        tried=f"{known:,} reported {'number' if known == 1 else 'numbers'}",
        result="all come out to the digit" if not off else f"{off:,} do not come out",
        detectable="half of the last printed digit",
        method=words.METHOD,
    )


def _reproduced(verdict: Verdict) -> Iterator[Finding]:
    for base in verdict.reproduced:
        claims = [
            c for c in base.evaluation.claims if c not in base.unknown and c not in base.loose
        ]
        if not base.evaluation.origin and len(claims) <= MOST_SINGLE:
            for claim in claims:
                message = (
                    f"{capital(spoken(claim))} on {claim.split}, {claim.value}, "
                    "comes out to its last printed digit."
                )
                evidence = {"reported": str(claim.value), "split": claim.split}
                yield _finding("reproduced", "info", f"{spoken(claim)}, {claim.split}",
                               message, evidence=evidence)  # fmt: skip
        elif claims:
            where = f" of {base.evaluation.origin}" if base.evaluation.origin else ""
            if base.evaluation.output is not None:
                where += f", output {base.evaluation.output},"
            message = (
                f"All {len(claims):,} numbers{where} come out to the last printed digit."
                if len(claims) > 1
                else f"The number{where} comes out to its last printed digit."
            )
            yield _finding("reproduced", "info", base.evaluation.split, message,
                           evidence={"numbers": len(claims)})  # fmt: skip


def _loose(verdict: Verdict) -> Iterator[Finding]:
    """Running means of ``fit``: explained by nature, whatever else comes out."""
    for base in verdict.baselines:
        if base.loose:
            names = ", ".join(spoken(c) for c in base.loose[:4])
            message = (
                f"{capital(names)} of fit on train: a mean over the epoch while the weights "
                "moved, so that it need not come out."
            )
            yield _finding("running-epoch-mean", "info", base.evaluation.split, message,
                           evidence={"numbers": len(base.loose)})  # fmt: skip


def _findings(evidence: Evidence, answer: Answer) -> Iterator[Finding]:
    if answer.kind == "unexplained":
        yield _unexplained(answer)
    elif answer.kind == "ambiguous":
        yield _ambiguous(evidence, answer)
    else:
        yield from _named(evidence, answer, answer.explanations[0])


def _named(seen: Evidence, answer: Answer, explanation: Explanation) -> Iterator[Finding]:
    names = [h.code for h in explanation.causes]
    candidate = explanation.candidates[0][-1]
    for cause in explanation.causes:
        evidence: dict[str, Any] = {
            "parameters": dict(explanation.parameters(cause)),
            "accident": explanation.accident,
            "tried": answer.tried,
            "numbers": exhibits.numbers_of(answer, explanation),
            "certificate": exhibits.certificate_of(seen, answer, explanation),
            "closest": [exhibits.miss_of(m) for m in answer.misses[:4]],
        }
        if explanation.contained_in:
            evidence["contained_in"] = [PREFIX + name for name in explanation.contained_in]
        if answer.outweighed:
            evidence["set_aside"] = [exhibits.candidate_of(answer, e) for e in answer.outweighed]
        if candidate.ranges is not None:
            evidence["statistical"] = True
        if len(names) > 1:
            evidence["composed_with"] = [n for n in names if n != cause.code]
        if cause.wrong:
            evidence["wrong"] = words.wrong_line(explanation, cause)
            evidence["right"] = cause.right
        yield Finding(
            code=cause.code,
            severity=cause.at_most,
            subject=words.subject(answer),
            message=words.named(answer, explanation, cause),
            advice=cause.advice,
            evidence=evidence,
        )


def _ambiguous(seen: Evidence, answer: Answer) -> Finding:
    left = answer.explanations
    severity = min((_severity(e) for e in left), key=SEVERITIES.index)
    sole: dict[str, Any] = {}
    if answer.sole is not None:
        sole["numbers"] = exhibits.numbers_of(answer, answer.sole)
        sole["certificate"] = exhibits.certificate_of(seen, answer, answer.sole)
    return Finding(
        code=PREFIX + "ambiguous",
        severity=severity,
        subject=words.subject(answer),
        message=words.ambiguous(answer),
        advice=more_numbers(answer),
        evidence={
            "candidates": [exhibits.candidate_of(answer, e) for e in left[:MOST_CANDIDATES]],
            "equivalent": [list(group) for group in answer.equivalent],
            "set_aside": [exhibits.candidate_of(answer, e) for e in answer.outweighed],
            "would_settle": [exhibits.settling_of(one) for one in answer.settling],
            **sole,
            "tried": answer.tried,
            "closest": [exhibits.miss_of(m) for m in answer.misses[:4]],
        },
    )


def _unexplained(answer: Answer) -> Finding:
    return Finding(
        code=PREFIX + "unexplained",
        severity="fail",
        subject=words.subject(answer),
        message=words.unexplained(answer),
        advice="Ask for the script and the files behind the number; look first at the causes "
        "that came closest.",
        evidence={
            "tried": answer.tried,
            "closest": [exhibits.miss_of(m) for m in answer.misses],
            "numbers": [
                {"metric": c.name, "split": c.split, "reported": str(c.value)}
                for b in answer.baselines
                for c in b.off[:24]
            ],
        },
    )


def _severity(explanation: Explanation) -> Severity:
    return max((h.at_most for h in explanation.causes), key=SEVERITIES.index)


def _tables(evidence: Evidence, verdict: Verdict) -> dict[str, Any]:
    """The certificate, the contest and the corrected line, for the page."""
    sole = [(a, a.sole) for a in verdict.answers if a.sole is not None]
    tables: dict[str, Any] = {}
    if sole:
        lines = [c for a, e in sole for c in exhibits.certificate_of(evidence, a, e)]
        # A cell is a count without a formula: a few say all.
        cells = [c for c in lines if c["metric"].startswith("cell,")]
        others = [c for c in lines if c not in cells]
        tables["certificate"] = [*others, *cells[:MOST_CELLS]][:MOST_LINES]
    corrected = [(words.wrong_line(e, h), h.right) for _, e in sole for h in e.causes if h.wrong]
    if corrected:
        tables["lines"] = [{"wrong": wrong, "right": right} for wrong, right in corrected]
    tables["contest"] = list(_contest(verdict.answers))[:10]
    return tables


def _contest(answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    for answer in answers:
        total = sum(len(b.evaluation.claims) - len(b.unknown) for b in answer.baselines)
        for e in answer.explanations:
            yield {"words": words.short(e.causes), "code": e.name, "matched": total, "of": total,
                   "error": None, "fits": True}  # fmt: skip
        for e in answer.outweighed:
            # Searched so freely that some value was to be expected to fit.
            yield {"words": words.short(e.causes), "code": e.name, "matched": total, "of": total,
                   "error": None, "fits": True, "set_aside": e.accident}  # fmt: skip
        for m in answer.misses[:4]:
            yield {"words": words.short((m.cause,), m.candidate), "code": m.cause.name,
                   "matched": m.matched, "of": len(m.evaluation.claims), "error": m.error,
                   "fits": False}  # fmt: skip


def _finding(
    name: str, severity: Severity, subject: str, message: str, *, evidence: dict[str, Any]
) -> Finding:
    return Finding(code=PREFIX + name, severity=severity, subject=subject, message=message,
                   evidence=evidence)  # fmt: skip
