"""All retrainings of one case: planned, carried out the way its model allows, told afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained, TrainedMember

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.retraining.plan import Budget, Plan

Report = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """No progress is shown."""


@dataclass
class Rounds:
    """The retrainings of one case.

    Parameters
    ----------
    log : file for what a worker writes; none by default.
    report : called with (epochs done, epochs in all).
    """

    case: Case
    budget: Budget
    log: Path | None = None
    report: Report = _silent
    _plans: list[dict[str, Any]] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def run(self, declared: Mapping[str, Sequence[Member]]) -> Trained:
        """Train what the diagnostics declared; equal members once.

        Raises
        ------
        ModelError
            if the recipe cannot be read; and whatever the engines raise for all members.
        """
        members = list(dict.fromkeys(m for wanted in declared.values() for m in wanted))
        if not members:
            return Trained({})
        if self.case.predictor.framework == "sklearn":
            return self._clones(members)
        return self._networks(declared)

    @property
    def told(self) -> dict[str, Any]:
        """report.json's ``plan`` of all that was run; the ways of several rounds are joined."""
        if not self._plans:
            return {"members": 0, "way": None, "cut": []}
        ways = {p["way"] for p in self._plans if p["way"]}
        return {
            "members": sum(p["members"] for p in self._plans),
            "way": ways.pop() if len(ways) == 1 else "both" if ways else None,
            "cut": [note for p in self._plans for note in p["cut"]],
        }

    @property
    def _deadline(self) -> float:
        return self._started + self.budget.seconds

    def _clones(self, members: Sequence[Member]) -> Trained:
        from reportgen.retraining import clones

        self._plans.append({"members": len(members), "way": "loop", "cut": []})
        started = time.perf_counter()
        found = clones.train(self.case, members, deadline=self._deadline, report=self.report)
        seconds = {"train": time.perf_counter() - started}
        return Trained({t.member: t for t in found}, seconds, ())

    def _networks(self, declared: Mapping[str, Sequence[Member]]) -> Trained:
        from reportgen.retraining.blueprint import Blueprint
        from reportgen.retraining.engine import Round
        from reportgen.retraining.plan import plan
        from reportgen.retraining.process import Worker
        from reportgen.retraining.sources import pool_of, recipe_of

        with tempfile.TemporaryDirectory(prefix="reportgen-") as folder:
            recipe, cost = recipe_of(self.case, Path(folder) / "recipe.keras")
            pool = pool_of(self.case)
            blueprint = Blueprint.read(recipe.file)
            planned: Plan = plan(
                declared, recipe, pool, cost, self.budget,
                unstackable=blueprint.unstackable(), schedule=blueprint.has_schedule,
            )  # fmt: skip
            self._plans.append(planned.told())
            round_ = Round(
                recipe,
                pool,
                lambda: Worker(log=self.log),
                delivered={name: self.case.predict(name).raw for name in self.case.splits},
                report=self.report,
                deadline=self._deadline,
            )
            try:
                return round_.run(planned)
            finally:
                round_.close()


def joined(first: Trained, second: Trained) -> Trained:
    """The results of two rounds."""
    members: dict[Member, TrainedMember] = {**first.members, **second.members}
    seconds = {
        phase: first.seconds.get(phase, 0.0) + second.seconds.get(phase, 0.0)
        for phase in {**first.seconds, **second.seconds}
    }
    notes = tuple(dict.fromkeys((*first.notes, *second.notes)))
    return Trained(members, seconds, notes)
