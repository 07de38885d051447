"""Code of rows that were made, or multiplied, before the rows were split."""

from __future__ import annotations

from reportgen.diagnostic import Code

RESAMPLED = "leakage.resampled-before-split"


CODES = (
    Code(
        RESAMPLED,
        "fail",
        "A class was oversampled before the rows were split: judged rows were made from training "
        "rows, or training rows from judged ones.",
        "Rows that lie between two near rows of their class to the last digit (SMOTE, ADASYN, "
        "BorderlineSMOTE, SVMSMOTE, the numbers of SMOTENC), not at a ratio of small whole numbers "
        "as rounded values do, not where one column follows from another, more than chance gives, "
        "and five times the rate of the class that has the fewest; or rows that repeat others in "
        "one class alone. Raised when such a row, or what it came from, is judged, from 3 rows on. "
        "Rows made from training rows alone, in train, are no leak.",
        "Split first, then resample train alone: `imblearn.pipeline.make_pipeline(SMOTE(), model)` "
        "does so in every fold. Judge the model on rows as they come.",
        "Chawla et al. 2002; Kapoor and Narayanan 2023, type L1.2",
    ),
)
