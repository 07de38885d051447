"""Terms of the report in a sentence each; a report prints those that occur in it."""

from __future__ import annotations

from reportgen.results import AuditReport

TERMS = {
    "95 % interval": "Range that covers the true value in 95 of 100 such audits.",
    "Accuracy": "Share of rows whose predicted label is the true one.",
    "Balanced accuracy": "Mean of the recalls of the classes; every class counts the same.",
    "Baseline": "What is reached without looking at the inputs, or by a very simple model.",
    "Brier score": "Mean squared distance of the probabilities from what came true; 0 is best.",
    "Calibration": "Whether of the rows given a probability of 0.8, 80 % come true.",
    "Calibration error": "Mean distance between what was foretold and what came true.",
    "F1": "Harmonic mean of precision and recall.",
    "Log loss": "Mean of −ln of the probability given to the true class; 0 is best.",
    "MAE": "Mean absolute error, in units of the target.",
    "MCC": "Matthews correlation of prediction and truth; 0 is chance, 1 is perfect.",
    "Near tie": "A row whose two highest probabilities hardly differ.",
    "PR-AUC": "Area under precision against recall; chance is the share of the positive class.",
    "Precision": "Share of the rows called positive that are.",
    "Recall": "Share of the positive rows that are found.",
    "RMSE": "Root of the mean squared error, in units of the target.",
    "ROC-AUC": "Chance that a positive row is ranked above a negative one; 0.5 is chance.",
    "R²": "Share of the target's variance that is explained; 0 is the mean, 1 is perfect.",
    "Temperature": "Number by which logits are divided to make the probabilities right.",
}


def terms(report: AuditReport) -> tuple[tuple[str, str], ...]:
    """(term, sentence) of those that stand in the report, in alphabetical order."""
    said: list[str] = [report.headline, "95 % interval", *report.not_covered]
    for section in report.sections:
        if section.status != "completed":
            continue
        said += [section.headline, section.method]
        said += [m.label or m.name.replace("_", " ") for m in section.metrics]
        said += [f.message for f in section.findings]
    said += [step.metric.replace("_", " ") for step in report.honest_score.steps]
    text = " ".join(said).casefold().replace("roc auc", "roc-auc").replace("r2", "r²")
    return tuple((term, told) for term, told in TERMS.items() if term.casefold() in text)
