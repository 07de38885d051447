"""What a metric's name says that it is: ``my_macro_f1`` is F1, and its mean over classes.

A name is read word by word. Where a word stands in it that says neither which metric it is nor
which average, and that is no filler, it may be something else (``accuracy_gap``, ``recall_at_90``),
and nothing is held against it unless a cause is found that explains every number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from reportgen.diagnostics.metrics import references, regression
from reportgen.diagnostics.metrics.cells import BOUNDED, CELLS, WORDS, of_cells, softened
from reportgen.diagnostics.metrics.definition import Definition, complement, turned

#: Words in a row that name a family; the first that is found counts.
FAMILIES: tuple[tuple[str, str], ...] = (
    ("balanced_accuracy", "balanced_accuracy|balanced_acc|bal_acc|bacc|bal_accuracy|uar"),
    ("error_rate", "error_rate|misclassification_rate|misclassification_error|zero_one_loss"),
    ("hamming_loss", "hamming_loss|hamming_distance"),
    ("top_k", r"top_\d+_accuracy|top_\d+_acc|top_\d+|top_k_accuracy|top_k_acc|top_k"),
    ("f2", "f2|f_2|fbeta_2|f2score"),
    ("f05", "f05|f0_5|f_05|f_0_5"),
    ("f1", "f1|f_1|f1score|fscore|f_score|f1_measure|f_measure|fmeasure"),
    ("dice", "dice|dice_coef|dice_coefficient|sorensen|dsc|f1_dice"),
    ("jaccard", "jaccard|iou|intersection_over_union|miou|tanimoto"),
    ("mcc", "mcc|matthews|matthews_corr|matthews_correlation|matthews_correlation_coefficient"
     "|matthews_corrcoef|phi_coefficient"),
    ("kappa", "kappa|cohen_kappa|cohens_kappa|qwk|quadratic_weighted_kappa|quadratic_kappa"),
    ("informedness", "youden|youdens_j|youden_j|informedness|tss|true_skill_statistic|bookmaker"),
    ("gmean", "gmean|g_mean|geometric_mean"),
    ("npv", "npv|negative_predictive_value"),
    ("specificity", "specificity|tnr|true_negative_rate|selectivity"),
    ("fpr", "fpr|false_positive_rate|fall_out|false_alarm_rate"),
    ("fnr", "fnr|false_negative_rate|miss_rate"),
    ("average_precision", "average_precision|avg_precision|pr_auc|auc_pr|prauc|auprc|aucpr|auc_prc"
     "|prc|map_score|mean_average_precision"),
    ("gini", "gini|gini_coefficient|somers_d"),
    ("roc_auc", "roc_auc|auc_roc|auroc|rocauc|aucroc|roc|auc|c_index|c_statistic"
     "|area_under_curve"),
    ("precision", "precision|ppv|positive_predictive_value|prec"),
    ("recall", "recall|sensitivity|tpr|true_positive_rate|hit_rate|rec"),
    ("brier", "brier|brier_score"),
    ("log_loss", "log_loss|logloss|cross_entropy|crossentropy|bce|cce|nll|xent|logistic_loss"
     "|negative_log_likelihood"),
    ("accuracy", "accuracy|acc|exact_match|subset_accuracy"),
    ("rmsle", "rmsle|root_mean_squared_log_error|root_mean_squared_logarithmic_error"),
    ("msle", "msle|mean_squared_log_error|mean_squared_logarithmic_error"),
    ("rmse", "rmse|root_mean_squared_error|root_mean_square_error"),
    ("smape", "smape|symmetric_mape|symmetric_mean_absolute_percentage_error"),
    ("mape", "mape|mean_absolute_percentage_error|absolute_percentage_error"),
    ("median_ae", "median_absolute_error|median_ae|medae"),
    ("mae", "mae|mean_absolute_error|l1"),
    ("mse", "mse|mean_squared_error|mean_square_error|l2"),
    ("max_error", "max_error|maximum_error|largest_error"),
    ("explained_variance", "explained_variance|ev"),
    ("r2", "r2|r_2|rsquared|r_squared|r_square|r2score|coeff_determination"
     "|coefficient_of_determination|determination_coefficient|coeff_det"),
    ("pearson", "pearson|pearsonr|pearson_r|pearson_correlation|correlation_coefficient|corr"),
)  # fmt: skip
_FILLERS = """
    my custom metric metrics score scores fn func function m keras tf tensorflow torch np numpy
    sk sklearn scikit own our the a an value val calc calculate compute computed get test eval
    evaluate wrong bad good correct right old new fixed v v1 v2 impl class cls coef coefficient
    index mean avg average binary categorical sparse multiclass multilabel pos positive
    positives overall total global model prediction predictions predicted for of with on by over
    in per rate simple naive fast eps smooth epoch batch wise measure all classes labels whole
    ovr ovo hard point percent pct
"""
FILLERS = frozenset(_FILLERS.split())
AVERAGES = {"macro": "macro", "micro": "micro", "weighted": "weighted", "samples": "samples",
            "unweighted": "macro"}  # fmt: skip
#: Families that a word turns into another quantity: 1 - F1 as a loss, −MSE as a score.
TURNED = {
    "loss": "complement",
    "error": "complement",
    "distance": "complement",
    "neg": "negative",
    "negative": "negative",
}


@dataclass(frozen=True)
class Meaning:
    """What a name stands for.

    ``definitions`` are legitimate, ``family`` None where the name tells nothing; ``sure`` is False
    where words are left that may make it another thing: ``left``.
    """

    family: str | None
    definitions: tuple[Definition, ...] = ()
    sure: bool = True
    left: tuple[str, ...] = ()
    average: str = ""

    @property
    def words(self) -> str:
        return WORDS.get(self.family or "", self.family or "")

    @property
    def bounded(self) -> bool:
        return self.family in BOUNDED


def split(name: str) -> list[str]:
    """Words of a name: ``MyF1Score`` and ``my_f1-score`` are my, f1, score."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    spaced = re.sub(r"(?i)r²", "r2", spaced)
    spaced = re.sub(r"(?i)top(\d+)", r"top_\1", spaced)
    return [w for w in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if w]


def meaning(
    name: str,
    task: str,
    k: int,
    *,
    classes: Iterable[str] = (),
    known: Iterable[str] = (),
) -> Meaning:
    """What ``name`` stands for in a task.

    Parameters
    ----------
    k : number of classes or labels.
    classes : their labels; a name may speak of one.
    known : names of the data set, the model, the target, of which a name may say that it is of.
    """
    words = split(name)
    joined = "_".join(words)
    family, top = None, None
    said = ""
    for candidate, phrases in FAMILIES:
        longest_first = sorted(phrases.split("|"), key=len, reverse=True)
        found = re.search(rf"(?:^|_)({'|'.join(longest_first)})(?=_|$)", joined)
        if found is None:
            continue
        family, said = candidate, found.group(1)
        digits = re.search(r"top_(\d+)", said)
        top = int(digits.group(1)) if digits else None
        joined = (joined[: found.start()] + joined[found.end() :]).strip("_")
        break
    if family is None:
        return Meaning(None)
    rest = [w for w in joined.split("_") if w]
    average = next((AVERAGES[w] for w in rest if w in AVERAGES), "")
    if family == "kappa" and (average == "weighted" or "quadratic" in (*rest, *said.split("_"))):
        average = "quadratic" if "quadratic" in (*rest, *said.split("_")) else ""
    if said in ("qwk",):
        average = "quadratic"
    soft = "soft" in rest
    of_class, rest = _class_words(rest, classes)
    if of_class is not None and family in CELLS:
        average = str(of_class)
    ways = {TURNED[w] for w in rest if w in TURNED}
    mine = {w for one in known for w in split(one)}
    left = [
        w
        for w in rest
        if w not in FILLERS and w not in AVERAGES and w not in TURNED and w not in mine
        and w not in ("soft", "quadratic", "linear", "unweighted", "approx", "trapz", "interp")
    ]  # fmt: skip
    definitions = _definitions(family, task, k, top)
    if not definitions:  # a metric of another task
        return Meaning(None)
    definitions = _narrowed(definitions, average)
    if soft and family in CELLS:
        definitions = list(softened(family, family, WORDS[family]))
    definitions += [d for way in ways for d in _turned(definitions, way, family, task)]
    return Meaning(family, tuple(definitions), not left, tuple(left), average)


def _class_words(rest: list[str], classes: Iterable[str]) -> tuple[int | None, list[str]]:
    """The class that the name speaks of, by its position, and what is left of the words."""
    for position, label in enumerate(classes):
        own = split(label)
        if not own or (len(own) == 1 and len(own[0]) < 2 and not own[0].isdigit()):
            continue
        for start in range(len(rest) - len(own) + 1):
            if rest[start : start + len(own)] == own:
                return position, rest[:start] + rest[start + len(own) :]
    return None, rest


def _definitions(family: str, task: str, k: int, top: int | None) -> list[Definition]:
    if task == "regression":
        return regression.definitions(family)
    return references.classification(family, task, k, top)


def _narrowed(definitions: list[Definition], average: str) -> list[Definition]:
    """Those of the average that the name says, where there are such; of one class alone."""
    if average.isdigit():
        first = definitions[0]
        words = f"{WORDS[first.family]} of class {average}"
        of = partial(of_cells, function=CELLS[first.family][1], average=average)
        return [Definition(first.family, words, of, average)]
    return (
        [d for d in definitions if d.average == average] or definitions if average else definitions
    )


def _turned(definitions: list[Definition], way: str, family: str, task: str) -> list[Definition]:
    if way == "negative":
        return [turned(d, "−{}", lambda value: -value) for d in definitions]
    found = [complement(d) for d in definitions]
    if family in ("f1", "dice", "jaccard") and task != "regression":
        soft = list(softened("jaccard" if family == "jaccard" else "f1", family, WORDS[family]))
        found += [*soft, *(complement(d) for d in soft)]
    return found


def catalogue(task: str, k: int) -> list[Definition]:
    """Every definition that there is for a task, to say what a metric really computes."""
    families = dict.fromkeys(f for f, _ in FAMILIES)
    return [d for family in families for d in _definitions(family, task, k, None)]
