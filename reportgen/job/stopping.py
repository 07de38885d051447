"""Which epoch of a training was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportgen.errors import DataError, Problem
from reportgen.job.keypath import named, quoted
from reportgen.job.schema import EarlyStopping

#: Quantities that early stopping maximises when its mode is left to Keras.
_RISING = ("acc", "auc", "precision", "recall", "f1", "r2", "iou", "dice")


def kept(
    epochs: Sequence[Mapping[str, float | None]],
    stopping: EarlyStopping | None,
    file: str,
    lines: Sequence[int | None],
) -> int:
    """Index of the epoch whose weights were kept: the best with ``restore_best``, else the last.

    Parameters
    ----------
    epochs : metrics by name, an epoch each, at least one; None where a value is not finite.
    stopping : as it was set.
    file, lines : where the epochs stand, for messages.

    Raises
    ------
    DataError
        if the quantity that was watched is missing.
    """
    if stopping is None or not stopping.restore_best:
        return len(epochs) - 1
    monitor = stopping.monitor
    sign = 1 if any(word in monitor for word in _RISING) else -1
    best: tuple[float, int] | None = None
    for index, metrics in enumerate(epochs):
        if monitor not in metrics:
            raise DataError(
                Problem(
                    f"{quoted(monitor)}, which early stopping watched, is not on this line",
                    file=file,
                    line=lines[index],
                    expected=f"one of: {named(metrics)}",
                    advice="Set `training.early_stopping.monitor` to what was watched.",
                )
            )
        value = metrics[monitor]
        if value is not None and (best is None or sign * value > best[0] + stopping.min_delta):
            best = (sign * value, index)
    return best[1] if best is not None else len(epochs) - 1
