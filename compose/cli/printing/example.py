"""A line of YAML that uses a block, loss or data source: made from its declaration, and valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose.spec.yaml.writer import flow

if TYPE_CHECKING:
    from compose.registry.declaration import Declaration, Parameter, Port

FED = ("targets", "labels_vectors")
"""Ports that an example leaves to be fed by their names."""

SHOWN = 2
"""How many parameters with defaults an example sets besides the required ones."""


def example(declaration: Declaration) -> str:
    """A YAML snippet for the place in a spec where things of this kind stand."""
    used = {"use": declaration.name, **_wiring(declaration), **_values(declaration)}
    match declaration.kind:
        case "block":
            return f"model:\n  {declaration.name}: {flow(used)}"
        case "loss":
            return f"loss:\n  {declaration.name}: {flow({**used, 'weight': 0.5})}"
        case "metric":
            return f"evaluate:\n  metrics: [{flow(used)}]"
        case "vectors" | "graph":
            return f"labels:\n  {declaration.kind}: {flow(used)}"
        case "stage":
            return f"train:\n  main: {flow({'stage': used.pop('use'), **used})}"
        case "optimizer" | "schedule":
            return f"train:\n  main: {{stage: supervised, {declaration.kind}: {flow(used)}}}"
        case "section":
            return f"{declaration.name}: {flow(_values(declaration))}"
    return f"{declaration.kind}: {flow(used)}"


def _wiring(declaration: Declaration) -> dict[str, Any]:
    """What feeds the ports: nodes named after what they carry, where the labels and targets do not feed them anyway."""
    wired = [port for port in declaration.inputs if port.name not in FED and not port.optional]
    if not wired:
        return {}
    names = [_node(port) for port in wired]
    return {"in": names[0] if len(names) == 1 else names}


def _node(port: Port) -> Any:
    return [f"{port.name}_1", f"{port.name}_2"] if port.many else port.name


def _values(declaration: Declaration) -> dict[str, Any]:
    """Every required parameter, and the first few others at their defaults."""
    required = {p.name: sample(p) for p in declaration.parameters if p.required}
    others = [p for p in declaration.parameters if not p.required and p.default is not None and not p.uses]
    return required | {p.name: p.default for p in others[:SHOWN]}


def sample(parameter: Parameter) -> Any:
    """A value that fits a parameter."""
    if parameter.uses:
        return {"use": "..."}
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
