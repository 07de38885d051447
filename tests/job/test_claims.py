"""Reported numbers keep their digits, class and line, whatever file they come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import classification_report

from reportgen.errors import DataError
from reportgen.job import keras_log, report_text
from reportgen.job.claims import Claim
from reportgen.job.reported import claims
from reportgen.job.schema import EarlyStopping, Job

CLASSES = ("stay", "leave for good", "3")


def job(folder: Path, reported: list[dict[str, object]], **entry: object) -> Job:
    return Job.model_validate(
        {
            "version": 1,
            "name": "n",
            "datasets": {"d": {"task": "multiclass", "train": "a.csv", "target": "y"}},
            "models": {"m": {"dataset": "d", "model": {"keras": "m.keras"}, "reported": reported}}
            | entry,
            "file": folder / "job.yaml",
        }
    )


def read(
    folder: Path, reported: list[dict[str, object]], task: str = "multiclass"
) -> tuple[Claim, ...]:
    made = job(folder, reported)
    return claims(made, made.models["m"], task, CLASSES)


@pytest.fixture(scope="module")
def labels() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 400)
    given = np.where(rng.random(400) < 0.7, truth, rng.integers(0, 3, 400))
    return truth, given


@pytest.mark.parametrize("digits", [1, 2, 3, 4, 7, 17])
@pytest.mark.parametrize("subset", [None, [0, 1]])
def test_report_as_printed(
    tmp_path: Path,
    labels: tuple[np.ndarray, np.ndarray],
    digits: int,
    subset: list[int] | None,
) -> None:
    names = [CLASSES[i] for i in subset or range(3)]
    options = {"labels": subset, "target_names": names, "zero_division": 0}
    text = classification_report(*labels, digits=digits, **options)
    exact = classification_report(*labels, output_dict=True, **options)
    (tmp_path / "r.txt").write_text(f"noise 0.5\n{text}\nmacro figures follow\nother 1 2 3 x\n")
    found = {
        (c.metric, c.per_class or c.average): c
        for c in read(tmp_path, [{"classification_report": "r.txt", "split": "validation"}])
    }
    for name in names:
        for column, metric in (("precision",) * 2, ("recall",) * 2, ("f1-score", "f1")):
            assert found[metric, name].value.text == f"{exact[name][column]:.{digits}f}"
        assert found["support", name].value.text == str(int(exact[name]["support"]))
    averages = {"macro avg": "macro", "weighted avg": "weighted"}
    averages |= {"micro avg": "micro"} if subset else {}
    for printed, average in averages.items():
        assert found["f1", average].value.text == f"{exact[printed]['f1-score']:.{digits}f}"
    assert (("accuracy", None) in found) == (subset is None)
    assert {c.split for c in found.values()} == {"validation"}
    first = found["precision", "stay"]
    assert first.origin == "r.txt:4"
    assert first.average is None


def test_report_as_json_says_the_same(
    tmp_path: Path, labels: tuple[np.ndarray, np.ndarray]
) -> None:
    options = {"target_names": CLASSES}
    exact = classification_report(*labels, output_dict=True, **options)
    (tmp_path / "r.json").write_text(json.dumps(exact, indent=1))
    found = read(tmp_path, [{"classification_report": "r.json"}])
    values = {(c.metric, c.per_class or c.average): float(c.value) for c in found}
    assert values["accuracy", None] == exact["accuracy"]
    assert values["recall", "leave for good"] == exact["leave for good"]["recall"]
    assert values["f1", "weighted"] == exact["weighted avg"]["f1-score"]
    assert values["support", None] == 400
    lines = (tmp_path / "r.json").read_text().splitlines()
    at = next(c for c in found if c.per_class == "leave for good").origin
    assert lines[int(at.rpartition(":")[2]) - 1].strip().startswith('"leave for good"')


def test_reports_of_class_codes_speak_of_the_classes(
    tmp_path: Path, labels: tuple[np.ndarray, np.ndarray]
) -> None:
    (tmp_path / "r.txt").write_text(classification_report(*labels))
    made = job(tmp_path, [{"classification_report": "r.txt"}])
    entry = made.models["m"]
    named = {c.per_class for c in claims(made, entry, "multiclass", ("a", "b", "c"))}
    assert named == {"a", "b", "c", None}
    kept = {c.per_class for c in claims(made, entry, "multiclass", ("0", "1", "2"))}
    assert kept == {"0", "1", "2", None}


def test_nan_is_no_claim_and_old_averages_are_known() -> None:
    text = (
        "             precision    recall  f1-score   support\n\n"
        "          a       0.90       nan      0.85        10\n"
        "avg / total       0.90      0.80      0.85        10\n"
    )
    report = report_text.parse(text, "r.txt")
    assert set(report.classes[0].cells) == {"precision", "f1", "support"}
    assert report.averages[0].label == "weighted"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("accuracy 0.9\n", None, "no classification report"),
        ("precision recall f1-score support\n\na 0.9 0.8 0.8x 10\n", 3, "not a number"),
        ("precision recall f1-score support\nspoilt\n", 2, "cannot be read"),
        ("precision recall f1-score support\n\n", 1, "no classes"),
        (
            "precision recall f1-score support\na 1 1 1 10\nmacro avg 1 1 x 10\n",
            3,
            "not a number",
        ),
        ("precision recall f1-score support\n" * 2, 2, "more than one"),
        ('{"a": {"precision": "high"}}', 1, "not a number"),
        ('{"a": 0.5}', 1, "no part"),
        ('{"a": {}, "a": {}}', None, "twice"),
        ('{"a"', 1, "JSON"),
        ("{" * 3000, 1, "JSON"),
        ('{"a": ' * 100_000, None, "deep"),
    ],
)
def test_spoilt_reports(text: str, line: int | None, words: str) -> None:
    with pytest.raises(DataError) as caught:
        report_text.parse(text, "r.txt")
    assert words in str(caught.value)
    assert caught.value.problems[0].line == line
    assert caught.value.problems[0].file == "r.txt"


def test_numbers_and_matrices(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            {"metric": "f1", "value": "91.30 %", "split": "train"},
            {"metric": "accuracy", "value": "91.3", "unit": "percent"},
            {"metric": "recall", "per_class": 3, "value": "0.950"},
            {"metric": "top_k_accuracy", "k": 2, "value": "0.99", "weighted": True},
            {"confusion_matrix": [[5, 1, 0], [0, 4, 0], [0, 0, 7]]},
        ],
    )
    assert [str(c.value) for c in found[:4]] == ["91.30 %", "91.3 %", "0.950", "0.99"]
    assert [c.name for c in found[:4]] == [
        "f1, macro",
        "accuracy",
        "recall, 3",
        "top_k_accuracy, k = 2, weighted rows",
    ]
    assert found[0].origin == "models.m.reported[0]"
    cells = found[4:]
    assert [int(c.value.text) for c in cells] == [5, 1, 0, 0, 4, 0, 0, 0, 7]
    assert cells[1].name == "cell, stay as leave for good"
    binary = read(tmp_path, [{"metric": "f1", "value": "0.5"}], task="binary")
    assert binary[0].average == "binary"
    assert binary[0].name == "f1"


def test_every_missing_or_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text(" \n")
    (tmp_path / "no.log").write_text("nothing of Keras\n")
    (tmp_path / "bytes.log").write_bytes(b"\0\1\2")
    names = ["gone.log", "empty.log", "no.log", "bytes.log", "."]
    with pytest.raises(DataError) as caught:
        read(tmp_path, [{"keras_log": name} for name in names])
    assert [p.file for p in caught.value.problems] == names
    assert caught.value.problems[2].key == "models.m.reported[2]"


KERAS_3 = (
    "Epoch 1/3\n"
    "\x1b[1m  1/313\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m25s\x1b[0m 80ms/step - "
    "accuracy: 0.1000 - loss: 2.3000\b\b\b\b\r\x1b[1m313/313\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━"
    "\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m 2ms/step - accuracy: 0.8000 - loss: 0.5000 - "
    "val_accuracy: 0.9100 - val_loss: 0.3010 - learning_rate: 0.0010\n"
    "Epoch 2/3\n"
    "\x1b[1m313/313\x1b[0m ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.8700 - loss: 0.4000 - "
    "val_accuracy: 0.9341 - val_loss: 2.301e-01\n"
    "Epoch 3/3\n"
    "313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.9000 - loss: 0.3000 - "
    "val_accuracy: 0.9300 - val_loss: 0.2500\n"
    "79/79 ━━━━━━━━━━━━━━━━━━━━ 0s 1ms/step\n"
    "79/79 ━━━━━━━━━━━━━━━━━━━━ 0s 1ms/step - accuracy: 0.9400 - loss: 0.2200\n"
)
KERAS_2 = (
    "Train on 8000 samples, validate on 2000 samples\n"
    "Epoch 1/2\n"
    "8000/8000 [==============================] - 1s 90us/sample - loss: 0.6 - acc: 0.7"
    " - val_loss: 0.5 - val_acc: 0.8\n"
    "Epoch 2/2\n\n"
    "4000/8000 [==============>...............] - ETA: 0s - loss: 0.55 - acc: 0.71\r"
    "8000/8000 [==============================] - 1s 90us/sample - loss: 0.50 - acc: 0.75"
    " - val_loss: 0.45 - val_acc: 0.810\n"
    "32/63 [==============>...............] - ETA: 0s - loss: 0.39\b\b\b\r"
    "63/63 [==============================] - 0s 1ms/step - loss: 0.4000 - acc: 0.8200\n"
)
VERBOSE_2 = (
    "Epoch 1/2\n313/313 - 2s - 6ms/step - accuracy: 0.89 - loss: 0.41\n"
    "Epoch 2/2\n313/313 - 2s - loss: 0.40 - accuracy: 0.90\n"
    "313/313 - 1s - loss: 0.3999 - accuracy: 0.9100\n"
)
IN_A_FILE = (
    "Epoch 1/1\n\n  1/10 ━━━━ 1s 9ms/step - loss: 2.0\n 10/10 ━━━━ 1s 9ms/step - loss: 1.5\n"
    "10/10 ━━━━ 1s 9ms/step - loss: 1.50\n"
    "  1/10 ━━━━ 1s 9ms/step - loss: 1.0\n10/10 ━━━━ 1s 9ms/step - loss: 1.25\n"
)


@pytest.mark.parametrize(
    ("text", "line", "last", "evaluated"),
    [
        (KERAS_3, 6, {"val_accuracy": "0.9300", "val_loss": "0.2500"}, {"accuracy": "0.9400"}),
        (KERAS_2, 6, {"val_acc": "0.810", "loss": "0.50"}, {"loss": "0.4000", "acc": "0.8200"}),
        (VERBOSE_2, 4, {"loss": "0.40"}, {"loss": "0.3999"}),
        (IN_A_FILE, 5, {"loss": "1.50"}, {"loss": "1.25"}),
        (VERBOSE_2 + KERAS_3, 11, {"val_loss": "0.2500"}, {"accuracy": "0.9400"}),
        (KERAS_3.replace("\n", "\r\n"), 6, {"val_loss": "0.2500"}, {"accuracy": "0.9400"}),
    ],
)
def test_logs_of_every_version(
    text: str, line: int, last: dict[str, str], evaluated: dict[str, str]
) -> None:
    log = keras_log.parse(text)
    block = log.delivered(None, "t.log")
    assert block is not None
    assert block.line == line
    assert last.items() <= block.metrics.items()
    assert len(log.evaluations) == 1
    assert evaluated.items() <= log.evaluations[0].metrics.items()


def test_the_delivered_epoch() -> None:
    log = keras_log.parse(KERAS_3)
    watch = EarlyStopping(restore_best=True)
    best = log.delivered(watch, "t.log")
    assert best is not None
    assert best.epoch == 2
    rising = EarlyStopping(restore_best=True, monitor="val_accuracy")
    assert log.delivered(rising, "t.log") is best
    tolerant = EarlyStopping(restore_best=True, min_delta=0.2)
    assert log.delivered(tolerant, "t.log") is log.epochs[0]
    assert log.delivered(EarlyStopping(), "t.log") is log.epochs[-1]
    told = keras_log.parse(KERAS_3 + "Restoring model weights from the end of the best epoch: 1.\n")
    assert told.delivered(None, "t.log") is told.epochs[0]
    with pytest.raises(DataError, match="val_auc"):
        log.delivered(EarlyStopping(restore_best=True, monitor="val_auc"), "t.log")


def test_claims_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "t.log").write_text(KERAS_3)
    found = read(tmp_path, [{"keras_log": "t.log"}])
    assert [(c.metric, c.split, str(c.value), c.running, c.origin) for c in found] == [
        ("accuracy", "train", "0.9000", True, "t.log:6"),
        ("loss", "train", "0.3000", True, "t.log:6"),
        ("accuracy", "validation", "0.9300", False, "t.log:6"),
        ("loss", "validation", "0.2500", False, "t.log:6"),
        ("accuracy", "test", "0.9400", False, "t.log:8"),
        ("loss", "test", "0.2200", False, "t.log:8"),
    ]


def test_a_number_that_is_none_in_a_log(tmp_path: Path) -> None:
    (tmp_path / "t.log").write_text("10/10 - 1s - loss: 0.4O - accuracy: nan\n")
    with pytest.raises(DataError) as caught:
        read(tmp_path, [{"keras_log": "t.log"}])
    assert caught.value.problems[0].line == 1
    assert "'0.4O'" in str(caught.value)


def test_names_of_keras() -> None:
    assert keras_log.metric_of("auc_1", "binary") == ("roc_auc", None)
    assert keras_log.metric_of("precision_2", "binary") == ("precision", None)
    assert keras_log.metric_of("precision", "multiclass") == ("keras precision", None)
    assert keras_log.metric_of("top_k_categorical_accuracy", "multiclass") == ("top_k_accuracy", 5)
    assert keras_log.metric_of("lr", "binary") == (None, None)
