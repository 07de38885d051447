"""What is wrong with a job's files is found by their headers, each with the key that names it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from reportgen.cli.app import load
from reportgen.errors import JobError, Problem
from reportgen.job import python_names
from reportgen.job.schema import Job
from reportgen.preflight import check

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    frame = pl.DataFrame(
        {
            "key": [f"k{i}" for i in range(20)],
            "a": np.arange(20.0),
            "b": np.arange(20.0) ** 2,
            "y": ["stay", "leave"] * 10,
            "price": np.arange(20.0) / 3,
        }
    )
    frame.write_parquet(tmp_path / "train.parquet")
    frame[:8].write_csv(tmp_path / "test.csv")
    frame[:0].write_csv(tmp_path / "none.csv")
    frame[:8].with_columns(y=pl.lit("gone")).write_csv(tmp_path / "odd.csv")
    (tmp_path / "twice.csv").write_text("key,a,a,b,y,price\nk,1,2,3,stay,1\nl,1,2,3,leave,1\n")
    frame[:8].select("key", prediction=pl.lit(0.5)).write_csv(tmp_path / "p.csv")
    frame[:7].select("key", prediction=pl.lit(0.5)).write_csv(tmp_path / "short.csv")
    frame[1:9].select("key", prediction=pl.lit(0.5)).write_csv(tmp_path / "ids.csv")
    frame[:8].select("key", score=pl.lit(0.5)).write_csv(tmp_path / "nothing.csv")
    (tmp_path / "hooks.py").write_text("raise SystemExit('this must not run')\ndef load(): ...\n")
    (tmp_path / "broken.py").write_text("def load(:\n")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "report.txt").write_text("precision recall f1-score support\nstay 1 1 high 8\n")
    (tmp_path / "m.pkl").write_bytes(b"\x80\x04N.")
    with zipfile.ZipFile(tmp_path / "damaged.skops", "w") as archive:
        archive.writestr("schema.json", "{")
    return tmp_path


DATA: dict[str, Any] = {
    "task": "binary",
    "train": "train.parquet",
    "test": "test.csv",
    "target": "y",
    "features": ["a", "b"],
    "id": "key",
}
MODEL: dict[str, Any] = {"dataset": "d", "model": {"predictions": {"test": "p.csv"}}}


def found(
    folder: Path, data: dict[str, Any] | None = None, model: dict[str, Any] | None = None
) -> list[Problem]:
    job = Job.model_validate(
        {
            "version": 1,
            "name": "n",
            "datasets": {"d": {k: v for k, v in (DATA | (data or {})).items() if v is not None}},
            "models": {"m": MODEL | (model or {})},
            "file": folder / "job.yaml",
        }
    )
    return check(job)


def test_a_mask_and_the_labels_that_it_masks(folder: Path) -> None:
    y = np.array([[1, 2, 0], [2, 1, 1]] * 5)
    np.savez(folder / "tags.npz", X=y, y=y, real=(y > 0), short=(y > 0)[:, :2], flat=y[:, 0])
    data: dict[str, Any] = dict.fromkeys(DATA) | {
        "task": "multiclass", "train": "tags.npz", "test": "tags.npz"
    }  # fmt: skip
    model = {"model": {"python": "hooks:load"}}

    def told(**more: Any) -> list[tuple[str | None, str]]:
        return [(p.key, str(p)) for p in found(folder, data | more, model)]

    assert told(mask={"array": "real"}) == []
    assert told(mask={"label": 0}) == []
    for wrong, key, words in (
        ({"mask": {"array": "rael"}}, "datasets.d.mask.array", "Did you mean 'real'?"),
        ({"mask": {"array": "short"}}, "datasets.d.mask.array", "does not fit the labels"),
        ({"mask": {"label": 0}, "target": "flat"}, "datasets.d.mask", "the target is none"),
    ):
        problems = told(**wrong)
        assert {k for k, _ in problems} == {key}
        assert all(words in text for _, text in problems)


def test_a_good_job(folder: Path) -> None:
    assert found(folder) == []
    assert found(folder, {"classes": ["leave", "stay"], "positive": "leave"}) == []


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        ({"test": "tset.csv"}, "datasets.d.test", "Did you mean test.csv?"),
        ({"train": "damaged.parquet"}, "datasets.d.train", "damaged"),
        ({"test": "none.csv"}, "datasets.d.test", "empty"),
        ({"target": "why"}, "datasets.d.target", "no column 'why'"),
        ({"features": ["a", "bb"]}, "datasets.d.features[1]", "no column 'bb'"),
        ({"group": "house"}, "datasets.d.group", "no column 'house'"),
        ({"test": "twice.csv"}, "datasets.d.features[0]", "more than one column 'a'"),
        ({"classes": ["stay", "go"]}, "datasets.d.classes", "not among `classes`"),
        ({"test": "odd.csv"}, "datasets.d.target", "labels of the first split"),
        ({"positive": "gone"}, "datasets.d.positive", "not one of the labels"),
        ({"target": "a", "features": ["b"]}, "datasets.d.task", "exactly two"),
        ({"task": "regression"}, "datasets.d.target", "text"),
        ({"train": {"python": "hooks:laod"}}, "datasets.d.train", "Did you mean 'load'?"),
        ({"train": {"python": "broken:load"}}, "datasets.d.train", "cannot be parsed"),
        ({"train": {"python": "hook:load"}}, "datasets.d.train", "Did you mean 'hooks'?"),
        ({"train": {"sql": "gone.db", "query": "x"}}, "datasets.d.train", "no database URL"),
        (
            {"train": {"sql": "sqlite:///gone.db", "query": "x"}},
            "datasets.d.train", "no such database",
        ),
        (
            {"validation": {"from": "train", "fraction": 0.01, "method": "tail"}},
            None, "",
        ),
        (
            {"validation": {"from": "train", "fraction": 0.99}},
            "datasets.d.validation", "the split train is empty",
        ),
        (
            {"test": None, "split": {"column": "y"}},
            "datasets.d.split.column", "no split",
        ),
    ],
)  # fmt: skip
def test_data(folder: Path, data: dict[str, Any], key: str | None, words: str) -> None:
    problems = found(folder, data)
    if key is None:
        assert problems == []
        return
    assert key in [p.key for p in problems]
    assert any(words in str(p) for p in problems if p.key == key), "\n".join(map(str, problems))
    assert all(p.key for p in problems)


@pytest.mark.parametrize(
    ("model", "key", "words"),
    [
        ({"model": {"keras": "gone.keras"}}, "models.m.model", "no such file"),
        ({"model": {"keras": "test.csv"}}, "models.m.model", "not a model file"),
        ({"model": {"sklearn": "damaged.skops"}}, "models.m.model", "damaged"),
        ({"model": {"sklearn": "m.pkl"}}, "models.m.model", "trusted"),
        ({"model": {"predictions": {"test": "gone.csv"}}}, "models.m.model", "no such file"),
        (
            {"model": {"predictions": {"test": "short.csv"}}},
            "models.m.model.predictions.test", "7 predictions for the 8 rows",
        ),
        (
            {"model": {"predictions": {"test": "ids.csv"}}},
            "models.m.model.predictions.test", "1 ids of test have no prediction",
        ),
        (
            {"model": {"predictions": {"test": "nothing.csv"}}},
            "models.m.model.predictions.test", "no column of predictions",
        ),
        ({"model": {"python": "hooks:biuld"}}, "models.m.model.python", "no 'biuld'"),
        ({"metrics": {"f1": "hooks:laod"}}, "models.m.metrics.f1", "Did you mean 'load'?"),
        ({"metrics": {"f1": "hoks:f1"}}, "models.m.metrics.f1", "Did you mean 'hooks'?"),
        (
            {"metrics": {"f1": "hooks:load"}}, "models.m.metrics.f1",
            "expected: def load(y_true, y_pred)",
        ),
        (
            {"model": {"python": "hooks:load"}, "preprocess": [{"sklearn": "gone.skops"}]},
            "models.m.preprocess[0]", "no such file",
        ),
        (
            {"reported": [{"classification_report": "report.txt"}]},
            "models.m.reported[0]", "report.txt:2",
        ),
        ({"reported": [{"keras_log": "gone.log"}]}, "models.m.reported[0]", "no such file"),
    ],
)  # fmt: skip
def test_models(folder: Path, model: dict[str, Any], key: str, words: str) -> None:
    problems = found(folder, model=model)
    assert [p.key for p in problems] == [key], "\n".join(map(str, problems))
    assert words in str(problems[0])


CHURN = {
    "task": "binary", "train": str(ROOT / "sample_data/churn/train.parquet"), "test": None,
    "split": {"test": 0.2}, "target": "churned", "features": ["tenure_months", "monthly_fee"],
    "id": "customer_id",
}  # fmt: skip


def test_inputs_and_outputs_of_a_network(folder: Path) -> None:
    keras = {"model": {"keras": str(ROOT / "sample_data/churn/model.keras")}}
    problems = found(folder, CHURN, keras)
    assert [p.key for p in problems] == ["models.m.model"]
    assert "takes 16 inputs, the data set has 2" in str(problems[0])
    digits = {
        "task": "multiclass", "target": None, "features": None, "id": None,
        "train": str(ROOT / "sample_data/digits/train.npz"), "test": None,
        "split": {"test": 0.2}, "classes": [*"0123456789", "ten"],
    }  # fmt: skip
    network = {"model": {"keras": str(ROOT / "sample_data/digits/model.keras")}}
    problems = found(folder, digits, network)
    assert any("10 outputs for 11 classes" in str(p) for p in problems)
    housing = {"model": {"sklearn": str(ROOT / "sample_data/housing/model.skops")}}
    problems = found(folder, {"task": "regression", "target": "price"}, housing)
    assert all(p.key == "models.m.model" for p in problems)


def test_every_problem_of_every_model_is_told(folder: Path) -> None:
    problems = found(
        folder, {"test": "gone.csv", "group": "house"}, {"reported": [{"keras_log": "x"}]}
    )
    assert {p.key for p in problems} == {
        "datasets.d.test", "datasets.d.group", "models.m.reported[0]",
    }  # fmt: skip


def test_names_are_found_without_running_anything(folder: Path) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg/mod.py").write_text(
        "import json as j\nfrom os import path\nA = (B, C) = 1, 2\nif A:\n    D: int = 1\n"
        "try:\n    pass\nexcept OSError:\n    E = 1\nclass F:\n    inner = 1\n"
    )
    for name in ("j", "path", "A", "B", "C", "D", "E", "F", "F.inner"):
        assert python_names.problem_of(f"pkg.mod:{name}", folder) is None, name
    assert python_names.problem_of("pkg.mod:inner", folder) is not None
    assert python_names.problem_of("pkg.none:A", folder) is not None
    assert python_names.problem_of("sklearn.ensemble:RandomForestClassifier", folder) is None
    assert python_names.problem_of("sklearn.ensemble:RandomForst", folder) is not None
    assert python_names.problem_of("math:sin", folder) is None


def test_no_heavy_library_is_imported() -> None:
    code = (
        "import sys; from pathlib import Path; from reportgen.job.load import load;"
        "from reportgen.preflight import check; from reportgen.diagnostics import suite;"
        "job = load(Path('configs/demo.yaml'), {n: d.settings for n, d in suite().items()});"
        "print(*check(job));"
        "print(*{'tensorflow', 'keras', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


TOGETHER = """
version: 1
name: n
sede: 3
datasets:
  d:
    {task: binary, train: gone.parquet, test: test.csv, target: y, features: [a, bb], id: key}
  typo:
    {taks: binary, train: train.parquet, test: gone.csv, target: y}
  mistyped:
    {task: binary, train: train.parquet, test: none.csv, target: y, featuers: [a, b], group: house}
  whole:
    {task: binary, test: test.csv, target: y, features: [a, b]}
models:
  stored: {dataset: d, model: {predictions: {test: p.csv}}, reported: [{metrik: accuracy}]}
  lost: {dataset: nowhere, model: {sklearn: gone.skops}}
  unsure: {dataset: mistyped, model: {keras: gone.keras}, ouptut: label}
  short: {dataset: whole, model: {predictions: {test: short.csv}}, decision: {treshold: 0.4}}
  of-typo: {dataset: typo, model: {predictions: {test: absent.csv}}}
"""


def told(folder: Path) -> list[tuple[str | None, str]]:
    """What ``load`` says of the folder's ``job.yaml``: key and sentence of each problem."""
    with pytest.raises(JobError) as caught:
        load(folder / "job.yaml")
    return [(p.key, p.message) for p in caught.value.problems]


def test_problems_of_the_job_and_of_its_files_come_together(folder: Path) -> None:
    (folder / "job.yaml").write_text(TOGETHER)
    found = told(folder)
    assert [key for key, _ in found if key is None] == []
    assert sorted(str(key) for key, _ in found) == sorted(
        [
            "sede",
            "datasets.d.train",
            "datasets.d.features[1]",
            "datasets.typo.taks",
            "datasets.typo.task",
            "datasets.mistyped.featuers",
            "datasets.mistyped.test",
            "datasets.mistyped.group",
            "datasets.mistyped.group",
            "models.stored.reported[0]",
            "models.lost.dataset",
            "models.lost.model",
            "models.unsure.ouptut",
            "models.unsure.model",
            "models.short.decision.treshold",
            "models.short.model.predictions.test",
            "models.of-typo.model",
        ]
    ), "\n".join(map(str, found))


def test_what_follows_from_a_mistyped_key_is_no_problem_of_its_own(folder: Path) -> None:
    """`tarjet` and `featuers` are told; that the rest does not fit without them is not."""
    model = "models: {m: {dataset: d, model: {predictions: {test: p.csv}}, prepocess: []}}"
    source = "{task: binary, train: train.parquet, test: test.csv, tarjet: y, featuers: [a, b]}"
    (folder / "job.yaml").write_text(f"version: 1\nname: n\ndatasets: {{d: {source}}}\n{model}\n")
    keys = {key for key, _ in told(folder)}
    assert keys == {"datasets.d.tarjet", "datasets.d.featuers", "models.m.prepocess"}


def test_files_are_looked_at_though_the_head_of_the_job_is_faulty(folder: Path) -> None:
    (folder / "job.yaml").write_text(
        "version: 2\nseed: -1\ndatasets: {d: {task: binary, test: tset.csv, target: y}}\n"
        "models: {m: {dataset: d, model: {predictions: {test: p.csv}}}}\n"
    )
    found = told(folder)
    assert sorted(key or "" for key, _ in found) == ["datasets.d.test", "name", "seed", "version"]
    assert found[-1] == ("datasets.d.test", "the file is not there")
