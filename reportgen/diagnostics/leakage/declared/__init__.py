"""What the leakage diagnostic declares: settings and codes, by the question they belong to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostics.leakage.declared import (
    columns,
    copies,
    near_copies,
    preprocessing,
    resampled,
    rows,
    splits,
)

CODES = (
    *copies.CODES,
    *near_copies.CODES,
    *columns.CODES,
    *rows.CODES,
    *preprocessing.CODES,
    *resampled.CODES,
    *splits.CODES,
)


class LeakageSettings(
    copies.CopiesSettings,
    near_copies.NearCopiesSettings,
    columns.ColumnSettings,
    rows.RowSettings,
    splits.SplitsSettings,
):
    """Everything the leakage diagnostic can be told."""

    ablation_members: Annotated[int, Field(ge=0, le=100)] = Field(
        5,
        description="Seeds with which a leak's cost is measured, with it and without it; "
        "0: nothing is trained. Fewer than 3 tell nothing.",
    )
