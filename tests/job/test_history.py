"""Histories as CSVLogger, json and pandas write them: the digits, the epochs, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from reportgen.errors import DataError
from reportgen.job import history
from reportgen.job.claims import of_history, of_log, of_matrix, of_number, of_report
from reportgen.job.schema import EarlyStopping, Job

ROWS = {
    "accuracy": [0.5123456716537476, 0.7250000238418579, 0.8],
    "loss": [0.69, 0.51, 0.40000000596046448],
    "val_accuracy": [0.55, 0.71, 0.7],
    "val_loss": [0.68, 0.5, 0.55],
}
#: The text that keras.callbacks.CSVLogger of Keras 3.15 wrote for three epochs of a small network.
LOGGED = (
    "epoch,accuracy,loss,val_accuracy,val_loss\r\n"
    "0,0.675000011920929,0.6549072265625,0.6875,0.6480045914649963\r\n"
    "1,0.699999988079071,0.6380423307418823,0.6875,0.6372066140174866\r\n"
    "2,0.7250000238418579,0.6228339672088623,0.75,0.6266915798187256\r\n"
)
BEST = EarlyStopping(monitor="val_loss", restore_best=True)


def texts(found: history.History, name: str) -> list[str | None]:
    values = [epoch.values[name] for epoch in found.epochs]
    return [None if value is None else value.text for value in values]


def test_csv_logger() -> None:
    found = history.parse(LOGGED, "log.csv")
    assert [e.number for e in found.epochs] == [1, 2, 3]
    assert [e.line for e in found.epochs] == [2, 3, 4]
    assert texts(found, "val_accuracy") == ["0.6875", "0.6875", "0.75"]
    assert texts(found, "accuracy")[2] == "0.7250000238418579"
    assert set(found.epochs[0].values) == {"accuracy", "loss", "val_accuracy", "val_loss"}


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(separator: str) -> None:
    assert history.parse(LOGGED.replace(",", separator), "h").epochs == (
        history.parse(LOGGED, "h").epochs
    )


def test_only_the_last_fit_of_a_file_that_was_appended_to() -> None:
    rows = LOGGED.splitlines(keepends=True)
    again = history.parse(LOGGED + "".join(rows[1:3]), "log.csv")
    assert [e.number for e in again.epochs] == [1, 2]
    assert [e.line for e in again.epochs] == [5, 6]
    with_header = history.parse(LOGGED + LOGGED, "log.csv")
    assert [e.line for e in with_header.epochs] == [6, 7, 8]
    resumed = history.parse(LOGGED + "3,0.8,0.5,0.8,0.5\n", "log.csv")
    assert [e.number for e in resumed.epochs] == [1, 2, 3, 4]


def test_json_and_pandas_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "h.json").write_text(json.dumps(ROWS, indent=1))
    found = history.read(tmp_path / "h.json", "h.json")
    assert texts(found, "accuracy") == ["0.5123456716537476", "0.7250000238418579", "0.8"]
    frame = pd.DataFrame(ROWS)
    others = [
        json.dumps({"history": ROWS, "params": {}, "epoch": [0, 1, 2]}),
        json.dumps({"epoch": [0, 1, 2], **ROWS}),
        frame.to_json(double_precision=15),
        frame.to_json(orient="records", double_precision=15),
        frame.to_csv(),
        frame.to_csv(index=False),
    ]
    wanted = [{k: float(v) for k, v in e.values.items()} for e in found.epochs]
    for text in others:
        got = history.parse(text, "h").epochs
        assert [e.number for e in got] == [1, 2, 3]
        assert [{k: float(v) for k, v in e.values.items()} for e in got] == [
            {k: pytest.approx(v, abs=1e-15) for k, v in row.items()} for row in wanted
        ]
    assert history.of_columns(ROWS).epochs == found.epochs


def test_what_is_no_number_of_a_metric_is_none() -> None:
    text = 'epoch,f1,loss,val_loss\n0,"[0.5 0.6]",nan,NA\n1,"[0.5, 0.7]",inf,0.5\n'
    first, second = history.parse(text, "log.csv").epochs
    assert first.values == {"f1": None, "loss": None, "val_loss": None}
    assert second.values["f1"] is None
    assert float(second.values["val_loss"]) == 0.5
    found = history.parse('{"loss": [NaN, 0.5], "f1": [[0.1], [0.2]]}', "h.json")
    assert texts(found, "loss") == [None, "0.5"]


def test_validation_every_other_epoch() -> None:
    found = history.of_columns({"loss": [4.0, 3.0, 2.0, 1.0, 0.5], "val_loss": [3.5, 1.5]})
    assert ["val_loss" in e.values for e in found.epochs] == [False, True, False, True, False]
    assert texts(history.History(found.epochs[1::2], "h"), "val_loss") == ["3.5", "1.5"]


def test_the_epoch_that_was_kept() -> None:
    found = history.of_columns(ROWS)
    assert found.kept(None).number == 3
    assert found.kept(EarlyStopping(monitor="val_loss")).number == 3
    assert found.kept(BEST).number == 2
    assert found.kept(EarlyStopping(monitor="val_accuracy", restore_best=True)).number == 2
    with pytest.raises(DataError, match="early stopping watched"):
        found.kept(EarlyStopping(monitor="val_auc", restore_best=True))


def test_claims_of_the_epoch_that_was_kept() -> None:
    made = of_history(history.of_columns(ROWS, "h.json"), task="binary", stopping=BEST, source=4)
    seen = {(c.metric, c.split): c for c in made}
    assert str(seen["accuracy", "validation"].value) == "0.71"
    assert not seen["accuracy", "validation"].running
    assert str(seen["loss", "train"].value) == "0.51"
    assert seen["loss", "train"].running
    assert {c.origin for c in made} == {"h.json, epoch 2"}
    assert {c.called for c in made} == set(ROWS)
    assert {(c.form, c.source) for c in made} == {("log", 4)}
    lined = of_history(history.parse(LOGGED, "log.csv"), task="binary")
    assert {c.origin for c in lined} == {"log.csv:4"}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("epoch,loss\n0,0.5\n1\n", "does not have a number for each column", 3),
        ("epoch,loss\n0,0.5\n1,0,5\n", "does not have a number for each column", 3),
        ("epoch,loss\n0,zero\n", "this is not a number", 2),
        ("epoch,loss\nfirst,0.5\n", "not an epoch's number", 2),
        ("epoch,loss\n", "no history", 1),
        ("0.5,0.4\n0.3,0.2\n", "no history", 1),
        ("hello world\nnothing\n", "no history", 1),
        ('{"loss": [0.5, 0.4], "accuracy": [0.5]}', "a number for each epoch", None),
        ('{"loss": ["low"]}', "this is not a number", None),
        ('{"loss": 0.5}', "no history", None),
        ('{"loss": []}', "no epochs", None),
        ('{"loss": [0.5,]}', "not valid JSON", 1),
        ("[1, 2]", "no history", None),
        ("[" * 100_000, "nests too deeply|not valid JSON", None),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str, line: int | None) -> None:
    with pytest.raises(DataError, match=message) as caught:
        history.parse(text, "h.csv")
    problem = caught.value.problems[0]
    assert problem.file == "h.csv"
    if line is not None:
        assert problem.line == line


def test_a_history_reported_as_a_log(tmp_path: Path) -> None:
    from reportgen.job.reported import claims

    (tmp_path / "log.csv").write_text(LOGGED)
    (tmp_path / "fit.log").write_text("Epoch 1/1\n4/4 - 0s - accuracy: 0.5 - loss: 0.7\n")
    job = Job.model_validate(
        {
            "version": 1,
            "name": "n",
            "datasets": {"d": {"task": "binary", "train": "a.csv", "target": "y"}},
            "models": {
                "m": {
                    "dataset": "d",
                    "model": {"keras": "m.keras"},
                    "reported": [{"keras_log": "log.csv"}, {"keras_log": "fit.log"}],
                }
            },
            "file": tmp_path / "job.yaml",
        }
    )
    found = claims(job, job.models["m"], "binary", ("0", "1"))
    assert [(c.source, c.called) for c in found] == [
        (0, "accuracy"), (0, "loss"), (0, "val_accuracy"), (0, "val_loss"),
        (1, "accuracy"), (1, "loss"),
    ]  # fmt: skip
    assert found[2].value.text == "0.75"


def test_claims_of_what_is_at_hand() -> None:
    """The functions that need no job: a number, a matrix, a report, lines of a log."""
    one = of_number("f1", "91.30 %", task="multiclass")
    assert (one.average, one.value.text, one.value.percent, one.form) == (
        "macro", "91.30", True, "number",
    )  # fmt: skip
    assert of_number("recall", "0.5", task="multiclass", per_class="b").average is None
    assert float(of_number("accuracy", "91.3", task="binary", percent=True).value) == 0.913
    with pytest.raises(ValueError, match="not a number"):
        of_number("f1", "high", task="binary")
    cells = of_matrix([[8, 1], [2, 9]], classes=("no", "yes"), origin="matrix")
    assert [c.value.text for c in cells] == ["8", "1", "2", "9"]
    assert (cells[2].per_class, cells[2].predicted, cells[2].origin) == (
        "yes",
        "no",
        "matrix[1][0]",
    )
    wider = of_matrix([[1, 0, 0]] * 3, classes=("no", "yes"), otherwise="unsure")
    assert wider[8].per_class == wider[8].predicted == "unsure"
    report = (
        "              precision    recall  f1-score   support\n\n"
        "           0       0.90      0.80      0.85        10\n\n"
        "    accuracy                           0.88        20\n"
    )
    made = of_report(report, classes=("no", "yes"), split="validation")
    assert {(c.metric, c.per_class) for c in made} == {
        ("accuracy", None), ("precision", "no"), ("recall", "no"), ("f1", "no"), ("support", "no"),
    }  # fmt: skip
    assert {(c.split, c.form) for c in made} == {("validation", "report")}
    line = "4/4 - 0s - 2ms/step - binary_accuracy: 0.9062 - loss: 0.3021\n"
    logged = of_log(line, task="binary", split="train")
    assert [(c.metric, c.called, c.split) for c in logged] == [
        ("accuracy", "binary_accuracy", "train"), ("loss", "loss", "train"),
    ]  # fmt: skip
