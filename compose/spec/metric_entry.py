"""An entry of ``evaluate.metrics``: ``map``, ``f1@3`` for ``{use: f1, k: 3}``, or a mapping with ``use``."""

from __future__ import annotations

import re

from compose.block import Kind
from compose.declaration import Declaration
from compose.registry import Registry
from compose.spec.node_keys import Schema
from compose.spec.schema import docs, reference

KIND: Kind = "metric"
AT = "k"
"""The parameter that stands after the ``@``."""


def split(text: str) -> tuple[str, str | None]:
    """Name and K of an entry: ``("f1", "3")`` of ``f1@3``, K None where there is no ``@``."""
    name, at, k = text.partition("@")
    return name, k if at else None


def forms(declaration: Declaration) -> list[str]:
    """How a metric may be written as text: ``f1@K``, ``map``, or both where K may be left out."""
    k = declaration.parameter(AT)
    others = any(p.required for p in declaration.parameters if p.name != AT)
    if others:
        return []
    return ([] if k and k.required else [declaration.name]) + ([f"{declaration.name}@K"] if k else [])


def schema(registry: Registry) -> Schema:
    """An entry, as JSON Schema."""
    metrics = [d for d in registry.all() if d.kind == KIND]
    bare = [_bare(d) for d in metrics if d.name in forms(d)]
    at_k = [_at_k(d) for d in metrics if f"{d.name}@K" in forms(d)]
    return {"anyOf": [*bare, *at_k, reference(KIND)]}


def _bare(declaration: Declaration) -> Schema:
    return {"type": "string", "const": declaration.name, "title": declaration.name, "markdownDescription": docs(declaration)}


def _at_k(declaration: Declaration) -> Schema:
    return {
        "type": "string",
        "pattern": f"^{re.escape(declaration.name)}@[1-9][0-9]*$",
        "examples": [f"{declaration.name}@3"],
        "title": f"{declaration.name}@K",
        "markdownDescription": docs(declaration),
    }


def all_forms(registry: Registry) -> list[str]:
    """Every text that an entry may be."""
    return [form for d in registry.all() if d.kind == KIND for form in forms(d)]
