"""From a job's model to members that train."""

import numpy as np
import pytest

from reportgen.data.table import Dataset, Split
from reportgen.evidence import Case
from reportgen.job.schema import ModelEntry
from reportgen.models.keras_read import of_live_model
from reportgen.models.preprocess import Preprocess
from reportgen.retraining.case import setting
from reportgen.retraining.engine import Round
from reportgen.retraining.member import Member
from reportgen.retraining.origin import CannotRetrain
from reportgen.retraining.plan import Budget, plan
from tests.retraining import architectures as arch

pytestmark = pytest.mark.tensorflow
CLASSES = ("a", "b", "c", "d")


def case_of(model, training, splits=("train", "validation", "test")):
    data = {}
    for seed, name in enumerate(splits):
        x, y = arch.rows("flat", seed)
        data[name] = Split(name, x, y.astype(np.int64), np.arange(len(y)), name, "")
    dataset = Dataset("d", "multiclass", "array", (), CLASSES, None, data)
    entry = ModelEntry.model_validate(
        {"dataset": "d", "model": {"keras": "m.keras"}, "training": training}
    )
    return Case("m", entry, dataset, of_live_model(model, "multiclass"), Preprocess(()), 0)


RECIPE = {"epochs": 4, "batch_size": 16, "class_weight": "balanced", "early_stopping": {
    "monitor": "val_loss", "patience": 1, "restore_best": True}}  # fmt: skip


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_a_case_is_planned_and_trained(worker, keras, tmp_path, loss):
    model = arch.dense(keras)
    model.compile(keras.optimizers.Adam(0.02), loss)
    before = [w.copy() for w in model.get_weights()]
    made = setting(case_of(model, RECIPE), tmp_path)
    assert made.recipe.stopping.restore_best
    assert len(made.recipe.class_weight) == 4
    assert made.pool.targets.shape == ((75,) if "sparse" in loss else (75, 4))
    members = [Member(k, k) for k in range(10)]
    planned = plan(
        {"seed_ensemble": members}, made.recipe, made.pool, made.cost, Budget(),
        unstackable=made.unstackable, rowwise=made.origin.blueprint.rowwise,
    )  # fmt: skip
    trained = Round(made.recipe, made.pool, lambda: worker, made.delivered).run(planned)
    assert all(t.usable and t.engine == "stacked" for t in trained)
    assert trained[members[0]].predictions["test"].shape == (75, 4)
    right = [
        (t.predictions["test"].argmax(axis=1) == arch.rows("flat", 2)[1]).mean() for t in trained
    ]
    assert np.mean(right) > 0.5
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_case_without_a_recipe_says_so(keras, tmp_path):
    model = arch.dense(keras)
    with pytest.raises(CannotRetrain, match="not compiled"):
        setting(case_of(model, RECIPE), tmp_path)
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(CannotRetrain, match="training"):
        setting(case_of(model, None), tmp_path)
    with pytest.raises(CannotRetrain, match="no validation"):
        setting(case_of(model, RECIPE, splits=("train", "test")), tmp_path)
    with pytest.raises(CannotRetrain, match="no train split"):
        setting(case_of(model, RECIPE, splits=("test",)), tmp_path)
