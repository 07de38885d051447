"""Data sets from arrays, and jobs with one model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from reportgen.data.table import Dataset, Split
from reportgen.job.schema import Job
from reportgen.models.tables import n_rows


def split_of(name: str, X: Any, y: Any, **roles: Any) -> Split:
    n = n_rows(X)
    return Split(name, X, y, np.arange(n), f"{name}.csv", "", **roles)


def dataset_of(task: str, splits: dict[str, tuple[Any, Any]], **known: Any) -> Dataset:
    classes = tuple(known.pop("classes", ()))
    positive = known.pop("positive", 1 if task == "binary" else None)
    roles = known.pop("roles", {})
    return Dataset(
        "d",
        task,
        known.pop("kind", "array"),
        known.pop("features", ()),
        classes,
        positive,
        {name: split_of(name, X, y, **roles.get(name, {})) for name, (X, y) in splits.items()},
        **known,
    )


def job_of(folder: Path, model: dict[str, Any], **entry: Any) -> Job:
    data = entry.pop("data", {"task": "binary", "train": "train.csv", "target": "y"})
    fields = {
        "version": 1,
        "name": "job",
        "seed": entry.pop("seed", 0),
        "datasets": {"d": data},
        "models": {"m": {"dataset": "d", "model": model, **entry}},
    }
    return Job.model_validate(fields).model_copy(update={"file": folder / "job.yaml"})
