"""Labels step by step: which steps of a split's sequences count, and what stands beside them.

The rows of such a split are its steps that are not padding. The padded ones are kept aside: only
what an evaluation would say that counted them reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.data.labels import encode, label_text, sorted_labels
from reportgen.errors import DataError, ModelError, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reportgen.data.raw import Raw
    from reportgen.job.schema import DatasetEntry


@dataclass(frozen=True, slots=True)
class Steps:
    """n sequences of T steps.

    Attributes
    ----------
    kept : bool of shape (n, T), True where a step counts.
    truth : of all steps, (n, T): class codes, -1 where padding has a label that is no class; or
        numbers in regression.
    """

    kept: NDArray[np.bool_]
    truth: NDArray[np.generic]

    @property
    def sequence(self) -> NDArray[np.int64]:
        """The sequence that each row is of, shape (m,): m steps count."""
        import numpy as np

        return np.nonzero(self.kept)[0].astype(np.int64)

    def rows(self, grid: np.ndarray, *, split_name: str) -> np.ndarray:
        """Of values a step, (n, T) or (n, T, K), those that count: (m,) or (m, K).

        Raises
        ------
        ModelError
            if they are not of these sequences and steps.
        """
        return self.every(grid, split_name=split_name)[self.kept.ravel()]

    def every(self, grid: np.ndarray, *, split_name: str) -> np.ndarray:
        """Values of all steps, padded ones included, (n·T,) or (n·T, K); raises as :meth:`rows`."""
        n, T = self.kept.shape
        if grid.shape[:2] != (n, T):
            raise ModelError(
                Problem(
                    f"the model does not give one prediction a step on {split_name}",
                    expected=f"outputs of shape ({n}, {T}) or ({n}, {T}, K): `mask:` says that "
                    "labels stand step by step",
                    got=f"outputs of shape {grid.shape}",
                    advice="A layer with return_sequences=True, or one a step, gives as many.",
                )
            )
        return grid.reshape(n * T, *grid.shape[2:])

    def spread(self, values: Any) -> Any:
        """Values a sequence, (n,), as values a row, (m,); None stays None."""
        return None if values is None else values[self.sequence]


def masked(raw: Raw, entry: DatasetEntry) -> tuple[np.ndarray, NDArray[np.bool_]]:
    """The labels of a source's sequences, (n, T), and which of them count.

    Raises
    ------
    DataError
        if there are no labels step by step, no such mask, or one of another shape; and if no
        step counts.
    """
    import numpy as np

    assert entry.mask is not None
    name = entry.targets[0] if entry.targets else "y"
    y = raw.blocks.get(name) if name in raw.names else raw.y
    if y is not None and y.ndim == 3 and y.shape[2] == 1:
        y = y[:, :, 0]
    if y is None or y.ndim != 2:
        raise DataError(
            Problem(
                "`mask:` is for labels step by step, and the target is none",
                file=raw.where,
                column=name,
                expected="an array of shape (n, T), in .npz or from Python",
                got="one value a row, or none" if y is None else f"an array of shape {y.shape}",
            )
        )
    if entry.mask.array is None:
        texts = label_text(np.ascontiguousarray(y).ravel()).reshape(y.shape)
        kept = np.asarray(texts != entry.mask.label)
    else:
        kept = _array(raw, entry.mask.array, y.shape)
    if not kept.any():
        raise DataError(
            Problem("every step is masked: none is left to be judged", file=raw.where, column=name)
        )
    return y, kept


def _array(raw: Raw, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    import numpy as np

    mask = raw.blocks.get(name)
    if mask is None:
        raise DataError(
            Problem(
                f"there is no array {name!r}, which the job names as mask",
                file=raw.where,
                got="arrays " + (", ".join(map(repr, raw.blocks)) or "X and y only"),
            )
        )
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[:, :, 0]
    if mask.shape != shape or mask.dtype.kind not in "biuf":
        raise DataError(
            Problem(
                "the mask does not fit the labels",
                file=raw.where,
                column=name,
                expected=f"{shape}, as the labels; 1 or true where a step counts",
                got=f"{mask.dtype} of shape {mask.shape}",
            )
        )
    odd = ~np.isin(mask, (0, 1))
    if odd.any():
        raise DataError(
            Problem(
                "the mask has values other than 0 and 1",
                file=raw.where,
                column=name,
                row=int(np.nonzero(odd)[0][0]),
                got=str(mask[odd][0]),
            )
        )
    return np.asarray(mask, dtype=bool)


def classes_of(labels: np.ndarray, kept: NDArray[np.bool_], entry: DatasetEntry) -> tuple[str, ...]:
    """The default order of a model's outputs: all labels, sorted.

    The padding's own label is among them in a multiclass task, as a network has an output for it
    that is trained on codes 0 … K - 1; negative numbers, which no output can have, and those of a
    mask array are not.
    """
    import numpy as np

    padding = entry.mask is not None and entry.mask.label is not None
    negative = padding and str(entry.mask.label).startswith("-")  # type: ignore[union-attr]
    whole = padding and not negative and entry.task == "multiclass"
    return sorted_labels(np.ascontiguousarray(labels).ravel() if whole else labels[kept])


def truth_of(labels: np.ndarray, classes: tuple[str, ...], task: str) -> NDArray[np.generic]:
    """All steps as codes, or as numbers in regression, (n, T)."""
    import numpy as np

    if task == "regression":
        return np.asarray(labels, dtype=np.float64)
    return encode(np.ascontiguousarray(labels).ravel(), classes).reshape(labels.shape)
