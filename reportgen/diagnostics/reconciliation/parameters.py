"""What was chosen under a cause, in words: ``threshold 0.31 to 0.33``, ``of train``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Ranges of a searched number that are told, where several fit.
MOST_RANGES = 3
#: Keys that do not read by themselves before their value.
_SAID = {
    "is": "{}",
    "unit": "{}",
    "way": "{}",
    "order": "outputs read as {}",
    "mode": "{}",
    "inputs": "inputs {}",
    "split": "here {}",
    "equivalent": "here the same as {}",
    "of": "of {}",
    "k": "k = {}",
    "lag": "a shift of {} rows",
    "draws": "{} orders were drawn",
    "default": "{} for the rest",
    "by": "{}",
    "batch_size": "batches of {}",
    "last_batch": "the last batch {}",
    "rows": "{} rows",
    "value": "of {}",
    "arguments": "arguments {}",
    "weights": "weights of {}",
    "cells": "of {}",
    "counted": "{}",
    "clipped": "clipped at {}",
}
#: The value of a key may be a word: ``rows weighted``.
_IN_NUMBERS = ("rows", "lag", "draws")


def bracketed(parameters: Mapping[str, Any]) -> str:
    """`` (threshold 0.31 to 0.33)``, or nothing where nothing was chosen."""
    shown = {key: value for key, value in parameters.items() if value is not None}
    if "equivalent" in shown:
        shown["equivalent"] = [v for v in shown["equivalent"] if v != shown.get("is")]
    said = [_one(key, value) for key, value in shown.items() if value != []]
    return f" ({'; '.join(said)})" if said else ""


def _one(key: str, value: Any) -> str:
    shown = _value(value)
    if key in _IN_NUMBERS and not isinstance(value, (int, float)):
        return f"{key} {shown}"
    if key == "lag" and abs(value) == 1:
        return f"a shift of {shown} row"
    return _SAID.get(key, f"{key.replace('_', ' ')} {{}}").format(shown)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        if len(value) == 2 and all(isinstance(v, float) for v in value):
            return f"{value[0]:.4g} to {value[1]:.4g}"
        if value and all(isinstance(v, list) for v in value):
            several = [_value(v) for v in value[:MOST_RANGES]]
            return " or ".join(several) + (" or others" if len(value) > MOST_RANGES else "")
        shown = ", ".join(_value(v) for v in value[:8])
        return shown + (" …" if len(value) > 8 else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{k} as {_value(v)}" for k, v in list(value.items())[:6])
    return str(value)
