"""Models with several outputs, against what plain Keras says of each and of all."""

import json
import zipfile

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")

from benchmarks.faults.reconciliation.outputs import TASKS, shop  # noqa: E402
from reportgen.errors import ModelError  # noqa: E402
from reportgen.job.claims import of_log  # noqa: E402
from reportgen.job.schema import Job  # noqa: E402
from reportgen.models import keras_config  # noqa: E402
from reportgen.models.keras_read import of_live_model  # noqa: E402
from reportgen.pipeline import load_case  # noqa: E402
from reportgen.preflight import check  # noqa: E402
from reportgen.reconciliation.quantities import Unknown  # noqa: E402
from reportgen.reconciliation.several_outputs import of_all, world_for  # noqa: E402


@pytest.fixture(scope="module", params=[True, False], ids=["mapping", "list"])
def work(request):
    rng = np.random.default_rng(3)
    while True:
        made = shop(rng)
        if made.mapping == request.param:
            return made


def test_each_output_answers_for_itself(work):
    case = work.case()
    for head, raw in work.answers().items():
        other = case.of_head(head)
        assert other.task == TASKS[head]
        assert np.array_equal(np.asarray(other.predict("test").raw), raw)
        assert np.array_equal(np.asarray(other.split("test").y), work.y[head])


def test_losses_are_those_of_evaluate(work):
    told = work.model.evaluate(work.X, work.targets(), verbose=0, return_dict=True)
    case = work.case()
    for head in TASKS:
        assert world_for(case, "test", head).loss(None) == pytest.approx(
            told[f"{head}_loss"], rel=2e-6
        )
    world = of_all(case, "test")
    assert world.loss(None) == pytest.approx(told["loss"], rel=2e-6)
    assert world.penalty() == pytest.approx(float(sum(work.model.losses)))
    assert world.labels is None


def test_a_loss_of_an_output_without_a_target_is_unknown(work):
    from dataclasses import replace

    case = work.case()
    fewer = {h: d for h, d in case.dataset.heads.items() if h != "price"}
    with pytest.raises(Unknown, match="what output price predicts"):
        of_all(replace(case, dataset=replace(case.dataset, heads=fewer)), "test").loss(None)


def test_names_of_outputs(work, tmp_path):
    names = tuple(sorted(TASKS)) if work.mapping else tuple(TASKS)
    work.model.save(tmp_path / "shop.keras")
    config = json.loads(zipfile.ZipFile(tmp_path / "shop.keras").read("config.json"))
    assert keras_config.output_heads(config) == names
    assert keras_config.last_layer(config, "brand") == ("softmax", 3)
    assert keras_config.last_layer(config, "price") == ("linear", 1)
    assert keras_config.last_layer(config) == (None, None)
    with pytest.raises(ModelError, match="4 outputs"):
        of_live_model(work.model, "binary")
    with pytest.raises(ModelError, match="no output 'brnad'"):
        of_live_model(work.model, "multiclass", head="brnad")


def test_a_line_of_evaluate_is_told_apart():
    line = "14/14 - 0s - 20ms/step - a_b_mae: 0.5 - a_accuracy: 0.83 - a_loss: 0.39 - loss: 1.88"
    claims = of_log(line, task="binary", heads={"a": "binary", "a_b": "regression"})
    assert [(c.metric, c.output, c.name) for c in claims] == [
        ("mae", "a_b", "mae, output a_b"),
        ("accuracy", "a", "accuracy"),
        ("loss", "a", "loss, output a"),
        ("loss", None, "loss"),
    ]


@pytest.fixture
def job(work, tmp_path):
    work.model.save(tmp_path / "shop.keras")
    names = [f"f{k}" for k in range(6)]
    for split, (X, y) in work.splits.items():
        columns = dict(zip(names, X.T, strict=True))
        pl.DataFrame({**columns, **{f"y_{h}": v for h, v in y.items()}}).write_parquet(
            tmp_path / f"{split}.parquet"
        )

    def made(targets=None, reported=(), **roles):
        whole = {
            "wanted": "y_wanted",
            "brand": {"column": "y_brand", "task": "multiclass"},
            "kept": "y_kept",
            "price": {"column": "y_price", "task": "regression"},
        }
        entry = {"task": "binary", "train": "train.parquet", "test": "test.parquet"}
        return Job.model_validate(
            {
                "version": 1,
                "name": "shop",
                "datasets": {"d": {**entry, "targets": targets or whole, **roles}},
                "models": {
                    "m": {"dataset": "d", "model": {"keras": "shop.keras"}, "reported": reported}
                },
                "file": tmp_path / "job.yaml",
            }
        )

    return made


def test_a_job_with_several_outputs(job, work):
    said = [
        {"metric": "accuracy", "value": 0.5},
        {"metric": "mae", "output": "price", "value": 0.5},
        {"metric": "loss", "value": 1},
    ]
    whole = job(reported=said)
    assert check(whole) == []
    case = load_case(whole, "m")
    assert case.dataset.features == tuple(f"f{k}" for k in range(6))
    assert [(c.output, c.name) for c in case.claims] == [
        ("wanted", "accuracy"), ("price", "mae, output price"), (None, "loss"),
    ]  # fmt: skip
    expected = np.abs(work.answers()["price"][:, 0] - work.y["price"]).mean()
    world = world_for(case, "test", "price")
    assert np.abs(world.values - world.truth).mean() == pytest.approx(expected, rel=1e-6)


def test_outputs_that_are_not_there(job):
    for targets, key, words in (
        ({"wanted": "y_wanted", "brnad": "y_brand"}, "models.m.model", "Did you mean 'brand'?"),
        ({"wanted": "y_wnated"}, "datasets.d.targets.wanted", "Did you mean 'y_wanted'?"),
        ({"price": "y_price", "brand": "y_brand"}, "datasets.d.task", "exactly two"),
    ):
        (problem, *_) = check(job(targets, features=[f"f{k}" for k in range(6)]))
        assert problem.key == key
        assert words in str(problem)
