"""Numbers as people say them."""

import pytest

from reportgen.errors import JobError
from reportgen.reconciliation.said import parse


def one(text, task="binary", classes=("stay", "leave")):
    (claim,) = parse(text, task=task, classes=classes)
    return claim


@pytest.mark.parametrize(
    ("text", "metric", "value", "average"),
    [
        ("accuracy 0.910", "accuracy", "0.910", None),
        ("Acc: 0.91", "accuracy", "0.91", None),
        ("accuracy = 91.3 %", "accuracy", "91.3 %", None),
        ("f1 macro 0.88", "f1", "0.88", "macro"),
        ("macro-F1 0.88", "f1", "0.88", "macro"),
        ("macro avg f1-score 0.88", "f1", "0.88", "macro"),
        ("F1 0.88", "f1", "0.88", "binary"),
        ("ROC-AUC .971", "roc_auc", ".971", "binary"),
        ("log_loss 1.2e-3", "log_loss", "1.2e-3", None),
        ("MCC \N{MINUS SIGN}0.02", "mcc", "-0.02", None),
        ("top-5 accuracy 0.99", "top_k_accuracy", "0.99", None),
    ],
)
def test_a_piece_is_a_metric_and_a_number(text, metric, value, average):
    claim = one(text)
    assert (claim.metric, str(claim.value), claim.average) == (metric, value, average)
    assert claim.split == "test"


def test_k_of_top_k_is_kept():
    assert one("top-5 accuracy 0.99").k == 5


@pytest.mark.parametrize(
    "text", ["recall[leave] 0.5", "recall of leave 0.5", "recall of class leave 0.5"]
)
def test_a_class_is_named(text):
    claim = one(text)
    assert (claim.metric, claim.per_class, claim.average) == ("recall", "leave", None)


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("accuracy on train 0.9", "train"),
        ("accuracy on the validation set 0.9", "validation"),
        ("val_accuracy: 0.9", "validation"),
        ("train accuracy 0.9", "train"),
        ("test loss 0.9", "test"),
    ],
)
def test_a_split_is_named(text, split):
    assert one(text).split == split


def test_pieces_end_at_commas_semicolons_and_lines():
    claims = parse("accuracy 0.9, f1 0.8; recall 0.7\nmcc 0.6", task="binary")
    assert [c.metric for c in claims] == ["accuracy", "f1", "recall", "mcc"]


def test_every_piece_that_is_not_understood_is_told_at_once():
    with pytest.raises(JobError) as caught:
        parse("acuracy 0.9, f1 much, rmse 3, recall of nobody 0.5", task="binary",
              classes=("stay", "leave"))  # fmt: skip
    told = [str(p) for p in caught.value.problems]
    assert len(told) == 4
    assert "acuracy" in told[0]
    assert "no number" in told[1]
    assert "rmse is no metric of a binary task" in told[2]
    assert "nobody" in told[3]


def test_nothing_said_is_an_error():
    with pytest.raises(JobError, match="nothing was said"):
        parse(" , ", task="binary")
