"""The process in which a job's metrics run: ``python -m reportgen.models.custom_metrics.worker``.

It gets arrays and gives back JSON: whatever a metric returns, raises, prints or changes stays here.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import math
import os
import random
import sys
import traceback
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.models.child import end_with, without_tensorflow
from reportgen.models.custom_metrics.messages import Call, Load, Loaded, Reply, plain

LONGEST = 200  # characters of an error


class Server:
    """One metric after the other; the last that was loaded is called."""

    def __init__(self) -> None:
        self.own = os.getpid()
        self.metric: Any = None
        self.folder = Path()
        self.stateful = False

    def load(self, order: Load) -> Loaded:
        """Import the metric and look at what it is."""
        from reportgen.errors import ModelError
        from reportgen.job import python_code

        self.folder = Path(order.folder)
        try:
            found = python_code.resolve(order.name, self.folder, error=ModelError)
        except ModelError as error:
            return Loaded(error=str(error.problems[0])[:600])
        except BaseException as error:  # a module that ends the process is no crash of ours
            return Loaded(error=_said(error, self.folder))
        finally:
            self._only_one()
        self.stateful = hasattr(found, "update_state") and hasattr(found, "result")
        if not callable(found) and not self.stateful:
            return Loaded(error=f"it is a {type(found).__name__}, and not a function")
        self.metric = found
        if isinstance(found, type) and not self.stateful:
            return Loaded(error="it is a class without update_state and result")
        function = found.update_state if self.stateful else found
        return Loaded("class" if self.stateful else "function", _takes_weights(function))

    def call(self, order: Call) -> Reply:
        """One call; never raises."""
        random.seed(order.seed)
        np.random.seed(order.seed)  # noqa: NPY002 - the metric's own, not ours
        given = (order.y.copy(), order.p.copy())
        written = _Counter()
        try:
            with contextlib.redirect_stdout(written), _no_warnings():
                value, rows = self._value(order, *given)
        except BaseException as error:  # sys.exit and the like are a metric's failure too
            return Reply(error=_said(error, self.folder), printed=written.any)
        finally:
            self._only_one()
        changed = not (_same(given[0], order.y) and _same(given[1], order.p))
        if isinstance(value, str):
            return Reply(error=value, changed=changed, printed=written.any)
        if not math.isfinite(value):
            said = "NaN" if math.isnan(value) else "an infinite number"
            return Reply(error=f"it gives {said}", changed=changed, printed=written.any)
        return Reply(value, None, rows, changed, written.any)

    def _only_one(self) -> None:
        """Where a metric forked, the other process ends: one of the two gives answers."""
        if os.getpid() != self.own:
            os._exit(0)

    def _value(self, order: Call, y: np.ndarray, p: np.ndarray) -> tuple[float | str, bool]:
        if order.chunk is None or order.chunk >= len(y):
            parts = [(y, p, order.weight)]
        else:
            step = order.chunk
            cuts = range(0, len(y), step)
            w = order.weight
            parts = [(y[i:i + step], p[i:i + step], None if w is None else w[i:i + step])
                     for i in cuts]  # fmt: skip
        if self.stateful:
            metric = self.metric() if isinstance(self.metric, type) else self.metric
            if not isinstance(self.metric, type) and hasattr(metric, "reset_state"):
                metric.reset_state()
            if order.used:
                self._called(metric.update_state, order, y.copy(), p.copy(), order.weight)
                metric.reset_state()
            for part in parts:
                self._called(metric.update_state, order, *part)
            return _number(metric.result(), len(y))
        values = []
        rows = False
        for part in parts:
            value, rows = _number(self._called(self.metric, order, *part), len(part[0]))
            if isinstance(value, str):
                return value, rows
            values.append((value, len(part[0])))
        if rows:  # Keras averages what it gets a row over rows, and a scalar over batches
            return sum(v * n for v, n in values) / sum(n for _, n in values), rows
        return sum(v for v, _ in values) / len(values), rows

    def _called(self, function: Any, order: Call, y: Any, p: Any, weight: Any) -> Any:
        if order.tensor:
            from keras import ops

            y, p = ops.convert_to_tensor(y), ops.convert_to_tensor(p)
        first, second = (p, y) if order.swap else (y, p)
        if weight is None:
            return function(first, second)
        return function(first, second, sample_weight=weight)


class _Counter(io.TextIOBase):
    """Standard output of a metric: that there was some, and nothing else."""

    any = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.any = self.any or bool(text)
        return len(text)


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _takes_weights(function: Any) -> bool:
    try:
        return "sample_weight" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _number(value: Any, n: int) -> tuple[float | str, bool]:
    """The number that was returned, or in words why it is none; and whether it was one a row."""
    if isinstance(value, (bool, str, bytes)) or value is None:
        said = "nothing" if value is None else f"a {type(value).__name__} ({value!r})"[:80]
        return f"it gives {said}, and not a number", False
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        return f"it gives a {type(value).__name__}, and not a number", False
    if array.size == 1:
        return float(array.reshape(())), False
    if array.ndim >= 1 and array.shape[0] == n and array.size:
        if array.ndim > 1 and array.size != n:
            return f"it gives an array of shape {array.shape}, and not a number", False
        return float(array.mean()), True
    return f"it gives an array of shape {array.shape}, and not a number", False


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b))


def _said(error: BaseException, folder: Path) -> str:
    """Kind, words and line of an error."""
    try:
        words = " ".join(str(error).split())
    except BaseException:  # an error that cannot be told is one still
        words = ""
    text = f"it raises {type(error).__name__}" + (f": {words}" if words else "")
    if isinstance(error, SystemExit):
        text = f"it ends the program (sys.exit, {error.code!r})"
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0] + " …"
    home = folder.resolve()
    own = [f for f in traceback.extract_tb(error.__traceback__)
           if Path(f.filename).resolve().is_relative_to(home)]  # fmt: skip
    package = Path(__file__).parents[2]
    own = [f for f in own if not Path(f.filename).resolve().is_relative_to(package)]
    return f"{text} ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else text


def main(arguments: list[str]) -> None:
    """Answer orders until there are no more."""
    connection = Connection(int(arguments[0]))
    end_with(int(arguments[1]))
    if os.environ.get("KERAS_BACKEND") == "numpy":
        without_tensorflow()
    server = Server()
    while True:
        try:
            order = connection.recv()
        except (EOFError, OSError):
            return
        if isinstance(order, Load):
            answer: Any = plain(server.load(order))
        else:
            answer = [plain(server.call(call)) for call in order]
        try:
            connection.send_bytes(json.dumps(answer).encode())
        except OSError:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
