"""A line of YAML that uses a block, loss or data source: made from its declaration, and valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose.spec.yaml.writer import flow

if TYPE_CHECKING:
    from compose.registry.declaration import Declaration, Parameter, Port
    from compose.registry.registry import Registry

OF_DATA = {"image", "features"}
"""Ports that an example wires although the data may feed them: in most models a node does."""

SHOWN = 2
"""How many parameters with defaults an example sets besides the required ones."""


def example(declaration: Declaration, registry: Registry) -> str:
    """A YAML snippet for the place in a spec where things of this kind stand."""
    values = _values(declaration, registry)
    used = {"use": declaration.name, **_wiring(declaration), **values}
    match declaration.kind:
        case "block" | "composite":
            return f"model:\n  {declaration.name}: {flow(used)}"
        case "loss":
            return f"loss:\n  {declaration.name}: {flow({**used, 'weight': 0.5})}"
        case "metric":
            return f"evaluate:\n  metrics: [{flow(used)}]"
        case "vectors" | "graph":
            return f"labels:\n  {declaration.kind}: {flow(used)}"
        case "stage":
            return f"train:\n  main: {flow({'stage': declaration.name, **values})}"
        case "optimizer" | "schedule":
            stage = registry.names("stage")[-1]
            return f"train:\n  main: {flow({'stage': stage, declaration.kind: used})}"
        case "data" if not declaration.gives:
            return f"labels:\n  external: {flow(used)}"
        case "section":
            return f"{declaration.name}: {flow(values)}"
    return f"{declaration.kind}: {flow(used)}"


def _wiring(declaration: Declaration) -> dict[str, Any]:
    """What feeds the ports: nodes named after what they carry, where no reserved input feeds them by its name."""
    from compose.spec.wiring.reserved import RESERVED

    fed = {given.port for given in RESERVED.values()} - OF_DATA
    wired = [port for port in declaration.inputs if not port.optional and port.name not in fed]
    if not wired:
        return {}
    if [port.name for port in declaration.inputs[: len(wired)]] != [port.name for port in wired]:
        return {"in": {port.name: _node(port) for port in wired}}
    return {"in": [_node(port) for port in wired] if len(wired) > 1 else _node(wired[0])}


def _node(port: Port) -> Any:
    from compose.spec.schema.node_names import is_taken

    if port.many:
        return [f"{port.name}_{number + 1}" for number in range(port.length or 2)]
    taken = port.name != "image" and is_taken(port.name)
    return f"my_{port.name}" if taken else port.name


def _values(declaration: Declaration, registry: Registry) -> dict[str, Any]:
    """What the class itself shows; else every required parameter, and the first few others at their defaults."""
    from compose.spec.yaml.reader import load_text
    from compose.spec.yaml.tree import plain

    if declaration.example:
        shown: dict[str, Any] = plain(load_text(declaration.example, declaration.name))
        return shown
    required = {p.name: sample(p, registry) for p in declaration.parameters if p.required}
    others = [p for p in declaration.parameters if not p.required and p.default is not None and not p.uses]
    return required | {p.name: p.default for p in others[:SHOWN]}


def sample(parameter: Parameter, registry: Registry) -> Any:
    """A value that fits a parameter."""
    if parameter.uses:
        return {"use": registry.names(parameter.uses)[0]}
    return _fitting(parameter.schema, parameter.name)


def _fitting(schema: dict[str, Any], name: str) -> Any:
    for arms in (schema.get("anyOf"), schema.get("allOf")):
        if arms:
            return _fitting(arms[0], name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "integer":
            return _number(schema, 1)
        case "number":
            return _number(schema, 0.5)
        case "boolean":
            return True
        case "array":
            items = schema.get("items", {})
            if isinstance(items, list):
                return [_fitting(item, name) for item in items]
            return [_fitting(items, name)] * max(1, schema.get("minItems", 1))
        case "object":
            return {}
    return name.upper()


def _number(schema: dict[str, Any], usual: float) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    value = usual
    if low is not None and (value < low or (value == low and "exclusiveMinimum" in schema)):
        value = low + usual
    if high is not None and value > high:
        value = high if low is None else (low + high) / 2
    return value
