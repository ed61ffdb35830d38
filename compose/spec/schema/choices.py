"""Which class a mapping of a spec means, as JSON Schema: its names, and its parameters by ``if: {use: NAME} then:``.

Never ``oneOf``: its errors name nothing.
"""

from __future__ import annotations

from compose.block import Kind
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.spec.schema.class_schema import docs, reference
from compose.spec.schema.node_keys import Schema, selector


def names(registry: Registry, kind: Kind) -> Schema:
    """The name of a class of this kind; an editor completes and explains it."""
    return {"type": "string", "anyOf": [_name(declaration) for declaration in declarations(registry, kind)]}


def _name(declaration: Declaration) -> Schema:
    text = {"description": declaration.summary, "markdownDescription": docs(declaration)}
    return {"const": declaration.name, "title": declaration.name, **text}


def choice(kind: Kind) -> Schema:
    """A complete ``{use: NAME, ...}`` of this kind."""
    key = selector(kind)
    return {
        "title": kind,
        "type": "object",
        "properties": {key: reference(f"names.{kind}")},
        "required": [key],
        "allOf": [reference(f"parameters.{kind}")],
    }


def partial_choice(kind: Kind) -> Schema:
    """A ``{use: NAME, ...}`` of an overlay: without ``use``, its parameters are those of what it is laid over."""
    key = selector(kind)
    return {
        "title": kind,
        "type": ["object", "null"],
        "properties": {key: reference(f"names.{kind}")},
        "allOf": [reference(f"partial.parameters.{kind}")],
    }


def parameters(registry: Registry, kind: Kind, form: str = "") -> Schema:
    """The parameters of the class that is named: in the complete form, ``partial.`` or ``inside.``."""
    return {"allOf": [_when(d, reference(f"{form}{d.kind}.{d.name}")) for d in declarations(registry, kind)]}


def inside_parameters(registry: Registry, kind: Kind) -> Schema:
    """The parameters of the class that is named, in a composite block: none may be missing, ``$name`` may stand."""
    found = []
    for declaration in declarations(registry, kind):
        required = [parameter.name for parameter in declaration.parameters if parameter.required]
        then = reference(f"inside.{declaration.kind}.{declaration.name}")
        found.append(_when(declaration, {"allOf": [then], "required": required} if required else then))
    return {"allOf": found}


def declarations(registry: Registry, kind: Kind) -> list[Declaration]:
    """All that may stand where one of a kind is asked for, by kind and name.

    Where a block is, a composite may stand, too, unless there is a block of its name, which comes first.
    """
    kinds = (kind, "composite") if kind == "block" else (kind,)
    found = [declaration for declaration in registry.all() if declaration.kind in kinds]
    return [d for d in found if d.kind == kind or not registry.find(kind, d.name)]


def _when(declaration: Declaration, then: Schema) -> Schema:
    """``then`` where this class is named.

    By a pattern, because an editor that completes takes a ``const`` for met as soon as what is written begins it, and
    would offer the parameters of ``adamw`` for ``adam``.
    """
    key = selector(declaration.kind)
    named = {"type": "string", "pattern": f"^{declaration.name}$"}
    return {"if": {"type": "object", "properties": {key: named}, "required": [key]}, "then": then}
