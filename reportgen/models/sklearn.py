"""scikit-learn objects: loaded with care, fed as they were fitted, asked in the classes' order."""

from __future__ import annotations

import re
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models import headers, skops_trust
from reportgen.models.inference import checked, declared
from reportgen.models.predictor import Framework, Output
from reportgen.models.tables import chunks, concatenate, float_array, named_table, texts

if TYPE_CHECKING:
    from reportgen.data.table import Dataset
    from reportgen.job.schema import ModelEntry

_FILE_VERSION = re.compile(rb"_sklearn_version\x94?.{0,6}?(\d+\.\d+[\w.]*)", re.DOTALL)
#: Rows asked at a time: bounds the memory of kernels and neighbours.
PREDICT_ROWS = 65_536


def load_object(path: Path, *, trusted: bool) -> tuple[Any, tuple[str, ...]]:
    """A scikit-learn object from a .skops file or a trusted pickle, and notes for the report.

    Raises
    ------
    ModelError
        if the file is damaged or not trusted, or was made by a version that this one cannot read.
    """
    kind = headers.require_kind(path, "skops", "pickle", "compressed-pickle")
    if kind != "skops":
        headers.require_trust(path, kind, trusted)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        from_skops = kind == "skops"
        loaded = skops_trust.load(path, trusted=trusted) if from_skops else _unpickle(path)
    return loaded, _version_notes(caught)


def _unpickle(path: Path) -> Any:
    import joblib

    # joblib first: on a joblib file plain pickle can return one of its arrays without an error.
    try:
        return joblib.load(path)
    except Exception as first:
        import pickle

        try:
            with path.open("rb") as stream:
                return pickle.load(stream)
        except Exception:
            raise _unpickling(path, first) from first


def _unpickling(path: Path, error: Exception) -> ModelError:
    import sklearn

    written = _version_in(path)
    versions = f"written by scikit-learn {written or 'unknown'}, read by {sklearn.__version__}"
    said = (str(error).splitlines() or [""])[0][:300] or type(error).__name__
    if "_RemainderColsList" in said:
        return ModelError(
            Problem(
                f"the ColumnTransformer in the file was pickled by scikit-learn "
                f"{written or 'another version'}, and scikit-learn {sklearn.__version__} cannot "
                "read it (_RemainderColsList is gone)",
                file=str(path),
                got=versions,
                advice=f"Load it with scikit-learn {written or 'the version that wrote it'} and "
                "save it with skops, or fit it again.",
            )
        )
    missing = isinstance(error, (ModuleNotFoundError, AttributeError))
    return ModelError(
        Problem(
            f"the pickle cannot be loaded: {type(error).__name__}: {said}",
            file=str(path),
            got=versions if written else None,
            advice="It needs a class or module that is not here: install it, or save the model "
            "with skops."
            if missing
            else "Was it cut short? Save the model again.",
        )
    )


def _version_in(path: Path) -> str | None:
    """The scikit-learn version written in a pickle, found without unpickling."""
    raw = path.read_bytes()
    try:
        raw = zlib.decompress(raw, wbits=47) if raw[:1] in b"\x78\x1f" else raw
    except zlib.error:
        return None
    match = _FILE_VERSION.search(raw)
    return match[1].decode("ascii", "replace") if match else None


def _version_notes(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for warning in caught:
        original = getattr(warning.message, "original_sklearn_version", None)
        if original is not None:
            now = getattr(warning.message, "current_sklearn_version", "this version")
            found[f"saved by scikit-learn {original}, loaded by {now}"] = None
    return tuple(found)


class SklearnPredictor:
    """An estimator behind the :class:`~reportgen.models.predictor.Predictor` protocol.

    ``predict_proba`` is asked before ``decision_function``, and that before ``predict``. Columns
    come in the order of the data set's classes.

    Raises
    ------
    ModelError
        if the object cannot predict, is not fitted, or knows other classes.
    """

    def __init__(self, model: Any, dataset: Dataset, notes: tuple[str, ...] = ()) -> None:
        self.framework: Framework = "sklearn"
        self.model = model
        self._dataset = dataset
        self._notes: dict[str, None] = dict.fromkeys(notes)
        self._method = _method(model, dataset.task)
        self._order = self._class_order()
        self.n_weights: int | None = _count(model)
        self.output: Output = _output(self._method, dataset.task)
        self.description = _describe(model, self.n_weights)

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts for the report."""
        return tuple(self._notes)

    def look_at(self, probe: np.ndarray, entry: ModelEntry) -> None:
        """Settles what the output means, given raw outputs for some rows."""
        self.output = checked(declared(entry, self.output), probe, self._dataset.task)

    def predict(self, inputs: Any) -> np.ndarray:
        """Raw outputs: probabilities or margins (n, K) or (n,), labels or values (n,).

        Raises
        ------
        ModelError
            if the inputs do not fit the estimator, or it raises.
        """
        parts = []
        for _, rows in chunks(inputs, PREDICT_ROWS):
            fed = feed(self.model, rows, who="the model")
            try:
                answer = getattr(self.model, self._method)(fed)
            except Exception as error:
                raise _failed(self.model, error) from error
            parts.append(self._in_order(answer))
        result: np.ndarray = concatenate(parts)
        return result

    def predict_split(self, name: str) -> np.ndarray | None:
        """None: an estimator computes."""
        return None

    def _in_order(self, answer: Any) -> np.ndarray:
        if isinstance(answer, list):  # multilabel forests and neighbours: one (n, 2) array a label
            return np.column_stack(
                [
                    _positive_column(np.asarray(part), _nth_classes(self.model, index))
                    for index, part in enumerate(answer)
                ]
            )
        if hasattr(answer, "toarray"):
            answer = answer.toarray()
        array = np.asarray(answer)
        if self._order is None or self._method == "predict":
            return array
        margin = array.ndim == 1 or (array.shape[1] == 1 and len(self._order) == 2)
        if margin:  # one column speaks for the estimator's second class
            array = array.reshape(-1)
            if len(self._dataset.classes) == 2:
                return -array if self._order[1] == 0 else array
            array = np.column_stack([np.zeros_like(array), array])
        if array.shape[1] != len(self._order):
            return array
        unseen = 0.0 if self._method == "predict_proba" else float(array.min(initial=0.0)) - 50.0
        wide = np.full((len(array), len(self._dataset.classes)), unseen, dtype=array.dtype)
        wide[:, self._order] = array
        return wide

    def _class_order(self) -> np.ndarray | None:
        """Code of each of the estimator's classes in the data set; None if there is none."""
        dataset = self._dataset
        if dataset.task not in ("binary", "multiclass"):
            return None
        known = getattr(self.model, "classes_", None)
        if known is None or isinstance(known, list):
            return None
        from reportgen.data.labels import encode, label_text

        codes = encode(np.asarray(known), dataset.classes)
        labels = [str(t) for t in label_text(np.asarray(known))]
        if (codes < 0).any():
            k = len(dataset.classes)
            if labels == [str(i) for i in range(k)]:
                self._notes[
                    "the estimator's classes are numbers, taken as positions in the list of "
                    f"classes ({', '.join(dataset.classes[:8])})"
                ] = None
                return np.arange(k)
            strange = [label for label, code in zip(labels, codes, strict=True) if code < 0]
            raise ModelError(
                Problem(
                    f"the model knows classes that the data set does not have: "
                    f"{', '.join(strange[:8])}",
                    expected=", ".join(dataset.classes[:12]),
                    got=", ".join(labels[:12]),
                    advice="Name the classes as the model has them under `classes:`.",
                )
            )
        unknown = [c for i, c in enumerate(dataset.classes) if i not in set(codes.tolist())]
        if unknown:
            self._notes[
                f"the model has never seen the {'class' if len(unknown) == 1 else 'classes'} "
                f"{', '.join(unknown[:8])}: probability 0"
            ] = None
        return codes


def feed(model: Any, rows: Any, *, who: str) -> Any:
    """Rows as a scikit-learn object wants them.

    An object fitted with column names gets a pandas table with those names in that order, one
    that starts with a text vectorizer a one-dimensional array of strings, any other a float array.

    Raises
    ------
    ModelError
        naming the columns that are missing or are no numbers.
    """
    if takes_texts(model):
        return texts(rows, who=who)
    names = getattr(model, "feature_names_in_", None)
    if names is None and hasattr(model, "steps"):
        names = getattr(model.steps[0][1], "feature_names_in_", None)
    if names is not None:
        return named_table(rows, [str(n) for n in names], who=who)
    if hasattr(rows, "tocsr"):
        return rows
    if not _is_sklearn(model) and hasattr(rows, "iloc"):
        return rows
    array = float_array(rows, who=who)
    return array.reshape(len(array), -1) if array.ndim != 2 else array


def takes_texts(model: Any) -> bool:
    """Whether the first step of a (nested) pipeline turns texts into numbers."""
    while hasattr(model, "steps") and model.steps:
        model = model.steps[0][1]
    if hasattr(model, "transformer_list") and model.transformer_list:
        return takes_texts(model.transformer_list[0][1])
    best = getattr(model, "best_estimator_", None)
    if best is not None:
        return takes_texts(best)
    return hasattr(model, "build_analyzer") and hasattr(model, "transform")


def is_fitted(model: Any) -> bool:
    """Whether an estimator has been fitted, as scikit-learn tells it."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except (TypeError, AttributeError):  # no estimator of scikit-learn's: nothing to be told
        return True
    return True


def _is_sklearn(model: Any) -> bool:
    return type(model).__module__.partition(".")[0] == "sklearn"


def _method(model: Any, task: str) -> str:
    wanted = ("predict",) if task == "regression" else (
        "predict_proba", "decision_function", "predict",
    )  # fmt: skip
    for name in wanted:
        try:
            found = getattr(model, name, None)
        except Exception:
            found = None
        if not callable(found):
            continue
        if name == "decision_function" and _one_against_one(model, task):
            continue
        return name
    raise ModelError(
        Problem(
            f"a {type(model).__name__} cannot predict",
            expected="an estimator with predict, decision_function or predict_proba",
            advice="If it only transforms, name it under `preprocess:`."
            if hasattr(model, "transform")
            else None,
        )
    )


def _one_against_one(model: Any, task: str) -> bool:
    """Margins of pairs of classes have K(K−1)/2 columns, not one a class."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return task == "multiclass" and getattr(last, "decision_function_shape", "ovr") == "ovo"


def _output(method: str, task: str) -> Output:
    if method == "predict":
        return Output("value" if task == "regression" else "label", "predict")
    if method == "predict_proba":
        return Output("probability", "predict_proba")
    return Output(
        "logit", "decision_function", "margins are put through the logistic function, uncalibrated"
    )


def _nth_classes(model: Any, index: int) -> Any:
    known = getattr(model, "classes_", None)
    return known[index] if isinstance(known, list) and index < len(known) else None


def _positive_column(part: np.ndarray, classes: Any) -> np.ndarray:
    """P(label present) of one label of a multilabel estimator, shape (n,)."""
    if part.ndim == 1:
        return part
    if part.shape[1] == 2:
        column: np.ndarray = part[:, 1]
        return column
    only = None if classes is None else float(np.asarray(classes).ravel()[0])
    return np.zeros(len(part)) if only == 0 else np.ones(len(part))


def _count(model: Any) -> int | None:
    last = model.steps[-1][1] if hasattr(model, "steps") and model.steps else model
    if hasattr(last, "coefs_"):
        return int(sum(np.size(w) for w in (*last.coefs_, *last.intercepts_)))
    coefficients = _attribute(last, "coef_")
    if coefficients is None or not hasattr(coefficients, "shape"):
        return None
    return int(np.prod(coefficients.shape) + np.size(_attribute(last, "intercept_")))


def _attribute(model: Any, name: str) -> Any:
    try:
        return getattr(model, name, None)
    except (AttributeError, ValueError):
        return None


def _describe(model: Any, n_weights: int | None) -> str:
    steps = getattr(model, "steps", None)
    inputs = _attribute(model, "n_features_in_")
    parts = (
        f"scikit-learn pipeline ({', '.join(type(s).__name__ for _, s in steps)})"
        if steps
        else f"{'scikit-learn ' if _is_sklearn(model) else ''}{type(model).__name__}"
    )
    if inputs is not None:
        parts += f", {int(inputs):,} {'input' if inputs == 1 else 'inputs'}"
    if n_weights is not None:
        parts += f", {n_weights:,} {'weight' if n_weights == 1 else 'weights'}"
    return parts + "."


def _failed(model: Any, error: Exception) -> ModelError:
    if isinstance(error, ModelError):
        return error
    said = (str(error).splitlines() or [""])[0][:300]
    return ModelError(
        Problem(
            f"{type(model).__name__} failed on the data: {type(error).__name__}: {said}",
            advice="Compare the columns it was fitted on with the data set's `features:`, and "
            "name its preprocessing.",
        )
    )
