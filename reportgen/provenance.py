"""What was audited, with what: hashes, versions, and the job as read."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.job.inputs import not_a_file
from reportgen.job.python_names import source_file
from reportgen.results import Provenance

if TYPE_CHECKING:
    from reportgen.job.schema import DatasetEntry, Job, ModelEntry

_ALWAYS = ("reportgen", "numpy", "polars", "scikit-learn", "matplotlib", "weasyprint")
_FRAMEWORKS = {
    "keras": ("keras", "tensorflow"),
    "tf_keras": ("tf_keras", "tensorflow"),
    "savedmodel": ("keras", "tensorflow"),
    "python": ("keras", "tensorflow"),
}


def versions(framework: str | None = None) -> dict[str, str]:
    """Installed versions of what takes part in an audit, by distribution name."""
    found = {"python": platform.python_version()}
    for name in (*_ALWAYS, *_FRAMEWORKS.get(framework or "", ())):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # e.g. run from a checkout that is not installed
            continue
    return found


def sha256_of(path: Path) -> str | None:
    """Of a file's bytes, or of a folder's relative names and bytes; None if it cannot be read."""
    digest = hashlib.sha256()
    try:
        if path.is_dir():
            for part in sorted(p for p in path.rglob("*") if p.is_file()):
                digest.update(part.relative_to(path).as_posix().encode() + b"\0")
                digest.update((sha256_of(part) or "").encode())
        elif not_a_file(path) is not None:  # a pipe would be waited for
            return None
        else:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except (OSError, ValueError):
        return None
    return digest.hexdigest()


def provenance(
    job: Job, name: str, *, framework: str | None = None, data_sha256: dict[str, str] | None = None
) -> Provenance:
    """Everything an auditor needs a year later to repeat this."""
    entry = job.models[name]
    dataset = job.datasets.get(entry.dataset)
    files = _files(entry, dataset)
    model_file = files.get("model")
    return Provenance(
        model_sha256=sha256_of(job.locate(model_file)) if model_file else None,
        data_sha256=data_sha256 or {},
        versions=versions(framework),
        job_sha256=job.sha256,
        files=files,
        hardware=f"{os.cpu_count()} cores, {platform.machine()}",
        seed=job.seed,
        command=f"reportgen run {job.file.name} --only {shlex.quote(name)}",
        job=job.parts.get(name, ""),
    )


def input_files(job: Job, name: str) -> dict[str, Path]:
    """Every file or folder that a model's audit reads, by role, absolute."""
    entry = job.models[name]
    found = _files(entry, job.datasets.get(entry.dataset))
    return {role: job.locate(path) for role, path in found.items()}


def fingerprint(job: Job, name: str) -> str:
    """Changes when anything that this model's audit reads may have changed.

    Files count by path, size and time of change: cheap enough to ask for a hundred models.
    """
    digest = hashlib.sha256(f"{job.sha256}\0{name}\0{versions()}".encode())
    for role, path in sorted((input_files(job, name) | _code(job, name)).items()):
        parts = sorted(path.rglob("*")) if path.is_dir() else [path]
        for part in parts:
            try:
                facts = part.stat()
                stamp = f"{facts.st_size}:{facts.st_mtime_ns}"
            except (OSError, ValueError):
                stamp = "missing"
            digest.update(f"{role}\0{part}\0{stamp}\0".encode())
    return digest.hexdigest()


def _code(job: Job, name: str) -> dict[str, Path]:
    """Python of the job's folder, where the audit runs any: it may import its neighbours."""
    entry = job.models[name]
    dataset = job.datasets.get(entry.dataset)
    splits = [getattr(dataset, split, None) for split in ("train", "validation", "test")]
    named = [getattr(part, "python", None) for part in (entry.model, *entry.preprocess, *splits)]
    named += getattr(entry.model, "custom_objects", ())
    folder = job.file.parent
    found = {source_file(python, folder) for python in named if python is not None}
    if not found - {None}:
        return {}
    found |= set(folder.glob("*.py"))
    return {f"code {path}": path for path in found if path is not None}


def _files(entry: ModelEntry, dataset: DatasetEntry | None) -> dict[str, str]:
    files: dict[str, str] = {}
    model = entry.model
    for key in ("keras", "savedmodel", "sklearn", "weights"):
        path = getattr(model, key, None)
        if path:
            files["model"] = path
    for split, path in getattr(model, "predictions", {}).items():
        files[f"predictions {split}"] = path
    for number, step in enumerate(entry.preprocess, 1):
        if path := getattr(step, "sklearn", None):
            role = f"preprocessing {number}" if len(entry.preprocess) > 1 else "preprocessing"
            files[role] = path
    for split in ("train", "validation", "test"):
        source = getattr(dataset, split, None)
        path = getattr(source, "path", None) or getattr(source, "images", None)
        if path:
            files[split] = path
    for number, claim in enumerate(entry.reported, 1):
        path = getattr(claim, "classification_report", None) or getattr(claim, "keras_log", None)
        if path:
            files[f"reported {number}"] = path
    return files
