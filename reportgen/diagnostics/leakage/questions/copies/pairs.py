"""One split looked for in another: twins, and whether chance explains them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.data.table import Split
from reportgen.diagnostics.leakage.questions.copies.in_parts import InParts, in_parts, targets
from reportgen.diagnostics.leakage.rows.cells import Cells, cells
from reportgen.diagnostics.leakage.rows.chance import Chance, chance
from reportgen.diagnostics.leakage.rows.counters import numbering
from reportgen.diagnostics.leakage.rows.twins import Twins, twins
from reportgen.evidence import Case

SHORT = 20  # characters up to which people write the same text by chance
MOSTLY = 0.1  # share of the twins up to which those that chance explains are not told apart

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pair:
    """Rows of ``here`` that stand in ``there``.

    Attributes
    ----------
    twins : equal rows, but for the column ``hidden_by``.
    chance : what chance explains of them.
    hidden_by : a column that numbers the rows and hides copies, or None.
    copied : rows of ``here`` that are copies, bool (n,); all False where chance explains them.
    same_label : how many of the twins have the label of a twin; None without labels.
    parts : where a split is larger than memory, what is known of all its rows.
    """

    here: str
    there: str
    twins: Twins
    chance: Chance
    hidden_by: str | None
    copied: Mask
    same_label: int | None
    parts: InParts | None = None

    @property
    def n(self) -> int:
        return len(self.copied)

    @property
    def excess(self) -> float:
        """Rows with a twin beyond what chance explains."""
        by_chance = self.chance.expected / max(self.chance.seen, 1)
        return self.twins.n * max(0.0, 1.0 - min(by_chance, 1.0))


def row_cells(case: Case, name: str) -> Cells | None:
    """The features of a split as cells; None where its rows cannot be compared."""
    split = case.split(name)
    return case.memo(("row cells", name), lambda: cells(split.X, case.dataset.features))


def pair(case: Case, here: str, there: str) -> Pair:
    """Equal rows of two splits, judged; without a column that hides them, where one does."""
    one, other = row_cells(case, here), row_cells(case, there)
    assert one is not None
    assert other is not None
    found = _pair(case, here, there, one, other, None)
    if found.copied.any() or case.dataset.kind in ("text", "images"):
        return found
    total = sum(case.split(name).rows_of_all for name in (here, there))
    for j in numbering(one, other, total):
        rest = without(one, j), without(other, j)
        bared = _pair(case, here, there, *rest, hidden_by=one.names[j])
        if bared.copied.any() or (bared.twins.n and not found.twins.n):
            return bared
    return found


def without(whole: Cells, j: int) -> Cells:
    return Cells(
        whole.names[:j] + whole.names[j + 1 :], whole.parts[:j] + whole.parts[j + 1 :], whole.n
    )


def _pair(
    case: Case, here: str, there: str, one: Cells, other: Cells, hidden_by: str | None
) -> Pair:
    parts = in_parts(
        case.split(here), case.split(there), one, () if hidden_by is None else (hidden_by,)
    )
    found = twins(one.rows(), other.rows()) if parts is None else parts[0]
    judged = _chance(case, here, there, one, other, found, hidden_by)
    copied = np.zeros(one.n, dtype=bool)
    if judged.copies:
        copied = found.mask.copy()
        if judged.expected > MOSTLY * judged.seen:
            copied &= ~(judged.explained > 0.5)
    if parts is not None:
        same = parts[1].same
        labels = None if same is None else int(np.count_nonzero(same))
    else:
        labels = _same_label(case, here, there, one, other, found)
    told = None if parts is None else parts[1]
    return Pair(here, there, found, judged, hidden_by, copied, labels, told)


def _chance(
    case: Case, here: str, there: str, one: Cells, other: Cells, found: Twins, hidden_by: str | None
) -> Chance:
    kind = case.dataset.kind
    split = case.split(here)
    if kind in ("text", "images"):
        plain = np.zeros(one.n, dtype=bool)
        plain[found.mask] = _plain(split, np.flatnonzero(found.mask))
        distinct = np.unique(one.rows()[found.mask], return_index=True)[1]
        by_chance = plain[np.flatnonzero(found.mask)[distinct]]
        explained = np.where(found.mask, plain.astype(float), np.nan)
        n, k = len(distinct), int(by_chance.sum())
        return Chance(float(k), n, 0.0 if n > k else 1.0, explained, (), 1)
    rng = case.rng(f"chance {here} {there} {hidden_by or ''}")
    return chance(one, other, found, rng, total=case.split(there).rows_of_all)


def _plain(split: Split, rows: NDArray[np.int64]) -> Mask:
    """Texts so short, or pictures so empty, that they repeat by chance."""
    if isinstance(split.X, pl.DataFrame):
        texts = split.X.to_series().gather(rows).cast(pl.String).fill_null("")
        return np.asarray((texts.str.strip_chars().str.len_chars() < SHORT).to_numpy())
    pictures = np.asarray(split.X)[rows]
    sides = tuple(range(1, pictures.ndim))
    return np.asarray(pictures.min(axis=sides) == pictures.max(axis=sides))


def _same_label(
    case: Case, here: str, there: str, one: Cells, other: Cells, found: Twins
) -> int | None:
    a, b = targets(case.split(here)), targets(case.split(there))
    if a is None or b is None:
        return None
    return int(twins(one.rows() + a, other.rows() + b).n)
