"""Settings and codes of rows that belong together: ids, order, time, groups."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

ID = "leakage.id-column"
ORDER = "leakage.row-order"
TIME = "leakage.time-order"
GROUP = "leakage.group-overlap"

Share = Annotated[float, Field(gt=0, lt=1)]


class RowSettings(Settings):
    group_share: Share = Field(
        0.01, description="Share of judged rows whose group stands in train too, for a fail."
    )
    time_share: Share = Field(
        0.01,
        description="Share of pairs of a training and a judged row in which the training row is "
        "the later one, for a fail.",
    )


CODES = (
    Code(
        ID,
        "fail",
        "A column that names its rows (a key, a running number) predicts the target.",
        "Columns of which (nearly) every row has another value, and which are whole numbers so "
        "dense that chance would repeat them, or short texts; of texts their first part and "
        "their numbers. warn when one explains 2 % of the target or more, out of fold "
        "and on judged rows, beyond chance (Holm); fail when it is half of the model's skill, by "
        "training without it, or half of the target's variation.",
        "Leave ids out of the features: they hold who was asked first, not what the answer is.",
        "Kapoor and Narayanan 2023, type L2",
    ),
    Code(
        ORDER,
        "fail",
        "The file is sorted by its target, and the model can see where a row stands.",
        "The mean target by place in the file, out of fold. fail when it explains 2 % or more of "
        "the target and a column that counts the rows is an input that explains as much, or when "
        "validation or judged rows are the end of a file that is sorted by class, so that their "
        "classes are others; warn when training does not shuffle a file that is sorted; else info.",
        "Leave columns out that count the rows; shuffle before cutting splits off a sorted file, "
        "and while training.",
        "Kapoor and Narayanan 2023, type L2",
    ),
    Code(
        TIME,
        "fail",
        "Rows that the model is judged on lie before rows that it was trained on.",
        "With a time column: the share of pairs of a training and a judged row in which the "
        "training row is later; fail over time_share, warn for any. Without one: a column that is "
        "plainly a date, of which the splits share the range: info, and warn where the target "
        "changes with the date.",
        "Cut by time: train on what was known, judge what came after (method: time).",
        "Kapoor and Narayanan 2023, type L3.1",
    ),
    Code(
        GROUP,
        "fail",
        "Rows of one subject, household or device stand in train and in what is judged.",
        "With a group column: fail when over group_share of the judged rows are of groups that "
        "stand in train, warn for any. Without one: parts of ids, names and texts (a prefix, a "
        "part between separators) that join rows of one label far beyond chance (Cohen's kappa of "
        "pairs 0.8 or more), are found in both splits, and in which numbers of a row are alike "
        "too: warn, and fail when training without the shared groups loses score with its whole "
        "interval.",
        "Split by group, so that no subject is on both sides (GroupKFold, method: group).",
        "Kapoor and Narayanan 2023, type L3.2",
    ),
)
