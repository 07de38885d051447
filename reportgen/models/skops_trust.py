"""Which types a .skops file may name without the job's trust."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError, Problem
from reportgen.models.keras_config import MAX_DESCRIPTION

#: Parts of fitted estimators that lie outside scikit-learn and numpy.
_ORDINARY = frozenset(
    {
        "scipy.interpolate._bsplines.BSpline",
        "scipy.interpolate._interpolate.interp1d",
        "scipy.sparse._csr.csr_matrix",
        "scipy.sparse._csc.csc_matrix",
        "scipy.sparse._csr.csr_array",
        "scipy.sparse._csc.csc_array",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "sklearn.externals.array_api_compat.numpy._aliases.asarray",
        "numpy.dtype",
        "numpy.ndarray",
        "numpy.ma.MaskedArray",
        "collections.OrderedDict",
        "collections.defaultdict",
    }
)
_SCORE_FUNCTIONS = frozenset(
    f"sklearn.feature_selection.{name}"
    for name in (
        "_univariate_selection.f_classif", "_univariate_selection.f_regression",
        "_univariate_selection.chi2", "_univariate_selection.f_oneway",
        "_univariate_selection.r_regression", "_mutual_info.mutual_info_classif",
        "_mutual_info.mutual_info_regression",
    )
)  # fmt: skip
_CLOSED = ("sklearn.datasets", "sklearn.tests", "sklearn.utils._testing", "sklearn.conftest")


def load(path: Path, *, trusted: bool) -> Any:
    """The object in a .skops file.

    Parameters
    ----------
    trusted : whether the job trusts the file with whatever types it names.

    Raises
    ------
    ModelError
        naming the types that are neither scikit-learn's, numpy's nor ordinary parts of them.
    """
    import skops.io

    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("schema.json").file_size
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise _damaged(path, error) from error
    if size > MAX_DESCRIPTION:
        raise _damaged(path, ValueError(f"schema.json unpacks to {size:,} bytes"))
    try:
        named = list(skops.io.get_untrusted_types(file=path))
    except Exception as error:
        raise _damaged(path, error) from error
    refused = [name for name in named if not is_ordinary(name)]
    if refused and not trusted:
        raise ModelError(
            Problem(
                f"the file names types that are not trusted: {', '.join(refused[:8])}",
                file=str(path),
                expected="nothing but scikit-learn, numpy and their ordinary parts",
                advice="If you know who made the file, write `trusted: true` beside it.",
            )
        )
    try:
        return skops.io.load(path, trusted=named)
    except Exception as error:
        raise _damaged(path, error) from error


def is_ordinary(name: str) -> bool:
    """Whether a type is a class of scikit-learn or numpy, or a known part of a fitted estimator.

    Functions are not, but for scikit-learn's scoring functions: some of them run commands, write
    files or fetch from the network.
    """
    if name in _ORDINARY or name in _SCORE_FUNCTIONS:
        return True
    module, _, attribute = name.rpartition(".")
    if module.startswith(_CLOSED) or ".tests" in module:
        return False
    if module.partition(".")[0] == "sklearn":
        found = _class(module, attribute)
        return found is not None and found.__module__.partition(".")[0] == "sklearn"
    if module == "numpy" or module.startswith("numpy.random"):
        import numpy as np

        found = _class(module, attribute)
        if found is None:
            return False
        generators = (np.random.BitGenerator, np.random.Generator, np.random.RandomState)
        return issubclass(found, (np.generic, *generators))
    return False


def _class(module: str, attribute: str) -> type | None:
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None


def _damaged(path: Path, error: Exception) -> ModelError:
    said = (str(error).splitlines() or [type(error).__name__])[0][:300]
    return ModelError(
        Problem(
            f"skops cannot load the file: {said}",
            file=str(path),
            advice="Was it saved by another version of scikit-learn, or cut short?",
        )
    )
