"""The job's ``preprocess:`` steps, applied in order to raw features."""

from __future__ import annotations

from typing import Any


class Preprocess:
    """Callable chain of steps; ``Preprocess(())`` gives the features as they are."""

    def __call__(self, X: Any) -> Any:
        """Model inputs for rows of raw features (see ``data.table.Split.X``)."""
        raise NotImplementedError
