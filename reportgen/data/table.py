"""The types that the rest of the program sees of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.data.steps import Steps
    from reportgen.data.whole import Whole

    #: What a model or a preprocessing step may be given: rows first.
    Inputs = "np.ndarray | pl.DataFrame | Mapping[str, np.ndarray] | Sequence[np.ndarray]"

Kind = Literal["table", "array", "images", "text"]


@dataclass(frozen=True, slots=True)
class Split:
    """The rows of one split, in the order of their source.

    Splits that ``random`` and ``stratified`` cut are in the order in which scikit-learn's
    ``train_test_split`` returns them.

    Attributes
    ----------
    name : train, validation or test.
    X : features only. A polars frame for tables and text (columns are ``Dataset.features``); an
        array of shape (n, ...) for .npz, images and Python sources; a mapping or a list of such
        arrays for models with several inputs. uint8 images stay uint8.
    y : int64 class codes of shape (n,) (binary, multiclass; loading refuses labels that are no
        class); int8 of shape (n, K) (multilabel); float64 of shape (n,) or (n, T)
        (regression). None when the split has no target.
    ids, groups, times, weights : roles, each of shape (n,), or None. ``weights`` is float64.
    rows : int64, position of each row in its source (0-based), for "row 17 of test.csv".
    source : the source as it is written in the job, for messages.
    sha256 : of the source's bytes, or of its rows where there is no file.
    steps : where labels stand step by step: the rows (of y, rows, ids, groups, times, weights) are
        then the m steps that count, and X has the n sequences. None everywhere else.
    unused : columns of the source that have no role and are no features, of n rows; None where
        there are none.
    whole : where the source is larger than memory, what reads all of its rows; the n rows of all
        else are then drawn from them at random. None where all rows are held.
    """

    name: str
    X: np.ndarray | pl.DataFrame | Mapping[str, np.ndarray] | Sequence[np.ndarray]
    y: NDArray[np.generic] | None
    rows: NDArray[np.int64]
    source: str
    sha256: str
    ids: np.ndarray | None = None
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    weights: NDArray[np.float64] | None = None
    steps: Steps | None = None
    unused: pl.DataFrame | None = None
    whole: Whole | None = None

    @property
    def rows_of_all(self) -> int:
        """Rows of the source, held or not."""
        return self.n if self.whole is None else self.whole.n

    @property
    def n(self) -> int:
        return len(self.rows)

    @property
    def units(self) -> np.ndarray | None:
        """What rows belong to together: their group, else their sequence; shape (n,) or None."""
        if self.groups is None and self.steps is not None:
            return self.steps.sequence
        return self.groups


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set as the job declares it, loaded.

    ``classes`` are label texts in the order of the model's outputs (empty in regression; the
    target columns in multilabel tasks); ``positive`` is the index of the positive class in
    binary tasks, else None. ``notes`` are facts a reader must know (an encoding that was
    guessed, labels unseen in train). ``id`` is the column that numbers the rows, if the job names
    one. ``head`` is the output of a model with several that this is
    the data set of, ``heads`` the same rows with the targets of its other outputs.
    """

    name: str
    task: str
    kind: Kind
    features: tuple[str, ...]
    classes: tuple[str, ...]
    positive: int | None
    splits: Mapping[str, Split]
    target: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    id: str | None = None
    head: str | None = None
    heads: Mapping[str, Dataset] = field(default_factory=dict)
