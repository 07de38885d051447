"""A worker that begins before it is asked for, and never outlives its audit."""

from pathlib import Path

import numpy as np
import pytest

from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.job import load as jobs
from reportgen.retraining import standby as standbys
from reportgen.retraining.costs import STACKED_START, Cost
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.plan import Budget, plan
from reportgen.retraining.process import Worker
from reportgen.retraining.standby import Standby

JOB = Path(__file__).parents[2] / "configs/founding-seeds.yaml"


@pytest.fixture
def workers(monkeypatch, tmp_path):
    """Every worker that is started; its programs are kept nowhere that lasts."""
    begun = []

    class Recorded(Worker):
        def __init__(self, **named):
            super().__init__(root=tmp_path / "cache", cores=1, **named)
            begun.append(self)

    monkeypatch.setattr(standbys, "Worker", Recorded)
    return begun


def job():
    return jobs.load(JOB, settings={name: d.settings for name, d in suite().items()})


def task(tmp_path, model="seeded", given=None):
    return pipeline.AuditTask(given or job(), model, "run", tmp_path, model)


def test_one_worker_is_kept_another_replaces_it_when_it_dies_and_none_is_left(workers, tmp_path):
    with Standby(folder=tmp_path) as standby:
        assert not standby.started
        standby.start()
        standby.start()
        assert standby.started
        first = standby.worker()
        first._process.kill()
        first._process.wait()
        assert standby.worker() is not first
        assert [w.alive for w in workers] == [False, True]
    assert [w.alive for w in workers] == [False, False]
    assert not standby.started
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_audit_that_ends_early_leaves_no_worker(workers, tmp_path, monkeypatch, error):
    def interrupted(given, model):
        assert workers[0].alive
        raise error("stop")

    monkeypatch.setattr(pipeline, "load_case", interrupted)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            pipeline.audit(task(tmp_path))
    else:
        assert pipeline.audit(task(tmp_path)).outcome == "incomplete"
    assert [w.alive for w in workers] == [False]
    assert not list(tmp_path.rglob(".worker-*"))


def test_none_is_started_for_what_is_not_trained_again(workers, tmp_path, monkeypatch):
    def ends(given, model):
        raise ValueError("far enough")

    monkeypatch.setattr(pipeline, "load_case", ends)
    given = job()
    untrained = given.models["seeded"].model_copy(update={"training": None})
    without = given.model_copy(update={"models": {"seeded": untrained}})
    off = dict.fromkeys(given.diagnostics)
    quiet = given.model_copy(update={"diagnostics": off})
    for other in (without, quiet):
        pipeline.audit(task(tmp_path, given=other))
    pipeline.audit(task(tmp_path, "two-answers"))  # built by Python: what it is is not known yet
    assert workers == []
    pipeline.audit(task(tmp_path))
    assert len(workers) == 1


def test_a_start_that_is_over_no_longer_speaks_for_a_loop():
    cost = Cost(multiply_adds=5_000, activations=100, weights=5_000, trainable=5_000)
    pool = Pool((np.zeros((1000, 8), np.float32),), np.zeros(1000, np.int32), 1000)
    given = ({"a": [Member(k, k) for k in range(3)]}, Recipe("m.keras", epochs=1), pool, cost)
    before, after = (plan(*given, Budget(), started=started) for started in (False, True))
    assert [p.groups[0].way for p in (before, after)] == ["loop", "stacked"]
    many = ({"a": [Member(k, k) for k in range(10)]}, *given[1:])
    before, after = (plan(*many, Budget(), started=started) for started in (False, True))
    assert before.estimate == pytest.approx(after.estimate + STACKED_START)
