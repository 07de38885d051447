"""Sequences of numbers moved by one step, and sequences of tokens with an exchanged one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.sensitivity.asking import Replies, Ruler, asked, change
from reportgen.diagnostics.sensitivity.columns import Ask, Table
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import Evidence, steady
from reportgen.diagnostics.sensitivity.plan import sample
from reportgen.diagnostics.sensitivity.tabular import deranged
from reportgen.evidence import Case, settings_of

Ints = NDArray[np.int64]
#: Steps of which one is so few that a shift by it means nothing.
LONG = 28
#: One of so many tokens is exchanged, and at least one; fewer tokens than this are no text.
ONE_OF, LEAST_WIDTH = 10, 8
MOST_ROWS = 3000


def shifts(case: Case, table: Table, rows: Ints) -> dict[str, Ask]:
    """Sequences of 28 steps or more moved by one, the first or last step repeated."""
    if np.ndim(table.X) != 3 or table.X.shape[1] < LONG:
        return {}
    later = case.rng("steps").random(len(rows)) < 0.5
    moved = {}
    for j in range(table.width):
        values = table.numbers(j, rows)
        forth = np.concatenate([values[:, :1], values[:, :-1]], axis=1)
        back = np.concatenate([values[:, 1:], values[:, -1:]], axis=1)
        moved[j] = np.where(later[:, None], forth, back)
    return {"steps": Ask(rows, moved)}


def are_tokens(case: Case, X: Any) -> bool:
    """Whether rows are indices of tokens, which the network embeds: numbers without an order."""
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.shape[1] < LEAST_WIDTH:
        return False
    if case.predictor.framework not in ("keras", "tf_keras") or case.preprocess.steps:
        return False
    from reportgen.models.training_mode import layers_within

    if not any(
        type(layer).__name__ == "Embedding" for layer in layers_within(case.predictor.model)
    ):
        return False
    return bool((np.round(X) == X).all() and X.min() >= 0)


def measured(
    case: Case, name: str, given: Answers, rows: Ints, before: Replies, ruler: Ruler
) -> Evidence:
    """One token of ten exchanged for another one of the split, as a typo makes another word."""
    X: Any = case.split(name).X
    budget = settings_of(case, SensitivitySettings).rows or MOST_ROWS
    some = sample(rows, budget, case.rng("rows"))
    control = sample(rows, 200, case.rng("control"))
    changed, spoiled = exchanged(X[some], case.rng("tokens"))
    asks = {"control": Tokens(control, X[control]), "text:token:0": Tokens(some, changed)}
    found = asked(case, asks, _stacked, X.shape[1], f"changed rows of {name}")
    steady(before, control, found["control"], ruler)
    mixed = deranged(some, case.rng("other rows"))
    return Evidence(
        kind="tokens",
        answers=given,
        n_judged=len(rows),
        changes={"text:token:0": change(ruler, before, some, found["text:token:0"], given)},
        all_over=float(ruler.compared(before.at(some), before.at(mixed))[1].mean()),
        sent=len(some) + len(control),
        plain=len(given.kept),
        spoiled={"0": spoiled},
    )


class Tokens:
    """Rows to be asked again, as they are to be given."""

    def __init__(self, rows: Ints, values: NDArray[Any]) -> None:
        self.rows, self.values = rows, values


def _stacked(asks: Sequence[Tokens]) -> NDArray[Any]:
    return np.concatenate([ask.values for ask in asks])


def exchanged(rows: NDArray[Any], rng: np.random.Generator) -> tuple[NDArray[Any], float]:
    """Rows with one of ten tokens exchanged, padding (0) left alone, and the share exchanged."""
    out = rows.copy()
    words = rows[rows > 0]
    shares = []
    for row in out:
        real = np.flatnonzero(row > 0)
        if len(real) == 0 or len(words) == 0:
            continue
        k = max(1, len(real) // ONE_OF)
        row[rng.choice(real, size=k, replace=False)] = rng.choice(words, size=k)
        shares.append(k / len(real))
    return out, float(np.mean(shares)) if shares else 0.0
