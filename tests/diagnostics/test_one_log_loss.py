"""Log loss is one number with one definition, and what Keras makes of it is said beside it."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from benchmarks.faults.cases import case_from_arrays
from reportgen.diagnostics import suite
from reportgen.retraining.results import Trained


def sections(p, y, **more):
    task = "binary" if p.ndim == 1 else "multiclass"
    splits = {"test": (np.arange(2.0 * len(y)).reshape(-1, 2), y)}
    case = case_from_arrays(task, splits, {"test": p}, **more)
    found = {}
    for name in ("performance", "calibration"):
        rule = suite()[name]
        view = case.view(name, rule.settings())
        found[name] = rule.examine(view, rule.prepare(view), Trained({}))
    return found


def value(found, name):
    return next((m.value for m in found.metrics if m.name == name), None)


def saturated(kind, n=600, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 40, n)
    y = (z + rng.normal(0, 20, n) > 0).astype(np.int64)
    return (1 / (1 + np.exp(-np.clip(z, -80, 80)))).astype(kind), y


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_saturated_outputs_cost_the_same_everywhere(kind):
    p, y = saturated(kind)
    found = sections(p, y)
    own = log_loss(y, p)
    keras = -np.log(np.clip(np.where(y == 1, p.astype(float), 1 - p.astype(float)), 1e-7, 1)).mean()
    assert abs(own - keras) > 0.001
    for name, section in found.items():
        assert value(section, "log_loss") == pytest.approx(own, rel=1e-7), name  # float32
        assert f"as Keras does it, a row costs at most 16.1 and the loss is {keras:.4f}" in (
            section.method
        )
    assert value(found["calibration"], "log_loss_clipped") == pytest.approx(keras, rel=1e-6)


def test_where_nothing_is_clipped_there_is_nothing_to_say():
    rng = np.random.default_rng(1)
    p = rng.dirichlet([2, 3, 4], 500)
    y = (rng.random((500, 1)) > p.cumsum(axis=1)).sum(axis=1)
    for section in sections(p, y).values():
        assert value(section, "log_loss") == pytest.approx(log_loss(y, p), rel=1e-9)
        assert value(section, "log_loss_clipped") is None
        assert "Keras" not in section.method


def test_weights_count_in_both():
    p, y = saturated(np.float32)
    weights = np.random.default_rng(2).gamma(2, 1, len(y))
    found = sections(p, y, weights={"test": weights})
    for section in found.values():
        assert value(section, "log_loss") == pytest.approx(
            log_loss(y, p, sample_weight=weights), rel=1e-7
        )
