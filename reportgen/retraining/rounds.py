"""All retrainings of one case: planned, carried out the way its model allows, told afterwards."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.models.randomness import untouched
from reportgen.retraining.member import Member
from reportgen.retraining.plan import one_word
from reportgen.retraining.results import Trained, TrainedMember

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.retraining.plan import Budget, Plan
    from reportgen.retraining.standby import Standby

Report = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """No progress is shown."""


@dataclass
class Rounds:
    """The retrainings of one case.

    Parameters
    ----------
    standby : has the worker, which may be there before it is asked for; by default one of its own
        for each round.
    folder : where files are kept while it lasts; the system's by default.
    report : called with (epochs done, epochs in all).
    """

    case: Case
    budget: Budget
    standby: Standby | None = None
    folder: Path | None = None
    report: Report = _silent
    _plans: list[dict[str, Any]] = field(default_factory=list)
    _trained: list[Trained] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def run(self, declared: Mapping[str, Sequence[Member]]) -> Trained:
        """Train what the diagnostics declared; equal members once.

        Raises
        ------
        ModelError, CannotRetrain
            if there is no recipe to train by.
        """
        members = list(dict.fromkeys(m for wanted in declared.values() for m in wanted))
        if not members:
            return Trained({})
        sklearn = self.case.predictor.framework == "sklearn"
        found = self._clones(members) if sklearn else self._networks(declared)
        self._trained.append(found)
        return found

    @property
    def told(self) -> dict[str, Any]:
        """report.json's ``plan``: what was planned and cut, and the way that it really went.

        ``why`` tells what was not stacked on JAX, or not finished, and for what reason.
        """
        ways = [w for w in (found.told_way for found in self._trained) if w is not None]
        notes = (note for found in self._trained for note in found.notes)
        return {
            "members": sum(p["members"] for p in self._plans),
            "way": one_word(ways),
            "why": list(dict.fromkeys(notes)),
            "cut": [note for p in self._plans for note in p["cut"]],
        }

    @property
    def _deadline(self) -> float:
        return self._started + self.budget.seconds

    def _clones(self, members: Sequence[Member]) -> Trained:
        from reportgen.retraining import estimators
        from reportgen.retraining.sources import fits_of

        self._plans.append({"members": len(members), "cut": []})
        started = time.perf_counter()
        with untouched():
            found = estimators.train(
                fits_of(self.case), members, deadline=self._deadline, report=self.report
            )
        return Trained(found.members, {"train": time.perf_counter() - started}, found.notes)

    def _networks(self, declared: Mapping[str, Sequence[Member]]) -> Trained:
        from reportgen.retraining.case import setting
        from reportgen.retraining.engine import Round
        from reportgen.retraining.plan import plan
        from reportgen.retraining.standby import Standby

        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix=".retraining-", dir=self.folder)
            )
            standby = self.standby or stack.enter_context(Standby(folder=self.folder))
            given = setting(self.case, Path(folder))
            blueprint = given.origin.blueprint
            planned: Plan = plan(
                declared, given.recipe, given.pool, given.cost, self.budget,
                unstackable=given.unstackable,
                unmappable=blueprint.unmappable(),
                schedule=blueprint.has_schedule,
                rowwise=blueprint.rowwise,
                started=standby.started,
            )  # fmt: skip
            if not any(group.way == "stacked" for group in planned.groups):
                standby.close()
            self._plans.append(planned.told())
            round_ = Round(
                given.recipe,
                given.pool,
                standby.worker,
                delivered=given.delivered,
                network=given.origin.network,
                unmappable=blueprint.unmappable(),
                report=self.report,
                deadline=self._deadline,
            )
            return round_.run(planned)


def joined(first: Trained, second: Trained) -> Trained:
    """The results of two rounds."""
    members: dict[Member, TrainedMember] = {**first.members, **second.members}
    seconds = {
        phase: first.seconds.get(phase, 0.0) + second.seconds.get(phase, 0.0)
        for phase in {**first.seconds, **second.seconds}
    }
    notes = tuple(dict.fromkeys((*first.notes, *second.notes)))
    return Trained(members, seconds, notes)
