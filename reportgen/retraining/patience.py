"""Early stopping of many members at once, on the host: each by its own numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reportgen.retraining.member import Stopping


class Patience:
    """``keras.callbacks.EarlyStopping`` for K members.

    Attributes
    ----------
    done : bool (K,), members that have stopped.
    epochs : int (K,), how many each has trained; ``best_epoch`` the best one's number (0-based).
    """

    def __init__(self, stopping: Stopping | None, size: int) -> None:
        self.stopping = stopping
        self.done = np.zeros(size, bool)
        self.epochs = np.zeros(size, np.int64)
        self.best_epoch = np.zeros(size, np.int64)
        self._wait = np.zeros(size, np.int64)
        self._best = np.full(size, np.inf)

    @property
    def restores(self) -> bool:
        """Whether each member ends with its best epoch's weights."""
        return self.stopping is not None and self.stopping.restore_best

    def watch(self, seen: Mapping[str, np.ndarray], epoch: int, active: np.ndarray) -> np.ndarray:
        """Note the active members' numbers, each (K,); tells whose weights to keep, (K,)."""
        self.epochs += active
        if self.stopping is None:
            return active
        value = self.stopping.sign * seen[self.stopping.monitor].astype(np.float64)
        better = active & (value + abs(self.stopping.min_delta) < self._best)
        keep: np.ndarray = better | (active & (epoch == 0))
        self._best = np.where(better, value, self._best)
        self._wait = np.where(better, 0, self._wait + active)
        self.best_epoch = np.where(keep, epoch, self.best_epoch)
        out = active & ~better & (self._wait >= self.stopping.patience) & (epoch > 0)
        self.done |= out
        return keep
