"""What a job's parts say of each other, beyond their types. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reportgen.errors import Problem
from reportgen.job.keypath import KeyPath, Placed, meant, named, quoted
from reportgen.job.rules import dataset as dataset_rules
from reportgen.job.rules import model as model_rules
from reportgen.job.rules import reported as reported_rules
from reportgen.job.schema import DatasetEntry, ModelEntry


def problems(
    datasets: Mapping[str, DatasetEntry],
    models: Mapping[str, ModelEntry],
    dataset_names: Sequence[str],
) -> Iterator[Placed]:
    """Contradictions within and between the entries that are right by themselves.

    ``dataset_names`` are all names that the file has, those of faulty entries included.
    """
    for name, dataset in datasets.items():
        for path, problem in dataset_rules.problems(dataset):
            yield ("datasets", name, *path), problem
    for name, model in models.items():
        at: KeyPath = ("models", name)
        if model.dataset not in dataset_names:
            yield (
                (*at, "dataset"),
                Problem(
                    f"there is no data set {quoted(model.dataset)}",
                    expected=f"one of: {named(dataset_names)}" if dataset_names else None,
                    advice=meant(model.dataset, dataset_names),
                ),
            )
        for path, problem in model_rules.alone(model):
            yield (*at, *path), problem
        if model.dataset in datasets:
            for path, problem in model_rules.problems(model, datasets[model.dataset]):
                yield (*at, *path), problem
            for path, problem in reported_rules.problems(model, datasets[model.dataset]):
                yield (*at, *path), problem
