"""A report of ten sections as HTML and PDF."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from benchmarks.faults.cases import case_from_arrays
from benchmarks.speed.measure import Measured, seconds
from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.results import AuditReport, outcome_of

SECTIONS = 10


def report() -> AuditReport:
    """The sections of one audit that have figures, the heaviest, repeated until there are ten."""
    X, y = make_classification(6000, 12, n_informative=6, flip_y=0.1, random_state=0)
    model = LogisticRegression().fit(X[:3000], y[:3000])
    splits = {"train": (X[:3000], y[:3000]), "test": (X[3000:], y[3000:])}
    case = case_from_arrays("binary", splits, model, classes=["stay", "leave"])
    done = [pipeline.section(d, case, d.settings()) for d in suite().values()]
    done = [s for s in done if s.status == "completed" and suite()[s.diagnostic].plots(s.found)]
    sections = tuple(done[k % len(done)] for k in range(SECTIONS))
    return AuditReport(
        job="speed",
        run_id="2026-01-01T000000",
        model="ten-sections",
        dataset="made",
        task="binary",
        outcome=outcome_of(sections),
        headline="A report of ten sections.",
        sections=sections,
    )


def measured() -> Iterator[Measured]:
    made = report()
    n_plots = sum(len(suite()[s.diagnostic].plots(s.found)) for s in made.sections)
    start = time.perf_counter()
    from reportgen.render.html import render_html
    from reportgen.render.pdf import render_pdf

    first = render_pdf(made)
    cold = time.perf_counter() - start
    how = f"best of 3, {n_plots} figures; the first, with its imports, took {cold:.2f} s"
    yield Measured("PDF of ten sections", seconds(lambda: render_pdf(made), 3), "s", 2.0, how)
    yield Measured("  its size", len(first) / 1e6, "MB", 1.0)
    page = render_html(made)
    value = seconds(lambda: render_html(made), 3)
    yield Measured("HTML of ten sections", value, "s", None, f"best of 3; {len(page) / 1e6:.2f} MB")
    yield Measured("report.json of it", len(made.to_json()) / 1e3, "kB", 300)
