"""Layers that a recipe did not have, put into a model's configuration."""

from __future__ import annotations

from typing import Any

#: What follows a layer and belongs to it: dropout comes behind these.
BELONGS = frozenset((
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "BatchNormalization", "LayerNormalization",
))  # fmt: skip
PLAIN = ("Sequential", "Functional", "Model")


def with_dropout(config: dict[str, Any], rate: float) -> bool:
    """Put a Dropout behind each hidden Dense layer, what normalises or activates it included.

    Parameters
    ----------
    config : a model's whole configuration, as ``config.json`` of a ``.keras`` file has it; changed
        in place. Layers of models within the model stay as they are.
    rate : share of the units that are dropped.

    Returns
    -------
    whether there was a layer to put it behind.
    """
    layers = config.get("config", {}).get("layers")
    if config.get("class_name") not in PLAIN or not isinstance(layers, list):
        return False
    names = {la["config"].get("name") for la in layers}
    if config["class_name"] == "Sequential":
        places = _places_in_line(layers)
    else:
        places = _places_in_graph(config["config"], layers)
    for number, place in enumerate(reversed(places)):
        name = f"inserted_dropout_{len(places) - number}"
        while name in names:
            name += "_"
        dropout = _dropout(name, rate)
        if config["class_name"] != "Sequential":
            _wire(layers, place, dropout)
        layers.insert(place + 1, dropout)
    return bool(places)


def _places_in_line(layers: list[dict[str, Any]]) -> list[int]:
    """Behind which layers, by place; nothing behind the last of them."""
    found = []
    for at, layer in enumerate(layers):
        if layer["class_name"] != "Dense":
            continue
        last = at
        while last + 1 < len(layers) and layers[last + 1]["class_name"] in BELONGS:
            last += 1
        if last + 1 < len(layers) and "Dropout" not in layers[last + 1]["class_name"]:
            found.append(last)
    return found


def _places_in_graph(model: dict[str, Any], layers: list[dict[str, Any]]) -> list[int]:
    """The same where layers name those they are called on."""
    outputs = set(_names(model.get("output_layers")))
    place = {la["config"]["name"]: at for at, la in enumerate(layers)}
    after: dict[str, list[str]] = {}
    for layer in layers:
        for source in _sources(layer.get("inbound_nodes")):
            after.setdefault(source, []).append(layer["config"]["name"])
    found = []
    for layer in layers:
        name = layer["config"]["name"]
        if layer["class_name"] != "Dense" or len(layer.get("inbound_nodes", ())) != 1:
            continue
        while len(after.get(name, ())) == 1:
            following = layers[place[after[name][0]]]
            if following["class_name"] not in BELONGS:
                break
            name = after[name][0]
        behind = [layers[place[n]]["class_name"] for n in after.get(name, ())]
        if name not in outputs and behind and not any("Dropout" in kind for kind in behind):
            found.append(place[name])
    return sorted(found)


def _dropout(name: str, rate: float) -> dict[str, Any]:
    return {
        "module": "keras.layers",
        "class_name": "Dropout",
        "config": {"name": name, "trainable": True, "rate": rate},
        "registered_name": None,
    }


def _wire(layers: list[dict[str, Any]], place: int, dropout: dict[str, Any]) -> None:
    """Whatever was called on a layer is called on the dropout, and the dropout on the layer."""
    source = layers[place]["config"]["name"]
    calls = [t for layer in layers for t in _tensors(layer.get("inbound_nodes"))]
    tensors = [t for t in calls if t["keras_history"][0] == source]
    kept = dict(tensors[0])
    kept["keras_history"] = list(kept["keras_history"])
    name = dropout["config"]["name"]
    for tensor in tensors:
        tensor["keras_history"] = [name, 0, 0]
    argument = {"class_name": "__keras_tensor__", "config": kept}
    dropout["name"] = name
    dropout["inbound_nodes"] = [{"args": [argument], "kwargs": {}}]


def _tensors(node: Any) -> list[dict[str, Any]]:
    """The configurations of all symbolic tensors within."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            return [node["config"]]
        return [t for value in node.values() for t in _tensors(value)]
    if isinstance(node, list):
        return [t for value in node for t in _tensors(value)]
    return []


def _sources(node: Any) -> list[str]:
    return [str(t["keras_history"][0]) for t in _tensors(node)]


def _names(outputs: Any) -> list[str]:
    """Layers among ``[name, 0, 0]``, however nested in lists or by name."""
    if isinstance(outputs, dict):
        return [n for value in outputs.values() for n in _names(value)]
    if isinstance(outputs, list):
        if outputs and isinstance(outputs[0], str):
            return [outputs[0]]
        return [n for value in outputs for n in _names(value)]
    return []
