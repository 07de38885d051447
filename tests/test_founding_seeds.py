"""The founding questions about seeds, audited from their job: each report names its cause."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.job import load as jobs
from reportgen.retraining.results import Trained

pytestmark = pytest.mark.tensorflow

JOB = Path(__file__).parents[1] / "configs/founding-seeds.yaml"


@pytest.fixture(scope="module")
def sections():
    """By model, what is told before anything is trained again."""
    diagnostic = suite()["seed_ensemble"]
    job = jobs.load(JOB, settings={name: d.settings for name, d in suite().items()})
    found = {}
    for model in job.models:
        case = pipeline.load_case(job, model)
        settings = job.diagnostics.get("seed_ensemble")
        found[model] = pipeline.section(diagnostic, case, settings, lambda declared: Trained({}))
    return found


def told(section):
    return {(f.code.partition(".")[2], f.severity, f.subject) for f in section.findings}


def test_five_trainings_on_noise_are_unstable_and_their_seed_is_never_used(sections):
    found = sections["five-trainings"]
    assert ("unstable-predictions", "fail", "test") in told(found)
    assert ("seed-has-no-effect", "warn", "founding_code:never_used") in told(found)
    assert "1 listed member answers" in found.method


def test_tensorflow_s_call_does_not_fix_what_keras_draws(sections):
    assert ("seed-has-no-effect", "warn", "tf.random.set_seed") in told(sections["two-trainings"])
    advice = next(f.advice for f in sections["two-trainings"].findings)
    assert "keras.utils.set_random_seed(42)" in advice


def test_dropout_that_is_left_on_answers_twice(sections):
    found = sections["two-answers"]
    assert ("not-deterministic", "warn", "delivered model") in told(found)
    assert "always_dropout" in found.findings[0].message
    assert "Asked twice" in found.findings[0].message


def test_a_plain_call_of_a_layer_in_training_mode_does_not_repeat(sections):
    found = sections["two-calls"]
    assert ("not-deterministic", "warn", "delivered model") in told(found)
    assert "model(x)" in found.findings[0].message


def test_a_call_of_the_job_s_own_that_fixes_the_seed_is_found_and_right(sections):
    assert sections["seeded"].status == "not_applicable"  # nothing to tell without retrainings
    assert sections["seeded"].reason == "only 0 members could be trained"


def test_the_command_line_trains_again_and_walks_to_the_mean_over_seeds(tmp_path):
    job = yaml.safe_load(JOB.read_text())
    job["models"] = {"two-trainings": job["models"]["two-trainings"]}
    job["datasets"] = {"two": job["datasets"]["two"]}
    for split in ("train", "test"):
        path = (JOB.parent / job["datasets"]["two"][split]).resolve()
        job["datasets"]["two"][split] = str(path)
    model = job["models"]["two-trainings"]["model"]
    model["keras"] = str((JOB.parent / model["keras"]).resolve())
    job["formats"] = ["json"]
    job["diagnostics"] = {
        "performance": True,
        "calibration": False,
        "imbalance": False,
        "leakage": False,
        "overfit": False,
        "seed_ensemble": {"members": 4, "crossed": 3, "grow_to": 0},
    }
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job, sort_keys=False))
    command = [sys.executable, "-m", "reportgen", "run", "job.yaml", "--quiet"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "reports/latest/two-trainings/report.json").read_text())
    assert report["plan"]["members"] == 4 + 3 * 3 - 3
    steps = report["honest_score"]["steps"]
    assert [s["step"] for s in steps] == ["recomputed", "mean_over_seeds"]
    assert steps[1]["low"] < steps[1]["value"] < steps[1]["high"]
    section = next(s for s in report["sections"] if s["diagnostic"] == "seed_ensemble")
    mean = next(m for m in section["metrics"] if m["name"] == "mean_accuracy")
    assert steps[1]["value"] == pytest.approx(mean["value"], rel=1e-5)
    assert sum(section["series"]["components"]["share"]) == pytest.approx(1)
