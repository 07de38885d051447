from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax

from reportgen.errors import ModelError
from reportgen.job.schema import Decision
from reportgen.models.inference import checked, declared, from_network
from reportgen.models.outputs import interpret
from reportgen.models.predictor import Output
from tests.models.cases import dataset_of

P, Z, L, V = (Output(k, "x") for k in ("probability", "logit", "label", "value"))


def data(task="binary", classes=("stay", "leave"), positive=1, n=4, **known):
    y = known.pop("y", np.zeros(n, dtype=int))
    return dataset_of(
        task, {"test": (np.zeros((len(y), 1)), y)}, classes=classes, positive=positive, **known
    )


def said(raw, output=P, dataset=None, decision=None):
    return interpret(np.asarray(raw), output, dataset or data(), decision, split_name="test")


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_column_is_the_second_class_whichever_is_positive(shape):
    raw = np.array([0.2, 0.5, 0.7]).reshape(shape)
    for positive in (0, 1):
        got = said(raw, dataset=data(positive=positive))
        assert got.scores.tolist() == [0.2, 0.5, 0.7]
        assert got.scores.dtype == np.float64
    assert said(raw).labels.tolist() == [0, 0, 1]
    # A tie is above the threshold for neither, and goes to the class that is not positive.
    assert said(raw, dataset=data(positive=0)).labels.tolist() == [0, 1, 1]


def test_of_two_equal_columns_the_first_is_the_label_as_in_predict():
    raw = np.array([[0.5, 0.5], [0.2, 0.8], [0.6, 0.4]])
    for positive in (0, 1):
        assert said(raw, dataset=data(positive=positive)).labels.tolist() == [0, 1, 0]
    declared = Decision(threshold=0.5)  # of the positive class, which none of equals is above
    assert said(raw, dataset=data(positive=0), decision=declared).labels.tolist() == [1, 1, 0]


def test_the_threshold_is_on_the_positive_class():
    raw = [0.15, 0.25, 0.9]
    decision = Decision(threshold=0.8)
    assert said(raw, decision=decision).labels.tolist() == [0, 0, 1]
    first = said(raw, dataset=data(positive=0), decision=decision)
    assert first.labels.tolist() == [0, 1, 1]


def test_a_threshold_is_compared_in_the_models_own_precision():
    raw = np.array([0.8], dtype=np.float32)  # 0.800000012 in float64
    assert said(raw, decision=Decision(threshold=0.8)).labels.tolist() == [0]


def test_logits_become_probabilities_in_float64():
    z = np.array([-800.0, -1, 0, 3, 800], dtype=np.float32)
    got = said(z, Z, data(n=5))
    np.testing.assert_allclose(got.scores, expit(z.astype(float)), rtol=1e-14)
    assert got.labels.tolist() == [0, 0, 0, 1, 1]
    table = np.random.default_rng(0).normal(0, 30, (50, 3)).astype(np.float32)
    many = said(table, Z, data("multiclass", "abc", None))
    np.testing.assert_allclose(many.scores, softmax(table.astype(float), axis=1), rtol=1e-12)
    two = said(table[:, :2], Z)
    np.testing.assert_allclose(two.scores, expit(table[:, 1].astype(float) - table[:, 0]), 1e-12)


def test_two_unit_sigmoid_rows_are_divided_by_their_sum_with_a_note():
    got = said([[0.9, 0.3], [0.2, 0.2], [0.0, 0.0]])
    np.testing.assert_allclose(got.scores, [0.25, 0.5, 0.5])
    assert "do not sum to 1" in got.notes[0]
    assert said([[0.4, 0.6]]).notes == ()


def test_otherwise_takes_the_rows_that_are_not_sure():
    table = [[0.9, 0.05, 0.05], [0.5, 0.3, 0.2], [0.1, 0.05, 0.85]]
    dataset = data("multiclass", "abc", None)
    unsure = said(table, dataset=dataset, decision=Decision(threshold=0.8, otherwise="unsure"))
    assert unsure.labels.tolist() == [0, 3, 2]
    known = said(table, dataset=dataset, decision=Decision(threshold=0.8, otherwise="b"))
    assert known.labels.tolist() == [0, 1, 2]
    binary = said([0.1, 0.5, 0.9], decision=Decision(threshold=0.8, otherwise="unsure"))
    assert binary.labels.tolist() == [0, 2, 1]
    with pytest.raises(ModelError, match="several classes"):
        said(table, dataset=dataset, decision=Decision(threshold=0.8))


def test_multilabel_scores_stand_alone():
    dataset = data("multilabel", "abc", None)
    got = said([[0.9, 0.6, 0.5], [0.1, 0.2, 0.7]], dataset=dataset)
    assert got.labels.tolist() == [[1, 1, 0], [0, 0, 1]]
    assert got.labels.dtype == np.int8
    assert got.notes == ()
    assert said([[3.0, -1, 0]], Z, dataset).scores[0] == pytest.approx(expit([3, -1, 0]))


def test_labels_are_compared_as_canonical_text():
    numbers = data(classes=("0", "1"))
    for raw in ([0, 1, 1], [0.0, 1.0, 1.0], ["0", "1.0", "1"], [False, True, True]):
        truth = data(classes=("false", "true"))
        assert said(raw, L, truth if isinstance(raw[0], bool) else numbers).labels.tolist() == [
            0,
            1,
            1,
        ]
    got = said(["leave", "stay", "moved"], L)
    assert got.labels.tolist() == [1, 0, -1]
    assert "moved" in got.notes[0]
    assert got.scores is None


def test_labels_that_are_positions_are_taken_so_with_a_note():
    got = said([1, 0, 1], L)
    assert got.labels.tolist() == [1, 0, 1]
    assert "positions" in got.notes[0]
    with pytest.raises(ModelError, match="none of the labels"):
        said([7, 8], L)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("output", [P, Z])
def test_predictions_that_are_not_finite_are_refused_with_count_and_row(bad, output):
    with pytest.raises(ModelError) as error:
        said([0.5, bad, 0.5, bad], output)
    problem = error.value.problems[0]
    assert "2 of 4 predictions on test" in problem.message
    assert problem.row == 1


def test_columns_and_classes_that_differ_are_both_named():
    with pytest.raises(ModelError, match=r"3 columns.*2 classes \(stay, leave\)"):
        said(np.full((4, 3), 1 / 3))
    with pytest.raises(ModelError, match=r"1 column.*3 classes"):
        said([0.5], dataset=data("multiclass", "abc", None))
    with pytest.raises(ModelError, match=r"2 columns.*1 target"):
        said(np.zeros((4, 2)), V, data("regression", (), None, y=np.zeros(4)))
    with pytest.raises(ModelError, match=r"3 columns.*2 classes"):
        said(np.zeros((4, 5, 3)))


def test_regression_keeps_the_shape_of_the_target():
    one = data("regression", (), None, y=np.zeros(3))
    assert said([[1], [2], [3]], V, one).values.tolist() == [1, 2, 3]
    two = data("regression", (), None, y=np.zeros((3, 2)), target=("a", "b"))
    assert said(np.ones((3, 2), np.float32), V, two).values.shape == (3, 2)


def test_values_outside_0_and_1_are_cut_with_a_note():
    got = said([-0.2, 0.4, 1.3])
    assert got.scores.tolist() == [0, 0.4, 1]
    assert "cut to 0–1" in got.notes[0]


@pytest.mark.parametrize(
    ("activation", "loss", "probe", "kind"),
    [
        ("sigmoid", None, None, "probability"),
        ("softmax", None, None, "probability"),
        ("linear", {"config": {"from_logits": True}}, None, "logit"),
        ("linear", "binary_crossentropy", [-3.0, 2.0], "logit"),
        ("linear", "mse", [0.1, 0.9], "probability"),
        (None, None, [0.1, 0.9], "probability"),
        ("log_softmax", None, [-0.1, -3.0], "logit"),
        ("tanh", "hinge", [-0.9, 0.2], "logit"),
    ],
)
def test_the_kind_is_read_from_the_last_layer_the_loss_and_the_numbers(
    activation, loss, probe, kind
):
    numbers = None if probe is None else np.array(probe)
    assert from_network(activation, loss, "binary", numbers).kind == kind
    assert from_network(activation, loss, "regression", numbers).kind == "value"


def test_numbers_that_contradict_the_kind_are_noted():
    assert "no probabilities" in checked(P, np.array([-1.0, 2.0]), "binary").note
    assert "sum to 1" in checked(P, np.array([[0.9, 0.9]]), "binary").note
    assert checked(P, np.array([[0.9, 0.9]]), "multilabel").note is None
    assert "probabilities" in checked(Z, np.array([0.1, 0.9]), "binary").note


def test_the_jobs_word_wins_and_the_contradiction_is_noted():
    class Entry:
        output = "logit"

    got = declared(Entry(), P)
    assert (got.kind, got.origin) == ("logit", "the job")
    assert "probability" in got.note
    Entry.output = None
    assert declared(Entry(), P) == P
