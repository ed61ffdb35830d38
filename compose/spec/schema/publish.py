"""The texts of the published files: ``specs/blocks.json``, the index, and the schemas for editors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.shown import json_text
from compose.spec.schema.document import spec_schema
from compose.spec.schema.table_schema import TABLE_FILE


def index_text(declarations: Iterable[Declaration]) -> str:
    """The index of all blocks, by kind and name."""
    return _text({"declarations": [declaration.to_json() for declaration in Registry(list(declarations)).all()]})


def schema_text(registry: Registry) -> str:
    """The JSON Schema of a spec that may use what the registry knows."""
    return _text(spec_schema(registry))


def table_schema_text() -> str:
    """The JSON Schema of a table file."""
    return _text(TABLE_FILE)


def _text(value: Any) -> str:
    return json_text(value, indent=1) + "\n"
