"""Numbers as people say them: ``accuracy 0.91, f1 macro 0.88 on test, recall of leave 85 %``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reportgen.errors import JobError, Problem
from reportgen.job.claims import Claim, of_number
from reportgen.job.keypath import quoted
from reportgen.job.rules.reported import metrics_of

_NAMES = {
    "accuracy": "accuracy", "acc": "accuracy", "balanced accuracy": "balanced_accuracy",
    "balanced acc": "balanced_accuracy", "precision": "precision", "prec": "precision",
    "recall": "recall", "sensitivity": "recall", "tpr": "recall", "f1": "f1", "f1 score": "f1",
    "f score": "f1", "auc": "roc_auc", "roc auc": "roc_auc", "auroc": "roc_auc",
    "average precision": "average_precision", "ap": "average_precision",
    "pr auc": "average_precision", "auprc": "average_precision", "mcc": "mcc", "loss": "loss",
    "log loss": "log_loss", "logloss": "log_loss", "cross entropy": "log_loss",
    "brier": "brier", "brier score": "brier", "mse": "mse", "rmse": "rmse", "mae": "mae",
    "r2": "r2", "r squared": "r2", "r²": "r2", "top k accuracy": "top_k_accuracy",
}  # fmt: skip
_AVERAGES = ("macro", "micro", "weighted", "binary", "samples")
_SPLITS = {"train": "train", "training": "train", "validation": "validation", "val": "validation",
           "dev": "validation", "test": "test", "testing": "test"}  # fmt: skip
_PIECES = re.compile(r"[;\n]|,(?!\d)")
_NUMBER = r"[-+\N{MINUS SIGN}]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_VALUE = re.compile(rf"(?<![\w.])({_NUMBER})\s*(%|percent|per cent)?\s*$")
_CLASS = re.compile(r"\[(?P<a>[^\]]+)\]|\bof (?:class )?(?P<b>[^,;]+?)\s*$")
_TOP = re.compile(r"\btop[\s-]?(\d+)(?: accuracy)?\b")


def parse(text: str, *, task: str, classes: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Claims from one line or several; pieces end at commas, semicolons and line ends.

    Each piece is a metric, perhaps an average (macro), a class (``recall[leave]`` or ``recall of
    leave``), a split (``on train``), and a number last.

    Raises
    ------
    JobError
        with every piece that is not understood.
    """
    claims: list[Claim] = []
    problems: list[Problem] = []
    for piece in (p.strip() for p in _PIECES.split(text)):
        if not piece:
            continue
        try:
            claims.append(_piece(piece, task, classes))
        except ValueError as error:
            problems.append(
                Problem(
                    str(error),
                    key="--said",
                    got=quoted(piece),
                    expected="a metric and a number, such as 'f1 macro 0.88' or 'accuracy 91.3 %'",
                )
            )
    if not claims and not problems:
        problems.append(Problem("nothing was said", key="--said", expected="accuracy 0.91"))
    if problems:
        raise JobError(*problems)
    return tuple(claims)


def _piece(piece: str, task: str, classes: Sequence[str]) -> Claim:
    splits = "|".join(_SPLITS)
    on = re.search(rf"\bon (?:the )?({splits})(?: set| split| data)?\b", piece, re.IGNORECASE)
    split = "test"
    if on:
        split = _SPLITS[on[1].lower()]
        piece = (piece[: on.start()] + piece[on.end() :]).strip()
    value = _VALUE.search(piece)
    if value is None:
        raise ValueError("there is no number at the end")
    words = piece[: value.start()].strip(" :=\t~≈")
    per_class, words = _class(words, classes)
    words = re.sub(r"[_\-()]+", " ", words.lower())
    ahead = re.match(rf"({splits})\s+", words)  # "val accuracy 0.9", "test_acc: 0.9"
    if ahead:
        split, words = _SPLITS[ahead[1]], words[ahead.end() :]
    average = next((a for a in _AVERAGES if re.search(rf"\b{a}\b", words)), None)
    if average is not None:
        words = re.sub(rf"\b{average}\b(?: avg| average| averaged)?", " ", words)
    top = _TOP.search(words)
    k = int(top[1]) if top else None
    name = "top k accuracy" if top else " ".join(words.split())
    metric = _NAMES.get(name)
    if metric is None:
        raise ValueError(f"{quoted(name)} is no metric that is known here" if name else "no metric")
    if metric not in metrics_of(task):
        raise ValueError(f"{metric} is no metric of a {task} task")
    return of_number(
        metric,
        value[1].replace("\N{MINUS SIGN}", "-"),
        task=task,
        split=split,
        average=average,
        per_class=per_class,
        k=k,
        percent=bool(value[2]),
    )


def _class(words: str, classes: Sequence[str]) -> tuple[str | None, str]:
    """The class that is named, and the words without it."""
    found = _CLASS.search(words)
    if found is None:
        return None, words
    label = (found["a"] or found["b"]).strip()
    if classes and label not in classes:
        raise ValueError(f"there is no class {quoted(label)}; there are {', '.join(classes[:8])}")
    return label, words[: found.start()].strip()
