"""The command line: the only place that prints, exits, and catches errors."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
import textwrap
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.errors import JobError, Problem, ReportgenError

if TYPE_CHECKING:
    from reportgen.batch import Progress
    from reportgen.job.schema import Job
    from reportgen.runs.record import AuditRecord

app = typer.Typer(
    name="reportgen",
    help="Audits machine-learning models and writes a report a reviewer can sign.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

JobFile = Annotated[Path, typer.Argument(metavar="JOB.yaml", help="The job file.")]
EXIT_INVALID = 2
EXIT_INCOMPLETE = 3
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
EXIT_SIGNAL = 128  # plus the signal's number, as shells have it


class _Stopped(BaseException):
    """A signal: the person at the terminal, or the scheduler, wants this run to end."""


def main() -> None:
    """Entry point of the ``reportgen`` command; ends the process with the contract's codes."""
    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or in the background of a shell
            signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):  # a locale without dashes must not end a run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(args=arguments, standalone_mode=False)
    except ReportgenError as error:
        code = _refused(error, debug)
    except _Stopped as stopped:
        code = _stopped(signal.Signals(stopped.args[0]), running=arguments[:1] == ["run"])
    except BrokenPipeError:  # reportgen list | head
        sys.stderr.close()
        code = 0
    except Exception as error:  # a bug: said in a line, with the way to see more
        if debug:
            traceback.print_exc()
        elif hasattr(error, "format_message"):  # click's own: unknown option and the like
            said = error.format_message()
            print(said if said.startswith("Usage:") else f"reportgen: {said}", file=sys.stderr)
        else:
            print(
                f"reportgen: {type(error).__name__}: {error}\n"
                "  This is a fault in reportgen; run again with --debug to see where.",
                file=sys.stderr,
            )
        code = getattr(error, "exit_code", EXIT_INCOMPLETE)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(signum: int, frame: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # workers are being ended: a second one must wait
    raise _Stopped(signum)


def _stopped(number: signal.Signals, running: bool) -> int:
    said = "Interrupted." if number == signal.SIGINT else f"Stopped by {number.name}."
    if running:
        said += " Audits that were complete are kept; run the same job again to go on."
    with suppress(OSError):  # the terminal may be gone
        print(f"reportgen: {said}", file=sys.stderr)
    return EXIT_SIGNAL + number


def _refused(error: ReportgenError, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    _print_problems(error.problems)
    return EXIT_INVALID if isinstance(error, JobError) else EXIT_INCOMPLETE


def _print_problems(problems: tuple[Problem, ...] | list[Problem]) -> None:
    for problem in problems:
        print(f"reportgen: {_shown(str(problem))}", file=sys.stderr)
    if len(problems) > 1:
        print(f"reportgen: {len(problems)} problems.", file=sys.stderr)


def _version(value: bool) -> None:
    if value:
        from reportgen import __version__

        print(f"reportgen {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks. May stand anywhere.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Audits machine-learning models and writes a report a reviewer can sign."""


def _load(job: Path) -> Job:
    from reportgen.diagnostics import suite
    from reportgen.job.load import load

    return load(job, {name: d.settings for name, d in suite().items()})


# --- run -----------------------------------------------------------------------------------------


@app.command()
def run(
    job: JobFile,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Audit this model only; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write here, not to the job's output.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Audits at a time.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not go on with an interrupted run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> int:
    """Audit every model of the job and write its reports.

    One line an audit goes to stdout: outcome, model, path of its report. Exit code 0: nothing
    fails; 1: some finding is a fail; 2: the job file is not valid, nothing ran; 3: an audit
    could not be completed.
    """
    loaded = _load(job)
    unknown = [name for name in only or () if name not in loaded.models]
    if unknown:
        raise JobError(*(_unknown_model(name, loaded) for name in unknown))
    from reportgen import batch

    with _progress(quiet, len(only or loaded.models)) as progress:
        done = batch.run(
            loaded,
            only=only or (),
            output=output,
            workers=workers,
            fresh=fresh,
            progress=progress,
        )
    page = "report.html" if "html" in loaded.formats else "report.json"
    for audited in done.record.audits:
        print(
            f"{audited.outcome}\t{_one_line(audited.model)}\t{done.folder / audited.folder / page}"
        )
    return done.exit_code


def _unknown_model(name: str, job: Job) -> Problem:
    near = get_close_matches(name, job.models, n=1)
    return Problem(
        f"--only names a model that is not in the job: {name!r}",
        file=str(job.file),
        expected=", ".join(list(job.models)[:8]),
        advice=f"Did you mean {near[0]!r}?" if near else None,
    )


def _one_line(text: str) -> str:
    """Tabs and line ends in a model's name would break the one line an audit."""
    return _shown(" ".join(text.split()))


def _shown(text: str) -> str:
    """Names come from files: what steers a terminal is shown, not sent."""
    return _STEERING.sub(lambda found: repr(found[0])[1:-1], text)


@contextmanager
def _progress(quiet: bool, total: int) -> Iterator[Progress | None]:
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bars(total) as progress:
            yield progress
    else:
        yield _lines()


def _lines() -> Progress:
    """Plain lines on stderr, for logs."""
    from reportgen.batch import Progress

    def started(folder: Any, models: Any) -> None:
        count = "1 audit" if len(models) == 1 else f"{len(models)} audits"
        print(f"run {folder.run_id}: {count}", file=sys.stderr, flush=True)

    def finished(record: AuditRecord) -> None:
        print(_finished_line(record), file=sys.stderr, flush=True)

    return Progress(started=started, finished=finished)


def _finished_line(record: AuditRecord) -> str:
    took = "kept from the interrupted run" if record.resumed else f"{record.seconds:.1f} s"
    line = f"{_one_line(record.model)}: {record.outcome}, {took}"
    if record.error:
        line += f"\n{textwrap.indent(_shown(record.error), '  ')}"
    return line


@contextmanager
def _bars(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    from reportgen.batch import Progress

    columns = (
        TextColumn("audits"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("starting workers", total=total)

        def waiting(phases: dict[str, str]) -> None:
            now = [f"{escape(_one_line(name))}: {phase}" for name, phase in phases.items()]
            bars.update(bar, description=", ".join(now[:3]))

        def finished(record: AuditRecord) -> None:
            bars.print(_finished_line(record), markup=False, highlight=False)
            bars.advance(bar)

        yield Progress(waiting=waiting, finished=finished)


# --- the other commands --------------------------------------------------------------------------


@app.command()
def validate(job: JobFile) -> int:
    """Check a job with its data and model headers.

    All problems are listed at once. Exit code 0 when the job is valid, else 2. Nothing that is
    named in the job is run.
    """
    from reportgen.preflight import check

    loaded = _load(job)
    problems = check(loaded)
    if problems:
        raise JobError(*problems)
    models, datasets = len(loaded.models), len(loaded.datasets)
    print(
        f"{job}: valid; {models} model{'s' * (models != 1)}, "
        f"{datasets} data set{'s' * (datasets != 1)}"
    )
    return 0


@app.command()
def render(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS.json", help="A report.json of an earlier run.")
    ],
    form: Annotated[
        str, typer.Option("--format", metavar="FORMATS", help="html, pdf, or both by a comma.")
    ] = "html,pdf",
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write here, not beside RESULTS.json.")
    ] = None,
) -> int:
    """Render a report again from its JSON."""
    from pydantic import ValidationError

    from reportgen.pipeline import rendered
    from reportgen.results import AuditReport
    from reportgen.runs.writing import write_atomic

    forms = [f.strip() for f in form.split(",") if f.strip()]
    unknown = [f for f in forms if f not in ("html", "pdf")]
    if unknown or not forms:
        raise JobError(Problem("--format is not known", expected="html, pdf", got=form))
    try:
        report = AuditReport.from_json(results.read_bytes())
    except OSError as error:
        raise JobError(
            Problem("it cannot be read", file=str(results), got=error.strerror or str(error))
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise JobError(
            Problem(
                "it is not a report.json of this version",
                file=str(results),
                key=".".join(map(str, first["loc"])) or None,
                expected=first["msg"],
                advice="Give the report.json of one model, from a run's folder.",
            )
        ) from error
    place = output or results.parent
    for name in forms:
        path = place / f"{results.stem}.{name}"
        write_atomic(path, rendered(report, name))
        print(path.absolute())
    return 0


@app.command("list")
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


@app.command()
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


@app.command()
def init(
    job: Annotated[
        Path, typer.Argument(metavar="[JOB.yaml]", help="Where to write; - for stdout.")
    ] = Path("job.yaml"),
    model: Annotated[Path | None, typer.Option(metavar="M", help="The model's file.")] = None,
    train: Annotated[Path | None, typer.Option(metavar="T", help="Training rows.")] = None,
    validation: Annotated[Path | None, typer.Option(metavar="V", help="Validation rows.")] = None,
    test: Annotated[Path | None, typer.Option(metavar="T", help="Test rows.")] = None,
    target: Annotated[str | None, typer.Option(metavar="Y", help="The target column.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite JOB.yaml.")] = False,
) -> int:
    """Write a commented starter job that validates.

    Where the files leave something open (a model with fewer inputs than there are columns), the
    job is written all the same, what is left to settle is listed, and the exit code is 2.
    """
    from reportgen.runs.writing import write_atomic
    from reportgen.starter import starter

    to_stdout = str(job) == "-"
    if not to_stdout and job.exists() and not force:
        raise JobError(
            Problem("it exists already", file=str(job), advice="Give another name, or use --force.")
        )
    folder = Path.cwd() if to_stdout else job.absolute().parent
    text = starter(
        folder, model=model, train=train, validation=validation, test=test, target=target
    )
    if to_stdout:
        print(text, end="")
    else:
        write_atomic(job, text)
        from reportgen.preflight import check

        left = check(_load(job))
        if left:
            print(f"{job}: written; this is left to you:", file=sys.stderr)
            raise JobError(*left)
        print(f"{job}: written, and valid; `reportgen run {job}` is next", file=sys.stderr)
    return 0


@app.command()
def schema() -> int:
    """Print the JSON Schema of the job file, for editor completion."""
    from reportgen.diagnostics import suite
    from reportgen.job.load import json_schema

    settings = {name: d.settings for name, d in suite().items()}
    print(json.dumps(json_schema(settings), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    main()
