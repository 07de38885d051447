"""TensorFlow SavedModels: inference through the serving signature, and nothing else of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models import headers
from reportgen.models.headers import several_outputs
from reportgen.models.inference import checked, declared, from_network
from reportgen.models.keras import first_line
from reportgen.models.keras_inputs import Feeder, InputSpec, said
from reportgen.models.tables import chunks, n_rows, take

if TYPE_CHECKING:
    from reportgen.job.schema import Job, ModelEntry, SavedModel
    from reportgen.models.predictor import Framework, Output

#: Operations by which a graph reads or writes files, or calls back into Python.
_REFUSED = frozenset(
    {
        "WriteFile", "ReadFile", "PyFunc", "PyFuncStateless", "EagerPyFunc", "WholeFileReader",
        "WholeFileReaderV2", "MatchingFiles", "WriteGraphSummary", "PrintV2", "Save", "SaveSlices",
        "DebugIdentity", "DebugIdentityV2",
    }
)  # fmt: skip
_SIGNATURES = ("serving_default", "serve")
BATCH = 1024


class SavedModelPredictor:
    """A serving signature behind the :class:`~reportgen.models.predictor.Predictor` protocol."""

    def __init__(self, model: Any, signature: Any, task: str) -> None:
        self.framework: Framework = "savedmodel"
        self.model = model
        self._task = task
        self._signature = signature
        _, named = signature.structured_input_signature
        specs = tuple(
            InputSpec(
                name,
                tuple(spec.shape[1:]) if spec.shape.rank else (),
                spec.dtype.name,
            )
            for name, spec in named.items()
        )
        if len(signature.structured_outputs) != 1:
            names = tuple(map(str, signature.structured_outputs))
            raise several_outputs(tuple(names))
        self.feeder = Feeder(specs)
        weights = getattr(model, "variables", None)
        self.n_weights: int | None = (
            int(sum(int(np.prod(v.shape)) for v in weights)) if weights else None
        )
        self._activation = _last_operation(signature)
        self.output: Output = from_network(self._activation, None, task)
        shapes = "; ".join(said(spec.shape) for spec in specs)
        weighed = f", {self.n_weights:,} weights" if self.n_weights is not None else ""
        self.description = f"TensorFlow SavedModel, inputs of {shapes}{weighed}."

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts for the report."""
        missing = self.feeder.missing_rows
        return (
            "a SavedModel can be asked for predictions only; it cannot be trained again",
            *self.feeder.notes,
            *((f"{missing:,} rows reached the model with missing values (NaN)",) * bool(missing)),
        )

    def look_at(self, probe: np.ndarray, entry: ModelEntry) -> None:
        """Settles what the output means, given raw outputs for some rows."""
        inferred = from_network(self._activation, None, self._task, probe)
        self.output = checked(declared(entry, inferred), probe, self._task)

    def predict(self, inputs: Any) -> np.ndarray:
        """The signature's one output for rows of preprocessed inputs.

        Raises
        ------
        ModelError
            if the inputs do not fit the signature, or the graph fails.
        """
        import tensorflow as tf

        parts = []
        for _, rows in chunks(inputs, BATCH * 16):
            fed = self.feeder(rows)
            listed = fed if isinstance(fed, list) else [fed]
            for at in range(0, max(n_rows(fed), 1), BATCH):
                batch = {
                    spec.name: tf.convert_to_tensor(take(part, at, at + BATCH), dtype=spec.dtype)
                    for spec, part in zip(self.feeder.specs, listed, strict=True)
                }
                try:
                    answer = self._signature(**batch)
                except Exception as error:
                    raise ModelError(
                        Problem(
                            f"the SavedModel failed on the data: {first_line(error)}",
                            advice="Compare the inputs with its serving signature.",
                        )
                    ) from error
                parts.append(next(iter(answer.values())).numpy())
        return np.concatenate(parts)

    def predict_split(self, name: str) -> np.ndarray | None:
        """None: a graph computes."""
        return None


def load(job: Job, source: SavedModel, task: str) -> SavedModelPredictor:
    """A SavedModel folder as a predictor.

    Raises
    ------
    ModelError
        if the folder is no SavedModel, its graph touches files or calls Python, or it has no
        serving signature.
    """
    path = job.locate(source.savedmodel)
    headers.require_kind(path, "savedmodel")
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel()
    file = path / "saved_model.pb"
    try:
        proto.ParseFromString(file.read_bytes())
    except Exception as error:
        raise ModelError(
            Problem("the SavedModel is cut short or damaged", file=str(file))
        ) from error
    unsafe = sorted(_REFUSED & _operations(proto))
    if unsafe:
        raise ModelError(
            Problem(
                f"the graph reads or writes files, or calls Python ({', '.join(unsafe)}): "
                "it is not run",
                file=str(file),
                advice="Export the model without these operations.",
            )
        )
    try:
        model = tf.saved_model.load(str(path))
    except Exception as error:
        raise ModelError(
            Problem(f"TensorFlow cannot load the SavedModel: {first_line(error)}", file=str(path))
        ) from error
    signatures = getattr(model, "signatures", {})
    name = next((n for n in (*_SIGNATURES, *signatures) if n in signatures), None)
    if name is None:
        raise ModelError(
            Problem(
                "the SavedModel has no serving signature",
                file=str(path),
                advice="Export it with `model.export(DIR)`.",
            )
        )
    return SavedModelPredictor(model, signatures[name], task)


def _operations(proto: Any) -> set[str]:
    found: set[str] = set()
    for graph in proto.meta_graphs:
        found.update(node.op for node in graph.graph_def.node)
        for function in graph.graph_def.library.function:
            found.update(node.op for node in function.node_def)
    return found


def _last_operation(signature: Any) -> str | None:
    """The activation at the end of the signature's graph, through identities and calls."""
    activations = {"Sigmoid": "sigmoid", "Softmax": "softmax", "Tanh": "tanh", "Relu": "relu"}
    linear = {"BiasAdd", "MatMul", "AddV2", "Add"}
    definition = signature.graph.as_graph_def()
    bodies = {f.signature.name: f for f in definition.library.function}
    nodes = {node.name: node for node in definition.node}
    wanted = signature.outputs[0].op.name
    for _ in range(100):
        node = nodes.get(wanted)
        if node is None:
            return None
        if node.op in activations:
            return activations[node.op]
        if node.op in linear:
            return "linear"
        if node.op in ("Identity", "IdentityN", "Reshape", "Squeeze") and node.input:
            wanted = node.input[0].split(":")[0]
        elif node.op in ("PartitionedCall", "StatefulPartitionedCall"):
            body = bodies.get(node.attr["f"].func.name)
            if body is None or not body.ret:
                return None
            nodes = {n.name: n for n in body.node_def}
            first = body.signature.output_arg[0].name
            wanted = body.ret[first].split(":")[0]
        else:
            return None
    return None
