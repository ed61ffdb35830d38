"""The schema of a whole spec, ``specs/spec.schema.json``: its sections, and what may stand in each.

A spec that ``extends`` another, and a variant, are overlays: their nodes may be partial. Where a spec has blocks of its
own, or may inherit some, a node may use other names than those of the registry.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from compose.block import Kind
from compose.registry.registry import Registry
from compose.spec.layers.plain_name import PLAIN_NAME
from compose.spec.schema import choices, metric_entry
from compose.spec.schema.class_schema import (
    MONITOR,
    definition,
    inside,
    loose,
    named,
    nullable,
    or_null,
    partial,
    reference,
    with_nulls,
)
from compose.spec.schema.node_keys import EXTRA_KEYS, NAME, PLACEHOLDER, REFERENCE, Schema
from compose.spec.schema.node_names import free_names
from compose.spec.schema.node_schema import composites, nodes, terms
from compose.spec.yaml.reader import MAX_INTEGER

CHOICES: tuple[Kind, ...] = ("block", "loss", "metric", "data", "vectors", "graph", "stage", "optimizer", "schedule")


def spec_schema(registry: Registry) -> Schema:
    """The published schema."""
    whole: Schema = {
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
    bounded: dict[str, Any] = _with_integers(whole)
    return bounded


def _with_integers(schema: Any) -> Any:
    """The schema with the bounds that every integer has."""
    if isinstance(schema, list):
        return [_with_integers(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: inner if key in VALUES else _with_integers(inner) for key, inner in schema.items()}
    kind = schema.get("type")
    if kind == "integer" or (isinstance(kind, list) and "integer" in kind):
        found.setdefault("maximum", MAX_INTEGER)
        found |= {} if {"minimum", "exclusiveMinimum"} & set(schema) else {"minimum": -MAX_INTEGER}
    return found


VALUES = ("default", "const", "enum")
"""Keywords whose values are no schemas."""
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
KEY_OF_SWEEP = r"^(variants|(?!(extends|variants|sweeps)(\.|$))[^.=\s]+(\.[^.=\s]+)*)$"
"""The path of a value that a spec has, or ``variants``."""
REQUIRED = ("data", "model")
"""The sections that no spec can do without, so that no overlay may remove them either."""
OVERLAYS = ("extends", "variants", "sweeps")
"""The keys that are not part of what is computed, and that an overlay cannot have."""
ABOUT = ("name", "description", "paper")
"""The keys that say what a spec is, and nothing of what is computed: they may change while a run goes on."""

DEVIATES: Schema = {
    "title": "a mapping of names to sentences, such as `deviates: {crop: pictures are not cropped}`",
    "type": ["object", "null"],
    "additionalProperties": {"title": "a sentence", "type": ["string", "null"]},
    "description": "Name -> what is computed otherwise than the paper says. Variants add to it; null takes one back.",
}

FIGURES: Schema = {
    "title": "a mapping of tables to what they print, such as `figures: {table1: {ml2p: {zsl: {map: 29.4}}}}`",
    "type": ["object", "null"],
    "properties": {
        "protocol": {
            "title": "a mapping of tables and data sets to what is known of how they were measured",
            "type": ["object", "string", "null"],
            "additionalProperties": {"type": ["string", "object", "null"]},
            "description": "Key on the way to figures -> what is known of their protocol: a sentence, the name of "
            "another entry, or fields of a result's protocol (`{data: images, num_images: 83898}`). A key that is on "
            "no way holds for all.",
        },
        "tasks": {
            "title": "a list of tasks, such as `tasks: [5-way 1-shot, 5-way 5-shot]`",
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "The tasks of figures that are lists.",
        },
        "metric": {
            "type": ["string", "null"],
            "description": "The metric of figures whose last key is a model.",
        },
    },
    "description": "What the paper prints, in percent: table -> data set -> model -> task -> metric -> figure; under "
    "the name of another paper's spec what that one prints of this model. `compose compare` sets them beside results.",
}


def _plain_keys() -> dict[str, Schema]:
    return {
        "name": {
            "type": "string",
            "pattern": PLAIN_NAME,
            "description": "The model's name; names the run folder.",
        },
        "description": {"type": "string", "description": "What this spec is."},
        "paper": {
            "type": "object",
            "properties": {"deviates": DEVIATES, "figures": FIGURES},
            "description": "The paper: title, venue, the figures that it reports, and what deviates from it.",
        },
        "extends": {"type": "string", "description": "Another spec, over which this one is laid."},
        "seed": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Seeds the weights and the order of the examples; the data has a seed of its own.",
        },
        "scores": {
            "type": "string",
            "pattern": REFERENCE,
            "description": "The node that scores the labels; `scores` where not given.",
        },
        "attention": {
            "type": "string",
            "pattern": REFERENCE,
            "description": "The port with maps of where the model looks, for pictures and localisation: of modules "
            "(b m h w) or labels (b l h w); where not given, the last port called `attention` that the scores need.",
        },
        "bypass": {
            "title": "a list of names of nodes",
            "type": "array",
            "items": {"type": "string", "pattern": NAME},
            "description": "Nodes that pass their first input on instead.",
        },
        "variants": {
            "type": "object",
            "propertyNames": {"pattern": PLAIN_NAME},
            "additionalProperties": reference("overlay"),
            "description": "Named overlays (`-v NAME`): a mapping merges, null removes a key, a list replaces.",
        },
        "sweeps": {
            "type": "object",
            "propertyNames": {"pattern": PLAIN_NAME},
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
        "propertyNames": {"pattern": KEY_OF_SWEEP},
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
        "blocks": named(f"{form}composite", partial=bool(form)),
        "model": named(f"{form}node", partial=bool(form), names=reference("free.node")),
        "loss": named(f"{form}term", partial=bool(form), names=reference("free.loss")),
        "train": {"title": STAGES, **named(f"{form}stage", partial=bool(form))},
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


def keys() -> list[str]:
    """The keys that may stand at the top of a spec."""
    return [*_plain_keys(), *SECTIONS]


@cache
def frame() -> Schema:
    """The top level of a spec without ``extends``, as one schema; what a ``use:`` chooses is left open."""
    chosen: dict[str, Schema] = {key: {"description": SECTIONS[key]} for key in ("data", "labels", "evaluate")}
    # `node_names` tells of names that are taken
    chosen["model"] = {"description": SECTIONS["model"], **named("node")}
    chosen["loss"] = {"description": SECTIONS["loss"], **named("term")}
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
        found[f"partial.parameters.{kind}"] = choices.parameters(registry, kind, "partial.")
    found |= {"entry.metric": metric_entry.entry_schema(registry), MONITOR: metric_entry.monitor_schema(registry)}
    found |= {"free.node": free_names("node"), "free.loss": free_names("loss")}
    found |= {**nodes(registry), **terms(), **composites()}
    found |= {"overlay": _overlay(), "names": _names(), "overlay.names": _overlay_names()}
    for declaration in registry.all():
        name = f"{declaration.kind}.{declaration.name}"
        found[name], found[f"partial.{name}"] = with_nulls(definition(declaration)), partial(declaration)
        if declaration.kind in ("block", "composite"):
            found[f"inside.{name}"] = inside(declaration)
    removable = ["stage", "overlay", *(f"section.{name}" for name in registry.names("section"))]
    return found | {name: nullable(found[name]) for name in removable}


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
