"""The blocks, losses, data sources and the like that a spec names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from compose.spec.deviations import SECTIONS
from compose.spec.schema.node_keys import selector


def used_classes(values: Mapping[str, Any]) -> list[Declaration]:
    """Each once, in the order of the spec.

    Args:
        values: the spec, or a variant of it, as plain data.
    """
    found = [
        registry().find(kind, name)
        for section, kinds in SECTIONS.items()
        for kind in kinds
        for name in _named(values.get(section), selector(kind))
    ]
    return list({(used.kind, used.name): used for used in found if used}.values())


def _named(value: Any, key: str) -> Iterator[str]:
    """What stands under a key anywhere below."""
    if isinstance(value, dict):
        if key in value:
            yield str(value[key])
        for inner in value.values():
            yield from _named(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
