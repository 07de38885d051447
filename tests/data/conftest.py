"""A job around one data set, and its loading, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.data.load import load
from reportgen.data.table import Dataset
from reportgen.errors import DataError
from reportgen.job.schema import Job


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Job]:
    def make(seed: int = 20, **entry: Any) -> Job:
        job = Job.model_validate(
            {
                "version": 1,
                "name": "job",
                "seed": seed,
                "datasets": {"d": entry},
                "models": {"m": {"dataset": "d", "model": {"predictions": {"test": "p.csv"}}}},
            }
        )
        return job.model_copy(update={"file": tmp_path / "job.yaml"})

    return make


@pytest.fixture
def load_data(make_job: Callable[..., Job]) -> Callable[..., Dataset]:
    return lambda **entry: load(make_job(**entry), "d")


@pytest.fixture
def refused(load_data: Callable[..., Dataset]) -> Callable[..., DataError]:
    """The error with which loading ends."""

    def fail(**entry: Any) -> DataError:
        with pytest.raises(DataError) as caught:
            load_data(**entry)
        return caught.value

    return fail


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Writes a file beside the job; gives its name."""

    def to_disk(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return to_disk
