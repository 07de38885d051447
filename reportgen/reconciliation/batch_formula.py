"""A mean of batches as arithmetic: sums over the full batches and over the partial last one."""

from __future__ import annotations

from reportgen.reconciliation.world import Floats

#: How a partial last batch counts.
CONVENTIONS = (
    "every batch counts alike, a partial one too",
    "the last partial batch is left out",
    "the sum is divided by batches of full size",
)


def formula(rows: Floats, size: int, convention: str) -> str | None:
    """The mean of batches of ``size`` rows, for a number that is a mean of ``rows``, (n,).

    Whole numbers where the rows are 0 and 1; None for a convention of another kind.
    """
    n = len(rows)
    full, rest = divmod(n, size)
    if convention not in CONVENTIONS or not full:
        return None
    first, last = _sum(rows[: full * size]), _sum(rows[full * size :])
    if convention == CONVENTIONS[1] or not rest:
        return f"({first} / {size}) / {full}"
    if convention == CONVENTIONS[0]:
        return f"({first} / {size} + {last} / {rest}) / {full + 1}"
    return f"({first} + {last}) / ({size} * {full + 1})"


def _sum(rows: Floats) -> str:
    total = float(rows.sum())
    return str(int(total)) if total.is_integer() else repr(total)
