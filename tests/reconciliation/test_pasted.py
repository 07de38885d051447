"""Files as people paste them: what they report, and where they cannot be read."""

import json

import numpy as np
import pytest
from sklearn import metrics

from reportgen.errors import DataError
from reportgen.reconciliation.pasted import claims, renamed

RNG = np.random.default_rng(3)
Y = RNG.integers(0, 2, 400)
GIVEN = np.where(RNG.random(400) < 0.2, 1 - Y, Y)
ACCURACY = metrics.accuracy_score(Y, GIVEN)
REPORT = metrics.classification_report(Y, GIVEN, digits=4, target_names=["will stay", "goes"])


def said(text, task="binary", classes=("0", "1")):
    """Name, split and digits of everything that a text reports."""
    found = claims(text, task=task, classes=classes, file="pasted.txt")
    return [(c.name, c.split, str(c.value)) for c in found]


@pytest.mark.parametrize("digits", range(2, 7))
def test_a_report_of_any_digits(digits):
    text = metrics.classification_report(Y, GIVEN, digits=digits)
    assert said(text)[0] == ("accuracy", "test", f"{ACCURACY:.{digits}f}")
    assert len(said(text)) == 1 + 8 + 6 + 1


def test_names_of_a_report_are_its_codes_in_order():
    found = claims(REPORT, task="binary", classes=("0", "1"), file="r.txt")
    assert renamed(found, ("0", "1"), REPORT, "r.txt") == {"will stay": "0", "goes": "1"}
    assert renamed(found, ("no", "yes"), REPORT, "r.txt") == {}
    assert renamed(found, ("0", "1", "2"), REPORT, "r.txt") == {}


@pytest.mark.parametrize("text", [
    str(metrics.confusion_matrix(Y, GIVEN)),
    json.dumps(metrics.confusion_matrix(Y, GIVEN).tolist()),
    "\n".join(",".join(map(str, row)) for row in metrics.confusion_matrix(Y, GIVEN)),
])  # fmt: skip
def test_a_confusion_matrix_in_any_brackets(text):
    counts = metrics.confusion_matrix(Y, GIVEN)
    assert said(text) == [
        (f"cell, {i} as {j}", "test", str(counts[i, j])) for i in (0, 1) for j in (0, 1)
    ]


def test_lines_of_keras_with_carriage_returns_and_colours():
    text = (
        "\x1b[1m 1/94\x1b[0m \x1b[37m━━━\x1b[0m 2s 30ms/step - accuracy: 0.8125 - loss: 0.4521\r"
        "\x1b[1m94/94\x1b[0m \x1b[32m━━━━\x1b[0m 0s 1ms/step - accuracy: 0.7377 - loss: 0.5328\n"
    )
    assert said(text) == [("accuracy", "test", "0.7377"), ("loss", "test", "0.5328")]


@pytest.mark.parametrize("text", [
    json.dumps({"accuracy": [0.7, 0.74], "val_accuracy": [0.69, 0.71]}),
    "epoch,accuracy,val_accuracy\n0,0.7,0.69\n1,0.74,0.71\n",
    "Epoch 1/2\n9/9 - 1s - accuracy: 0.7 - val_accuracy: 0.69\n"
    "Epoch 2/2\n9/9 - 1s - accuracy: 0.74 - val_accuracy: 0.71\n",
])  # fmt: skip
def test_the_last_epoch_of_a_history(text):
    assert said(text) == [("accuracy", "train", "0.74"), ("accuracy", "validation", "0.71")]


@pytest.mark.parametrize(("text", "expected"), [
    ("| Metric | Value |\n|---|--:|\n| **Accuracy** | 73.8 % |\n| F1 | `0.739` |\n",
     [("accuracy", "test", "73.8 %"), ("f1", "test", "0.739")]),
    ("Trained in 2021\n\n| Model | Accuracy (%) | AUC ↑ |\n|:-|-|-|\n| ours | 73.77 | 0.8099 |",
     [("accuracy", "test", "73.77 %"), ("roc_auc", "test", "0.8099")]),
    ("| | train | test |\n|-|-|-|\n| accuracy | 0.91 | 0.74 |",
     [("accuracy", "train", "0.91"), ("accuracy", "test", "0.74")]),
    ("| Metric | Value |\n|-|-|\n| wobble | 0.91 |\n", None),
    ("| class | recall | F1 |\n|-|-|-|\n| 0 | 0.9 | 0.8 |\n| 1 | 0.7 | 0.6 |",
     [("recall, 0", "test", "0.9"), ("f1, 0", "test", "0.8"),
      ("recall, 1", "test", "0.7"), ("f1, 1", "test", "0.6")]),
    ("- Test accuracy: 0.74\n- F1 (macro): 0.7377\n",
     [("accuracy", "test", "0.74"), ("f1, macro", "test", "0.7377")]),
])  # fmt: skip
def test_tables_and_lines(text, expected):
    if expected is None:
        with pytest.raises(DataError, match=r"pasted\.txt:3"):
            said(text)
    else:
        assert said(text) == expected


@pytest.mark.parametrize(("text", "told"), [
    ("", "nothing in this file"),
    ("hello\nworld\n", "no reported numbers"),
    (REPORT.replace("0.", "0,x", 1), "pasted.txt:3"),
    ("[[812 31]\n [40 117 3]]", "as many columns as rows"),
    ('{"accuracy": 0.7,,}', "pasted.txt:1"),
    ("| Metric | Value |\n|-|-|\n| accuracy | 0.74 ± 0.01 |\n", "pasted.txt:3"),
    ("| Model | Accuracy | F1 |\n|-|-|-|\n| a | 0.7 | 0.6 |\n| b | 0.8 | 0.7 |", "pasted.txt:4"),
    ("accuracy: 0.74\nwobble: 0.3\n", "pasted.txt:2"),
])  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_line(text, told):
    with pytest.raises(DataError) as error:
        said(text)
    assert told in str(error.value)
