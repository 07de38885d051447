"""The founding questions about overfitting and skewed classes: each report names its cause."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.tensorflow

CONFIGS = Path(__file__).parents[1] / "configs"


def reports(folder, name, models, sections):
    """What the command line writes for some models of a job, only these sections switched on."""
    job = yaml.safe_load((CONFIGS / name).read_text())
    job["models"] = {m: job["models"][m] for m in models}
    used = {m["dataset"] for m in job["models"].values()}
    job["datasets"] = {d: job["datasets"][d] for d in used}
    for dataset in job["datasets"].values():
        for split in {"train", "test"} & set(dataset):
            dataset[split] = str((CONFIGS / dataset[split]).resolve())
    for model in job["models"].values():
        model["model"]["keras"] = str((CONFIGS / model["model"]["keras"]).resolve())
    off = ("calibration", "imbalance", "leakage", "overfit", "performance", "seed_ensemble")
    job["diagnostics"] = {d: d in sections for d in off}
    job["formats"] = ["json"]
    (folder / "job.yaml").write_text(yaml.safe_dump(job, sort_keys=False))
    command = [sys.executable, "-m", "reportgen", "run", "job.yaml", "--quiet"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    found = {}
    for model in models:
        report = json.loads((folder / f"reports/latest/{model}/report.json").read_text())
        found[model] = {s["diagnostic"]: s for s in report["sections"]}
    return found


def told(section):
    return {f["code"].partition(".")[2]: f for f in section["findings"]}


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    return reports(
        folder, "founding-overfit.yaml", ("twenty-points", "with-dropout"), {"overfit"}
    )  # fmt: skip


def test_twenty_points_are_too_few_and_two_thousand_epochs_too_many(points):
    section = points["twenty-points"]["overfit"]
    found = told(section)
    assert found["more-data-helps"]["evidence"]["gain"] > 0.02
    changes = {w["name"]: w for w in section["series"]["what_ifs"]}
    assert changes["a quarter of the epochs"]["low"] > 0  # told where it is 0.02 or more, too
    assert "early-stopping-helps" in found or changes["a quarter of the epochs"]["gain"] < 0.02
    gap = section["series"]["gap"]
    assert gap["judged"] > gap["train"]  # the line itself is judged: no gap is to be seen
    assert "train-test-gap" not in found
    assert section["series"]["line"]["train_total"] == 20
    curve = section["series"]["curve"]
    assert curve["rows"] == [5, 7, 10, 14, 20]
    assert curve["forecast"]["rows"] == 40


def test_dropout_is_said_not_to_help_with_its_interval(points):
    section = points["with-dropout"]["overfit"]
    without = next(w for w in section["series"]["what_ifs"] if w["name"] == "no dropout")
    assert without["low"] < 0 < without["high"]
    assert "regularisation-helps" not in told(section)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    models = ("hundred-against-ten", "resampled-or-not", "accuracy-or-f1", "one-in-a-hundred")
    return reports(
        folder, "founding-imbalance.yaml", models, {"imbalance", "leakage", "performance"}
    )


def test_ten_rows_among_a_hundred_are_missed_and_the_leak_is_named(classes):
    found = told(classes["hundred-against-ten"]["imbalance"])
    assert found["accuracy-misleading"]["severity"] == "fail"
    assert found["minority-missed"]["evidence"]["recall"] == 0.0
    copies = told(classes["hundred-against-ten"]["leakage"])["exact-duplicates"]
    assert copies["severity"] == "fail"
    assert copies["evidence"]["share"] == 1.0


def test_resampling_is_answered_on_rows_that_nobody_trained_on(classes):
    """Ten epochs are too few to find the ten rows; whether SMOTE mends that hangs on the seed."""
    section = classes["resampled-or-not"]["imbalance"]
    remedies = {r["name"]: r for r in section["series"]["remedies"]}
    smote = remedies["synthetic rows (SMOTE)"]
    assert smote["members"] == 5
    assert smote["low"] < smote["gain"] < smote["high"]
    assert "class weights" in remedies
    assert told(section)["minority-missed"]["evidence"]["rows"] == 100
    assert "exact-duplicates" not in told(classes["resampled-or-not"]["leakage"])


def test_noise_is_no_better_than_the_baseline_and_no_class_is_small(classes):
    found = classes["accuracy-or-f1"]
    assert "below-baseline" in told(found["performance"])
    assert told(found["imbalance"]) == {}


def test_one_in_a_hundred_misleads_accuracy_and_is_missed(classes):
    found = told(classes["one-in-a-hundred"]["imbalance"])
    assert found["accuracy-misleading"]["severity"] == "fail"
    assert found["accuracy-misleading"]["evidence"]["accuracy"] > 0.98
    assert found["minority-missed"]["severity"] == "fail"
    assert found["mitigation-helps"]["severity"] == "warn"
