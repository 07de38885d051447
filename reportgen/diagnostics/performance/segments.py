"""Segments of rows that are answered worse: found on one half of the rows, judged on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.performance.answers import Answers
from reportgen.diagnostics.performance.declared import PerformanceSettings
from reportgen.diagnostics.performance.inputs import Column
from reportgen.statistics import clusters, influence
from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import Interval, student
from reportgen.statistics.paired import difference
from reportgen.statistics.power import smallest_effect

Floats = NDArray[np.float64]
TRIED = 3  # segments taken from the tree
BINS = 12  # of difficulty
LARGE = 200_000  # rows of each half that are looked at


@dataclass(frozen=True)
class Segment:
    """A segment on the half of the rows that it was not found on.

    ``gap`` is its loss less the rest's, ``excess`` the same after what difficulty explains.
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


def losses_and_difficulty(of: Answers) -> tuple[Floats, Floats | None]:
    """Loss of each row, and a number on which rows are equally difficult, each of shape (n,).

    Loss: share of wrong labels, or |residual| over the target's standard deviation. Difficulty:
    the probability of the answer given; the predicted value in regression.
    """
    if of.task == "regression":
        assert of.values is not None
        spread = of.y.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        return np.abs((of.y - of.values) / spread).mean(axis=1), of.values.mean(axis=1)
    wrong = 1.0 - of.right
    if of.scores is None:
        return wrong, None
    if of.task == "binary":
        return wrong, np.abs(of.scores - 0.5)
    if of.task == "multilabel":
        return wrong, np.abs(of.scores - 0.5).mean(axis=1)
    top = np.sort(of.scores, axis=1)
    return wrong, top[:, -1] - (top[:, -2] if top.shape[1] > 1 else 0.0)


def search(
    of: Answers,
    encoded: Floats,
    columns: tuple[Column, ...],
    settings: PerformanceSettings,
    rng: np.random.Generator,
) -> Searched:
    """Segments of the judged rows, see the module.

    Parameters
    ----------
    encoded : features of the judged rows, shape (n, d), NaN where missing.
    """
    codes = np.arange(of.n) if of.design.codes is None else of.design.codes
    units = int(codes.max()) + 1
    first = rng.permutation(units) < units // 2
    found_on = np.flatnonzero(first[codes])[:LARGE]
    judged_on = np.flatnonzero(~first[codes])[:LARGE]
    least = settings.segment_rows
    if min(len(found_on), len(judged_on)) < 3 * least:
        return Searched((), of.n, why_not=f"{of.n} rows are too few to halve")
    loss, difficulty = losses_and_difficulty(of)
    expected = _expected(loss, difficulty, found_on)
    search_in = loss[found_on] - expected[found_on]
    masks = _leaves(encoded, search_in, found_on, judged_on, columns, settings, rng)
    masks = [(w, m) for w, m in masks if least <= m.sum() <= len(judged_on) - least]
    level = 1 - settings.alpha / max(1, len(masks))
    design = of.design.rows(_mask(of.n, judged_on))
    tried = tuple(
        Segment(
            words,
            int(inside.sum()),
            float(inside.mean()),
            *_means(loss[judged_on], inside, design),
            _gap(loss[judged_on], inside, design, level),
            _gap((loss - expected)[judged_on], inside, design, level),
        )
        for words, inside in masks
    )
    typical = np.arange(len(judged_on)) % 10 == 0
    usual = _gap(loss[judged_on], typical, design, level)
    effect = smallest_effect(usual.se, design.df, alpha=settings.alpha)
    return Searched(tried, of.n, settings.segment_gap + effect)


def _mask(n: int, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(n, dtype=bool)
    mask[rows] = True
    return mask


def _expected(loss: Floats, difficulty: Floats | None, rows: NDArray[np.int64]) -> Floats:
    """Mean loss of rows of about the same difficulty, learned on ``rows``, shape (n,)."""
    if difficulty is None:
        return np.full(len(loss), float(loss[rows].mean()))
    bins = max(1, min(BINS, len(rows) // 15))
    edges = np.unique(np.quantile(difficulty[rows], np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, difficulty, side="right")
    sums = np.bincount(place[rows], weights=loss[rows], minlength=len(edges) + 1)
    counts = np.bincount(place[rows], minlength=len(edges) + 1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), loss[rows].mean())
    return np.asarray(means[place])


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
    leaf = tree.apply(encoded[judged_on])
    shape = tree.tree_
    ends = np.flatnonzero(shape.children_left < 0)
    values = shape.value[:, 0, 0]
    worst = [int(e) for e in ends[np.argsort(-values[ends], kind="stable")] if values[e] > 0]
    parents = _parents(shape)
    found = []
    for end in worst[:TRIED]:
        words = _words(shape, end, parents, columns)
        if words:
            found.append((words, np.asarray(leaf == end)))
    return found


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
    shape: object, leaf: int, parents: dict[int, tuple[int, bool]], columns: tuple[Column, ...]
) -> str:
    """“tenure ≤ 12.5 and plan is gold”: conditions in the features' own names and units."""
    lows: dict[int, float] = {}
    highs: dict[int, float] = {}
    node = leaf
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
            words.append(f"{column.name} is {'' if low is not None else 'not '}“{column.level}”")
        elif low is not None and high is not None:
            words.append(f"{column.name} over {low:,.4g} up to {high:,.4g}")
        elif low is not None:
            words.append(f"{column.name} over {low:,.4g}")
        else:
            words.append(f"{column.name} up to {high:,.4g}")
    return " and ".join(words)
