"""A job is read whole, or every problem of it is told at once, each at its line and key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pydantic import Field

from reportgen.errors import JobError, Problem
from reportgen.job.document import parse
from reportgen.job.load import json_schema, load, validated
from reportgen.job.schema import Job, ReportedNumber, Settings


class Strength(Settings):
    members: int = Field(10, ge=1, description="How many.")


SETTINGS: dict[str, type[Settings]] = {"strength": Strength, "other": Settings}

WHOLE = """\
version: 1
name: nightly-churn
formats: [html, pdf]
seed: 20
datasets:
  churn:
    task: binary
    train: data/train.parquet
    validation: {from: train, fraction: 0.25, method: group}
    test: data/test.parquet
    target: churned
    classes: [no, yes]
    positive: yes
    features: [tenure, plan]
    id: customer_id
    group: household
    weight: w
  many: {task: multiclass, train: {sklearn: iris}, split: {test: 0.3, stratify: true}, classes: [0, 1.0, true]}
  pages: {task: multilabel, test: {sql: "postgresql://me:secret@host/db", query: select 1}, target: [a, b]}
  price: {task: regression, train: {python: "mod:load"}, split: {column: part}, target: price}
models:
  churn-mlp:
    dataset: churn
    model: {keras: models/churn.keras}
    preprocess: {sklearn: models/columns.skops}
    output: probability
    decision: {threshold: 0.8, otherwise: unsure}
    training: {epochs: 20, class_weight: {no: 1, yes: 2.5}, early_stopping: {patience: 5}}
    reported:
      - {metric: accuracy, value: 0.950}
      - {metric: f1, average: macro, split: validation, value: 91.30 %, weighted: true}
      - {confusion_matrix: [[812, 31], [40, 117]]}
      - {classification_report: logs/test_report.txt, split: train}
      - {keras_log: logs/train.log}
  v1.2:
    dataset: many
    model: {sklearn: m.pkl, trusted: yes}
    preprocess: [{standardize: train}, {scale: 255}]
    reported: [{metric: recall, per_class: 1, value: 1e-3}, {metric: top_k_accuracy, k: 2, value: .5}]
  pages:
    dataset: pages
    model: {predictions: {test: p.csv}}
diagnostics:
  strength: {members: 3}
  other: false
executor: {kind: local, workers: 2}
"""  # noqa: E501


def read(text: str) -> Job:
    return validated(parse(text.encode()), SETTINGS)


def problems(text: str) -> list[Problem]:
    with pytest.raises(JobError) as caught:
        read(text)
    return list(caught.value.problems)


def test_a_whole_job(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(WHOLE)
    job = load(tmp_path / "job.yaml", SETTINGS)
    assert job.locate("data/x.csv") == (tmp_path / "data/x.csv").resolve()
    assert job.output == "reports"
    assert job.datasets["churn"].classes == ("no", "yes")
    assert job.datasets["many"].classes == ("0", "1", "true")
    assert job.models["v1.2"].model.trusted is True  # type: ignore[union-attr]
    values = [str(item.value) for item in job.models["churn-mlp"].reported[:2]]  # type: ignore[union-attr]
    assert values == ["0.950", "91.30 %"]
    assert str(job.models["v1.2"].reported[0].value) == "1e-3"  # type: ignore[union-attr]
    assert job.diagnostics == {"strength": Strength(members=3), "other": None}
    assert len(job.sha256) == 64
    assert "secret" not in job.parts["pages"]
    assert "postgresql://me:***@host/db" in job.parts["pages"]
    assert "epochs: 20" in job.parts["churn-mlp"]
    assert "v1.2" not in job.parts["churn-mlp"]


MINIMAL = """\
version: 1
name: n
datasets:
  d: {task: multiclass, train: a.csv, test: b.csv, target: y, classes: [a, b, c]}
models:
  m: {dataset: d, model: {keras: m.keras}}
"""


def test_a_number_may_be_of_one_of_the_jobs_own_metrics() -> None:
    job = read(model('metrics: {cost: "a.b:c"}, reported: [{metric: cost, value: 12.5}]'))
    (item,) = job.models["m"].reported
    assert isinstance(item, ReportedNumber)
    assert (item.metric, item.value.text) == ("cost", "12.5")


def test_defaults() -> None:
    job = read(MINIMAL)
    assert job.formats == ("html", "pdf", "json")
    assert (job.seed, job.executor.workers) == (0, 1)
    assert job.diagnostics == {"strength": Strength(), "other": Settings()}
    assert job.models["m"].reported == ()


def changed(old: str, new: str) -> str:
    assert MINIMAL.count(old) == 1
    return MINIMAL.replace(old, new)


MODEL = "m: {dataset: d, model: {keras: m.keras}}"
DATA = "d: {task: multiclass, train: a.csv, test: b.csv, target: y, classes: [a, b, c]}"


def model(more: str) -> str:
    return changed(MODEL, MODEL[:-1] + f", {more}" + "}")


def reported(item: str) -> str:
    return model(f"reported: [{{metric: accuracy, value: 1}}, {item}]")


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (changed("version: 1", "version: 2"), 1, "version", "one of: 1"),
        (changed("version: 1\n", ""), 1, "version", "missing"),
        (changed("name: n", "nmae: n\nname: n"), 2, "nmae", "Did you mean 'name'?"),
        (changed("name: n", "name: [n]"), 2, "name", "got: a list of 1"),
        (changed("name: n", "name: ''"), 2, "name", "empty"),
        (changed("name: n", "name: n\nseed: -1"), 3, "seed", "at least 0"),
        (changed("name: n", "name: n\nseed: true"), 3, "seed", "a number"),
        (changed("name: n", "name: n\nformats: html"), 3, "formats", "[html]"),
        (changed("name: n", "name: n\nformats: [htm]"), 3, "formats[0]", "Did you mean 'html'?"),
        (changed("name: n", "name: n\nbudget: {minutes: 0}"), 3, "budget.minutes", "more than 0"),
        (changed("name: n", "name: n\nparts: {}"), 3, "parts", "unknown key"),
        (changed("name: n", "name: n\nexecutor: {kind: dask}"), 3, "executor.kind", "local"),
        (changed("name: n", "name: n\ndiagnostics: 3"), 3, "diagnostics", "mapping"),
        (
            changed("name: n", "name: n\ndiagnostics: {strenght: false}"),
            3, "diagnostics.strenght", "Did you mean 'strength'?",
        ),
        (
            changed("name: n", "name: n\ndiagnostics:\n  strength: {members: 0}"),
            4, "diagnostics.strength.members", "at least 1",
        ),
        (
            changed("name: n", "name: n\ndiagnostics: {strength: {member: 3}}"),
            3, "diagnostics.strength.member", "Did you mean 'members'?",
        ),
        (
            changed("name: n", "name: n\ndiagnostics: {strength: 7}"),
            3, "diagnostics.strength", "false to switch it off",
        ),
        (changed("models:\n  " + MODEL, "models: {}"), 5, "models", "empty"),
        (changed("task: multiclass", "task: multclass"), 4, "datasets.d.task", "'multiclass'"),
        (changed("train: a.csv", "train: 7"), 4, "datasets.d.train", "a split is a path"),
        (changed("train: a.csv", "train: {skleran: iris}"), 4, "datasets.d.train", "'sklearn'"),
        (changed("train: a.csv", "train: {sklearn: irsi}"), 4, "datasets.d.train.sklearn", "iris"),
        (
            changed("train: a.csv", "train: {python: load}"),
            4, "datasets.d.train.python", "package.module:name",
        ),
        (changed("target: y", "taget: y"), 4, "datasets.d.taget", "Did you mean 'target'?"),
        (changed("target: y, ", ""), 4, "datasets.d", "'target' is missing"),
        (changed("[a, b, c]", "[a, b, a]"), 4, "datasets.d.classes", "twice"),
        (changed("[a, b, c]", "[a]"), 4, "datasets.d.classes", "two or more"),
        (changed("task: multiclass", "task: binary"), 4, "datasets.d.classes", "exactly two"),
        (changed("task: multiclass", "task: regression"), 4, "datasets.d.classes", "no classes"),
        (changed("target: y", "target: y, positive: a"), 4, "datasets.d.positive", "only a binary"),
        (changed("target: y", "target: y, id: y"), 4, "datasets.d.id", "already the target"),
        (
            changed("target: y", "target: y, features: [x, y]"),
            4, "datasets.d.features[1]", "is the target",
        ),
        (changed("target: y", "target: y, features: [x, x]"), 4, "datasets.d.features", "twice"),
        (changed("target: y", "target: y, split: {test: 0.3}"), 4, "datasets.d.split", "as well"),
        (changed("test: b.csv, ", ""), 4, "datasets.d", "no split to judge"),
        (
            changed("train: a.csv, test: b.csv", "train: a.npz, test: b.npz, mask: {}"),
            4, "datasets.d.mask", "`label:` or",
        ),
        (
            changed("target: y", "target: y, targets: {a: y}"), 4, "datasets.d.target", "exclude",
        ),
        (
            changed("target: y", "targets: {a: y, b: {column: z, calsses: [p, q]}}"),
            4, "datasets.d.targets.b.calsses", "Did you mean 'classes'?",
        ),
        (
            changed("target: y", "targets: {a: {column: y, task: binary}}"),
            4, "datasets.d.targets.a.task", "on the data set",
        ),
        (
            reported("{metric: f1, output: hed, value: 0.5}"),
            6, "models.m.reported[1].output", "`targets:` on the data set",
        ),
        (changed("target: y", "target: y, mask: {array: m}"), 4, "datasets.d.mask", "as arrays"),
        (
            changed("test: b.csv", "split: {test: 0.3, method: group}"),
            4, "datasets.d.split.method", "no group column",
        ),
        (changed("test: b.csv", "split: {method: random}"), 4, "datasets.d.split", "either"),
        (
            changed("test: b.csv", "split: {test: 1.5}"),
            4, "datasets.d.split.test", "less than 1",
        ),
        (
            changed("train: a.csv", "validation: {from: train}"),
            4, "datasets.d.validation", "no train split",
        ),
        (
            changed("train: a.csv", "train: a.csv, validation: {from: train, method: time}"),
            4, "datasets.d.validation.method", "no time column",
        ),
        (changed("dataset: d", "dataset: dd"), 6, "models.m.dataset", "Did you mean 'd'?"),
        (changed("{keras: m.keras}", "{kreas: m}"), 6, "models.m.model", "'keras'"),
        (changed("{keras: m.keras}", "{keras: 5}"), 6, "models.m.model.keras", "quotes: '5'"),
        (
            changed("{keras: m.keras}", "{keras: m, trusted: true}"),
            6, "models.m.model.trusted", "unknown key",
        ),
        (
            changed("{keras: m.keras}", "{sklearn: m.joblib}"),
            6, "models.m.model.sklearn", "trusted: true",
        ),
        (
            changed("{keras: m.keras}", "{predictions: {test: p, validation: q}}"),
            6, "models.m.model.predictions.validation", "no validation split",
        ),
        (
            changed("{keras: m.keras}", "{predictions: {tst: p}}"),
            6, "models.m.model.predictions.tst", "Did you mean 'test'?",
        ),
        (model("preprocess: {scale: 0}"), 6, "models.m.preprocess[0].scale", "more than 0"),
        (
            model("preprocess: [{scale: 1}, {sklearn: a.pkl}]"),
            6, "models.m.preprocess[1].sklearn", "trusted",
        ),
        (model("output: value"), 6, "models.m.output", "no value"),
        (model("decision: {threshold: 0.5}"), 6, "models.m.decision.threshold", "otherwise"),
        (model("decision: {otherwise: x}"), 6, "models.m.decision.otherwise", "threshold"),
        (model("decision: {treshold: 1}"), 6, "models.m.decision.treshold", "'threshold'"),
        (model("training: {}"), 6, "models.m.training.epochs", "missing"),
        (model("training: {epochs: 1.5}"), 6, "models.m.training.epochs", "whole number"),
        (
            model("training: {epochs: 1, class_weight: {a: 1, d: 2}}"),
            6, "models.m.training.class_weight.d", "not one of the classes",
        ),
        (
            model("training: {epochs: 1, class_weight: balance}"),
            6, "models.m.training.class_weight", "'balanced'",
        ),
        (
            model("training: {epochs: 1, early_stopping: {patience: 2}}"),
            6, "models.m.training.early_stopping.monitor", "needs a validation",
        ),
        (
            model("training: {epochs: 1, include_validation: true}"),
            6, "models.m.training.include_validation", "cut from train",
        ),
        (model("measures: [a]"), 6, "models.m.measures", "unknown key"),
        (model("metrics: {f1: hooks}"), 6, "models.m.metrics.f1", "does not name a Python object"),
        (reported("{metric: acuracy, value: 1}"), 6, "models.m.reported[1].metric", "'accuracy'"),
        (
            reported("{metric: accuracy, value: high}"),
            6, "models.m.reported[1].value", "is not a number",
        ),
        (reported("{metric: accuracy}"), 6, "models.m.reported[1].value", "missing"),
        (
            reported("{metric: accuracy, value: 1, split: validation}"),
            6, "models.m.reported[1].split", "no validation split",
        ),
        (reported("{metric: r2, value: 1}"), 6, "models.m.reported[1].metric", "no r2"),
        (
            reported("{metric: f1, average: binary, value: 1}"),
            6, "models.m.reported[1].average", "no average",
        ),
        (
            reported("{metric: accuracy, average: macro, value: 1}"),
            6, "models.m.reported[1].average", "no average",
        ),
        (
            reported("{metric: f1, per_class: aa, value: 1}"),
            6, "models.m.reported[1].per_class", "not one of the classes",
        ),
        (
            reported("{metric: accuracy, per_class: a, value: 1}"),
            6, "models.m.reported[1].per_class", "not measured a class",
        ),
        (reported("{metric: f1, k: 1, value: 1}"), 6, "models.m.reported[1].k", "top_k_accuracy"),
        (
            reported("{metric: acuracy, value: 1}"),
            6,
            "models.m.reported[1].metric",
            "Did you mean 'accuracy'?",
        ),
        (
            model("metrics: {cost: \"a.b:c\"}, reported: [{metric: cost, k: 2, value: 1}]"),
            6,
            "models.m.reported[0].k",
            "its function says what it measures",
        ),
        (reported("{metric: top_k_accuracy, value: 1}"), 6, "models.m.reported[1]", "needs `k:`"),
        (
            reported("{metric: top_k_accuracy, k: 3, value: 1}"),
            6, "models.m.reported[1].k", "less than",
        ),
        (
            reported("{metric: f1, weighted: true, value: 1}"),
            6, "models.m.reported[1].weighted", "weight column",
        ),
        (
            reported("{confusion_matrix: [[1, 2], [3]]}"),
            6, "models.m.reported[1].confusion_matrix", "not square",
        ),
        (
            reported("{confusion_matrix: [[1, 2], [3, 4]]}"),
            6, "models.m.reported[1].confusion_matrix", "a row for each class",
        ),
        (
            reported("{confusion_matrix: [[1, 2], [3, -4]]}"),
            6, "models.m.reported[1].confusion_matrix[1][1]", "at least 0",
        ),
        (
            reported("{classification_repot: x}"),
            6, "models.m.reported[1]", "'classification_report'",
        ),
    ],
)  # fmt: skip
def test_one_problem(text: str, line: int, key: str, words: str) -> None:
    found = problems(text)
    assert [(p.line, p.key) for p in found] == [(line, key)]
    assert words in str(found[0])
    assert found[0].file == "job.yaml"
    assert str(found[0]).startswith(f"job.yaml:{line}: {key}: ")


def test_all_problems_at_once_in_the_order_of_lines() -> None:
    text = """\
version: 1
name: n
name: m
datasets:
  d:
    task: binary
    test: b.csv
    target: y
    classes: [a, b]
    positive: c
  broken: {task: nothing}
models:
  m.1:
    dataset: d
    model: {keras: m}
    reported:
      - {metric: accuracy, value: 0.9}
      - metric: f1
        value: 0.8
        split: train
  other:
    dataset: broken
    model: {sklearn: m.pkl}
    outputs: value
diagnostics: {nothing: true}
"""
    found = problems(text)
    assert [(p.line, p.key) for p in found] == [
        (3, "name"),
        (10, "datasets.d.positive"),
        (11, "datasets.broken.task"),
        (20, "models['m.1'].reported[1].split"),
        (23 + 1, "models.other.outputs"),
        (25, "diagnostics.nothing"),
    ]


def test_the_default_split_is_named_when_it_is_not_there() -> None:
    text = changed("test: b.csv", "validation: b.csv")
    found = problems(text.replace(MODEL, MODEL[:-1] + ", reported: [{metric: f1, value: 1}]}"))
    assert found[0].key == "models.m.reported[0]"
    assert "which is the default" in str(found[0])


@profile(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_jobs_are_refused_in_words(data: st.DataObject) -> None:
    """Lines cut, doubled and filled with noise: a Job or a JobError, nothing else."""
    lines = WHOLE.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        cut = data.draw(st.integers(0, len(lines[at])))
        noise = data.draw(
            st.sampled_from(["", "[", "{}", ": 1", "null", "-1", "x: y", "true", "'"])
        )
        lines[at] = lines[at][:cut] + noise + lines[at][cut + data.draw(st.integers(0, 5)) :]
    try:
        job = read("\n".join(lines))
    except JobError as error:
        refused = error
    else:
        assert isinstance(job, Job)
        return
    assert all(p.message and p.file == "job.yaml" for p in refused.problems)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@profile(max_examples=150, deadline=None)
@given(
    st.sampled_from(["name", "seed", "formats", "datasets", "models", "diagnostics", "executor"]),
    st.sampled_from(["train", "target", "classes", "split", "validation", "positive"]),
    st.sampled_from(["model", "preprocess", "decision", "training", "reported", "output"]),
    VALUES, VALUES, VALUES,
)  # fmt: skip
def test_values_of_any_kind_are_refused_in_words(
    top: str, of_data: str, of_model: str, one: Any, two: Any, three: Any
) -> None:
    data = parse(MINIMAL.encode()).data
    data["datasets"]["d"][of_data] = two
    data["models"]["m"][of_model] = three
    data[top] = one if top in ("name", "seed") else data.get(top, one)
    try:
        read(json.dumps(data))
    except JobError as error:
        assert error.problems  # noqa: PT017


def test_json_schema() -> None:
    schema = json_schema(SETTINGS)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["required"]) == {"version", "name", "datasets", "models"}
    assert schema["additionalProperties"] is False
    known = {"version", "name", "output", "formats", "seed", "datasets", "models", "diagnostics"}
    assert set(schema["properties"]) == {*known, "executor", "budget", "base_url", "templates"}
    assert all(p.get("description") for p in schema["properties"].values())
    entry = schema["$defs"]["DatasetEntry"]["properties"]
    assert all(p.get("description") for p in entry.values())
    strength = schema["$defs"]["Strength"]["properties"]["members"]
    assert strength["description"] == "How many."
    assert set(schema["properties"]["diagnostics"]["properties"]) == set(SETTINGS)


def test_json_schema_accepts_jobs_and_refuses_others() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft202012Validator(json_schema(SETTINGS))
    checker.check_schema(checker.schema)
    whole = parse(WHOLE.replace("trusted: yes", "trusted: true").encode()).data
    assert [e.message for e in checker.iter_errors(whole)] == []
    assert list(checker.iter_errors(parse(model("epochs: 3").encode()).data))
    assert list(checker.iter_errors(parse(changed("train: a.csv", "train: 7").encode()).data))


def test_reading_a_job_imports_nothing_heavy(tmp_path: Path) -> None:
    text = WHOLE.replace("strength: {members: 3}", "strength: {}")
    (tmp_path / "job.yaml").write_text(text)
    code = (
        "import sys; from reportgen.job.load import load;"
        "from reportgen.job.schema import Settings;"
        "load('job.yaml', {'strength': Settings, 'other': Settings});"
        "print(*{'numpy', 'polars', 'sklearn', 'pandas', 'scipy', 'tensorflow'} & set(sys.modules))"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == ""
