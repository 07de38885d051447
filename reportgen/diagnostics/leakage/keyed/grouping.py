"""Whether a key joins rows of one subject: one label, alike in their numbers, on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.alone.strength import goal
from reportgen.diagnostics.leakage.alone.values import columns, rows
from reportgen.diagnostics.leakage.keyed import tokens
from reportgen.diagnostics.leakage.keyed.dates import dates
from reportgen.diagnostics.leakage.keyed.sources import Source, sources
from reportgen.evidence import Case

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

LEAST_GROUPS = 10
LEAST_ROWS = 2.0  # a group, on average
LARGEST = 0.2  # share of all rows
SHARED = 0.1  # share of judged rows whose group stands in train
KAPPA = 0.8  # agreement of labels within groups, beyond chance
MINORITY = 5  # groups that are not of the most frequent label
ALIKE = 0.2  # share of a number's variation between groups, beyond chance
A_CLASS = 3  # groups, at least
ORDERED = 0.5  # rank correlation from which a number is an amount, not a key
OFTEN = 1 / 3  # of the numeric columns
TEXTS = 30_000  # of more, a block tells whether they can be keys at all


@dataclass(frozen=True)
class Group:
    """A key that joins rows.

    Attributes
    ----------
    words : where the key is read, e.g. "the first 3 parts of “name”".
    train, judged : code of each row of the splits, -1 for none.
    kappa : agreement of labels of two rows of a group, beyond chance.
    alike : share of numeric columns that are alike within groups; NaN where there are none.
    """

    source: Source
    words: str
    train: Codes
    judged: Codes
    groups: int
    kappa: float
    alike: float
    example: str


def hidden(case: Case, judged: str) -> list[Group]:
    """Groups that no role declares, the best way to read each column."""
    found = []
    for source in sources(case, judged):
        if source.train.dtype.is_temporal() or dates(source) is not None:
            continue
        best = _best(case, judged, source)
        if best is not None:
            found.append(best)
    found.sort(key=lambda g: (-round(g.kappa, 3), -g.groups))
    distinct: list[Group] = []
    for one in found:
        if not any(_same(one.train, other.train) for other in distinct):
            distinct.append(one)
    return distinct


def _same(a: Codes, b: Codes) -> bool:
    pairs = len(np.unique(a * (int(b.max(initial=0)) + 2) + b))
    return pairs <= 1.05 * max(len(np.unique(a)), len(np.unique(b)))


def _best(case: Case, judged: str, source: Source) -> Group | None:
    both = pl.concat([source.train.cast(pl.String), source.judged.cast(pl.String)])
    distinct = both.unique(maintain_order=True).drop_nulls()
    places = pl.DataFrame({"v": distinct, "p": np.arange(len(distinct), dtype=np.int64)})
    joined = pl.DataFrame({"v": both}).join(places, on="v", how="left", maintain_order="left")
    place = joined["p"].fill_null(-1).to_numpy()
    texts = distinct.to_list()
    whole_only = source.train.dtype.is_integer()
    if whole_only and source.role == "feature" and len(texts) < len(place) / 50:
        return None  # an amount rather than a key
    if len(texts) > TEXTS:
        # Texts that share a beginning are neighbours once they are sorted.
        block = sorted(texts)[len(texts) // 2 - TEXTS // 2 :][:TEXTS]
        if not any(_plausible(tokens.codes(key)) for _, key in tokens.keys(block)):
            return None
    best: Group | None = None
    for words, key in tokens.keys(texts):
        if whole_only and words:
            break
        found = np.append(tokens.codes(key), -1)[place]
        if not _plausible(found):
            continue
        one = _judged(case, judged, source, words, found)
        if one is not None and (best is None or one.groups > best.groups):
            best = one
    return best


def _plausible(found: Codes) -> bool:
    known = found[found >= 0]
    if len(known) < 0.9 * len(found) or len(known) < 40:
        return False
    counts = np.bincount(known)
    counts = counts[counts > 0]
    return bool(
        len(counts) >= LEAST_GROUPS
        and len(known) / len(counts) >= LEAST_ROWS
        and counts.max() <= LARGEST * len(known)
    )


def _judged(case: Case, judged: str, source: Source, words: str, found: Codes) -> Group | None:
    n = len(source.train)
    train, test = found[:n], found[n:]
    if float(np.isin(test, train[train >= 0]).mean()) < SHARED:
        return None
    at = rows(case, judged)
    aim = goal(case, judged)
    chosen = np.concatenate([train[at.train], test[at.judged]])
    groups = len(np.unique(found[found >= 0]))
    if aim.codes is not None and groups < A_CLASS * aim.y.shape[1]:
        return None  # the target by another name
    if aim.codes is None and source.train.dtype.is_integer():
        values = source.train.to_numpy().astype(np.float64)[at.train]
        if abs(_rank_correlation(values, aim.y[: aim.n_train, 0])) > ORDERED:
            return None  # an amount that goes with the target
    kappa = agreement(chosen, aim.y, aim.codes)
    if not kappa >= KAPPA:
        return None
    alike = _alike(case, judged, chosen, source)
    if np.isfinite(alike) and alike < OFTEN:
        return None
    where = f"{words} of {source.named}" if words else source.named
    example = str(source.train[0])
    return Group(source, where, train, test, groups, kappa, alike, example)


def _rank_correlation(a: Floats, b: Floats) -> float:
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 10:
        return 0.0
    return float(np.nan_to_num(stats.spearmanr(a[known], b[known]).statistic))


def agreement(groups: Codes, y: Floats, codes: Codes | None) -> float:
    """How far labels of two rows of a group agree beyond chance; 1 where they always do.

    Of classes Cohen's kappa of pairs; of numbers the share of their variation between groups,
    beyond chance (ANOVA's intraclass correlation).
    """
    known = groups >= 0
    if codes is None:
        return float(np.mean([intraclass(groups, y[:, k]) for k in range(y.shape[1])]))
    g, c = groups[known], codes[known]
    k = int(c.max(initial=0)) + 1
    n_groups = int(g.max(initial=0)) + 1
    table = np.bincount(g * k + c, minlength=n_groups * k).reshape(n_groups, k)
    sizes = table.sum(axis=1)
    pairs = float((sizes * (sizes - 1)).sum())
    if pairs == 0:
        return float("nan")
    same = float((table * (table - 1)).sum()) / pairs
    share = table.sum(axis=0) / sizes.sum()
    chance = float((share**2).sum())
    usual = int(share.argmax())
    other = int(((table.argmax(axis=1) != usual) & (sizes >= 2)).sum())
    if chance >= 1 or other < MINORITY:
        return float("nan")
    return (same - chance) / (1 - chance)


def intraclass(groups: Codes, x: Floats) -> float:
    """ICC(1) of one-way ANOVA; NaN where nothing can be told."""
    known = (groups >= 0) & np.isfinite(x)
    g = np.unique(groups[known], return_inverse=True)[1]
    v = x[known] - x[known].mean() if known.any() else x[:0]
    sizes = np.bincount(g).astype(np.float64)
    n, k = len(v), len(sizes)
    if k < 2 or n <= k:
        return float("nan")
    means = np.bincount(g, v) / sizes
    between = float((sizes * means**2).sum()) / (k - 1)
    within = float(((v - means[g]) ** 2).sum()) / (n - k)
    usual = (n - float((sizes**2).sum()) / n) / (k - 1)
    total = between + (usual - 1) * within
    return (between - within) / total if total > 0 else float("nan")


def _alike(case: Case, judged: str, groups: Codes, source: Source) -> float:
    """Share of numeric columns that are alike within groups; NaN without such columns."""
    found: list[bool] = []
    for column in columns(case, judged):
        if column.numbers is None or column.name == source.name or len(found) >= 200:
            continue
        icc = intraclass(groups, column.numbers)
        if np.isfinite(icc):
            found.append(icc >= ALIKE)
    return float(np.mean(found)) if len(found) >= 3 else float("nan")
