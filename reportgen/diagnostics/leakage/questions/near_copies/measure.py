"""Nearest neighbours across the split, by what the rows are: numbers and words, pictures, texts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.charts.numbers import share
from reportgen.diagnostics.leakage.questions.copies.pairs import SHORT, row_cells, without
from reportgen.diagnostics.leakage.rows.counters import numbering
from reportgen.diagnostics.leakage.rows.nearness import nearness
from reportgen.diagnostics.leakage.rows.neighbours import Base
from reportgen.diagnostics.leakage.rows.pictures import VIEWS
from reportgen.diagnostics.leakage.rows.space import Points, Space, space
from reportgen.diagnostics.leakage.rows.texts import near_texts, plain
from reportgen.diagnostics.leakage.rows.twins import twins
from reportgen.evidence import Case

NEIGHBOURS = 12
USUAL_ROWS = 2000  # training rows that tell the usual distance
MOST_ROWS = 250_000  # judged rows that are looked at
MOST_TEXTS = 100_000
FEW = 500  # judged pictures that are turned and zoomed a little
LEAST_LENGTH = 2 * SHORT  # characters of a text below which near means little
BINS = 40
SELDOM = 0.01
TINY = 1e-5  # of a column's spread, that float32 does not tell from nothing
#: Coding a picture anew moves all its pixels at once: it stays near by this times the distance of
#: rows at most, while of its many dimensions half the usual distance is as telling.
RECODED, FAR = 5.0, 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Untold:
    why: str


@dataclass(frozen=True)
class Near:
    """Judged rows and their nearest training rows.

    Attributes
    ----------
    near : near copies, bool (n,).
    nearest : place of the nearest training row, -1 where it was not looked for, (n,).
    distance : to it, (n,).
    usual : train's median nearest-neighbour distance; None of texts.
    within : train's own nearest-neighbour distances, of a sample.
    looked : rows that were looked at.
    recall : of the search; 1.0 where it is exact.
    moved : columns by how far they moved, for each row that is shown; names.
    limit : distance up to which a row may be a near copy.
    how_changed : what was done to each picture, in words, (n,); None of other rows.
    within_reach : how far a near copy may have moved to be told, over the usual distance.
    """

    near: Mask
    nearest: NDArray[np.int64]
    distance: NDArray[np.float64]
    usual: float | None
    within: NDArray[np.float64]
    looked: int
    recall: float
    p: float
    points: tuple[Points, Points] | None = None
    names: tuple[str, ...] = field(default=())
    how_changed: NDArray[np.str_] | None = None
    within_reach: float = 0.0
    limit: float = 0.0

    @property
    def how(self) -> str:
        words = ""
        if self.looked < len(self.near):
            bound = 3.0 / self.looked
            words += (
                f" {self.looked:,} of {len(self.near):,} judged rows were looked at: where none is "
                f"found, at most {share(bound)} of all are near copies (95 %)."
            )
        if self.recall < 1.0:
            words += f" The search found {share(self.recall)} of the nearest rows of a sample."
        return words

    def detectable(self, least: float) -> str:
        if self.usual is None:
            return "one near copy of a text"
        rows = share(max(2 / len(self.near), 3 / self.looked))
        if not self.within_reach:
            return f"near copies of {rows} of the rows"
        return (
            f"near copies of {rows} of the rows, moved by less than {share(self.within_reach)} of "
            "the distance that rows usually have"
        )

    def moved_columns(self, couples: list[tuple[int, int]]) -> tuple[str, ...]:
        """The columns that differ most between the rows that are shown."""
        if self.points is None or not couples:
            return ()
        a, b = np.array(couples).T
        moved = np.abs(self.points[0][a] - self.points[1][b])[:, : len(self.names)].max(axis=0)
        order = np.argsort(-moved, kind="stable")
        return tuple(self.names[k] for k in order[:4] if moved[k] > 0)

    def series(self, judged: str) -> dict[str, Any]:
        """Shares of rows by distance, on a logarithmic scale."""
        assert self.usual is not None
        own = self.distance[np.isfinite(self.distance) & (self.distance > 0)]
        whole = np.concatenate([own, self.within[self.within > 0]])
        edges = np.geomspace(whole.min(), whole.max() * 1.000001, BINS + 1)
        return {
            "judged": judged,
            "edges": edges,
            "across": np.histogram(own, edges)[0] / max(len(own), 1),
            "within": np.histogram(self.within, edges)[0] / max(len(self.within), 1),
            "limit": self.limit,
            "n_across": len(own),
            "n_within": len(self.within),
        }


def measured(case: Case, judged: str, fraction: float) -> Near | Untold:
    """Near copies of the judged rows, as far as the rows can be compared."""
    kind = case.dataset.kind
    if kind == "text":
        return _texts(case, judged, fraction)
    one, other = row_cells(case, judged), row_cells(case, "train")
    if one is None or other is None:
        return Untold("the features are of a kind whose rows are not compared")
    equal = twins(one.rows(), other.rows()).mask
    if kind == "images":
        return _pictures(case, judged, equal, fraction)
    for j in reversed(numbering(one, other)):
        one, other = without(one, j), without(other, j)
    if not one.parts:
        return Untold("there is no column but those that number the rows")
    if any(isinstance(p, np.ndarray) and p.ndim > 1 for p in other.parts):
        X, Z = (np.asarray(case.split(s).X, dtype=np.float32) for s in (judged, "train"))
        X, Z = X.reshape(len(X), -1), Z.reshape(len(Z), -1)
        width = np.maximum(Z.std(axis=0), 1e-12)
        return _points(case, X / width, Z / width, equal, fraction)
    axes = space(other)
    if axes is None:
        return Untold("no column holds numbers, so that rows are equal or they are not")
    return _points(
        case,
        axes.points(one),
        axes.points(other),
        equal | twins(one.rows(), other.rows()).mask,
        fraction,
        exact=(axes.exact(one), axes.exact(other)),
        axes=axes,
        names=tuple(axes.names[j] for j in axes.numeric),
    )


def _pictures(case: Case, judged: str, equal: Mask, fraction: float) -> Near | Untold:
    """Each way in which pictures come back, and what the first that finds a row says of it."""
    X, Z = np.asarray(case.split(judged).X), np.asarray(case.split("train").X)
    limit = max(fraction, min(RECODED * fraction, FAR))
    kept: dict[Any, tuple[Points, _Beside]] = {}
    whole: Near | None = None
    for view in VIEWS:
        if view.points not in kept:
            there = view.points(Z)
            kept[view.points] = there, _beside(case, there, slice(None))
        out = equal if not view.few or whole is None else _but_few(case, equal | whole.near)
        here = np.zeros((len(X), kept[view.points][0].shape[1]), dtype=np.float32)
        if not out.all():
            here[~out] = view.points(view.turned(X[~out]))
        there, beside = kept[view.points]
        found = _points(case, here, there, out, limit, coarse=True, beside=beside)
        if isinstance(found, Untold):
            if whole is None:
                return found
            continue
        whole = _joined(whole, found, view.words)
    assert whole is not None
    return whole


def _but_few(case: Case, out: Mask) -> Mask:
    """All rows but some of those that are not ``out``."""
    rows = np.flatnonzero(~out)
    if len(rows) <= FEW:
        return out
    few = np.ones(len(out), dtype=bool)
    few[case.rng("few pictures").choice(rows, FEW, replace=False)] = False
    return few


def _joined(whole: Near | None, found: Near, words: str) -> Near:
    """One more view; its distances in terms of the first one's usual distance."""
    if whole is None:
        changed = np.full(len(found.near), words, dtype="U64")
        return replace(found, how_changed=changed, p=min(1.0, found.p * len(VIEWS)))
    assert whole.usual is not None
    assert found.usual is not None
    assert whole.how_changed is not None
    more = found.near & ~whole.near
    return replace(
        whole,
        near=whole.near | more,
        nearest=np.where(more, found.nearest, whole.nearest),
        distance=np.where(more, found.distance * whole.usual / found.usual, whole.distance),
        recall=min(whole.recall, found.recall),
        p=min(whole.p, found.p * len(VIEWS)),
        how_changed=np.where(more, words, whole.how_changed),
    )


def _points(
    case: Case,
    here: Points,
    there: Points,
    equal: Mask,
    fraction: float,
    exact: tuple[NDArray[np.uint64], NDArray[np.uint64]] | None = None,
    axes: Space | None = None,
    names: tuple[str, ...] = (),
    coarse: bool = False,
    beside: _Beside | None = None,
) -> Near | Untold:
    """Nearest points, judged; ``coarse`` ones may coincide though the rows differ.

    Where some axes have levels, the nearest row of the same levels is compared with all that lie
    near on the other axes.
    """
    if len(there) < NEIGHBOURS:
        return Untold("there are too few training rows to have neighbours")
    rng = case.rng("near copies")
    rows = np.flatnonzero(~equal)
    if len(rows) > MOST_ROWS:
        rows = np.sort(rng.choice(rows, MOST_ROWS, replace=False))
    scales = slice(None) if axes is None or axes.scales.all() else axes.scales
    train = _beside(case, there, scales) if beside is None else beside
    base, within = train.base, train.within
    if not len(rows) or not len(within):
        return Untold("no two rows differ")
    usual = float(np.median(within))
    found = (base if isinstance(scales, slice) else Base(there)).nearest(here[rows], NEIGHBOURS)
    first, own = found.rows[:, 0], found.distances[:, 0]
    distances = found.distances.copy()
    if axes is not None and not axes.scales.all():
        own, distances = _by_degrees(here[rows][:, scales], base, first)
        distances[~axes.same_levels(here[rows], there[first]), 0] = np.inf
    apart = np.abs(here[rows][:, scales] - base.rows[first]) > TINY
    moved = (apart | train.seldom).sum(axis=1)
    if exact is not None:
        distances[exact[0][rows] != exact[1][first], 0] = np.inf
    if coarse:
        distances = np.maximum(distances, TINY * usual)
        distances[~here[rows].any(axis=1)] = np.inf  # empty pictures
    else:
        distances[distances[:, 0] <= 0] = np.inf
    told = nearness(distances, fraction * usual, moved)
    near = np.zeros(len(here), dtype=bool)
    place = np.full(len(here), -1, dtype=np.int64)
    distance = np.full(len(here), np.inf)
    near[rows], place[rows], distance[rows] = told.near, first, own
    return Near(
        near, place, distance, usual, within, len(rows), found.recall, told.p,
        (here, there) if names else None, names, limit=fraction * usual,
        within_reach=min(fraction, told.told),
    )  # fmt: skip


@dataclass(frozen=True)
class _Beside:
    """Train's rows, how far some of them lie from each other, and axes on which few agree."""

    base: Base
    within: NDArray[np.float64]
    seldom: Mask


def _beside(case: Case, there: Points, scales: Any) -> _Beside:
    some = np.arange(len(there))
    if len(some) > USUAL_ROWS:
        rng = case.rng("usual distance")
        some = np.sort(rng.choice(len(there), USUAL_ROWS, replace=False))
    base = Base(there[:, scales])
    within = base.nearest(base.rows[some], NEIGHBOURS).distances
    within = np.where(within > TINY, within, np.inf).min(axis=1)
    return _Beside(base, within[np.isfinite(within)], _seldom_agree(base.rows[some]))


def _by_degrees(
    here: Points, base: Base, first: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each row is from row ``first`` of it, and that before what lies near otherwise.

    Rows that have a nearer one, whatever its levels, are as far from all.
    """
    near = base.nearest(here, NEIGHBOURS)
    own = np.linalg.norm(here.astype(np.float64) - base.rows[first], axis=1)
    others = np.where(near.rows == first[:, None], np.inf, near.distances)
    others = np.sort(others, axis=1)[:, : NEIGHBOURS - 1]
    distances = np.column_stack([own, np.maximum(others, 0.0)])
    distances[own > others[:, 0]] = own[own > others[:, 0], None]
    return own, distances


def _seldom_agree(points: Points) -> Mask:
    """Axes on which two rows agree so seldom that agreeing is as telling as lying near."""
    n = len(points)
    counts = [np.unique(axis, return_counts=True)[1] / n for axis in points.T]
    return np.array([float(c @ c) - 1 / n <= SELDOM for c in counts])


def _texts(case: Case, judged: str, fraction: float) -> Near | Untold:
    here, there = (_strings(case.split(name).X) for name in (judged, "train"))
    if here is None or there is None:
        return Untold("there is more than one column beside the text")
    rows = np.arange(min(len(here), MOST_TEXTS))
    own = set(there)
    found, apart = near_texts([here[i] for i in rows], there, fraction)
    near = np.zeros(len(here), dtype=bool)
    place = np.full(len(here), -1, dtype=np.int64)
    distance = np.full(len(here), np.inf)
    place[rows], distance[rows] = found, apart
    for i in np.flatnonzero(found >= 0):
        near[i] = here[i] not in own and len(plain(here[i])) >= LEAST_LENGTH
    return Near(near, place, distance, None, np.zeros(0), len(rows), 1.0, 0.0)


def _strings(X: Any) -> list[str] | None:
    if not isinstance(X, pl.DataFrame) or X.width != 1:
        return None
    return [str(v) for v in X.to_series().cast(pl.String).fill_null("").to_list()]
