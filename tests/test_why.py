"""``reportgen why`` through the command line, without a job."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from reportgen.cli.words import filled


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Labels and scores of a logistic regression, noisy enough to be wrong now and then."""
    place = tmp_path_factory.mktemp("why")
    X, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    X = StandardScaler().fit_transform(X) + rng.normal(0, 2.5, X.shape)
    a, b, ya, yb = train_test_split(X, y, test_size=0.5, random_state=0)
    model = LogisticRegression(C=0.01).fit(a, ya)
    np.save(place / "y.npy", yb)
    np.save(place / "p.npy", model.predict_proba(b)[:, 1])
    np.savez(place / "train.npz", y=ya, p=model.predict_proba(a)[:, 1])
    names = np.array(["malignant", "benign"])
    pl.DataFrame(
        {"truth": names[yb], "malignant": model.predict_proba(b)[:, 0],
         "benign": model.predict_proba(b)[:, 1]}
    ).write_csv(place / "scores.csv")  # fmt: skip
    return place


def why(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reportgen", "why", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    said = "\n".join(x for x in done.stderr.splitlines() if not x.startswith("import time:"))
    assert not loaded & {"tensorflow", "keras", "jax", "matplotlib", "weasyprint"}
    return done.returncode, done.stdout, said


def answers(folder, threshold=0.5):
    y, p = np.load(folder / "y.npy"), np.load(folder / "p.npy")
    return y, (p > threshold).astype(int)


def test_numbers_that_come_out(folder):
    y, p = answers(folder)
    said = f"accuracy {accuracy_score(y, p):.4f}, f1 macro {f1_score(y, p, average='macro'):.3f}"
    code, out, _ = why(folder, "--y", "y.npy", "--scores", "p.npy", "--said", said)
    assert code == 0
    assert "Both reported numbers come out" in out


def test_a_report_at_half_a_logit_names_its_cause_or_lists_it(folder):
    y, p = answers(folder, 1 / (1 + np.exp(-0.5)))
    (folder / "logits.txt").write_text(classification_report(y, p, digits=4))
    code, out, _ = why(folder, "--y", "y.npy", "--scores", "p.npy", "--report", "logits.txt")
    assert code == 1
    assert "threshold-on-logits" in out


def test_columns_of_a_table_and_names_of_classes(folder):
    y, p = answers(folder)
    code, out, err = why(
        folder, "--y", "scores.csv:truth", "--scores", "scores.csv:malignant,benign",
        "--classes", "malignant,benign", "--said",
        f"recall of malignant {((p == 0) & (y == 0)).sum() / (y == 0).sum():.4f}",
    )  # fmt: skip
    assert code == 0, err
    assert "Recall, malignant on test" in out


def test_columns_named_as_the_classes_are_told_by_name(folder):
    y, p = answers(folder)
    said = f"accuracy {accuracy_score(y, p):.4f}"
    for columns in ("malignant,benign", "benign,malignant"):
        code, out, err = why(
            folder, "--y", "scores.csv:truth", "--scores", f"scores.csv:{columns}", "--said", said
        )
        assert code == 0, out + err


def test_a_table_as_a_spreadsheet_writes_it(folder):
    y, p = np.load(folder / "y.npy"), np.load(folder / "p.npy")
    lines = [f"{'yes' if t else 'no'};{100 * s:.4f} %" for t, s in zip(y, p, strict=True)]
    (folder / "semicolons.csv").write_text("truth;score\n" + "\n".join(lines))
    said = f"recall of yes {(p > 0.5)[y == 1].mean():.4f}"
    code, out, err = why(
        folder, "--y", "semicolons.csv:truth", "--scores", "semicolons.csv:score", "--said", said
    )
    assert code == 0, out + err


def test_a_line_with_too_few_cells_is_told(folder):
    (folder / "ragged.csv").write_text("truth,p\n1,0.4\n0\n1,0.3,9\n")
    code, _, err = why(
        folder, "--y", "ragged.csv:truth", "--scores", "ragged.csv:p", "--said", "accuracy 1"
    )
    assert code == 2
    assert "ragged.csv:3" in err


def test_numbers_of_another_split(folder):
    with np.load(folder / "train.npz") as train:
        text = classification_report(train["y"], (train["p"] > 0.5).astype(int), digits=4)
    (folder / "train.txt").write_text(text)
    code, out, _ = why(
        folder, "--y", "y.npy", "--scores", "p.npy", "--train-y", "train.npz:y",
        "--train-scores", "train.npz:p", "--report", "train.txt",
    )  # fmt: skip
    assert code == 1
    assert "other-split" in out


def test_a_report_alone(folder):
    y, p = answers(folder)
    text = classification_report(y, p, digits=4)
    (folder / "report.txt").write_text(text)
    code, out, _ = why(folder, "--report", "report.txt")
    assert (code, "A model can have printed this report" in out) == (0, True)
    accuracy = f"{accuracy_score(y, p):.4f}"
    (folder / "edited.txt").write_text(text.replace(accuracy, "0.9999", 1))
    code, out, _ = why(folder, "--report", "edited.txt")
    assert (code, out.startswith("No model can have printed this report")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "not enough to go on"),
        (("--y", "none.npy", "--scores", "p.npy", "--said", "accuracy 1"), "no such file"),
        (("--y", "y.npy", "--scores", "scores.csv:nobody", "--said", "accuracy 1"), "no column"),
        (("--y", "train.npz:y", "--scores", "scores.csv:benign", "--said", "accuracy 1"),
         "labels and"),
        (("--y", "y.npy", "--scores", "p.npy", "--said", "acuracy 1"), "acuracy"),
        (("--y", "y.npy", "--scores", "p.npy", "--said", "accuracy 1", "--task", "guess"),
         "--task"),
        (("--y", "y.npy", "--scores", "p.npy", "--said", "accuracy 1 on train"), "--train-y"),
        (("--y", "y.npy", "--scores", "p.npy", "--threshold", "2", "--said", "accuracy 1"),
         "no threshold"),
        (("--y", "scores.csv", "--scores", "p.npy", "--said", "accuracy 1"), "which column"),
        (("--y", "y.npy", "--scores", "p.npy", "--train-y", "y.npy", "--said", "accuracy 1"),
         "train needs both"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_words(folder, arguments, told):
    if told == "labels and":  # as many rows of each split here: cut one
        np.save(folder / "short.npy", np.load(folder / "y.npy")[:-5])
        arguments = ("--y", "short.npy", *arguments[2:])
    code, out, err = why(folder, *arguments)
    assert code == 2
    assert told in err
    assert "Traceback" not in err
    assert not out


def test_pickled_arrays_are_refused(folder):
    np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    code, _, err = why(folder, "--y", "objects.npy", "--scores", "p.npy", "--said", "accuracy 1")
    assert code == 2
    assert "cannot be read" in err


def test_sentences_are_filled_to_the_terminal_and_code_is_not(monkeypatch):
    sentence = "Only another-threshold explains it, and says so at some length. " * 3
    monkeypatch.setenv("COLUMNS", "60")
    lines = filled(sentence).splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()) == " ".join(sentence.split())
    code = "  wrong  model.compile(metrics=[" + "keras.metrics.Recall(), " * 6 + "])"
    assert filled(code) == code
    monkeypatch.delenv("COLUMNS")
    assert filled(sentence) == sentence  # a pipe gets whole lines


def test_names_of_a_report_are_read_in_the_order_of_codes(folder):
    y, p = answers(folder)
    text = classification_report(y, p, digits=4, target_names=["is ill", "is well"])
    (folder / "named.txt").write_text(text)
    code, out, err = why(folder, "--y", "y.npy", "--scores", "p.npy", "--report", "named.txt")
    assert code == 0, out + err
    assert "is ill is 0, is well is 1" in out
    assert "cannot be computed" not in out
