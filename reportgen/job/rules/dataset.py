"""What a data set's entry must say, and must not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reportgen.errors import Problem
from reportgen.job.keypath import KeyPath, Placed, meant, named, quoted
from reportgen.job.schema import SPLITS, DatasetEntry, FileSource, HeldOut, SplitRule, SqlSource

TABLES = (".csv", ".tsv", ".parquet", ".jsonl")


def splits_of(dataset: DatasetEntry) -> tuple[str, ...]:
    """Splits that the job declares; all of them when a column tells."""
    if dataset.split is not None and dataset.split.column is not None:
        return SPLITS
    found = [name for name in SPLITS if getattr(dataset, name) is not None]
    if dataset.split is not None and dataset.test is None:
        found.append("test")
    return tuple(found)


def repeated(values: Iterable[str]) -> list[str]:
    """Values that come more than once."""
    return [value for value, times in Counter(values).items() if times > 1]


def problems(entry: DatasetEntry) -> Iterator[Placed]:
    """Contradictions within a data set's entry."""
    yield from _classes(entry)
    yield from _target(entry)
    yield from _columns(entry)
    yield from _heads(entry)
    yield from _mask(entry)
    yield from _splits(entry)


def _classes(entry: DatasetEntry) -> Iterator[Placed]:
    classes, path = entry.classes, ("classes",)
    if classes is not None:
        if entry.task == "regression":
            yield path, Problem("regression has no classes", advice="Remove `classes:`.")
        for label in repeated(classes):
            yield path, Problem(f"the class {quoted(label)} stands twice", got=named(classes))
        wanted = {"binary": "exactly two classes", "multiclass": "two or more classes"}
        wrong = len(classes) != 2 if entry.task == "binary" else len(classes) < 2
        if entry.task in wanted and wrong:
            yield (
                path,
                Problem(
                    f"a {entry.task} task has {wanted[entry.task]}",
                    expected=wanted[entry.task],
                    got=f"{len(classes)}: {named(classes)}",
                    advice="Set `task: multiclass`."
                    if entry.task == "binary" and len(classes) > 2
                    else None,
                ),
            )
        if entry.task != "regression" and len(entry.targets) > 1:
            yield from _as_many_names(classes, entry.targets)
    if entry.positive is None:
        return
    if entry.task != "binary":
        yield (
            ("positive",),
            Problem(
                f"only a binary task has a positive class, and this one is {entry.task}",
                advice="Remove `positive:`.",
            ),
        )
    elif classes is not None and entry.positive not in classes:
        yield (
            ("positive",),
            Problem(
                f"the positive class {quoted(entry.positive)} is not one of the classes",
                expected=f"one of: {named(classes)}",
                advice=meant(entry.positive, classes),
            ),
        )


def _as_many_names(classes: tuple[str, ...], target: tuple[str, ...]) -> Iterator[Placed]:
    if len(classes) != len(target):
        yield (
            ("classes",),
            Problem(
                "there must be a class for each target column",
                expected=f"{len(target)}: {named(target)}",
                got=f"{len(classes)}: {named(classes)}",
            ),
        )


def _target(entry: DatasetEntry) -> Iterator[Placed]:
    sources = [s for s in (entry.train, entry.validation, entry.test) if s is not None]
    table = any(
        isinstance(s, SqlSource) or (isinstance(s, FileSource) and s.path.lower().endswith(TABLES))
        for s in sources
    )
    if entry.target is None and not entry.heads:
        if table:
            yield (
                (),
                Problem(
                    "'target' is missing",
                    expected="the column that is predicted",
                    advice="Add `target: COLUMN` here.",
                ),
            )
        return
    if not entry.targets:
        yield ("target",), Problem("the list of target columns is empty")
    for column in repeated(entry.targets):
        yield ("target",), Problem(f"the target column {quoted(column)} stands twice")
    flat = [source.path for source in sources if isinstance(source, FileSource)]
    if entry.task == "multilabel" and isinstance(entry.target, str):
        if any(path.lower().endswith((".csv", ".tsv")) for path in flat):
            yield (
                ("target",),
                Problem(
                    "a multilabel task has a list of target columns, one a label",
                    expected="a list of columns",
                    got=quoted(entry.target),
                ),
            )
    elif entry.task == "binary" and len(entry.targets) > 2:
        yield (
            ("target",),
            Problem(
                "a binary task has one target column, or one of 0 and 1 for each class",
                got=f"{len(entry.targets)}: {named(entry.targets)}",
                advice="Several labels a row are `task: multilabel`; more classes "
                "`task: multiclass`.",
            ),
        )


def _heads(entry: DatasetEntry) -> Iterator[Placed]:
    if entry.heads is None:
        return
    at: KeyPath = ("targets",)
    if not entry.heads:
        yield at, Problem("there is no output", expected="{output: COLUMN, …}")
        return
    if entry.target is not None:
        yield (
            ("target",),
            Problem("`target` and `targets` exclude each other", advice="Keep one of the two."),
        )
    if entry.mask is not None:
        yield at, Problem("labels step by step are those of a single output")
    first = entry.first_head
    for name, head in entry.heads.items():
        if name == first:
            for key in ("task", "classes", "positive"):
                if getattr(head, key) is not None:
                    yield (
                        (*at, name, key),
                        Problem(
                            "the first output is the one that the data set's own keys speak of",
                            advice=f"Write `{key}:` on the data set.",
                        ),
                    )
            continue
        for path, problem in _classes(entry.of_head(name)):
            yield (*at, name, *path), problem


def _mask(entry: DatasetEntry) -> Iterator[Placed]:
    mask, at = entry.mask, ("mask",)
    if mask is None:
        return
    if (mask.label is None) == (mask.array is None):
        yield (
            at,
            Problem(
                "`mask:` needs either `label:` or `array:`",
                expected="{label: 0} or {array: NAME}",
            ),
        )
    if entry.task == "multilabel":
        yield (
            at,
            Problem(
                "several labels a step are not audited",
                expected="task: binary, multiclass or regression with `mask:`",
            ),
        )
    if entry.task == "regression" and mask.label is not None:
        yield (
            (*at, "label"),
            Problem("regression has no labels", expected="{array: NAME}"),
        )
    if len(entry.targets) > 1:
        yield ("target",), Problem("labels step by step are one array", got=named(entry.targets))
    sources = [s for s in (entry.train, entry.validation, entry.test) if s is not None]
    if any(
        isinstance(s, SqlSource)
        or (isinstance(s, FileSource) and not s.path.lower().endswith(".npz"))
        for s in sources
    ):
        yield (
            at,
            Problem(
                "labels step by step come as arrays",
                expected=".npz files, or {python: pkg.mod:function}",
            ),
        )


def _columns(entry: DatasetEntry) -> Iterator[Placed]:
    taken = dict.fromkeys(entry.every_target, "target")
    roles = {role: getattr(entry, role) for role in ("id", "group", "time", "weight")}
    for role, column in roles.items():
        if column is None:
            continue
        if taken.get(column) == "target" or (column in taken and "weight" in (role, taken[column])):
            yield (
                (role,),
                Problem(f"the column {quoted(column)} is already the {taken[column]} column"),
            )
        taken.setdefault(column, role)
    if entry.split is not None and entry.split.column is not None:
        taken.setdefault(entry.split.column, "split")
    if entry.features is None:
        return
    if not entry.features:
        yield ("features",), Problem("the list of features is empty")
    for column in repeated(entry.features):
        yield ("features",), Problem(f"the feature {quoted(column)} stands twice")
    for i, column in enumerate(entry.features):
        if column in taken:
            yield (
                ("features", i),
                Problem(
                    f"the feature {quoted(column)} is the {taken[column]} column",
                    advice="A column with a role is not a feature of the model; remove it here.",
                ),
            )


def _splits(entry: DatasetEntry) -> Iterator[Placed]:
    held_out = entry.validation if isinstance(entry.validation, HeldOut) else None
    if held_out is not None:
        if entry.train is None:
            yield (
                ("validation",),
                Problem("validation is cut from train, and there is no train split"),
            )
        yield from _cut(entry, held_out.method, ("validation", "method"))
    rule = entry.split
    if rule is not None:
        yield from _rule(entry, rule)
    elif entry.test is None and (entry.validation is None or entry.train is None):
        yield (
            (),
            Problem(
                "there is no split to judge the model by",
                expected="`test:`, or `split: {test: 0.3}` to cut it from train",
                got=named(splits_of(entry)) + " only" if splits_of(entry) else "no split at all",
            ),
        )


def _rule(entry: DatasetEntry, rule: SplitRule) -> Iterator[Placed]:
    at = ("split",)
    if entry.test is not None:
        yield (
            at,
            Problem(
                "`split:` cuts the test split, and `test:` is given as well",
                advice="Keep one of the two.",
            ),
        )
    if entry.train is None:
        yield at, Problem("`split:` cuts the rows of train, and there is no `train:`")
    if (rule.test is None) == (rule.column is None):
        yield (
            at,
            Problem(
                "`split:` needs either `test:` (a fraction) or `column:`",
                expected="{test: 0.3, method: random} or {column: NAME}",
            ),
        )
    if rule.stratify and rule.method not in ("random", "stratified"):
        yield (
            (*at, "stratify"),
            Problem(
                f"rows cut by {rule.method} cannot be stratified as well",
                expected="method: random or stratified",
            ),
        )
    method = "stratified" if rule.stratify else rule.method
    yield from _cut(entry, method, (*at, "stratify" if rule.stratify else "method"))


def _cut(entry: DatasetEntry, method: str, path: KeyPath) -> Iterator[Placed]:
    if method in ("group", "time") and getattr(entry, method) is None:
        yield (
            path,
            Problem(
                f"rows are cut by {method}, and the data set has no {method} column",
                advice=f"Add `{method}: COLUMN` to the data set.",
            ),
        )
    if method == "stratified" and entry.mask is not None:
        yield (
            path,
            Problem(
                "sequences with a label a step cannot be stratified",
                expected="one of: random, group, time, tail",
                got="stratified",
            ),
        )
    if method == "stratified" and entry.task == "regression":
        yield (
            path,
            Problem(
                "a regression task has no classes to stratify by",
                expected="one of: random, group, time, tail",
                got="stratified",
            ),
        )
