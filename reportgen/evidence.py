"""The evidence of one audit: data, model, and predictions that are made once.

Every diagnostic reads a :class:`Case`. Nothing here judges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reportgen.errors import ModelError, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reportgen.data.table import Dataset, Split
    from reportgen.job.claims import Claim
    from reportgen.job.history import History
    from reportgen.job.schema import ModelEntry, Settings
    from reportgen.models.determinism import Determinism, Untold
    from reportgen.models.outputs import Predictions
    from reportgen.models.predictor import Output, Predictor
    from reportgen.models.preprocess import Preprocess

T = TypeVar("T")
#: Rows of which it is told what the numbers of another output mean.
PROBE_ROWS = 256


@dataclass(frozen=True)
class Case:
    """One model on one data set, as a diagnostic sees it.

    ``settings`` are those of the diagnostic that is looking; :meth:`view` makes such a case.
    ``members`` are retrainings that the job brings along; ``ensemble_size`` is how many members
    the standard seed ensemble has, 0 where it is off; ``folder`` is where Python that the job
    names is found. ``claims`` are the numbers that were reported, ``history`` that of the
    training, ``checkpoints`` the files of weights it saved. Memoised values are shared by all
    views.
    """

    name: str
    entry: ModelEntry
    dataset: Dataset
    predictor: Predictor
    preprocess: Preprocess
    seed: int
    diagnostic: str = ""
    settings: Settings | None = None
    members: tuple[Predictor, ...] = ()
    ensemble_size: int = 0
    folder: Path = Path()
    claims: tuple[Claim, ...] = ()
    history: History | None = None
    checkpoints: tuple[Path, ...] = ()
    _memory: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def view(self, diagnostic: str, settings: Settings | None) -> Case:
        """The same evidence for one diagnostic: its settings and its own random streams."""
        return replace(self, diagnostic=diagnostic, settings=settings)

    @property
    def task(self) -> str:
        return self.dataset.task

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    @property
    def output(self) -> Output:
        return self.predictor.output

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that can be judged: there is a target, and predictions can be had."""
        names = []
        for name, split in self.dataset.splits.items():
            stored_only = self.predictor.framework == "predictions"
            if split.y is None or (stored_only and self.predictor.predict_split(name) is None):
                continue
            names.append(name)
        return tuple(names)

    def split(self, name: str) -> Split:
        return self.dataset.splits[name]

    def memo(self, key: Any, compute: Callable[[], T]) -> T:
        """``compute()``, once an audit for each key, whoever asks first."""
        if key not in self._memory:
            self._memory[key] = compute()
        value: T = self._memory[key]
        return value

    def of_head(self, head: str) -> Case:
        """The evidence for another output of the same model: its target, its answers.

        Raises
        ------
        ModelError
            if the model has no such output.
        """
        if head == self.dataset.head:
            return self
        return self.memo(("head", head), lambda: self._of_head(head))

    def _of_head(self, head: str) -> Case:
        from reportgen.models.tables import take

        dataset = self.dataset.heads[head]
        predictor: Any = self.predictor
        other = predictor.of_head(head, dataset.task)
        # What the job says of the output and its decision, it says of the first.
        entry = self.entry.model_copy(update={"output": None, "decision": None})
        name = next(iter(dataset.splits))
        other.look_at(other.predict(take(self.inputs(name), 0, PROBE_ROWS)), entry)
        known = {k: v for k, v in self._memory.items() if k[0] == "inputs"}
        return replace(
            self, dataset=dataset, predictor=other, entry=entry, members=(), _memory=known
        )

    def rng(self, purpose: str) -> np.random.Generator:
        """A random stream of its own for (seed, model, diagnostic, purpose)."""
        import numpy as np

        words = "\0".join((str(self.seed), self.name, self.diagnostic, purpose))
        digest = hashlib.sha256(words.encode()).digest()
        return np.random.default_rng(int.from_bytes(digest, "big"))

    def inputs(self, name: str) -> Any:
        """What the model receives for a split, after preprocessing; n rows."""
        return self.memo(("inputs", name), lambda: self.preprocess(self.split(name).X))

    def predict(self, name: str) -> Predictions:
        """Predictions on a split; the model is asked once."""
        return self.memo(("predict", name), lambda: self.asked(self.predictor, name))

    def asked(self, predictor: Predictor, name: str) -> Predictions:
        """Another predictor's answers on a split, e.g. a member's, in the case's terms."""
        raw = predictor.predict_split(name)
        if raw is None:
            raw = predictor.predict(self.inputs(name))
        return self.interpreted(raw, name)

    def interpreted(self, raw: np.ndarray, name: str) -> Predictions:
        """Raw outputs on a split, as a model of this recipe gives them, in the case's terms.

        Raises
        ------
        ModelError
            if there is not one for each row, or a number is not finite.
        """
        from reportgen.models.outputs import interpret

        split = self.split(name)
        raw = self.a_row(raw, name)
        if len(raw) != split.n:
            raise ModelError(
                Problem(
                    f"the model gave {len(raw)} predictions for the {split.n} rows of {name}",
                    advice="A model must give one prediction a row.",
                )
            )
        return interpret(raw, self.output, self.dataset, self.entry.decision, split_name=name)

    def of_all_rows(self, name: str) -> tuple[np.ndarray, Predictions]:
        """Target and answers of all rows of a split that is held in part, read in batches.

        Raises
        ------
        ModelError
            if even these are larger than memory, or there are none of rows that are not held.
        """
        return self.memo(("of all rows", name), lambda: self._of_all_rows(name))

    def _of_all_rows(self, name: str) -> tuple[np.ndarray, Predictions]:
        import numpy as np

        from reportgen.models.outputs import interpret

        whole = self.split(name).whole
        assert whole is not None
        if 8 * whole.n * (4 + 2 * len(self.classes)) > whole.room:
            raise ModelError(
                Problem(
                    f"even the answers to the {whole.n:,} rows of {name} are larger than memory"
                )
            )
        stored = getattr(self.predictor, "of_all_rows", None)
        parts, truth = [], []
        for X, y in whole.batches():
            if y is None:
                raise ModelError(Problem(f"the target of all rows of {name} is not read in parts"))
            truth.append(y)
            if stored is None:
                parts.append(self.predictor.predict(self.preprocess(X)))
        raw = np.concatenate(parts) if stored is None else stored(name)
        y = np.concatenate(truth)
        unknown = int(np.count_nonzero(np.asarray(y, dtype=np.float64) < 0)) if self.classes else 0
        if unknown:
            raise ModelError(
                Problem(f"{unknown:,} of all rows of {name} have a label that is no class")
            )
        if raw is None or len(raw) != len(y):
            raise ModelError(Problem(f"there is not one answer to each of the rows of {name}"))
        what = f"all rows of {name}"
        return y, interpret(raw, self.output, self.dataset, self.entry.decision, split_name=what)

    def predict_rows(
        self, rows: Any, what: str, kept: NDArray[np.bool_] | None = None
    ) -> Predictions:
        """The model's answers to rows that stand in no split, before preprocessing.

        Not memoised; what the predictor has counted for the report stays as it was.

        Parameters
        ----------
        rows : of the kind of ``Split.X``, n of them.
        what : they are, for messages ("changed rows of test").
        kept : where labels stand step by step, the steps that count, (n, T): one answer each.

        Raises
        ------
        ModelError
            as :meth:`interpreted`.
        """
        from reportgen.models.outputs import interpret
        from reportgen.models.tables import n_rows

        feeder = getattr(self.predictor, "feeder", None)
        counted = None if feeder is None else feeder.missing_rows
        raw = self.predictor.predict(self.preprocess(rows))
        if feeder is not None:
            feeder.missing_rows = counted
        if len(raw) != n_rows(rows):
            raise ModelError(
                Problem(f"the model gave {len(raw)} predictions for {n_rows(rows)} {what}")
            )
        if kept is not None:
            from reportgen.data.steps import Steps

            raw = Steps(kept, kept).rows(raw, split_name=what)
        return interpret(raw, self.output, self.dataset, self.entry.decision, split_name=what)

    def a_row(self, raw: np.ndarray, name: str) -> np.ndarray:
        """Raw outputs on a split, one a row: where labels stand step by step, those that count.

        Raises
        ------
        ModelError
            if they are not one a step.
        """
        steps = self.split(name).steps
        return raw if steps is None else steps.rows(raw, split_name=name)

    def determinism(self) -> Determinism | Untold:
        """Whether the same seed gives the same model, in TensorFlow; else why that is not told.

        Compared are initial weights, the first batch, and the weights after its step; see
        :mod:`reportgen.models.determinism`.
        """
        from reportgen.models import determinism

        return self.memo(
            "determinism",
            lambda: determinism.measure(
                self.predictor, self.entry, self.dataset, self.preprocess, self.seed, self.folder
            ),
        )

    def positive_scores(self, name: str) -> np.ndarray | None:
        """Binary tasks: P(positive class), shape (n,); None when there are no scores."""
        scores = self.predict(name).scores
        if scores is None or self.dataset.positive is None:
            return None
        return scores if self.dataset.positive == 1 else 1.0 - scores


def settings_of(case: Case, kind: type[T]) -> T:
    """The case's settings, typed."""
    if not isinstance(case.settings, kind):
        raise TypeError(f"{case.diagnostic} expects {kind.__name__}, got {case.settings!r}")
    return case.settings
