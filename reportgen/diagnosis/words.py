"""Names and sentences as page one says them."""

from __future__ import annotations

import re

_NAMES = {"roc_auc": "ROC-AUC", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "mse": "MSE",
          "mcc": "MCC", "f1": "F1", "brier": "Brier score"}  # fmt: skip
_LOSSES = ("loss", "log_loss", "brier")
_OF_TARGET = ("mse", "rmse", "mae", "median_absolute_error", "max_error")
_INTERVAL = re.compile(r"\s*\([^()]*\d[^()\w]{0,3} to [^()]*\d[^()]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s\w]*[A-Z0-9])")


def spoken(metric: str) -> str:
    """A metric's name in a sentence: ``roc_auc`` -> ROC-AUC, ``f1, macro`` -> F1, macro."""
    name, comma, rest = metric.partition(",")
    return _NAMES.get(name, name.replace("_", " ")) + comma + rest


def unit_of(metric: str) -> str:
    """A metric's unit, as :class:`~reportgen.results.Metric` has them."""
    name = metric.partition(",")[0].strip()
    if name in _LOSSES:
        return "loss"
    return "target" if name in _OF_TARGET else "score"


def better(metric: str) -> int:
    """1 where more is better, -1 for losses and errors."""
    name = metric.partition(",")[0].strip()
    return -1 if name in (*_LOSSES, *_OF_TARGET, "mape", "hamming_loss") else 1


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    return line if line.endswith((".", "!", "?")) else f"{line}."


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; decimals and file names have none."""
    return _SENTENCE.split(text.strip(), maxsplit=1)[0]


def plainly(text: str) -> str:
    """A sentence without its intervals, where they stand beside it or in the section."""
    return _INTERVAL.sub("", text)
