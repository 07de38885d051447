"""Segments of rows that are answered worse: found on one half of the rows, judged on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.performance.declared import PerformanceSettings
from reportgen.diagnostics.performance.hardness import expected, hardness
from reportgen.diagnostics.performance.inputs import Column
from reportgen.diagnostics.performance.rivals import Rival
from reportgen.statistics import clusters, influence
from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import Interval, student
from reportgen.statistics.paired import difference
from reportgen.statistics.power import smallest_effect

Floats = NDArray[np.float64]
TRIED = 3  # segments taken from the tree
LARGE = 200_000  # rows of each half that are looked at


@dataclass(frozen=True)
class Segment:
    """A segment on the half of the rows that it was not found on.

    ``gap`` is its loss less the rest's, ``excess`` the same after what difficulty explains (with
    labels alone: its loss less that of the simple model there).
    """

    words: str
    n: int
    share: float
    loss: float
    rest: float
    gap: Interval
    excess: Interval


@dataclass(frozen=True)
class Searched:
    """All segments tried, and how many rows there were; ``why_not`` when none could be."""

    tried: tuple[Segment, ...]
    rows: int = 0
    detectable: float = float("inf")
    why_not: str = ""


def search(
    of: Answers,
    encoded: Floats,
    columns: tuple[Column, ...],
    settings: PerformanceSettings,
    rng: np.random.Generator,
    simple: Sequence[Rival] = (),
) -> Searched:
    """Segments of the judged rows, see the module.

    Parameters
    ----------
    encoded : features of the judged rows, shape (n, d), NaN where missing.
    simple : simple models' answers for these rows.
    """
    codes = np.arange(of.n) if of.design.codes is None else of.design.codes
    units = int(codes.max()) + 1
    first = rng.permutation(units) < units // 2
    found_on = np.flatnonzero(first[codes])[:LARGE]
    judged_on = np.flatnonzero(~first[codes])[:LARGE]
    least = settings.segment_rows
    if min(len(found_on), len(judged_on)) < 3 * least:
        return Searched((), of.n, why_not=f"{of.n} rows are too few to halve")
    hard = hardness(of, simple)
    loss, usual_loss = hard.loss, expected(hard, found_on)
    search_in = loss[found_on] - usual_loss[found_on]
    masks = _leaves(encoded, search_in, found_on, judged_on, columns, settings, rng)
    masks = [(w, m) for w, m in masks if least <= m.sum() <= len(judged_on) - least]
    level = 1 - settings.segment_alpha / max(1, len(masks))
    design = of.design.rows(_mask(of.n, judged_on))
    tried = tuple(
        Segment(
            words,
            int(inside.sum()),
            float(inside.mean()),
            *_means(loss[judged_on], inside, design),
            _gap(loss[judged_on], inside, design, level),
            _gap((loss - usual_loss)[judged_on], inside, design, level)
            if hard.other is None
            else _worse((loss - hard.other)[judged_on], inside, design, level),
        )
        for words, inside in masks
    )
    typical = np.arange(len(judged_on)) % 10 == 0
    usual = _gap(loss[judged_on], typical, design, level)
    effect = smallest_effect(usual.se, design.df, alpha=settings.segment_alpha)
    return Searched(tried, of.n, settings.segment_gap + effect)


def _mask(n: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(n, dtype=bool)
    mask[rows] = True
    return mask


def _means(loss: Floats, inside: NDArray[np.bool_], design: Design) -> tuple[float, float]:
    weights = influence.weights_of(len(loss), design.weights)
    return (
        float(np.average(loss[inside], weights=weights[inside])),
        float(np.average(loss[~inside], weights=weights[~inside])),
    )


def _gap(loss: Floats, inside: NDArray[np.bool_], design: Design, level: float) -> Interval:
    """Mean loss inside less mean loss outside; z² rows of the overall mean keep a width."""
    weights = influence.weights_of(len(loss), design.weights)
    here = influence.mean(loss, weights * inside)
    rest = influence.mean(loss, weights * ~inside)
    if not (np.isfinite(here.value) and np.isfinite(rest.value)):
        return Interval(float("nan"), float("nan"), float("nan"), "t")
    gap = difference(here, rest, design, level=level).interval
    spread = float(loss.std())
    n = clusters.effective(inside, design.weights, design.codes)
    floor = spread / float(np.sqrt(n + 4)) * 0.5 if n > 0 else float("inf")
    se = max(gap.se, floor)
    return student(gap.value, se, design.df, level=level, method="t, rows of the other half")


def _worse(lead: Floats, inside: NDArray[np.bool_], design: Design, level: float) -> Interval:
    """Mean of ``lead`` inside, at least as uncertain as that of one row in n turned over."""
    weights = influence.weights_of(len(lead), design.weights)
    here = influence.mean(lead, weights * inside)
    n = clusters.effective(inside, design.weights, design.codes)
    se = max(design.se(here.rows), 1 / max(n, 1.0))
    return student(here.value, se, design.df, level=level, method="t, rows of the other half")


def _leaves(
    encoded: Floats,
    loss: Floats,
    found_on: NDArray[np.int64],
    judged_on: NDArray[np.int64],
    columns: tuple[Column, ...],
    settings: PerformanceSettings,
    rng: np.random.Generator,
) -> list[tuple[str, NDArray[np.bool_]]]:
    """The leaves with the largest loss: words, and which of the judged rows lie in each."""
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_depth=settings.segment_depth,
        min_samples_leaf=max(settings.segment_rows, len(found_on) // 50),
        random_state=int(rng.integers(2**31)),
    )
    tree.fit(encoded[found_on], loss)
    shape = tree.tree_
    ends = np.flatnonzero(shape.children_left < 0)
    values = shape.value[:, 0, 0]
    worst = [int(e) for e in ends[np.argsort(-values[ends], kind="stable")] if values[e] > 0]
    parents = _parents(shape)
    passed = tree.decision_path(encoded[judged_on]).tocsc()
    found = []
    for node in _joined(worst[:TRIED], parents):
        words = _words(shape, node, parents, columns, encoded)
        if words:
            found.append((words, np.asarray(passed[:, [node]].toarray()[:, 0] == 1)))
    return found


def _joined(nodes: list[int], parents: dict[int, tuple[int, bool]]) -> list[int]:
    """Two halves of one node are told as that node: its last condition divides nothing."""
    joined = list(nodes)
    while True:
        above = [parents[n][0] for n in joined if n in parents]
        whole = next((p for p in above if above.count(p) == 2 and p in parents), None)
        if whole is None:
            return joined
        place = min(k for k, n in enumerate(joined) if parents[n][0] == whole)
        joined = [n for n in joined if n not in parents or parents[n][0] != whole]
        joined.insert(place, whole)


def _parents(shape: object) -> dict[int, tuple[int, bool]]:
    """Node -> (parent, whether it is the left child)."""
    left, right = shape.children_left, shape.children_right  # type: ignore[attr-defined]
    found = {}
    for node in range(len(left)):
        if left[node] >= 0:
            found[int(left[node])] = (node, True)
            found[int(right[node])] = (node, False)
    return found


def _words(
    shape: object,
    end: int,
    parents: dict[int, tuple[int, bool]],
    columns: tuple[Column, ...],
    encoded: Floats,
) -> str:
    """“tenure up to 12.5 and plan is gold”: conditions in the features' own names and units."""
    lows: dict[int, float] = {}
    highs: dict[int, float] = {}
    node = end
    while node in parents:
        node, left = parents[node]
        feature = int(shape.feature[node])  # type: ignore[attr-defined]
        cut = float(shape.threshold[node])  # type: ignore[attr-defined]
        if left:
            highs[feature] = min(cut, highs.get(feature, np.inf))
        else:
            lows[feature] = max(cut, lows.get(feature, -np.inf))
    words = []
    for feature in sorted({*lows, *highs}):
        column = columns[feature]
        low, high = lows.get(feature), highs.get(feature)
        if column.level is not None:
            words.append(_level_words(feature, set(lows), set(highs), columns, encoded))
        elif low is not None and high is not None:
            words.append(f"{column.name} over {low:,.4g} up to {high:,.4g}")
        elif low is not None:
            words.append(f"{column.name} over {low:,.4g}")
        else:
            words.append(f"{column.name} up to {high:,.4g}")
    return " and ".join(dict.fromkeys(words))


def _level_words(
    feature: int, kept: set[int], left_out: set[int], columns: tuple[Column, ...], encoded: Floats
) -> str:
    """“plan is gold”, also where that is said by leaving out all of the other plans."""
    name, level = columns[feature].name, columns[feature].level
    if feature in kept:
        return f"{name} is “{level}”"
    levels = [k for k, c in enumerate(columns) if c.name == name and c.level is not None]
    remaining = [k for k in levels if k not in left_out]
    if len(remaining) == 1 and bool(np.all(encoded[:, levels].sum(axis=1) == 1)):
        return f"{name} is “{columns[remaining[0]].level}”"
    return f"{name} is not “{level}”"
