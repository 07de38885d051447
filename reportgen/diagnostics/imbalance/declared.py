"""What the imbalance diagnostic declares: its settings and its codes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]
RemedyName = Literal["class_weight", "oversample", "undersample", "smote", "adasyn", "threshold"]

SKEWED = "imbalance.skewed-classes"
MISLEADING = "imbalance.accuracy-misleading"
MISSED = "imbalance.minority-missed"
MITIGATION = "imbalance.mitigation-helps"
THRESHOLD = "imbalance.threshold-move-helps"


class ImbalanceSettings(Settings):
    skew_ratio: Annotated[float, Field(gt=1)] = Field(
        2.0,
        description="Rows of the largest class for one of the smallest, from which classes are "
        "called skewed and remedies are tried.",
    )
    majority_share: Share = Field(
        0.6, description="Share of the largest class from which accuracy may mislead."
    )
    accuracy_gap: Share = Field(
        0.10, description="Accuracy less balanced accuracy, from which accuracy misleads."
    )
    missed_recall: Share = Field(
        0.5, description="Recall of a small class, below which the class is missed."
    )
    remedies: tuple[RemedyName, ...] = Field(
        ("class_weight", "oversample", "undersample", "smote", "adasyn", "threshold"),
        description="What is tried where classes are skewed; an empty list: nothing.",
    )
    remedy_members: Annotated[int, Field(ge=3, le=100)] = Field(
        5, description="Seeds with which each remedy is trained, beside the recipe's own."
    )
    helps_least: Share = Field(
        0.02, description="Gain of a remedy, in the metric's range, that is worth a word."
    )


CODES = (
    Code(
        SKEWED,
        "info",
        "Some classes have far fewer rows than others.",
        "Rows of the largest class for one of the smallest, in train (in the judged split where "
        "there is no train): skew_ratio or more.",
        "Read recall by class, balanced accuracy and the precision-recall curve, not accuracy.",
        "He and Garcia 2009",
    ),
    Code(
        MISLEADING,
        "fail",
        "Accuracy is high because one class is frequent, not because classes are told apart.",
        "The largest class holds majority_share of the judged rows or more, and accuracy less "
        "balanced accuracy is over accuracy_gap: fail when its whole 95 % interval is, "
        "warn when the point is and the gap is told from none.",
        "Report balanced accuracy, recall by class, or average precision beside the prevalence; "
        "choose the model by one of these.",
        "Brodersen et al. 2010",
    ),
    Code(
        MISSED,
        "fail",
        "Most rows of a small class are given another label.",
        "Recall of a class with under four fifths of an even share of the rows: fail when its "
        "whole interval (at 95 % for all classes together) lies below missed_recall and below "
        "that of the others' recall, warn when both points do and the classes are told from each "
        "other; nothing below 5 rows. Of more than five missed classes the rest share a finding.",
        "Weigh the class, resample, or move the threshold on validation.",
        "He and Garcia 2009",
    ),
    Code(
        MITIGATION,
        "warn",
        "The same recipe, with a remedy for the imbalance, does better on the metric that matters.",
        "Members trained with the remedy less members without, paired by seed, on the untouched "
        "judged split: the whole interval is above 0, at 95 % for all remedies together "
        "(Bonferroni), and the point is helps_least or more. The remedy with the largest gain is "
        "named.",
        "Adopt the remedy in the recipe, train anew, and report what it costs on the other "
        "metrics too.",
        "Romano and Wolf 2005 for several remedies; Chawla et al. 2002 for SMOTE",
    ),
    Code(
        THRESHOLD,
        "warn",
        "Another threshold, chosen on rows that are not judged, does better without training.",
        "The threshold (of several classes: the weight of their shares) that is best on "
        "validation, or out of fold on train, is applied to the judged split once: the whole "
        "interval of the paired gain is above 0, at 95 % for all remedies together, and the point "
        "is helps_least or more.",
        "Set `decision: {threshold: …}` in the job and in production to the value given.",
        "Elkan 2001; Menon et al. 2021 for several classes",
    ),
)
