"""The schema of a whole spec, ``specs/spec.schema.json``: its sections, and what may stand in each.

A spec that ``extends`` another, and a variant, are overlays: their nodes may be partial. Where a spec has blocks of its
own, or may inherit some, a node may use other names than those of the registry.
"""

from __future__ import annotations

from compose.block import Kind
from compose.registry.registry import Registry
from compose.spec.schema import choices, metric_entry
from compose.spec.schema.class_schema import (
    MONITOR,
    definition,
    loose,
    nullable,
    or_null,
    partial,
    reference,
    with_nulls,
)
from compose.spec.schema.node_keys import EXTRA_KEYS, NAME, PLACEHOLDER, REFERENCE, Schema

CHOICES: tuple[Kind, ...] = ("block", "loss", "metric", "data", "vectors", "graph", "stage", "optimizer", "schedule")


def spec_schema(registry: Registry) -> Schema:
    """The published schema."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "compose spec",
        "type": "object",
        "properties": {**{key: nullable(schema) for key, schema in _plain_keys().items()}, **_heads()},
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"required": ["extends"]},
                "then": {"properties": _sections("partial.")},
                "else": {"properties": _written_sections(), "required": [*REQUIRED]},
            },
            {
                "if": {"anyOf": [{"required": ["extends"]}, {"required": ["blocks"]}]},
                "else": {
                    "allOf": [reference("names")],
                    "properties": {"variants": {"additionalProperties": reference("overlay.names")}},
                },
            },
        ],
        "definitions": definitions(registry),
    }


SECTIONS = {
    "data": "Where the examples come from.",
    "labels": "The label space: the vectors of the labels, their graph, and which labels are in it.",
    "blocks": "Composite blocks, used like any other.",
    "model": "The model: node -> block, parameters, wiring.",
    "loss": "The terms of the loss, summed with their weights.",
    "train": "The stages of training: name -> stage, in order.",
    "evaluate": "What is measured at the end, and by which protocol.",
}
"""The keys of a spec whose contents the registry decides."""
STAGES = "a mapping of names to stages, such as `train: {main: {stage: supervised, epochs: 10}}`"
NAME_OF_OVERLAY = r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$"
REQUIRED = ("data", "model")
"""The sections that no spec can do without, so that no overlay may remove them either."""
OVERLAYS = ("extends", "variants", "sweeps")
"""The keys that are not part of what is computed, and that an overlay cannot have."""


def _plain_keys() -> dict[str, Schema]:
    return {
        "name": {
            "type": "string",
            "pattern": NAME_OF_OVERLAY,
            "description": "The model's name; names the run folder.",
        },
        "description": {"type": "string", "description": "What this spec is."},
        "paper": {"type": "object", "description": "The paper: title, venue, and the figures that it reports."},
        "extends": {"type": "string", "description": "Another spec, over which this one is laid."},
        "seed": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Seeds the weights and the order of the examples; the data has a seed of its own.",
        },
        "scores": {"type": "string", "description": "The node that scores the labels; `scores` where not given."},
        "attention": {
            "type": "string",
            "description": "The port with maps of where the model looks, for pictures and localisation: of modules "
            "(b m h w) or labels (b l h w); where not given, the last port called `attention` that the scores need.",
        },
        "bypass": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Nodes that pass their first input on instead.",
        },
        "variants": {
            "type": "object",
            "additionalProperties": reference("overlay"),
            "description": "Named overlays (`-v NAME`): a mapping merges, null removes a key, a list replaces.",
        },
        "sweeps": {
            "type": "object",
            "propertyNames": {"pattern": NAME_OF_OVERLAY},
            "additionalProperties": _sweep(),
            "description": "Named grids: KEY.PATH -> the values that it takes in turn. Several keys make the product; "
            "under `variants`, a value is the name of a variant, or a list of such.",
        },
    }


def _sweep() -> Schema:
    """One grid."""
    names: Schema = {"type": "array", "items": {"type": "string"}}
    axis: Schema = {"type": "array", "items": {"anyOf": [{"type": "string"}, names]}, "minItems": 1}
    return {
        "title": "{KEY.PATH: [VALUE, ...]}",
        "type": ["object", "null"],
        "properties": {"variants": {"description": "Variants laid over the spec, or lists of such.", **axis}},
        "additionalProperties": {"type": "array", "minItems": 1},
        "minProperties": 1,
    }


def _heads() -> dict[str, Schema]:
    """The sections, without what may stand in them; for an editor that completes."""
    return {key: {"type": ["object", "null"], "description": text} for key, text in SECTIONS.items()}


def _sections(form: str) -> dict[str, Schema]:
    """The sections in the complete form (""), or that of overlays (``partial.``)."""
    found = {
        "data": reference(f"{form}data"),
        "labels": reference(f"{form}section.labels"),
        "blocks": _named(f"{form}composite", partial=bool(form)),
        "model": _named(f"{form}node", partial=bool(form)),
        "loss": _named(f"{form}term", partial=bool(form)),
        "train": {"title": STAGES, **_named(f"{form}stage", partial=bool(form))},
        "evaluate": reference(f"{form}section.evaluate"),
    }
    found = {key: {"description": SECTIONS[key], **_beside(schema, form)} for key, schema in found.items()}
    return found | {key: {**found[key], "type": "object"} for key in REQUIRED}


def _written_sections() -> dict[str, Schema]:
    """The sections as a spec is written: ``null`` is as if the section were not there."""
    return {key: s if key in REQUIRED else nullable(s) for key, s in _sections("").items()}


def _beside(schema: Schema, form: str) -> Schema:
    """A schema that others may stand beside: draft-07 ignores what stands beside a ``$ref``."""
    whole: Schema = {"type": "object", "allOf": [schema]} if "$ref" in schema else schema
    return nullable(whole) if form and "allOf" in whole else whole


def _named(entry: str, *, partial: bool = False) -> Schema:
    """A mapping of names to what a definition describes."""
    found: Schema = {
        "type": "object",
        "propertyNames": {"pattern": NAME, "doNotSuggest": True},
        "additionalProperties": reference(entry),
    }
    return nullable(found) if partial else {**found, "minProperties": 1}


def keys() -> list[str]:
    """The keys that may stand at the top of a spec."""
    return [*_plain_keys(), *SECTIONS]


def frame() -> Schema:
    """The top level of a spec without ``extends``, as one schema; what a ``use:`` chooses is left open."""
    chosen: dict[str, Schema] = {key: {"description": SECTIONS[key]} for key in ("data", "labels", "evaluate")}
    chosen["data"]["title"] = "{use: NAME, ...}"
    return {
        "type": "object",
        "properties": {**_plain_keys(), **_sections(""), **chosen},
        "required": [*REQUIRED],
        "additionalProperties": False,
    }


def definitions(registry: Registry) -> dict[str, Schema]:
    """Everything that the published schema refers to."""
    found: dict[str, Schema] = {"placeholder": {"type": "string", "pattern": PLACEHOLDER}}
    for key, schema in ((key, schema) for keys in EXTRA_KEYS.values() for key, schema in keys.items()):
        found[f"key.{key}"], found[f"partial.key.{key}"] = or_null(schema), loose(reference(f"key.{key}"), schema)
    for kind in CHOICES:
        found[kind], found[f"partial.{kind}"] = choices.choice(kind), choices.partial_choice(kind)
        found[f"names.{kind}"] = choices.names(registry, kind)
        found[f"parameters.{kind}"] = choices.parameters(registry, kind)
        found[f"partial.parameters.{kind}"] = choices.partial_parameters(registry, kind)
    found |= {"entry.metric": metric_entry.entry_schema(registry), MONITOR: metric_entry.monitor_schema(registry)}
    found |= {**_nodes(registry), **_terms(), **_composites()}
    found |= {"overlay": _overlay(), "names": _names(), "overlay.names": _overlay_names()}
    for declaration in registry.all():
        name = f"{declaration.kind}.{declaration.name}"
        found[name], found[f"partial.{name}"] = with_nulls(definition(declaration)), partial(declaration)
    return found


def _nodes(registry: Registry) -> dict[str, Schema]:
    """A node of the model, of an overlay, and of a composite block."""
    known_or_own = {"anyOf": [reference("names.block"), {"type": "string"}]}
    keys, loose = _keys("block")
    node = {"title": "node", "type": "object", "properties": {"use": known_or_own, **keys}}
    inside = {"title": "node", "type": "object", "properties": {"use": known_or_own, **loose}}
    sharing = {
        "if": {"required": ["share"], "not": {"required": ["use"]}},
        "then": {"properties": dict.fromkeys(keys, True), "additionalProperties": False},
        "else": {"required": ["use"]},
    }
    return {
        "node": {**node, "allOf": [reference("parameters.block"), sharing]},
        "partial.node": nullable({**inside, "allOf": [reference("partial.parameters.block")]}),
        "inside.node": {**inside, "allOf": [reference("inside.parameters"), sharing]},
        "inside.parameters": choices.inside_parameters(registry, "block"),
    }


def _terms() -> dict[str, Schema]:
    """A term of the loss; without ``use`` it takes a scalar port of a node as it is."""
    keys, loose = _keys("loss")
    term = {"title": "term", "type": "object", "properties": {"use": reference("names.loss"), **keys}}
    inside = {**term, "properties": {"use": reference("names.loss"), **loose}}
    known: Schema = {**dict.fromkeys(keys, True), "in": {"type": "string", "pattern": REFERENCE}}
    plain: Schema = {"properties": known, "additionalProperties": False, "required": ["in"]}
    return {
        "term": {**term, "allOf": [reference("parameters.loss"), {"if": {"required": ["use"]}, "else": plain}]},
        "partial.term": nullable({**inside, "allOf": [reference("partial.parameters.loss")]}),
    }


def _keys(kind: Kind) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The spec language's own keys around a class of this kind, in the complete and the partial form."""
    names = EXTRA_KEYS[kind]
    return {n: reference(f"key.{n}") for n in names}, {n: reference(f"partial.key.{n}") for n in names}


def _composites() -> dict[str, Schema]:
    whole = composite()
    body = whole["properties"]
    overlay = {**body, "model": _named("partial.node", partial=True)}
    return {
        "composite": {**whole, "properties": {**body, "model": _named("inside.node")}},
        "partial.composite": nullable({"type": "object", "properties": overlay, "additionalProperties": False}),
    }


def composite() -> Schema:
    """A composite block, its nodes left open."""
    name = {"type": "string", "pattern": NAME}
    ports = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
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
            "model": {"description": "The nodes inside.", **_named("node")},
            "outputs": {
                "description": "Output port -> what it gives out; the first is the one meant by the bare node name.",
                "anyOf": [{"type": "string"}, ports],
            },
        },
        "required": ["inputs", "model", "outputs"],
        "additionalProperties": False,
    }


def _overlay() -> Schema:
    """A variant: every section may be partial, and removed by null."""
    plain = {key: nullable(schema) for key, schema in _plain_keys().items() if key not in OVERLAYS}
    properties = {**plain, **_sections("partial.")}
    return {"title": "variant", "type": "object", "properties": properties, "additionalProperties": False}


def _names() -> Schema:
    """The nodes of the model use blocks of the registry."""
    known = {"properties": {"use": reference("names.block")}}
    return {"properties": {"model": {"type": ["object", "null"], "additionalProperties": known}}}


def _overlay_names() -> Schema:
    return {"if": {"required": ["blocks"]}, "else": reference("names")}
