"""Codes of preprocessing that saw the rows that are judged."""

from __future__ import annotations

from reportgen.diagnostic import Code

SAW = "leakage.preprocessing-saw-test"


CODES = (
    Code(
        SAW,
        "fail",
        "The preprocessing was fitted on rows that the model is judged on.",
        "Every fitted part of the preprocessing (scikit-learn transformers, through pipelines and "
        "column transformers; a network's Normalization and vocabulary layers; the standardised "
        "arrays themselves) is fitted again on train, on train with validation, and on sets with "
        "the judged rows. Raised when its figures are, to the precision of float32, those of a set "
        "with judged rows and of no honest one. fail; warn where training with honest "
        "preprocessing shows it to be worth nothing (an interval from below 0 to at most 5 % of "
        "the score, on 60 judged rows or more), where only the number of rows seen "
        "(n_samples_seen_) says it, or where nothing but names that train lacks were learnt.",
        "Split first, then fit the preprocessing on train alone, best as one pipeline with the "
        "model: `make_pipeline(StandardScaler(), model).fit(X_train, y_train)`.",
        "Kapoor and Narayanan 2023, type L1.2",
    ),
)
