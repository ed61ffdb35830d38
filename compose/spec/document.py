"""The schema of a whole spec: its sections, and around the nodes what the spec language itself knows."""

from __future__ import annotations

from typing import Any

from compose.block import Kind
from compose.registry import Registry
from compose.spec.schema import LOSS_KEYS, NODE_KEYS, Schema, choice, definition

NAME = r"^[A-Za-z_][\w-]*$"
CHOICES: tuple[Kind, ...] = ("block", "loss", "metric", "data", "vectors", "stage", "optimizer", "schedule")


def spec_schema(registry: Registry) -> Schema:
    """The published schema, ``specs/spec.schema.json``."""
    definitions: Schema = {f"{d.kind}.{d.name}": definition(d) for d in registry.all()}
    definitions |= {kind: choice(registry, kind) for kind in CHOICES}
    definitions |= {"node": _node(registry), "term": _term(registry), "overlay": _overlay()}
    definitions["composite"] = _composite()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "compose spec",
        **frame(),
        "definitions": definitions,
    }


def frame() -> Schema:
    """The top level of a spec."""
    ref = lambda name: {"$ref": f"#/definitions/{name}"}  # noqa: E731
    return {
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "pattern": r"^[\w][\w.+-]*$",
                "description": "The model's name; names the run folder.",
            },
            "description": {"type": "string", "description": "What this spec is."},
            "paper": {"type": "object", "description": "The paper: title, venue, and the figures that it reports."},
            "extends": {"type": "string", "description": "Another spec, over which this one is laid."},
            "seed": {
                "type": "integer",
                "minimum": 0,
                "default": 0,
                "description": "Seeds the weights, the order and the data.",
            },
            "data": {**_described(ref("data"), "Where the examples come from.")},
            "labels": {**_described(ref("section.labels"), "The label space: vectors, and which labels are in it.")},
            "blocks": {
                "type": "object",
                "propertyNames": {"pattern": NAME},
                "additionalProperties": ref("composite"),
                "description": "Composite blocks, used like any other.",
            },
            "model": _nodes(ref("node"), "The model: node -> block, parameters, wiring."),
            "loss": _nodes(ref("term"), "The terms of the loss, summed with their weights."),
            "scores": {"type": "string", "description": "The node that scores the labels; `scores` where not given."},
            "train": {"type": "array", "items": ref("stage"), "minItems": 1, "description": "The stages, in order."},
            "evaluate": {**_described(ref("section.evaluate"), "What is measured at the end, and by which protocol.")},
            "bypass": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Nodes that pass their first input on instead.",
            },
            "variants": {
                "type": "object",
                "additionalProperties": ref("overlay"),
                "description": "Named overlays (`-v NAME`): a mapping merges, null removes a key, a list replaces.",
            },
        },
        "additionalProperties": False,
    }


def _described(schema: Schema, text: str) -> Schema:
    return {"description": text, "allOf": [schema]}


def _nodes(node: Schema, text: str) -> Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": NAME},
        "additionalProperties": node,
        "minProperties": 1,
        "description": text,
    }


def _node(registry: Registry) -> Schema:
    """A node of the model. Composite blocks of the spec may be used too, so other names are left to the wiring."""
    known: Any = choice(registry, "block")
    known["properties"] = {**known["properties"], **NODE_KEYS}
    return known


def _term(registry: Registry) -> Schema:
    known: Any = choice(registry, "loss")
    known["properties"] = {**known["properties"], **LOSS_KEYS}
    return known


def _composite() -> Schema:
    return {
        "type": "object",
        "description": "A block written in YAML.",
        "properties": {
            "description": {"type": "string"},
            "inputs": {"type": "array", "items": {"type": "string", "pattern": NAME}, "minItems": 1},
            "params": {
                "type": "object",
                "description": "Parameters with their defaults; `$name` stands for one inside.",
            },
            "model": _nodes({"$ref": "#/definitions/node"}, "The nodes inside."),
            "outputs": {
                "description": "Output port -> source; the first is the one meant by the bare node name.",
                "anyOf": [
                    {"type": "string"},
                    {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
                ],
            },
        },
        "required": ["inputs", "model", "outputs"],
        "additionalProperties": False,
    }


def _overlay() -> Schema:
    keys = frame()["properties"]
    loose = {
        key: {"description": keys[key]["description"]} for key in keys if key not in ("extends", "variants", "name")
    }
    return {"type": "object", "properties": loose, "additionalProperties": False}
