"""Figures of what is found together: the evidence of one question must not break another's."""

from reportgen.diagnostics.leakage.figures.columns import charts
from reportgen.results import Finding, Findings


def test_columns_that_differ_between_splits_are_no_names_of_columns_that_leak():
    rows = [
        {"name": name, "value": 0.6, "low": 0.5, "high": 0.7} for name in ("plan", "tenure", "age")
    ]
    series = {"metric": "AUC", "split": "test", "columns": 3, "model": 0.8, "rows": rows}
    found = Findings(
        headline="h",
        findings=(
            Finding(code="leakage.splits-differ", severity="warn", subject="features", message="m",
                    evidence={"columns": [{"column": "plan", "difference": 0.2}]}),
            Finding(code="leakage.target-combination", severity="fail", subject="plan + tenure",
                    message="m", evidence={"columns": ["plan", "tenure"]}),
        ),
    )  # fmt: skip
    (chart,) = charts(series, found)
    (axes,) = chart.figure.axes
    weights = {t.get_text(): t.get_fontweight() for t in axes.texts}
    assert weights["plan"] == weights["tenure"] == 600
    assert weights["age"] == 400
