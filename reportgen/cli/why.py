"""``why``: the reason a number does not come out, on the terminal, without a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reportgen.cli.words import filled, shown
from reportgen.errors import JobError, Problem, ReportgenError

if TYPE_CHECKING:
    from reportgen.job.claims import Claim
    from reportgen.reconciliation.evidence import Evidence
    from reportgen.reconciliation.from_arrays import Given

FILE = "FILE[:COLUMN]"
_ARRAYS = (".npy", ".npz", ".csv", ".tsv", ".parquet", ".txt")


def why(
    y: Annotated[str | None, typer.Option("--y", metavar=FILE, help="True labels of test.")] = None,
    scores: Annotated[
        str | None, typer.Option("--scores", metavar=FILE, help="What the model gives for test.")
    ] = None,
    train_y: Annotated[str | None, typer.Option("--train-y", metavar=FILE)] = None,
    train_scores: Annotated[str | None, typer.Option("--train-scores", metavar=FILE)] = None,
    validation_y: Annotated[str | None, typer.Option("--validation-y", metavar=FILE)] = None,
    validation_scores: Annotated[
        str | None, typer.Option("--validation-scores", metavar=FILE)
    ] = None,
    said: Annotated[
        str | None, typer.Option("--said", metavar="TEXT", help="'accuracy 0.91, f1 macro 0.88'")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="A pasted report, log, matrix or table."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", help="binary, multiclass, multilabel or regression; else told."),
    ] = None,
    classes: Annotated[
        str | None, typer.Option("--classes", metavar="A,B", help="In the order of the outputs.")
    ] = None,
    positive: Annotated[str | None, typer.Option("--positive", metavar="CLASS")] = None,
    output: Annotated[
        str | None, typer.Option("--output", help="probability, logit or label; else told.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="As declared; default 0.5.")
    ] = None,
) -> int:
    """Say why a reported number is not the one that comes out.

    Give labels, scores, and what was said; or a printed report alone, and it is checked whether
    any model on these supports can have printed it. COLUMN is a column of a table (several with
    commas) or an array of an .npz. Exit code 0 when all numbers come out, or the report is
    possible; 1 when not; 2 when something given cannot be read.
    """
    if y is None and scores is None and report is not None and said is None:
        return _report_alone(report)
    if y is None or scores is None or (said is None and report is None):
        raise JobError(
            Problem(
                "there is not enough to go on",
                expected="--y and --scores with --said or --report, or --report alone",
            )
        )
    return _explained(
        {"test": (y, scores), "train": (train_y, train_scores),
         "validation": (validation_y, validation_scores)},
        said, report,
        {"task": task, "classes": tuple(c.strip() for c in classes.split(",")) if classes else (),
         "positive": positive, "output": output, "threshold": threshold},
    )  # fmt: skip


def _explained(
    files: dict[str, tuple[str | None, str | None]],
    said: str | None,
    report: Path | None,
    options: dict[str, Any],
) -> int:
    from reportgen.diagnostics.reconciliation import words
    from reportgen.diagnostics.reconciliation.phrases import capital
    from reportgen.diagnostics.reconciliation.phrases import spoken as spoken_name
    from reportgen.reconciliation import said as spoken
    from reportgen.reconciliation.from_arrays import Given, evidence
    from reportgen.reconciliation.search import explain

    _known("--task", options["task"], ("binary", "multiclass", "multilabel", "regression"))
    _known("--output", options["output"], ("probability", "logit", "label", "value"))
    limit = options["threshold"]
    if limit is not None and not 0 <= limit <= 1:
        raise JobError(Problem("this is no threshold", key="--threshold", got=f"{limit:g}",
                               expected="a probability between 0 and 1"))  # fmt: skip
    given: dict[str, Given] = {}
    for name, (truth, answers) in files.items():
        if (truth is None) != (answers is None):
            raise JobError(Problem(f"{name} needs both labels and scores"))
        if truth is not None and answers is not None:
            named = _place(answers)[1]
            given[name] = Given(_array(truth, flat=True), _array(answers), truth, tuple(named))
    try:
        found = evidence(given, **options)
        claims: tuple[Claim, ...] = ()
        if said is not None:
            claims += spoken.parse(said, task=found.task, classes=found.classes)
        notes: list[str] = []
        if report is not None:
            told, notes = _pasted(report, found, given)
            claims += told
        _of_splits(claims, given)
        verdict = explain(found, claims)
    except ReportgenError as error:  # whatever is wrong, it was given on this command line
        raise JobError(*error.problems) from error
    for note in notes:
        print(filled(note))
    print(filled(words.headline(verdict)))
    for base in verdict.baselines:
        for claim, value in zip(base.evaluation.claims, base.values, strict=True):
            why_not = base.unknown.get(claim, "")
            came = (
                f"cannot be computed: {why_not}" if value is None else f"comes out as {value:.6g}"
            )
            mark = "  " if claim not in base.off else "* "
            name = f"{capital(spoken_name(claim))} on {claim.split}"
            print(shown(f"{mark}{name:<34} reported {claim.value!s:<10} {came}"))
    for answer in verdict.answers:
        print()
        for line in words.lines(answer):
            print(filled(line))
    return 1 if verdict.answers else 0


def _pasted(
    report: Path, found: Evidence, given: dict[str, Given]
) -> tuple[tuple[Claim, ...], list[str]]:
    """What a file reports, and what of it was read otherwise or left out, in words."""
    from reportgen.job.text_files import read_text
    from reportgen.reconciliation import pasted

    text = read_text(report, str(report))
    told = pasted.claims(text, task=found.task, classes=found.classes, file=str(report))
    notes = []
    codes = pasted.renamed(told, found.classes, text, str(report))
    if codes:
        told = tuple(replace(c, per_class=codes.get(c.per_class or "", c.per_class)) for c in told)
        read = ", ".join(f"{name} is {code}" for name, code in codes.items())
        notes.append(f"The report's classes are taken in its order: {read}.")
    kept = tuple(c for c in told if c.split in given)
    if kept and len(kept) < len(told):
        left = ", ".join(dict.fromkeys(c.split for c in told if c not in kept))
        notes.append(f"Numbers of {left} are left out, as its labels and scores are not given.")
    return kept or told, notes


def _of_splits(claims: tuple[Claim, ...], given: dict[str, Given]) -> None:
    """Numbers of a split need its labels and scores."""
    for split in dict.fromkeys(c.split for c in claims):
        if split not in given:
            raise JobError(Problem(f"a number is said of {split}, which is not given",
                                   expected=f"--{split}-y and --{split}-scores"))  # fmt: skip


def _report_alone(report: Path) -> int:
    from reportgen.reconciliation.consistency import of_report

    try:
        claims = _claims(report)
    except ReportgenError as error:
        raise JobError(*error.problems) from error
    found = of_report(claims)
    if found.kind == "impossible":
        print(shown(f"No model can have printed this report: {found.reason}."))
        return 1
    if found.kind == "open":
        print(shown(f"Whether a model can have printed this report is not known: {found.reason}."))
        return 0
    print("A model can have printed this report; for instance:")
    rows = zip(found.classes, found.support, found.right, found.given, strict=True)
    for name, support, right, given in rows:
        print(shown(f"  {name}: {support:,} rows, {right:,} of them right; {given:,} answers"))
    return 0


def _claims(report: Path) -> tuple[Claim, ...]:
    from reportgen.job.claims import of_report
    from reportgen.job.text_files import read_text

    return of_report(read_text(report, str(report)), file=str(report))


def _known(option: str, value: str | None, values: tuple[str, ...]) -> None:
    if value is not None and value not in values:
        raise JobError(Problem("this value is not known", key=option, got=value,
                               expected=", ".join(values)))  # fmt: skip


def _array(place: str, flat: bool = False) -> Any:
    """An array of a file; a column, or several, of a table.

    Raises
    ------
    JobError
        if the file or the column is not there, or holds no array.
    """
    import numpy as np

    path, columns = _place(place)
    try:
        if path.suffix == ".npy":
            values = np.load(path, allow_pickle=False)
        elif path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                name = columns[0] if columns else archive.files[0]
                if name not in archive.files:
                    raise JobError(Problem(f"there is no array {name!r}", file=str(path),
                                           expected=", ".join(archive.files)))  # fmt: skip
                values = archive[name]
        else:
            values = _columns(path, columns)
    except FileNotFoundError:
        raise JobError(Problem("there is no such file", file=str(path))) from None
    except (OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise JobError(Problem(f"the file cannot be read: {first}", file=str(path))) from None
    if values.size == 0:
        raise JobError(Problem("there are no rows", file=str(path)))
    if values.ndim not in (1, 2) or values.dtype.kind == "O":
        raise JobError(Problem("this is no array of one or two dimensions", file=str(path),
                               got=f"shape {values.shape}"))  # fmt: skip
    return values[:, 0] if flat and values.ndim == 2 and values.shape[1] == 1 else values


def _place(place: str) -> tuple[Path, list[str]]:
    """File and columns of ``scores.csv:leave``; a colon in a file's name is left alone."""
    whole = Path(place)
    if whole.exists() or ":" not in place:
        path, columns = whole, ""
    else:
        file, _, columns = place.rpartition(":")
        path = Path(file)
    if path.suffix.lower() not in _ARRAYS:
        raise JobError(
            Problem("what is in this file is not told from its name", file=str(path),
                    expected=", ".join(_ARRAYS))
        )  # fmt: skip
    return path, [c.strip() for c in columns.split(",") if c.strip()]


def _separator(path: Path) -> str:
    """A semicolon where the first line has no comma, as spreadsheets write it in many countries."""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline(10_000)
    return ";" if ";" in first and "," not in first else ","


def _uneven(path: Path) -> JobError | None:
    """The first line with another number of cells than the one before all."""
    import csv

    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else _separator(path))
        width = None
        for row in reader:
            width = len(row) if width is None else width
            if row and len(row) != width:
                return JobError(Problem("a line has another number of cells than the first",
                                        file=str(path), line=reader.line_num,
                                        expected=f"{width} cells", got=f"{len(row)}"))  # fmt: skip
    return None


def _shares(column: Any) -> Any:
    """Cells that are all per cent, ``40 %``, as fractions; any other column as it is."""
    import polars as pl

    if column.dtype != pl.String or not column.len():
        return column
    numbers = column.str.strip_chars().str.strip_suffix("%").str.strip_chars()
    numbers = numbers.cast(pl.Float64, strict=False)
    percent = column.str.strip_chars().str.ends_with("%").all() and numbers.null_count() == 0
    return (numbers / 100).alias(column.name) if percent else column


def _columns(path: Path, columns: list[str]) -> Any:
    import numpy as np
    import polars as pl

    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        else:
            separator = "\t" if path.suffix == ".tsv" else _separator(path)
            table = pl.read_csv(
                path,
                separator=separator,
                has_header=path.suffix != ".txt",
                infer_schema_length=None,
            )
    except pl.exceptions.PolarsError as error:
        first = (str(error).splitlines() or [""])[0][:200]
        uneven = _uneven(path)
        if uneven is not None:
            raise uneven from None
        raise JobError(Problem(f"the table cannot be read: {first}", file=str(path))) from None
    if not columns and table.width > 1 and pl.String in table.dtypes:
        names = ", ".join(table.columns[:12])
        raise JobError(Problem("which column is meant is not said", file=str(path),
                               expected=f"{path}:COLUMN, of {names}"))  # fmt: skip
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise JobError(Problem(f"there is no column {missing[0]!r}", file=str(path),
                               expected=", ".join(table.columns[:12])))  # fmt: skip
    chosen = table.select(columns or table.columns)
    chosen = chosen.with_columns(_shares(chosen[c]) for c in chosen.columns)
    holes = [c for c in chosen.columns if chosen[c].null_count()]
    if holes:
        row = int(chosen[holes[0]].is_null().arg_max() or 0)
        raise JobError(Problem("a value is missing", file=str(path), key=holes[0], row=row))
    if chosen.width == 1:
        only = chosen.to_series()
        return np.array(only.to_list()) if only.dtype == pl.String else only.to_numpy()
    return chosen.to_numpy()
