"""A drawn case as files that any tool reads: train.parquet, test.parquet, about.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from reportgen.evidence import Case

WIDEST = 60  # columns; peers test each one by one, and pairs of them
TEXTS = 50  # distinct values from which a column of strings is no category


def written(case: Case, folder: Path) -> bool:
    """Write a case; False for one that is no table (images, several inputs), or a wide one."""
    frames = {n: _frame(case, n) for n in ("train", "test") if n in case.dataset.splits}
    if len(frames) < 2 or any(f is None or f.shape[1] > WIDEST for f in frames.values()):
        return False
    folder.mkdir(parents=True)
    about: dict[str, Any] = {"task": case.task, "cat_features": []}
    for name, frame in frames.items():
        assert frame is not None
        split = case.split(name)
        for role, values in (("id_", split.ids), ("group_", split.groups), ("time_", split.times)):
            if values is not None:
                frame[role] = np.asarray(values)
        frame["y"] = np.asarray(split.y)
        frame.to_parquet(folder / f"{name}.parquet")
    train = frames["train"]
    assert train is not None
    about["cat_features"] = [
        c for c in case.dataset.features
        if c in train and train[c].dtype.kind not in "fiub" and train[c].nunique() < TEXTS
    ]  # fmt: skip
    about["index_name"] = "id_" if "id_" in train else None
    about["datetime_name"] = "time_" if "time_" in train else None
    (folder / "about.json").write_text(json.dumps(about))
    return True


def _frame(case: Case, name: str) -> pd.DataFrame | None:
    X = case.split(name).X
    if isinstance(X, pl.DataFrame):
        return X.to_pandas()
    if isinstance(X, np.ndarray) and X.ndim == 2:
        names = case.dataset.features or tuple(f"x{j}" for j in range(X.shape[1]))
        return pd.DataFrame(X, columns=list(names))
    return None
