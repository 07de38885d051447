"""Small pieces of the sentences: names of numbers, counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.job.claims import Claim

_NAMES = {"roc_auc": "ROC-AUC", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "mse": "MSE",
          "mcc": "MCC", "f1": "F1", "brier": "Brier score"}  # fmt: skip
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def spoken(claim: Claim) -> str:
    """A claim's name in a sentence: ``f1, macro`` -> F1, macro."""
    name, comma, rest = claim.name.partition(",")
    return _NAMES.get(name, name.replace("_", " ")) + comma + rest


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def counted(n: int) -> str:
    return _NUMBERS[n] if 0 <= n < len(_NUMBERS) else f"{n:,}"


def every(n: int) -> str:
    return "both" if n == 2 else f"all {counted(n)}"


def listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def in_digits(value: float, claim: Claim) -> str:
    places = len(claim.value.text.partition(".")[2])
    if claim.value.percent:
        return f"{100 * value:.{places}f} %"
    return f"{value:.{max(places, 0)}f}"
