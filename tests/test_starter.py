"""A first job validates as it is written, whatever the files are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import JobError
from reportgen.job.document import parse
from reportgen.job.load import load
from reportgen.job.schema import Job
from reportgen.preflight import check
from reportgen.starter import scalar, starter

SAMPLES = Path(__file__).parents[1] / "sample_data"


def valid(folder: Path, text: str) -> Job:
    (folder / "job.yaml").write_text(text, encoding="utf-8")
    job = load(folder / "job.yaml", {})
    assert check(job) == []
    assert all(len(line) < 130 for line in text.splitlines())
    return job


def test_the_example_validates_and_names_only_what_is_installed(tmp_path: Path) -> None:
    job = valid(tmp_path, starter(tmp_path))
    assert job.datasets["patients"].positive == "malignant"


@pytest.mark.parametrize(
    ("model", "train", "test", "target", "task"),
    [
        ("churn/model.keras", "churn/train.parquet", "churn/test.parquet", "churned", "binary"),
        ("digits/model.keras", "digits/train.npz", "digits/test.npz", None, "multiclass"),
        ("housing/model.skops", "housing/train.csv", None, "price", "regression"),
        ("loans/vendor.csv", None, "loans/test.csv", "repaid", "binary"),
        (None, "loans/train.csv", "loans/test.csv", "repaid", "binary"),
    ],
)
def test_files_of_every_kind(
    tmp_path: Path, model: str | None, train: str | None, test: str | None, target: str | None,
    task: str,
) -> None:  # fmt: skip
    def at(name: str | None) -> Path | None:
        return None if name is None else SAMPLES / name

    text = starter(tmp_path, model=at(model), train=at(train), test=at(test), target=target)
    job = valid(tmp_path, text)
    assert job.datasets["data"].task == task


def test_names_that_yaml_could_misread(tmp_path: Path) -> None:
    odd = tmp_path / "a: b #1 'é' {x}"
    odd.mkdir()
    n = 12
    pl.DataFrame(
        {
            "user_id": np.arange(n),
            "x": np.arange(n) / 7,
            "on": ["yes", "no", "null", "1.5 %: {}"] * 3,
        }
    ).write_csv(odd / "~ data.csv")
    job = valid(tmp_path, starter(tmp_path, train=odd / "~ data.csv", target="on"))
    data = job.datasets["data"]
    assert data.classes == ("1.5 %: {}", "no", "null", "yes")
    assert (data.id, data.target, data.task) == ("user_id", "on", "multiclass")


def test_a_pickle_is_trusted_only_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"\x80\x04N.")
    text = starter(
        tmp_path, model=tmp_path / "m.pkl", train=SAMPLES / "loans/train.csv", target="repaid"
    )
    valid(tmp_path, text)
    assert "may run any code" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": Path("m.keras")}, "needs data"),
        ({"train": Path("gone.csv"), "target": "y"}, "not there"),
        ({"train": SAMPLES / "loans/train.csv"}, "which column"),
        ({"train": SAMPLES / "loans/train.csv", "target": "repayd"}, "Did you mean 'repaid'"),
        (
            {"model": Path("m"), "train": SAMPLES / "loans/train.csv", "target": "repaid"},
            "no such file",
        ),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, options: dict[str, Path | str], words: str
) -> None:
    with pytest.raises(JobError, match=words):
        starter(tmp_path, **options)  # type: ignore[arg-type]


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_scalars_come_back(text: str) -> None:
    written = f"a: [{scalar(text)}]  # comment\n"
    for back in (parse(written.encode()).data["a"][0], yaml.safe_load(written)["a"][0]):
        assert str(back) == text


def test_folders_are_images(tmp_path: Path) -> None:
    from PIL import Image

    for split in ("train", "test"):
        for label in ("cat", "dog"):
            place = tmp_path / split / label
            place.mkdir(parents=True)
            Image.new("L", (4, 4)).save(place / "1.png")
    text = starter(tmp_path, train=tmp_path / "train", test=tmp_path / "test")
    job = valid(tmp_path, text)
    assert job.datasets["data"].classes == ("cat", "dog")
