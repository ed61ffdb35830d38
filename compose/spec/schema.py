"""The JSON Schema (draft-07) of a spec, made from the declarations.

A node's parameters are chosen by ``if: {use: NAME} then: ...``, never by ``oneOf``, whose errors name nothing. The same
definitions check a spec on the command line, so that an editor and ``compose validate`` cannot disagree.
"""

from __future__ import annotations

from typing import Any

from compose.block import Kind
from compose.declaration import Declaration, Parameter
from compose.registry import Registry

Schema = dict[str, Any]

SOURCE: Schema = {"type": "string", "pattern": r"^[A-Za-z_$][\w-]*(\.[\w-]+)*$"}
IN: Schema = {
    "description": "Where the inputs come from: a node, one of its ports (`backbone.maps`), a list in port order, or a "
    "mapping port -> source. Reserved sources: what the data gives (`image`, `features`, `targets`) and the label "
    "space (`labels.vectors`).",
    "anyOf": [
        SOURCE,
        {"type": "array", "items": {"anyOf": [SOURCE, {"type": "array", "items": SOURCE}]}, "minItems": 1},
        {"type": "object", "additionalProperties": {"anyOf": [SOURCE, {"type": "array", "items": SOURCE}]}},
    ],
}
PORTS: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1}
NODE_KEYS: dict[str, Schema] = {
    "in": IN,
    "repeat": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "Stack so many copies with weights of their own.",
    },
    "carry": {**PORTS, "description": "Ports of a copy that feed the same ports of the next one."},
    "collect": {**PORTS, "description": "Ports that come out stacked over the copies, along a new first axis."},
    "share": {"type": "string", "description": "Use the weights of this node."},
}
LOSS_KEYS: dict[str, Schema] = {
    "in": IN,
    "weight": {
        "type": "number",
        "description": "What this term is multiplied by in the sum of the losses.",
        "default": 1.0,
    },
}
SELECTOR: dict[Kind, str] = {"stage": "stage"}
"""The key that names the class; ``use`` for all other kinds."""

EXTRA_KEYS: dict[Kind, dict[str, Schema]] = {"block": NODE_KEYS, "loss": LOSS_KEYS}


def selector(kind: Kind) -> str:
    """The key of a mapping that says which class of a kind it means."""
    return SELECTOR.get(kind, "use")


def parameter_schema(parameter: Parameter) -> Schema:
    """The schema of one parameter, with its doc and default."""
    schema: Schema = {"$ref": f"#/definitions/{parameter.uses}"} if parameter.uses else dict(parameter.schema)
    if "$ref" in schema:  # draft-07 ignores what stands beside a $ref
        schema = {"allOf": [schema]}
    if parameter.doc:
        schema["description"] = parameter.doc
    if not parameter.required and parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def definition(declaration: Declaration) -> Schema:
    """The schema of ``{use: NAME, ...}`` for one class."""
    kind = declaration.kind
    head = {} if kind == "section" else {selector(kind): {"const": declaration.name}}
    properties = {**head, **EXTRA_KEYS.get(kind, {})}
    properties |= {p.name: parameter_schema(p) for p in declaration.parameters}
    return {
        "type": "object",
        "description": description(declaration),
        "properties": properties,
        "required": [p.name for p in declaration.parameters if p.required],
        "additionalProperties": False,
    }


def description(declaration: Declaration) -> str:
    """What an editor shows on hover: summary, ports, source."""
    lines = [declaration.summary]
    for title, ports in (("in", declaration.inputs), ("out", declaration.outputs)):
        if ports:
            lines.append(f"{title}: " + ", ".join(f"{port.name} ({port.shape})" for port in ports))
    if declaration.source:
        lines.append(f"Source: {declaration.source}")
    return "\n\n".join(lines)


def choice(registry: Registry, kind: Kind, *, names: list[str] | None = None) -> Schema:
    """``{use: NAME, ...}`` of a kind: the names, and for each the definition by ``if`` and ``then``."""
    key = selector(kind)
    known = registry.names(kind) if names is None else names
    return {
        "type": "object",
        "properties": {key: _names(registry, kind, known)},
        "allOf": [
            {
                "if": {"properties": {key: {"const": name}}, "required": [key]},
                "then": {"$ref": f"#/definitions/{kind}.{name}"},
            }
            for name in known
        ],
    }


def _names(registry: Registry, kind: Kind, names: list[str]) -> Schema:
    summaries = [found.summary if (found := registry.find(kind, name)) else "" for name in names]
    return {
        "type": "string",
        "description": f"The {kind}: one of {', '.join(names)}.",
        "enum": names,
        "markdownEnumDescriptions": summaries,
    }
