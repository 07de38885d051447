"""``list`` and ``explain``: which diagnostics there are, and what a finding's code means."""

from __future__ import annotations

import textwrap
from difflib import get_close_matches
from typing import Annotated

import typer

from reportgen.errors import JobError, Problem


def list_() -> int:
    """List the diagnostics, their questions and their settings."""
    from reportgen.diagnostics import suite

    for name, diagnostic in suite().items():
        print(f"{name} — {diagnostic.question}")
        for key, info in diagnostic.settings.model_fields.items():
            default = info.get_default(call_default_factory=True)
            print(_wrapped(f"{key}: {default}", info.description or ""))
        print(_wrapped("codes", ", ".join(c.code.partition(".")[2] for c in diagnostic.codes)))
        print()
    return 0


def _wrapped(head: str, text: str) -> str:
    return textwrap.fill(
        text,
        width=96,
        initial_indent=f"  {head:<34} ",
        subsequent_indent=" " * 37,
        break_long_words=False,
        break_on_hyphens=False,
    )


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="e.g. performance.below-baseline")],
) -> int:
    """Say what a finding code means."""
    from reportgen.diagnostics import suite

    known = {c.code: (c, d) for d in suite().values() for c in d.codes}
    if code not in known:
        near = get_close_matches(code, known, n=3, cutoff=0.4)
        raise JobError(
            Problem(
                f"no finding has the code {code!r}",
                expected=f"one of {', '.join(near)}"
                if near
                else "a code; `reportgen list` has all",
            )
        )
    found, diagnostic = known[code]
    print(f"{found.code}  (at most {found.at_most})")
    print(f"{diagnostic.title}: {diagnostic.question}\n")
    parts = [("Means", found.meaning), ("Decided", found.decided), ("Do", found.advice)]
    if found.source:
        parts.append(("Source", found.source))
    for head, text in parts:
        print(
            textwrap.fill(
                " ".join(text.split()),
                width=92,
                initial_indent=f"{head:<9}",
                subsequent_indent=" " * 9,
            )
        )
    return 0
