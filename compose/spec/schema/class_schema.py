"""The JSON Schema (draft-07) of what a spec says of one class, ``{use: NAME, ...}``, made from its declaration.

There are three forms of each: the complete one; the partial one of an overlay, where anything may be missing and
``null`` removes a key; and that of a node inside a composite block, where ``$name`` may stand for a value as well.
"""

from __future__ import annotations

import re
from typing import Any

from compose.registry.declaration import PATH, WEIGHTS_FILE, Declaration, Parameter, Port, admits_null
from compose.spec.schema.node_keys import EXTRA_KEYS, NAME, Schema, selector

NULL: Schema = {"type": "null"}
_ANY_NAME: Schema = {"pattern": NAME}
MONITOR = "monitor"
"""The ``format`` of a parameter that names what a stage watches, and the definition that says what may stand there."""


def reference(name: str) -> Schema:
    """A reference to a definition of the published schema."""
    return {"$ref": f"#/definitions/{name}"}


def definition(declaration: Declaration) -> Schema:
    """The schema of a class's parameters in a spec."""
    return {
        **_frame(declaration, {p.name: parameter_schema(p) for p in declaration.parameters}),
        "required": [p.name for p in declaration.parameters if p.required],
    }


def partial(declaration: Declaration) -> Schema:
    """The schema of a class's parameters in an overlay; refers to the complete one."""
    name = f"{declaration.kind}.{declaration.name}"
    return nullable(_frame(declaration, {p.name: _loose(p, name) for p in declaration.parameters}, "partial."))


def inside(declaration: Declaration) -> Schema:
    """The schema of a block's parameters in a composite block."""
    return nullable(_frame(declaration, {p.name: _fillable(p) for p in declaration.parameters}, "inside."))


def named(entry: str, *, partial: bool = False, names: Schema = _ANY_NAME) -> Schema:
    """A mapping of names to what a definition describes.

    Args:
        entry: the definition.
        partial: whether the mapping stands in an overlay.
        names: the schema of the names.
    """
    found: Schema = {
        "type": "object",
        "propertyNames": {"allOf": [names], "doNotSuggest": True},
        "additionalProperties": reference(entry),
    }
    return nullable(found) if partial else {**found, "minProperties": 1}


def nullable(schema: Schema) -> Schema:
    """The schema of one type, or null, by which an overlay removes a key."""
    return {**schema, "type": [schema["type"], "null"]}


def with_nulls(definition: Schema) -> Schema:
    """A class's schema as a spec is written: ``null`` for a parameter with a default stands for the default."""
    required = definition.get("required", ())
    properties = dict(definition["properties"])
    for key, schema in properties.items():
        if schema is not True:
            properties[key] = _with_null_entries(schema) if key in required else or_null(schema)
    return {**definition, "properties": properties}


def _with_null_entries(schema: Schema) -> Schema:
    """A schema in whose mappings null removes an entry."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_with_null_entries(arm) for arm in schema["anyOf"]]}
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {key: or_null(inner) for key, inner in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = or_null(schema["additionalProperties"])
    return found


def or_null(schema: Schema) -> Schema:
    """The schema, and null."""
    schema = _with_null_entries(schema)
    if "$ref" in schema or (admits_null(schema) and "allOf" not in schema):
        return schema
    if isinstance(schema.get("type"), str) and not {"enum", "const", "allOf"} & set(schema):
        return nullable(schema)
    texts: Schema = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    return {"anyOf": [{key: value for key, value in schema.items() if key not in texts}, NULL], **texts}


def loose(whole: Schema, described: Schema, *, required: bool = False) -> Schema:
    """A value of an overlay: as in the complete form, or null unless it is required."""
    texts: Schema = {key: described[key] for key in ("description", "default") if key in described}
    return {"anyOf": [whole, *([] if required else [NULL])], **texts}


def filled(schema: Schema) -> Schema:
    """A value of a composite block: as the schema says, or ``$name`` for it or for a value in it."""
    return {"anyOf": [_filled_within(schema), reference("placeholder")]}


def _filled_within(schema: Schema) -> Schema:
    found = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found[key] = filled(schema[key])
    if isinstance(schema.get("items"), list):
        found["items"] = [filled(item) for item in schema["items"]]
    if "properties" in schema:
        found["properties"] = {key: filled(inner) for key, inner in schema["properties"].items()}
    for key in ("anyOf", "allOf"):
        if key in schema:
            found[key] = [_filled_within(arm) for arm in schema[key]]
    return found


def _frame(declaration: Declaration, parameters: dict[str, Schema], form: str = "") -> Schema:
    head: Schema = {} if declaration.kind == "section" else {selector(declaration.kind): True}
    keys = {key: reference(f"{form}key.{key}") for key in EXTRA_KEYS.get(declaration.kind, {})}
    return {
        "title": declaration.name,
        "description": declaration.summary,
        "markdownDescription": docs(declaration),
        "type": "object",
        "properties": {**head, **parameters, **keys},
        "additionalProperties": False,
    }


def parameter_schema(parameter: Parameter) -> Schema:
    """The schema of one parameter, with its doc and default."""
    schema = without_paths(parameter.schema)
    nullable = not parameter.required and parameter.default is None
    if schema.get("format") == MONITOR:
        schema = {"title": "a metric as text, or a loss", "type": "string", "allOf": [reference(MONITOR)]}
    elif parameter.uses and schema.get("type") == "array":
        schema["items"] = reference("entry.metric" if parameter.uses == "metric" else parameter.uses)
    elif parameter.uses:
        schema = {"anyOf": [reference(parameter.uses), NULL]} if nullable else {"allOf": [reference(parameter.uses)]}
    return {**schema, **_described(parameter)}


def without_paths(schema: Any) -> Any:
    """A schema without the formats of paths, which mean nothing to an editor."""
    if isinstance(schema, list):
        return [without_paths(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {k: without_paths(v) for k, v in schema.items() if not (k == "format" and v in (PATH, WEIGHTS_FILE))}


def _loose(parameter: Parameter, name: str) -> Schema:
    uses = parameter.uses if parameter.schema.get("type") != "array" else None
    whole = reference(f"partial.{uses}" if uses else f"{name}/properties/{parameter.name}")
    if uses and parameter.required:
        whole = {"allOf": [whole], "not": NULL}
    return loose(whole, _described(parameter), required=parameter.required)


def _fillable(parameter: Parameter) -> Schema:
    whole = {"type": "object"} if parameter.uses else _with_null_entries(without_paths(parameter.schema))
    return loose(filled(whole), _described(parameter), required=parameter.required)


def _described(parameter: Parameter) -> Schema:
    has_default = not parameter.required and parameter.default is not None
    shown = [single_ticks(parameter.doc)] if parameter.doc else []
    if has_default:
        shown.append(f"Default: {yaml_text(parameter.default)}.")
    found: Schema = {"description": " ".join(shown)} if shown else {}
    return {**found, "default": parameter.default} if has_default else found


def yaml_text(value: Any) -> str:
    """A value as one writes it in a spec."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(map(yaml_text, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {yaml_text(inner)}' for key, inner in value.items())}}}"
    return str(value)


def docs(declaration: Declaration) -> str:
    """What an editor shows of a class, in Markdown: summary, text, ports, reference."""
    parts = [declaration.summary, declaration.doc]
    for title, ports in (("Inputs", declaration.inputs), ("Outputs", declaration.outputs)):
        if ports:
            parts.append("\n".join([f"{title}:", "", *map(_port, ports)]))
    if declaration.reference:
        parts.append(f"Reference: {declaration.reference}")
    return single_ticks("\n\n".join(part for part in parts if part))


def single_ticks(text: str) -> str:
    """A docstring's ````code```` as Markdown writes it."""
    return re.sub(r"``(.+?)``", r"`\1`", text)


def _port(port: Port) -> str:
    doc = f": {port.doc}" if port.doc else ""
    return f"- `{port.name}` ({port.shape}{', optional' if port.optional else ''}){doc}"
