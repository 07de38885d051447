"""Indices, states and weights of another day, against plain Python and Keras."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from benchmarks.faults.cases import case_from_arrays  # noqa: E402
from benchmarks.faults.reconciliation.inputs import _stateful_network, _steps  # noqa: E402
from reportgen.diagnostics.seed_ensemble.asked import ask_again  # noqa: E402
from reportgen.job.claims import of_number  # noqa: E402
from reportgen.models.keras_read import of_live_model  # noqa: E402
from reportgen.reconciliation.from_case import evidence_of  # noqa: E402
from reportgen.reconciliation.laboratory import Asked  # noqa: E402
from reportgen.reconciliation.other_inputs import reindexed  # noqa: E402
from reportgen.reconciliation.search import explain  # noqa: E402


@pytest.mark.parametrize("first", [0, 1, 2])
def test_tokens_numbered_anew_as_python_numbers_them(first):
    ids = np.random.default_rng(first).integers(0, 9, (40, 6))
    tokens = [int(t) for t in ids.ravel() if t >= first]
    orders = {
        "by frequency": [t for t, _ in Counter(tokens).most_common()],
        "by first appearance": list(dict.fromkeys(tokens)),
        "by sorted value": sorted(set(tokens)),
    }
    for how, order in orders.items():
        index = {t: k for k, t in enumerate(order, start=first)}
        expected = [[index.get(int(t), int(t)) for t in row] for row in ids]
        assert reindexed(ids, f"{how}, from {first}").tolist() == expected


def test_states_begin_empty_and_are_carried_on_demand():
    model, _ = _stateful_network()
    X, _ = _steps(np.random.default_rng(5), 70)  # the last batch is filled up
    layer = model.layers[0]
    predictor = of_live_model(model, "binary")

    def plain(*parts):
        layer.reset_state()
        for part in parts:
            whole = np.concatenate([part, np.repeat(part[-1:], -len(part) % 32, axis=0)])
            found = model.predict(whole, batch_size=32, verbose=0)[: len(part)]
        return found

    assert predictor.predict(X) == pytest.approx(plain(X), abs=1e-6)
    assert predictor.predict(X) == pytest.approx(plain(X), abs=1e-6)
    assert predictor.carried([X[:32]], X) == pytest.approx(plain(X[:32], X), abs=1e-6)
    assert np.abs(plain(X) - plain(X, X)).max() > 1e-4


def test_a_stateful_network_is_audited_from_a_reset():
    model, (X, y) = _stateful_network()
    test = _steps(np.random.default_rng(6), 128)
    case = case_from_arrays(
        "binary", {"train": (X, y), "test": test}, of_live_model(model, "binary")
    )
    asked = ask_again(case, "test")
    assert asked is not None
    assert asked.apart == 0


def test_numbers_of_the_network_before_training():
    X, y = _steps(np.random.default_rng(9), 400)

    def build():
        keras.utils.set_random_seed(21)
        made = keras.Sequential(
            [keras.Input((6, 2)), keras.layers.SimpleRNN(5), keras.layers.Dense(1, "sigmoid")]
        )
        made.compile("adam", "binary_crossentropy")
        return made

    untrained, model = build(), build()
    model.fit(X[:200], y[:200], epochs=2, verbose=0)
    scores = untrained.predict(X[200:], verbose=0)[:, 0]
    loss = untrained.evaluate(X[200:], y[200:], verbose=0)
    claims = (
        of_number("accuracy", f"{((scores > 0.5) == y[200:]).mean():.4f}", task="binary"),
        of_number("loss", f"{loss:.5f}", task="binary"),
    )
    case = case_from_arrays(
        "binary",
        {"train": (X[:200], y[:200]), "test": (X[200:], y[200:])},
        of_live_model(model, "binary"),
        training={"epochs": 2, "seed": 21},
    )
    case = replace(case, claims=claims)
    (answer,) = explain(evidence_of(case, Asked(case)), claims).answers
    assert [e.name for e in answer.explanations] == ["other-weights"]
    assert "seed" in answer.explanations[0].candidates[0][0].parameters["strangers"]
