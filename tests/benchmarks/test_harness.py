"""The faults harness counts what it should: found, right code, false alarm, crash."""

import numpy as np
import pytest

from benchmarks.faults import harness
from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.diagnostic import Code, Diagnostic, NotApplicable
from reportgen.job.schema import Settings
from reportgen.results import Finding, Findings


def drawn(level):
    """A case whose first test value says how severe the finding will be."""

    def draw(rng):
        X = np.full((10, 1), level, dtype=float)
        return case_from_arrays("regression", {"test": (X, rng.normal(size=10))}, {"test": X[:, 0]})

    return draw


def examine(case, prepared, trained):
    level = case.split("test").X[0, 0]
    if level < 0:
        raise NotApplicable("no level")
    if level > 5:
        raise RuntimeError("broken")
    severity = ("info", "info", "warn", "fail")[int(level)]
    code = "stub.other" if level == 1.0 else "stub.found"
    return Findings(
        headline="", findings=(Finding(code=code, severity=severity, subject="", message=""),)
    )


STUB = Diagnostic(
    name="stub",
    title="Stub",
    question="Is it a stub?",
    position=1,
    settings=Settings,
    codes=(Code("stub.found", "fail", "", "", ""), Code("stub.other", "warn", "", "", "")),
    examine=examine,
    plots=lambda found: [],
)


@pytest.fixture
def stub(monkeypatch):
    planted = (
        FaultCase("caught", "stub.found", drawn(2)),
        FaultCase("too mild", "stub.found", drawn(2), at_least="fail"),
        FaultCase("missed", "stub.found", drawn(0)),
        FaultCase("crashes", "stub.found", drawn(6)),
        FaultCase("does not apply", "stub.found", drawn(-1)),
    )
    clean = (CleanCase("quiet", drawn(0)), CleanCase("alarmed", drawn(3)))
    monkeypatch.setattr(harness, "suite", lambda: {"stub": STUB})
    monkeypatch.setattr(harness, "discovered", lambda: {"stub": (planted, clean)})
    return [harness.run_one("stub", p, k, 0) for p in (True, False) for k in range(5 if p else 2)]


def test_outcomes(stub):
    by_name = {o.case: o for o in stub}
    assert by_name["caught"].right
    assert by_name["caught"].found
    assert by_name["too mild"].found
    assert not by_name["too mild"].right
    assert not by_name["missed"].found
    assert "broken" in by_name["crashes"].error
    assert by_name["does not apply"].reason == "no level"
    assert by_name["alarmed"].alarms == ("stub.found",)
    assert by_name["quiet"].alarms == ()


def test_table_counts_and_names(stub):
    text = harness.table(stub)
    assert "2/5 (11.8 to 76.9 %)" in text  # Wilson's interval, by R's binom::binom.wilson
    assert "1/5 (3.6 to 62.4 %)" in text
    assert "1/2 (9.5 to 90.5 %)" in text
    assert "MISSED: seed 0" in text
    assert "FALSE ALARM stub.found: seed 0" in text
    assert "RuntimeError: broken" in text


def test_faint_cases_are_counted_apart(stub, monkeypatch):
    faint = (
        FaultCase("faint, found", "stub.found", drawn(2), power=0.4),
        FaultCase("faint, missed", "stub.found", drawn(0), power=0.7),
    )
    monkeypatch.setattr(harness, "discovered", lambda: {"stub": (faint, ())})
    text = harness.table([*stub, *(harness.run_one("stub", True, k, 0) for k in range(2))])
    assert "2/5 (11.8 to 76.9 %)" in text  # as before
    assert "1 of 1" in text  # 0.4 + 0.7 are to be found at most
    assert "faint: an oracle finds 40%" in text


@pytest.mark.parametrize(
    ("failures", "rate", "plausible"),
    # Of ten draws: P(X >= 2) is 0.0043 at 1 %, P(X >= 3) 0.00011; at 5 %, P(X >= 4) is 0.0010.
    [(0, 0.01, True), (1, 0.01, True), (2, 0.01, True), (3, 0.01, False), (3, 0.05, True),
     (5, 0.05, False)],
)  # fmt: skip
def test_failures_are_held_to_the_stated_rate(failures, rate, plausible):
    assert harness.plausible(failures, 10, rate) is plausible


def test_codes_never_raised_are_known(stub):
    assert harness.coverage(stub)["stub"]["stub.other"] == 0


def test_draws_are_anew_for_each_seed_and_alike_for_the_same():
    first, again, other = (harness.generator("d", "c", seed).normal() for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [([0, 1, 2], ("0", "1", "2"), [0, 1, 2]), (["b", "a", "b"], ("a", "b"), [1, 0, 1])],
)
def test_targets_become_codes(y, classes, codes):
    X = np.zeros((3, 2))
    case = case_from_arrays("multiclass", {"test": (X, y)}, {"test": np.eye(3, len(classes))})
    assert case.classes == classes
    assert case.split("test").y.tolist() == codes
    assert case.splits == ("test",)


def test_an_estimator_without_a_class_in_train_still_has_a_column_for_it():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 2 * 2
    model = LogisticRegression().fit(X, y)
    case = case_from_arrays("multiclass", {"test": (X, y)}, model, classes=("a", "b", "c"))
    scores = case.predict("test").scores
    assert scores.shape == (60, 3)
    assert (scores[:, 1] == 0).all()


def test_candidates_of_two_causes_list_both():
    evidence = {"candidates": [{"code": "stub.found", "composed_with": ["stub.other"]}]}
    finding = Finding(code="stub.found", severity="info", subject="", message="", evidence=evidence)
    assert harness.listed_codes([finding]) == ("stub.found", "stub.other")


def test_outcomes_that_are_kept_are_not_asked_again(stub, monkeypatch, tmp_path):
    file = tmp_path / "kept.jsonl"
    first = harness.run(2, workers=1, keep=file)
    assert len(file.read_text().splitlines()) == len(first) == 14
    monkeypatch.setattr(harness, "run_one", lambda *task: pytest.fail(f"asked again: {task}"))
    assert harness.run(2, workers=1, keep=file) == first
    assert harness.table(first) == harness.table(harness.run(2, workers=1, keep=file))


def test_a_run_that_was_stopped_goes_on(stub, tmp_path):
    file = tmp_path / "kept.jsonl"
    whole = harness.run(2, workers=1, keep=file)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:5]))
    again = harness.run(2, workers=1, keep=file)
    assert [(o.case, o.seed, o.codes) for o in again] == [(o.case, o.seed, o.codes) for o in whole]
    assert len(file.read_text().splitlines()) == 14
