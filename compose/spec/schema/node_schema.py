"""A node of the model, a term of the loss and a composite block, as JSON Schema: in a spec, and in an overlay."""

from __future__ import annotations

from functools import cache

from compose.block import Kind
from compose.registry.registry import Registry
from compose.spec.schema import choices
from compose.spec.schema.class_schema import NULL, filled, loose, named, nullable, reference
from compose.spec.schema.node_keys import EXTRA_KEYS, NAME, REFERENCE, UNFILLED, Schema

_REFERENCE: Schema = {"type": "string", "pattern": REFERENCE}
_GIVEN: Schema = {"anyOf": [_REFERENCE, {"type": "array", "items": _REFERENCE, "minItems": 1}]}
"""What an output of a composite gives out: a value, or a list of several."""
OUTPUT: Schema = {"anyOf": [*_GIVEN["anyOf"], NULL]}
"""The same as it is written: null removes it."""


def nodes(registry: Registry) -> dict[str, Schema]:
    """A node of the model, of an overlay, and of a composite block."""
    known_or_own = {"anyOf": [reference("names.block"), {"type": "string"}]}
    keys = _keys("block")
    node, overlay, inside = (
        {"title": "node", "type": "object", "properties": {"use": known_or_own, **_keys("block", form)}}
        for form in ("", "partial.", "inside.")
    )
    sharing = {
        "if": {"properties": {"share": {"type": "string"}}, "required": ["share"], "not": {"required": ["use"]}},
        "then": {"properties": dict.fromkeys(keys, True), "additionalProperties": False},
        "else": {"required": ["use"]},
    }
    return {
        "node": nullable({**node, "allOf": [reference("parameters.block"), sharing]}),
        "partial.node": nullable({**overlay, "allOf": [reference("partial.parameters.block")]}),
        "inside.node": nullable({**inside, "allOf": [reference("inside.parameters"), sharing]}),
        "inside.parameters": choices.inside_parameters(registry, "block"),
        "partial.inside.node": nullable({**inside, "allOf": [reference("partial.inside.parameters")]}),
        "partial.inside.parameters": choices.parameters(registry, "block", "inside."),
        **{f"inside.key.{key}": _inside_key(key, schema) for key, schema in EXTRA_KEYS["block"].items()},
    }


def terms() -> dict[str, Schema]:
    """A term of the loss; without ``use`` it takes a scalar port of a node as it is."""
    keys = _keys("loss")
    term, overlay = (
        {"title": "term", "type": "object", "properties": {"use": reference("names.loss"), **_keys("loss", form)}}
        for form in ("", "partial.")
    )
    known: Schema = {**dict.fromkeys(keys, True), "in": {"type": "string", "pattern": REFERENCE}}
    plain: Schema = {"properties": known, "additionalProperties": False, "required": ["in"]}
    return {
        "term": nullable(
            {**term, "allOf": [reference("parameters.loss"), {"if": {"required": ["use"]}, "else": plain}]}
        ),
        "partial.term": nullable({**overlay, "allOf": [reference("partial.parameters.loss")]}),
    }


def _keys(kind: Kind, form: str = "") -> dict[str, Schema]:
    """The spec language's own keys around a class of this kind."""
    return {name: reference(f"{form}key.{name}") for name in EXTRA_KEYS[kind]}


def _inside_key(key: str, schema: Schema) -> Schema:
    """A key of a node in a composite block; ``$name`` has no meaning for what names things."""
    return reference(f"partial.key.{key}") if key in UNFILLED else loose(filled(reference(f"key.{key}")), schema)


def composites() -> dict[str, Schema]:
    """A composite block, and that of an overlay."""
    whole = composite()
    body = whole["properties"]
    removable = {key: nullable(body[key]) for key in ("description", "params")}
    overlay = {
        **body,
        **removable,
        "model": {**named("partial.inside.node", partial=True, names=reference("free.node")), "type": "object"},
        "outputs": _outputs({"type": "object", "additionalProperties": OUTPUT}),
    }
    written = {
        **body,
        **removable,
        "model": named("inside.node", names=reference("free.node")),
        "outputs": _outputs({"type": "object", "additionalProperties": OUTPUT, "not": {"additionalProperties": NULL}}),
    }
    return {
        "composite": nullable({**whole, "properties": written}),
        "partial.composite": nullable({"type": "object", "properties": overlay, "additionalProperties": False}),
    }


@cache
def composite() -> Schema:
    """A composite block, its nodes left open."""
    name = {"type": "string", "pattern": NAME}
    return {
        "type": "object",
        "description": "A block written in YAML.",
        "properties": {
            "description": {"type": "string", "description": "What the block does."},
            "inputs": {"type": "array", "items": name, "minItems": 1, "description": "The input ports."},
            "params": {
                "type": "object",
                "description": "Parameters with their defaults (null: none); `$name` stands for one inside.",
            },
            "model": {"description": "The nodes inside.", **named("node")},
            "outputs": _outputs({"type": "object", "additionalProperties": _GIVEN, "minProperties": 1}),
        },
        "required": ["inputs", "model", "outputs"],
        "additionalProperties": False,
    }


def _outputs(ports: Schema) -> Schema:
    return {
        "title": "a reference, or a mapping of names to references or lists of such",
        "description": "Output port -> what it gives out; the first is the one meant by the bare node name.",
        "anyOf": [_REFERENCE, {**ports, "propertyNames": {"pattern": NAME}}],
    }
