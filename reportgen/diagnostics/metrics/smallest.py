"""The smallest rows on which a metric and every legitimate reference part, worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.charts.numbers import amount, plural, score
from reportgen.diagnostics.metrics.cells import CELLS, RANKS, cells
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.forms import Asked
from reportgen.diagnostics.metrics.rows import Rows

SIZES = (2, 3, 4, 5, 6, 8, 12, 20)
DRAWS = 16
APART = 0.02  # of a score, or of the reference's size: a difference worth working out


@dataclass(frozen=True)
class Example:
    """``rows`` few, ``value`` what the metric says, ``reference`` what is right, ``worked`` how."""

    rows: Rows
    value: float | None
    reference: float
    worked: str
    error: str | None = None


def smallest(
    asked: Asked,
    of: Rows,
    definition: Definition,
    legitimate: Sequence[Definition],
    rng: np.random.Generator,
) -> Example | None:
    """Fewest rows, drawn from the model's own, on which no legitimate definition gives its value.

    Scores are rounded to two decimals, so that the example can be checked by hand.
    """
    drawn = [rows for size in SIZES if size <= of.n for rows in _draws(of, size, rng)]
    replies = asked(drawn)
    for size in SIZES:
        best: tuple[float, Example] | None = None
        for rows, reply in zip(drawn, replies, strict=True):
            if rows.n != size:
                continue
            refs = _references(rows, legitimate)
            wanted = _reference(rows, definition)
            if not refs or not np.isfinite(wanted):
                continue
            off = float("inf")
            if reply.value is not None:
                off = min(abs(reply.value - r) for r in refs)
                if off <= APART * max(1.0 if definition.family in _UNIT else abs(wanted), 1e-9):
                    continue
            elif "NaN" in (reply.error or ""):
                continue
            example = Example(
                rows, reply.value, wanted, worked(rows, definition, wanted), reply.error
            )
            rank = off if definition.family in _UNIT else -abs(wanted)
            if best is None or rank > best[0]:
                best = (rank, example)
        if best is not None:
            return best[1]
    return None


_UNIT = {*CELLS, *RANKS, "accuracy", "balanced_accuracy", "dice", "top_k", "hamming_loss",
         "error_rate"}  # fmt: skip


def _draws(of: Rows, size: int, rng: np.random.Generator) -> list[Rows]:
    found = []
    for _ in range(DRAWS):
        at = rng.choice(of.n, size, replace=False)
        if of.task == "binary" and size >= 2:  # one of each class at least
            for code in (0, 1):
                own = np.flatnonzero(of.y == code)
                if len(own) and not (of.y[at] == code).any():
                    at[code] = rng.choice(own)
        rows = _rounded(of.take(at))
        if rows is not None:
            found.append(rows)
    return found


def _rounded(rows: Rows) -> Rows | None:
    if rows.task == "regression":
        size = float(np.abs(rows.y).max()) or 1.0
        digits = int(2 - np.floor(np.log10(size)))
        return replace(rows, y=np.round(rows.y, digits), p=np.round(rows.p, digits))
    if not rows.scored:
        return rows
    p = np.round(rows.p, 2)
    if rows.task == "multiclass":
        p[np.arange(rows.n), p.argmax(axis=1)] += np.round(1 - p.sum(axis=1), 2)
        p = np.round(p, 2)
        top = np.sort(p, axis=1)
        return replace(rows, p=p) if (top[:, -1] > top[:, -2]).all() else None
    if (np.abs(p - rows.threshold) < 1e-6).any() or (p == 0.5).any():
        return None
    if rows.task == "binary":
        p = np.clip(p, 0.01, 0.99)
    return replace(rows, p=p)


def _references(rows: Rows, legitimate: Sequence[Definition]) -> list[float]:
    return [r for r in (_reference(rows, d) for d in legitimate) if np.isfinite(r)]


def _reference(rows: Rows, definition: Definition) -> float:
    with np.errstate(all="ignore"):
        return float(definition.of(rows))


def worked(rows: Rows, definition: Definition, value: float) -> str:
    """The reference's value, step by step, in a sentence."""
    family = definition.family
    end = score(value) if family in _UNIT else amount(value, 4)
    if family in RANKS and rows.task == "binary":
        return _pairs(rows, family, end)
    if rows.task == "binary" and (family in CELLS or family == "dice"):
        truth, given = rows.members()
        tp, fp, fn, tn = (int(c[1]) for c in cells(truth, given))
        return (
            f"Labels above {rows.threshold:g}: {tp} true and {fp} false positive, {fn} false and "
            f"{tn} true negative, so {definition.words} is {_formula(family, tp, fp, fn, tn)}{end}."
        )
    if family == "accuracy" and rows.task != "multilabel":
        right = int((rows.y == rows.labels()).sum())
        return (
            f"{right} of {plural(rows.n, 'row')} have the right label: {right} / {rows.n} = {end}."
        )
    if rows.task == "regression" and rows.y.ndim == 1:
        return _errors(rows, family, end, definition.words)
    return f"On {plural(rows.n, 'row')} {definition.words} is {end}."


def _formula(family: str, tp: int, fp: int, fn: int, tn: int) -> str:
    forms = {
        "precision": f"{tp} / ({tp} + {fp}) = ",
        "recall": f"{tp} / ({tp} + {fn}) = ",
        "f1": f"2 · {tp} / (2 · {tp} + {fp} + {fn}) = ",
        "dice": f"2 · {tp} / (2 · {tp} + {fp} + {fn}) = ",
        "jaccard": f"{tp} / ({tp} + {fp} + {fn}) = ",
        "specificity": f"{tn} / ({tn} + {fp}) = ",
        "npv": f"{tn} / ({tn} + {fn}) = ",
    }
    return forms.get(family, "")


def _pairs(rows: Rows, family: str, end: str) -> str:
    up, down = rows.p[rows.y == 1], rows.p[rows.y == 0]
    above = int((up[:, None] > down).sum())
    ties = int((up[:, None] == down).sum())
    if family != "roc_auc":
        return f"On {plural(rows.n, 'row')} it is {end}."
    if len(up) == len(down) == 1:
        where = "above" if above else "level with" if ties else "below"
        return (
            f"The positive row has {up[0]:.2f} and the negative one {down[0]:.2f}: it ranks "
            f"{where} it, and ROC-AUC is {end}."
        )
    tied = f", {ties} are level" if ties else ""
    return (
        f"Of {len(up) * len(down)} pairs of a positive and a negative row, {above} are in order"
        f"{tied}: ROC-AUC is {end}."
    )


def _errors(rows: Rows, family: str, end: str, words: str) -> str:
    off = rows.p - rows.y
    listed = ", ".join(amount(float(e), 3) for e in off[:6])
    if family == "r2":
        left, whole = float((off**2).sum()), float(((rows.y - rows.y.mean()) ** 2).sum())
        return (
            f"Squared errors sum to {amount(left, 4)}, squared distances from the mean to "
            f"{amount(whole, 4)}: R² is 1 − {amount(left, 4)} / {amount(whole, 4)} = {end}."
        )
    if family == "mape":
        parts = " + ".join(
            f"{amount(abs(float(e)), 3)} / {amount(abs(float(y)), 3)}"
            for e, y in zip(off[:4], rows.y[:4], strict=True)
        )
        more = " + …" if rows.n > 4 else ""
        return f"It is ({parts}{more}) / {rows.n} = {end}."
    return f"The errors are {listed}: {words} is {end}."


def table(example: Example, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the example for a table: label or value, and what the model gave."""
    rows = example.rows
    if rows.task == "binary":
        rows = rows.take(np.argsort(-rows.p, kind="stable"))
    shown = []
    for i in range(rows.n):
        if rows.task == "regression":
            given: Any = [amount(float(v), 4) for v in np.ravel(rows.p[i])]
            truth: Any = [amount(float(v), 4) for v in np.ravel(rows.y[i])]
            shown.append({"truth": ", ".join(truth), "given": ", ".join(given)})
            continue
        if rows.task == "multilabel":
            names = [classes[int(k)] for k in np.flatnonzero(rows.y[i])]
            shown.append({"truth": ", ".join(names) or "none",
                          "given": ", ".join(f"{v:.2f}" for v in rows.p[i][:8])})  # fmt: skip
            continue
        given = [f"{v:.2f}" for v in np.ravel(rows.p[i])[:8]]
        if not rows.scored:
            given = [classes[int(rows.labels()[i])]]
        shown.append({"truth": classes[int(rows.y[i])], "given": ", ".join(given)})
    return shown
