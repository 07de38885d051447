"""What a model's entry must say, and must not, given its data set."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.errors import Problem
from reportgen.job.keypath import KeyPath, Placed, meant, named, quoted
from reportgen.job.rules.dataset import splits_of
from reportgen.job.schema import (
    DatasetEntry,
    HeldOut,
    KerasModel,
    ModelEntry,
    PredictionsModel,
    PythonModel,
    SklearnModel,
    SklearnStep,
    StandardizeStep,
)


def alone(entry: ModelEntry) -> Iterator[Placed]:
    """What is wrong with a model's entry whatever its data set is."""
    model = entry.model
    if isinstance(model, SklearnModel):
        yield from _pickle(model.sklearn, model.trusted, ("model", "sklearn"))
    for i, step in enumerate(entry.preprocess):
        if isinstance(step, SklearnStep):
            yield from _pickle(step.sklearn, step.trusted, ("preprocess", i, "sklearn"))
    if isinstance(model, PredictionsModel) and entry.preprocess:
        yield (
            ("preprocess",),
            Problem(
                "predictions are made already: there is nothing to preprocess for",
                advice="Remove `preprocess:`.",
            ),
        )


def _pickle(file: str, trusted: bool, path: KeyPath) -> Iterator[Placed]:
    if not trusted and not file.lower().endswith(".skops"):
        yield (
            path,
            Problem(
                "a pickle may run any code when it is loaded, and is not marked as trusted",
                expected=f"{{sklearn: {file}, trusted: true}}, or a .skops file",
                got=quoted(file),
                advice="Add `trusted: true` if you know who wrote the file.",
            ),
        )


def problems(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    """Contradictions between a model's entry and its data set's."""
    splits = splits_of(dataset)
    if isinstance(entry.model, PredictionsModel):
        for split in entry.model.predictions:
            if split not in splits:
                yield (
                    ("model", "predictions", split),
                    Problem(
                        f"the data set {quoted(entry.dataset)} has no {split} split",
                        expected=f"one of: {named(splits)}",
                    ),
                )
    for i, step in enumerate(entry.preprocess):
        if isinstance(step, StandardizeStep) and dataset.train is None:
            yield (
                ("preprocess", i, "standardize"),
                Problem("standardising by train needs a train split, and there is none"),
            )
    yield from _step_by_step(entry, dataset)
    yield from _several_outputs(entry, dataset)
    yield from _networks_alone(entry)
    yield from _output(entry, dataset)
    yield from _decision(entry, dataset)
    yield from _training(entry, dataset)


def _step_by_step(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    """Models that give one answer a row, for labels that stand step by step."""
    if dataset.mask is None or not isinstance(entry.model, (SklearnModel, PredictionsModel)):
        return
    what = "predictions" if isinstance(entry.model, PredictionsModel) else "sklearn"
    yield (
        ("model", what),
        Problem(
            f"the data set {quoted(entry.dataset)} has labels step by step (`mask:`)",
            expected="a network: {keras: FILE}, {savedmodel: DIR} or {python: pkg.mod:build}",
        ),
    )


def _several_outputs(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    """Models that have one output, for a data set with a target for each of several."""
    if not dataset.heads or isinstance(entry.model, (KerasModel, PythonModel)):
        return
    kind = next(iter(type(entry.model).model_fields))
    yield (
        ("model", kind),
        Problem(
            f"the data set {quoted(entry.dataset)} has a target an output (`targets:`)",
            expected="a network: {keras: FILE} or {python: pkg.mod:build}",
            advice="Give this model a data set with `target:`.",
        ),
    )


def _networks_alone(entry: ModelEntry) -> Iterator[Placed]:
    """Keys that speak of a network's training, for models that are none."""
    if isinstance(entry.model, (KerasModel, PythonModel)):
        return
    if entry.checkpoints:
        yield (
            ("checkpoints",),
            Problem(
                "only a Keras model has checkpoints",
                expected="model: {keras: FILE}, or {python: pkg.mod:build}",
                advice="Remove `checkpoints:`.",
            ),
        )


def _output(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    if entry.output is None:
        return
    regression = dataset.task == "regression"
    if regression != (entry.output == "value"):
        yield (
            ("output",),
            Problem(
                f"a {dataset.task} task's output is no {entry.output}",
                expected="value" if regression else "one of: probability, logit, label",
                got=entry.output,
            ),
        )


def _decision(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    decision, task, at = entry.decision, dataset.task, ("decision",)
    if decision is None:
        return
    if task == "regression":
        yield at, Problem("regression has no decision", advice="Remove `decision:`.")
        return
    if entry.output == "label":
        yield at, Problem("labels are decided already", advice="Remove `decision:`.")
    if decision.argmax and decision.threshold is not None:
        yield at, Problem("`argmax` and `threshold` exclude each other", advice="Keep one.")
    if decision.argmax and task == "multilabel":
        yield (
            (*at, "argmax"),
            Problem("a multilabel row may have several labels, and argmax gives one"),
        )
    if decision.otherwise is not None and decision.threshold is None:
        yield (
            (*at, "otherwise"),
            Problem("`otherwise` is for rows under a `threshold`, and there is none"),
        )
    if decision.otherwise is not None and task == "multilabel":
        yield (
            (*at, "otherwise"),
            Problem("a multilabel row without a label needs no `otherwise`"),
        )
    if decision.threshold is not None and task == "multiclass" and decision.otherwise is None:
        yield (
            (*at, "threshold"),
            Problem(
                "a threshold of a multiclass task must say what rows under it are given",
                expected="{threshold: 0.8, otherwise: LABEL}",
            ),
        )


def _training(entry: ModelEntry, dataset: DatasetEntry) -> Iterator[Placed]:
    training, at = entry.training, ("training",)
    if training is None:
        return
    if dataset.train is None:
        yield at, Problem("there is no train split to train on", advice="Add `train:` to the data.")
    if training.include_validation and not isinstance(dataset.validation, HeldOut):
        yield (
            (*at, "include_validation"),
            Problem(
                "only a validation split that is cut from train can be included",
                expected="validation: {from: train, …} in the data set",
            ),
        )
    stopping = training.early_stopping
    watched = stopping.monitor if stopping is not None else ""
    if watched.startswith("val_") and "validation" not in splits_of(dataset):
        yield (
            (*at, "early_stopping", "monitor"),
            Problem(f"{quoted(watched)} needs a validation split, and there is none"),
        )
    if training.class_weight is None:
        return
    if dataset.task in ("regression", "multilabel"):
        yield (
            (*at, "class_weight"),
            Problem(f"a {dataset.task} task has no classes to weight"),
        )
    elif isinstance(training.class_weight, dict) and dataset.classes is not None:
        known = {*dataset.classes, *(str(i) for i in range(len(dataset.classes)))}
        for label in training.class_weight:
            if label not in known:
                yield (
                    (*at, "class_weight", label),
                    Problem(
                        f"{quoted(label)} is not one of the classes",
                        expected=f"one of: {named(dataset.classes)}",
                        advice=meant(label, dataset.classes),
                    ),
                )
