"""The diagnostics of an audit: all prepare and declare, one training round, all examine."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reportgen.diagnostic import Diagnostic, NotApplicable
from reportgen.errors import in_words
from reportgen.results import Section

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.job.schema import Settings
    from reportgen.retraining.member import Member
    from reportgen.retraining.results import Trained


@dataclass
class Asked:
    """A diagnostic after its preparation: what it wants trained, or its section already.

    ``members`` are those of the round that comes next, ``declared`` all so far, ``required`` those
    of the first round, without which there is nothing to examine.
    """

    diagnostic: Diagnostic
    view: Case | None = None
    prepared: Any = None
    members: list[Member] = field(default_factory=list)
    declared: list[Member] = field(default_factory=list)
    required: list[Member] = field(default_factory=list)
    section: Section | None = None

    def ends(self, error: BaseException) -> Section:
        """Its section is what went wrong; the boundary: it costs no other its section."""
        name = self.diagnostic.name
        self.members = []
        if isinstance(error, NotApplicable):
            self.section = Section(diagnostic=name, status="not_applicable", reason=str(error))
        else:
            traceback.print_exception(error)
            self.section = Section(diagnostic=name, status="failed", reason=in_words(error))
        return self.section


Train = Callable[[Mapping[str, Sequence["Member"]]], "Trained"]


def section(
    diagnostic: Diagnostic, case: Case, settings: Settings | None, train: Train | None = None
) -> Section:
    """One diagnostic's section, as if it were alone; its crash is its own.

    ``train`` carries out its retrainings; by default as an audit does.
    """
    from reportgen.retraining.plan import Budget
    from reportgen.retraining.rounds import Rounds

    asked = prepared(diagnostic, case, settings)
    return examined(asked, trained([asked], train or Rounds(case, Budget()).run))


def prepared(diagnostic: Diagnostic, case: Case, settings: Settings | None) -> Asked:
    """What a diagnostic finds without training, and what it wants trained."""
    asked = Asked(diagnostic)
    if settings is None:
        reason = "switched off in the job"
        asked.section = Section(diagnostic=diagnostic.name, status="not_applicable", reason=reason)
        return asked
    try:
        asked.view = case.view(diagnostic.name, settings)
        asked.prepared = diagnostic.prepare(asked.view)
        asked.members = diagnostic.retrainings(asked.view, asked.prepared)
    except (Exception, SystemExit) as error:
        asked.ends(error)
    return asked


def trained(asked: Sequence[Asked], train: Train) -> Trained:
    """One round for everything that was declared, and further ones as long as one asks for more.

    It ends: a round trains members that their diagnostic has not declared before, and one that
    could not be finished is the last.
    """
    from reportgen.retraining.rounds import joined

    wanted = [one for one in asked if one.members]
    for one in wanted:
        one.required = list(one.members)
    so_far = _first(wanted, train)
    wanted = [one for one in wanted if one.members and _wants_more(one, so_far)]
    while wanted:
        so_far = joined(so_far, _further(wanted, train))
        wanted = [one for one in wanted if _wants_more(one, so_far)]
    return so_far


def _first(wanted: Sequence[Asked], train: Train) -> Trained:
    """The round without which nothing can be examined."""
    from reportgen.retraining.results import Trained

    if not wanted:
        return Trained({})
    for one in wanted:
        one.declared += one.members
    try:
        return train({one.diagnostic.name: one.members for one in wanted})
    except (Exception, SystemExit) as error:  # no recipe: those that need it say so
        for one in wanted:
            one.ends(error)
        return Trained({})


def _further(wanted: Sequence[Asked], train: Train) -> Trained:
    """A round that counts whole or not at all: what was trained before it stands.

    What the clock leaves of it differs from night to night, and is no number of members at which
    a diagnostic judges.
    """
    from reportgen.retraining.results import STOPPED, Trained, TrainedMember

    for one in wanted:
        one.declared += one.members
    try:
        found = train({one.diagnostic.name: one.members for one in wanted})
    except (Exception, SystemExit) as error:
        traceback.print_exception(error)
        said = in_words(error)
        gone = dict.fromkeys(member for one in wanted for member in one.members)
        return Trained({m: TrainedMember(m, "failed", error=said) for m in gone})
    ended = {m for one in wanted if found.out_of_time(one.members) for m in one.members}
    members = {
        m: TrainedMember(m, "stopped", why=STOPPED) if m in ended else trained
        for m, trained in found.members.items()
    }
    return replace(found, members=members)


def _wants_more(one: Asked, trained: Trained) -> bool:
    """Never after a round that the clock has ended, or that failed as a whole."""
    assert one.view is not None
    if trained.out_of_time(one.members) or not trained.usable(one.members):
        return False
    try:
        more = one.diagnostic.further(one.view, one.prepared, trained)
        one.members = [member for member in more if member not in one.declared]
    except (Exception, SystemExit) as error:
        one.ends(error)
    return bool(one.members)


def examined(one: Asked, trained: Trained) -> Section:
    """A diagnostic's section: its findings, or why there are none."""
    if one.section is not None:
        return one.section
    assert one.view is not None
    if trained.out_of_time(one.required):
        return Section(diagnostic=one.diagnostic.name, status="failed", reason="budget")
    try:
        found = one.diagnostic.examine(one.view, one.prepared, trained)
        return Section.completed(one.diagnostic.name, found)
    except (Exception, SystemExit) as error:
        return one.ends(error)
