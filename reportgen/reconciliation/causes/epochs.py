"""Causes that a history of the training tells: other epochs, and means over one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reportgen.errors import DataError
from reportgen.job import keras_log
from reportgen.job.claims import Claim
from reportgen.job.history import Epoch, History
from reportgen.job.printed import Printed
from reportgen.reconciliation import digits
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, declared, instead, prints


def _value(claim: Claim, epoch: Epoch, task: str) -> Printed | None:
    """A claim's number in a row of the history."""
    for name, value in epoch.values.items():
        validation = name.startswith("val_")
        if validation != (claim.split == "validation") or value is None:
            continue
        base = name.removeprefix("val_")
        if claim.output is not None and claim.called is None:
            if not base.startswith(f"{claim.output}_"):
                continue
            base = base.removeprefix(f"{claim.output}_")
        if claim.called is not None and claim.called.removeprefix("val_") == base:
            return value
        metric, k = keras_log.metric_of(base, task)
        if metric == claim.metric and k == claim.k and claim.called is None:
            return value
    return None


def _row(
    evidence: Evidence, evaluation: Evaluation, epoch: Epoch, **parameters: object
) -> Candidate | None:
    """The evaluation as a row of the history has it; None where it has none of its numbers."""
    if evaluation.split not in ("train", "validation"):
        return None
    found = {c: _value(c, epoch, evidence.task) for c in evaluation.claims}
    known = {c: float(v) for c, v in found.items() if v is not None}
    if not known:
        return None
    return instead(evidence, evaluation, known, epoch=epoch.number, **parameters)


def _delivered(evidence: Evidence, evaluation: Evaluation, history: History) -> set[int]:
    """Epochs whose numbers the delivered model gives."""
    found = set()
    for epoch in history.epochs:
        pairs = [
            (declared(evidence, c), _value(c, epoch, evidence.task)) for c in evaluation.claims
        ]
        known = [(v, p) for v, p in pairs if v is not None and p is not None]
        if known and all(_about(v, p) for v, p in known):
            found.add(epoch.number)
    return found


def _about(value: float, printed: Printed) -> bool:
    """Equal to the printed digits, or to what float32 leaves of many."""
    return digits.prints_same(value, printed) or abs(value - float(printed)) <= 2e-6 * abs(value)


def _kept(evidence: Evidence, history: History) -> int:
    try:
        return history.kept(evidence.stopping).number
    except DataError:
        return history.epochs[-1].number


def _running(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Train's row of the delivered epoch: means over it, while the weights moved."""
    history = evidence.history
    if history is None or evaluation.split != "train":
        return
    kept = _kept(evidence, history)
    for epoch in history.epochs:
        if epoch.number == kept:
            candidate = _row(evidence, evaluation, epoch)
            if candidate is not None:
                yield candidate


def _other(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    history = evidence.history
    if history is None or len(history.epochs) < 2:
        return
    own = _delivered(evidence, evaluation, history)
    if evaluation.split == "train":
        own |= {_kept(evidence, history)}
    last, best = history.epochs[-1].number, _best(history)
    found = []
    for epoch in history.epochs:
        if epoch.number in own:
            continue
        candidate = _row(evidence, evaluation, epoch)
        if candidate is None:
            continue
        named = epoch.number in (last, best)
        which = {last: "last", best: "best by val_loss"}.get(epoch.number)
        extra = {} if which is None else {"which": which}
        found.append(
            replace(
                candidate,
                parameters={**candidate.parameters, **extra},
                tried=1 if named else len(history.epochs),
            )
        )
    fitting = [c for c in found if prints(c, evaluation.claims)]
    if any(c.tried == 1 for c in fitting):
        found = [c for c in found if c.tried == 1]
    yield from found


def _best(history: History) -> int | None:
    losses = [(float(v), e.number) for e in history.epochs if (v := e.values.get("val_loss"))]
    return min(losses)[1] if losses else None


def _not_triggered(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """The best epoch was to be restored; the model is that of the last, or was told so."""
    history, stopping = evidence.history, evidence.stopping
    if history is None or stopping is None or not stopping.restore_best:
        return
    last = history.epochs[-1]
    best = next(e for e in history.epochs if e.number == _kept(evidence, history))
    if last.number == best.number:
        return
    own = _delivered(evidence, evaluation, history)
    for told, delivered in ((best, last), (last, best)):
        if delivered.number in own:
            candidate = _row(
                evidence,
                evaluation,
                told,
                which="best" if told is best else "last",
                delivered=delivered.number,
            )
            if candidate is not None:
                yield candidate


HYPOTHESES = [
    Hypothesis(
        "running-epoch-mean",
        "The numbers are means over an epoch while the weights moved, as `fit` prints them for "
        "train.",
        "the mean over the batches of an epoch, each under the weights of its moment",
        "Nothing is wrong; to compare with train, evaluate on train after training.",
        _running,
        wrong="history.history['accuracy'][-1]   # told as train accuracy",
        right="model.evaluate(X_train, y_train)",
        source="Keras FAQ: why is my training loss much higher than my testing loss?",
        at_most="info",
    ),
    Hypothesis(
        "other-epoch",
        "The numbers are those of another epoch than the delivered one.",
        "the values in another row of the history",
        "Save the weights of the epoch whose numbers are told: `ModelCheckpoint(save_best_only="
        "True)`, or `EarlyStopping(restore_best_weights=True)`.",
        _other,
        wrong="max(history.history['val_accuracy'])   # told; the last epoch was saved",
        right="EarlyStopping(monitor='val_loss', restore_best_weights=True)",
        source="keras.callbacks.EarlyStopping: restore_best_weights",
        free=True,
    ),
    Hypothesis(
        "restore-best-not-triggered",
        "The best epoch was to be restored and was not: before Keras 3 this happened only when "
        "early stopping ended the training itself.",
        "the values of the best epoch were told, the weights are those of the last one",
        "Raise `epochs` so that early stopping ends the training, or keep the best weights with "
        "`ModelCheckpoint(save_best_only=True)`.",
        _not_triggered,
        wrong="EarlyStopping(patience=20, restore_best_weights=True); fit(epochs=20)",
        right="ModelCheckpoint('best.keras', monitor='val_loss', save_best_only=True)",
        source="keras#12511",
        contained_in=("other-epoch",),
    ),
]
