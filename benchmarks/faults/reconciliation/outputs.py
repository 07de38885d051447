"""Models with several outputs: numbers that stand under another one, and numbers that do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.cases import CleanCase, case_from_arrays
from benchmarks.faults.reconciliation import said
from benchmarks.faults.reconciliation.networks import VARIANTS, printed
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from reportgen.evidence import Case
from reportgen.job.claims import Claim

#: Outputs as the model was built, and their tasks; Keras sorts a mapping's.
TASKS = {"wanted": "binary", "brand": "multiclass", "kept": "binary", "price": "regression"}
CLASSES = {"wanted": ("no", "yes"), "brand": ("ant", "bee", "cat"), "kept": ("no", "yes")}


@dataclass
class Shop:
    """A network of four outputs on a part of its test rows, drawn anew."""

    model: Any
    splits: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]
    mapping: bool

    @property
    def X(self) -> np.ndarray:
        return self.splits["test"][0]

    @property
    def y(self) -> dict[str, np.ndarray]:
        return self.splits["test"][1]

    def targets(self) -> Any:
        """As the model takes them: by name, or a list in the order of its outputs."""
        return self.y if self.mapping else [self.y[head] for head in TASKS]

    def answers(self) -> dict[str, np.ndarray]:
        raw = self.model.predict(self.X, verbose=0)
        return raw if self.mapping else dict(zip(TASKS, raw, strict=True))

    def given(self) -> dict[str, np.ndarray]:
        """Codes, or values, by output."""
        made = {}
        for head, raw in self.answers().items():
            column = raw[:, 0]
            by_task = {"binary": column > 0.5, "multiclass": raw.argmax(1), "regression": column}
            found = by_task[TASKS[head]]
            made[head] = found if TASKS[head] == "regression" else found.astype(int)
        return made

    def case(self, *claims: Claim) -> Case:
        """The audit of ``wanted``, with the targets of the other outputs."""
        from reportgen.models.keras_read import of_live_model

        first = "wanted"
        made = case_from_arrays(
            "binary",
            {s: (X, y[first]) for s, (X, y) in self.splits.items()},
            of_live_model(self.model, "binary", head=first),
            classes=CLASSES[first],
        )
        dataset = replace(made.dataset, head=first)
        heads = {}
        for head, task in TASKS.items():
            if head == first:
                continue
            values = {s: y[head] for s, (_, y) in self.splits.items()}
            heads[head] = replace(
                dataset,
                task=task,
                head=head,
                classes=CLASSES.get(head, ()),
                positive=1 if task == "binary" else None,
                splits={s: replace(p, y=values[s]) for s, p in dataset.splits.items()},
            )
        known = tuple(replace(c, audited=c.output == first) for c in claims)
        return replace(made, dataset=replace(dataset, heads=heads), claims=known)


def shop(rng: Rng) -> Shop:
    mapping = bool(rng.random() < 0.5)
    model, splits = _trained(mapping, int(rng.integers(VARIANTS)))
    X, y = splits["test"]
    kept = rng.permutation(len(X))[: int(rng.integers(150, len(X)))]
    part = {head: values[kept] for head, values in y.items()}
    return Shop(model, {**splits, "test": (X[kept], part)}, mapping)


@cache
def _trained(mapping: bool, variant: int) -> tuple[Any, Any]:
    import keras

    rng = np.random.default_rng([41, variant, int(mapping)])
    keras.utils.set_random_seed(400 + variant)
    splits = {"train": _rows(rng, 1500), "test": _rows(rng, 900)}
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(16, "relu", kernel_regularizer="l2")(inputs)
    last = {"binary": (1, "sigmoid"), "multiclass": (3, "softmax"), "regression": (1, None)}
    outputs = {
        head: keras.layers.Dense(last[task][0], activation=last[task][1], name=head)(hidden)
        for head, task in TASKS.items()
    }
    model = keras.Model(inputs, outputs if mapping else list(outputs.values()))
    loss = {
        "binary": "binary_crossentropy",
        "multiclass": "sparse_categorical_crossentropy",
        "regression": "mse",
    }
    model.compile(
        keras.optimizers.Adam(0.01),
        {head: loss[task] for head, task in TASKS.items()},
        metrics={h: ["mae" if t == "regression" else "accuracy"] for h, t in TASKS.items()},
        loss_weights={"wanted": 1.0, "brand": 2.0, "kept": 1.0, "price": 0.3},
    )
    X, y = splits["train"]
    target = y if mapping else [y[head] for head in TASKS]
    model.fit(X, target, epochs=4, batch_size=32, verbose=0)
    return model, splits


def _rows(rng: Rng, n: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    X = rng.normal(size=(n, 6)).astype(np.float32)
    noise = rng.normal(size=(4, n))
    return X, {
        "wanted": (X[:, 0] + 0.6 * noise[0] > 0.2).astype(int),
        "brand": (X[:, 1] + X[:, 2] + 0.5 * noise[1] > 0).astype(int) + (X[:, 3] > 1),
        "kept": (X[:, 5] + 0.9 * noise[2] > 0.5).astype(int),
        "price": 2 * X[:, 4] + noise[3],
    }


def _log(text: str) -> tuple[Claim, ...]:
    return said.log(text, "binary", heads=TASKS)


def _of(head: str, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    return tuple(replace(c, output=head) for c in claims)


def _labels(rng: Rng, head: str, y: np.ndarray, given: np.ndarray) -> tuple[Claim, ...]:
    return _of(head, said.labels_said(rng, y, given, TASKS[head], CLASSES[head]))


# --- mistakes ------------------------------------------------------------------------------------


def _unpacked(rng: Rng) -> Case:
    """``kept, wanted = model.predict(X)``: answers meet another output's target."""
    work = shop(rng)
    given = work.given()
    pairs = (("wanted", "kept"), ("kept", "wanted"))
    return work.case(
        *(c for head, other in pairs for c in _labels(rng, head, work.y[head], given[other]))
    )


def _zipped(rng: Rng) -> Case:
    """``dict(zip(names, evaluate(...)))`` with the names of the two outputs exchanged."""
    work = shop(rng)
    values = work.model.evaluate(work.X, work.targets(), verbose=0, return_dict=True)
    claims: list[Claim] = []
    for head, other in (("wanted", "kept"), ("kept", "wanted")):
        told = {"accuracy": values[f"{other}_accuracy"], "loss": values[f"{other}_loss"]}
        claims += _of(head, said.numbers(told, "binary", 5))
    return work.case(*claims)


def _of_another_task(rng: Rng) -> Case:
    """The number of the brand told of whether it was wanted."""
    work = shop(rng)
    y, given = work.y["brand"], work.given()["brand"]
    values = {
        "accuracy": metrics.accuracy_score(y, given),
        "mcc": metrics.matthews_corrcoef(y, given),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, given),
    }
    return work.case(*_of("wanted", said.numbers(values, "binary")))


def _targets_exchanged(rng: Rng) -> Case:
    """``y`` in another order than the outputs."""
    work = shop(rng)
    given = work.given()["wanted"]
    return work.case(*_labels(rng, "wanted", work.y["kept"], given))


def _losses_exchanged(rng: Rng) -> Case:
    """Losses under each other's names, metrics in place."""
    work = shop(rng)
    values = work.model.evaluate(work.X, work.targets(), verbose=0, return_dict=True)
    claims: list[Claim] = []
    for head, other in (("wanted", "brand"), ("brand", "wanted")):
        told = {"accuracy": values[f"{head}_accuracy"], "loss": values[f"{other}_loss"]}
        claims += _of(head, said.numbers(told, TASKS[head], 5))
    return work.case(*claims)


# --- and none ------------------------------------------------------------------------------------


def _evaluated(rng: Rng) -> Case:
    """The line that ``evaluate`` prints: every output, and the loss of all."""
    work = shop(rng)
    text = printed(lambda: work.model.evaluate(work.X, work.targets(), verbose=2))
    return work.case(*_log(text))


def _by_hand(rng: Rng) -> Case:
    work = shop(rng)
    given = work.given()
    heads = ("wanted", pick(rng, ("brand", "kept")))
    claims = [c for h in heads for c in _labels(rng, h, work.y[h], given[h])]
    r2 = metrics.r2_score(work.y["price"], given["price"])
    return work.case(*claims, *_of("price", said.number("r2", r2, "regression")))


PLANTED: tuple[Question, ...] = (named("answers of another output", "output-order", _unpacked),)
MORE: tuple[Question, ...] = (
    named("numbers of another output", "output-order", _zipped),
    named("numbers of another task", "output-order", _of_another_task),
    named("targets of another output", "output-order", _targets_exchanged),
    named("losses of other outputs", "metric-name-permuted", _losses_exchanged,
          equal=("output-order",)),
)  # fmt: skip
CLEAN: tuple[CleanCase, ...] = (
    CleanCase("evaluate of four outputs", _evaluated),
    CleanCase("four outputs by hand", _by_hand),
)
