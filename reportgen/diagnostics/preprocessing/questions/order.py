"""Whether columns reach the model in the order it was fitted with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import listed, plural, score
from reportgen.diagnostics.preprocessing import change, places
from reportgen.diagnostics.preprocessing.answer import Answer, table
from reportgen.diagnostics.preprocessing.chain import Link, measured
from reportgen.diagnostics.preprocessing.columns import ks
from reportgen.diagnostics.preprocessing.compared import comparisons
from reportgen.diagnostics.preprocessing.declared import CODES, ORDER
from reportgen.diagnostics.preprocessing.questions.pictures import channel_means
from reportgen.diagnostics.preprocessing.received import Place, Received
from reportgen.evidence import Case
from reportgen.results import Finding

Floats = NDArray[np.float64]
ADVICE = next(c.advice for c in CODES if c.code == ORDER)
STORED = 1e-5  # of a column's size, that a stored figure may be off
UNLIKE = 1e-2  # that two columns' figures differ at least, to be told apart


def look(case: Case, rows: Received, chain: tuple[Link, ...]) -> Answer:
    """By name, then by stored figures, then by distribution."""
    found = _by_name(case, rows) or _by_figures(chain)
    if found is not None:
        return found
    others = [n for n in ("test", "validation") if n in case.dataset.splits and case.split(n).n]
    if "train" not in case.dataset.splits or not others:
        return Answer(ORDER, untold="there is no second split to compare with train")
    compared = 0
    for place in rows.places:
        for name in others:
            columns, pairs = comparisons(case, place, name)
            told = places.moved(pairs, [c.by["train"] for c in columns])
            if told is not None:
                return _by_values(place, name, [c.name for c in columns], told)
            answer = _channels(place, name)
            if answer is not None:
                return answer
            compared = max(compared, _told_apart(pairs))
    if compared < 2 and not any(p.blocks for p in rows.places):
        return Answer(ORDER, untold="fewer than two columns can be told apart by their values")
    return Answer(ORDER, detectable="two columns exchanged"
                  if compared > 1 else "")  # fmt: skip


def _told_apart(pairs: list[change.Pair]) -> int:
    """Columns whose values are far from another one's, so that an exchange would be seen."""
    rich = [p for p in pairs if len(np.unique(p.a)) > places.VALUES][:200]
    thin = [p.a[:: max(1, len(p.a) // 200)] for p in rich]
    return sum(
        any(ks(a, b) >= places.APART + p.noise for b in thin if b is not a)
        for p, a in zip(rich, thin, strict=True)
    )


def _by_name(case: Case, rows: Received) -> Answer | None:
    """Rows without names, given by position to what was fitted with names in another order."""
    from reportgen.models.preprocess import Scale, SklearnTransform, Standardize

    known: tuple[str, ...] = case.dataset.features
    named = hasattr(case.split(next(iter(case.dataset.splits))).X, "columns")
    for step, where in zip(case.preprocess.steps, case.preprocess.names or
                           ("",) * len(case.preprocess.steps), strict=True):  # fmt: skip
        if isinstance(step, SklearnTransform):
            told = _permuted(known, step.transformer, named, where)
            if told is not None:
                return told
            return None
        if not isinstance(step, (Scale, Standardize)):
            return None
        named = False
    if case.predictor.framework != "sklearn":
        return None
    return _permuted(known, case.predictor.model, named, "the model")


def _permuted(known: tuple[str, ...], fitted: Any, named: bool, where: str) -> Answer | None:
    names = getattr(fitted, "feature_names_in_", None)
    if names is None and getattr(fitted, "steps", None):
        names = getattr(fitted.steps[0][1], "feature_names_in_", None)
    if names is None or named:
        return None
    wanted = tuple(map(str, names))
    if wanted == known or set(wanted) != set(known) or len(wanted) != len(known):
        return None
    wrong = [i for i, (a, b) in enumerate(zip(known, wanted, strict=True)) if a != b]
    i = wrong[0]
    message = (
        f"{plural(len(wrong), 'column')} of {len(known)} reach {where} at another place than it "
        f"was fitted with: at place {i + 1} it takes “{wanted[i]}” and gets “{known[i]}”."
    )
    finding = Finding(
        code=ORDER, severity="fail", subject=where, message=message, advice=ADVICE,
        evidence={"by": "name", "fitted": list(wanted[:50]), "given": list(known[:50]),
                  "columns_total": len(wrong)},
    )  # fmt: skip
    head = [("Place", "n"), ("Fitted with", "q"), ("Given", "q")]
    cells = [[str(k + 1), wanted[k], known[k]] for k in wrong[:12]]
    return Answer(
        ORDER,
        (finding,),
        tables=(table("Columns by place", head, cells),),
        headline=f"No. {message}",
        flagged=tuple(known[k] for k in wrong[:50]),
    )


def _by_figures(chain: tuple[Link, ...]) -> Answer | None:
    """A scaler whose stored figures are those of train's columns in another order."""
    for link in chain:
        if link.known is None or "train" not in link.fed:
            continue
        own = measured(link.known, link.fed["train"])
        if own is None:
            continue
        order = _order(np.column_stack([link.known.place, link.known.size]), np.column_stack(own))
        if order is None:
            continue
        wrong = [j for j, k in enumerate(order) if j != k]
        names = link.columns or tuple(f"column {j}" for j in range(len(order)))
        j = wrong[0]
        message = (
            f"{link.kind} ({link.where}) stored the figures of train's columns in another order: "
            f"at the place of {names[j]} are, to the last digits, those of {names[order[j]]}; "
            f"{len(wrong)} of {len(order)} stand elsewhere."
        )
        finding = Finding(
            code=ORDER, severity="fail", subject=link.where, message=message, advice=ADVICE,
            evidence={"by": "figures", "columns": [names[k] for k in wrong[:50]],
                      "columns_total": len(wrong)},
        )  # fmt: skip
        return Answer(ORDER, (finding,), headline=f"No. {link.kind} knows the columns in another "
                      "order.", flagged=tuple(names[k] for k in wrong[:50]))  # fmt: skip
    return None


def _order(stored: Floats, own: Floats) -> list[int] | None:
    """Where each stored pair of figures stands among the rows' own; None: in order, or nowhere."""
    if not (np.isfinite(stored).all() and np.isfinite(own).all()) or len(own) > 2000:
        return None
    size = np.maximum(np.abs(own[:, 1]), 1e-300)
    near = np.abs(stored[:, None, :] - own[None, :, :]) <= STORED * np.maximum(
        size[None, :, None], np.abs(own[None, :, :]) * 1e-2
    )
    both: NDArray[np.bool_] = np.asarray(near.all(axis=2))
    # Columns with equal figures (constants) cannot be told apart: they stay where they may.
    order = []
    for j in range(len(own)):
        if both[j, j]:
            order.append(j)
            continue
        there = np.flatnonzero(both[j])
        if len(there) != 1:
            return None
        order.append(int(there[0]))
    wrong = [j for j, k in enumerate(order) if j != k]
    if len(wrong) < 2 or sorted(order) != list(range(len(order))):
        return None
    return order


def _by_values(place: Place, name: str, names: list[str], told: places.Moved) -> Answer:
    first = told.columns[0]
    what = plural(len(told.columns), "column")
    message = (
        f"{what} of {name} hold the values of others: at the place of “{names[first[0]]}” stand "
        f"numbers like train's “{names[first[1]]}” ({score(first[2])} from its own place, "
        f"{score(first[3])} from that one, KS)."
    )
    finding = Finding(
        code=ORDER, severity="fail", subject=f"{name}, {what}", message=message, advice=ADVICE,
        evidence={"by": "distribution", "split": name, "place": place.key,
                  "columns": [[names[a], names[b]] for a, b, *_ in told.columns[:50]],
                  "columns_total": len(told.columns), "compared": told.compared,
                  "apart": told.apart},
    )  # fmt: skip
    head = [(f"Column of {name}", "q"), ("Holds the values of", "q"), ("Apart from its own", "n"),
            ("Apart from that", "n")]  # fmt: skip
    cells = [[names[a], names[b], score(x), score(y)] for a, b, x, y in told.columns[:12]]
    return Answer(
        ORDER, (finding,),
        tables=(table(f"Columns of {name} at another's place", head, cells,
                      "Apart: Kolmogorov and Smirnov's distance, from 0 (alike) to 1."),),
        headline=f"No. Columns of {name} stand in another order than train's "
        f"({listed([f'“{names[a]}”' for a, *_ in told.columns], 3)}).",
        flagged=tuple(names[a] for a, *_ in told.columns[:50]),
        undo=_undo({names[b]: names[a] for a, b, *_ in told.columns})
        if place.key == "data"
        else None,
    )  # fmt: skip


def _undo(holds: dict[str, str]) -> Any:
    """Each column's values fetched from where they stand; only where none is left without."""
    if set(holds) != set(holds.values()):
        return None
    return lambda train, split: {column: split[where] for column, where in holds.items()}


def _channels(place: Place, name: str) -> Answer | None:
    for block in place.blocks:
        if not {"train", name} <= set(block.by):
            continue
        both = list(channel_means(block, name))
        if not both:
            continue
        pairs = change.pairs([a for a, _ in both], [b for _, b in both])
        told = places.moved(pairs, [a for a, _ in both])
        if told is not None:
            names = [f"channel {c}" for c in range(len(both))]
            return _by_values(place, name, names, told)
    return None
