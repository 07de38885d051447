"""Class labels as text: the one place that decides when two labels are the same.

A file holds ``1``, a pickle ``1.0``, the job ``"1"``, another file ``True``: labels are compared
as canonical text, so that the same class has the same name wherever it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reportgen.job.schema import canonical

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray


def label_text(values: Any) -> NDArray[np.object_]:
    """Canonical text of each label.

    Whole numbers lose their fraction (``1.0`` and ``"1.0"`` become ``"1"``), truth values are
    ``"true"`` and ``"false"``, text loses the blanks around it, other floats are written with
    the fewest digits that tell them apart in their own precision, dates in ISO form.

    Parameters
    ----------
    values : shape (n,): an array, a polars or pandas series, or a sequence.

    Returns
    -------
    object array of shape (n,) with ``str``, or ``None`` where the label is missing (null, NaN).
    """
    import numpy as np

    uniques, codes = _factorize(values)
    texts = np.empty(len(uniques) + 1, dtype=object)  # the last is None: code -1
    texts[:-1] = uniques
    return texts[codes]


def encode(values: Any, classes: Sequence[str]) -> NDArray[np.int64]:
    """Class codes of labels.

    Parameters
    ----------
    values : shape (n,), as for :func:`label_text`.
    classes : label texts in the order of their codes.

    Returns
    -------
    int64 of shape (n,): the index in ``classes``, -1 where the label is missing or is none.
    """
    import numpy as np

    uniques, codes = _factorize(values)
    position = {text: code for code, text in enumerate(label_text(list(classes)).tolist())}
    table = np.full(len(uniques) + 1, -1, dtype=np.int64)
    table[:-1] = [position.get(text, -1) for text in uniques]
    return table[codes]


def sorted_labels(values: Any) -> tuple[str, ...]:
    """Distinct labels in the order in which scikit-learn and Keras number them.

    Numbers by value, truth values false before true, text by code point (``"10"`` before
    ``"2"``, as ``LabelEncoder`` has it). Missing labels are left out.
    """
    uniques, _ = _factorize(values)
    if _is_number(values):
        return tuple(sorted(uniques, key=float))
    return tuple(sorted(uniques))


def _is_number(values: Any) -> bool:
    import numpy as np

    dtype = getattr(values, "dtype", None)
    if dtype is not None and hasattr(dtype, "is_numeric"):  # polars
        return bool(dtype.is_numeric())
    if dtype is not None and getattr(dtype, "kind", "O") in "iuf":
        return True
    if getattr(dtype, "kind", "O") != "O":
        return False
    present = [v for v in values if v is not None]
    return bool(present) and all(
        isinstance(v, (int, float, np.integer, np.floating)) and not isinstance(v, bool)
        for v in present
    )


def _factorize(values: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct texts, and for each value the index of its text, -1 where it is missing."""
    import numpy as np
    import polars as pl

    series = _series(values)
    if series is None:  # mixed Python objects: one by one
        return _join([_text(v) for v in values], np.arange(len(values)))
    if isinstance(series.dtype, (pl.Categorical, pl.Enum)):
        series = series.cast(pl.String)
    if series.dtype == pl.Null:
        return [], np.full(len(series), -1, dtype=np.int64)
    distinct = series.unique(maintain_order=True)
    raw = distinct.to_list() if distinct.dtype != pl.Float32 else list(distinct.to_numpy())
    position = pl.DataFrame({"value": distinct, "at": np.arange(len(raw), dtype=np.int64)})
    codes = (
        series.alias("value")
        .to_frame()
        .join(position, on="value", how="left", nulls_equal=True, maintain_order="left")
        .get_column("at")
        .to_numpy()
    )
    return _join([_text(v) for v in raw], codes)


def _join(texts: list[str | None], codes: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
    """Raw values with the same text become one."""
    import numpy as np

    uniques = list(dict.fromkeys(t for t in texts if t is not None))
    at = {text: i for i, text in enumerate(uniques)}
    table = np.array([-1 if t is None else at[t] for t in texts], dtype=np.int64)
    return uniques, table[codes] if len(table) else np.full(len(codes), -1, dtype=np.int64)


def _series(values: Any) -> pl.Series | None:
    """The values as a polars series; None for objects that are not of one kind."""
    import numpy as np
    import polars as pl

    if isinstance(values, pl.Series):
        return values
    array = np.asarray(values) if not isinstance(values, (list, tuple)) else None
    if array is not None and array.dtype.kind in "biuf":
        if array.dtype.itemsize == 2 and array.dtype.kind == "f":
            array = array.astype(np.float32)
        return pl.Series(np.ascontiguousarray(array))
    listed = list(values)
    kinds = {type(v) for v in listed if v is not None}
    if kinds and all(issubclass(kind, str) for kind in kinds):
        return pl.Series([None if v is None else str(v) for v in listed], dtype=pl.String)
    return None


def _text(value: Any) -> str | None:
    import numpy as np

    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return canonical(value)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return None
        return str(int(value)) if float(value).is_integer() else str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    text = str(value)
    return None if text in ("<NA>", "NaT", "nan") else text
